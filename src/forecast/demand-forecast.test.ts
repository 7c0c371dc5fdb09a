import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ForecastOutlook, NoOutlook } from '../model/outlook.ts'
import type { ClockOffset } from '../model/time.ts'
import { createDemandForecast, type DemandForecast } from './demand-forecast.ts'
import { HOUR, MINUTE, noise, officeDay, setAt, wave } from './forecast.fixture.ts'

const TEN = 10 * MINUTE
const START = 1_795_132_800_000
const DAY_BINS = 144

function learnt(values: readonly number[], quantile = 0.95, horizonMs = HOUR): DemandForecast {
  const forecast = createDemandForecast({ stepMs: TEN, horizonMs, quantile })
  values.forEach((value, bin) => {
    forecast.learn(START + bin * TEN, value)
  })
  return forecast
}

function lastOutlook(values: readonly number[], quantile?: number): ForecastOutlook | NoOutlook {
  return learnt(values, quantile).outlook(START + (values.length - 1) * TEN)
}

function outlookOf(values: readonly number[], quantile?: number): ForecastOutlook {
  const outlook = lastOutlook(values, quantile)
  if (outlook.kind !== 'forecast') throw new Error(`no outlook: ${outlook.waitsFor}`)
  return outlook
}

function noisyWave(bins: number, seed: number): number[] {
  const chance = noise(seed)
  return wave(bins, TEN).map(value => value + 10 * chance.next().value)
}

describe('the forecast of demand', () => {
  it.each([
    [0, 'a first value of the demand'],
    // Six bins until a forecast an hour ahead has come true, then 30 errors.
    [1, '6 h more of history for the errors of its forecasts'],
    [7, '5 h more of history for the errors of its forecasts'],
  ])('with %i bins of history waits for %s', (bins, words) => {
    expect(lastOutlook(wave(bins, TEN))).toEqual({ kind: 'none', waitsFor: words })
  })

  it('keeps what it promised: an outlook as soon as it waited so long', () => {
    expect(lastOutlook(wave(35, TEN)).kind).toBe('none')
    expect(lastOutlook(wave(36, TEN)).kind).toBe('forecast')
  })

  it('speaks before it knows a season, and says what it waits for', () => {
    const { by } = outlookOf(wave(60, TEN))
    expect(by).toContain('(14 h more of history for a season of a day)')
  })

  it('waits for more errors where a rarer excess is asked about', () => {
    expect(lastOutlook(wave(100, TEN), 0.99).kind).toBe('none')
    expect(lastOutlook(wave(110, TEN), 0.99).kind).toBe('forecast')
  })

  it('says when it is for, what is expected and what it stays below', () => {
    const values = noisyWave(DAY_BINS * 15, 3)
    const outlook = outlookOf(values)
    expect(outlook.for).toBe(START + (values.length - 1) * TEN + HOUR)
    expect(outlook.demand).toBe(values.at(-1))
    expect(outlook.state).toBe('used')
    const coming = (wave(values.length + 6, TEN).at(-1) ?? 0) + 5
    expect(Math.abs(outlook.expected - coming)).toBeLessThan(6)
    expect(outlook.atMost).toBeGreaterThan(outlook.expected)
    expect(outlook.atMost).toBeLessThan(outlook.expected + 20)
    // Yesterday is wrong by the noise of two days, this by that of one.
    expect(outlook.errorRatio).toBeLessThan(0.9)
  })

  it('forecasts a day that repeats exactly almost exactly', () => {
    const values = wave(DAY_BINS * 8, TEN)
    const coming = wave(values.length + 6, TEN).at(-1) ?? 0
    expect(outlookOf(values).expected).toBeCloseTo(coming, 3)
  })

  it('forecasts that constant demand stays, and nothing above it', () => {
    const outlook = outlookOf(Array.from({ length: 300 }, () => 42))
    expect(outlook.expected).toBeCloseTo(42, 9)
    expect(outlook.atMost).toBeCloseTo(42, 9)
    expect(outlook.errorRatio).toBeCloseTo(1, 3)
  })

  it('is k times as large for k times the demand', () => {
    const values = noisyWave(500, 5)
    const once = outlookOf(values)
    const scaled = outlookOf(values.map(value => value * 256))
    expect(scaled.expected).toBeCloseTo(once.expected * 256, 6)
    expect(scaled.atMost).toBeCloseTo(once.atMost * 256, 6)
  })

  it('stays below more the rarer the excess that was asked about', () => {
    const values = noisyWave(600, 9)
    const quantiles = [0.5, 0.8, 0.9, 0.95, 0.99].map(quantile => outlookOf(values, quantile).atMost)
    expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b))
    expect(new Set(quantiles).size).toBe(5)
  })

  it('covers what was asked for, of a wave with noise', () => {
    const values = noisyWave(DAY_BINS * 20, 17)
    const forecast = createDemandForecast({ stepMs: TEN, horizonMs: HOUR, quantile: 0.9 })
    const said: (number | null)[] = []
    let covered = 0
    let judged = 0
    values.forEach((value, bin) => {
      const atMost = said[bin - 6]
      if (atMost !== null && atMost !== undefined && bin > DAY_BINS * 9) {
        judged += 1
        if (value <= atMost) covered += 1
      }
      forecast.learn(START + bin * TEN, value)
      const outlook = forecast.outlook(START + bin * TEN)
      said.push(outlook.kind === 'forecast' ? outlook.atMost : null)
    })
    expect(Math.abs(covered / judged - 0.9)).toBeLessThan(0.03)
  })

  it('looks at nothing ahead: what comes later changes nothing that was said before', () => {
    const values = noisyWave(400, 21)
    const forecast = learnt(values.slice(0, 300))
    const before = forecast.outlook(START + 299 * TEN)
    expect(lastOutlook(values.slice(0, 300))).toEqual(before)
  })

  it('is switched off when demand becomes unlike all that was, and on again when it is as before', () => {
    const days = wave(DAY_BINS * 14, TEN)
    // A staircase: each step stays for six hours, so nothing beats the last value.
    const stairs = Array.from({ length: DAY_BINS }, (_, bin) => 100 + 30 * (Math.floor(bin / 37) % 3))
    const at = [days, [...days, ...stairs], [...days, ...stairs, ...wave(DAY_BINS * 4, TEN)]].map(outlook =>
      outlookOf(outlook),
    )
    expect(at.map(({ state }) => state)).toEqual(['used', 'off', 'used'])
    expect(at[1]?.errorRatio).toBeGreaterThan(1.02)
    expect(at[2]?.errorRatio).toBeLessThan(1)
  })

  it('switches a forecaster that loses off and listens to those that do not', () => {
    const chance = noise(31)
    let level = 1_000
    const wandering = Array.from({ length: DAY_BINS * 5 }, () => {
      level = Math.max(0, level + 20 * (chance.next().value - 0.5))
      return level
    })
    const standings = learnt(wandering).standings()
    const typicalDay = standings.find(({ name }) => name === 'typical day')
    expect([typicalDay?.state, typicalDay?.weight]).toEqual(['off', 0])
    expect(typicalDay?.errorRatio).toBeGreaterThan(1.1)
    const combination = standings.at(-1)
    expect([combination?.name, combination?.state]).toEqual(['combination', 'used'])
    expect(combination?.errorRatio).toBeLessThan(1.1)
    expect(standings.slice(0, -1).reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9)
  })

  it('says nothing of now when nothing came for a while', () => {
    const forecast = learnt(wave(200, TEN))
    const last = START + 199 * TEN
    expect(forecast.outlook(last + 5 * TEN).kind).toBe('forecast')
    expect(forecast.outlook(last + 9 * TEN)).toEqual({
      kind: 'none',
      waitsFor: 'a value of the demand: the last came 90 min ago',
    })
  })

  it('says the same again when it is told the same history again, ticks at any times', () => {
    const tick = fc.record({
      pauseMs: fc.integer({ min: 1, max: 40 * MINUTE }),
      demand: fc.double({ min: 0, max: 1e4 }),
    })
    fc.assert(
      fc.property(fc.array(tick, { minLength: 50, maxLength: 400, size: 'max' }), ticks => {
        const once = createDemandForecast({ stepMs: TEN, horizonMs: HOUR, quantile: 0.9 })
        const again = createDemandForecast({ stepMs: TEN, horizonMs: HOUR, quantile: 0.9 })
        let at = START
        for (const { pauseMs, demand } of ticks) {
          at += pauseMs
          once.learn(at, demand)
          again.learn(at, demand)
          const outlook = once.outlook(at)
          expect(again.outlook(at)).toEqual(outlook)
          if (outlook.kind === 'none') continue
          expect([outlook.expected, outlook.atMost]).toSatisfy((both: number[]) =>
            both.every(number => Number.isFinite(number) && number >= 0),
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('counts a horizon of more than a day as a day', () => {
    const forecast = learnt(wave(DAY_BINS * 4, TEN), 0.9, 72 * HOUR)
    const at = START + (DAY_BINS * 4 - 1) * TEN
    const outlook = forecast.outlook(at)
    expect(outlook.kind === 'forecast' && outlook.for - at).toBe(24 * HOUR)
  })
})

describe('the forecast of demand that follows the clock on the wall', () => {
  const DAYS = 24
  const CHANGE_DAY = 22
  const CHANGE = START + CHANGE_DAY * DAY_BINS * TEN

  /** Mean error an hour ahead on the day of the change, and in the days after it. */
  function errors(offsetMs: ClockOffset, isTold: boolean): { readonly day: number; readonly later: number } {
    const chance = noise(11)
    const forecast = createDemandForecast({
      stepMs: TEN,
      horizonMs: HOUR,
      quantile: 0.95,
      ...(isTold ? { offsetMs } : {}),
    })
    const sums = [0, 0]
    const said: number[] = []
    for (let bin = 0; bin < DAYS * DAY_BINS; bin += 1) {
      const at = START + bin * TEN
      const value = officeDay(at + offsetMs(at)) + 8 * chance.next().value
      const due = said[bin - 6] ?? value
      const place = Math.floor(bin / DAY_BINS) - CHANGE_DAY
      if (place >= 0) sums[place] = (sums[place] ?? 0) + Math.abs(value - due)
      forecast.learn(at, value)
      const outlook = forecast.outlook(at)
      said.push(outlook.kind === 'forecast' ? outlook.expected : value)
    }
    return { day: sums[0] ?? 0, later: sums[1] ?? 0 }
  }

  it.each([
    ['forward', 60],
    ['back', -60],
  ])('is not an hour off after it was set %s', (_, minutes) => {
    const offsetMs = setAt([CHANGE, minutes])
    const [told, untold] = [errors(offsetMs, true), errors(offsetMs, false)]
    expect(told.day).toBeLessThan(0.4 * untold.day)
    expect(told.later).toBeLessThan(0.8 * untold.later)
  })

  it('finds the time again after a pause of years, and of hours over the change', () => {
    for (const pauseBins of [12, 5 * 365 * DAY_BINS]) {
      const offsetMs = setAt([CHANGE, 60])
      const forecast = createDemandForecast({ stepMs: TEN, horizonMs: HOUR, quantile: 0.95, offsetMs })
      for (let bin = 0; bin < (CHANGE_DAY + 15) * DAY_BINS; bin += 1) {
        const at = START + (bin < CHANGE_DAY * DAY_BINS - 3 ? bin : bin + pauseBins) * TEN
        forecast.learn(at, officeDay(at + offsetMs(at)))
      }
      const at = START + ((CHANGE_DAY + 15) * DAY_BINS - 1 + pauseBins) * TEN
      const outlook = forecast.outlook(at)
      const coming = officeDay(at + HOUR + offsetMs(at + HOUR))
      expect(outlook).toMatchObject({ kind: 'forecast', state: 'used' })
      expect(outlook.kind === 'forecast' && Math.abs(outlook.expected - coming)).toBeLessThan(3)
    }
  })
})
