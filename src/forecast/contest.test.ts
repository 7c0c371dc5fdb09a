import { describe, expect, it } from 'vitest'
import { Contest } from './contest.ts'
import { HOUR, MINUTE } from './forecast.fixture.ts'
import { Past } from './past.ts'

/** Every bin, in turn: what came, and what is said now by each contestant; one yardstick, bins of a minute. */
function contestOf(horizonBins: number, bins: readonly (readonly [number, readonly number[]])[]): Contest {
  const contest = new Contest(new Past(MINUTE), horizonBins, bins[0]?.[1].length ?? 0, 1)
  for (const [value, forecasts] of bins) {
    contest.settle(value)
    contest.enter(Float64Array.from(forecasts))
  }
  return contest
}

function repeated(count: number, value: number, forecasts: readonly number[]) {
  return Array.from({ length: count }, (): readonly [number, readonly number[]] => [value, forecasts])
}

describe('the contest', () => {
  it('holds a forecast against what came a horizon later, not before', () => {
    // 5 was said three bins before the 8 that came; what was said in between is for later bins.
    const contest = contestOf(3, [
      [1, [5]],
      [2, [60]],
      [3, [70]],
    ])
    expect(contest.due(0)).toBe(5)
    contest.settle(8)
    contest.enter(Float64Array.of(80))
    expect(contest.due(0)).toBe(60)
  })

  it('knows no error before enough was judged, and then the mean of about the last day', () => {
    const said = [108, 110]
    expect(contestOf(1, repeated(15, 100, said)).error(0)).toBeNaN()
    const contest = contestOf(1, repeated(40, 100, said))
    expect(contest.error(0)).toBeCloseTo(8, 3)
    expect(contest.error(1)).toBeCloseTo(10, 3)
  })

  it('compares with the yardstick: 8 against 10 is 0.80, and not before both were judged 30 times', () => {
    expect(contestOf(1, repeated(30, 100, [110, 92])).errorRatio(1)).toBeNull()
    expect(contestOf(1, repeated(31, 100, [110, 92])).errorRatio(1)).toBeCloseTo(0.8, 5)
  })

  it('compares with the better of two yardsticks', () => {
    const contest = new Contest(new Past(MINUTE), 1, 3, 2)
    for (let bin = 0; bin < 40; bin += 1) {
      contest.settle(100)
      contest.enter(Float64Array.of(110, 105, 108))
    }
    expect(contest.errorRatio(2)).toBeCloseTo(8 / 5, 4)
  })

  it('halves what is twelve hours old', () => {
    const contest = contestOf(1, [...repeated(721, 100, [110]), ...repeated(720, 100, [100])])
    // 720 bins wrong by 10, then 720 right: of the first half is left, so 10 * (1/2 - 1/4) / (1 - 1/4).
    expect(contest.error(0)).toBeCloseTo((10 * (0.5 - 0.25)) / 0.75, 1)
  })

  it('switches off who loses by more than a tenth, and on again only when it no longer loses', () => {
    const contest = contestOf(1, repeated(40, 100, [110, 112]))
    expect([contest.errorRatio(1)?.toFixed(2), contest.isOff(1)]).toEqual(['1.20', true])
    const states: string[] = []
    for (let bin = 0; bin < 200; bin += 1) {
      contest.settle(100)
      contest.enter(Float64Array.of(110, 109))
      states.push(`${(contest.errorRatio(1) ?? 0) > 1.1} ${contest.isOff(1)}`)
    }
    // Losing, and off; losing by little, and still off; no longer losing, and on.
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
      'true true',
      'false true',
      'false false',
    ])
    expect(contest.errorRatio(1)).toBeLessThan(1.02)
  })

  it('switches nobody off for less than half a percent of the demand', () => {
    const contest = contestOf(1, repeated(40, 100, [100, 100.4]))
    expect([(contest.errorRatio(1) ?? 0) > 1.1, contest.isOff(1)]).toEqual([true, false])
    expect(contestOf(1, repeated(40, 100, [100, 100.6])).isOff(1)).toBe(true)
  })

  it('never switches a yardstick off, and treats two without error alike', () => {
    const contest = contestOf(1, repeated(40, 100, [100, 100]))
    expect([contest.isOff(0), contest.errorRatio(1)]).toEqual([false, 1])
  })

  it('judges nobody by a gap', () => {
    const contest = contestOf(1, repeated(40, 100, [110, 108]))
    const before = [contest.error(0), contest.errorRatio(1)]
    contest.settle(Number.NaN)
    contest.enter(Float64Array.of(1, 1))
    expect([contest.error(0), contest.errorRatio(1)]).toEqual(before)
  })

  it('counts hours, not bins: a bin of an hour fades sixty times as fast', () => {
    const contest = new Contest(new Past(HOUR), 1, 1, 1)
    for (let bin = 0; bin < 60; bin += 1) {
      contest.settle(100)
      contest.enter(Float64Array.of(110))
    }
    for (let bin = 0; bin < 13; bin += 1) {
      contest.settle(110)
      contest.enter(Float64Array.of(110))
    }
    expect(contest.error(0)).toBeCloseTo(5, 0)
  })
})
