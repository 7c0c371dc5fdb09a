/**
 * From a rule as read to the model's: which kind it is, with every amount in the unit of what it is held against.
 *
 * Example: `track: { metric: "avg(cpu, 5m)", target: 60% }` over a `perInstance` metric in percent becomes
 * `{ kind: 'track', spread: 'perInstance', target: 60, ... }`.
 */

import type { z } from 'zod'
import type { Condition, Expression } from '../model/expression.ts'
import { isShare } from '../model/share.ts'
import type { Band, MetricSpec, ReactiveRule, ReserveRule, ScaleAction } from '../model/spec.ts'
import type { ruleSchema } from './schema-rules.ts'
import type { Reserve } from './schema-sessions.ts'
import type { By } from './values.ts'

export type ReadRule = z.output<typeof ruleSchema>

/** What a rule needs of the fleet it is written in; each text is parsed in that fleet's words. */
export interface RuleWords {
  readonly condition: (text: string) => Condition
  readonly expression: (text: string) => Expression
  /** A number in the unit of what it is held against. */
  readonly amount: (text: string, against: string) => number
  readonly metrics: Readonly<Record<string, MetricSpec>>
  /** `null`: nobody said, and no rule needs it. */
  readonly slotsPerInstance: number | null
}

export function compileRule(rule: ReadRule, words: RuleWords): ReactiveRule {
  const frame = {
    name: rule.name,
    rank: rule.rank,
    enabled: rule.enabled,
    forMs: rule.for,
    during: rule.during ?? null,
    cooldownMs: rule.cooldown ?? null,
    effects: { set: rule.set, notify: listOf(rule.notify), run: listOf(rule.run) },
  }
  if (rule.steps !== undefined) return { ...frame, kind: 'steps', ...stepsOf(rule.steps, words) }
  if (rule.track !== undefined) return { ...frame, kind: 'track', ...trackOf(rule.track, words) }
  if (rule.match !== undefined) {
    const expressionText = rule.match.trim()
    return { ...frame, kind: 'match', expression: words.expression(rule.match), expressionText }
  }
  if (rule.serve !== undefined) {
    const { slo, boot } = rule.serve
    const demand = demandOf(rule.serve, words)
    // It holds what it has by itself, for as long as it has learnt to: a wait on top of that only costs.
    const cooldownMs = rule.cooldown ?? 0
    return { ...frame, cooldownMs, kind: 'serve', ...demand, sloRatio: slo, bootMs: boot ?? null }
  }
  if (rule.forecast !== undefined) {
    const { horizon, quantile } = rule.forecast
    const demand = demandOf(rule.forecast, words)
    return { ...frame, kind: 'forecast', ...demand, horizonMs: horizon ?? null, quantileRatio: quantile }
  }
  if (rule.reserve !== undefined) return reserveRule(frame, rule.reserve.slots, words)
  if (rule.when === undefined) throw new Error('A rule of no kind was compiled')
  return {
    ...frame,
    kind: 'when',
    when: words.condition(rule.when),
    whenText: rule.when.trim(),
    scale: rule.scale === undefined ? null : scaleOf(rule.scale),
  }
}

/** `sessions.reserve` is short for such a rule, of this name. */
export const RESERVE_RULE = 'reserve'

export function shortReserveRule(reserve: Reserve, words: RuleWords): ReserveRule {
  return reserveRule({ ...PLAIN_FRAME, name: RESERVE_RULE }, reserve, words)
}

const PLAIN_FRAME = {
  rank: 0,
  enabled: true,
  forMs: 0,
  during: null,
  cooldownMs: null,
  effects: { set: {}, notify: [], run: [] },
}

function reserveRule(
  frame: Omit<ReserveRule, 'kind' | 'reserve' | 'slotsPerInstance'>,
  reserve: Reserve,
  { slotsPerInstance }: RuleWords,
): ReserveRule {
  if (slotsPerInstance === null) throw new Error('A reserve of a fleet without slots was compiled')
  return { ...frame, kind: 'reserve', reserve, slotsPerInstance }
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : [...new Set(names)]
}

interface ReadScale {
  readonly by?: By | undefined
  readonly to?: number | undefined
  readonly atLeast?: number | undefined
}

export function scaleOf({ by, to, atLeast }: ReadScale): ScaleAction {
  if (to !== undefined) return { kind: 'to', instances: to }
  if (by === undefined) throw new Error('A scale without "by" and "to" was compiled')
  return by.kind === 'by' ? by : { ...by, atLeast: atLeast ?? 1 }
}

function stepsOf(steps: NonNullable<ReadRule['steps']>, words: RuleWords) {
  const { of, threshold, rounding } = steps
  const limit = (text: string | null | undefined): number | null =>
    text === undefined || text === null ? null : words.amount(text, of)
  const bands = steps.bands.map(
    ({ from, to, by, count, atLeast }): Band => ({
      from: limit(from),
      to: limit(to),
      scale: scaleOf({ by, to: count, atLeast }),
    }),
  )
  return {
    operand: words.expression(of),
    operandText: of.trim(),
    threshold: words.amount(threshold, of),
    bands,
    rounding,
  }
}

function trackOf(track: NonNullable<ReadRule['track']>, words: RuleWords) {
  const { metric, target, tolerance, wholePercents } = track
  const operand = words.expression(metric)
  const sides = typeof tolerance === 'number' ? { out: tolerance, in: tolerance } : tolerance
  return {
    operand,
    operandText: metric.trim(),
    spread: spreadOf(operand, words.metrics),
    target: words.amount(target, metric),
    toleranceRatio: sides.out,
    toleranceInRatio: sides.in,
    wholePercents: wholePercents && isPercent(operand, words.metrics),
  }
}

function demandOf(
  {
    metric,
    perInstance,
    timeZone,
  }: Pick<NonNullable<ReadRule['serve']>, 'metric' | 'perInstance' | 'timeZone'>,
  words: RuleWords,
) {
  const operand = words.expression(metric)
  return {
    operand,
    operandText: metric.trim(),
    spread: spreadOf(operand, words.metrics),
    perInstance: words.amount(perInstance, metric),
    ...(timeZone === undefined ? {} : { timeZone }),
  }
}

/** Per instance where a metric of it is, or where it is divided by the count; anything else is of the fleet as a whole. */
function spreadOf(
  expression: Expression,
  metrics: Readonly<Record<string, MetricSpec>>,
): 'perInstance' | 'total' {
  return isPerInstance(expression, metrics) ? 'perInstance' : 'total'
}

function isPerInstance(expression: Expression, metrics: Readonly<Record<string, MetricSpec>>): boolean {
  switch (expression.node) {
    case 'number':
    case 'quantity':
      return false
    case 'aggregate': {
      const metric = metrics[expression.metric]
      return metric !== undefined && isShare(expression.aggregate, metric)
    }
    case 'negate':
      return isPerInstance(expression.operand, metrics)
    case 'arithmetic': {
      const { operator, left, right } = expression
      const perInstance = isPerInstance(left, metrics) || isPerInstance(right, metrics)
      // Times the count makes a total of it again.
      if (operator === '*' && (isCount(left) || isCount(right))) return false
      return perInstance || (operator === '/' && isCount(right))
    }
  }
}

function isCount(expression: Expression): boolean {
  return (
    expression.node === 'quantity' &&
    expression.fleet === null &&
    (expression.quantity === 'instances' || expression.quantity === 'ready')
  )
}

/** The HPA cuts utilisations only; requests per instance and the like it leaves as they are. */
function isPercent(expression: Expression, metrics: Readonly<Record<string, MetricSpec>>): boolean {
  return expression.node === 'aggregate' && metrics[expression.metric]?.unit === 'percent'
}
