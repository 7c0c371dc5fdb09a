/**
 * The samples a metric's source would have given in a replay: one for each bin as it becomes known, and where the source is asked
 * more often than that, the same value again. A value has the time at which it could first be read, as most sources stamp it: that
 * of its bin's end, or, where measurements are known later, that of the tick that hears of it.
 *
 * Example: bins of five minutes, asked each minute: 5 samples a bin, all of the bin that ended last. Bins of a minute that are known
 * ten minutes late: at 12:20 the value of 12:09 to 12:10, stamped 12:20; it is old, and not a gap.
 */
import type { Sample } from '../model/sample.ts'
import type { EpochMs } from '../model/time.ts'
import type { Seen } from './contender.ts'
import type { Feed } from './feeds.ts'

export class Sampler {
  readonly #feed: Feed
  readonly #startAt: EpochMs
  readonly #stepMs: number
  #lastBin = -1
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(feed: Feed, startAt: EpochMs, stepMs: number) {
    this.#feed = feed
    this.#startAt = startAt
    this.#stepMs = stepMs
  }

  /** What is new since the last call; `null`: nothing is, or it is a gap. */
  take(seen: Seen, at: EpochMs): Sample | null {
    const { bin } = seen
    if (bin < 0) return null
    const isNew = bin > this.#lastBin
    const isDue = at - this.#lastAt >= this.#feed.metric.everyMs
    if (!isNew && !isDue) return null
    const value = this.#feed.read(seen)
    if (Number.isNaN(value)) return null
    this.#lastBin = bin
    const endAt = this.#startAt + (bin + 1) * this.#stepMs
    const isLate = at - endAt >= this.#stepMs
    const sampleAt = isNew && !isLate && endAt > this.#lastAt ? endAt : at
    this.#lastAt = sampleAt
    return { at: sampleAt, value }
  }
}
