import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decide } from '../src/engine/decide.ts'
import { explainDecision } from '../src/engine/explain.ts'
import { MetricWindows } from '../src/engine/windows.ts'
import type { Condition, Expression } from '../src/model/expression.ts'
import { PLAIN_TARGET } from '../src/model/inventory.ts'
import { EMPTY_MEMORY } from '../src/model/memory.ts'
import type { Observation, OperandReading } from '../src/model/observation.ts'
import type { Outlook } from '../src/model/outlook.ts'
import { type FleetSpec, type Guards, looksAhead, type ReactiveRule } from '../src/model/spec.ts'
import { openSqliteStore } from '../src/plugins/stores/sqlite.ts'
import type { StateStore } from '../src/ports/state-store.ts'
import {
  anyConstraint,
  anySituation,
  METRIC_NAMES,
  monotoneSituation,
  moreLoad,
  operandOf,
  type Situation,
  tieableSituation,
} from './arbitraries/fleet.ts'
import { NOON, observation } from './builders/observation.ts'
import { fleetSpec } from './builders/spec.ts'
import { runs } from './seed.ts'

const desiredOf = ({ spec, observation, memory }: Situation): number | null =>
  decide(spec, observation, memory).decision.desired

/** The situation as a store gives it back. */
function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value))
}

function withReadings(observation: Observation, change: (value: number, key: string) => number): Observation {
  const readings = Object.entries(observation.readings).map(([key, reading]): [string, OperandReading] => {
    if ('gap' in reading) return [key, reading]
    if ('stated' in reading) return [key, { stated: change(reading.stated, key) }]
    return [key, { ...reading, value: change(reading.value, key) }]
  })
  return { ...observation, readings: Object.fromEntries(readings) }
}

describe('whatever the rules, the guards and the past', () => {
  it('the bounds hold, and below them what target and quota allow', () => {
    fc.assert(
      fc.property(anySituation, situation => {
        const { decision } = decide(situation.spec, situation.observation, situation.memory)
        const { lowest, highest } = decision.bounds
        const room = Math.min(
          situation.observation.targetHighest ?? highest,
          situation.spec.quota ?? highest,
          highest,
        )
        expect(decision.desired).toBeLessThanOrEqual(room)
        expect(decision.desired).toBeGreaterThanOrEqual(Math.min(lowest, room))
      }),
      { numRuns: runs(1000) },
    )
  })

  it('guards hold or lessen, and never reverse or enlarge', () => {
    fc.assert(
      fc.property(anySituation, ({ spec, observation, memory }) => {
        const { decision } = decide(spec, observation, memory)
        for (const step of decision.steps) {
          if (step.stage !== 'guards') continue
          const [asked, left] = [step.from - (decision.current ?? 0), step.to - (decision.current ?? 0)]
          expect(Math.abs(left)).toBeLessThanOrEqual(Math.abs(asked))
          expect(left * asked).toBeGreaterThanOrEqual(0)
          expect(step.outcome).toBe(left === asked ? 'passed' : left === 0 ? 'held' : 'lessened')
        }
      }),
      { numRuns: runs(1000) },
    )
  })

  it('a decision has a reason, and every step a sentence', () => {
    fc.assert(
      fc.property(anySituation, ({ spec, observation, memory }) => {
        const { decision } = decide(spec, observation, memory)
        expect(decision.because).not.toBe('')
        for (const sentence of explainDecision(decision)) expect(sentence).toMatch(/^\S.*\S$/)
      }),
      { numRuns: runs(500) },
    )
  })

  it('another constraint replaces the bounds whole, by its rank, or changes nothing', () => {
    fc.assert(
      fc.property(anySituation, anyConstraint, ({ spec, observation, memory }, constraint) => {
        const before = decide(spec, observation, memory).decision.bounds
        const more: FleetSpec = { ...spec, constraints: [...spec.constraints, constraint] }
        const { bounds, desired } = decide(more, observation, memory).decision
        if (bounds.constraint === constraint.name) {
          expect(bounds).toMatchObject({ lowest: constraint.min, highest: constraint.max })
          const active = spec.constraints.find(({ name }) => name === before.constraint)
          expect(constraint.rank).toBeGreaterThan(active?.rank ?? -1)
        } else {
          expect(bounds).toEqual(before)
        }
        expect(desired).toBeLessThanOrEqual(bounds.highest)
      }),
      { numRuns: runs(500) },
    )
  })
})

describe('what is not known', () => {
  it('never shrinks: no cut is made without data that could be growth with it (invariant 3)', () => {
    const missing = fc.subarray([...METRIC_NAMES], { minLength: 1 })
    fc.assert(
      fc.property(anySituation, missing, ({ spec, observation, memory }, metrics) => {
        const gaps = metrics.map((metric): [string, OperandReading] => [
          operandOf(metric).key,
          { gap: 'nobody answered' },
        ])
        const blind = { ...observation, readings: { ...observation.readings, ...Object.fromEntries(gaps) } }
        if (decide(spec, blind, memory).decision.direction !== 'in') return
        expect(decide(spec, observation, memory).decision.direction).not.toBe('out')
      }),
      { numRuns: runs(3000) },
    )
  })
})

describe('what is remembered', () => {
  it('never goes back in time, and is in order of time (invariant 13)', () => {
    fc.assert(
      fc.property(
        anySituation,
        fc.integer({ min: -600_000, max: 600_000 }),
        ({ spec, observation, memory }, ago) => {
          const before = { ...memory, at: observation.at + ago }
          const { memory: after } = decide(spec, observation, before)
          expect(after.at).toBe(Math.max(before.at, observation.at))
          for (const list of [after.changes, after.recommendations, after.load.peaks]) {
            expect(list.map(({ at }) => at)).toEqual(list.map(({ at }) => at).toSorted((a, b) => a - b))
          }
          for (const [rule, since] of Object.entries(after.trueSince)) {
            expect(since).toBe(before.trueSince[rule] ?? observation.at)
          }
        },
      ),
      { numRuns: runs(500) },
    )
  })
})

describe('a cut', () => {
  it('is not undone at once, where the flapping projection is on (invariant 11)', () => {
    let cuts = 0
    fc.assert(
      fc.property(monotoneSituation, fc.constantFrom('all', 'any' as const), (situation, scaleIn) => {
        const { spec, memory, observation } = situation
        const open = (observation.capacity?.open ?? 0) + 1
        const seen = {
          ...observation,
          capacity: { open, pending: 0, draining: 0, replacing: 0 },
          readings: stated(observation.readings),
        }
        const guards: Guards = { ...spec.guards, scaleIn: scaleIn === 'all' ? 'all' : 'any', flapping: true }
        const guarded = { ...spec, guards }
        const { decision } = decide(guarded, seen, memory)
        const { desired, direction } = decision
        fc.pre(direction === 'in' && desired !== null && desired > 0)
        // A bound that asks for fewer is obeyed, whatever the rules would say there.
        fc.pre(spec.rules.some(({ name }) => name === decision.rule))
        cuts += 1
        const left = desired ?? 0
        const fewer = withReadings(
          { ...seen, capacity: { open: left, pending: 0, draining: 0, replacing: 0 } },
          (value, key) => (isSpread(key) ? (value * open) / left : value),
        )
        const still: Guards = { ...guards, cooldownOutMs: 0, stabilizationOutMs: 0, billingHour: null }
        const next = decide({ ...guarded, guards: still }, fewer, EMPTY_MEMORY).decision
        // Where the cut leaves every rule without an answer the default may be wanted; that is no rule's doing.
        const regrown = next.direction === 'out' && spec.rules.some(({ name }) => name === next.rule)
        expect(regrown).toBe(false)
      }),
      { numRuns: runs(500) },
    )
    // Few enough situations lead to a cut that a property about none would pass.
    expect(cuts).toBeGreaterThan(100)
  })
})

describe('what does not matter', () => {
  it('the order of rules', () => {
    fc.assert(
      fc.property(
        tieableSituation.chain(situation =>
          fc.record({
            situation: fc.constant(situation),
            rules: fc.shuffledSubarray([...situation.spec.rules], { minLength: situation.spec.rules.length }),
          }),
        ),
        ({ situation, rules }) => {
          const other = { ...situation, spec: { ...situation.spec, rules } }
          expect(desiredOf(other)).toBe(desiredOf(situation))
        },
      ),
      { numRuns: runs(1000) },
    )
  })

  it('the order of samples', () => {
    const sample = fc.record({
      at: fc.integer({ min: NOON - 400_000, max: NOON }),
      value: fc.nat(200_000).map(n => n / 1000),
      instance: fc.constantFrom('web-1', 'web-2', 'web-3'),
    })
    const samples = fc.uniqueArray(sample, {
      selector: ({ at, instance }) => `${at} ${instance}`,
      minLength: 2,
      maxLength: 30,
    })
    fc.assert(
      fc.property(
        anySituation,
        samples.chain(list =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        (situation, orders) => {
          const [one, other] = orders.map(list => {
            const metric = situation.spec.metrics.cpu
            if (metric === undefined) throw new Error('no metric')
            const windows = new MetricWindows(metric, [operandOf('cpu')])
            for (const each of list) windows.add(each)
            const readings = { ...situation.observation.readings, ...windows.read(NOON) }
            return JSON.stringify(
              decide(situation.spec, { ...situation.observation, readings }, situation.memory).decision,
            )
          })
          expect(other).toBe(one)
        },
      ),
    )
  })

  it('the unit of a metric: readings and thresholds scaled together', () => {
    fc.assert(
      fc.property(
        anySituation,
        fc.constantFrom(...METRIC_NAMES),
        fc.integer({ min: -3, max: 6 }),
        (situation, metric, power) => {
          // Powers of two, so that no rounding error comes of the scaling itself.
          const factor = 2 ** power
          const rules = situation.spec.rules.filter(rule => rule.kind !== 'track' || !rule.wholePercents)
          const spec = { ...situation.spec, rules }
          const key = operandOf(metric).key
          const scaled: Situation = {
            spec: { ...spec, rules: rules.map(rule => scaleRule(rule, metric, factor)) },
            observation: scaleOutlooks(
              withReadings(situation.observation, (value, name) => (name === key ? value * factor : value)),
              situation.spec.rules.filter(rule => looksAhead(rule) && isOf(rule.operand, metric)),
              factor,
            ),
            memory: scaleLoad(situation, metric, factor),
          }
          expect(desiredOf(scaled)).toBe(desiredOf({ ...situation, spec }))
        },
      ),
      { numRuns: runs(2000) },
    )
  })
})

describe('more load', () => {
  it('never asks for fewer: thresholds, steps, tracking and matching alike', () => {
    const more = fc.tuple(...METRIC_NAMES.map(() => moreLoad))
    fc.assert(
      fc.property(monotoneSituation, more, (situation, added) => {
        const loaded = withReadings(
          situation.observation,
          (value, key) => value + (added[METRIC_NAMES.findIndex(name => operandOf(name).key === key)] ?? 0),
        )
        const { decision } = decide(situation.spec, situation.observation, situation.memory)
        // Where every rule is without data the default is wanted; with more load one may know that less will do.
        fc.pre(!decision.steps.some(({ outcome }) => outcome === 'default'))
        expect(desiredOf({ ...situation, observation: loaded })).toBeGreaterThanOrEqual(decision.desired ?? 0)
      }),
      { numRuns: runs(5000) },
    )
  })

  it('in every sample never asks for fewer, whatever aggregate reads it, over windows that went on in between', () => {
    const sample = fc.record({
      at: fc.integer({ min: NOON - 400_000, max: NOON }),
      value: fc.integer({ min: 0, max: 400 }),
      instance: fc.constantFrom('web-1', 'web-2', 'web-3'),
    })
    const aggregate = fc.constantFrom(
      ...([
        'avg',
        'min',
        'max',
        'sum',
        'last',
        'median',
        'p95',
        'p10',
        'rate',
        'increase',
        'stddev',
      ] as const),
    )
    const rule = fc.record({
      aggregate,
      high: fc.integer({ min: 0, max: 400 }),
      by: fc.integer({ min: -2, max: 3 }),
    })
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 2, maxLength: 30 }),
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: NOON - 300_000, max: NOON }),
        // Powers of two, so that more is more in every last bit.
        fc.constantFrom(2, 4, 8),
        (samples, rules, between, times) => {
          const spec = fleetSpec({
            min: 0,
            max: 20,
            rules: rules.map(({ aggregate: kind, high, by }) => ({
              when: `${kind}(orders, 5m) ${by < 0 ? '<' : '>'} ${high}`,
              by: by === 0 ? 1 : by,
            })),
          })
          const desired = (factor: number): number => {
            const { orders } = spec.metrics
            if (orders === undefined) throw new Error('no metric')
            const windows = new MetricWindows(orders, spec.operands)
            for (const each of samples)
              if (each.at <= between) windows.add({ ...each, value: each.value * factor })
            windows.read(between)
            for (const each of samples)
              if (each.at > between) windows.add({ ...each, value: each.value * factor })
            const seen = observation({ open: 4, readings: windows.read(NOON) })
            return decide(spec, seen, EMPTY_MEMORY).decision.desired ?? 0
          }
          expect(desired(times)).toBeGreaterThanOrEqual(desired(1))
        },
      ),
      { numRuns: runs(1000) },
    )
  })
})

describe('a journalled tick', () => {
  let folder: string
  let store: StateStore
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-replay-'))
    store = await openSqliteStore(path.join(folder, 'state.db'))
  })
  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('gives the same decision again, byte for byte, through JSON', () => {
    fc.assert(
      fc.property(anySituation, situation => {
        const { spec, observation, memory } = throughJson(situation)
        const decided = decide(situation.spec, situation.observation, situation.memory)
        // Plain data: what JSON cannot say (NaN, infinities, undefined) would be another decision once it was read back.
        expect(throughJson(decided)).toEqual(decided)
        const once = JSON.stringify(decided)
        expect(JSON.stringify(decide(spec, observation, memory))).toBe(once)
      }),
      { numRuns: runs(500) },
    )
  })

  it('gives the same decision again, byte for byte, out of the SQLite store', async () => {
    let revision = 0
    await fc.assert(
      fc.asyncProperty(anySituation, async ({ spec, observation, memory }) => {
        const { decision, memory: after } = decide(spec, observation, memory)
        revision += 1
        const entry = {
          fleet: 'web',
          revision,
          at: observation.at,
          specDigest: '9f2c4e1a77b0d356',
          observation,
          memory,
          inventory: { instances: [], orders: [], target: PLAIN_TARGET },
          decision,
          plan: { fleet: 'web', desired: decision.desired, actions: [], waiting: [] },
          approval: null,
          outcomes: [],
        }
        const parentRevision = revision - 1
        const commit = { fleet: 'web', epoch: 1, parentRevision, entry, outcomes: null, samples: [] }
        await store.commit({ ...commit, memory: { ...after, revision } })
        const [kept] = await store.readJournal({ fleet: 'web', limit: 1 })
        if (kept === undefined) throw new Error('nothing was kept')
        const replayed = decide(throughJson(spec), kept.observation, kept.memory).decision
        expect(JSON.stringify(kept.decision)).toBe(JSON.stringify(decision))
        expect(JSON.stringify(replayed)).toBe(JSON.stringify(decision))
      }),
      { numRuns: runs(50) },
    )
  })
})

/** Readings without the names of who reported them. */
function stated(readings: Observation['readings']): Observation['readings'] {
  const plain = Object.entries(readings).map(([key, reading]): [string, OperandReading] => [
    key,
    'value' in reading ? { stated: reading.value } : reading,
  ])
  return Object.fromEntries(plain)
}

/** Whether it reads more when fewer carry the same load. */
function isSpread(key: string): boolean {
  return [operandOf('cpu').key, operandOf('threads').key].includes(key)
}

/** What rules over the metric expect, in its new unit. */
function scaleOutlooks(seen: Observation, rules: readonly ReactiveRule[], factor: number): Observation {
  const names = new Set(rules.map(({ name }) => name))
  const scaled = Object.entries(seen.outlooks ?? {}).map(([name, outlook]) =>
    names.has(name) ? [name, scaleOutlook(outlook, factor)] : [name, outlook],
  )
  return { ...seen, outlooks: Object.fromEntries(scaled) }
}

function scaleOutlook(outlook: Outlook, factor: number): Outlook {
  switch (outlook.kind) {
    case 'none':
      return outlook
    case 'serve':
      return { ...outlook, demand: outlook.demand * factor, capacity: outlook.capacity * factor }
    case 'forecast':
      return { ...outlook, atMost: outlook.atMost * factor }
  }
}

function scaleRule(rule: ReactiveRule, metric: string, factor: number): ReactiveRule {
  switch (rule.kind) {
    case 'when':
      return { ...rule, when: scaleCondition(rule.when, metric, factor) }
    case 'steps':
      return rule.operand.node === 'aggregate' && rule.operand.metric === metric
        ? {
            ...rule,
            threshold: rule.threshold * factor,
            bands: rule.bands.map(({ from, to, scale }) => ({
              from: from === null ? null : from * factor,
              to: to === null ? null : to * factor,
              scale,
            })),
          }
        : rule
    case 'track':
      return rule.operand.node === 'aggregate' && rule.operand.metric === metric
        ? { ...rule, target: rule.target * factor }
        : rule
    case 'serve':
    case 'forecast':
      return isOf(rule.operand, metric) ? { ...rule, perInstance: rule.perInstance * factor } : rule
    case 'reserve':
      return rule
    case 'match': {
      const { expression } = rule
      if (expression.node !== 'arithmetic' || expression.right.node !== 'number') return rule
      return isOf(expression.left, metric)
        ? { ...rule, expression: { ...expression, right: scaleNumber(expression.right, factor) } }
        : rule
    }
  }
}

function scaleCondition(condition: Condition, metric: string, factor: number): Condition {
  switch (condition.node) {
    case 'compare':
      return isOf(condition.left, metric)
        ? { ...condition, right: scaleNumber(condition.right, factor) }
        : condition
    case 'and':
    case 'or':
      return {
        ...condition,
        left: scaleCondition(condition.left, metric, factor),
        right: scaleCondition(condition.right, metric, factor),
      }
    case 'not':
      return { ...condition, operand: scaleCondition(condition.operand, metric, factor) }
    case 'kpi':
    case 'truth':
      return condition
  }
}

/** The metric, or its total divided by the instances. */
function isOf(expression: Expression, metric: string): boolean {
  if (expression.node === 'arithmetic') return isOf(expression.left, metric)
  return expression.node === 'aggregate' && expression.metric === metric
}

function scaleNumber(expression: Expression, factor: number): Expression {
  return expression.node === 'number' ? { ...expression, value: expression.value * factor } : expression
}

/** What the outage guard remembers is in the unit of its operand. */
function scaleLoad({ spec, memory }: Situation, metric: string, factor: number): Situation['memory'] {
  const operand = spec.outageGuard?.operand
  if (operand === undefined || !isOf(operand, metric)) return memory
  const peaks = memory.load.peaks.map(({ at, value }) => ({ at, value: value * factor }))
  return { ...memory, load: { ...memory.load, peaks } }
}
