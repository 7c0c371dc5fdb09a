/**
 * What operators did and were asked, in words.
 *
 * Example: `ada set: capacity set to 12 until 2026-11-21T14:00:00.000Z (sale)`.
 */
import { changedWhat } from '../engine/explain.ts'
import type { Approval } from '../model/approval.ts'
import type { NewAct, Override } from '../model/override.ts'
import { isoOf } from './instant.ts'

export function tellAct(act: NewAct): string {
  return `${act.who} ${whatOf(act)}${act.why === '' ? '' : ` (${act.why})`}`
}

function whatOf(act: NewAct): string {
  switch (act.act) {
    case 'set':
      return `set: ${tellOverride(act.override)}`
    case 'cleared':
      return `cleared: ${changedWhat(act.override.change)}`
    case 'ended':
      return `ended: ${changedWhat(act.override.change)}`
    case 'approved':
    case 'rejected':
      return `${act.act} ${act.approval}`
    case 'applied':
      return `applied configuration ${act.digest}`
    case 'rolled-back':
      return `rolled back to configuration ${act.digest}`
  }
}

export function tellOverride({ change, until }: Pick<Override, 'change' | 'until'>): string {
  return `${changedWhat(change)}${until === null ? ', until it is cleared' : ` until ${isoOf(until)}`}`
}

const NEWS = {
  'approval-wanted': 'waits for approval',
  'approval-withdrawn': 'is no longer needed',
  approved: 'was approved',
  rejected: 'was rejected',
  expired: 'was not answered in time',
} as const

export function tellApproval({
  type,
  approval,
}: {
  readonly type: keyof typeof NEWS
  readonly approval: Approval
}): string {
  const { id, because } = approval
  const answer = type === 'approval-wanted' ? `; plimsoll approve ${id}, or reject ${id}` : ''
  return `${tellWish(approval)} ${NEWS[type]} (${id}): ${because}${answer}`
}

export function tellWish({ direction, current, desired }: Approval): string {
  return direction === 'none' ? `keeping ${desired}` : `${current} -> ${desired}`
}
