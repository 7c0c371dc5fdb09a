/**
 * Prepares a fleet's specification for fast deciding: closures instead of trees, slots instead of names. Done once
 * per specification object and remembered weakly, so `decide` stays a function of plain data.
 *
 * Example: with operands `avg(cpu, 45m)` and `last(orders)`, `slots` is `{ 'avg(cpu, 45m)' => 0, 'last(orders)' => 1 }`.
 */
import type { AggregateOperand, Condition, Expression, KpiState } from '../model/expression.ts'
import { quantityKey } from '../model/expression.ts'
import { isShare } from '../model/share.ts'
import type { FleetSpec, Kpi, MetricKind, ReactiveRule } from '../model/spec.ts'
import {
  compileCondition,
  compileExpression,
  type Evaluate,
  type ForeignQuantity,
  foreignQuantities,
  type Judge,
  operandKeys,
} from './condition.ts'
import type { Ask } from './rules/answer.ts'
import { compileAsk } from './rules/ask.ts'

export interface CompiledOperand {
  readonly operand: AggregateOperand
  readonly slot: number
  readonly kind: MetricKind
  /** Whose ready instances it is divided by: `''` is this fleet; `null`, not divided. */
  readonly divisor: string | null
  /** Its window ended so long ago. */
  readonly delayMs: number
  /** Whether it reads more when fewer instances carry the same load. */
  readonly isSpread: boolean
}

/** Stands for the fleet itself among the names of fleets. */
export const OWN_FLEET = ''

export interface CompiledRule {
  readonly rule: ReactiveRule
  readonly ask: Ask
  readonly operands: readonly string[]
}

export interface CompiledKpi {
  readonly kpi: Kpi
  readonly judge: Judge
  readonly operands: readonly string[]
}

export interface CompiledFleet {
  readonly slots: ReadonlyMap<string, number>
  /** By slot, what it reads before it is read: NaN, unknown. Copied by each decision; small typed arrays cost several times as much. */
  readonly unread: readonly number[]
  readonly operands: readonly CompiledOperand[]
  /** Quantities of other fleets; their slots follow those of the operands. */
  readonly foreign: readonly ForeignQuantity[]
  /** Every other fleet something is to be known of. */
  readonly fleets: readonly string[]
  readonly rules: readonly CompiledRule[]
  readonly kpis: readonly CompiledKpi[]
  readonly everyMs: number
  readonly count: Evaluate | null
  /** What the outage guard watches. */
  readonly load: Evaluate | null
}

const compiled = new WeakMap<FleetSpec, CompiledFleet>()

export function compileFleet(spec: FleetSpec): CompiledFleet {
  const known = compiled.get(spec)
  if (known !== undefined) return known
  const fresh = compileAnew(spec)
  compiled.set(spec, fresh)
  return fresh
}

function compileAnew(spec: FleetSpec): CompiledFleet {
  const operands = spec.operands.map((operand, slot) => compileOperand(spec, operand, slot))
  const foreign = foreignQuantities(treesOf(spec))
  const keys = [...spec.operands.map(operand => operand.key), ...foreign.map(quantityKey)]
  const slots = new Map(keys.map((key, index) => [key, index]))
  const goalTrees = new Map<string, Condition>(spec.kpis.map(kpi => [kpi.name, kpi.goal]))
  const goals = new Map(spec.kpis.map(kpi => [kpi.name, compileCondition(kpi.goal, slots, new Map())]))
  return {
    slots,
    unread: keys.map(() => Number.NaN),
    operands,
    foreign,
    fleets: fleetsOf(operands, foreign),
    rules: spec.rules.map(rule => ({
      rule,
      ask: compileAsk(rule, rule.kind === 'when' ? compileCondition(rule.when, slots, goals) : null, slots),
      operands: operandsOf(rule, goalTrees),
    })),
    kpis: spec.kpis.map(kpi => ({
      kpi,
      judge: goals.get(kpi.name) ?? (() => null),
      operands: operandKeys(kpi.goal, new Map()),
    })),
    everyMs: spec.everyMs,
    count: spec.count === null ? null : compileExpression(spec.count, slots),
    load: spec.outageGuard === null ? null : compileExpression(spec.outageGuard.operand, slots),
  }
}

/** What another fleet's instances report does not change with the count of this one. */
function kindOf(spec: FleetSpec, metric: string): MetricKind {
  const known = spec.metrics[metric]
  return known === undefined || known.ofFleet !== null ? 'independent' : known.kind
}

function compileOperand(spec: FleetSpec, operand: AggregateOperand, slot: number): CompiledOperand {
  const kind = kindOf(spec, operand.metric)
  const metric = spec.metrics[operand.metric]
  const divided = metric?.dividePerInstance === true && operand.aggregate !== 'trend'
  const divisor = divided ? (metric.ofFleet ?? OWN_FLEET) : null
  const isSpread = metric !== undefined && metric.ofFleet === null && isShare(operand.aggregate, metric)
  return { operand, slot, kind, divisor, delayMs: metric?.delayMs ?? 0, isSpread }
}

function fleetsOf(operands: readonly CompiledOperand[], foreign: readonly ForeignQuantity[]): string[] {
  const divisors = operands.flatMap(({ divisor }) =>
    divisor === null || divisor === OWN_FLEET ? [] : divisor,
  )
  return [...new Set([...foreign.map(({ fleet }) => fleet), ...divisors])].sort()
}

function operandsOf(rule: ReactiveRule, goals: ReadonlyMap<string, Condition>): string[] {
  const tree = treeOf(rule)
  return tree === null ? [] : operandKeys(tree, goals)
}

function treesOf(spec: FleetSpec): (Condition | Expression)[] {
  return [
    ...spec.kpis.map(kpi => kpi.goal),
    ...spec.rules.flatMap(rule => treeOf(rule) ?? []),
    ...(spec.count === null ? [] : [spec.count]),
    ...(spec.outageGuard === null ? [] : [spec.outageGuard.operand]),
  ]
}

/** `null`: it looks at the sessions alone. */
function treeOf(rule: ReactiveRule): Condition | Expression | null {
  switch (rule.kind) {
    case 'when':
      return rule.when
    case 'steps':
    case 'track':
    case 'serve':
    case 'forecast':
      return rule.operand
    case 'match':
      return rule.expression
    case 'reserve':
      return null
  }
}

export function kpiState(judged: boolean | null): KpiState {
  if (judged === null) return 'unknown'
  return judged ? 'green' : 'red'
}
