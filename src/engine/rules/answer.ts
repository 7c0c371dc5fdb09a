/**
 * What a reactive rule answers when it is asked over some evidence at some count: nothing, that it does not know, that
 * the count is right, or another count. All kinds of rules answer alike, so reconciliation and the flapping projection
 * need not know them apart.
 *
 * Example: "Scale up" (`avg(cpu, 5m) > 80%`, by 1) over 83.2 at 4 instances answers `{ kind: 'want', count: 5 }`.
 */
import type { Observation, SessionCounts } from '../../model/observation.ts'
import type { Outlook } from '../../model/outlook.ts'
import type { Evidence } from '../condition.ts'

export type Answer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'hold' }
  /** True, but it asks for no count: its effects are all it has. */
  | { readonly kind: 'act' }
  | { readonly kind: 'want'; readonly count: number }

/** What is asked about: the evidence, and the counts it holds for. */
export interface Question {
  readonly evidence: Evidence
  /** What percents and steps start from: open + pending + replacing. */
  readonly current: number
  /** Open and ready: who carries the load. */
  readonly ready: number
  /** By operand slot: how many instances the value stands for; NaN where the samples name none. */
  readonly reporting: ArrayLike<number>
  readonly sessions: SessionCounts
  readonly outlooks: NonNullable<Observation['outlooks']>
}

export const NO_OUTLOOKS: Question['outlooks'] = Object.freeze({})

/** @param name of the rule; a rule may be called like something every object has */
export function outlookOf(outlooks: Question['outlooks'], name: string): Outlook | null {
  return Object.hasOwn(outlooks, name) ? (outlooks[name] ?? null) : null
}

export type Ask = (question: Question) => Answer

export const NOTHING: Answer = Object.freeze({ kind: 'nothing' })
export const UNKNOWN: Answer = Object.freeze({ kind: 'unknown' })
export const ACT: Answer = Object.freeze({ kind: 'act' })
export const HOLD: Answer = Object.freeze({ kind: 'hold' })

export function want(count: number): Answer {
  return { kind: 'want', count }
}
