/**
 * Warns about metrics and windows that cannot do what they are there for: metrics nobody uses, windows too short
 * to ever hold enough samples, rules of a fleet nobody can count.
 *
 * Example: `avg(cpu, 20s)` of a metric read every 15 s: a window of 20 s seldom holds the two samples it needs.
 */
import type { AggregateOperand } from '../model/expression.ts'
import type { FleetSpec, MetricSpec, ReactiveRule, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import { formatDuration } from './expression/units.ts'
import type { Path, Report } from './problem.ts'

export function lintMetrics(spec: Spec, origins: Origins, report: Report): void {
  const fleets = Object.values(spec.fleets)
  for (const metric of Object.keys(spec.metrics)) {
    if (fleets.some(fleet => uses(fleet, metric))) continue
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
    lintWindows(fleet, origins, report)
    lintReadings(spec, fleet, origins, report)
    lintCount(fleet, report)
  }
}

/** Under its own name, or for another fleet. */
function uses({ metrics }: FleetSpec, metric: string): boolean {
  return Object.values(metrics).some(used => nameAtHome(used) === metric)
}

function nameAtHome({ name, ofFleet }: MetricSpec): string {
  return ofFleet === null ? name : name.slice(ofFleet.length + 1)
}

function lintWindows(fleet: FleetSpec, origins: Origins, report: Report): void {
  for (const operand of fleet.operands) {
    const metric = fleet.metrics[operand.metric]
    if (metric === undefined) continue
    const needed = shortestWindow(operand, metric)
    if (operand.windowMs >= needed) continue
    const own = isSatisfiedByOne(operand) ? 'one' : 'two'
    const { told, remedy } = spacingOf(metric, own)
    report({
      code: CODES.shortWindow,
      severity: 'warning',
      message: `${textAtHome(operand.key, metric)} will often be unknown: "${nameAtHome(metric)}" ${told}`,
      hint: `make the window at least ${formatDuration(needed)}, or ${remedy}`,
      ...placeOf(textAtHome(operand.key, metric), fleet, origins, nameAtHome(metric)),
    })
  }
}

/** How far apart its values are, and what makes them nearer. */
function spacingOf(
  metric: MetricSpec,
  own: 'one' | 'two',
): { readonly told: string; readonly remedy: string } {
  const { grainMs, everyMs } = metric
  if (grainMs !== null) {
    const told = `has grains of ${formatDuration(grainMs)}, and the window must hold ${own} of them in full`
    return { told, remedy: 'the grain shorter' }
  }
  const samples = `and the window must hold ${own} sample${own === 'one' ? '' : 's'}`
  const binMs = binOf(metric)
  return binMs === null
    ? { told: `is read every ${formatDuration(everyMs)}, ${samples}`, remedy: 'read the metric more often' }
    : { told: `has bins of ${formatDuration(binMs)}, ${samples}`, remedy: '`interval` shorter' }
}

/** What is kept in bins has a sample for each, however often it is read. */
function binOf({ source, options }: MetricSpec): number | null {
  if (typeof options.intervalMs === 'number') return options.intervalMs
  return source === 'azure-monitor' ? 60_000 : null
}

function isSatisfiedByOne({ aggregate }: AggregateOperand): boolean {
  return aggregate === 'last' || aggregate === 'count'
}

/** An operand as it was written, in the fleet whose metric it is. */
function textAtHome(key: string, metric: MetricSpec): string {
  return key.replace(`(${metric.name}`, () => `(${nameAtHome(metric)}`)
}

/** Pushed samples come when they come; grains do not: a window begins and ends inside one. */
function shortestWindow(operand: AggregateOperand, metric: MetricSpec): number {
  if (metric.grainMs !== null) return (isSatisfiedByOne(operand) ? 2 : 3) * metric.grainMs
  if (metric.source === 'push') return 0
  return (isSatisfiedByOne(operand) ? 1 : 2) * (binOf(metric) ?? metric.everyMs)
}

/** Where a text (or at least the metric it is about) is first written in what the fleet looks at. */
function placeOf(
  sought: string,
  fleet: FleetSpec,
  origins: Origins,
  metric = sought,
): { path: Path; at?: number; length?: number } {
  const base = ['fleets', fleet.name]
  const { count } = fleet.target.options
  const texts: readonly { path: Path; text: string }[] = [
    ...(typeof count === 'string' ? [{ path: [...base, 'target', 'count'], text: count }] : []),
    ...fleet.kpis.map(kpi => ({ path: [...base, 'kpis', kpi.name, 'goal'], text: kpi.goalText })),
    ...(fleet.outageGuard === null
      ? []
      : [{ path: [...base, 'outageGuard', 'of'], text: fleet.outageGuard.operandText }]),
    ...fleet.rules.flatMap(rule => {
      const origin = origins.get(originKey(fleet.name, rule.name))
      return origin === undefined ? [] : [textOf(rule, origin)]
    }),
  ]
  for (const { path, text } of texts) {
    const at = text.indexOf(sought)
    if (at >= 0) return { path, at, length: sought.length }
  }
  return { path: texts.find(({ text }) => text.includes(metric))?.path ?? base }
}

/** What a rule looks at, and where that is written. */
function textOf(rule: ReactiveRule, origin: Path): { path: Path; text: string } {
  switch (rule.kind) {
    case 'when':
      return { path: [...origin, 'when'], text: rule.whenText }
    case 'steps':
      return { path: [...origin, 'steps', 'of'], text: rule.operandText }
    case 'track':
      return { path: [...origin, 'track', 'metric'], text: rule.operandText }
    case 'match':
      return { path: [...origin, 'match'], text: rule.expressionText }
    case 'serve':
      return { path: [...origin, 'serve', 'metric'], text: rule.operandText }
    case 'forecast':
      return { path: [...origin, 'forecast', 'metric'], text: rule.operandText }
    case 'reserve':
      return { path: [...origin, 'reserve'], text: '' }
  }
}

/** Only of what is built in: a host program's targets and routers may well have such readings. */
function lintReadings(spec: Spec, fleet: FleetSpec, origins: Origins, report: Report): void {
  for (const metric of Object.values(fleet.metrics)) {
    const owner = metric.ofFleet === null ? fleet : spec.fleets[metric.ofFleet]
    if (owner === undefined) continue
    const noProcess =
      metric.source === 'process' &&
      ['command', 'azure-vmss', 'azure-app-service-plan', 'none'].includes(owner.target.type)
    const noProxy = metric.source === 'proxy' && !owner.routers.some(({ type }) => type === 'proxy')
    if (!noProcess && !noProxy) continue
    const lacks = noProcess ? 'its target runs no processes on this machine' : 'it has no proxy'
    const hint = noProcess ? 'give it target: { type: process, ... }' : 'give it router: { type: proxy, ... }'
    report({
      code: CODES.noReadings,
      severity: 'warning',
      message: `"${nameAtHome(metric)}" will never hold a sample of fleet "${owner.name}": ${lacks}`,
      hint: `${hint}, or take another source`,
      ...placeOf(nameAtHome(metric), fleet, origins),
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
