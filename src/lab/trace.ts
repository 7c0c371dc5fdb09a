/**
 * Recorded load as the lab plays it: columns of numbers on one even grid of time, or sessions one by one. What a reader had to
 * repair to get there is said with it.
 *
 * Example: a CSV of `timestamp,value` by the minute becomes `{ stepMs: 60000, length: 1440, columns: { value: Float64Array(1440) } }`;
 * a minute without a row is NaN in it, and `repairs` says where.
 */
import type { EpochMs, Interval } from '../model/time.ts'

export interface LoadTrace {
  readonly kind: 'load'
  /** Where it came from, for titles: the file's name without its folder and ending. */
  readonly name: string
  /** Beginning of the first bin. */
  readonly startAt: EpochMs
  readonly stepMs: number
  /** How many bins. */
  readonly length: number
  /** By name, `length` values each; NaN is a gap: nothing is known of that bin. */
  readonly columns: Readonly<Record<string, Float64Array>>
  readonly repairs: readonly Repair[]
}

export interface SessionTrace {
  readonly kind: 'sessions'
  readonly name: string
  readonly startAt: EpochMs
  /** Sorted by their beginning; both since `startAt`. */
  readonly sessions: readonly PlayedSession[]
  /** It is so long; without it, up to the end of the last session. */
  readonly lengthMs?: number
  /** Of a journal: the instances of that time. */
  readonly recorded?: RecordedInstances
  readonly repairs: readonly Repair[]
}

/** How many there were, by the minute from the beginning of the trace, and what was made of the record. */
export interface RecordedInstances {
  /** Ready at the beginning. */
  readonly initial: number
  readonly ready: Float64Array
  /** Also those that booted or drained. */
  readonly paid: Float64Array
  readonly desired: Float64Array
  /** Sessions that ended with their instance. */
  readonly lost: number
  /** How the sessions were worked out, a sentence each. */
  readonly notes: readonly string[]
}

export type Trace = LoadTrace | SessionTrace

/** Both since the beginning of the trace. */
export interface PlayedSession {
  readonly atMs: number
  readonly lengthMs: number
}

/** Something that was not as it should be in the record, or not said there, and what was done about it. */
export interface Repair {
  readonly what: 'gap' | 'disorder' | 'duplicate' | 'negative' | 'absurd' | 'resampled' | 'cut' | 'assumed'
  /** In words, with the first place: `12 rows are out of order, first at line 318; sorted`. */
  readonly detail: string
  readonly count: number
  /** The time it concerns, where it is one stretch. */
  readonly when: Interval | null
}

export function endOf({ startAt, stepMs, length }: LoadTrace): EpochMs {
  return startAt + stepMs * length
}
