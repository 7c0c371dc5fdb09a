import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FleetWords, fleetSpec, RULE_FRAME } from '../../test/builders/spec.ts'
import type { FleetSpec, ReactiveRule } from '../model/spec.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { feedsOf } from './feeds.ts'
import { replay } from './replay.ts'
import { rulesContender } from './rules-contender.ts'
import type { ServiceModel } from './service-model.ts'
import { replayTicks } from './tick-replay.ts'
import type { LoadTrace } from './trace.ts'

const START = 1_795_219_200_000
const MINUTE = 60_000

const model: ServiceModel = {
  perInstance: 100,
  boot: { kind: 'constant', ms: 150_000 },
  warmupMs: 0,
  warmupShare: 1,
  excess: { kind: 'lost' },
  drainMs: 0,
  metricDelayMs: 0,
  everyMs: MINUTE,
  initial: null,
}

const calendar = { window: () => null, windows: () => [], offsetOf: () => () => 0, timeZoneDatabase: 'none' }

const FLEETS: readonly [string, FleetWords][] = [
  [
    'thresholds',
    {
      min: 2,
      max: 30,
      metrics: { cpu: { kind: 'perInstance', unit: 'percent' } },
      rules: [
        { name: 'Up', when: 'avg(cpu, 5m) > 80%', by: 2 },
        { name: 'Down', when: 'avg(cpu, 5m) < 40%', by: -1 },
      ],
      guards: { cooldownOutMs: 180_000, cooldownInMs: 300_000 },
    },
  ],
  [
    'guards',
    {
      min: 1,
      max: 40,
      metrics: { requests: { kind: 'total' } },
      rules: [
        { name: 'Up', when: 'last(requests) / instances > 90', percent: 50, forMs: 120_000 },
        { name: 'Down', when: 'max(requests, 10m) / instances < 60', percent: -20 },
      ],
      guards: {
        stabilizationInMs: 300_000,
        rateOut: { limits: [{ kind: 'instances', instances: 4, periodMs: 300_000 }], select: 'max' },
      },
    },
  ],
  [
    'slow launches',
    {
      min: 1,
      max: 60,
      metrics: { requests: { kind: 'total' } },
      rules: [
        { name: 'Up', when: 'last(requests) / instances > 80', percent: 100 },
        { name: 'Down', when: 'last(requests) / instances < 50', percent: -30 },
      ],
      spec: { launchBatch: 3 },
    },
  ],
]

const LOOKS_AHEAD = {
  ...RULE_FRAME,
  operand: {
    node: 'aggregate',
    key: 'last(requests)',
    aggregate: 'last',
    metric: 'requests',
    windowMs: 180_000,
  },
  operandText: 'last(requests)',
  spread: 'total',
  perInstance: 100,
} as const

const AHEAD: readonly [string, ReactiveRule][] = [
  ['serve', { ...LOOKS_AHEAD, name: 'Serve', kind: 'serve', sloRatio: 0.99, bootMs: null }],
  ['forecast', { ...LOOKS_AHEAD, name: 'Ahead', kind: 'forecast', horizonMs: 300_000, quantileRatio: 0.9 }],
]

function looksAhead([name, rule]: (typeof AHEAD)[number]): [string, FleetSpec] {
  const fleet = fleetSpec({
    min: 1,
    max: 60,
    metrics: { requests: { kind: 'total' } },
    rules: [{ name: 'Down', when: 'last(requests) / instances < 50', by: -1 }],
  })
  return [name, { ...fleet, rules: [...fleet.rules, rule] }]
}

function traceOf(values: readonly number[]): LoadTrace {
  const value = Float64Array.from(values)
  return {
    kind: 'load',
    name: 'made up',
    startAt: START,
    stepMs: MINUTE,
    length: value.length,
    columns: { value },
    repairs: [],
  }
}

describe('a replay', () => {
  const fleets = [
    ...FLEETS.map(([name, words]): [string, FleetSpec] => [name, fleetSpec(words)]),
    ...AHEAD.map(looksAhead),
  ]
  it.each(fleets)('decides as the production tick does, decision by decision: %s', async (_, fleet) => {
    const level = fc.integer({ min: 0, max: 3_500 })
    const plateau = fc.tuple(level, fc.integer({ min: 1, max: 25 }))
    await fc.assert(
      fc.asyncProperty(fc.array(plateau, { minLength: 3, maxLength: 14 }), async plateaus => {
        const trace = traceOf(plateaus.flatMap(([value, bins]) => Array.from({ length: bins }, () => value)))
        const { feeds, load } = feedsOf(trace, fleet, {
          loadColumn: null,
          instancesColumn: null,
          sources: {},
        })
        const played = { startAt: START, stepMs: MINUTE, load, model, seed: 1 }
        const rules = { fleet, feeds, calendar, schedules: {}, startAt: START, stepMs: MINUTE }
        const counted = replay(played, rulesContender(rules))
        const ticked = await replayTicks({ ...played, ...rules, store: createMemoryStore() })
        expect(ticked.decisions).toEqual(counted.decisions)
        expect(ticked.ready).toEqual(counted.ready)
        expect(ticked.paid).toEqual(counted.paid)
      }),
      { numRuns: 25 },
    )
  })

  it('learns by the clock of a zone as production does, and otherwise than without one', async () => {
    const HOUR = 60 * MINUTE
    const days = 6
    // Set forward by an hour on the last day, and the load comes by that clock.
    const offsetMs = (at: number): number => (at < START + (days - 1) * 24 * HOUR ? 0 : HOUR)
    const trace = {
      ...traceOf(
        Array.from({ length: days * 24 }, (_, bin) => {
          const hour = ((START + bin * HOUR + offsetMs(START + bin * HOUR)) / HOUR) % 24
          return hour >= 6 && hour < 18 ? 2_900 : 300
        }),
      ),
      stepMs: HOUR,
    }
    const decisionsOf = async (timeZone?: string) => {
      const rule = { ...LOOKS_AHEAD, name: 'Ahead', kind: 'forecast', horizonMs: 3 * HOUR } as const
      const zoned = { ...rule, quantileRatio: 0.9, ...(timeZone === undefined ? {} : { timeZone }) }
      const [, usual] = looksAhead(['by a clock', zoned])
      const fleet = { ...usual, everyMs: HOUR }
      const chosen = { loadColumn: null, instancesColumn: null, sources: {} }
      const { feeds, load } = feedsOf(trace, fleet, chosen)
      const timed = { startAt: START, stepMs: HOUR, load, model: { ...model, everyMs: HOUR }, seed: 1 }
      const clocks = { ...calendar, offsetOf: () => offsetMs }
      const rules = { fleet, feeds, calendar: clocks, schedules: {}, startAt: START, stepMs: HOUR }
      const counted = replay(timed, rulesContender(rules))
      const ticked = await replayTicks({ ...timed, ...rules, store: createMemoryStore() })
      expect(ticked.decisions).toEqual(counted.decisions)
      return counted.decisions
    }
    const zoned = await decisionsOf('Europe/London')
    expect(zoned).not.toEqual(await decisionsOf())
  })
})
