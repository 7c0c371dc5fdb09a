/**
 * Instances that failed: what is lost is cleared away (its sessions ended with it), what is sick is closed, so many at a
 * time, and what never became ready is given up. Their places are filled by the shortage that follows. A sick one that
 * recovers is reopened like any closed one.
 *
 * Example: `atOnce: 1`, two of twelve unhealthy: one is closed and replaced, then the other. One with sessions left waits for
 * them and does not hold up the next.
 */
import type { Instance } from '../model/inventory.ts'
import { closeIt, type Draft, giveUp, mayGo } from './draft.ts'
import { isSick } from './health.ts'
import { bootingSince, MOST_RESTARTS, restartsOf } from './repairs.ts'

export function planRepairs(draft: Draft): void {
  if (draft.frozen) return
  for (const instance of draft.failed) {
    if (instance.lifecycle !== 'lost') continue
    giveUp(draft, instance, `lost: ${instance.detail ?? 'it ended without being asked'}`)
  }
  closeSick(draft)
  closeByOrder(draft)
  for (const instance of draft.pending) {
    if (isOverdue(draft, instance) && mayGo(instance)) endOverdue(draft, instance)
  }
}

function endOverdue(draft: Draft, instance: Instance): void {
  if (instance.readyAt !== null) {
    closeIt(draft, instance, 'it was ready, and has not been for too long')
    draft.zones.add(instance.zone, -1)
    return
  }
  const because = 'it did not become ready in time'
  giveUp(draft, instance, because)
  draft.repairs.push({ at: draft.at, instance: instance.id, how: 'never-ready', because })
}

/** How many may be under repair at a time. */
export function repairBudget({ spec: { repair }, desired, slow }: Draft): number {
  return slow ? 1 : Math.max(repair.atOnce, Math.floor(repair.atOnceRatio * desired))
}

/**
 * A restart mends it, and it has not been restarted again and again. One that is suspect recovers or gets worse: in either
 * case it comes back.
 */
export function isRestartable(draft: Draft, instance: Instance): boolean {
  const { spec, memory, at, target } = draft
  if (spec.repair.how !== 'restart' || !target.restarts || !mayGo(instance) || instance.sealed) return false
  if (instance.lifecycle !== 'ready' || !isSick(instance.health) || instance.order !== null) return false
  const { load } = instance
  if (load.kind === 'unknown' || (load.kind === 'known' && load.slots > 0)) return false
  return restartsOf(spec, memory, instance.id, at) < MOST_RESTARTS
}

/** The worst first. */
function closeSick(draft: Draft): void {
  const sick = draft.failed
    .filter(({ lifecycle, order, health }) => lifecycle === 'ready' && order === null && isSick(health))
    .sort((a, b) => Number(a.health === 'suspect') - Number(b.health === 'suspect') || (a.id < b.id ? -1 : 1))
  if (sick.length === 0) return
  const budget = repairBudget(draft)
  let left = budget - underRepair(draft)
  for (const instance of sick) {
    if (!mayGo(instance)) continue
    if (left <= 0) {
      const because = `${instance.health}, and ${budget === 1 ? 'another is' : `${budget} others are`} under repair`
      draft.waiting.push({ what: 'repair', instance: instance.id, because, until: null })
      continue
    }
    left -= 1
    closeIt(draft, instance, `${instance.health}: ${instance.detail ?? 'its health probe fails'}`)
  }
}

/** One that only waits for its sessions to end is no work for anybody. */
function underRepair({ draining, pending, memory }: Draft): number {
  const closed = draining.filter(
    ({ lifecycle, health, load }) =>
      lifecycle === 'ready' && isSick(health) && !(load.kind === 'known' && load.slots > 0),
  )
  const restarted = new Set(
    memory.repairs.flatMap(({ how, instance }) => (how === 'restart' ? [instance] : [])),
  )
  return closed.length + pending.filter(({ id }) => restarted.has(id)).length
}

function closeByOrder(draft: Draft): void {
  for (const instance of draft.failed) {
    if (instance.order !== 'drain' || instance.lifecycle === 'lost' || !instance.listed) continue
    const because = 'an operator asked to drain it'
    if (instance.lifecycle === 'ready' || instance.readyAt !== null) closeIt(draft, instance, because)
    else giveUp(draft, instance, `${because}; it is not ready yet and holds nothing`)
  }
}

function isOverdue({ at, spec, memory }: Draft, instance: Instance): boolean {
  const since = bootingSince(instance, memory)
  return instance.lifecycle === 'booting' && since !== null && at - since >= spec.bootTimeoutMs
}
