/**
 * Where does an instance count? One answer for the engine's counts and for the planner.
 *
 * Example: ready and open is `open`; booting is `pending`; closed with two sessions is `draining`; lost is `failed`.
 */
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { CapacityCounts } from '../model/observation.ts'
import { isSick } from './health.ts'
import { movingOf } from './repairs.ts'

/**
 * Counts as the engine sees them. Booting and opening are ordered, not yet there; closing and closed are leaving.
 * Failed and owed places are kept only as far as they are not filled already: replacements that were launched while
 * the failed ones still stand must not count twice. Neither must one that moves to another zone and its successor.
 *
 * @param exclusive nobody else adds instances
 */
export function countCapacity(
  { instances, orders }: Inventory,
  memory: Memory,
  exclusive = false,
): CapacityCounts {
  let open = 0
  let pending = orders.length
  let draining = 0
  let vacant = memory.owed
  const moving = movingOf(memory)
  for (const instance of instances) {
    switch (standingOf(instance)) {
      case 'open':
        if (moving.has(instance.id)) vacant += 1
        else open += 1
        break
      case 'pending':
        pending += 1
        break
      case 'failed':
        vacant += 1
        break
      case 'draining':
        draining += 1
        break
    }
  }
  const unfilled = memory.expected === null ? vacant : Math.max(0, memory.expected - open - pending)
  const counts = { open, pending, draining, replacing: Math.min(vacant, unfilled) }
  return resized(withoutSurplus(counts, memory, exclusive), memory)
}

/**
 * More than was decided on: sick ones that recovered beside their replacements, a launch that came late. Where nobody else acts,
 * and where we know that they may be there, they are leaving, and no reason to want more.
 */
function withoutSurplus(
  counts: CapacityCounts,
  { expected, beside = 0 }: Memory,
  exclusive: boolean,
): CapacityCounts {
  const { open, pending, draining } = counts
  if (expected === null || open + pending <= expected) return counts
  const above = open + pending - expected
  const surplus = exclusive ? above : Math.min(above, beside)
  const fewerPending = Math.min(surplus, pending)
  const fewerOpen = surplus - fewerPending
  return { ...counts, open: open - fewerOpen, pending: pending - fewerPending, draining: draining + surplus }
}

/** What was asked of a target that cannot choose, and is not there yet: which ones will go is not known. */
function resized(counts: CapacityCounts, { resize = null }: Memory): CapacityCounts {
  if (resize === null) return counts
  const { open, pending, draining, replacing } = counts
  const there = open + pending + replacing
  if (resize.count >= there) return { ...counts, pending: pending + resize.count - there }
  const leaving = there - resize.count
  const fewerReplacing = Math.min(leaving, replacing)
  const fewerPending = Math.min(leaving - fewerReplacing, pending)
  return {
    open: open - (leaving - fewerReplacing - fewerPending),
    pending: pending - fewerPending,
    draining: draining + leaving,
    replacing: replacing - fewerReplacing,
  }
}

export type Standing = 'open' | 'pending' | 'draining' | 'failed'

/**
 * Where an instance counts. `failed` is lost, sick or to be drained by an operator's word, while it still holds its place (is
 * not closed).
 */
export function standingOf({ sealed, lifecycle, admission, health, order }: Instance): Standing {
  if (sealed || lifecycle === 'terminating' || lifecycle === 'gone') return 'draining'
  if (admission === 'closed' || admission === 'closing') return 'draining'
  if (lifecycle === 'lost' || order === 'drain') return 'failed'
  if (lifecycle !== 'ready') return 'pending'
  if (isSick(health)) return 'failed'
  return admission === 'open' ? 'open' : 'pending'
}
