/**
 * Excess: give up what is still booting, then close the open instances that are cheapest to close, from the fullest zone
 * first. Booting capacity never justifies a close: only open instances beyond the desired count are closed.
 *
 * Example: desired 3, four open with 2, 0, 5 and 1 sessions: the one with 0 is closed.
 */
import type { Instance } from '../model/inventory.ts'
import { isInLastMinutes } from '../model/paid-hour.ts'
import { byCloseCost, byYouth, costText } from './cost.ts'
import { closeIt, type Draft, mayGo, sealAndTerminate } from './draft.ts'

export function planRetirement(draft: Draft): void {
  if (draft.frozen) {
    draft.standing = Math.max(0, draft.open.length + draft.moving.length - draft.desired)
    return
  }
  const { open, pending, desired } = draft
  const back = [...draft.reopened].filter(id => draft.byId.get(id)?.admission !== 'opening').length
  const surplusOpen = Math.max(0, open.length + back - desired)
  // Launches nobody has seen yet are not counted: what they bring can be given up when it appears.
  const arriving = pending.filter(({ id }) => !draft.leaving.has(id))
  const surplusArriving = open.length + back + arriving.length - desired - surplusOpen
  const booting = arriving.filter(instance => instance.readyAt === null && mayGo(instance))
  giveUpBooting(draft, booting, surplusArriving)
  const opening = arriving.filter(({ id, readyAt }) => readyAt !== null && !draft.reopened.has(id))
  closeCheapest(draft, opening, surplusArriving - booting.length)
  closeMoved(draft)
  draft.standing =
    surplusOpen - closeCheapest(draft, open, draft.slow ? Math.min(1, surplusOpen) : surplusOpen)
  if (draft.standing > 0) noteStanding(draft)
}

/** @returns how many were closed */
function closeCheapest(draft: Draft, all: readonly Instance[], count: number): number {
  if (count <= 0) return 0
  const spared = sparedOf(draft)
  const candidates = all.filter(instance => mayGo(instance) && !spared.has(instance.id)).sort(byCloseCost)
  const closed = draft.zones.takeLeaving(paidUpFirst(draft, candidates), count)
  for (const instance of closed) {
    closeIt(draft, instance, `${draft.desired} wanted; cheapest to close (${costText(instance)})`)
  }
  return closed.length
}

/** Reopened since their drain took too long: closing them again at once would go on for ever. */
function sparedOf({ memory, spec, at }: Draft): ReadonlySet<string> {
  const { deadlineMs } = spec.sessions.drain
  const spared = memory.repairs.filter(
    ({ how, at: begun }) => how === 'reopen' && deadlineMs !== null && at - begun < deadlineMs,
  )
  return new Set(spared.map(({ instance }) => instance))
}

function noteStanding(draft: Draft): void {
  const because = draft.slow
    ? `${draft.standing} too many: one at a time, while ${draft.memory.freeze?.because ?? 'much fails'}`
    : `${draft.standing} too many stay: they are kept by an operator, missing from the list, or were reopened when their drain took too long`
  draft.waiting.push({ what: 'close', instance: null, because, until: null })
}

/** Newest first: it has the longest still to boot. */
function giveUpBooting(draft: Draft, booting: readonly Instance[], count: number): void {
  for (const instance of draft.zones.takeLeaving(paidUpFirst(draft, [...booting].sort(byYouth)), count)) {
    sealAndTerminate(draft, instance, `${draft.desired} wanted; it is not ready yet and holds nothing`)
  }
}

/** Their successors are open. */
function closeMoved(draft: Draft): void {
  if (draft.movesOff || draft.open.length < draft.desired) return
  for (const instance of draft.moving) {
    if (mayGo(instance)) closeIt(draft, instance, `another is open in an emptier zone than ${instance.zone}`)
  }
}

/** Where paid hours go by age, first those in the last minutes of theirs: the guard let only so many go. */
function paidUpFirst({ spec, at }: Draft, sorted: readonly Instance[]): readonly Instance[] {
  const { billingHour } = spec.guards
  if (billingHour?.by !== 'age' || billingHour.inLastMinutes === null) return sorted
  const { inLastMinutes } = billingHour
  const isPaidUp = ({ launchedAt }: Instance): boolean => isInLastMinutes(launchedAt, inLastMinutes, at)
  return [...sorted.filter(isPaidUp), ...sorted.filter(instance => !isPaidUp(instance))]
}
