/**
 * How long does a month take in the lab? 30 days at one decision a minute, three rules and two constraints, one fleet, closed loop:
 * the fleet's own count changes what is measured next.
 *
 * Example: `npm run bench -- backtest --json` ends with `{"ticksPerSecond":535000,"seconds":0.081,...,"peakRssMb":273}`.
 */

import { feedsOf } from '../src/lab/feeds.ts'
import { replay } from '../src/lab/replay.ts'
import { rulesContender } from '../src/lab/rules-contender.ts'
import { BINS, DAYS, MINUTE_MS, MONTH_MODEL, month, monthFleet, START } from './backtest/month.ts'

const ROUNDS = 9
/** The compiler warms up; how long the very first takes is told too. */
const WARM_UPS = 2

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const trace = month()
  const fleet = monthFleet()
  const { feeds, load } = feedsOf(trace, fleet, { loadColumn: null, instancesColumn: null, sources: {} })
  const seconds: number[] = []
  let decisions = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const contender = rulesContender({
      fleet,
      feeds,
      calendar,
      schedules: {},
      startAt: START,
      stepMs: MINUTE_MS,
    })
    const course = replay({ startAt: START, stepMs: MINUTE_MS, load, model: MONTH_MODEL, seed: 1 }, contender)
    seconds.push(course.elapsedMs / 1_000)
    decisions = course.decisions.length
  }
  const sorted = seconds.slice(WARM_UPS).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1_024)
  return {
    table: [
      `${DAYS} days by the minute (median of ${ROUNDS - WARM_UPS}): ${median.toFixed(3)} s, ${Math.round(BINS / median)} ticks/s`,
      `first ${seconds[0]?.toFixed(3)} s; ${decisions} decisions kept; peak memory ${peakRssMb} MB`,
    ].join('\n'),
    result: {
      ticksPerSecond: Math.round(BINS / median),
      seconds: Math.round(median * 1_000) / 1_000,
      firstSeconds: Math.round((seconds[0] ?? 0) * 1_000) / 1_000,
      decisionsKept: decisions,
      peakRssMb,
    },
  }
}

const calendar = { window: () => null, windows: () => [], offsetOf: () => () => 0, timeZoneDatabase: 'none' }
