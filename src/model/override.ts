/**
 * What an operator changed while the daemon runs, on top of the configuration and with an end, and the record of every
 * such act with who and why. At most one override stands on one subject of a fleet: a new one takes the place of the old.
 *
 * Example: `plimsoll set-capacity web 12 --for 2h --why "sale"` at noon is
 * `{ fleet: 'web', at: noon, until: noon + 2 h, who: 'ada', why: 'sale', change: { kind: 'capacity', count: 12 }, ... }`.
 */
import type { InstanceOrder } from './inventory.ts'
import type { Mode } from './spec.ts'
import type { EpochMs } from './time.ts'

export type OverrideChange =
  /** Nothing of the fleet's instances changes at all, whatever the rules and bounds say. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'mode'; readonly mode: Mode }
  /** Just so many instances, above every constraint. */
  | { readonly kind: 'capacity'; readonly count: number }
  | { readonly kind: 'rule-enabled'; readonly rule: string; readonly enabled: boolean }
  | { readonly kind: 'rule-rank'; readonly rule: string; readonly rank: number }
  /** One instance is kept in any case, or drained and let go; another one that has its id later is not meant. */
  | {
      readonly kind: 'instance'
      readonly instance: string
      readonly order: InstanceOrder
      readonly incarnation?: string | null
    }
  /** What froze itself because so much failed at once goes on all the same. */
  | { readonly kind: 'unfreeze' }

export interface Override {
  readonly id: string
  readonly fleet: string
  /** When it was set. */
  readonly at: EpochMs
  readonly who: string
  /** Empty when nothing was said. */
  readonly why: string
  /** It is in force before this moment; `null` until it is cleared. */
  readonly until: EpochMs | null
  readonly change: OverrideChange
}

export const NO_OVERRIDES: readonly Override[] = Object.freeze([])

export function isInForce({ until }: Override, at: EpochMs): boolean {
  return until === null || at < until
}

/** What it is about: two overrides of one subject cannot stand side by side. */
export function subjectOf(change: OverrideChange): string {
  switch (change.kind) {
    case 'pause':
    case 'mode':
    case 'capacity':
    case 'unfreeze':
      return change.kind
    case 'instance':
      return `${change.kind} ${change.instance}`
    case 'rule-enabled':
    case 'rule-rank':
      return `${change.kind} ${change.rule}`
  }
}

interface ActFrame {
  /** `null`: it concerns the whole configuration. */
  readonly fleet: string | null
  readonly at: EpochMs
  readonly who: string
  readonly why: string
}

/** An act before the store has numbered it. */
export type NewAct = ActFrame &
  (
    | {
        /** `ended`: its time was over; nobody cleared it. */
        readonly act: 'set' | 'cleared' | 'ended'
        readonly override: Override
      }
    | {
        readonly act: 'approved' | 'rejected'
        /** Id of the approval that was asked for; it is answered once. */
        readonly approval: string
      }
    | {
        readonly act: 'applied' | 'rolled-back'
        /** Digest of the configuration put in force, and of the one before. */
        readonly digest: string
        readonly from: string
      }
  )

export type OperatorAct = NewAct & {
  /** Grows with every act. */
  readonly id: number
}
