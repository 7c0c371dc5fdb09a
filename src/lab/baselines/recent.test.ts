import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Recent } from './recent.ts'

describe('the recent past', () => {
  it('ends where the window does: what is as old as it is out', () => {
    const recent = new Recent(300)
    for (const [atMs, value] of [
      [0, 9],
      [100, 1],
      [200, 2],
      [300, 3],
    ] as const) {
      recent.add(atMs, value)
    }
    expect([recent.highest, recent.average]).toEqual([3, 2])
  })

  it('has the highest and the average that counting afresh has, for as long as one likes', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), (all, window) => {
        const recent = new Recent(window)
        for (const [at, value] of all.entries()) {
          recent.add(at, value)
          const kept = all.slice(Math.max(0, at - window + 1), at + 1)
          expect(recent.highest).toBe(Math.max(...kept))
          expect(recent.average).toBeCloseTo(kept.reduce((sum, one) => sum + one, 0) / kept.length)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('stays the same when it clears its cupboards', () => {
    const recent = new Recent(3)
    for (let at = 0; at < 20_000; at += 1) recent.add(at, at % 7)
    expect([recent.highest, recent.average]).toEqual([
      Math.max(19_997 % 7, 19_998 % 7, 19_999 % 7),
      expect.closeTo(((19_997 % 7) + (19_998 % 7) + (19_999 % 7)) / 3),
    ])
  })
})
