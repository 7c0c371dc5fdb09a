/**
 * Exponential smoothing with a damped trend, a daily and a weekly season, and what is left of the last error: it follows growth
 * that a fixed shape does not know, and does not believe that growth goes on for ever. (Gardner & McKenzie 1985 for the damped
 * trend; Taylor 2003, "Short-term electricity demand forecasting using double seasonal exponential smoothing", for the two seasons
 * and the last error.) Nothing is fitted by search: there is a slow one and a quick one, and who is better counts.
 *
 * Example with level 100, trend 2 a bin of which 0.9 is left in each, no season yet: one bin ahead 101.8, two ahead 103.42, far
 * ahead 118.
 */
import { type Forecaster, historyLacking } from './forecaster.ts'
import type { Past } from './past.ts'

/** Each as it is for bins of ten minutes. */
export interface Smoothing {
  readonly name: string
  /** How much of a surprise is believed to stay. */
  readonly levelShare: number
  /** How much of a change of the level is believed to go on. */
  readonly trendShare: number
  /** What is left of the trend, and of the last error, a bin later. */
  readonly trendKept: number
  readonly errorKept: number
}

export const SLOW: Smoothing = {
  name: 'slow smoothing',
  levelShare: 0.1,
  trendShare: 0.005,
  trendKept: 0.9,
  errorKept: 0.8,
}

export const QUICK: Smoothing = {
  name: 'quick smoothing',
  levelShare: 0.5,
  trendShare: 0.01,
  trendKept: 0.9,
  errorKept: 0.95,
}

/** How much of what the level leaves goes into the time of the day, and of the week. */
const DAY_SHARE = 0.2
const WEEK_SHARE = 0.1
const TEN_MINUTES_MS = 600_000

export function createDampedSmoothing(past: Past, smoothing: Smoothing): Forecaster {
  return new DampedSmoothing(past, smoothing)
}

class DampedSmoothing implements Forecaster {
  readonly name: string
  readonly #past: Past
  readonly #levelShare: number
  readonly #trendShare: number
  readonly #trendKept: number
  readonly #errorKept: number
  readonly #day: Float64Array
  readonly #week: Float64Array
  #level = Number.NaN
  #trend = 0
  #error = 0
  /** Bins learnt: the number of the next one. */
  #bins = 0
  /** The latest time that a season learnt: a time that the clock shows twice is learnt once. */
  #learntAt = Number.NEGATIVE_INFINITY

  constructor(past: Past, smoothing: Smoothing) {
    const exponent = past.stepMs / TEN_MINUTES_MS
    this.name = smoothing.name
    this.#past = past
    this.#levelShare = 1 - (1 - smoothing.levelShare) ** exponent
    this.#trendShare = 1 - (1 - smoothing.trendShare) ** exponent
    this.#trendKept = smoothing.trendKept ** exponent
    this.#errorKept = smoothing.errorKept ** exponent
    this.#day = new Float64Array(past.dayBins)
    this.#week = new Float64Array(past.weekBins)
  }

  learn(value: number): void {
    if (!Number.isNaN(this.#level)) this.#follow(value)
    else if (!Number.isNaN(value)) this.#level = value
    this.#bins += 1
    if (this.#bins === this.#past.dayBins) this.#beginSeason()
  }

  forecast(horizonBins: number): number {
    if (Number.isNaN(this.#level)) return Number.NaN
    const kept = this.#trendKept
    const trendSum = (this.#trend * kept * (1 - kept ** horizonBins)) / (1 - kept)
    const season = this.#seasonAt(this.#past.timeAt(horizonBins))
    return this.#level + trendSum + season + this.#error * this.#errorKept ** horizonBins
  }

  waitsFor(): string | null {
    return historyLacking(this.#past.dayBins - this.#bins, this.#past.stepMs, 'a season of a day')
  }

  #seasonAt(time: number): number {
    return (this.#day[placeOf(time, this.#day)] ?? 0) + (this.#week[placeOf(time, this.#week)] ?? 0)
  }

  #follow(value: number): void {
    const before = this.#level
    const time = this.#past.timeAt(0)
    this.#level += this.#trendKept * this.#trend
    if (Number.isNaN(value)) {
      this.#trend *= this.#trendKept
      this.#error *= this.#errorKept
      return
    }
    this.#level += this.#levelShare * (value - this.#seasonAt(time) - this.#level)
    const kept = this.#trendKept * this.#trend
    this.#trend = kept + this.#trendShare * (this.#level - before - kept)
    this.#error = value - this.#seasonAt(time) - this.#level
    if (this.#bins >= this.#day.length && time > this.#learntAt) this.#learnSeason(time)
  }

  /** What the level leaves over is the time of the day's, and of the week's. */
  #learnSeason(time: number): void {
    this.#learntAt = time
    const day = placeOf(time, this.#day)
    const week = placeOf(time, this.#week)
    this.#day[day] = (this.#day[day] ?? 0) + DAY_SHARE * this.#error
    this.#week[week] = (this.#week[week] ?? 0) + WEEK_SHARE * this.#error
    this.#error *= 1 - DAY_SHARE - WEEK_SHARE
  }

  /** The first day is taken whole: its mean is the level, and what it was above or below it the season. */
  #beginSeason(): void {
    const bins = this.#day.length
    const mean = this.#past.mean(0, bins)
    if (Number.isNaN(mean)) return
    let next = this.#past.timeAt(1 - bins)
    for (let back = bins - 1; back >= 0; back -= 1) {
      const time = this.#past.timeAt(-back)
      const season = this.#past.back(back) - mean
      // What the clock left out is like what came after it.
      for (let each = Math.min(next, time); each <= time && !Number.isNaN(season); each += 1)
        this.#day[placeOf(each, this.#day)] = season
      next = time + 1
    }
    this.#level = mean
    this.#trend = 0
    this.#error = 0
  }
}

function placeOf(time: number, season: Float64Array): number {
  const { length } = season
  return ((time % length) + length) % length
}
