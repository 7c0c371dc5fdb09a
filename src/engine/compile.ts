/**
 * Prepares a fleet's specification for fast deciding: closures instead of trees, slots instead of names. Done once
 * per specification object and remembered weakly, so `decide` stays a function of plain data.
 *
 * Example: with operands `avg(cpu, 45m)` and `last(orders)`, `slots` is `{ 'avg(cpu, 45m)' => 0, 'last(orders)' => 1 }`.
 */
import type { AggregateOperand, Condition, Expression, KpiState } from '../model/expression.ts'
import type { FleetSpec, Kpi, MetricKind, ReactiveRule } from '../model/spec.ts'
import { compileCondition, compileExpression, type Evaluate, type Judge, operandKeys } from './condition.ts'
import type { Ask } from './rules/answer.ts'
import { compileAsk } from './rules/ask.ts'

export interface CompiledOperand {
  readonly operand: AggregateOperand
  readonly kind: MetricKind
}

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
  readonly operands: readonly CompiledOperand[]
  readonly rules: readonly CompiledRule[]
  readonly kpis: readonly CompiledKpi[]
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
  const slots = new Map(spec.operands.map((operand, index) => [operand.key, index]))
  const goalTrees = new Map<string, Condition>(spec.kpis.map(kpi => [kpi.name, kpi.goal]))
  const goals = new Map(spec.kpis.map(kpi => [kpi.name, compileCondition(kpi.goal, slots, new Map())]))
  return {
    slots,
    operands: spec.operands.map(operand => ({
      operand,
      kind: kindOf(spec, operand.metric),
    })),
    rules: spec.rules.map(rule => ({
      rule,
      ask: compileAsk(rule, rule.kind === 'when' ? compileCondition(rule.when, slots, goals) : null, slots),
      operands: operandKeys(treeOf(rule), goalTrees),
    })),
    kpis: spec.kpis.map(kpi => ({
      kpi,
      judge: goals.get(kpi.name) ?? (() => null),
      operands: operandKeys(kpi.goal, new Map()),
    })),
    count: spec.count === null ? null : compileExpression(spec.count, slots),
    load: spec.outageGuard === null ? null : compileExpression(spec.outageGuard.operand, slots),
  }
}

/** What another fleet's instances report does not change with the count of this one. */
function kindOf(spec: FleetSpec, metric: string): MetricKind {
  const known = spec.metrics[metric]
  return known === undefined || known.ofFleet !== null ? 'independent' : known.kind
}

function treeOf(rule: ReactiveRule): Condition | Expression {
  switch (rule.kind) {
    case 'when':
      return rule.when
    case 'steps':
    case 'track':
      return rule.operand
    case 'match':
      return rule.expression
  }
}

export function kpiState(judged: boolean | null): KpiState {
  if (judged === null) return 'unknown'
  return judged ? 'green' : 'red'
}
