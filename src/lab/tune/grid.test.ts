import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../simulation/seeded-random.ts'
import { choiceAt, gridSize, sampled } from './grid.ts'

const lengths = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

describe('a grid', () => {
  it('has every combination once', () => {
    fc.assert(
      fc.property(lengths, all => {
        const size = gridSize(all)
        const choices = Array.from({ length: size }, (_, number) => choiceAt(number, all))
        expect(new Set(choices.map(String)).size).toBe(size)
        for (const choice of choices) {
          expect(choice).toHaveLength(all.length)
          expect(choice.every((value, index) => value < (all[index] ?? 0))).toBe(true)
        }
      }),
    )
  })
})

describe('a sample', () => {
  it('draws none twice, all where as many are asked for, and the same again by the same seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 400 }),
        fc.nat(),
        (size, count, seed) => {
          const drawn = sampled(size, count, seededRandom(seed))
          expect(drawn).toHaveLength(Math.min(size, count))
          expect(new Set(drawn).size).toBe(drawn.length)
          expect(drawn.every(number => number >= 0 && number < size)).toBe(true)
          expect(sampled(size, count, seededRandom(seed))).toEqual(drawn)
        },
      ),
    )
  })

  it('draws from a thousand million without walking them', () => {
    const drawn = sampled(1e9, 1_000, seededRandom(3))
    expect(new Set(drawn).size).toBe(1_000)
    expect(Math.max(...drawn)).toBeGreaterThan(9e8)
  })
})
