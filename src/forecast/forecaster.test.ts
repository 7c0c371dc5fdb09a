import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FORECASTERS, HORIZON, HOUR, setAt, told } from './forecast.fixture.ts'
import { historyLacking, inWords } from './forecaster.ts'

/** Nothing but 0 is so small that its square is 0. */
const demand = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }))
const withGaps = fc.oneof({ weight: 6, arbitrary: demand }, { weight: 1, arbitrary: fc.constant(Number.NaN) })
/** A day is 24 bins, a week 168: some series are shorter than either, some longer. */
const series = fc.array(withGaps, { minLength: 1, maxLength: 400, size: 'max' })

describe.each(FORECASTERS)('the forecaster "%s"', (_, make) => {
  it('forecasts demand that is k times as large k times as large', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -8, max: 8 }), (values, power) => {
        // A power of four scales sums, products and roots without rounding.
        const k = 4 ** power
        const scaled = told(
          make,
          HOUR,
          values.map(value => value * k),
        )
        expect(scaled.forecast(HORIZON)).toBe(told(make, HOUR, values).forecast(HORIZON) * k)
      }),
      { numRuns: 30 },
    )
  })

  it('forecasts that what is constant stays, gaps or not', () => {
    fc.assert(
      fc.property(demand, fc.array(fc.boolean(), { minLength: 200, maxLength: 400 }), (constant, known) => {
        const values = [constant, ...known.map(isKnown => (isKnown ? constant : Number.NaN))]
        const forecast = told(make, HOUR, values).forecast(HORIZON)
        expect(Math.abs(forecast - constant)).toBeLessThanOrEqual(1e-9 * constant)
      }),
      { numRuns: 30 },
    )
  })

  it('is poisoned by no gap: once it said a number it goes on, and all are finite', () => {
    fc.assert(
      fc.property(series, values => {
        let saidOne = false
        told(make, HOUR, values, forecast => {
          if (saidOne) expect(forecast).toSatisfy(Number.isFinite)
          saidOne ||= !Number.isNaN(forecast)
        })
      }),
      { numRuns: 30 },
    )
  })

  it('says what it waits for as long as it cannot say anything, and lacks nothing after two weeks', () => {
    const forecaster = told(make, HOUR, [])
    expect(forecaster.forecast(HORIZON)).toBeNaN()
    expect(forecaster.waitsFor()).toMatch(/history for|first value/)
    const values = Array.from({ length: 14 * 24 }, (_, bin) => 100 + (bin % 24))
    expect(told(make, HOUR, values).waitsFor()).toBeNull()
  })
})

/** Set forward or back at some hour, and back again days later. */
const clocks = fc
  .tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 48, max: 200 }), fc.constantFrom(-60, 60))
  .map(([hour, later, minutes]) => setAt([hour * HOUR, minutes], [(hour + later) * HOUR, -minutes]))

describe.each(FORECASTERS)('the forecaster "%s" by the clock on the wall', (_, make) => {
  it('says the same to the last bit where the clock is never set, whatever it shows', () => {
    const minutes = fc.integer({ min: -14 * 60, max: 14 * 60 })
    fc.assert(
      fc.property(series, minutes, (values, ahead) => {
        const said: number[] = []
        const saidByClock: number[] = []
        told(make, HOUR, values, forecast => said.push(forecast))
        told(
          make,
          HOUR,
          values,
          forecast => saidByClock.push(forecast),
          setAt([Number.NEGATIVE_INFINITY, ahead]),
        )
        expect(saidByClock).toEqual(said)
      }),
      { numRuns: 20 },
    )
  })

  it('says numbers all through the changes, once it said one', () => {
    fc.assert(
      fc.property(series, clocks, (values, offsetMs) => {
        let saidOne = false
        const check = (forecast: number): void => {
          if (saidOne) expect(forecast).toSatisfy(Number.isFinite)
          saidOne ||= !Number.isNaN(forecast)
        }
        told(make, HOUR, values, check, offsetMs)
      }),
      { numRuns: 30 },
    )
  })

  it('forecasts that what is constant stays, through the changes', () => {
    fc.assert(
      fc.property(demand, clocks, (constant, offsetMs) => {
        const values = Array.from({ length: 400 }, () => constant)
        const forecast = told(make, HOUR, values, undefined, offsetMs).forecast(HORIZON)
        expect(Math.abs(forecast - constant)).toBeLessThanOrEqual(1e-9 * constant)
      }),
      { numRuns: 15 },
    )
  })
})

describe('lacking history', () => {
  it.each([
    [21, HOUR, '21 h more of history for a season of a day'],
    [90, 60_000, '90 min more of history for a season of a day'],
    [100, HOUR, '5 d more of history for a season of a day'],
  ])('%i bins of %i ms: %s', (bins, stepMs, words) => {
    expect(historyLacking(bins, stepMs, 'a season of a day')).toBe(words)
  })

  it('is none when enough is there', () => {
    expect(historyLacking(0, HOUR, 'a season of a day')).toBeNull()
    expect(historyLacking(-4, HOUR, 'a season of a day')).toBeNull()
  })

  it('is rounded up, so that it is not promised too soon', () => {
    expect(inWords(61_000)).toBe('2 min')
    expect(inWords(20.2 * HOUR)).toBe('21 h')
  })
})
