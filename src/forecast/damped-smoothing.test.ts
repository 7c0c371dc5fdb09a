import { describe, expect, it } from 'vitest'
import { createDampedSmoothing, QUICK, SLOW, type Smoothing } from './damped-smoothing.ts'
import { HOUR, MINUTE, setAt, told, wave } from './forecast.fixture.ts'

const TEN_MINUTES = 10 * MINUTE

/** Whole numbers: all of a surprise is level, half of that trend, a tenth of the trend goes each bin, nothing is left of an error. */
const PLAIN: Smoothing = { name: 'plain', levelShare: 1, trendShare: 0.5, trendKept: 0.9, errorKept: 0 }

describe('damped smoothing', () => {
  it('says the first value until there is another', () => {
    expect(told(past => createDampedSmoothing(past, SLOW), TEN_MINUTES, [Number.NaN, 100]).forecast(9)).toBe(
      100,
    )
  })

  it('takes a share of a surprise as level, and lets the rest fade', () => {
    // Surprise 10: level 101, trend 0.005, left over 9. One ahead 0.9 of the trend, 0.8 of the rest.
    const forecaster = told(past => createDampedSmoothing(past, SLOW), TEN_MINUTES, [100, 110])
    expect(forecaster.forecast(1)).toBeCloseTo(101 + 0.005 * 0.9 + 9 * 0.8, 9)
  })

  it.each([
    [1, 101.8],
    [2, 103.42],
    [200, 118],
  ])('%i bins ahead a trend of 2 has come to %d', (horizon, expected) => {
    // From 96 a surprise of 4: level 100, half of it trend.
    const forecaster = told(past => createDampedSmoothing(past, PLAIN), TEN_MINUTES, [96, 100])
    expect(forecaster.forecast(horizon)).toBeCloseTo(expected, 6)
  })

  it('goes on by its trend through a gap', () => {
    const forecaster = told(past => createDampedSmoothing(past, PLAIN), TEN_MINUTES, [96, 100, Number.NaN])
    expect(forecaster.forecast(1)).toBeCloseTo(103.42, 9)
  })

  it.each([SLOW, QUICK])(
    'learns a daily wave: after two weeks the $name is wrong by less than the last value',
    smoothing => {
      const perDay = 144
      const values = wave(perDay * 14 + 6, TEN_MINUTES)
      let own = 0
      let last = 0
      for (let bin = perDay * 14 - perDay; bin < perDay * 14; bin += 6) {
        const forecaster = told(
          past => createDampedSmoothing(past, smoothing),
          TEN_MINUTES,
          values.slice(0, bin + 1),
        )
        own += Math.abs(forecaster.forecast(6) - (values[bin + 6] ?? 0))
        last += Math.abs((values[bin] ?? 0) - (values[bin + 6] ?? 0))
      }
      expect(own).toBeLessThan(0.1 * last)
    },
  )

  it('learns an hour that the clock shows twice only the first time', () => {
    // Five flat days of hours, and 180 instead of 100 at 00:00 of the sixth: once, or twice where the clock goes back at 01:00.
    const days = Array.from({ length: 120 }, () => 100)
    const offsetMs = setAt([121 * HOUR, -60])
    // What the next midnight is thought to have above the hour before it.
    const stepOf = (values: readonly number[], clock = setAt()): number => {
      const smoothing = { ...PLAIN, levelShare: 0, trendShare: 0 }
      const rest = Array.from({ length: 22 }, () => 100)
      const forecaster = told(
        past => createDampedSmoothing(past, smoothing),
        HOUR,
        [...values, ...rest],
        undefined,
        clock,
      )
      return forecaster.forecast(2) - forecaster.forecast(1)
    }
    const once = stepOf([...days, 180])
    // A fifth of the surprise is the day's; the week's comes back in a week.
    expect(once).toBeCloseTo(80 * 0.2, 6)
    expect(stepOf([...days, 180, 180], offsetMs)).toBeCloseTo(once, 6)
  })

  it('begins with a day on which the clock left an hour out as if that hour were like the one after it', () => {
    const offsetMs = setAt([2 * HOUR, 60])
    const smoothing = { ...PLAIN, levelShare: 0, trendShare: 0 }
    // 02:00 is left out; at 03:00 it is 300, at all other times 100. The day ends with 00:00 of the next.
    const values = Array.from({ length: 24 }, (_, hour) => (hour === 2 ? 300 : 100))
    const forecaster = told(past => createDampedSmoothing(past, smoothing), HOUR, values, undefined, offsetMs)
    const at = [1, 2, 3, 4].map(ahead => Math.round(forecaster.forecast(ahead)))
    expect(at).toEqual([100, 300, 300, 100])
  })
})
