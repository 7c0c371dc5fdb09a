/**
 * Random fleets and what they see: every kind of rule, settings, constraints, guards, a past. For properties that must
 * hold whatever an operator wrote and whatever happened.
 *
 * Example: `fc.property(anySituation, ({ spec, observation, memory }) => ... decide(spec, observation, memory) ...)`.
 */
import fc from 'fast-check'
import type { AggregateOperand, Condition, Expression } from '../../src/model/expression.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../../src/model/memory.ts'
import type { Observation, OperandReading } from '../../src/model/observation.ts'
import type { Outlook } from '../../src/model/outlook.ts'
import {
  type Band,
  type ConstraintRule,
  type FleetSpec,
  type Guards,
  looksAhead,
  type OutlookRule,
  type RateLimits,
  type ReactiveRule,
  type ScaleAction,
} from '../../src/model/spec.ts'
import type { Interval } from '../../src/model/time.ts'
import { NOON, observation } from '../builders/observation.ts'
import { fleetSpec, NO_WAITING } from '../builders/spec.ts'

const MINUTE_MS = 60_000

export interface Situation {
  readonly spec: FleetSpec
  readonly observation: Observation
  readonly memory: Memory
}

/** How a fleet's metrics answer to the count: one of each kind, and a second per-instance one. */
const METRICS = {
  cpu: { kind: 'perInstance' },
  threads: { kind: 'perInstance' },
  orders: { kind: 'total' },
  price: { kind: 'independent' },
} as const
export type MetricName = keyof typeof METRICS
export const METRIC_NAMES: readonly MetricName[] = ['cpu', 'threads', 'orders', 'price']

/** Each metric is read in one way, so that "more load" is one number. */
export function operandOf(metric: MetricName): AggregateOperand {
  return { node: 'aggregate', key: `avg(${metric}, 5m)`, aggregate: 'avg', metric, windowMs: 5 * MINUTE_MS }
}

const metricName = fc.constantFrom(...METRIC_NAMES)
/** Quarters are exact in binary, so that thresholds are met exactly now and then. */
const quarter = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 4, max: max * 4 }).map(n => n / 4)
/** Not `fc.double`, of which most are next to zero. */
const thousandth = (max: number): fc.Arbitrary<number> => fc.nat(max * 1000).map(n => n / 1000)
const reading = fc.oneof(quarter(0, 200), thousandth(400))
/** What comes on top of a reading: nothing, next to nothing, or a lot. */
export const moreLoad: fc.Arbitrary<number> = fc.oneof(
  fc.constant(0),
  fc.constantFrom(1e-9, 0.125, 0.25),
  thousandth(30),
  thousandth(300),
)
const instances = fc.nat(20)
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

const growAction: fc.Arbitrary<ScaleAction> = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map((by): ScaleAction => ({ kind: 'by', instances: by })),
  fc
    .tuple(quarter(1, 150), fc.integer({ min: 1, max: 3 }))
    .map(([percent, atLeast]): ScaleAction => ({ kind: 'percent', ratio: percent / 100, atLeast })),
)
const shrinkAction: fc.Arbitrary<ScaleAction> = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map((by): ScaleAction => ({ kind: 'by', instances: -by })),
  fc
    .tuple(quarter(1, 100), fc.integer({ min: 1, max: 3 }))
    .map(([percent, atLeast]): ScaleAction => ({ kind: 'percent', ratio: -percent / 100, atLeast })),
)
const setAction: fc.Arbitrary<ScaleAction> = instances.map(
  (to): ScaleAction => ({ kind: 'to', instances: to }),
)

interface Frame {
  readonly rank: number
  readonly enabled: boolean
  readonly forMs: number
  readonly during: string | null
  readonly cooldownMs: number | null
  readonly effects: ReactiveRule['effects']
}

const SETTINGS: FleetSpec['settings'] = {
  quality: { name: 'quality', default: 'high', description: '' },
  limit: { name: 'limit', default: 100, description: '' },
  statistics: { name: 'statistics', default: true, description: '' },
}

const effects = fc.record({
  set: fc.record(
    { quality: fc.constantFrom('high', 'low'), limit: fc.nat(200), statistics: fc.boolean() },
    { requiredKeys: [] },
  ),
  notify: fc.subarray(['ops', 'chat']),
  run: fc.subarray(['provision']),
})

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  rank: fc.nat(2),
  enabled: fc.constantFrom(true, true, true, false),
  forMs: fc.constantFrom(0, 0, MINUTE_MS),
  during: fc.constantFrom(null, null, 'day'),
  cooldownMs: fc.constantFrom(null, null, 0, 10 * MINUTE_MS),
  effects,
})

/** One rank, nothing of its own to wait for: what a property about load or order can speak of. */
const evenFrame: fc.Arbitrary<Frame> = fc.record({
  rank: fc.constant(10),
  enabled: fc.constant(true),
  forMs: fc.constantFrom(0, 0, MINUTE_MS),
  during: fc.constant(null),
  cooldownMs: fc.constant(null),
  effects,
})

/** What a condition compares: a metric, or a total divided by the instances. */
const measure: fc.Arbitrary<Expression> = fc.oneof(
  { weight: 3, arbitrary: metricName.map((metric): Expression => operandOf(metric)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('instances', 'ready').map(
      (quantity): Expression => ({
        node: 'arithmetic',
        operator: '/',
        left: operandOf('orders'),
        right: { node: 'quantity', quantity, fleet: null },
      }),
    ),
  },
)

function above(left: Expression, operator: '>' | '>=' | '<' | '<=', value: number): Condition {
  return { node: 'compare', operator, left, right: { node: 'number', value, text: String(value) } }
}

type Unnamed = ReactiveRule extends infer R ? (R extends ReactiveRule ? Omit<R, 'name'> : never) : never

/** Grows while something is high, shrinks while it is low. */
const monotoneWhen = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc
    .tuple(
      frame,
      measure,
      fc.boolean(),
      fc.boolean(),
      quarter(0, 150),
      growAction,
      shrinkAction,
      fc.option(fc.tuple(measure, quarter(0, 150)), { nil: null }),
    )
    .map(([each, left, grows, sharp, threshold, grow, shrink, other]): Unnamed => {
      const operators = { grow: ['>', '>='], shrink: ['<', '<='] } as const
      const operator = operators[grows ? 'grow' : 'shrink'][sharp ? 0 : 1]
      const first = above(left, operator, threshold)
      const when: Condition =
        other === null
          ? first
          : { node: sharp ? 'and' : 'or', left: first, right: above(other[0], operator, other[1]) }
      return {
        ...each,
        kind: 'when',
        when,
        whenText: `it ${operator} ${threshold}`,
        scale: grows ? grow : shrink,
      }
    })

/** Whatever: sets the count, asks for none, says "not". */
const otherWhen = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc
    .tuple(
      frame,
      measure,
      fc.constantFrom('>', '<=' as const),
      quarter(0, 150),
      fc.option(fc.oneof(setAction, growAction, shrinkAction), { nil: null }),
      fc.boolean(),
    )
    .map(([each, left, operator, threshold, scale, negated]): Unnamed => {
      const operand = above(left, operator === '>' ? '>' : '<=', threshold)
      const when: Condition = negated ? { node: 'not', operand } : operand
      return { ...each, kind: 'when', when, whenText: `it ${operator} ${threshold}`, scale }
    })

/** Bands without a hole from each end: the further out, the larger the step. */
const monotoneSteps = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc
    .tuple(
      frame,
      metricName,
      quarter(20, 120),
      fc.uniqueArray(quarter(0, 60), { maxLength: 3 }),
      fc.uniqueArray(quarter(1, 60), { maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 6, maxLength: 6 }),
      fc.boolean(),
      fc.constantFrom('up', 'towards-zero' as const),
    )
    .map(([each, metric, threshold, up, down, sizes, inPercent, rounding]): Unnamed => {
      const size = sizes.toSorted((a, b) => a - b)
      const scale = (n: number): ScaleAction =>
        inPercent ? { kind: 'percent', ratio: n / 8, atLeast: 1 } : { kind: 'by', instances: n }
      const out = up.toSorted((a, b) => a - b)
      const outBands = out.map(
        (from, n): Band => ({ from, to: out[n + 1] ?? null, scale: scale(size[n] ?? 1) }),
      )
      const inward = down.toSorted((a, b) => a - b)
      const inBands = inward.map(
        (to, n): Band => ({
          from: inward[n + 1] === undefined ? null : -(inward[n + 1] ?? 0),
          to: -to,
          scale: scale(-(size[n] ?? 1)),
        }),
      )
      return {
        ...each,
        kind: 'steps',
        operand: operandOf(metric),
        operandText: operandOf(metric).key,
        threshold,
        bands: [...outBands, ...inBands],
        rounding: rounding === 'up' ? 'up' : 'towards-zero',
      }
    })

const track = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc.tuple(frame, metricName, quarter(1, 100), fc.nat(30), fc.nat(30), fc.boolean()).map(
    ([each, metric, target, out, inward, wholePercents]): Unnamed => ({
      ...each,
      kind: 'track',
      operand: operandOf(metric),
      operandText: operandOf(metric).key,
      spread: METRICS[metric].kind === 'perInstance' ? 'perInstance' : 'total',
      target,
      toleranceRatio: out / 100,
      toleranceInRatio: inward / 100,
      wholePercents,
    }),
  )

const match = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc.tuple(frame, metricName, quarter(5, 100)).map(([each, metric, share]): Unnamed => {
    const right: Expression = { node: 'number', value: share, text: String(share) }
    const expression: Expression = { node: 'arithmetic', operator: '/', left: operandOf(metric), right }
    return { ...each, kind: 'match', expression, expressionText: `${metric} / ${share}` }
  })

/** Of one sort each: what they expect comes with the observation. */
const serve = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc.tuple(frame, metricName, quarter(5, 100), fc.constantFrom(0.9, 0.995)).map(
    ([each, metric, perInstance, sloRatio]): Unnamed => ({
      ...each,
      forMs: 0,
      kind: 'serve',
      ...demandOf(metric, perInstance),
      sloRatio,
      bootMs: null,
    }),
  )

const forecast = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Unnamed> =>
  fc.tuple(frame, metricName, quarter(5, 100)).map(
    ([each, metric, perInstance]): Unnamed => ({
      ...each,
      forMs: 0,
      kind: 'forecast',
      ...demandOf(metric, perInstance),
      horizonMs: null,
      quantileRatio: 0.95,
    }),
  )

function demandOf(metric: MetricName, perInstance: number) {
  const spread = METRICS[metric].kind === 'perInstance' ? ('perInstance' as const) : ('total' as const)
  return { operand: operandOf(metric), operandText: operandOf(metric).key, spread, perInstance }
}

/** What a rule that looks ahead may be told: mostly something, now and then nothing. */
const outlookFor = (rule: OutlookRule): fc.Arbitrary<Outlook> =>
  fc
    .record({
      demand: reading,
      more: fc.oneof(quarter(0, 100), thousandth(100)),
      what: fc.constantFrom('known', 'known', 'known', 'off', 'none'),
    })
    .map(({ demand, more, what }): Outlook => {
      if (what === 'none') return { kind: 'none', waitsFor: 'an answer' }
      if (rule.kind === 'forecast') {
        const [expected, atMost, state] = [demand, demand + more, what === 'off' ? 'off' : 'used'] as const
        const when = NOON + 5 * MINUTE_MS
        return {
          kind: 'forecast',
          demand,
          for: when,
          expected,
          atMost,
          by: 'last value',
          errorRatio: 0.9,
          state,
        }
      }
      const { sloRatio } = rule
      const times = {
        leadMs: 5 * MINUTE_MS,
        boot: 'measured',
        sloRatio,
        servedRatio: null,
        learntMs: 0,
      } as const
      return { kind: 'serve', demand, capacity: demand + more, ...times }
    })

/** Rules that ask for more (or not for fewer) when there is more load. */
export const monotoneRules: fc.Arbitrary<ReactiveRule[]> = named(
  fc.oneof(
    monotoneWhen(evenFrame),
    monotoneSteps(evenFrame),
    track(evenFrame),
    match(evenFrame),
    serve(evenFrame),
    forecast(evenFrame),
  ),
)

export const anyRules: fc.Arbitrary<ReactiveRule[]> = named(
  fc.oneof(
    monotoneWhen(anyFrame),
    otherWhen(anyFrame),
    monotoneSteps(anyFrame),
    track(anyFrame),
    match(anyFrame),
    serve(anyFrame),
    forecast(anyFrame),
  ),
)

/** Like `anyRules`, of any rank, but none with a period of its own: where two tie, it does not matter which wins. */
export const tieableRules: fc.Arbitrary<ReactiveRule[]> = anyRules.map(rules =>
  rules.map(rule => ({ ...rule, cooldownMs: null })),
)

function named(rule: fc.Arbitrary<Unnamed>): fc.Arbitrary<ReactiveRule[]> {
  return fc
    .oneof(fc.array(rule, { minLength: 1, maxLength: 2 }), fc.array(rule, { maxLength: 6 }))
    .map(rules => rules.map((each, index): ReactiveRule => ({ ...each, name: `rule ${index + 1}` })))
}

const rateLimits: fc.Arbitrary<RateLimits> = fc.record({
  limits: fc.array(
    fc.oneof(
      fc
        .integer({ min: 1, max: 5 })
        .map(n => ({ kind: 'instances' as const, instances: n, periodMs: MINUTE_MS })),
      quarter(5, 100).map(percent => ({
        kind: 'percent' as const,
        ratio: percent / 100,
        periodMs: 5 * MINUTE_MS,
      })),
    ),
    { maxLength: 2 },
  ),
  select: fc.constantFrom('max', 'min'),
})

/** Nothing waits, so that what rules and reconciliation say reaches the count. */
const noWaiting: fc.Arbitrary<Guards> = fc
  .tuple(fc.boolean(), fc.boolean())
  .map(([flapping, growDuringWarmup]) => ({ ...NO_WAITING, flapping, growDuringWarmup }))

/** Guards in which more load cannot be worse; the outage guard is none: it holds what falls steeply, and not what falls less. */
const waiting: fc.Arbitrary<Guards> = fc.record({
  scaleIn: fc.constantFrom('all', 'any'),
  flapping: fc.boolean(),
  cooldownOutMs: fc.constantFrom(0, 3 * MINUTE_MS),
  cooldownInMs: fc.constantFrom(0, 10 * MINUTE_MS),
  cooldownFrom: fc.constantFrom('own', 'last'),
  stabilizationOutMs: fc.constantFrom(0, 2 * MINUTE_MS),
  stabilizationInMs: fc.constantFrom(0, 5 * MINUTE_MS),
  rateOut: rateLimits,
  rateIn: rateLimits,
  billingHour: rarely(
    fc.record({
      by: fc.constant('wall-clock'),
      outFirstMinutes: fc.option(fc.integer({ min: 1, max: 59 }), { nil: null }),
      inLastMinutes: fc.option(fc.integer({ min: 1, max: 59 }), { nil: null }),
    }),
  ),
  growDuringWarmup: fc.boolean(),
  withoutConstraint: fc.constant('free'),
})

export const plainGuards: fc.Arbitrary<Guards> = fc.oneof(noWaiting, waiting)

export const anyGuards: fc.Arbitrary<Guards> = fc
  .tuple(plainGuards, fc.constantFrom('free', 'hold' as const))
  .map(([guards, without]) => ({
    ...guards,
    withoutConstraint: without === 'hold' ? 'hold' : 'free',
  }))

export const anyConstraint: fc.Arbitrary<ConstraintRule> = fc
  .record({
    name: fc.uuid(),
    rank: fc.nat(3),
    min: fc.nat(8),
    span: fc.nat(10),
    over: fc.option(fc.nat(10), { nil: null }),
    schedule: fc.constantFrom(null, 'day', 'night'),
    enabled: fc.boolean(),
  })
  .map(({ span, over, ...rest }) => ({
    ...rest,
    max: rest.min + span,
    default: over === null ? null : rest.min + Math.min(over, span),
  }))

/** Either close bounds, or hardly any, so that every want reaches the count. */
const widest = fc.constantFrom(25, 100_000)

interface Parts {
  readonly rules: readonly ReactiveRule[]
  readonly guards: Guards
  readonly constraints: readonly ConstraintRule[]
  readonly outageGuard?: FleetSpec['outageGuard']
  readonly quota?: number | null
  readonly warmupMs?: number
  readonly max?: number
}

export function fleetOf({ rules, guards, constraints, outageGuard, quota, warmupMs, max }: Parts): FleetSpec {
  const highest = max ?? 25
  const base = fleetSpec({ metrics: METRICS, min: highest > 25 ? 0 : 1, max: highest, constraints })
  return {
    ...base,
    rules,
    operands: METRIC_NAMES.map(operandOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
    guards,
    outageGuard: outageGuard ?? null,
    quota: quota ?? null,
    settings: SETTINGS,
    warmupMs: warmupMs ?? 0,
  }
}

const anyOutageGuard: fc.Arbitrary<FleetSpec['outageGuard']> = rarely(
  fc.record({
    operand: metricName.map(operandOf),
    operandText: fc.constant('load'),
    dropRatio: fc.constantFrom(0.5, 0.8),
    withinMs: fc.constant(5 * MINUTE_MS),
    holdMs: fc.constant(15 * MINUTE_MS),
  }),
)

export const anyFleet: fc.Arbitrary<FleetSpec> = fc
  .record({
    rules: anyRules,
    guards: anyGuards,
    constraints: fc.oneof(fc.constant([]), fc.array(anyConstraint, { maxLength: 3 })),
    outageGuard: anyOutageGuard,
    quota: rarely(instances),
    warmupMs: fc.constantFrom(0, 2 * MINUTE_MS),
    max: widest,
  })
  .map(fleetOf)

const anyReading = (near: readonly number[], open: number): fc.Arbitrary<OperandReading> => {
  const edge = fc
    .tuple(
      fc.constantFrom(0, ...near),
      fc.constantFrom(0, 0.125, -0.125, 0.25, -0.25, 0.002, -0.002, 1e-6, -1e-6),
    )
    .map(([value, beside]) => Math.max(0, value + beside))
  // Some are silent, or too many, or there are more than are open.
  const reporting = fc.oneof(fc.integer({ min: Math.ceil(open / 2), max: open }), fc.nat(20))
  const value = fc.oneof({ weight: 2, arbitrary: reading }, { weight: 1, arbitrary: edge })
  return fc.oneof(
    { weight: 12, arbitrary: value.map((read): OperandReading => ({ stated: read })) },
    {
      weight: 6,
      arbitrary: fc.tuple(value, fc.integer({ min: 2, max: 50 }), fc.option(reporting, { nil: null })).map(
        ([read, samples, named]): OperandReading => ({
          value: read,
          samples,
          firstAt: NOON - 4 * MINUTE_MS,
          lastAt: NOON - 1000,
          reporting: named,
        }),
      ),
    },
    { weight: 1, arbitrary: fc.constant<OperandReading>({ gap: 'nobody answered' }) },
  )
}

/** The values at which a rule may change its mind. */
function edgesOf(rule: ReactiveRule): number[] {
  switch (rule.kind) {
    case 'when':
      return thresholdsIn(rule.when)
    case 'steps':
      return rule.bands.flatMap(({ from, to }) =>
        [from, to].flatMap(edge => (edge === null ? [] : [rule.threshold + edge])),
      )
    case 'track':
      return [rule.target]
    case 'serve':
    case 'forecast':
      return [rule.perInstance]
    case 'match':
    case 'reserve':
      return []
  }
}

function thresholdsIn(condition: Condition): number[] {
  switch (condition.node) {
    case 'compare':
      return condition.right.node === 'number' ? [condition.right.value] : []
    case 'and':
    case 'or':
      return [...thresholdsIn(condition.left), ...thresholdsIn(condition.right)]
    case 'not':
      return thresholdsIn(condition.operand)
    case 'kpi':
    case 'truth':
      return []
  }
}

const windows: fc.Arbitrary<Record<string, Interval | null>> = fc
  .tuple(fc.boolean(), fc.boolean())
  .map(([day, night]) => ({
    day: day
      ? { from: NOON - MINUTE_MS, to: NOON + MINUTE_MS }
      : { from: NOON + MINUTE_MS, to: NOON + 2 * MINUTE_MS },
    night: night ? { from: NOON - 5, to: NOON + 5 } : null,
  }))

/** What is seen of a fleet, now and then just where one of its rules changes its mind. */
const observationOf = (spec: FleetSpec): fc.Arbitrary<Observation> =>
  instances.chain(open => observationAt(spec, open))

function observationAt({ rules }: FleetSpec, open: number): fc.Arbitrary<Observation> {
  const read = anyReading(rules.flatMap(edgesOf), open)
  const outlooks = Object.fromEntries(rules.filter(looksAhead).map(rule => [rule.name, outlookFor(rule)]))
  return fc
    .record({
      open: fc.constant(open),
      pending: fc.nat(3),
      draining: fc.nat(3),
      replacing: fc.nat(2),
      readings: fc.tuple(read, read, read, read),
      outlooks: fc.record(outlooks),
      windows,
      targetHighest: rarely(instances),
      external: rarely(fc.record({ from: instances, to: instances })),
    })
    .map(({ readings, targetHighest, outlooks: expected, ...words }) =>
      observation({
        ...words,
        ...(Object.keys(expected).length === 0 ? {} : { outlooks: expected }),
        ...(targetHighest === null ? {} : { targetHighest }),
        readings: Object.fromEntries(
          METRIC_NAMES.map((metric, index) => [operandOf(metric).key, readings[index] ?? { gap: 'none' }]),
        ),
      }),
    )
}

const anyChange: fc.Arbitrary<Change> = fc
  .record({
    ago: fc.oneof(fc.nat(2 * MINUTE_MS), fc.nat(20 * MINUTE_MS)),
    from: instances,
    to: instances,
    cooldownMs: fc.constantFrom(0, 3 * MINUTE_MS, 10 * MINUTE_MS),
  })
  .map(({ ago, from, to, cooldownMs }) => ({
    at: NOON - ago,
    direction: to > from ? 'out' : 'in',
    rule: null,
    from,
    to,
    cooldownMs,
  }))

const someMemory: fc.Arbitrary<Memory> = fc
  .record({
    lastChange: fc.option(anyChange, { nil: null }),
    changes: fc.array(anyChange, { maxLength: 4 }),
    recommendations: fc.array(fc.record({ ago: fc.nat(8 * MINUTE_MS), count: instances }), { maxLength: 5 }),
    trueSince: fc.record(
      { 'rule 1': fc.nat(3 * MINUTE_MS), 'rule 2': fc.nat(3 * MINUTE_MS) },
      { requiredKeys: [] },
    ),
    peaks: fc.array(fc.record({ ago: fc.nat(5 * MINUTE_MS), value: reading }), { maxLength: 3 }),
    heldUntil: rarely(fc.nat(10 * MINUTE_MS)),
  })
  .map(({ lastChange, changes, recommendations, trueSince, peaks, heldUntil }) => ({
    ...EMPTY_MEMORY,
    lastChange,
    changes: changes.toSorted((a, b) => a.at - b.at),
    recommendations: recommendations
      .map(({ ago, count }) => ({ at: NOON - ago, count }))
      .sort((a, b) => a.at - b.at),
    trueSince: Object.fromEntries(Object.entries(trueSince).map(([rule, ago]) => [rule, NOON - (ago ?? 0)])),
    load: {
      peaks: peaks
        .map(({ ago, value }) => ({ at: NOON - ago, value }))
        .sort((a, b) => a.at - b.at)
        .map((peak, index, all) => ({
          at: peak.at,
          value: Math.max(...all.slice(index).map(({ value }) => value)),
        })),
      heldUntil: heldUntil === null ? null : NOON + heldUntil,
    },
  }))

export const anyMemory: fc.Arbitrary<Memory> = fc.oneof(fc.constant(EMPTY_MEMORY), someMemory)

function situationOf(fleet: fc.Arbitrary<FleetSpec>): fc.Arbitrary<Situation> {
  return fleet.chain(spec =>
    fc.record({ spec: fc.constant(spec), observation: observationOf(spec), memory: anyMemory }),
  )
}

export const anySituation: fc.Arbitrary<Situation> = situationOf(anyFleet)

/**
 * Nothing that makes more load worse by what the rules themselves say (see `monotoneRules` and `plainGuards`):
 * - one rank: a higher one may ask for less than a lower one that it silences when it begins to fire;
 * - no cooldown of a rule's own: the largest want may be that of a rule that has to wait;
 * - `scaleIn: all`: with `any`, a rule whose small cut is withdrawn as load rises leaves the field to the larger cut of another;
 * - no `by` and `to` on the wrong side, no `==` and `not`: rules that say themselves that more load needs fewer.
 */
export const monotoneSituation: fc.Arbitrary<Situation> = situationOf(
  fc
    .record({
      rules: monotoneRules,
      guards: plainGuards.map(guards => ({ ...guards, scaleIn: 'all' as const })),
      constraints: fc.oneof(fc.constant([]), fc.array(anyConstraint, { maxLength: 2 })),
      quota: rarely(instances),
      warmupMs: fc.constantFrom(0, 5 * MINUTE_MS),
      max: widest,
    })
    .map(fleetOf),
)

export const tieableSituation: fc.Arbitrary<Situation> = situationOf(
  fc
    .record({
      rules: tieableRules,
      guards: plainGuards,
      constraints: fc.oneof(fc.constant([]), fc.array(anyConstraint, { maxLength: 2 })),
    })
    .map(fleetOf),
)
