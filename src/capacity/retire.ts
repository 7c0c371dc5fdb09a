/**
 * Excess: give up what is still booting, then close the open instances that are cheapest to close. Booting capacity
 * never justifies a close: only open instances beyond the desired count are closed.
 *
 * Example: desired 3, four open with 2, 0, 5 and 1 sessions: the one with 0 is closed.
 */
import type { Instance } from '../model/inventory.ts'
import { type Draft, sealedBy } from './plan.ts'

export function planRetirement(draft: Draft): void {
  const surplusOpen = Math.max(0, draft.open.length - draft.desired)
  const booting = stillBooting(draft)
  const surplus = draft.open.length + booting.length + draft.ordered - draft.desired
  giveUpBooting(draft, booting, surplus - surplusOpen)
  for (const instance of [...draft.open].sort(byCloseCost).slice(0, surplusOpen)) {
    draft.intents.push({
      kind: 'close',
      instance: instance.id,
      because: `${draft.desired} wanted; cheapest to close (${costText(instance)})`,
    })
  }
}

function stillBooting({ pending, intents }: Draft): Instance[] {
  const sealed = sealedBy(intents)
  return pending.filter(({ id, lifecycle }) => lifecycle !== 'ready' && !sealed.has(id))
}

/** Newest first: it has the longest still to boot. */
function giveUpBooting(draft: Draft, booting: readonly Instance[], count: number): void {
  for (const { id } of [...booting].sort(byYouth).slice(0, Math.max(0, count))) {
    const because = `${draft.desired} wanted; it is not ready yet and holds nothing`
    draft.intents.push({ kind: 'seal', instance: id, because })
    draft.intents.push({ kind: 'terminate', instance: id, because })
  }
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
