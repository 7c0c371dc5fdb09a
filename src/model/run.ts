/**
 * A custom action that was begun and whose outcome is not in the journal yet. Committed with the tick that began it, so
 * that after a restart it is known to have been interrupted, and is not run again.
 *
 * Example: the first action that revision 42 of web begins: `{ id: 'web/42/run/1', revision: 42, rule: 'Backlog',
 * action: 'provision', at: 12:04 }`.
 */
import type { Decision } from './decision.ts'
import type { EpochMs } from './time.ts'

export interface Run {
  /** Idempotency token, and the name of its outcome. */
  readonly id: string
  /** Of the journal entry it belongs to. */
  readonly revision: number
  readonly rule: string
  readonly action: string
  readonly at: EpochMs
}

/** The runs a decision asks for, in its order. */
export function runsOf({ fleet, at, effects }: Decision, revision: number): readonly Run[] {
  return effects
    .filter(({ kind }) => kind === 'run')
    .map(({ rule, name }, index) => ({ id: runId(fleet, revision, index), revision, rule, action: name, at }))
}

/** @param index counts a decision's runs from 0 */
export function runId(fleet: string, revision: number, index: number): string {
  return `${fleet}/${revision}/run/${index + 1}`
}
