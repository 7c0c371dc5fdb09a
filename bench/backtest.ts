/**
 * How long does a month take in the lab? 30 days at one decision a minute, three rules and two constraints, one fleet, closed loop:
 * the fleet's own count changes what is measured next.
 *
 * Example: `npm run bench -- backtest --json` ends with `{"ticksPerSecond":432000,"seconds":0.1,"peakRssMb":140}`.
 */

import { feedsOf } from '../src/lab/feeds.ts'
import { replay } from '../src/lab/replay.ts'
import { rulesContender } from '../src/lab/rules-contender.ts'
import type { ServiceModel } from '../src/lab/service-model.ts'
import { seededRandom } from '../src/lab/simulation/seeded-random.ts'
import type { LoadTrace } from '../src/lab/trace.ts'
import { fleetSpec } from '../test/builders/spec.ts'

const MINUTE_MS = 60_000
const DAYS = 30
const BINS = DAYS * 1_440
const ROUNDS = 7
const START = 1_795_219_200_000

const fleet = fleetSpec({
  min: 2,
  max: 60,
  constraints: [{ name: 'Peak', rank: 100, min: 4, max: 80, schedule: 'peak' }],
  rules: [
    { name: 'Scale up', rank: 10, when: 'avg(cpu, 5m) > 80%', by: 2 },
    { name: 'Scale up fast', rank: 10, when: 'last(orders) / instances > 95', percent: 20 },
    { name: 'Scale down', rank: 10, when: 'avg(cpu, 5m) < 50% and last(orders) < 5000', by: -1 },
  ],
  guards: { cooldownOutMs: 180_000, cooldownInMs: 300_000, stabilizationInMs: 300_000 },
})

const model: ServiceModel = {
  perInstance: 100,
  boot: { kind: 'constant', ms: 180_000 },
  warmupMs: 0,
  warmupShare: 1,
  excess: { kind: 'queued', longestMs: 30_000 },
  drainMs: 0,
  metricDelayMs: 0,
  everyMs: MINUTE_MS,
  initial: null,
}

/** A day's wave with noise and a spike now and then. */
function month(): LoadTrace {
  const random = seededRandom(11)
  const value = Float64Array.from({ length: BINS }, (_, bin) => {
    const wave = 1_500 + 1_200 * Math.sin((2 * Math.PI * bin) / 1_440)
    const spike = bin % 4_000 < 20 ? 1_500 : 0
    return Math.max(0, wave + spike + 150 * (random.next() - 0.5))
  })
  return {
    kind: 'load',
    name: 'month',
    startAt: START,
    stepMs: MINUTE_MS,
    length: BINS,
    columns: { value },
    repairs: [],
  }
}

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const trace = month()
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
    const course = replay({ startAt: START, stepMs: MINUTE_MS, load, model, seed: 1 }, contender)
    seconds.push(course.elapsedMs / 1_000)
    decisions = course.decisions.length
  }
  const sorted = [...seconds].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1_024)
  return {
    table: [
      `${DAYS} days by the minute (median of ${ROUNDS}): ${median.toFixed(3)} s, ${Math.round(BINS / median)} ticks/s`,
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

const calendar = { window: () => null, windows: () => [], timeZoneDatabase: 'none' }
