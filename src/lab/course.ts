/**
 * What became of a fleet in a replay, bin by bin, and each decision that changed something.
 *
 * Example: `course.ready[17]` is the average number of ready instances in the bin from 00:17 to 00:18, `course.lost[17]` the load
 * of that minute that found none.
 */
import type { Decision } from '../model/decision.ts'
import type { EpochMs, Interval } from '../model/time.ts'

export interface Course {
  /** Who decided: the file's fleet, or a baseline. */
  readonly name: string
  readonly startAt: EpochMs
  readonly stepMs: number
  readonly length: number
  /** Per bin, `length` values each. Load, served, lost and refused in the load's own unit: served + lost + refused + rise of the backlog = load. */
  readonly load: Float64Array
  readonly served: Float64Array
  readonly lost: Float64Array
  readonly refused: Float64Array
  /** What waits at the end of the bin, in the unit of a bin's load. */
  readonly backlog: Float64Array
  /** The fewest instances that could have served the load of the bin. */
  readonly needed: Float64Array
  /** Time-weighted averages. */
  readonly ready: Float64Array
  readonly paid: Float64Array
  /** What the last decision in or before the bin asked for. */
  readonly desired: Float64Array
  /** The bounds in force; NaN where nobody set one. */
  readonly lowest: Float64Array
  readonly highest: Float64Array
  readonly decisions: readonly CourseDecision[]
  /** Where the record hit its ceiling: the true load was at least this. */
  readonly censored: readonly Interval[]
  /** Where the simulated count is so far from the recorded one that the recorded values say little. */
  readonly doubtful: readonly Interval[]
  /** How many decisions were made, with and without a change. */
  readonly ticks: number
  /** How long the replay took on the wall clock. */
  readonly elapsedMs: number
}

/** A decision that changed the count, or whose outcome differs from the one before it. */
export interface CourseDecision {
  readonly at: EpochMs
  readonly from: number
  readonly to: number
  /** Of a rule or constraint of the operator; `null` for a baseline. */
  readonly rule: string | null
  readonly because: string
  /** Whole, with its steps, where it changed the count; `null` else, and for a baseline. */
  readonly decision: Decision | null
}
