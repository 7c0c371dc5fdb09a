/**
 * Chance that can be repeated: mulberry32, the same stream for the same seed.
 *
 * Example: `const random = uniform(7)`, then `random()` is a number in [0, 1), and the first of two runs is the first of both.
 */
export function uniform(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
