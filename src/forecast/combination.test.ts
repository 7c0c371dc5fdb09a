import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combine } from './combination.ts'

const GAP = Number.NaN

function combined(forecasts: readonly number[], errors: readonly number[], off: readonly number[] = []) {
  const weights = new Float64Array(errors.length)
  const forecast = combine(
    {
      forecasts: Float64Array.from(forecasts),
      errors: Float64Array.from(errors),
      isOff: index => off.includes(index),
    },
    weights,
  )
  return { forecast, weights: [...weights] }
}

describe('the combination', () => {
  it('counts each by how little it was wrong: one twice as wrong for a 256th', () => {
    const { forecast, weights } = combined([100, 110, 200], [10, 10, 20])
    expect(forecast).toBeCloseTo((100 + 110 + 200 / 256) / (2 + 1 / 256), 9)
    expect(weights[2]).toBeCloseTo(1 / 513, 9)
  })

  it.each([
    ['who is off', [100, 110], [10, 1], [1], 100],
    ['who says nothing', [100, GAP], [10, 1], [], 100],
    ['who was not judged yet, beside one who was', [100, 110], [10, GAP], [], 100],
  ])('does not listen to %s', (_, forecasts, errors, off, expected) => {
    expect(combined(forecasts, errors, off)).toEqual({ forecast: expected, weights: [1, 0] })
  })

  it('believes the first, who is the simplest, while nobody was judged', () => {
    expect(combined([GAP, 7, 9], [GAP, GAP, GAP])).toEqual({ forecast: 7, weights: [0, 1, 0] })
  })

  it('says nothing where nobody does', () => {
    expect(combined([GAP, GAP], [1, GAP]).forecast).toBeNaN()
  })

  it('lies between the lowest and the highest, and weights are together 1', () => {
    const someone = fc.record({
      forecast: fc.double({ min: 0, max: 1e6, noNaN: true }),
      error: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(someone, { minLength: 1, maxLength: 9 }), all => {
        const forecasts = all.map(({ forecast }) => forecast)
        const { forecast, weights } = combined(
          forecasts,
          all.map(({ error }) => error),
        )
        expect(forecast).toBeGreaterThanOrEqual(Math.min(...forecasts) * (1 - 1e-12))
        expect(forecast).toBeLessThanOrEqual(Math.max(...forecasts) * (1 + 1e-12))
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9)
      }),
    )
  })
})
