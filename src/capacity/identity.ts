/**
 * Is this the one we know? An id may be used again: what has another incarnation, or was launched after the one that had the
 * id was gone, is another instance, and nothing that was known of the former holds for it (invariant 15).
 *
 * Example: web-1 (vm-a) was closed and sealed; the list has web-1 (vm-b): that is new and open, and vm-a is kept as gone
 * under `web-1#vm-a`, so that a late list that has it once more does not bring it back.
 */
import type { ListedInstance, Order } from '../model/inventory.ts'
import type { Mark } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

/** Where the mark of a former bearer of the id is kept. */
export function formerKey(id: string, incarnation: string): string {
  return `${id}#${incarnation}`
}

export function isFormerKey(key: string, incarnation: string | null): boolean {
  return incarnation !== null && key.endsWith(`#${incarnation}`)
}

export function isAnother(entry: ListedInstance, mark: Mark, orders: readonly Order[]): boolean {
  const incarnation = entry.incarnation ?? null
  if (incarnation !== null && mark.incarnation !== null) return incarnation !== mark.incarnation
  const { goneAt } = mark
  if (goneAt === null) return false
  if (entry.launchedAt !== null && entry.launchedAt > goneAt) return true
  return orders.some(
    order => order.at > goneAt && (order.token === entry.token || order.instance === entry.id),
  )
}

export function newMark({ incarnation, zone }: ListedInstance, at: EpochMs): Mark {
  return {
    admission: 'open',
    closedAt: null,
    seal: 'none',
    readyAt: null,
    seenAt: at,
    incarnation: incarnation ?? null,
    health: null,
    missingSince: null,
    goneAt: null,
    zone,
  }
}
