import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from './forecast.fixture.ts'
import { Past } from './past.ts'

function pastOf(stepMs: number, values: readonly number[]): Past {
  const past = new Past(stepMs)
  for (const value of values) past.push(value)
  return past
}

describe('the past', () => {
  const past = pastOf(10 * MINUTE, [1, 2, Number.NaN, 4])

  it.each([
    [0, 4],
    [1, Number.NaN],
    [3, 1],
    [4, Number.NaN],
    [-1, Number.NaN],
  ])('%i bins back there was %d', (bins, value) => {
    expect(past.back(bins)).toEqual(value)
  })

  it.each([
    [0, 4, 7 / 3],
    [0, 2, 4],
    [1, 2, Number.NaN],
    [2, 99, 1.5],
  ])('the mean of %i to %i bins back is of what is known: %d', (from, to, mean) => {
    expect(past.mean(from, to)).toEqual(mean)
  })

  it('knows its seasons in bins', () => {
    expect([past.dayBins, past.weekBins, past.minutes(60), past.minutes(3)]).toEqual([144, 1_008, 6, 1])
  })

  it('keeps four weeks and forgets what is older', () => {
    const long = pastOf(
      HOUR,
      Array.from({ length: 1_000 }, (_, bin) => bin),
    )
    expect(long.length).toBe(1_000)
    expect(long.back(671)).toBe(328)
    expect(long.back(672)).toBeNaN()
  })

  it('refuses bins that make no whole day', () => {
    expect(() => new Past(7 * MINUTE)).toThrow('A day is no whole number of bins of 420000 ms.')
  })
})
