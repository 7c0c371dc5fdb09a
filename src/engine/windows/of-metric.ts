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

export type MeasuredMetric = Pick<MetricSpec, 'kind' | 'staleAfterMs' | 'grainMs' | 'across'>

/** @param operands every aggregate over the metric */
export function windowsOf(metric: MeasuredMetric, operands: readonly AggregateOperand[]): Windows {
  const { kind, staleAfterMs, grainMs, across } = metric
  if (grainMs === null || across === null) return new MetricWindows(metric, operands)
  return new GrainedWindows({ kind, staleAfterMs, grainMs, across }, operands)
}

/** How far back a sample still matters to a window, beyond the window's own length. */
export function furtherBackMs({ grainMs }: MeasuredMetric): number {
  return grainMs ?? 0
}

export function passes(filter: readonly LabelFilter[], { labels }: Sample): boolean {
  return filter.every(({ label, operator, values }) => {
    const value = labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined
    const isOneOf = value !== undefined && values.includes(value)
    return operator === 'in' ? isOneOf : !isOneOf
  })
}
