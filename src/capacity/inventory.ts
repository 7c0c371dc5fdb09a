/**
 * What is there? Joins the target's list with our own marks, the router's loads and the probes' answers, and notices what
 * appeared, became ready, vanished or never came.
 *
 * Example: memory knows web-1 and web-2, the target lists only web-2 and nobody else acts on it: web-1 was lost, and
 * its place is owed.
 */
import { type HealthSpec, type ProbeAnswer, type RepairSpec, USUAL_REPAIR } from '../model/health.ts'
import type {
  Instance,
  InstanceOrder,
  Inventory,
  ListedInstance,
  Load,
  Order,
  TargetTraits,
} from '../model/inventory.ts'
import type { Mark, Memory, Repair } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import { withBoots } from './boot-times.ts'
import { brake, LASTS_MS } from './brake.ts'
import { foldHealth, worseOf } from './health.ts'
import { type Troubles, troubleIn } from './launch-trouble.ts'
import { resizeInForce } from './resize.ts'
import { callRoll, type RollCall } from './roll-call.ts'

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
  /** `null` (or left out) where nothing is probed. */
  readonly health?: HealthSpec | null
  /** What probes were answered about each, oldest first, by id; `null` (or left out) without probes. */
  readonly probes?: ReadonlyMap<string, Probed> | null
  readonly repair?: RepairSpec
  /** An operator lifted the brake. */
  readonly unfreeze?: boolean
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
  const { at, target, exclusive, repair = USUAL_REPAIR, unfreeze = false } = listing
  const roll = callRoll(listing, memory)
  const marks: Record<string, Mark> = { ...roll.gone }
  const instances: Instance[] = []
  for (const { entry, mark: known } of roll.present) {
    const answers = answersOf(listing, entry.id, known)
    const isStarting = entry.lifecycle === 'ready' && saysItStarts(answers, known)
    const lifecycle = isStarting ? 'booting' : entry.lifecycle
    const mark = probed(listing, { ...known, readyAt: isStarting ? null : known.readyAt }, lifecycle, answers)
    marks[entry.id] = mark
    const load = loadOf(listing, entry.id) ?? unheardOf(memory.orders, entry, mark, at)
    instances.push(join(listing, { ...entry, lifecycle }, mark, load))
  }
  for (const { id, mark } of roll.missing) {
    marks[id] = mark
    instances.push(asItStood(listing, id, mark))
  }
  if (roll.missing.length > 0) instances.sort((a, b) => (a.id < b.id ? -1 : 1))
  const { orders, expired } = openOrders(memory.orders, listing)
  const ended = shortLived(listing, roll)
  const repairs = withShortLived(memory.repairs, ended, at)
  const troubles = troublesAfter(memory, listing, { marks, expired, roll, ended })
  const next = { ...memory, orders, repairs, ...troubles, ...withBoots(memory, marks, at) }
  return {
    inventory: { instances, orders, target },
    lost: roll.lost.map(({ id }) => id).sort(),
    memory: {
      ...next,
      owed: memory.owed + expired.length + (exclusive ? roll.vacated : 0),
      freeze: brake({ at, repair, unfreeze, instances }, next),
      ...resizeInForce(memory, instances, at),
    },
  }
}

const NO_ANSWERS: readonly ProbeAnswer[] = Object.freeze([])

/** What was said of a former one under the same id is nothing to this one. */
function answersOf({ probes }: Listing, id: string, { incarnation }: Mark): readonly ProbeAnswer[] {
  const found = probes?.get(id)
  const isOther = found?.incarnation != null && incarnation !== null && found.incarnation !== incarnation
  return found === undefined || isOther ? NO_ANSWERS : found.answers
}

/** Ready by the target's word, and not yet by its own. */
function saysItStarts(answers: readonly ProbeAnswer[], { health }: Mark): boolean {
  return answers.at(-1)?.state === 'initializing' && (health?.state ?? 'unknown') === 'unknown'
}

function probed(
  { at, health: spec = null }: Listing,
  known: Mark,
  lifecycle: ListedInstance['lifecycle'],
  answers: readonly ProbeAnswer[],
): Mark {
  const readyAt = known.readyAt === null && lifecycle === 'ready' ? at : known.readyAt
  if (spec === null) return { ...known, readyAt, health: null }
  let { health } = known
  for (const answer of answers) health = foldHealth(spec, health, answer, readyAt)
  return { ...known, readyAt, health }
}

function join(listing: Listing, entry: ListedInstance, mark: Mark, load: Load): Instance {
  const health = mark.health === null ? entry.health : worseOf(entry.health, mark.health.state)
  return {
    id: entry.id,
    incarnation: mark.incarnation,
    listed: true,
    order: listing.asked.get(entry.id) ?? null,
    lifecycle: entry.lifecycle,
    admission: mark.admission,
    health,
    sealed: mark.seal !== 'none',
    load,
    zone: mark.zone,
    address: entry.address,
    launchedAt: entry.launchedAt ?? mark.seenAt,
    readyAt: mark.readyAt,
    closedAt: mark.closedAt,
    detail: entry.detail ?? (health === entry.health ? null : (mark.health?.detail ?? null)),
    access: entry.access ?? [],
  }
}

/** Not in the list, which may be late. */
function asItStood({ asked }: Listing, id: string, mark: Mark): Instance {
  return {
    id,
    incarnation: mark.incarnation,
    listed: false,
    order: asked.get(id) ?? null,
    lifecycle: mark.readyAt === null ? 'booting' : 'ready',
    admission: mark.admission,
    health: mark.health?.state ?? 'unknown',
    sealed: mark.seal !== 'none',
    load: { kind: 'unknown', because: "it is missing from the target's list" },
    zone: mark.zone,
    address: null,
    launchedAt: mark.seenAt,
    readyAt: mark.readyAt,
    closedAt: mark.closedAt,
    detail: "missing from the target's list",
    access: [],
  }
}

function loadOf({ loads }: Listing, id: string): Load | null {
  return loads === null ? { kind: 'untracked' } : (loads.get(id) ?? null)
}

/**
 * The router does not know it. One that we launched, and that becomes ready just now, was never shown to it: nothing can have
 * been placed there. Of any other nothing is known.
 */
function unheardOf(
  orders: readonly Order[],
  entry: ListedInstance,
  { readyAt, seenAt }: Mark,
  at: EpochMs,
): Load {
  const isOurs =
    seenAt < at || orders.some(order => order.token === entry.token || order.instance === entry.id)
  return readyAt === at && isOurs
    ? { kind: 'known', slots: 0, at: seenAt }
    : { kind: 'unknown', because: 'the router does not know this instance' }
}

function openOrders(
  orders: readonly Order[],
  { listed, at }: Listing,
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

/** Those that ended by themselves before they had lasted: launching more of the kind may be in vain. */
function shortLived({ listed, at }: Listing, { lost }: RollCall): readonly ShortLived[] {
  return lost
    .filter(({ mark }) => mark.readyAt === null || at - mark.readyAt < LASTS_MS)
    .map(({ id, mark }) => {
      const detail = listed.find(entry => entry.id === id)?.detail
      const wasReady = mark.readyAt !== null
      return { id, zone: mark.zone, wasReady, because: detail ?? 'it ended before it had lasted' }
    })
}

interface ShortLived {
  readonly id: string
  readonly zone: string | null
  readonly wasReady: boolean
  readonly because: string
}

function withShortLived(
  repairs: readonly Repair[],
  ended: readonly ShortLived[],
  at: EpochMs,
): readonly Repair[] {
  if (ended.length === 0) return repairs
  return [
    ...repairs,
    ...ended.map(({ id, because }): Repair => ({ at, instance: id, how: 'never-ready', because })),
  ]
}

function troublesAfter(
  memory: Memory,
  { at, target }: Listing,
  {
    marks,
    expired,
    roll,
    ended,
  }: {
    marks: Readonly<Record<string, Mark>>
    expired: readonly Order[]
    roll: RollCall
    ended: readonly ShortLived[]
  },
): Troubles {
  const readyNow = roll.present.filter(
    ({ entry: { id }, mark }) => mark.readyAt === null && marks[id]?.readyAt === at,
  )
  let troubles: Troubles = memory
  if (readyNow.length > 0) {
    const zones = new Set(readyNow.map(({ mark }) => mark.zone))
    const left = Object.entries(memory.zoneTrouble).filter(([zone]) => !zones.has(zone))
    troubles = { launchTrouble: null, zoneTrouble: Object.fromEntries(left) }
  }
  for (const zone of new Set(expired.map(order => zoneOf(order.zone, target)))) {
    if (zone === null && readyNow.length > 0) continue
    const token = expired.find(order => zoneOf(order.zone, target) === zone)?.token
    troubles = troubleIn(
      troubles,
      zone,
      `launch ${token} was accepted, but no instance of it ever appeared`,
      at,
    )
  }
  const neverReady = ended.filter(({ wasReady }) => !wasReady)
  // One round of launches is one failure, however many it was of.
  for (const zone of new Set(neverReady.map(one => zoneOf(one.zone, target)))) {
    const because = neverReady.find(one => zoneOf(one.zone, target) === zone)?.because ?? ''
    troubles = troubleIn(troubles, zone, because, at)
  }
  return { launchTrouble: troubles.launchTrouble, zoneTrouble: troubles.zoneTrouble }
}

function zoneOf(zone: string | null, { zones }: TargetTraits): string | null {
  return zone !== null && zones.includes(zone) ? zone : null
}
