/**
 * What an expression may speak of: the metrics and KPIs of the fleet it belongs to, and other fleets. Everything else it can name
 * (aggregates, fleet quantities, truths) is part of the language.
 *
 * Example: in a context with the metric `cpu` (unit percent, stale after 45 s), `last(cpu)` is a value no older
 * than 45 s, and `avg(cpu, 5m) > 300ms` is refused, because percent and a duration do not compare.
 */
import type { MetricUnit } from '../../model/spec.ts'

export interface ContextMetric {
  /** `null` where the operator declared none: a `%` literal then counts in percent. */
  readonly unit: MetricUnit | null
  /** Window of `last(metric)`, in milliseconds. */
  readonly staleAfterMs: number
}

export interface ExpressionContext {
  readonly metrics: ReadonlyMap<string, ContextMetric>
  readonly kpis: ReadonlySet<string>
  /** Names for `fleet(...)`; left out, there are none. */
  readonly fleets?: ReadonlySet<string>
}
