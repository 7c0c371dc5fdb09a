import { describe, expect, it } from 'vitest'
import { Distribution, EXACT_SAMPLES } from './distribution.ts'

/** As on a ruler: between two samples in proportion. */
function exactly(values: readonly number[], ratio: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * ratio
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

const RATIOS = [0, 0.01, 0.1, 0.25, 0.5, 0.501, 0.75, 0.9, 0.99, 1]

function filled(values: readonly number[]): Distribution {
  const distribution = new Distribution()
  for (const value of values) distribution.add(value)
  return distribution
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('percentiles', () => {
  it.each<[string, readonly number[]]>([
    ['of few', [30, 10, 40, 20]],
    ['of one', [7]],
    ['of negative ones and nothing', [-5, 0, 0, -20, 3, -1]],
    ['of as many as are kept exactly', range(-499, 500)],
  ])('%s are exact', (_, values) => {
    const distribution = filled(values)
    expect(distribution.size).toBe(values.length)
    for (const ratio of RATIOS) expect(distribution.percentile(ratio)).toBeCloseTo(exactly(values, ratio), 9)
  })

  it.each<[string, readonly number[]]>([
    ['above zero', range(1, 3000)],
    ['below zero', range(-3000, -1)],
    ['on both sides, and at it', [...range(-1500, 1500), ...range(1, 200).map(() => 0)]],
    ['far apart', range(1, 1500).flatMap(n => [n * 1e-6, n * 1e6])],
  ])('of many %s are told to within 1 %%', (_, values) => {
    const distribution = filled(values)
    for (const ratio of RATIOS) {
      const exact = exactly(values, ratio)
      const error = Math.abs(distribution.percentile(ratio) - exact)
      expect(error, `p${ratio * 100}`).toBeLessThanOrEqual(0.01 * Math.abs(exact) + 1e-9)
    }
  })

  it('are exact again once enough have left', () => {
    const values = range(-2000, 2000)
    const distribution = filled(values)
    expect(distribution.mustSort).toBe(false)
    const left = values.slice(3001)
    for (const value of values.slice(0, 3000)) distribution.remove(value)
    expect(distribution.mustSort).toBe(false)
    distribution.remove(values[3000] ?? Number.NaN)
    expect([distribution.size, distribution.mustSort]).toEqual([EXACT_SAMPLES, true])
    distribution.sort(Float64Array.from(left.toReversed()))
    expect(distribution.mustSort).toBe(false)
    for (const ratio of RATIOS) expect(distribution.percentile(ratio)).toBeCloseTo(exactly(left, ratio), 9)
    distribution.add(-7)
    distribution.remove(left[5] ?? Number.NaN)
    const then = [...left.filter((_, n) => n !== 5), -7]
    for (const ratio of RATIOS) expect(distribution.percentile(ratio)).toBeCloseTo(exactly(then, ratio), 9)
  })

  it('are of what came since it was emptied', () => {
    const distribution = filled(range(-2000, 2000))
    distribution.clear()
    expect([distribution.size, distribution.mustSort]).toEqual([0, false])
    for (const value of [3, 1, 2]) distribution.add(value)
    expect(RATIOS.map(ratio => distribution.percentile(ratio))).toEqual(
      RATIOS.map(ratio => expect.closeTo(exactly([1, 2, 3], ratio), 9)),
    )
  })
})
