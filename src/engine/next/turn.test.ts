import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Move, nearestTurn, type Search } from './turn.ts'

const search = (change: Partial<Search> = {}): Search => ({
  worthTrying: [],
  scale: 100,
  lowest: 0,
  ...change,
})

describe('the nearest number at which a test turns true', () => {
  it.each<[string, number, Move, (value: number) => boolean, Partial<Search>, object | null]>([
    ['above a threshold', 62.1, 'rise', v => v > 80, {}, { value: 80, inclusive: false }],
    ['at a threshold', 62.1, 'rise', v => v >= 80, {}, { value: 80, inclusive: true, yes: 80 }],
    ['below one', 62.1, 'fall', v => v < 20, {}, { value: 20, inclusive: false }],
    ['at one from above', 62.1, 'fall', v => v <= 20, {}, { value: 20, inclusive: true, yes: 20 }],
    ['at nothing', 62.1, 'fall', v => v <= 0, {}, { value: 0, inclusive: true }],
    ['never below the lowest there is', 62.1, 'fall', v => v < 0, {}, null],
    [
      'below it where there is no lowest',
      62.1,
      'fall',
      v => v < -5,
      { lowest: Number.NEGATIVE_INFINITY },
      { value: -5, inclusive: false },
    ],
    ['nowhere that way', 62.1, 'rise', v => v < 20, {}, null],
    ['nowhere at all', 62.1, 'rise', () => false, {}, null],
    ['far away, a thousand times as large', 1, 'rise', v => v > 90_000, {}, { value: 90_000 }],
    [
      'above a large threshold',
      50_000,
      'rise',
      v => v > 100_000,
      { worthTrying: [100_000], scale: 100_000 },
      { value: 100_000, inclusive: false },
    ],
    [
      'at a very large one',
      2e9,
      'fall',
      v => v <= 1e9,
      { worthTrying: [1e9], scale: 2e9 },
      { value: 1e9, inclusive: true },
    ],
    [
      'above a very large one that nobody named',
      1e9,
      'rise',
      v => v > 2.5e9,
      { scale: 1e9 },
      { value: 2.5e9, inclusive: false },
    ],
    ['not further than that', 1, 'rise', v => v > 200_000, {}, null],
    [
      'only at a number that is worth trying',
      62.1,
      'rise',
      v => v === 80,
      { worthTrying: [80] },
      { value: 80, inclusive: true },
    ],
    [
      'only in a narrow band beyond one',
      62.1,
      'rise',
      v => v > 80 && v < 80.001,
      { worthTrying: [80] },
      { value: 80, inclusive: false },
    ],
    [
      'only in a narrow band before one',
      62.1,
      'rise',
      v => v >= 79.9995 && v < 80,
      { worthTrying: [80] },
      { value: 79.9995, inclusive: true },
    ],
    ['the nearer of two', 62.1, 'rise', v => v > 80 && v < 85, { worthTrying: [80, 90] }, { value: 80 }],
    [
      'the nearer of two on the way down',
      62.1,
      'fall',
      v => v === 20 || v === 40,
      { worthTrying: [20, 40] },
      { value: 40 },
    ],
    [
      'a small number among small ones',
      0.001,
      'rise',
      v => v > 0.0025,
      { scale: 0.001 },
      { value: 0.0025, inclusive: false },
    ],
    [
      'a number that is smaller than any that is said',
      1e-7,
      'rise',
      v => v > 2.5e-7,
      { scale: 1e-7 },
      { inclusive: true },
    ],
    ['a number that is not round', 0, 'rise', v => v > 1 / 3, { scale: 1 }, { value: 0.33333 }],
  ])('%s', (_, from, move, test, change, expected) => {
    const turn = nearestTurn(from, move, test, search(change))
    if (expected === null) expect(turn).toBeNull()
    else expect(turn).toMatchObject(expected)
  })

  it('comes with a number at which it is true for sure, and beyond which it was not', () => {
    const property = fc.property(
      fc.double({ min: -50, max: 200, noNaN: true }),
      fc.boolean(),
      (threshold, rises) => {
        const from = rises ? -60 : 210
        const test = (v: number): boolean => (rises ? v > threshold : v < threshold)
        const turn = nearestTurn(from, rises ? 'rise' : 'fall', test, search({ lowest: -1000 }))
        expect(turn).not.toBeNull()
        expect(test(turn?.yes ?? Number.NaN)).toBe(true)
        expect(Math.abs((turn?.yes ?? Number.NaN) - threshold)).toBeLessThan(1e-4)
        expect(Math.abs((turn?.value ?? Number.NaN) - threshold)).toBeLessThan(1e-4)
        expect(turn?.inclusive).toBe(test(turn?.value ?? Number.NaN))
      },
    )
    fc.assert(property)
  })

  it('asks no more often than a search of halves needs', () => {
    let asked = 0
    nearestTurn(
      62.1,
      'rise',
      v => {
        asked += 1
        return v > 80
      },
      search({ worthTrying: [80] }),
    )
    expect(asked).toBeLessThan(60)
  })

  it('passes on what a test throws', () => {
    const test = (): boolean => {
      throw new Error('spent')
    }
    expect(() => nearestTurn(1, 'rise', test, search())).toThrow('spent')
  })
})
