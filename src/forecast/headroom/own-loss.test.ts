import { describe, expect, it } from 'vitest'
import { OwnLoss } from './own-loss.ts'

describe('what a fleet would have lost that did what was wanted', () => {
  it('is what came beyond the fewest that were wanted over the lead', () => {
    const own = new OwnLoss(2, 1)
    own.restart(5)
    const lost = [5, 9, 9, 9].map((demand, index) => {
      own.replay(demand)
      own.order([8, 8, 10, 10][index] ?? 0)
      return own.lost
    })
    // Ready: 5, 5, 8, 8.
    expect(lost).toEqual([0, 4, 5, 6])
  })

  it('is nothing where there was enough', () => {
    const own = new OwnLoss(3, 1)
    own.restart(10)
    for (const demand of [10, 3, 0, 10]) {
      own.replay(demand)
      own.order(10)
    }
    expect(own.lost).toBe(0)
  })

  it('counts for less the older it is', () => {
    const own = new OwnLoss(1, 0.5)
    own.restart(4)
    own.replay(12)
    own.order(4)
    own.replay(4)
    expect(own.lost).toBe(2)
  })

  it('does not come of a pause', () => {
    const own = new OwnLoss(2, 1)
    own.restart(1)
    own.restart(30)
    own.replay(30)
    expect(own.lost).toBe(0)
  })
})
