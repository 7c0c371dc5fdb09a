/**
 * A decision that waits for a person's word (mode `notify`), and what became of it. Kept in the fleet's memory, so it
 * survives a restart.
 *
 * Example: "Scale up" wants 6 of 5 at 12:04:
 * `{ id: 'web-42', current: 5, desired: 6, direction: 'out', state: 'waiting', expiresAt: 12:34, ... }`.
 */
import type { Direction } from './decision.ts'
import type { EpochMs } from './time.ts'

export interface Approval {
  /** The fleet and the revision it was asked in: `web-42`. */
  readonly id: string
  /** When it was asked for. */
  readonly at: EpochMs
  readonly current: number
  readonly desired: number
  /** `none`: the count stays, and what was lost is to be replaced. */
  readonly direction: Direction
  readonly rule: string | null
  readonly because: string
  /** Waiting: unanswered until then, it is asked anew. Rejected: the same is not asked again before. */
  readonly expiresAt: EpochMs
  /**
   * `approved` stays while the fleet stands at the approved count: what that count needs (a launch that failed, an
   * instance that was lost) is then done without another question.
   */
  readonly state: 'waiting' | 'approved' | 'rejected'
}

/** The word of a person on one approval. */
export interface Verdict {
  readonly approval: string
  readonly verdict: 'approved' | 'rejected'
  readonly at: EpochMs
  readonly who: string
  readonly why: string
}
