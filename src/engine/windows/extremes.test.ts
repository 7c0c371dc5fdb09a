import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../../test/seed.ts'
import { Extremes } from './extremes.ts'

interface Entry {
  readonly at: number
  readonly value: number
}

/** Values that mostly fall with time, so that the queue is long and a late one lands between others. */
const anySample = fc.record({
  at: fc.integer({ min: 1, max: 60 }),
  noise: fc.integer({ min: 0, max: 25 }),
})

function extremeOf(which: 'largest' | 'smallest', entries: readonly Entry[]): number {
  const values = entries.map(entry => entry.value)
  return which === 'largest' ? Math.max(...values) : Math.min(...values)
}

describe('extremes of a window', () => {
  it('let a late value outdo older smaller ones and yield to newer larger ones', () => {
    const largest = new Extremes('largest')
    for (const [at, value] of [
      [1, 9],
      [2, 4],
      [4, 3],
      [5, 2],
    ] as const)
      largest.push(at, value)
    largest.insert(3, 5)
    const values = [1, 2, 3, 4].map(until => {
      largest.dropUntil(until)
      return largest.value
    })
    expect(values).toEqual([5, 5, 3, 2])
  })

  it.each(['largest', 'smallest'] as const)(
    'tell the %s of what is left, for any order of arrival',
    which => {
      fc.assert(
        fc.property(fc.array(anySample, { minLength: 1, maxLength: 120 }), samples => {
          const extremes = new Extremes(which)
          const entries = samples.map(({ at, noise }) => ({
            at,
            value: which === 'largest' ? noise - at : at - noise,
          }))
          let newestAt = 0
          for (const { at, value } of entries) {
            if (at >= newestAt) extremes.push(at, value)
            else extremes.insert(at, value)
            newestAt = Math.max(newestAt, at)
          }
          for (let until = 0; until < newestAt; until += 1) {
            extremes.dropUntil(until)
            const left = entries.filter(entry => entry.at > until)
            expect(extremes.value).toBe(extremeOf(which, left))
          }
        }),
        { numRuns: runs(500) },
      )
    },
  )
})
