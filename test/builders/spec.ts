/**
 * Fleet specifications for tests and benchmarks, from the few words that matter to them.
 *
 * Example: `fleetSpec({ min: 2, max: 10, rules: [{ when: 'avg(cpu, 5m) > 80%', by: 1 }] })`.
 */
import { parseCondition } from '../../src/config/expression/parse.ts'
import { NO_WAITING, PLAIN_FLEET } from '../../src/lab/simulation/plain-fleet.ts'
import type { AggregateOperand, Condition } from '../../src/model/expression.ts'
import type {
  ConstraintRule,
  FleetSpec,
  Guards,
  Kpi,
  MetricKind,
  MetricSpec,
  MetricUnit,
  ReactiveRule,
  ScaleAction,
} from '../../src/model/spec.ts'

/** What every rule has, where a test does not care. */
export const RULE_FRAME = {
  rank: 0,
  enabled: true,
  forMs: 0,
  during: null,
  cooldownMs: null,
  effects: { set: {}, notify: [], run: [] },
} as const

export interface RuleWords {
  readonly name?: string
  readonly rank?: number
  readonly when: string
  readonly by?: number
  readonly percent?: number
  readonly to?: number
  readonly forMs?: number
  readonly during?: string
  readonly cooldownMs?: number
  readonly enabled?: boolean
}

export interface FleetWords {
  readonly name?: string
  readonly min?: number
  readonly max?: number
  readonly default?: number
  readonly constraints?: readonly Partial<ConstraintRule>[]
  readonly metrics?: Readonly<Record<string, { kind?: MetricKind; unit?: MetricUnit; source?: string }>>
  readonly kpis?: Readonly<Record<string, string>>
  readonly rules?: readonly RuleWords[]
  /** Names for `fleet(...)` in conditions. */
  readonly others?: readonly string[]
  readonly guards?: Partial<Guards>
  readonly spec?: Partial<FleetSpec>
}

/** No waiting of any kind, so that a test sees the stage it is about. */
export { NO_WAITING } from '../../src/lab/simulation/plain-fleet.ts'

export function fleetSpec(words: FleetWords = {}): FleetSpec {
  const metrics = metricsOf(words)
  const operands = new Map<string, AggregateOperand>()
  const parse = (text: string): Condition => {
    const kpiNames = new Set(Object.keys(words.kpis ?? {}))
    const parsed = parseCondition(text, {
      metrics: new Map(Object.entries(metrics)),
      kpis: kpiNames,
      fleets: new Set(words.others),
    })
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
    for (const operand of parsed.operands) operands.set(operand.key, operand)
    return parsed.value
  }
  const kpis = Object.entries(words.kpis ?? {}).map(
    ([name, goalText]): Kpi => ({ name, goal: parse(goalText), goalText }),
  )
  const rules = (words.rules ?? []).map((rule, index) => ruleOf(rule, index, parse))
  const min = words.min ?? 1
  return {
    ...PLAIN_FLEET,
    name: words.name ?? PLAIN_FLEET.name,
    constraints: [
      constraintOf({ name: 'capacity', min, max: words.max ?? 10, default: words.default ?? min }),
      ...(words.constraints ?? []).map(constraintOf),
    ],
    kpis,
    rules,
    metrics,
    operands: [...operands.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    guards: { ...NO_WAITING, ...words.guards },
    ...words.spec,
  }
}

function metricsOf(words: FleetWords): Record<string, MetricSpec> {
  const given = words.metrics ?? { cpu: { kind: 'perInstance' }, orders: { kind: 'total' } }
  return Object.fromEntries(
    Object.entries(given).map(([name, { kind, unit, source }]) => [
      name,
      {
        name,
        kind: kind ?? 'independent',
        unit: unit ?? null,
        source: source ?? 'push',
        options: {},
        everyMs: 15_000,
        staleAfterMs: 60_000,
        ofFleet: null,
        grainMs: null,
        across: null,
        filter: [],
        dividePerInstance: false,
      },
    ]),
  )
}

function constraintOf(words: Partial<ConstraintRule>): ConstraintRule {
  return {
    name: words.name ?? 'constraint',
    rank: words.rank ?? 0,
    enabled: words.enabled ?? true,
    min: words.min ?? 1,
    max: words.max ?? 10,
    default: words.default ?? null,
    schedule: words.schedule ?? null,
  }
}

function ruleOf(words: RuleWords, index: number, parse: (text: string) => Condition): ReactiveRule {
  return {
    name: words.name ?? `rule ${index + 1}`,
    rank: words.rank ?? 0,
    enabled: words.enabled ?? true,
    kind: 'when',
    effects: { set: {}, notify: [], run: [] },
    when: parse(words.when),
    whenText: words.when,
    scale: scaleOf(words),
    forMs: words.forMs ?? 0,
    during: words.during ?? null,
    cooldownMs: words.cooldownMs ?? null,
  }
}

function scaleOf(words: RuleWords): ScaleAction {
  if (words.to !== undefined) return { kind: 'to', instances: words.to }
  if (words.percent !== undefined) return { kind: 'percent', ratio: words.percent / 100, atLeast: 1 }
  return { kind: 'by', instances: words.by ?? 1 }
}
