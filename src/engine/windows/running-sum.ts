/**
 * The sum of a window's samples, kept as samples come and go. What rounding cuts off is carried in a second
 * number, so a million additions and removals do not drift: the error stays near 1e-31 of the largest value
 * seen. Example: 1e16, then +1, then -1e16 gives 1 (plain numbers would give 0).
 *
 * That guard has an end: once a value some 15 digits above all that remains has left, too little is known of
 * the remainder, and `mustRebuild` asks for a fresh sum over the samples that are still there.
 */
import type { EpochMs } from '../../model/time.ts'
import { Compensated } from './compensated.ts'

/** Share of the largest value seen below which a remainder is summed afresh: 2^-50. */
const TRUSTED_RATIO = 2 ** -50

export class RunningSum {
  readonly #sum = new Compensated()
  /** The largest magnitude added since the last clear, and when its newest sample is from. */
  #largest = 0
  #largestAt: EpochMs = Number.NEGATIVE_INFINITY

  get total(): number {
    return this.#sum.total
  }

  clear(): void {
    this.#sum.clear()
    this.#largest = 0
    this.#largestAt = Number.NEGATIVE_INFINITY
  }

  add(at: EpochMs, value: number): void {
    const magnitude = Math.abs(value)
    if (magnitude >= this.#largest) {
      this.#largestAt = magnitude > this.#largest ? at : Math.max(at, this.#largestAt)
      this.#largest = magnitude
    }
    this.#sum.add(value)
  }

  remove(value: number): void {
    this.#sum.add(-value)
  }

  /** True when what remains of the sum cannot be trusted, given that samples up to `goneUntil` have left. */
  mustRebuild(goneUntil: EpochMs): boolean {
    const total = this.total
    if (!Number.isFinite(total)) return true
    return this.#largestAt <= goneUntil && Math.abs(total) < this.#largest * TRUSTED_RATIO
  }
}
