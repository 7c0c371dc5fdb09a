/**
 * Excess: give up what is still booting, then close the open instances that are cheapest to close. Booting capacity
 * never justifies a close: only open instances beyond the desired count are closed.
 *
 * Example: desired 3, four open with 2, 0, 5 and 1 sessions: the one with 0 is closed.
 */
import type { Instance } from '../model/inventory.ts'
import { isInLastMinutes } from '../model/paid-hour.ts'
import { type Draft, sealedBy } from './draft.ts'

export function planRetirement(draft: Draft): void {
  const surplusOpen = Math.max(0, draft.open.length - draft.desired)
  // Launches nobody has seen yet are not counted: what they bring can be given up when it appears.
  const arriving = draft.pending.filter(({ id }) => !sealedBy(draft.intents).has(id))
  const surplusArriving = draft.open.length + arriving.length - draft.desired - surplusOpen
  const booting = arriving.filter(({ admission }) => admission !== 'opening')
  giveUpBooting(draft, booting, surplusArriving)
  const reopening = new Set(
    draft.intents.flatMap(intent => (intent.kind === 'reopen' ? [intent.instance] : [])),
  )
  const opening = arriving.filter(({ id, admission }) => admission === 'opening' && !reopening.has(id))
  closeCheapest(draft, opening, surplusArriving - booting.length)
  closeCheapest(draft, draft.open, surplusOpen)
}

function closeCheapest(draft: Draft, candidates: readonly Instance[], count: number): void {
  for (const instance of paidUpFirst(draft, [...candidates].sort(byCloseCost)).slice(0, Math.max(0, count))) {
    draft.intents.push({
      kind: 'close',
      instance: instance.id,
      because: `${draft.desired} wanted; cheapest to close (${costText(instance)})`,
    })
  }
}

/** Newest first: it has the longest still to boot. */
function giveUpBooting(draft: Draft, booting: readonly Instance[], count: number): void {
  for (const { id } of paidUpFirst(draft, [...booting].sort(byYouth)).slice(0, Math.max(0, count))) {
    const because = `${draft.desired} wanted; it is not ready yet and holds nothing`
    draft.intents.push({ kind: 'seal', instance: id, because })
    draft.intents.push({ kind: 'terminate', instance: id, because })
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

function byYouth(a: Instance, b: Instance): number {
  return (b.launchedAt ?? 0) - (a.launchedAt ?? 0) || (a.id < b.id ? 1 : -1)
}

/** Sessions first; an unknown load may be anything, so it is the dearest. Then the youngest, whose caches are coldest. */
function byCloseCost(a: Instance, b: Instance): number {
  const difference = closeCost(a) - closeCost(b)
  return Number.isNaN(difference) || difference === 0 ? byYouth(a, b) : difference
}

function closeCost({ load }: Instance): number {
  switch (load.kind) {
    case 'known':
      return load.slots
    case 'untracked':
      return 0
    case 'unknown':
      return Number.POSITIVE_INFINITY
  }
}

function costText({ load }: Instance): string {
  switch (load.kind) {
    case 'known':
      return `${load.slots} in use`
    case 'untracked':
      return 'the youngest'
    case 'unknown':
      return 'load unknown'
  }
}
