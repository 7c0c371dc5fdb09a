/**
 * Shortage: reopen closed instances first (they are warm and may hold sessions), then launch the rest.
 *
 * Example: short of 3 with one closed, healthy instance: reopen it, launch 2.
 */
import type { Instance } from '../model/inventory.ts'
import { type Draft, sealedBy } from './draft.ts'

/** @returns capacity open or on its way once this is carried out */
export function planGrowth(draft: Draft): number {
  repeatReopens(draft)
  const coming = draft.open.length + draft.pending.length + draft.ordered - cancelled(draft)
  const shortage = draft.desired - coming
  if (shortage <= 0) return coming
  const reopened = draft.draining.filter(isReopenable).sort(byReopenWorth).slice(0, shortage)
  for (const instance of reopened) {
    draft.intents.push({
      kind: 'reopen',
      instance: instance.id,
      because: `${draft.desired} wanted, and it is still there${heldSessions(instance)}`,
    })
  }
  return coming + reopened.length + planLaunches(draft, shortage - reopened.length)
}

/** A reopen that was not acknowledged is asked again, as far as it is still wanted. */
function repeatReopens(draft: Draft): void {
  const opening = draft.pending.filter(
    ({ admission, lifecycle }) => admission === 'opening' && lifecycle === 'ready',
  )
  const wanted = Math.max(0, draft.desired - draft.open.length)
  for (const { id } of opening.slice(0, wanted)) {
    draft.intents.push({ kind: 'reopen', instance: id, because: 'the reopen was not acknowledged yet' })
  }
}

/** Instances still booting that this plan gives up. */
function cancelled({ intents, pending }: Draft): number {
  const sealed = sealedBy(intents)
  return pending.filter(({ id }) => sealed.has(id)).length
}

function isReopenable({ lifecycle, health, sealed }: Instance): boolean {
  return lifecycle === 'ready' && health !== 'unhealthy' && !sealed
}

/** Most loaded first: its sessions make it the dearest to drain. */
function byReopenWorth(a: Instance, b: Instance): number {
  return slotsOf(b) - slotsOf(a) || (a.id < b.id ? -1 : 1)
}

function slotsOf({ load }: Instance): number {
  return load.kind === 'known' ? load.slots : 0
}

function heldSessions({ load }: Instance): string {
  return load.kind === 'known' && load.slots > 0 ? ` with ${load.slots} in use` : ''
}

/** @returns how many were ordered */
function planLaunches(draft: Draft, missing: number): number {
  if (missing === 0) return 0
  const allowed = launchesAllowed(draft)
  const count = Math.min(missing, allowed)
  for (let n = 0; n < count; n++) {
    draft.intents.push({ kind: 'launch', zone: null, because: `${draft.desired} wanted` })
  }
  if (allowed > 0 && count < missing) {
    draft.waiting.push({
      what: 'launch',
      instance: null,
      because: `${missing - count} more: at most ${allowed} at a time`,
      until: null,
    })
  }
  return count
}

/** How many may be launched now; none, with a note why, while the last ones failed. */
export function launchesAllowed({ at, memory: { launchTrouble }, spec, waiting }: Draft): number {
  if (launchTrouble === null) return spec.launchBatch
  const { failures, error, retryAt } = launchTrouble
  // After a failure one launch at a time finds out whether the trouble is over.
  if (at >= retryAt) return 1
  const times = failures === 1 ? 'the last launch failed' : `${failures} launches failed in a row`
  waiting.push({ what: 'launch', instance: null, because: `${times}: ${error}`, until: retryAt })
  return 0
}
