/**
 * The straight line through a window's samples (least squares) and their spread around their mean, kept as samples
 * come and go: what `slope`, `trend` and `stddev` read.
 *
 * Example: 10 at 0 s, 20 at 60 s and 30 at 120 s: the slope is 10 per minute, the line begins at 10 and ends at 30, and
 * the population's standard deviation is 8.16.
 *
 * Times and values are counted from a centre near the window's own, since the squares of what is far from zero leave no
 * digits for what matters. The centre is moved (`mustRebuild`) once the window has left it behind: that takes about as
 * many new samples as the window holds, so a sample costs O(1) amortised.
 */
import type { EpochMs } from '../../model/time.ts'
import { Compensated } from './compensated.ts'

const MINUTE_MS = 60_000

/** A mean this many times further from the centre than the spread costs more than half of the 30 digits kept. */
const FAR_RATIO = 1e3

/** Closer to the centre than this share of it, the mean is as close as numbers of its size can tell. */
const NEAR_RATIO = 1e-9

/** Share of the largest square seen below which a remainder is summed afresh, as in `RunningSum`. */
const TRUSTED_RATIO = 2 ** -50

export class Fit {
  #centreAt: EpochMs = 0
  #centreValue = 0
  #size = 0
  /** The centre was chosen for what will be added; otherwise the first sample is it. */
  #isCentred = false
  /** Samples that came or went since the centre was chosen. */
  #changes = 0
  /** The largest distance from the centre value since then, and when its newest sample is from. */
  #largest = 0
  #largestAt: EpochMs = Number.NEGATIVE_INFINITY
  readonly #times = new Compensated()
  readonly #values = new Compensated()
  readonly #timeSquares = new Compensated()
  readonly #valueSquares = new Compensated()
  readonly #products = new Compensated()

  clear(): void {
    this.centre(0, 0)
    this.#isCentred = false
  }

  /** Empties it and counts from here on; then every sample is added anew. */
  centre(at: EpochMs, value: number): void {
    this.#centreAt = at
    this.#centreValue = value
    this.#size = 0
    this.#isCentred = true
    this.#changes = 0
    this.#largest = 0
    this.#largestAt = Number.NEGATIVE_INFINITY
    this.#times.clear()
    this.#values.clear()
    this.#timeSquares.clear()
    this.#valueSquares.clear()
    this.#products.clear()
  }

  add(at: EpochMs, value: number): void {
    if (this.#size === 0 && !this.#isCentred) this.centre(at, value)
    const distance = Math.abs(value - this.#centreValue)
    if (distance >= this.#largest) {
      this.#largestAt = distance > this.#largest ? at : Math.max(at, this.#largestAt)
      this.#largest = distance
    }
    this.#size += 1
    this.#account(at - this.#centreAt, value - this.#centreValue, 1)
  }

  /** All that was there at the time of `centre` is added: changes count from here. */
  settle(): void {
    this.#changes = 0
  }

  remove(at: EpochMs, value: number): void {
    this.#size -= 1
    this.#account(at - this.#centreAt, value - this.#centreValue, -1)
  }

  #account(time: number, value: number, sign: 1 | -1): void {
    this.#changes += 1
    this.#times.add(sign * time)
    this.#values.add(sign * value)
    this.#timeSquares.add(sign * time * time)
    this.#valueSquares.add(sign * value * value)
    this.#products.add(sign * time * value)
  }

  /** Whether to `centre` it anew over the samples still there, given that those up to `goneUntil` have left. */
  mustRebuild(goneUntil: EpochMs): boolean {
    const squares = this.#valueSquares.total
    const largestLeft = this.#largestAt <= goneUntil
    if (largestLeft && !(squares >= this.#largest * this.#largest * TRUSTED_RATIO) && this.#largest > 0)
      return true
    if (!largestLeft && this.#changes * 2 < this.#size) return false
    const meanValue = this.#values.total / this.#size
    const meanTime = this.#times.total / this.#size
    const valueIsFar =
      Math.abs(meanValue) > Math.abs(this.#centreValue) * NEAR_RATIO &&
      meanValue * meanValue > FAR_RATIO * this.#valueVariance()
    return (
      valueIsFar ||
      (this.#changes * 2 >= this.#size && meanTime * meanTime > FAR_RATIO * this.#timeVariance())
    )
  }

  get meanAt(): EpochMs {
    return this.#centreAt + this.#times.total / this.#size
  }

  get mean(): number {
    return this.#centreValue + this.#values.total / this.#size
  }

  /** Of the whole window as a population. */
  get stddev(): number {
    return Math.sqrt(this.#valueVariance())
  }

  /** Per minute; NaN where all samples are of one time. */
  get slope(): number {
    return this.#slopePerMs() * MINUTE_MS
  }

  /** The line's value at `to` relative to that at `from`, less one; NaN where it does not begin above zero. */
  trend(from: EpochMs, to: EpochMs): number {
    const slope = this.#slopePerMs()
    const start = this.mean + slope * (from - this.meanAt)
    const end = this.mean + slope * (to - this.meanAt)
    return start > 0 ? end / start - 1 : Number.NaN
  }

  #slopePerMs(): number {
    const variance = this.#timeVariance()
    if (!(variance > 0)) return Number.NaN
    const size = this.#size
    const covariance = this.#products.total / size - (this.#times.total / size) * (this.#values.total / size)
    return covariance / variance
  }

  #timeVariance(): number {
    const mean = this.#times.total / this.#size
    return Math.max(0, this.#timeSquares.total / this.#size - mean * mean)
  }

  /** NaN where a square is beyond what a number can hold. */
  #valueVariance(): number {
    const mean = this.#values.total / this.#size
    return Math.max(0, this.#valueSquares.total / this.#size - mean * mean)
  }
}
