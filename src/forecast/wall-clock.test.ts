import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClockOffset } from '../model/time.ts'
import { HOUR, MINUTE, setAt } from './forecast.fixture.ts'
import { WallClock } from './wall-clock.ts'

/** Set forward, or back, at 01:00 UTC of the tenth day: 02:00 comes after 00:59, or 00:00 after 00:59. */
const CHANGE = 9 * 24 * HOUR + HOUR
const SPRING = setAt([CHANGE, 60])
const AUTUMN = setAt([CHANGE, -60])

/** Turned bin by bin to the one that begins so long after the change. */
function clockAt(offsetMs: ClockOffset, stepMs: number, sinceChangeMs: number): WallClock {
  const clock = new WallClock(offsetMs, stepMs)
  for (let at = 0; at <= CHANGE + sinceChangeMs; at += stepMs) clock.turnTo(at / stepMs)
  return clock
}

describe('the same time on another day', () => {
  it.each([
    ['of the next hour, yesterday, after the clock went forward', SPRING, 6, 1, 1, 22],
    ['of this hour, yesterday', SPRING, 6, 0, 1, 23],
    ['of this hour, a week ago', SPRING, 6, 0, 7, 167],
    ['of this hour, yesterday, a day later', SPRING, 30, 0, 1, 24],
    ['of this hour, the day before yesterday, a day later', SPRING, 30, 0, 2, 47],
    ['of an hour ahead that comes after the change, from before it', SPRING, -1, 1, 1, 22],
    ['of an hour ahead that comes before the change', SPRING, -2, 1, 1, 23],
    ['of the hour before the one that was left out', SPRING, 22, 0, 1, 23],
    ['of the hour that was left out: the one before it', SPRING, 23, 0, 1, 24],
    ['of the hour after it', SPRING, 24, 0, 1, 24],
    ['a day ahead over the change: not come yet', SPRING, -6, 24, 1, -1],
    ['of this hour, yesterday, after the clock went back', AUTUMN, 6, 0, 1, 25],
    ['of the next hour, yesterday', AUTUMN, 6, 1, 1, 24],
    ['of this hour, a week ago, after it went back', AUTUMN, 6, 0, 7, 169],
    ['of the hour that came twice, the first time', AUTUMN, -1, 0, 1, 24],
    ['of the hour that came twice, the second time', AUTUMN, 0, 0, 1, 25],
    ['of the hour that had come twice: a whole day back', AUTUMN, 24, 0, 1, 24],
    ['of the last hour of that day', AUTUMN, 23, 0, 1, 25],
  ])('%s', (_, offsetMs, newestHours, ahead, days, bins) => {
    expect(clockAt(offsetMs, HOUR, newestHours * HOUR).back(ahead, days)).toBe(bins)
  })

  it.each([
    // The clock left out 01:00 to 01:59: 00:50 is the last bin before, 02:00 the first after.
    [0, 139],
    [10, 140],
    [20, 141],
    [30, 141],
    [40, 142],
    [50, 143],
  ])('%i minutes into the hour that was left out is the nearer end of it', (minutes, bins) => {
    const newest = 23 * HOUR + minutes * MINUTE
    expect(clockAt(SPRING, 10 * MINUTE, newest).back(0, 1)).toBe(bins)
  })

  it('is as ever where the clock is set by less than half a bin', () => {
    const clock = clockAt(setAt([CHANGE, 30]), 2 * HOUR, 6 * HOUR)
    expect([clock.back(0, 1), clock.back(1, 7)]).toEqual([12, 83])
  })

  it('is the nearest that the clock showed, wherever it was set', () => {
    const set = fc.tuple(
      fc.integer({ min: 0, max: 59 }),
      fc.constantFrom(-60, -30, 30, 60, 180, -1_440, 1_440),
    )
    const step = fc.constantFrom(10 * MINUTE, 30 * MINUTE)
    const bins = fc.record({
      ahead: fc.integer({ min: 0, max: 48 }),
      days: fc.integer({ min: 1, max: 14 }),
      newest: fc.integer({ min: 16 * 144, max: 30 * 144 }),
    })
    fc.assert(
      fc.property(fc.array(set, { maxLength: 4 }), step, bins, (sets, stepMs, { ahead, days, newest }) => {
        // Days apart, as clocks are set.
        const changes = sets.map(([part, minutes], index): [number, number] => [
          (3 + 8 * index) * 24 * HOUR + part * HOUR,
          minutes,
        ])
        const offsetMs = setAt(...changes)
        const showsMs = (bin: number): number => bin * stepMs + offsetMs(bin * stepMs)
        const clock = new WallClock(offsetMs, stepMs)
        for (let bin = 0; bin <= newest; bin += 1) clock.turnTo(bin)
        const wantedMs = showsMs(newest + ahead) - days * 24 * HOUR
        const offMs = (bin: number): number => Math.abs(showsMs(bin) - wantedMs)
        const found = newest - clock.back(ahead, days)
        const usual = newest + ahead - (days * 24 * HOUR) / stepMs
        for (let bin = usual - 400; bin <= usual + 400; bin += 1) {
          expect(offMs(found)).toBeLessThanOrEqual(offMs(bin))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is found at once, and the same, after a pause of years', () => {
    const clock = clockAt(SPRING, HOUR, 6 * HOUR)
    clock.turnTo(20 * 365 * 24 + 8)
    expect([clock.back(0, 1), clock.back(1, 7)]).toEqual([24, 167])
  })
})
