/**
 * Closed instances: terminate one only when it is sealed, and seal it only when its load was seen zero *after* the
 * close took effect (invariant 2). Unknown load is never zero. What drains for too long is kept and told of, reopened, or,
 * only where the operator wrote so, ended with its sessions.
 *
 * Example: web-3 closed at 11:52:00; a load of 0 read at 11:51:59 proves nothing, the one read at 11:52:01 seals it.
 */
import type { Instance } from '../model/inventory.ts'
import type { EpochMs } from '../model/time.ts'
import { type Draft, mayGo, reopenIt, restartIt, sealAndTerminate } from './draft.ts'
import { isReopenable } from './grow.ts'

/** A suspect one recovers or gets worse within this many probes' time; one that does neither is let go. */
const SUSPECT_PROBES = 30
const SUSPECT_MS = 60_000

/** Those whose drain took too long, where they are to be reopened: before anything else is reopened or launched. */
export function planDeadlines(draft: Draft): void {
  if (draft.spec.sessions.drain.pastDeadline !== 'reopen') return
  for (const instance of draft.draining) {
    if (overdueSince(draft, instance) === null || isEmpty(instance)) continue
    if (instance.admission !== 'closed' || !isReopenable(draft, instance)) continue
    const because = `its drain took longer than ${durationText(draft.spec.sessions.drain.deadlineMs)}`
    reopenIt(draft, instance, because)
    draft.zones.add(instance.zone)
    draft.repairs.push({ at: draft.at, instance: instance.id, how: 'reopen', because })
  }
}

export function planDrains(draft: Draft): void {
  for (const instance of draft.draining) {
    if (instance.lifecycle === 'terminating' || draft.reopened.has(instance.id) || !instance.listed) continue
    if (draft.frozen) noteFrozen(draft, instance)
    else planDrain(draft, instance)
  }
  for (const intent of [...draft.intents]) {
    if (intent.kind === 'close') planUntrackedEnd(draft, intent.instance)
  }
}

/** When an instance was closed whose drain should be over by now; `null`: its drain is in time. */
export function overdueSince(
  { at, spec }: Pick<Draft, 'at' | 'spec'>,
  { closedAt }: Instance,
): EpochMs | null {
  const { deadlineMs } = spec.sessions.drain
  return deadlineMs !== null && closedAt !== null && at - closedAt >= deadlineMs ? closedAt : null
}

/** Nothing is placed on it, and nothing was on it when it was looked at after that. */
export function isEmpty({ load, closedAt }: Instance): boolean {
  switch (load.kind) {
    case 'untracked':
      return true
    case 'known':
      return load.slots === 0 && closedAt !== null && load.at > closedAt
    case 'unknown':
      return false
  }
}

function planDrain(draft: Draft, instance: Instance): void {
  const { id, sealed, admission, lifecycle } = instance
  const isSealed = sealed && draft.memory.marks[id]?.seal !== 'sealing'
  if (lifecycle === 'lost') {
    sealAndTerminate(draft, instance, 'lost while it drained')
  } else if (!mayGo(instance)) {
    draft.waiting.push({ what: 'terminate', instance: id, because: 'an operator wants it kept', until: null })
  } else if (isSealed) {
    draft.intents.push({ kind: 'terminate', instance: id, because: 'sealed and still there' })
  } else if (sealed) {
    sealAndTerminate(draft, instance, 'the seal was not acknowledged yet')
  } else if (admission === 'closing') {
    draft.intents.push({ kind: 'close', instance: id, because: 'the close was not acknowledged yet' })
  } else if (hasNothing(instance)) {
    letGo(draft, instance)
  } else if (overdueSince(draft, instance) !== null && draft.spec.sessions.drain.pastDeadline === 'force') {
    sealAndTerminate(draft, instance, forcedBecause(draft, instance), true)
  } else {
    noteBusy(draft, instance)
  }
}

/** One that never was ready never had a session. */
function hasNothing(instance: Instance): boolean {
  return isEmpty(instance) || (instance.lifecycle === 'booting' && instance.readyAt === null)
}

function letGo(draft: Draft, instance: Instance): void {
  const { id, health, detail } = instance
  if (isUndecided(draft, instance)) {
    const because = 'it is suspect, and recovers or gets worse before it is let go'
    draft.waiting.push({ what: 'repair', instance: id, because, until: null })
  } else if (draft.restarting.has(id)) {
    restartIt(draft, instance, `${health} and empty: ${detail ?? 'its health probe fails'}`)
  } else {
    sealAndTerminate(draft, instance, 'closed and empty')
    if (health === 'unhealthy')
      draft.repairs.push({ at: draft.at, instance: id, how: 'replace', because: 'unhealthy' })
  }
}

/** Suspicion closes an instance, and may be mistaken. */
function isUndecided({ at, spec }: Draft, { health, closedAt, order }: Instance): boolean {
  if (health !== 'suspect' || order === 'drain' || closedAt === null) return false
  return at - closedAt < Math.max(SUSPECT_MS, SUSPECT_PROBES * (spec.health?.everyMs ?? 0))
}

/** Without a router nobody places sessions: what is closed is empty. */
function planUntrackedEnd(draft: Draft, id: string): void {
  const instance = draft.byId.get(id)
  if (instance?.load.kind !== 'untracked' || instance.health === 'suspect' || !mayGo(instance)) return
  if (draft.restarting.has(id)) {
    restartIt(draft, instance, `unhealthy: ${instance.detail ?? 'its health probe fails'}`)
    return
  }
  sealAndTerminate(draft, instance, 'nobody places sessions on it')
  if (instance.health !== 'unhealthy' || instance.lifecycle !== 'ready') return
  draft.repairs.push({ at: draft.at, instance: id, how: 'replace', because: 'unhealthy' })
}

/** Nothing is ended now, not even what is sealed. */
function noteFrozen(draft: Draft, instance: Instance): void {
  if (!instance.sealed) {
    noteBusy(draft, instance)
    return
  }
  const because = 'it is sealed, and ended once the repair is no longer held back'
  const until = draft.memory.freeze?.until ?? null
  draft.waiting.push({ what: 'terminate', instance: instance.id, because, until })
}

function noteBusy(draft: Draft, instance: Instance): void {
  if (hasNothing(instance)) return
  const overdue = overdueSince(draft, instance)
  const late =
    overdue === null
      ? ''
      : `; closed for ${durationText(draft.at - overdue)}, longer than the ${durationText(draft.spec.sessions.drain.deadlineMs)} a drain may last`
  const because = `${busyBecause(instance)}${late}`
  draft.waiting.push({ what: 'terminate', instance: instance.id, because, until: null })
}

function forcedBecause(draft: Draft, { load }: Instance): string {
  const ends = load.kind === 'known' ? `${load.slots} in use` : 'an unknown number in use'
  return `its drain took longer than ${durationText(draft.spec.sessions.drain.deadlineMs)}, and the configuration says to end it then, with ${ends}`
}

function busyBecause({ load }: Instance): string {
  switch (load.kind) {
    case 'known':
      return load.slots > 0 ? `${load.slots} in use` : 'its load was not read since the close'
    case 'unknown':
      return `its load is unknown (${load.because}), and unknown is never zero`
    case 'untracked':
      return 'nothing'
  }
}

function durationText(ms: number | null): string {
  if (ms === null) return 'any time'
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 360_000) / 10} h`
}
