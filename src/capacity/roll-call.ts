/**
 * Who is there, who is missing and who is gone? A list may be late: one that is missing from it for less than the target's
 * listing lag still counts as it stood; one that is gone keeps its mark for a while, so that a late list does not bring it
 * back as a new one.
 *
 * Example: the lag is 30 s and web-2 is missing for 12 s: it is counted, unlisted, and nothing is done to it. After 30 s it was
 * lost and its place is owed. Listed once more after that, it is closed, and drained away.
 */
import type { ListedInstance, Order, TargetTraits } from '../model/inventory.ts'
import type { Mark, Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import { formerKey, isAnother, newMark } from './identity.ts'

/** A list is hardly later than this; a target that says so may be. */
const GONE_KEPT_MS = 600_000
const GONE_KEPT_LAGS = 4
const MOST_GONE = 256

interface Call {
  readonly at: EpochMs
  readonly listed: readonly ListedInstance[]
  readonly listingLagMs: number
  /** Nobody else adds or removes instances. */
  readonly exclusive: boolean
  readonly target: Pick<TargetTraits, 'choosesVictim'>
}

export interface RollCall {
  readonly present: readonly { readonly entry: ListedInstance; readonly mark: Mark }[]
  /** Not in the list, and not gone by our count. */
  readonly missing: readonly { readonly id: string; readonly mark: Mark }[]
  /** Marks of those that are gone, by id or by `id#incarnation`. */
  readonly gone: Readonly<Record<string, Mark>>
  /** Those that ended since the last call without our asking. */
  readonly lost: readonly { readonly id: string; readonly mark: Mark }[]
  /** How many places they leave. */
  readonly vacated: number
}

export function callRoll(call: Call, memory: Pick<Memory, 'at' | 'marks' | 'orders'>): RollCall {
  const { at, exclusive, target } = call
  const { marks, orders } = memory
  const unseenMs = unseen(call, memory)
  const present: { entry: ListedInstance; mark: Mark }[] = []
  const missing: { id: string; mark: Mark }[] = []
  const gone: Record<string, Mark> = {}
  const lost: { id: string; mark: Mark }[] = []
  const seen = new Set<string>()
  let vacated = 0
  const bury = (id: string, key: string, mark: Mark): void => {
    gone[key] = { ...mark, missingSince: null, goneAt: at }
    if (mark.seal !== 'none' || mark.goneAt !== null) return
    // Where the target chooses who goes, and others act too, one that vanishes was let go, by us or by them.
    if (exclusive || target.choosesVictim) lost.push({ id, mark })
    if (holdsPlace(mark)) vacated += 1
  }
  for (const entry of [...call.listed].sort(byId)) {
    if (seen.has(entry.id) || isFormer(entry, marks)) continue
    seen.add(entry.id)
    const known = marks[entry.id]
    const another = known !== undefined && isAnother(entry, known, orders)
    if (another && known.incarnation !== null && known.incarnation !== (entry.incarnation ?? null)) {
      bury(entry.id, formerKey(entry.id, known.incarnation), known)
    }
    const isNew = known === undefined || another || (!target.choosesVictim && isBack(entry, known))
    const mark = zoned(entry, isNew ? newMark(entry, at) : metAgain(entry, known), orders)
    const met = isNew && memory.at > 0 ? ordered(entry, mark, orders) : mark
    const endsNow = endsBySelf(entry, met)
    if (endsNow && entry.lifecycle === 'lost') lost.push({ id: entry.id, mark: met })
    if (endsNow && entry.lifecycle === 'terminating' && holdsPlace(met)) vacated += 1
    const stays = !endsNow || (entry.lifecycle === 'terminating' && !target.choosesVictim)
    present.push({ entry, mark: stays ? met : endedBySelf(entry, met, at) })
  }
  for (const [key, mark] of Object.entries(marks)) {
    if (seen.has(key)) continue
    if (mark.goneAt !== null) {
      gone[key] ??= mark
      continue
    }
    const since = mark.missingSince === null ? at : Math.min(at, mark.missingSince + unseenMs)
    if (mark.seal === 'sealed' || at - since >= call.listingLagMs) bury(key, key, mark)
    else missing.push({ id: key, mark: { ...mark, missingSince: since } })
  }
  return { present, missing, gone: bounded(gone, call), lost, vacated }
}

/**
 * For one who takes over: what another saw missing, by another clock and perhaps long ago, is missing from now on if it is
 * missing still.
 */
export function lookAnew(memory: Memory): Memory {
  return withMissing(memory, () => null)
}

/** The target did not answer: the time since the last look counts for nothing. */
export function sawNothing(memory: Memory, at: EpochMs): Memory {
  return withMissing(memory, since => since + Math.max(0, at - memory.at))
}

function withMissing(memory: Memory, change: (since: EpochMs) => EpochMs | null): Memory {
  const missing = Object.entries(memory.marks).filter(([, { missingSince }]) => missingSince !== null)
  if (missing.length === 0) return memory
  const changed = missing.map(([id, mark]): [string, Mark] => [
    id,
    { ...mark, missingSince: mark.missingSince === null ? null : change(mark.missingSince) },
  ])
  return { ...memory, marks: { ...memory.marks, ...Object.fromEntries(changed) } }
}

/**
 * What of the time since the last look does not count as missing. One look counts for at most a quarter of the lag: a clock that is
 * set forward, or one of another daemon, or a daemon that was away, saw nothing missing meanwhile.
 */
function unseen({ at, listingLagMs }: Call, memory: Pick<Memory, 'at'>): number {
  return memory.at === 0 ? 0 : Math.max(0, at - memory.at - listingLagMs / 4)
}

function byId(a: ListedInstance, b: ListedInstance): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function holdsPlace({ admission, seal }: Mark): boolean {
  return seal === 'none' && (admission === 'open' || admission === 'opening')
}

/** A late list has one that had this id before. */
function isFormer({ id, incarnation }: ListedInstance, marks: Memory['marks']): boolean {
  return incarnation !== undefined && incarnation !== null && marks[formerKey(id, incarnation)] !== undefined
}

function metAgain(entry: ListedInstance, known: Mark): Mark {
  const mark = { ...known, missingSince: null, incarnation: known.incarnation ?? entry.incarnation ?? null }
  // Its sessions ended when it was gone; whatever it is now, it takes no new ones.
  return isBack(entry, known) && holdsPlace(mark) ? { ...mark, admission: 'closing', closedAt: null } : mark
}

/** Where nobody can be terminated by name, it would stay closed for good: there it is a new one. */
function isBack({ lifecycle }: ListedInstance, { goneAt }: Mark): boolean {
  return goneAt !== null && lifecycle !== 'lost' && lifecycle !== 'terminating'
}

/** Without our asking, and not known before. */
function endsBySelf({ lifecycle }: ListedInstance, { goneAt, seal }: Mark): boolean {
  return goneAt === null && seal === 'none' && (lifecycle === 'lost' || lifecycle === 'terminating')
}

/** Lost: it is gone, though still listed, and keeps its place. Another actor ends it: as if it were closed. */
function endedBySelf({ lifecycle }: ListedInstance, mark: Mark, at: EpochMs): Mark {
  if (lifecycle === 'lost') return { ...mark, goneAt: at }
  return holdsPlace(mark) ? { ...mark, admission: 'closing', closedAt: null } : mark
}

function zoned(entry: ListedInstance, mark: Mark, orders: readonly Order[]): Mark {
  if (entry.zone !== null) return mark.zone === entry.zone ? mark : { ...mark, zone: entry.zone }
  if (mark.zone !== null) return mark
  const order = orders.find(({ token, instance }) => token === entry.token || instance === entry.id)
  return order === undefined ? mark : { ...mark, zone: order.zone }
}

/** Since when it boots, by our own clock: from its order, else from when it was first seen booting. */
function ordered(entry: ListedInstance, mark: Mark, orders: readonly Order[]): Mark {
  const order = orders.find(({ token, instance }) => token === entry.token || instance === entry.id)
  if (order !== undefined) return { ...mark, orderedAt: order.at }
  return entry.lifecycle === 'booting' ? { ...mark, orderedAt: mark.seenAt } : mark
}

function bounded(gone: Readonly<Record<string, Mark>>, { at, listingLagMs }: Call): Record<string, Mark> {
  const keptMs = Math.max(GONE_KEPT_MS, GONE_KEPT_LAGS * listingLagMs)
  const kept = Object.entries(gone).filter(([, { goneAt }]) => at - (goneAt ?? 0) < keptMs)
  if (kept.length <= MOST_GONE) return Object.fromEntries(kept)
  const newest = kept.sort(([, a], [, b]) => (b.goneAt ?? 0) - (a.goneAt ?? 0)).slice(0, MOST_GONE)
  return Object.fromEntries(newest)
}
