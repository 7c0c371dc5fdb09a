import { describe, expect, it } from 'vitest'
import { Surge } from './surge.ts'

/** A lead of 3 steps, nothing forgotten, 4 for long; then these. The height after each. */
function heights(demand: readonly number[], mayLose: number): number[] {
  const surge = new Surge(3, 1)
  surge.restart(4)
  return demand.map(value => {
    surge.learn(value, mayLose)
    return surge.height
  })
}

describe('a rise greater than any before', () => {
  it('is thought to go on twice as far as it came', () => {
    expect(heights([35], 6)).toEqual([97])
  })

  it('is held against the demand of a lead ago', () => {
    // 20 is 16 above the 4 of three steps ago, and so is what comes at most before an order helps.
    expect(heights([10, 15, 20], 6)).toEqual([22, 37, 52])
  })

  it('sinks to half within three leads where it does not', () => {
    const after = heights([35, ...Array.from({ length: 9 }, () => 4)], 6)
    expect(after.at(-1)).toBeCloseTo(97 / 2)
  })

  it('is none where the share of a day covers all it could lose', () => {
    // By 31 over a lead of 3.
    expect(heights([35], 93)).toEqual([0])
    expect(heights([35], 92)).toEqual([97])
  })

  it('comes again only when it is greater', () => {
    const again = heights([35, 4, 4, 4, 35, 4, 4, 4, 36], 6)
    expect(again[4]).toBeLessThan(97)
    expect(again[8]).toBe(36 + 2 * 32)
  })

  it('is none where the demand falls, or stands', () => {
    expect(heights([4, 4, 3, 0, 0, 4], 0)).toEqual([0, 0, 0, 0, 0, 4 + 2])
    expect(heights([4, 4, 4, 4], 0)).toEqual([0, 0, 0, 0])
  })

  it('is forgotten in time: a smaller one is the greatest again', () => {
    const surge = new Surge(1, 0.9)
    surge.restart(0)
    surge.learn(10, 0)
    for (let step = 0; step < 30; step += 1) surge.learn(0, 0)
    surge.learn(2, 0)
    expect(surge.height).toBe(2 + 2 * 2)
  })

  it('is not held against what came before a pause', () => {
    const surge = new Surge(3, 1)
    surge.restart(4)
    surge.learn(35, 0)
    surge.restart(60)
    surge.learn(60, 0)
    expect(surge.height).toBe(0)
  })
})
