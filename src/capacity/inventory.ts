/**
 * What is there? Joins the target's list with our own marks and the router's loads, and notices what appeared, became
 * ready, vanished or never came.
 *
 * Example: memory knows web-1 and web-2, the target lists only web-2 and nobody else acts on it: web-1 was lost, and
 * its place is owed.
 */
import type { ProbeAnswer } from '../model/health.ts'
import type {
  Instance,
  InstanceOrder,
  Inventory,
  ListedInstance,
  Load,
  Order,
  TargetTraits,
} from '../model/inventory.ts'
import type { LaunchTrouble, Mark, Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import { launchFailed } from './launch-trouble.ts'

/** `loads` is null for a fleet without a router: nobody places sessions, there is nothing to wait for. */
export interface Listing {
  readonly at: EpochMs
  readonly listed: readonly ListedInstance[]
  readonly loads: ReadonlyMap<string, Load> | null
  /** Nobody else adds or removes instances. */
  readonly exclusive: boolean
  /** One missing from the list for less than this may be there all the same. */
  readonly listingLagMs: number
  readonly target: TargetTraits
  /** What operators asked of single instances, by id. */
  readonly asked: ReadonlyMap<string, InstanceOrder>
  /** What probes were answered about each, oldest first, by id; `null` (or left out) without probes. */
  readonly probes?: ReadonlyMap<string, Probed> | null
}

export interface Probed {
  readonly incarnation: string | null
  readonly answers: readonly ProbeAnswer[]
}

export interface Taken {
  readonly inventory: Inventory
  readonly memory: Memory
  /** Ids that were there, were not sealed, and are gone or reported lost since the last tick. */
  readonly lost: readonly string[]
}

export function takeInventory(listing: Listing, memory: Memory): Taken {
  const listed = [...listing.listed].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const marks: Record<string, Mark> = {}
  const instances = listed.map(entry => {
    const mark = markOf(entry, memory.marks[entry.id], listing.at)
    marks[entry.id] = mark
    return join(entry, mark, loadOf(listing, entry.id), listing.asked.get(entry.id) ?? null)
  })
  const { orders, expired } = openOrders(memory.orders, listed, listing.at)
  const vanished = vanishedIds(memory, marks)
  const places = vanished.filter(id => memory.marks[id]?.admission === 'open').length
  return {
    inventory: { instances, orders, target: listing.target },
    lost: [...vanished, ...newlyLost(listed, memory)],
    memory: {
      ...memory,
      marks,
      orders,
      owed: memory.owed + expired.length + (listing.exclusive ? places : 0),
      launchTrouble: troubleAfter(memory, listed, marks, expired, listing.at),
    },
  }
}

function markOf(entry: ListedInstance, mark: Mark | undefined, at: EpochMs): Mark {
  const known = mark ?? newMark(entry, at)
  return known.readyAt === null && entry.lifecycle === 'ready' ? { ...known, readyAt: at } : known
}

function newMark({ incarnation, zone }: ListedInstance, at: EpochMs): Mark {
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

function join(entry: ListedInstance, mark: Mark, load: Load, order: InstanceOrder | null): Instance {
  return {
    id: entry.id,
    incarnation: mark.incarnation,
    listed: true,
    order,
    lifecycle: entry.lifecycle,
    admission: mark.admission,
    health: entry.health,
    sealed: mark.seal !== 'none',
    load,
    zone: entry.zone,
    address: entry.address,
    launchedAt: entry.launchedAt ?? mark.seenAt,
    readyAt: mark.readyAt,
    closedAt: mark.closedAt,
    detail: entry.detail,
    access: entry.access ?? [],
  }
}

function loadOf({ loads }: Listing, id: string): Load {
  if (loads === null) return { kind: 'untracked' }
  return loads.get(id) ?? { kind: 'unknown', because: 'the router does not know this instance' }
}

function openOrders(
  orders: readonly Order[],
  listed: readonly ListedInstance[],
  at: EpochMs,
): { orders: readonly Order[]; expired: readonly Order[] } {
  const tokens = new Set(listed.map(entry => entry.token))
  const ids = new Set(listed.map(entry => entry.id))
  const unseen = orders.filter(
    order => !tokens.has(order.token) && !(order.instance !== null && ids.has(order.instance)),
  )
  return {
    orders: unseen.filter(order => at < order.expiresAt),
    expired: unseen.filter(order => at >= order.expiresAt),
  }
}

function vanishedIds(memory: Memory, marks: Readonly<Record<string, Mark>>): string[] {
  return Object.keys(memory.marks)
    .filter(id => marks[id] === undefined && memory.marks[id]?.seal === 'none')
    .sort()
}

/** Reported lost, and not yet sealed for it. */
function newlyLost(listed: readonly ListedInstance[], memory: Memory): string[] {
  return listed
    .filter(({ id, lifecycle }) => lifecycle === 'lost' && memory.marks[id]?.seal === 'none')
    .map(({ id }) => id)
}

function troubleAfter(
  memory: Memory,
  listed: readonly ListedInstance[],
  marks: Readonly<Record<string, Mark>>,
  expired: readonly Order[],
  at: EpochMs,
): LaunchTrouble | null {
  const readyNow = listed.some(({ id }) => marks[id]?.readyAt === at && memory.marks[id]?.readyAt !== at)
  if (readyNow) return null
  const order = expired[0]
  return order === undefined
    ? memory.launchTrouble
    : launchFailed(
        memory.launchTrouble,
        `launch ${order.token} was accepted, but no instance of it ever appeared`,
        at,
      )
}
