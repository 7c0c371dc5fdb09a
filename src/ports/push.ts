/**
 * Samples that come to us instead of being fetched: what is posted, what is answered, and the source that holds
 * them until a tick reads them.
 *
 * Example: of two samples posted for `orders`, one with the value NaN: `{ accepted: 1, refused: [{ index: 1,
 * because: 'its value is NaN; a sample needs a finite number' }] }`.
 */
import type { Sample } from '../model/sample.ts'
import type { MetricSource } from './metric-source.ts'

/** A sample as posted: `fleet` absent means every fleet that uses the metric. */
export interface PushedSample extends Sample {
  readonly metric: string
  readonly fleet?: string
}

/** `refused` says for each sample not taken which one (index in the batch) and why; the others were taken. */
export interface PushResult {
  readonly accepted: number
  readonly refused: readonly { readonly index: number; readonly because: string }[]
}

export interface PushSource extends MetricSource {
  /**
   * `known`: names of the metrics that have this source; samples of others are refused, and so are those for a fleet
   * that is not in `fleets` (left out: any name is taken).
   */
  push(samples: readonly PushedSample[], known: ReadonlySet<string>, fleets?: ReadonlySet<string>): PushResult
}
