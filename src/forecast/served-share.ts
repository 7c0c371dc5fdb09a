/**
 * Which share of the recent demand found ready capacity? Older demand counts for less and less: half after a day. It is what an
 * operator compares with the share that was asked for.
 *
 * Example: an hour of 100 with room for all of it, then a minute of 200 with room for 150: 99.2 %.
 */
import type { EpochMs } from '../model/time.ts'

const HALF_LIFE_MS = 86_400_000
/** Before that much time was seen, a share says little. */
const ENOUGH_MS = 3_600_000
/** A value holds until the next one, but not for longer. */
const LONGEST_MS = 300_000

export class ServedShare {
  #demand = 0
  #lost = 0
  #seenMs = 0
  #at = Number.NaN

  /** Since the last time, this was the demand and that much of it could be served. Unknown (NaN) is left out. */
  see(at: EpochMs, demand: number, capacity: number): void {
    const sinceMs = Math.min(LONGEST_MS, at - this.#at)
    this.#at = at
    if (!(sinceMs > 0) || !Number.isFinite(demand) || !Number.isFinite(capacity)) return
    const kept = 0.5 ** (sinceMs / HALF_LIFE_MS)
    this.#demand = this.#demand * kept + demand * sinceMs
    this.#lost = this.#lost * kept + Math.max(0, demand - capacity) * sinceMs
    this.#seenMs += sinceMs
  }

  /** `null` before an hour was seen, and while there was no demand. */
  get ratio(): number | null {
    return this.#seenMs < ENOUGH_MS || this.#demand === 0 ? null : 1 - this.#lost / this.#demand
  }
}
