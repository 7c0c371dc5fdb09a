/**
 * What a regression sees of the past when it looks `horizonBins` ahead: demand lately at several speeds, and demand at the same time
 * on past days and weeks, each as a distance from where demand is now (a short mean). So a coefficient of 0 everywhere says "as
 * now", and demand that is k times as large gives inputs k times as large.
 *
 * Example: now about 100; yesterday 80 at this time and 120 an hour later. Looking an hour ahead, `yesterday then` is 120 - 100 = 20,
 * `yesterday's step` 120 - 80 = 40, and `yesterday's growth` 100 * 120 / 80 - 100 = 50.
 */
import type { Past } from './past.ts'
import { SEASON_DAYS, type Season } from './seasonal-naive.ts'
import { createShape, type Shape } from './seasonal-profile.ts'

/** Half-lives of the means, minutes; distances are from the first. */
const SPEEDS_MINUTES = [3, 10, 30, 120, 1_440]
/** On either side of the same time on another day. */
const AROUND_MINUTES = 8
/** Growth from one time of a past day to another is believed up to this. */
const MOST_GROWTH = 3

export const INPUTS = 17

export class Lags {
  readonly inputs = new Float64Array(INPUTS)
  readonly #past: Past
  readonly #horizonBins: number
  readonly #aroundBins: number
  readonly #hourBins: number
  readonly #rates: readonly number[]
  readonly #means: Float64Array
  readonly #dayShape: Shape
  readonly #weekShape: Shape
  #filled = 0

  constructor(past: Past, horizonBins: number) {
    this.#past = past
    this.#horizonBins = horizonBins
    this.#aroundBins = past.minutes(AROUND_MINUTES)
    this.#hourBins = past.minutes(60)
    this.#rates = SPEEDS_MINUTES.map(minutes => 1 - 0.5 ** (past.stepMs / 60_000 / minutes))
    this.#means = new Float64Array(SPEEDS_MINUTES.length).fill(Number.NaN)
    this.#dayShape = createShape(past, 'day')
    this.#weekShape = createShape(past, 'week')
  }

  /** Where demand is now; NaN before a first value. */
  get now(): number {
    return this.#means[0] ?? Number.NaN
  }

  /** Takes the newest bin in, and makes `inputs` anew. */
  learn(value: number): void {
    if (!Number.isNaN(value)) this.#follow(value)
    this.#filled = 0
    this.#lately()
    this.#season('day', this.#dayShape)
    this.#season('week', this.#weekShape)
  }

  #follow(value: number): void {
    this.#rates.forEach((rate, index) => {
      const mean = this.#means[index] ?? Number.NaN
      this.#means[index] = Number.isNaN(mean) ? value : mean + rate * (value - mean)
    })
  }

  #lately(): void {
    for (let index = 1; index < SPEEDS_MINUTES.length; index += 1)
      this.#level(this.#means[index] ?? Number.NaN)
    this.#level(this.#past.back(0))
    this.#level((this.#past.back(0) + this.#past.back(1)) / 2)
    this.#level(this.#past.back(this.#aroundBins))
    // What is done by the clock comes at the same minute of the hour.
    this.#level(
      this.#past.back(this.#hourBins * Math.ceil(this.#horizonBins / this.#hourBins) - this.#horizonBins),
    )
  }

  /** The last one, and the shape of several. */
  #season(season: Season, shape: Shape): void {
    const daysBack = SEASON_DAYS[season] * Math.ceil(this.#horizonBins / shape.bins)
    const then = this.#around(this.#past.sameTime(this.#horizonBins, daysBack))
    const same = this.#around(this.#past.sameTime(0, daysBack))
    const shapeThen = shape.at(this.#horizonBins)
    this.#level(then)
    this.#step(then - same)
    this.#level(this.now * Math.min(MOST_GROWTH, then / same))
    this.#level(shapeThen)
    this.#step(shapeThen - shape.at(0))
  }

  #around(bins: number): number {
    return this.#past.mean(bins - this.#aroundBins, bins + this.#aroundBins + 1)
  }

  #level(value: number): void {
    this.#step(value - this.now)
  }

  /** What is not known says nothing. */
  #step(step: number): void {
    this.inputs[this.#filled] = Number.isFinite(step) ? step : 0
    this.#filled += 1
  }
}
