import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Band } from './band.ts'
import { HOUR, MINUTE, noise } from './forecast.fixture.ts'
import { Past } from './past.ts'
import { Residuals } from './residuals.ts'

function residualsOf(values: readonly number[], kept = 100): Residuals {
  const residuals = new Residuals(kept)
  for (const value of values) residuals.add(value)
  return residuals
}

const residual = fc.double({ min: -1e6, max: 1e6, noNaN: true })

describe('residuals', () => {
  it.each([
    [0, -3],
    [0.5, 0],
    [0.75, 2],
    [0.9, 6.2],
    [1, 9],
    [1.5, 9],
  ])('the quantile %d of -3, -1, 0, 2, 9 is %d', (share, expected) => {
    expect(residualsOf([9, -1, 2, -3, 0]).quantile(share)).toBeCloseTo(expected, 9)
  })

  it('have no quantile while there are none, and take nothing that is not finite', () => {
    expect(residualsOf([Number.NaN, Number.POSITIVE_INFINITY]).quantile(0.5)).toBeNaN()
  })

  it('keep the newest only: as sorting those afresh would say', () => {
    fc.assert(
      fc.property(
        fc.array(residual, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (all, kept) => {
          const residuals = residualsOf(all, kept)
          const sorted = all.slice(-kept).sort((a, b) => a - b)
          expect(residuals.count).toBe(sorted.length)
          sorted.forEach((value, rank) => {
            const share = sorted.length === 1 ? 0 : rank / (sorted.length - 1)
            expect(residuals.quantile(share)).toBeCloseTo(value, 3)
          })
        },
      ),
    )
  })

  it('have quantiles that do not fall as the share rises', () => {
    const shares = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(residual, { minLength: 1, maxLength: 50 }), shares, (all, [a, b]) => {
        const residuals = residualsOf(all)
        expect(residuals.quantile(Math.min(a, b))).toBeLessThanOrEqual(residuals.quantile(Math.max(a, b)))
      }),
    )
  })

  it('cover the share of what comes that was asked for, where what comes is like what came', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.5, 0.8, 0.95), (seed, share) => {
        const chance = noise(seed)
        const residuals = new Residuals(500)
        let covered = 0
        for (let drawn = 0; drawn < 4_000; drawn += 1) {
          // Skewed, as demand is.
          const value = -Math.log(1 - chance.next().value)
          if (drawn >= 500 && value <= residuals.quantile(share)) covered += 1
          residuals.add(value)
        }
        expect(Math.abs(covered / 3_500 - share)).toBeLessThan(0.05)
      }),
      { numRuns: 20 },
    )
  })
})

describe('the band', () => {
  it('takes an error at night for what it says at noon: by the square root', () => {
    const band = new Band(new Past(MINUTE))
    for (let bin = 0; bin < 50; bin += 1) band.learn(120, 100)
    expect(band.quantile(2_500, 0.95)).toBeCloseTo(2_600, 9)
  })

  it('takes what is little beside the mean for a tenth of it', () => {
    const band = new Band(new Past(MINUTE))
    for (let bin = 0; bin < 50; bin += 1) band.learn(1_000, 1_000)
    band.learn(1_000, 960)
    // The largest error: 40 / sqrt(960). Where nothing is forecast, a tenth of 1,000 counts.
    expect(band.quantile(0, 1)).toBeCloseTo((40 / Math.sqrt(960)) * 10, 6)
  })

  it('is never below nothing, and says nothing before a first error', () => {
    const band = new Band(new Past(HOUR))
    expect(band.quantile(10, 0.9)).toBeNaN()
    band.learn(0, 1_000)
    expect(band.quantile(10, 0.1)).toBe(0)
  })

  it('covers what it was asked for though errors grow with the demand', () => {
    const band = new Band(new Past(10 * MINUTE))
    const chance = noise(11)
    const coveredAt = { night: 0, noon: 0 }
    for (let bin = 0; bin < 6_000; bin += 1) {
      const isNoon = bin % 2 === 0
      const expected = isNoon ? 10_000 : 1_000
      // Twelve uniform numbers less six are nearly normal.
      const normal = Array.from({ length: 12 }, () => chance.next().value).reduce((a, b) => a + b) - 6
      const value = expected + Math.sqrt(expected) * normal
      if (bin >= 2_000 && value <= band.quantile(expected, 0.9)) coveredAt[isNoon ? 'noon' : 'night'] += 1
      band.learn(value, expected)
    }
    expect(Math.abs(coveredAt.noon / 2_000 - 0.9)).toBeLessThan(0.03)
    expect(Math.abs(coveredAt.night / 2_000 - 0.9)).toBeLessThan(0.03)
  })
})
