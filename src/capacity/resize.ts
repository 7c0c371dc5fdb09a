/**
 * A target that cannot choose a victim is only told how many. Which instance goes is its own affair, so a fleet with sessions
 * is made smaller only when none is in use anywhere, unless its configuration allows that sessions are cut. Smaller means less
 * than was last asked for: what was asked for before may be on its way.
 *
 * Example: 5 wanted of 3: `resize` to 5. 3 wanted of 5, two sessions on one of them: nothing, and the plan says why.
 */
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory, Resize } from '../model/memory.ts'
import type { Action, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { isFrozen } from './brake.ts'

export interface Resized {
  readonly actions: readonly Action[]
  readonly waiting: readonly Waiting[]
  readonly memory: Memory
}

export function planResize(
  { spec, at, desired, id }: { spec: FleetSpec; at: EpochMs; desired: number; id: string },
  { instances }: Inventory,
  memory: Memory,
): Resized {
  const there = instances.filter(exists).length
  const { resize = null } = memory
  const asked = resize?.count ?? there
  if (asked === desired) {
    const again = resize !== null && !resize.acknowledged && resize.at < at ? resize : null
    const held = again !== null && desired < there ? whyNotLess(spec, at, instances, memory) : null
    return {
      actions:
        again !== null && held === null ? [resizeTo(again, 'asked before, and the answer never came')] : [],
      waiting: held === null ? [] : [held],
      memory: { ...memory, owed: 0, expected: desired },
    }
  }
  const held = desired > asked ? whyNotMore(at, memory) : whyNotLess(spec, at, instances, memory)
  if (held !== null) {
    const owed = Math.max(0, desired - there)
    return { actions: [], waiting: [held], memory: { ...memory, owed, expected: Math.max(desired, there) } }
  }
  const begun: Resize = { token: id, count: desired, at, until: at + spec.bootTimeoutMs, acknowledged: false }
  return {
    actions: [resizeTo(begun, `${desired} wanted; which ones, the target chooses`)],
    waiting: [],
    memory: { ...memory, resize: begun, owed: 0, expected: desired },
  }
}

/** What was asked is in force until it is there, or took too long. */
export function resizeInForce(
  { resize = null }: Memory,
  instances: readonly Instance[],
  at: EpochMs,
): Pick<Memory, 'resize'> {
  if (resize === null) return {}
  const isOver = at >= resize.until || instances.filter(exists).length === resize.count
  return { resize: isOver ? null : resize }
}

function resizeTo({ token, count }: Resize, because: string): Action {
  return { kind: 'resize', id: token, count, because }
}

function exists({ lifecycle }: Instance): boolean {
  return lifecycle === 'ready' || lifecycle === 'booting'
}

function waits(because: string, until: EpochMs | null): Waiting {
  return { what: 'resize', instance: null, because, until }
}

function whyNotMore(at: EpochMs, { launchTrouble }: Memory): Waiting | null {
  if (launchTrouble === null || at >= launchTrouble.retryAt) return null
  return waits(`the last resize failed: ${launchTrouble.error}`, launchTrouble.retryAt)
}

function whyNotLess(
  { sessions }: FleetSpec,
  at: EpochMs,
  instances: readonly Instance[],
  memory: Memory,
): Waiting | null {
  const { freeze } = memory
  if (isFrozen(freeze, at)) return waits(freeze.because, freeze.until)
  const failed = whyNotMore(at, memory)
  if (failed !== null) return failed
  const kept = instances.filter(({ order }) => order === 'keep').length
  if (kept > 0) return waits(`an operator wants ${kept} kept, and the target chooses which ones go`, null)
  return sessions.mayCut ? null : sessionsHold(instances)
}

function sessionsHold(instances: readonly Instance[]): Waiting | null {
  const here = instances.filter(exists)
  const unknown = here.filter(({ load }) => load.kind === 'unknown').length
  const busy = here.filter(({ load }) => load.kind === 'known' && load.slots > 0).length
  if (unknown === 0 && busy === 0) return null
  const why =
    unknown > 0 ? `the load of ${unknown} is unknown, and unknown is never zero` : `${busy} hold sessions`
  return waits(`the target chooses which ones go, and ${why}; \`mayCut\` would allow it`, null)
}
