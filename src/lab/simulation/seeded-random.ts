/**
 * Chance that can be had again: the same seed gives the same stream. The generator is sfc32 (Chris Doty-Humphrey's Small
 * Fast Counter, which passes PractRand), started from four words of a SplitMix-like mixing of the seed.
 *
 * Example: `const random = seededRandom(7); random.chance(0.1)` is true about once in ten times, and always at the same times.
 */
import type { Random } from '../../ports/clock.ts'

export interface SeededRandom extends Random {
  /** True with that probability. */
  chance(probability: number): boolean
  /** A whole number, both ends included. */
  whole(from: number, to: number): number
  /** One of them; there must be one. */
  pick<T>(choices: readonly T[]): T
  /** Exponentially distributed. */
  exponential(mean: number): number
  /** A stream of its own, so that drawing from one does not move the other. */
  fork(): SeededRandom
}

export function seededRandom(seed: number): SeededRandom {
  let [a, b, c, counter] = mixed(seed)
  const word = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let turn = 0; turn < 12; turn++) word()
  const next = (): number => word() / 2 ** 32
  return {
    next,
    chance: probability => next() < probability,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: choices => {
      const choice = choices[Math.floor(next() * choices.length)]
      if (choice === undefined) throw new Error('there is nothing to pick from')
      return choice
    },
    exponential: mean => -Math.log(1 - next()) * mean,
    fork: () => seededRandom(word()),
  }
}

function mixed(seed: number): [number, number, number, number] {
  let state = seed | 0
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return z ^ (z >>> 15)
  }
  return [word(), word(), word(), 1]
}
