/**
 * Counts of positive numbers by magnitude, in buckets each a little wider than the one before: enough to tell any
 * percentile to within 1 % of its value, in room that depends on how far the numbers spread and not on how many.
 *
 * Example: 100 and 101 may share a bucket that stands for 100.5; 100 and 103 never do.
 */

/** Largest relative error of a bucket's middle, with a little room for rounding below the 1 % that is promised. */
const RELATIVE_ERROR = 0.0099
const LOG_WIDTH = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))
const SMALLEST_CAPACITY = 64

export class Buckets {
  #counts = new Int32Array(SMALLEST_CAPACITY)
  /** The bucket that is counted in the first slot. */
  #base = 0
  #total = 0
  /** No slot above this one has been used since it was empty. */
  #highest = 0

  get total(): number {
    return this.#total
  }

  clear(): void {
    if (this.#total > 0) this.#counts.fill(0)
    this.#total = 0
  }

  /** @param magnitude above 0 */
  add(magnitude: number): void {
    const bucket = bucketOf(magnitude)
    if (this.#total === 0) {
      this.#base = bucket - (this.#counts.length >>> 1)
      this.#highest = 0
    }
    let slot = bucket - this.#base
    if (slot < 0 || slot >= this.#counts.length) {
      this.#reach(bucket)
      slot = bucket - this.#base
    }
    if (slot > this.#highest) this.#highest = slot
    this.#counts[slot] = (this.#counts[slot] as number) + 1
    this.#total += 1
  }

  remove(magnitude: number): void {
    const slot = bucketOf(magnitude) - this.#base
    this.#counts[slot] = (this.#counts[slot] as number) - 1
    this.#total -= 1
  }

  /** The middle of the bucket that holds number `rank`, counted from 0 for the smallest. O(buckets). */
  at(rank: number): number {
    const slot = rank * 2 < this.#total ? this.#fromBelow(rank) : this.#fromAbove(this.#total - 1 - rank)
    return Math.min(Number.MAX_VALUE, Math.exp((slot + this.#base) * LOG_WIDTH - ABOVE))
  }

  #fromBelow(rank: number): number {
    const counts = this.#counts
    let left = rank
    let slot = 0
    while (slot < this.#highest) {
      left -= counts[slot] as number
      if (left < 0) break
      slot += 1
    }
    return slot
  }

  /** High percentiles are asked for most, and lie near the end. */
  #fromAbove(rank: number): number {
    const counts = this.#counts
    let left = rank
    let slot = this.#highest
    while (slot > 0) {
      left -= counts[slot] as number
      if (left < 0) break
      slot -= 1
    }
    return slot
  }

  /** Widens the counted range, by at least as much again, so that it moves at most one count per number added. */
  #reach(bucket: number): void {
    const length = this.#counts.length
    const missing = bucket < this.#base ? this.#base - bucket : bucket - this.#base - length + 1
    const capacity = Math.max(length * 2, length + missing * 2)
    const base = bucket < this.#base ? this.#base + length - capacity : this.#base
    const counts = new Int32Array(capacity)
    counts.set(this.#counts, this.#base - base)
    this.#highest += this.#base - base
    this.#counts = counts
    this.#base = base
  }
}

/** From a bucket's upper end down to its middle (of equal relative error both ways), as a logarithm. */
const ABOVE = Math.log((1 + Math.exp(LOG_WIDTH)) / 2)

function bucketOf(magnitude: number): number {
  return Math.ceil(Math.log(magnitude) / LOG_WIDTH)
}
