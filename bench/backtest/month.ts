/**
 * What the benchmarks of the lab replay: 30 days by the minute, three rules and two constraints, one fleet, excess that waits.
 *
 * Example: `monthFleet({ upPercent: 80, downPercent: 50, byOut: 2 })` on `month()` is 43,200 decisions.
 */

import type { ServiceModel } from '../../src/lab/service-model.ts'
import { seededRandom } from '../../src/lab/simulation/seeded-random.ts'
import type { LoadTrace } from '../../src/lab/trace.ts'
import type { FleetSpec } from '../../src/model/spec.ts'
import { fleetSpec } from '../../test/builders/spec.ts'

export const MINUTE_MS = 60_000
export const DAYS = 30
export const BINS = DAYS * 1_440
export const START = 1_795_219_200_000

export interface MonthWords {
  readonly upPercent: number
  readonly downPercent: number
  /** Instances more where it is busy. */
  readonly byOut: number
}

export const USUAL_WORDS: MonthWords = { upPercent: 80, downPercent: 50, byOut: 2 }

export function monthFleet({ upPercent, downPercent, byOut }: MonthWords = USUAL_WORDS): FleetSpec {
  return fleetSpec({
    min: 2,
    max: 60,
    metrics: { cpu: { kind: 'perInstance', unit: 'percent' }, orders: { kind: 'total' } },
    constraints: [{ name: 'Peak', rank: 100, min: 4, max: 80, schedule: 'peak' }],
    rules: [
      { name: 'Scale up', rank: 10, when: `avg(cpu, 5m) > ${upPercent}%`, by: byOut },
      { name: 'Scale up fast', rank: 10, when: 'last(orders) / instances > 95', percent: 20 },
      {
        name: 'Scale down',
        rank: 10,
        when: `avg(cpu, 5m) < ${downPercent}% and last(orders) < 5000`,
        by: -1,
      },
    ],
    guards: { cooldownOutMs: 180_000, cooldownInMs: 300_000, stabilizationInMs: 300_000 },
  })
}

export const MONTH_MODEL: ServiceModel = {
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
export function month(): LoadTrace {
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
