/**
 * Every combination of the values to try, by number, and a sample of them without drawing any twice.
 *
 * Example: of two values and three there are six; number 4 is the second of the first with the second of the second: `[1, 1]`.
 */
import type { Random } from '../../ports/clock.ts'

/** @param lengths how many values each one has */
export function gridSize(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * length, 1)
}

/** @returns for each one the index of its value; the last one changes fastest */
export function choiceAt(number: number, lengths: readonly number[]): readonly number[] {
  const choice: number[] = []
  let left = number
  for (const length of [...lengths].reverse()) {
    choice.unshift(left % length)
    left = Math.floor(left / length)
  }
  return choice
}

/** `count` different numbers below `size`, in a random order (Fisher and Yates, keeping only what moved). */
export function sampled(size: number, count: number, random: Random): readonly number[] {
  const moved = new Map<number, number>()
  return Array.from({ length: Math.min(size, count) }, (_, place) => {
    const other = place + Math.floor(random.next() * (size - place))
    const drawn = moved.get(other) ?? other
    moved.set(other, moved.get(place) ?? place)
    return drawn
  })
}
