/**
 * Which instances change, in full: carrying a plan out leaves nothing to choose.
 *
 * Example: from 5 to 6 with web-3 closed: `{ actions: [{ kind: 'reopen', id: 'web/42/1', instance: 'web-3' }], waiting: [] }`.
 */
import type { EpochMs } from './time.ts'

/** `id` is `fleet/revision/n`: it is the idempotency token of whatever is called outside. */
export type Action =
  | { readonly kind: 'launch'; readonly id: string; readonly zone: string | null; readonly because: string }
  | { readonly kind: 'reopen'; readonly id: string; readonly instance: string; readonly because: string }
  | { readonly kind: 'close'; readonly id: string; readonly instance: string; readonly because: string }
  | {
      readonly kind: 'seal'
      readonly id: string
      readonly instance: string
      readonly because: string
      /** Sessions and all, since the operator wrote so: the router is not asked. */
      readonly force?: true
    }
  | { readonly kind: 'terminate'; readonly id: string; readonly instance: string; readonly because: string }
  /** Mends an instance in place. */
  | { readonly kind: 'restart'; readonly id: string; readonly instance: string; readonly because: string }
  /** On a target that cannot choose a victim: just so many. */
  | { readonly kind: 'resize'; readonly id: string; readonly count: number; readonly because: string }

/** Something the plan would do and does not do yet, with the reason. */
export interface Waiting {
  readonly what: 'launch' | 'terminate' | 'close' | 'repair' | 'resize' | 'everything'
  readonly instance: string | null
  readonly because: string
  readonly until: EpochMs | null
}

export interface Plan {
  readonly fleet: string
  readonly desired: number | null
  readonly actions: readonly Action[]
  readonly waiting: readonly Waiting[]
}

/**
 * What became of one action. `instance` is the id a launch was answered with, `output` what a custom action had to say; one
 * that was cut off by a restart has failed with the kind `interrupted`.
 */
export type Outcome =
  | {
      readonly action: string
      readonly outcome: 'done'
      readonly instance: string | null
      readonly output?: string
      readonly at: EpochMs
    }
  | {
      readonly action: string
      readonly outcome: 'failed'
      readonly kind: string
      readonly error: string
      readonly at: EpochMs
    }
