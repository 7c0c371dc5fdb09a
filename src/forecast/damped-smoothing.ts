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

export interface Smoothing {
  readonly name: string
  /** How much of a surprise is believed to stay, in ten minutes of surprises. */
  readonly levelShare: number
  readonly trendShare: number
  /** What is left of the trend, and of the last error, after ten minutes. */
  readonly trendKept: number
  readonly errorKept: number
}

export const SLOW: Smoothing = {
  name: 'slow smoothing',
  levelShare: 0.15,
  trendShare: 0.005,
  trendKept: 0.9,
  errorKept: 0.8,
}

export const QUICK: Smoothing = {
  name: 'quick smoothing',
  levelShare: 0.8,
  trendShare: 0.05,
  trendKept: 0.8,
  errorKept: 0.5,
}

/** How much of a surprise goes into the time of the day, and of the week. */
const DAY_SHARE = 0.2
const WEEK_SHARE = 0.2
const SHARED_PER_MS = 1 / 600_000

export function createDampedSmoothing(past: Past, smoothing: Smoothing): Forecaster {
  const exponent = past.stepMs * SHARED_PER_MS
  const levelShare = 1 - (1 - smoothing.levelShare) ** exponent
  const trendShare = 1 - (1 - smoothing.trendShare) ** exponent
  const trendKept = smoothing.trendKept ** exponent
  const errorKept = smoothing.errorKept ** exponent
  const day = new Float64Array(past.dayBins)
  const week = new Float64Array(past.weekBins)
  let level = Number.NaN
  let trend = 0
  let error = 0
  let bins = 0

  const seasonAt = (bin: number): number => (day[bin % day.length] ?? 0) + (week[bin % week.length] ?? 0)

  const take = (value: number, bin: number): void => {
    const expected = level + trendKept * trend
    trend *= trendKept
    level = expected
    if (Number.isNaN(value)) {
      error *= errorKept
      return
    }
    const surprise = value - expected - seasonAt(bin) - errorKept * error
    level += levelShare * surprise
    trend += levelShare * trendShare * surprise
    day[bin % day.length] = (day[bin % day.length] ?? 0) + DAY_SHARE * surprise
    // A day that is like the others is no matter of the week.
    if (bin >= day.length) week[bin % week.length] = (week[bin % week.length] ?? 0) + WEEK_SHARE * surprise
    error = value - level - seasonAt(bin)
  }

  return {
    name: smoothing.name,
    learn(value) {
      if (!Number.isNaN(level)) take(value, bins)
      else if (!Number.isNaN(value)) level = value
      bins += 1
    },
    forecast(horizonBins) {
      if (Number.isNaN(level)) return Number.NaN
      const trendSum = (trend * trendKept * (1 - trendKept ** horizonBins)) / (1 - trendKept)
      return level + trendSum + seasonAt(bins - 1 + horizonBins) + error * errorKept ** horizonBins
    },
    waitsFor: () => historyLacking(past.dayBins - bins, past.stepMs, 'a season of a day'),
  }
}
