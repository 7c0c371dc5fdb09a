/**
 * Shortage: reopen closed instances first (they are warm and may hold sessions), then let those come back that a restart
 * mends, then launch the rest, spread over the zones.
 *
 * Example: short of 3 with one closed, healthy instance: reopen it, launch 2.
 */
import type { Instance } from '../model/inventory.ts'
import { type Draft, reopenIt } from './draft.ts'
import { isSick } from './health.ts'
import { isRestartable } from './repair.ts'
import { usableZones } from './zones.ts'

/** @returns capacity open or on its way once this is carried out */
export function planGrowth(draft: Draft): number {
  repeatReopens(draft)
  const kept = draft.pending.filter(({ id }) => !draft.leaving.has(id)).length
  let coming = draft.open.length + draft.reopened.size + kept + draft.ordered - repeated(draft)
  if (coming < draft.desired && draft.moving.length > 0) {
    draft.movesOff = true
    for (const { zone } of draft.moving) draft.zones.add(zone)
    coming += draft.moving.length
  }
  const shortage = draft.desired - coming
  if (shortage <= 0) return coming
  const reopened = planReopens(draft, shortage)
  const restarted = planReturns(draft, shortage - reopened)
  return coming + reopened + restarted + planLaunches(draft, shortage - reopened - restarted)
}

/** A reopen that was not acknowledged is asked again, as far as it is still wanted. */
function repeatReopens(draft: Draft): void {
  const opening = draft.pending.filter(
    ({ id, admission, lifecycle, listed }) =>
      admission === 'opening' && lifecycle === 'ready' && listed && !draft.leaving.has(id),
  )
  const wanted = Math.max(0, draft.desired - draft.open.length - draft.reopened.size)
  for (const { id } of opening.slice(0, wanted)) {
    draft.intents.push({ kind: 'reopen', instance: id, because: 'the reopen was not acknowledged yet' })
    draft.reopened.add(id)
  }
}

/** Pending ones that are reopened once more count already. */
function repeated({ pending, reopened }: Draft): number {
  return pending.filter(({ id }) => reopened.has(id)).length
}

/** Where most are missing first; there the most loaded, whose sessions make it the dearest to drain. */
function planReopens(draft: Draft, shortage: number): number {
  const candidates = draft.draining
    .filter(instance => isReopenable(draft, instance) && !draft.reopened.has(instance.id))
    .sort(byReopenWorth)
  const reopened = draft.zones.takeComing(candidates, shortage)
  for (const instance of reopened) {
    reopenIt(draft, instance, `${draft.desired} wanted, and it is still there${heldSessions(instance)}`)
  }
  return reopened.length
}

/** Closed, and nothing stands against its taking sessions again. What was gone once never does. */
export function isReopenable(
  { memory: { marks } }: Pick<Draft, 'memory'>,
  { id, lifecycle, health, sealed, listed, order }: Instance,
): boolean {
  if (lifecycle !== 'ready' || isSick(health) || sealed || !listed || order === 'drain') return false
  return (marks[id]?.goneAt ?? null) === null
}

function byReopenWorth(a: Instance, b: Instance): number {
  return slotsOf(b) - slotsOf(a) || (a.id < b.id ? -1 : 1)
}

function slotsOf({ load }: Instance): number {
  return load.kind === 'known' ? load.slots : 0
}

function heldSessions({ load }: Instance): string {
  return load.kind === 'known' && load.slots > 0 ? ` with ${load.slots} in use` : ''
}

/** Closed by now or in this plan, empty, and mended by a restart: no need to launch for these. */
function planReturns(draft: Draft, missing: number): number {
  if (missing <= 0 || draft.frozen) return 0
  const closing = draft.failed.filter(({ id }) => draft.leaving.has(id))
  const candidates = [...draft.draining, ...closing].filter(instance => isRestartable(draft, instance))
  for (const { id, zone } of candidates.slice(0, missing)) {
    draft.restarting.add(id)
    draft.zones.add(zone)
  }
  return draft.restarting.size
}

/** @returns how many were ordered */
function planLaunches(draft: Draft, missing: number): number {
  if (missing === 0) return 0
  const allowed = Math.min(launchesAllowed(draft), roomFor(draft, missing))
  const count = Math.min(missing, allowed)
  const launched =
    draft.target.zones.length === 0 ? launchAnywhere(draft, count) : launchInZones(draft, count)
  if (allowed > 0 && launched === count && count < missing) {
    const because = `${missing - count} more: at most ${allowed} at a time`
    draft.waiting.push({ what: 'launch', instance: null, because, until: null })
  }
  return launched
}

function launchAnywhere(draft: Draft, count: number): number {
  for (let n = 0; n < count; n++) launchIn(draft, null, `${draft.desired} wanted`)
  return count
}

function launchIn(draft: Draft, zone: string | null, because: string): void {
  draft.intents.push({ kind: 'launch', zone, because })
  draft.zones.add(zone)
}

/** Always in the emptiest zone where launches go well; one after trouble is tried with one. */
function launchInZones(draft: Draft, count: number): number {
  const { at, memory, target, zones, waiting } = draft
  const { well, tried } = usableZones(target.zones, memory.zoneTrouble, at)
  const usable = new Set([...well, ...tried])
  let launched = 0
  while (launched < count) {
    const zone = zones.emptiest(target.zones.filter(name => usable.has(name)))
    if (zone === null) break
    launchIn(draft, zone, `${draft.desired} wanted`)
    if (tried.includes(zone)) usable.delete(zone)
    launched += 1
  }
  if (launched < count) {
    const troubles = Object.entries(memory.zoneTrouble).filter(([name]) => target.zones.includes(name))
    const said = troubles.map(([name, { error }]) => `${name}: ${error}`).join('; ')
    const until = Math.min(...troubles.map(([, { retryAt }]) => retryAt))
    const because = `${count - launched} more: launches fail in every zone (${said})`
    waiting.push({ what: 'launch', instance: null, because, until: until > at ? until : null })
  }
  return launched
}

/** How many may be launched now; none, with a note why, while the last ones failed. */
export function launchesAllowed({ at, memory, spec, waiting, frozen }: Draft): number {
  const { launchTrouble, freeze } = memory
  if (frozen && freeze !== null && freeze.cause === 'replacements-fail') {
    waiting.push({ what: 'launch', instance: null, because: freeze.because, until: freeze.until })
    return 0
  }
  if (launchTrouble === null) return spec.launchBatch
  const { failures, error, retryAt } = launchTrouble
  // After a failure one launch at a time finds out whether the trouble is over.
  if (at >= retryAt) return 1
  const times = failures === 1 ? 'the last launch failed' : `${failures} launches failed in a row`
  waiting.push({ what: 'launch', instance: null, because: `${times}: ${error}`, until: retryAt })
  return 0
}

/** The target's own limit is for all that exists. While many are sick each may have one replacement, and no more. */
function roomFor(draft: Draft, missing: number): number {
  const { target, desired, open, moving, pending, draining, failed, ordered, frozen, waiting } = draft
  const serving = open.length + moving.length + pending.length + failed.length + ordered
  const room = (target.highest ?? Number.POSITIVE_INFINITY) - serving - draining.length
  const beside = frozen ? 2 * desired - serving : Number.POSITIVE_INFINITY
  const most = Math.max(0, Math.min(room, beside))
  if (most < missing) {
    const because =
      room <= beside
        ? `${missing - most} more: the target holds at most ${target.highest}, and ${draining.length + failed.length} are still to go`
        : `${missing - most} more: each unhealthy one has its replacement by now`
    waiting.push({ what: 'launch', instance: null, because, until: null })
  }
  return most
}
