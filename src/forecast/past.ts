/**
 * The demand so far on an even grid of time, newest last: what every forecaster of a fleet looks back into, kept once for all of
 * them. Bounded: four weeks, then the oldest bin goes. A bin of which nothing is known is NaN.
 *
 * Example, bins of 10 minutes after 1, 2, NaN, 4 were pushed: `back(0)` is 4, `back(1)` NaN, `back(4)` NaN (before the beginning),
 * `mean(0, 4)` is 2.333 (of the three that are known), and a day is 144 bins. The same time yesterday is 144 bins back, or as many as a
 * clock on the wall says (`wall-clock.ts`).
 */
import type { ClockOffset } from '../model/time.ts'
import { WallClock } from './wall-clock.ts'

const DAY_MS = 86_400_000
const DAYS_KEPT = 28

export class Past {
  readonly stepMs: number
  readonly dayBins: number
  readonly weekBins: number
  readonly #values: Float64Array
  readonly #clock: WallClock | null
  /** Number of the newest bin since the epoch, or since the first where nobody says. */
  #bin = -1
  #newest = -1
  #length = 0

  /**
   * @param stepMs length of a bin; a day has a whole number of them
   * @param offsetMs of the clock that days and weeks follow; without it they are of 24 and 168 hours
   */
  constructor(stepMs: number, offsetMs: ClockOffset | null = null) {
    const dayBins = DAY_MS / stepMs
    if (!Number.isInteger(dayBins)) throw new RangeError(`A day is no whole number of bins of ${stepMs} ms.`)
    this.stepMs = stepMs
    this.dayBins = dayBins
    this.weekBins = 7 * dayBins
    this.#values = new Float64Array(DAYS_KEPT * dayBins)
    this.#clock = offsetMs === null ? null : new WallClock(offsetMs, stepMs)
  }

  /** Bins pushed so far, those that are gone again included. */
  get length(): number {
    return this.#length
  }

  /** @param bin its number since the epoch; the next one where it is left out */
  push(value: number, bin = this.#bin + 1): void {
    this.#bin = bin
    this.#clock?.turnTo(bin)
    this.#newest = this.#newest + 1 === this.#values.length ? 0 : this.#newest + 1
    this.#values[this.#newest] = value
    this.#length += 1
  }

  /** The value `bins` before the newest; NaN where nothing is known. */
  back(bins: number): number {
    if (bins < 0 || bins >= this.#length || bins >= this.#values.length) return Number.NaN
    const index = this.#newest - bins
    return this.#values[index < 0 ? index + this.#values.length : index] ?? Number.NaN
  }

  /** How many bins before the newest it was, so many days earlier, the time it will be `ahead` bins after it; below 0: not come yet. */
  sameTime(ahead: number, days: number): number {
    return this.#clock === null ? days * this.dayBins - ahead : this.#clock.back(ahead, days)
  }

  /** The time of day and week `ahead` bins after the newest, as a number of bins since some midnight. */
  timeAt(ahead: number): number {
    return this.#clock === null ? this.#bin + ahead : this.#clock.shown(ahead)
  }

  /** Mean of what is known from `from` bins back (inclusive) to `to` bins back (exclusive); NaN where nothing is. */
  mean(from: number, to: number): number {
    let sum = 0
    let known = 0
    const end = Math.min(to, this.#length, this.#values.length)
    for (let bins = Math.max(0, from); bins < end; bins += 1) {
      const value = this.back(bins)
      if (Number.isNaN(value)) continue
      sum += value
      known += 1
    }
    return known === 0 ? Number.NaN : sum / known
  }

  /** How many bins make up so many minutes; at least one. */
  minutes(count: number): number {
    return Math.max(1, Math.round((count * 60_000) / this.stepMs))
  }
}
