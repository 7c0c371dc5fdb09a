/**
 * Where does an instance count? One answer for the engine's counts and for the planner.
 *
 * Example: ready and open is `open`; booting is `pending`; closed with two sessions is `draining`; lost is `failed`.
 */
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { CapacityCounts } from '../model/observation.ts'

/**
 * Counts as the engine sees them. Booting and opening are ordered, not yet there; closing and closed are leaving.
 * Failed and owed places are kept only as far as they are not filled already: replacements that were launched while
 * the failed ones still stand must not count twice.
 */
export function countCapacity({ instances, orders }: Inventory, memory: Memory): CapacityCounts {
  let open = 0
  let pending = orders.length
  let draining = 0
  let vacant = memory.owed
  for (const instance of instances) {
    switch (standingOf(instance)) {
      case 'open':
        open += 1
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
  return { open, pending, draining, replacing: Math.min(vacant, unfilled) }
}

export type Standing = 'open' | 'pending' | 'draining' | 'failed'

/** Where an instance counts. `failed` is lost or unhealthy while it still holds its place (not closed). */
export function standingOf(instance: Instance): Standing {
  if (instance.sealed || instance.lifecycle === 'terminating' || instance.lifecycle === 'gone')
    return 'draining'
  if (instance.admission === 'closed' || instance.admission === 'closing') return 'draining'
  if (instance.lifecycle === 'lost' || instance.health === 'unhealthy') return 'failed'
  return instance.lifecycle === 'ready' && instance.admission === 'open' ? 'open' : 'pending'
}
