/**
 * May a decision be carried out in `notify` mode, where a person has the last word? Pure: what was asked before, what
 * was answered, and what is wanted now give what is asked, what may be done, and what is to be told.
 *
 * Example: 5 -> 7 was approved at 12:10, and now 6 is enough: 6 may be done. 8 is wanted now: 7 may be done, and the
 * next tick asks for the rest.
 */
import type { Approval, Verdict } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import type { EpochMs } from '../model/time.ts'

export interface Wish {
  readonly at: EpochMs
  readonly decision: Decision
  /** Why it is wanted, in the operator's words. */
  readonly because: string
  /** The plan holds something new: not only the end of what was begun before. */
  readonly begins: boolean
  readonly expiresMs: number
  /** The revision this tick commits. */
  readonly revision: number
}

export type ApprovalNews = 'wanted' | 'approved' | 'rejected' | 'expired' | 'withdrawn'

export interface Weighed {
  readonly approval: Approval | null
  /** The count that may be made now; `null`: nothing new may be begun. */
  readonly count: number | null
  readonly news: readonly { readonly news: ApprovalNews; readonly approval: Approval }[]
}

export function weighApproval(before: Approval | null, verdict: Verdict | null, wish: Wish): Weighed {
  if (before === null) return ask(wish)
  switch (before.state) {
    case 'waiting':
      return weighWaiting(before, verdict, wish)
    case 'approved':
      return stillApproved(before, wish) ? proceed(before, before.desired, []) : ask(wish)
    case 'rejected':
      return stillRejected(before, wish) ? { approval: before, count: null, news: [] } : ask(wish)
  }
}

/** Leaving `notify` mode (or pausing) leaves nothing to answer. */
export function withdrawApproval(before: Approval | null): Weighed {
  const news = before?.state === 'waiting' ? [{ news: 'withdrawn' as const, approval: before }] : []
  return { approval: null, count: null, news }
}

function weighWaiting(before: Approval, verdict: Verdict | null, wish: Wish): Weighed {
  if (verdict?.verdict === 'approved') return takeApproval({ ...before, state: 'approved' }, wish)
  if (verdict?.verdict === 'rejected') {
    // The same is not asked again for as long as an unanswered question would have stood.
    const rejected = { ...before, state: 'rejected' as const, expiresAt: verdict.at + wish.expiresMs }
    return { approval: rejected, count: null, news: [{ news: 'rejected', approval: rejected }] }
  }
  if (wish.at >= before.expiresAt) return after({ news: 'expired', approval: before }, ask(wish))
  if (wish.decision.desired === null) return { approval: before, count: null, news: [] }
  return isStillWanted(before, wish)
    ? { approval: before, count: null, news: [] }
    : after({ news: 'withdrawn', approval: before }, ask(wish))
}

/** Never more than was approved, and less where less is wanted by now. */
function takeApproval(approved: Approval, wish: Wish): Weighed {
  const told = { news: 'approved', approval: approved } as const
  const { desired } = wish.decision
  // Not seen how many there are: the word is kept for a tick that does.
  if (desired === null) return { approval: { ...approved, state: 'waiting' }, count: null, news: [] }
  if (!isStillWanted(approved, wish)) {
    return { approval: null, count: null, news: [told, { news: 'withdrawn', approval: approved }] }
  }
  const count =
    approved.direction === 'in' ? Math.max(approved.desired, desired) : Math.min(approved.desired, desired)
  return proceed({ ...approved, desired: count }, count, [told])
}

function proceed(approval: Approval, count: number, news: Weighed['news']): Weighed {
  return { approval, count, news }
}

/** The same way; how far is looked at when it is carried out. */
function isStillWanted({ direction }: Approval, { decision, begins }: Wish): boolean {
  return begins && decision.direction === direction
}

/** The fleet stands, or is being brought, where it was approved to stand. */
function stillApproved({ desired }: Approval, { decision }: Wish): boolean {
  if (decision.desired === null) return true
  return decision.desired === desired && decision.direction === 'none'
}

/** Until it expires, or something else is wanted. That nothing is wanted for a while changes nothing. */
function stillRejected({ desired, direction, expiresAt }: Approval, { at, decision, begins }: Wish): boolean {
  if (at >= expiresAt) return false
  return !begins || (decision.desired === desired && decision.direction === direction)
}

function ask({ at, decision, because, begins, expiresMs, revision }: Wish): Weighed {
  const { fleet, current, desired, direction, rule } = decision
  if (!begins || current === null || desired === null) return { approval: null, count: null, news: [] }
  const approval: Approval = {
    id: `${fleet}-${revision}`,
    at,
    current,
    desired,
    direction,
    rule,
    because,
    expiresAt: at + expiresMs,
    state: 'waiting',
  }
  return { approval, count: null, news: [{ news: 'wanted', approval }] }
}

function after(first: Weighed['news'][number], { approval, count, news }: Weighed): Weighed {
  return { approval, count, news: [first, ...news] }
}
