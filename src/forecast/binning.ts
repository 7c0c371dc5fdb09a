/**
 * Ticks come when they come; forecasters want even bins. A bin is the mean of what came in it and ends with the last value that is
 * expected in it, so that nobody waits a bin for news. Bins are never finer than a minute and a day is a whole number of them.
 *
 * Example, ticks every 15 s, bins of a minute: 40, 42, 44, 46 at 10:00:05, :20, :35 and :50. The next would come at 10:01:05, so the
 * bin of 10:00 ends at :50 with 43. After a pause of ten minutes the bins between are gaps.
 */
import type { EpochMs } from '../model/time.ts'

const MINUTE_MS = 60_000
/** Beyond it squares and their sums would not stay finite. */
const MOST_DEMAND = 1e100
/** As long as a past is. */
const FORGOTTEN_WEEKS = 4
/** Each goes into a day without a rest. */
const BIN_MINUTES = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]

/** @returns the shortest bin that is no shorter than a step */
export function binOf(stepMs: number): number {
  const minutes = BIN_MINUTES.find(count => count * MINUTE_MS >= stepMs) ?? 1440
  return minutes * MINUTE_MS
}

export class Binning {
  readonly #stepMs: number
  readonly #binMs: number
  readonly #close: (value: number, bin: number) => void
  /** Number of the bin since the epoch that is being filled, and the last that was closed. */
  #open = Number.NaN
  #closed = Number.NaN
  #sum = 0
  #count = 0
  #lastAt = Number.NEGATIVE_INFINITY

  /**
   * @param stepMs how far apart values are expected
   * @param close is told of every bin in order, with its number since the epoch; NaN where nothing came
   */
  constructor(stepMs: number, binMs: number, close: (value: number, bin: number) => void) {
    this.#stepMs = stepMs
    this.#binMs = binMs
    this.#close = close
  }

  /** When the last closed bin ends; NaN before there is one. */
  get closedUntil(): EpochMs {
    return (this.#closed + 1) * this.#binMs
  }

  get lastAt(): EpochMs {
    return this.#lastAt
  }

  /** @returns false: it is older than what came before, or no number that demand can be, and was left out */
  add(at: EpochMs, value: number): boolean {
    if (
      !Number.isFinite(at) ||
      !Number.isFinite(value) ||
      value < 0 ||
      value > MOST_DEMAND ||
      at < this.#lastAt
    )
      return false
    const bin = Math.floor(at / this.#binMs)
    if (bin === this.#closed) {
      this.#lastAt = at
      return true
    }
    if (bin !== this.#open) this.#begin(bin, at)
    this.#lastAt = at
    this.#sum += value
    this.#count += 1
    if (at + this.#stepMs >= (bin + 1) * this.#binMs) this.#end()
    return true
  }

  #begin(bin: number, at: EpochMs): void {
    // A tick that is a little late leaves no hole: what was last there still held.
    const isHole = at - this.#lastAt > 2 * Math.max(this.#binMs, this.#stepMs)
    const before = this.#count > 0 ? this.#sum / this.#count : Number.NaN
    if (!Number.isNaN(this.#open) && this.#open !== this.#closed) this.#end()
    const missing = Number.isNaN(this.#closed) ? 0 : this.#bounded(bin - this.#closed - 1)
    for (let left = missing; left > 0; left -= 1) this.#close(isHole ? Number.NaN : before, bin - left)
    this.#open = bin
    this.#sum = 0
    this.#count = 0
  }

  /** After a pause of years, as many gaps as make all forget, and seasons are where they were. */
  #bounded(missing: number): number {
    const week = (7 * 1_440 * MINUTE_MS) / this.#binMs
    return missing <= FORGOTTEN_WEEKS * week ? missing : FORGOTTEN_WEEKS * week + (missing % week)
  }

  #end(): void {
    this.#close(this.#sum / this.#count, this.#open)
    this.#closed = this.#open
  }
}
