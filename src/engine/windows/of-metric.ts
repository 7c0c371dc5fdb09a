/**
 * The windows a metric asks for: over its samples, or over its grains; and which samples of it count at all.
 *
 * Example: with `filter: { region: [eu, us] }` a sample labelled `region=asia` is passed by, and so is one without a region;
 * with `filter: { zone: { not: [z3] } }` one without a zone counts.
 */
import type { AggregateOperand } from '../../model/expression.ts'
import type { Sample } from '../../model/sample.ts'
import type { LabelFilter, MetricSpec } from '../../model/spec.ts'
import { MetricWindows, type Windows } from '../windows.ts'
import { GrainedWindows } from './grains.ts'

export type MeasuredMetric = Pick<MetricSpec, 'kind' | 'staleAfterMs' | 'delayMs' | 'grainMs' | 'across'>

/** @param operands every aggregate over the metric */
export function windowsOf(metric: MeasuredMetric, operands: readonly AggregateOperand[]): Windows {
  const { kind, staleAfterMs, delayMs = 0, grainMs, across } = metric
  const windows =
    grainMs === null || across === null
      ? new MetricWindows(metric, operands)
      : new GrainedWindows({ kind, staleAfterMs, grainMs, across }, operands)
  return delayMs === 0 ? windows : delayed(windows, delayMs)
}

/** They end where the metric is known: at 12:10 with a delay of 3 min those of the last 5 min are from 12:02 to 12:07. */
function delayed(windows: Windows, delayMs: number): Windows {
  return { add: sample => windows.add(sample), read: (at, readings) => windows.read(at - delayMs, readings) }
}

/** How far back a sample still matters to a window, beyond the window's own length. */
export function furtherBackMs({ grainMs, delayMs = 0 }: MeasuredMetric): number {
  return (grainMs ?? 0) + delayMs
}

export function passes(filter: readonly LabelFilter[], { labels }: Sample): boolean {
  return filter.every(({ label, operator, values }) => {
    const value = labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined
    const isOneOf = value !== undefined && values.includes(value)
    return operator === 'in' ? isOneOf : !isOneOf
  })
}
