/**
 * How much longer a session of a certain age goes on, from how long others went on: the mean of those that lived longer
 * than that, less its age. What is long remembered counts less and less: at 10,000 lengths all counts are halved.
 *
 * Example: ten sessions lasted 1, 1, 1, 1, 2, 2, 8, 8, 8 and 8 minutes. One of 3 minutes is expected to go on for 5 (8 - 3); one of 20, longer
 * than any seen, for as long again as it has.
 */

/** Lengths in rows, each a fifth longer than the one before: from 1 s in row 0 to some 100 years in the last. */
const FIRST_MS = 1_000
const FACTOR = 1.2
export const ROWS = 120
/** Too few to say anything. */
const FEWEST = 10
const MOST = 10_000

export class Lengths {
  readonly #counts = new Float64Array(ROWS)
  readonly #sums = new Float64Array(ROWS)
  #total = 0
  /** By row: mean of the lengths in later rows; `null` until somebody asks again. */
  #meanBeyond: Float64Array | null = null

  add(lengthMs: number): void {
    if (!(lengthMs >= 0)) return
    const row = rowOf(lengthMs)
    this.#counts[row] = (this.#counts[row] ?? 0) + 1
    this.#sums[row] = (this.#sums[row] ?? 0) + lengthMs
    this.#total += 1
    this.#meanBeyond = null
    if (this.#total >= MOST) this.#halve()
  }

  /** `null`: too few sessions have ended to say. */
  remainingMs(ageMs: number): number | null {
    if (this.#total < FEWEST) return null
    this.#meanBeyond ??= this.#means()
    const mean = this.#meanBeyond[rowOf(ageMs)] ?? 0
    return mean > ageMs ? mean - ageMs : ageMs
  }

  #means(): Float64Array {
    const means = new Float64Array(ROWS)
    let count = 0
    let sum = 0
    for (let row = ROWS - 1; row >= 0; row--) {
      means[row] = count === 0 ? 0 : sum / count
      count += this.#counts[row] ?? 0
      sum += this.#sums[row] ?? 0
    }
    return means
  }

  #halve(): void {
    this.#total /= 2
    for (let row = 0; row < ROWS; row++) {
      this.#counts[row] = (this.#counts[row] ?? 0) / 2
      this.#sums[row] = (this.#sums[row] ?? 0) / 2
    }
  }
}

/** 0 to `ROWS` - 1. */
export function rowOf(ms: number): number {
  if (ms <= FIRST_MS) return 0
  return Math.min(ROWS - 1, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(FACTOR)))
}
