/**
 * Where samples come from. Its promise: samples sorted by time, or a gap with its reason; never an invented zero.
 *
 * Example: `read([{ fleet: 'web', metric: cpu, instances: [...] }], { from, to }, signal)` answers
 * `[{ samples: [{ at, value: 83.2, instance: 'web-1' }] }]`, or `[{ gap: 'GET http://... answered 503' }]`.
 */
import type { Gap } from '../model/observation.ts'
import type { Sample } from '../model/sample.ts'
import type { MetricSpec } from '../model/spec.ts'
import type { Interval } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

export interface MetricQuery {
  /** Whose metric it is. */
  readonly fleet: string
  /**
   * Who asks, where that is another fleet. A source that keeps account of what was read, or takes differences, does so
   * for each reader.
   */
  readonly reader?: string
  readonly metric: MetricSpec
}

/** `samples` is sorted by time, inside the window asked for, finite values only; it may be empty. */
export type MetricAnswer = { readonly samples: readonly Sample[] } | Gap

export interface MetricSource extends Plugin {
  /**
   * One answer per query, in order. Samples with `window.from < at <= window.to`. A failed query is a gap in
   * its own answer; it throws a `PluginError` only when the whole source failed.
   */
  read(
    queries: readonly MetricQuery[],
    window: Interval,
    signal: AbortSignal,
  ): Promise<readonly MetricAnswer[]>
  /** Calls `wake` when new samples came in between ticks; the result unsubscribes. Carries no data. */
  subscribe?(wake: (fleet: string | null) => void): () => void
}
