import { describe, expect, it } from 'vitest'
import { ServedShare } from './served-share.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Minute by minute: demand, capacity, for how many minutes. */
function share(...stretches: readonly (readonly [number, number, number])[]): number | null {
  const served = new ServedShare()
  let at = 0
  served.see(at, 0, 0)
  for (const [demand, capacity, minutes] of stretches) {
    for (let minute = 0; minute < minutes; minute += 1) {
      at += MINUTE
      served.see(at, demand, capacity)
    }
  }
  return served.ratio
}

describe('the share of demand that found capacity', () => {
  it.each<[string, number | null, readonly (readonly [number, number, number])[]]>([
    ['is not known in the first hour', null, [[100, 200, 59]]],
    ['is all of it while there is room', 1, [[100, 100, 60]]],
    ['is not known without demand', null, [[0, 100, 90]]],
    ['is what did not have to be turned away', 0.75, [[200, 150, 90]]],
  ])('%s', (_, expected, stretches) => {
    expect(share(...stretches)).toBe(expected)
  })

  it('weighs by demand, not by time', () => {
    expect(share([100, 100, 60], [200, 150, 1])).toBeCloseTo(0.992, 3)
  })

  it('forgets: a bad hour counts for half after a day', () => {
    const bad = 1 - (share([100, 50, 60]) ?? 0)
    const later = 1 - (share([100, 50, 60], [0, 0, 24 * 60], [100, 100, 60]) ?? 0)
    expect(bad).toBe(0.5)
    expect(later).toBeCloseTo(0.5 / 3, 2)
  })

  it('leaves out what is not known', () => {
    expect(share([100, 100, 60], [Number.NaN, 100, 60], [100, Number.NaN, 60])).toBe(1)
  })

  it('takes a value for no longer than five minutes', () => {
    const served = new ServedShare()
    served.see(0, 100, 100)
    served.see(30 * HOUR, 100, 50)
    expect(served.ratio).toBeNull()
  })
})
