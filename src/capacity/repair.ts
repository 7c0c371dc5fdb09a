/**
 * Instances that failed: what is lost is cleared away (its sessions ended with it), what is unhealthy is closed, what
 * never became ready is given up. Their places are filled by the shortage that follows. When many are unhealthy at
 * once the cause is probably shared, and nothing is closed for it.
 *
 * Example: one of five unhealthy: close it, launch one. Three of five: wait, and say so.
 */
import type { Instance } from '../model/inventory.ts'
import type { Draft } from './draft.ts'

/** Beyond this share of the wanted count (and more than one) unhealthiness is taken for a shared cause. */
const SHARED_CAUSE_RATIO = 0.4

export function planRepairs(draft: Draft): void {
  const lost = draft.failed.filter(({ lifecycle }) => lifecycle === 'lost')
  const unhealthy = draft.failed.filter(({ lifecycle }) => lifecycle !== 'lost')
  for (const instance of lost)
    giveUp(draft, instance, `lost: ${instance.detail ?? 'it ended without being asked'}`)
  closeUnhealthy(draft, unhealthy)
  for (const instance of draft.pending) {
    if (isOverdue(draft, instance)) giveUp(draft, instance, 'it did not become ready in time')
  }
}

function closeUnhealthy(draft: Draft, unhealthy: readonly Instance[]): void {
  if (unhealthy.length > Math.max(1, draft.desired * SHARED_CAUSE_RATIO)) {
    const because = `${unhealthy.length} instances are unhealthy at once (${draft.desired} wanted), which looks like one shared cause`
    for (const { id } of unhealthy) draft.waiting.push({ what: 'close', instance: id, because, until: null })
    return
  }
  for (const { id, detail } of unhealthy) {
    draft.intents.push({
      kind: 'close',
      instance: id,
      because: `unhealthy: ${detail ?? 'its health probe fails'}`,
    })
  }
}

function isOverdue({ at, spec }: Draft, { lifecycle, launchedAt }: Instance): boolean {
  return lifecycle === 'booting' && launchedAt !== null && at - launchedAt >= spec.bootTimeoutMs
}

function giveUp(draft: Draft, { id }: Instance, because: string): void {
  draft.intents.push({ kind: 'seal', instance: id, because })
  draft.intents.push({ kind: 'terminate', instance: id, because })
}
