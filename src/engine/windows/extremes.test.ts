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

  /** A value for each second, each lower than the one before: none outdoes another. */
  const falling = (at: number): number => 1000 - at

  function expectFalling(extremes: Extremes, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      expect(extremes.value).toBe(falling(at))
      extremes.dropUntil(at)
    }
  }

  it.each([16, 17, 33, 100])('are kept in order when there are %i of them', count => {
    const pushed = new Extremes('largest')
    for (let at = 0; at < count; at += 1) pushed.push(at, falling(at))
    expectFalling(pushed, 0, count)
    const inserted = new Extremes('largest')
    for (let at = count - 1; at >= 0; at -= 1) inserted.insert(at, falling(at))
    expectFalling(inserted, 0, count)
  })

  it.each([16, 17, 33, 100])('are kept in order when %i of them begin somewhere in the room', count => {
    const extremes = new Extremes('largest')
    for (let at = 0; at < 10; at += 1) extremes.push(at, falling(at))
    extremes.dropUntil(6)
    for (let at = 10; at < count + 7; at += 2) extremes.push(at, falling(at))
    for (let at = 11; at < count + 7; at += 2) extremes.insert(at, falling(at))
    expectFalling(extremes, 7, count + 7)
  })

  it('are the latest of equal ones, which stays longest', () => {
    for (const add of ['push', 'insert'] as const) {
      const extremes = new Extremes('largest')
      for (const at of [1, 2, 3]) extremes[add](at, 5)
      extremes.dropUntil(2)
      expect(extremes.value).toBe(5)
    }
    const late = new Extremes('smallest')
    late.push(3, 5)
    late.insert(1, 5)
    late.insert(2, 7)
    late.dropUntil(2)
    expect(late.value).toBe(5)
  })

  it('of nothing any more begin anew', () => {
    const extremes = new Extremes('largest')
    extremes.push(1, 9)
    extremes.clear()
    extremes.push(2, 5)
    expect(extremes.value).toBe(5)
    extremes.dropUntil(2)
    extremes.push(3, 1)
    expect(extremes.value).toBe(1)
  })
})
