import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, noise, SIX_HOURS, told, wave } from './forecast.fixture.ts'
import { Past } from './past.ts'
import { createSeasonalNaive } from './seasonal-naive.ts'
import { createSeasonalProfile, createShape } from './seasonal-profile.ts'

const GAP = Number.NaN

describe('the seasonal naive forecaster', () => {
  it.each([
    ['as yesterday', [1, 2, 3, 4, 5, 6], 1, 3],
    ['as yesterday, two ahead', [1, 2, 3, 4, 5, 6], 2, 4],
    ['as today where yesterday is not known ahead', [1, 2, 3, 4, 5, 6], 3, 5],
    ['further ahead than a day', [1, 2, 3, 4, 5, 6], 5, 3],
    ['not before a day', [1, 2, 3], 1, GAP],
    ['as the day before where yesterday is a gap', [1, 2, 3, 4, 5, 6, GAP, 8, 9, 10], 1, 3],
    ['as now where both are gaps', [1, 2, GAP, 4, 5, 6, GAP, 8, 9, 10], 1, 10],
  ])('says %s', (_, values, horizon, expected) => {
    expect(told(past => createSeasonalNaive(past, 'day'), SIX_HOURS, values).forecast(horizon)).toEqual(
      expected,
    )
  })

  it('waits for the rest of a season, in words', () => {
    const forecaster = told(past => createSeasonalNaive(past, 'day'), HOUR, [1, 2, 3])
    expect(forecaster.waitsFor()).toBe('21 h more of history for a season of a day')
  })
})

describe('the shape of a day', () => {
  it('is the median of the days, so that one odd day does not bend it', () => {
    const past = new Past(SIX_HOURS)
    for (const value of [10, 20, 30, 40, 12, 22, 32, 42, 900, 900, 900, 900]) past.push(value)
    const shape = createShape(past, 'day')
    expect([1, 2, 3, 4].map(bins => shape.at(bins))).toEqual([12, 22, 32, 42])
  })

  it('is the mean of two, and leaves gaps out', () => {
    const past = new Past(SIX_HOURS)
    for (const value of [10, GAP, 30, 40, 20, 22, 32, 42]) past.push(value)
    const shape = createShape(past, 'day')
    expect([shape.at(1), shape.at(2)]).toEqual([15, 22])
  })
})

describe('the seasonal profile', () => {
  it('adds what today is above the shape, less the further ahead', () => {
    // Bins of ten minutes: a flat day of 100, then three of 120. The level takes a third of what is left of
    // the distance each time: 20 * (1 - (2 / 3)^3) = 14.07. Half of it is left after 4 h.
    const values = [...Array.from({ length: 144 }, () => 100), 120, 120, 120]
    const forecaster = told(past => createSeasonalProfile(past, 'day'), 10 * MINUTE, values)
    expect(forecaster.forecast(6)).toBeCloseTo(100 + (380 / 27) * 0.5 ** (1 / 4), 9)
    expect(forecaster.forecast(24)).toBeCloseTo(100 + 190 / 27, 9)
  })

  it.each(['day', 'week'] as const)('forecasts what repeats every %s exactly after two', season => {
    const bins = season === 'day' ? 24 : 168
    const sizes = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: bins, maxLength: bins })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 24 }), (period, horizon) => {
        const values = [...period, ...period]
        const next = period[(horizon - 1) % bins]
        expect(told(past => createSeasonalNaive(past, season), HOUR, values).forecast(horizon)).toBe(next)
        const profile = told(past => createSeasonalProfile(past, season), HOUR, values)
        expect(profile.forecast(horizon)).toBe(next)
      }),
      { numRuns: 30 },
    )
  })

  it('is nearer to a noisy wave than yesterday is', () => {
    const chance = noise(7)
    const values = wave(24 * 20, HOUR).map(value => value + 40 * chance.next().value)
    const coming = wave(24 * 21, HOUR).slice(-24)
    const wrong = (make: (past: Past) => ReturnType<typeof createSeasonalNaive>): number => {
      const forecaster = told(make, HOUR, values)
      return coming.reduce((sum, value, bin) => sum + Math.abs(value + 20 - forecaster.forecast(bin + 1)), 0)
    }
    expect(wrong(past => createSeasonalProfile(past, 'day'))).toBeLessThan(
      0.8 * wrong(past => createSeasonalNaive(past, 'day')),
    )
  })
})
