/**
 * Closed instances: terminate one only when it is sealed, and seal it only when its load was seen zero *after* the
 * close took effect (invariant 2). Unknown load is never zero.
 *
 * Example: web-3 closed at 11:52:00; a load of 0 read at 11:51:59 proves nothing, the one read at 11:52:01 seals it.
 */
import type { Instance } from '../model/inventory.ts'
import type { Draft } from './draft.ts'

export function planDrains(draft: Draft): void {
  const reopening = new Set(
    draft.intents.flatMap(intent => (intent.kind === 'reopen' ? [intent.instance] : [])),
  )
  for (const instance of draft.draining) {
    if (instance.lifecycle === 'terminating' || reopening.has(instance.id)) continue
    planDrain(draft, instance)
  }
  for (const intent of [...draft.intents]) {
    if (intent.kind === 'close') planUntrackedEnd(draft, intent.instance)
  }
}

function planDrain(draft: Draft, instance: Instance): void {
  const { id, sealed, admission, lifecycle } = instance
  if (sealed) {
    draft.intents.push({ kind: 'terminate', instance: id, because: 'sealed and still there' })
  } else if (lifecycle === 'lost') {
    sealAndTerminate(draft, id, 'lost while it drained')
  } else if (admission === 'closing') {
    draft.intents.push({ kind: 'close', instance: id, because: 'the close was not acknowledged yet' })
  } else if (isEmpty(instance)) {
    sealAndTerminate(draft, id, 'closed and empty')
  } else {
    draft.waiting.push({ what: 'terminate', instance: id, because: busyBecause(instance), until: null })
  }
}

/** Without a router nobody places sessions: what is closed is empty. */
function planUntrackedEnd(draft: Draft, id: string): void {
  const instance = [...draft.open, ...draft.draining, ...draft.failed].find(candidate => candidate.id === id)
  if (instance?.load.kind === 'untracked') sealAndTerminate(draft, id, 'nobody places sessions on it')
}

function sealAndTerminate(draft: Draft, instance: string, because: string): void {
  draft.intents.push({ kind: 'seal', instance, because })
  draft.intents.push({ kind: 'terminate', instance, because })
}

function isEmpty({ load, closedAt }: Instance): boolean {
  switch (load.kind) {
    case 'untracked':
      return true
    case 'known':
      return load.slots === 0 && closedAt !== null && load.at > closedAt
    case 'unknown':
      return false
  }
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
