/**
 * The forecaster that says: as at the same time yesterday, or a week ago. The second yardstick: what is no better than this need
 * not be clever. (The seasonal naive method; Hyndman & Athanasopoulos, section 5.2.)
 *
 * Example, a season of 4 bins, after 1 2 3 4 5 6: one bin ahead it says 3, two ahead 4, three ahead 5. Where the bin it would
 * repeat is a gap, it goes one season further back, and where that is one too it says the last value.
 */
import { type Forecaster, historyLacking } from './forecaster.ts'
import type { Past } from './past.ts'

export type Season = 'day' | 'week'

export const SEASON_DAYS: Readonly<Record<Season, number>> = { day: 1, week: 7 }

export function createSeasonalNaive(past: Past, season: Season): Forecaster {
  const days = SEASON_DAYS[season]
  const bins = days * past.dayBins
  let last = Number.NaN
  return {
    name: season === 'day' ? 'yesterday' : 'last week',
    learn(value) {
      if (!Number.isNaN(value)) last = value
    },
    forecast(horizonBins) {
      if (past.length < bins) return Number.NaN
      const seasons = Math.ceil(horizonBins / bins)
      const value = past.back(past.sameTime(horizonBins, seasons * days))
      if (!Number.isNaN(value)) return value
      const before = past.back(past.sameTime(horizonBins, (seasons + 1) * days))
      return Number.isNaN(before) ? last : before
    },
    waitsFor: () => historyLacking(bins - past.length, past.stepMs, `a season of a ${season}`),
  }
}
