import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costAt, type FrontierPoint, frontierOf } from './frontier.ts'

const POINTS: readonly FrontierPoint[] = [
  { lostPercent: 1, costRatio: 1.6 },
  { lostPercent: 0.9, costRatio: 2.1 },
  { lostPercent: 0.2, costRatio: 2 },
]

describe('a frontier', () => {
  it('is what no other point undercuts in both, from the least loss on', () => {
    expect(frontierOf(POINTS)).toEqual([
      { lostPercent: 0.2, costRatio: 2 },
      { lostPercent: 1, costRatio: 1.6 },
    ])
  })

  it.each([
    { loss: 0.1, cost: null, because: 'nothing loses so little' },
    { loss: 0.2, cost: 2, because: 'a point is itself' },
    { loss: 0.6, cost: 1.8, because: 'half way between two costs half way' },
    { loss: 1, cost: 1.6, because: 'the leanest is itself' },
    { loss: 3, cost: 1.6, because: 'the leanest serves above its loss' },
  ])('costs $cost at $loss %: $because', ({ loss, cost }) => {
    const found = costAt(POINTS, loss)
    if (cost === null) expect(found).toBeNull()
    else expect(found).toBeCloseTo(cost)
  })

  it('has nothing to say without points, and one thing with one that loses nothing', () => {
    expect(costAt([], 1)).toBeNull()
    expect(costAt([{ lostPercent: 0, costRatio: 1.1 }], 0.1)).toBe(1.1)
  })

  it('never costs more where more may be lost', () => {
    const point = fc.record({
      lostPercent: fc.integer({ min: 0, max: 50 }),
      costRatio: fc.integer({ min: 1, max: 50 }),
    })
    const losses = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }))
    fc.assert(
      fc.property(fc.array(point, { minLength: 1 }), losses, (points, [one, other]) => {
        const strict = costAt(points, Math.min(one, other))
        const loose = costAt(points, Math.max(one, other))
        if (strict !== null) expect(loose ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(strict + 1e-9)
      }),
    )
  })
})
