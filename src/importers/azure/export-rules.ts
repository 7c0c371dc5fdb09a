/**
 * One rule as Azure writes it: a threshold on one metric, and a step.
 *
 * Example: `avg(cpu, 10m) > 70%` with `scale: { by: 1 }` is the trigger Average/PT10M/GreaterThan/70 and the action
 * Increase/ChangeCount/"1". A rule that joins two comparisons is lost, and told.
 */
import type { AggregateOperand, Comparison, Condition } from '../../model/expression.ts'
import type {
  ConstraintRule,
  FleetSpec,
  MetricSpec,
  ReactiveRule,
  ScaleAction,
  ThresholdRule,
} from '../../model/spec.ts'
import type { Note } from './notes.ts'
import type { Place } from './refusal.ts'
import type { Tell } from './report.ts'
import { type Said, saidBySource } from './said-by-source.ts'
import type { AzureRule, Trigger } from './setting.ts'
import { isoSpan } from './span.ts'

export interface ArmRule {
  readonly metricTrigger: Readonly<Record<string, unknown>>
  readonly scaleAction: Readonly<Record<string, unknown>>
}

interface Telling {
  readonly tell: Tell
  readonly place: Place
}

const MINUTE_MS = 60_000

/** Without the resource its metric is of, where that is the one that is scaled (`null`). */
export function ruleOf(
  rule: ReactiveRule,
  fleet: FleetSpec,
  notes: ReadonlyMap<string, Note>,
  telling: Telling,
  /** Azure is told elsewhere in which region all this is. */
  isPlaced: boolean,
): { readonly rule: ArmRule; readonly resource: string | null } | null {
  const { tell, place } = telling
  const lost = (why: string): null => {
    tell('lost', place, `"${rule.name}" ${why}`)
    return null
  }
  if (rule.kind === 'forecast') return null
  if (rule.kind !== 'when') return lost(`is a "${rule.kind}" rule, and Azure has only thresholds`)
  if (!rule.enabled) return lost('is switched off, and Azure has no rules that are')
  if (rule.scale === null) return lost('scales nothing')
  const threshold = thresholdOf(rule.when)
  if (threshold === null) return lost('does not compare one aggregate with a number')
  const metric = fleet.metrics[threshold.operand.metric]
  const aggregation = AGGREGATIONS[threshold.operand.aggregate]
  if (metric === undefined || aggregation === undefined) {
    return lost(`reads ${threshold.operand.key}, which Azure does not work out`)
  }
  tellBeyond(rule, telling)
  const note = notes.get(metric.name) ?? null
  const said = saidBySource(metric)
  if (note === null && said === null) {
    tell(
      'ambiguous',
      place,
      `which metric of Azure "${metric.name}" is, the file does not say`,
      'it is exported under its name here, as one of what is scaled; write # azure: {"metricName": ...} above it',
    )
  }
  const scaleAction = actionOf(rule, rule.scale, threshold.operator, fleet, telling)
  const resource = said?.resource ?? note?.metricResourceUri
  const noted = noteOf(note ?? {}, said, isPlaced)
  return {
    rule: { metricTrigger: triggerOf(metric, noted, said, threshold, aggregation, telling), scaleAction },
    resource: typeof resource === 'string' ? literal(resource) : null,
  }
}

/** Keys go before the comment. */
function noteOf(note: Note, said: Said | null, isPlaced: boolean): Note {
  if (said === null) return note
  const { metricNamespace: _, ...own } = note
  const place = isPlaced || said.region === null ? {} : { metricResourceLocation: said.region }
  return {
    ...place,
    ...own,
    metricName: said.metric,
    ...(said.namespace === null ? {} : { metricNamespace: said.namespace }),
  }
}

function triggerOf(
  metric: MetricSpec,
  note: Note,
  said: Said | null,
  { operand, operator, value }: Threshold,
  timeAggregation: string,
  { tell, place }: Telling,
): Readonly<Record<string, unknown>> {
  const text = (key: string): Record<string, string> =>
    typeof note[key] === 'string' ? { [key]: literal(String(note[key])) } : {}
  if (metric.grainMs === null && said === null) {
    tell(
      'changed',
      place,
      `"${metric.name}" has no grain`,
      'in Azure the samples of a minute are averaged first',
    )
  }
  const grainMs = Math.max(metric.grainMs ?? MINUTE_MS, MINUTE_MS)
  const windowMs = Math.min(Math.max(operand.windowMs, MINUTE_MS), 12 * 60 * MINUTE_MS)
  if (windowMs !== operand.windowMs)
    tell(
      'changed',
      place,
      `Azure takes windows of 1m to 12h; ${operand.key} is read over ${isoSpan(windowMs)}`,
    )
  const divide = note.dividePerInstance === false ? false : metric.dividePerInstance
  const filter = metric.filter.map(({ label, operator: how, values }) => ({
    name: label,
    isIn: how === 'in',
    values,
  }))
  const dimensions = [...(said?.dimensions ?? []), ...filter].map(({ name, isIn, values }) => ({
    DimensionName: name,
    Operator: isIn ? 'Equals' : 'NotEquals',
    Values: values.map(literal),
  }))
  return {
    metricName: typeof note.metricName === 'string' ? literal(note.metricName) : metric.name,
    ...text('metricNamespace'),
    metricResourceUri: '',
    ...text('metricResourceLocation'),
    timeGrain: isoSpan(grainMs),
    statistic: said?.statistic ?? STATISTICS[metric.across ?? 'avg'],
    timeWindow: isoSpan(windowMs),
    timeAggregation,
    operator: OPERATORS[operator],
    threshold: value,
    ...(dimensions.length === 0 ? {} : { dimensions }),
    ...(divide ? { dividePerInstance: true } : {}),
  }
}

function actionOf(
  rule: ThresholdRule,
  scale: ScaleAction,
  operator: Comparison,
  { guards }: FleetSpec,
  { tell, place }: Telling,
): Readonly<Record<string, unknown>> {
  const direction = directionOf(scale, operator)
  const wanted = rule.cooldownMs ?? (direction === 'Increase' ? guards.cooldownOutMs : guards.cooldownInMs)
  const cooldownMs = Math.max(wanted, MINUTE_MS)
  if (cooldownMs !== wanted) tell('changed', place, `the least cooldown Azure takes is 1m`)
  return { direction, ...stepOf(scale, { tell, place }), cooldown: isoSpan(cooldownMs) }
}

function directionOf(scale: ScaleAction, operator: Comparison): 'Increase' | 'Decrease' {
  switch (scale.kind) {
    case 'by':
      return scale.instances > 0 ? 'Increase' : 'Decrease'
    case 'percent':
      return scale.ratio > 0 ? 'Increase' : 'Decrease'
    case 'to':
      return operator === '<' || operator === '<=' ? 'Decrease' : 'Increase'
  }
}

function stepOf(
  scale: ScaleAction,
  { tell, place }: Telling,
): { readonly type: string; readonly value: string } {
  switch (scale.kind) {
    case 'by':
      return { type: 'ChangeCount', value: String(Math.abs(scale.instances)) }
    case 'to':
      return { type: 'ExactCount', value: String(scale.instances) }
    case 'percent': {
      const percent = Math.abs(scale.ratio) * 100
      const whole = Math.max(1, Math.round(percent))
      if (Math.abs(whole - percent) > 1e-6) tell('changed', place, `Azure takes whole percents: ${whole}`)
      if (scale.atLeast > 1) tell('lost', place, `Azure has no "atLeast": ${scale.atLeast}`)
      return { type: 'PercentChangeCount', value: String(whole) }
    }
  }
}

function tellBeyond({ name, forMs, rank, effects }: ThresholdRule, { tell, place }: Telling): void {
  if (forMs > 0) tell('lost', place, `Azure has no "for": "${name}" acts as soon as its condition is true`)
  if (rank !== 0) tell('lost', place, `Azure's rules have no rank: "${name}" is one among the others`)
  const { set, notify, run } = effects
  if (Object.keys(set).length + notify.length + run.length > 0) {
    tell('lost', place, `Azure's rules only scale: what else "${name}" does is left out`)
  }
}

interface Threshold {
  readonly operand: AggregateOperand
  readonly operator: Comparison
  readonly value: number
}

function thresholdOf(condition: Condition): Threshold | null {
  if (condition.node !== 'compare') return null
  const { left, right, operator } = condition
  const [value, flipped] = [numberOf(right), numberOf(left)]
  if (left.node === 'aggregate' && value !== null) return { operand: left, operator, value }
  if (right.node === 'aggregate' && flipped !== null)
    return { operand: right, operator: FLIPPED[operator], value: flipped }
  return null
}

function numberOf(expression: Extract<Condition, { node: 'compare' }>['left']): number | null {
  if (expression.node === 'number') return expression.value
  const inner = expression.node === 'negate' ? numberOf(expression.operand) : null
  return inner === null ? null : -inner
}

const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
  '==': '==',
  '!=': '!=',
}
const OPERATORS: Readonly<Record<Comparison, AzureRule['operator']>> = {
  '>': 'GreaterThan',
  '>=': 'GreaterThanOrEqual',
  '<': 'LessThan',
  '<=': 'LessThanOrEqual',
  '==': 'Equals',
  '!=': 'NotEquals',
}
const AGGREGATIONS: Readonly<Record<string, AzureRule['aggregation']>> = {
  avg: 'Average',
  min: 'Minimum',
  max: 'Maximum',
  sum: 'Total',
  count: 'Count',
  last: 'Last',
}
const STATISTICS: Readonly<Record<NonNullable<MetricSpec['across']>, Trigger['statistic']>> = {
  avg: 'Average',
  min: 'Min',
  max: 'Max',
  sum: 'Sum',
  count: 'Count',
}

/** Azure's own upper end, where no constraint says one. */
const MOST_INSTANCES = 1000

export function capacityOf(constraint: ConstraintRule | null) {
  const { min, max } = constraint ?? { min: 0, max: MOST_INSTANCES }
  return { minimum: String(min), maximum: String(max), default: String(constraint?.default ?? min) }
}

/** A text that a template does not take for an expression. */
export function literal(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text
}
