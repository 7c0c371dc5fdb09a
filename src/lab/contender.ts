/**
 * Whoever says how many instances there should be: an operator's rules, or another autoscaler beside them. In the lab all of
 * them see the same and act on the same fleet.
 *
 * Example: at a load of 4,100 with 40 ready and 2 booting a contender answers 44: two more are ordered.
 */
import type { Decision } from '../model/decision.ts'

/** What is known at the moment of a decision. The same object is used again for the next one. */
export interface Seen {
  /** Time since the replay began. */
  readonly atMs: number
  /** Number of the last bin that is known: the one just ended, or an earlier one where metrics are late; -1 before the first. */
  readonly bin: number
  /** Load of that bin; NaN is a gap. */
  readonly load: number
  /** Share of the ready capacity that was in use in that bin: above 1 where it did not suffice. */
  readonly utilizationRatio: number
  /** What waited for room at the end of that bin, in units of load times bins; 0 where nothing waits. */
  readonly backlog: number
  readonly ready: number
  /** Ordered and not ready yet. */
  readonly booting: number
}

export interface Contender {
  readonly name: string
  /** @returns how many there should be, ready and booting together; a whole number, at least 0 */
  next(seen: Seen): number
  /** The bounds in force at the last decision; left out where it has none. */
  readonly bounds?: { readonly lowest: number; readonly highest: number } | null
  /** The last decision, maybe without its sentence; left out by one that has no more to say than its count. */
  readonly decision?: Decision | null
  /** The last decision with its sentence: asked for only where it is kept. */
  tell?(): Decision | null
}
