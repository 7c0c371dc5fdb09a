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
    lintReadings(fleet, report)
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
      ...placeOf(operand.key, fleet, operand.metric),
    })
  }
}

/** Pushed samples come when they come. */
function shortestWindow(operand: AggregateOperand, metric: MetricSpec): number {
  if (metric.source === 'push') return 0
  return operand.aggregate === 'last' ? metric.everyMs : 2 * metric.everyMs
}

/** Where a text (or at least the metric it is about) is first written in a condition of the fleet. */
function placeOf(
  sought: string,
  fleet: FleetSpec,
  metric = sought,
): { path: Path; at?: number; length?: number } {
  const base = ['fleets', fleet.name]
  const { count } = fleet.target.options
  const texts: readonly { path: Path; text: string }[] = [
    ...(typeof count === 'string' ? [{ path: [...base, 'target', 'count'], text: count }] : []),
    ...fleet.kpis.map(kpi => ({ path: [...base, 'kpis', kpi.name, 'goal'], text: kpi.goalText })),
    ...fleet.rules.flatMap((rule, index) =>
      rule.kind === 'when' ? [{ path: [...base, 'rules', index, 'when'], text: rule.whenText }] : [],
    ),
  ]
  for (const { path, text } of texts) {
    const at = text.indexOf(sought)
    if (at >= 0) return { path, at, length: sought.length }
  }
  return { path: texts.find(({ text }) => text.includes(metric))?.path ?? base }
}

/** Only of what is built in: a host program's targets and routers may well have such readings. */
function lintReadings(fleet: FleetSpec, report: Report): void {
  for (const metric of Object.values(fleet.metrics)) {
    const noProcess = metric.source === 'process' && ['command', 'none'].includes(fleet.target.type)
    const noProxy = metric.source === 'proxy' && fleet.router === null
    if (!noProcess && !noProxy) continue
    const lacks = noProcess ? 'its target runs no processes on this machine' : 'it has no proxy'
    const hint = noProcess ? 'give it target: { type: process, ... }' : 'give it router: { type: proxy, ... }'
    report({
      code: CODES.noReadings,
      severity: 'warning',
      message: `"${metric.name}" will never hold a sample of fleet "${fleet.name}": ${lacks}`,
      hint: `${hint}, or take another source`,
      ...placeOf(metric.name, fleet),
    })
  }
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
