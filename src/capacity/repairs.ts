/**
 * What was mended of late: as much as budgets, crash loops and moves ask for, and never more than a few dozen.
 *
 * Example: web-3 was restarted three times in half an hour: the fourth time it is replaced.
 */
import type { Instance } from '../model/inventory.ts'
import type { Memory, Repair } from '../model/memory.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'

const MOST_REPAIRS = 48
const SHORTEST_KEPT_MS = 3_600_000
/** So many restarts of one instance in the time of a freeze are a crash loop. */
export const MOST_RESTARTS = 3

type Times = Pick<FleetSpec, 'repair' | 'sessions'>

/** A move under way is kept in any case. */
export function keepRepairs(
  { repair, sessions }: Times,
  repairs: readonly Repair[],
  at: EpochMs,
): readonly Repair[] {
  const keptMs = Math.max(SHORTEST_KEPT_MS, repair.freezeMs, sessions.drain.deadlineMs ?? 0)
  const kept = repairs.filter(({ at: begun, how }) => how === 'move' || at - begun < keptMs)
  return kept.length <= MOST_REPAIRS ? kept : kept.slice(-MOST_REPAIRS)
}

export function restartsOf(
  { repair }: Times,
  { repairs }: Pick<Memory, 'repairs'>,
  instance: string,
  at: EpochMs,
): number {
  return repairs.filter(
    ({ how, instance: id, at: begun }) =>
      how === 'restart' && id === instance && at - begun < repair.freezeMs,
  ).length
}

/** Instances that leave for an emptier zone as soon as another is open there. */
export function movingOf({ repairs }: Pick<Memory, 'repairs'>): ReadonlySet<string> {
  const moves = repairs.filter(({ how }) => how === 'move')
  return moves.length === 0 ? NOBODY : new Set(moves.map(({ instance }) => instance))
}

const NOBODY: ReadonlySet<string> = new Set()

/** Since when it boots, by our own clock: its provider's may be another. A restart begins that anew. */
export function bootingSince(
  { id, launchedAt }: Instance,
  { marks, repairs }: Pick<Memory, 'marks' | 'repairs'>,
): EpochMs | null {
  const since = marks[id]?.seenAt ?? launchedAt
  const restart = repairs.findLast(({ how, instance }) => how === 'restart' && instance === id)
  if (restart === undefined) return since
  return since === null ? restart.at : Math.max(since, restart.at)
}
