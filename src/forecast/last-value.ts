/**
 * The forecaster that says: as now. The yardstick of all others, and hard to beat a few minutes ahead or where demand is a staircase.
 * (The naive method; Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2.)
 *
 * Example: after 40, 44, gap it says 44 for every horizon.
 */
import type { Forecaster } from './forecaster.ts'

export function createLastValue(): Forecaster {
  let last = Number.NaN
  return {
    name: 'last value',
    learn(value) {
      if (!Number.isNaN(value)) last = value
    },
    forecast: () => last,
    waitsFor: () => (Number.isNaN(last) ? 'a first value' : null),
  }
}
