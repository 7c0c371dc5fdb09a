/**
 * What the operands of a what-if read: a stated value, else what the samples give, else a gap.
 *
 * Example: `values: { "avg(cpu,45m)": 83.2, "last(orders)": null }` reads `{ stated: 83.2 }` under the canonical key
 * `avg(cpu, 45m)`, and a gap "stated as a gap" for the orders.
 */

import { parseExpression } from '../config/expression/parse.ts'
import { formatProblem } from '../config/expression/problem.ts'
import { passes, windowsOf } from '../engine/windows/of-metric.ts'
import type { OperandReading } from '../model/observation.ts'
import type { Sample } from '../model/sample.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { suggest } from './nearest.ts'
import { type FleetWhatIf, pathOf } from './what-if-input.ts'

export interface StatedReadings {
  readonly readings: Readonly<Record<string, OperandReading>>
  /** What cannot be used, by path. */
  readonly problems: readonly string[]
  /** What is not needed and was left aside. */
  readonly remarks: readonly string[]
}

export function readingsOf(spec: Spec, fleet: FleetSpec, given: FleetWhatIf, at: EpochMs): StatedReadings {
  const stated = statedValues(spec, fleet, given)
  const problems = [...stated.problems, ...unknownMetrics(spec, fleet, given)]
  const readings: Record<string, OperandReading> = {}
  for (const { key } of fleet.operands) readings[key] = { gap: 'no value given' }
  if (problems.length === 0) Object.assign(readings, sampledReadings(fleet, given, at))
  for (const [key, reading] of stated.values) readings[key] = reading
  return { readings, problems, remarks: stated.remarks }
}

function statedValues(spec: Spec, fleet: FleetSpec, given: FleetWhatIf) {
  const known = {
    metrics: new Map(
      Object.values(spec.metrics).map(({ name, unit, staleAfterMs }) => [name, { unit, staleAfterMs }]),
    ),
    kpis: new Set(fleet.kpis.map(kpi => kpi.name)),
    fleets: new Set(Object.keys(spec.fleets)),
  }
  const used = new Set(fleet.operands.map(operand => operand.key))
  const values = new Map<string, OperandReading>()
  const problems: string[] = []
  const remarks: string[] = []
  for (const [text, value] of Object.entries(given.values)) {
    const path = pathOf(['fleets', fleet.name, 'values', text])
    const reading = value === null ? { gap: 'stated as a gap' } : { stated: value }
    if (used.has(text) && text.includes('/') && !values.has(text)) {
      // `avg(web/cpu, 5m)`, as a rule of another fleet reads it: nobody writes that in a file.
      values.set(text, reading)
      continue
    }
    const parsed = parseExpression(text, known)
    if (!parsed.ok) {
      problems.push(
        ...parsed.problems.map(
          problem => `${path}:\n  ${formatProblem(text, problem).replaceAll('\n', '\n  ')}`,
        ),
      )
    } else if (parsed.value.node !== 'aggregate') {
      problems.push(`${path}: expected an aggregate such as "avg(cpu, 45m)"`)
    } else if (values.has(parsed.value.key)) {
      problems.push(`${path}: "${parsed.value.key}" is stated twice`)
    } else {
      const { key } = parsed.value
      if (!used.has(key)) remarks.push(`${path} is left aside: no rule or KPI of "${fleet.name}" uses it`)
      values.set(key, reading)
    }
  }
  return { values, problems, remarks }
}

function unknownMetrics(spec: Spec, fleet: FleetSpec, { samples }: FleetWhatIf): string[] {
  const known = [...new Set([...Object.keys(spec.metrics), ...Object.keys(fleet.metrics)])]
  return Object.keys(samples)
    .filter(metric => !known.includes(metric))
    .map(
      metric =>
        `${pathOf(['fleets', fleet.name, 'samples', metric])}: there is no such metric. ${suggest(metric, known)}`,
    )
}

/** Only of metrics that have samples: of the others no value was given. */
function sampledReadings(
  fleet: FleetSpec,
  { samples }: FleetWhatIf,
  at: EpochMs,
): Record<string, OperandReading> {
  const readings: Record<string, OperandReading> = {}
  for (const metric of Object.values(fleet.metrics)) {
    const list = Object.hasOwn(samples, metric.name) ? samples[metric.name] : undefined
    if (list === undefined) continue
    const windows = windowsOf(
      metric,
      fleet.operands.filter(operand => operand.metric === metric.name),
    )
    const sorted = [...list].sort((a, b) => a[0] - b[0])
    for (const [time, value, instance, labels] of sorted) {
      const sample: Sample = {
        at: time,
        value,
        ...(instance == null ? {} : { instance }),
        ...(labels === undefined ? {} : { labels }),
      }
      if (time <= at && passes(metric.filter, sample)) windows.add(sample)
    }
    Object.assign(readings, windows.read(at))
  }
  return readings
}
