/**
 * The shape of a typical day (or week) plus how far today is from it. The shape at a time is the median of what was there in the
 * last seven days (four weeks), so that one odd day does not bend it; the distance is a short mean of demand minus shape, and it
 * is believed less the further ahead one looks. (A seasonal profile with level correction, as in Urgaonkar et al. 2008, "Agile
 * dynamic provisioning of multi-tier Internet applications", which takes a high percentile of the same time on past days.)
 *
 * Example: at 10:00 a typical day has 100, at 11:00 150; the last ten minutes were 20 above the shape. With half of a distance left
 * after 4 hours, the forecast for 11:00 is 150 + 20 * 0.5^(1/4) = 166.8.
 */
import { type Forecaster, historyLacking } from './forecaster.ts'
import type { Past } from './past.ts'
import { SEASON_DAYS, type Season } from './seasonal-naive.ts'

const LEVEL_MINUTES = 10
/** One bin alone is mostly noise. */
const LEVEL_LEAST_BINS = 3
const LEVEL_HALF_LIFE_MINUTES = 240

export function createSeasonalProfile(past: Past, season: Season): Forecaster {
  const shape = createShape(past, season)
  const smoothing = 1 / Math.max(LEVEL_LEAST_BINS, past.minutes(LEVEL_MINUTES))
  const keptPerBin = 0.5 ** (1 / past.minutes(LEVEL_HALF_LIFE_MINUTES))
  let level = 0
  let last = Number.NaN
  return {
    name: `typical ${season}`,
    learn(value) {
      if (!Number.isNaN(value)) last = value
      const distance = value - shape.at(0)
      if (!Number.isNaN(distance)) level += smoothing * (distance - level)
    },
    forecast(horizonBins) {
      if (past.length < shape.bins) return Number.NaN
      const expected = shape.at(horizonBins)
      // That time of the day has been a gap ever since.
      return Number.isNaN(expected) ? last : expected + level * keptPerBin ** horizonBins
    },
    waitsFor: () => historyLacking(shape.bins - past.length, past.stepMs, `a season of a ${season}`),
  }
}

export interface Shape {
  readonly bins: number
  /** The shape so many bins after the newest; NaN while less than a season is known. */
  at(horizonBins: number): number
}

export function createShape(past: Past, season: Season): Shape {
  const days = SEASON_DAYS[season]
  const bins = days * past.dayBins
  const most = season === 'day' ? 7 : 4
  const found = new Float64Array(most)
  return {
    bins,
    at(horizonBins) {
      if (past.length < bins) return Number.NaN
      const first = Math.max(1, Math.ceil(horizonBins / bins))
      let count = 0
      for (let seasons = first; seasons < first + most; seasons += 1) {
        const value = past.back(past.sameTime(horizonBins, seasons * days))
        if (Number.isNaN(value)) continue
        insert(found, count, value)
        count += 1
      }
      return medianOf(found, count)
    },
  }
}

/** Into the first `count`, which are in order. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let place = count
  while (place > 0 && (sorted[place - 1] ?? 0) > value) {
    sorted[place] = sorted[place - 1] ?? 0
    place -= 1
  }
  sorted[place] = value
}

function medianOf(sorted: Float64Array, count: number): number {
  if (count === 0) return Number.NaN
  const low = sorted[(count - 1) >> 1] ?? Number.NaN
  const high = sorted[count >> 1] ?? Number.NaN
  return low + (high - low) / 2
}
