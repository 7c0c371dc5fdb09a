/**
 * Warns about metrics and windows that cannot do what they are there for: metrics nobody uses, windows too short
 * to ever hold enough samples, rules of a fleet nobody can count.
 *
 * Example: `avg(cpu, 20s)` of a metric read every 15 s: a window of 20 s seldom holds the two samples it needs.
 */
import type { AggregateOperand } from '../model/expression.ts'
import type { FleetSpec, MetricSpec, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { formatDuration } from './expression/units.ts'
import type { Path, Report } from './problem.ts'

export function lintMetrics(spec: Spec, report: Report): void {
  const fleets = Object.values(spec.fleets)
  for (const metric of Object.keys(spec.metrics)) {
    if (fleets.some(fleet => Object.hasOwn(fleet.metrics, metric))) continue
    report({
      code: CODES.unusedMetric,
      severity: 'warning',
      message: `no rule and no KPI uses the metric "${metric}"`,
      hint: 'use it, or delete it',
      path: ['metrics', metric],
      part: 'key',
    })
  }
  for (const fleet of fleets) {
    lintWindows(fleet, report)
    lintCount(fleet, report)
  }
}

function lintWindows(fleet: FleetSpec, report: Report): void {
  for (const operand of fleet.operands) {
    const metric = fleet.metrics[operand.metric]
    if (metric === undefined) continue
    const needed = shortestWindow(operand, metric)
    if (operand.windowMs >= needed) continue
    const own = operand.aggregate === 'last' ? 'one sample' : 'two samples'
    report({
      code: CODES.shortWindow,
      severity: 'warning',
      message: `${operand.key} will often be unknown: "${metric.name}" is read every ${formatDuration(metric.everyMs)}, and the window must hold ${own}`,
      hint: `make the window at least ${formatDuration(needed)}, or read the metric more often`,
      ...placeOf(operand, fleet),
    })
  }
}

/** Pushed samples come when they come. */
function shortestWindow(operand: AggregateOperand, metric: MetricSpec): number {
  if (metric.source === 'push') return 0
  return operand.aggregate === 'last' ? metric.everyMs : 2 * metric.everyMs
}

/** Where the operand is first written. */
function placeOf(operand: AggregateOperand, fleet: FleetSpec): { path: Path; at?: number; length?: number } {
  const base = ['fleets', fleet.name]
  const texts: readonly { path: Path; text: string }[] = [
    ...fleet.kpis.map(kpi => ({ path: [...base, 'kpis', kpi.name, 'goal'], text: kpi.goalText })),
    ...fleet.rules.map((rule, index) => ({ path: [...base, 'rules', index, 'when'], text: rule.whenText })),
  ]
  for (const { path, text } of texts) {
    const at = text.indexOf(operand.key)
    if (at >= 0) return { path, at, length: operand.key.length }
  }
  const near = texts.find(({ text }) => text.includes(operand.metric))
  return { path: near?.path ?? base }
}

function lintCount(fleet: FleetSpec, report: Report): void {
  if (fleet.target.type !== 'none' || fleet.count !== null || fleet.rules.length === 0) return
  report({
    code: CODES.nothingToCount,
    severity: 'warning',
    message: `nothing says how many instances "${fleet.name}" has, so its rules have nothing to start from`,
    hint: 'name a target, or say where the count comes from: target: { type: none, count: "last(replicas)" }',
    path: ['fleets', fleet.name],
    part: 'key',
  })
}
