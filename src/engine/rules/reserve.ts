/**
 * Room for sessions: how many open instances keep the reserve free? Waiting requests are sessions that have no place yet.
 * On the way up it asks for just enough; on the way down one instance's worth must be left over (whole slots of it), so
 * that the next session to begin does not bring the instance back, and sessions on draining instances count too: as they
 * end, others take their place, and those need room on what stays open. A fleet without any session keeps nothing over.
 *
 * Example: 5 slots each, at least 70 % free (so 1.5 used of each): 7 sessions need 5 instances (7 / 25 = 28 % used; on 4 it
 * would be 35 %); 5 sessions on 5 instances fit on 4 with one to spare (6 <= 6), so one is let go; 7 do not (8 > 6).
 */
import type { SessionCounts } from '../../model/observation.ts'
import type { ReserveRule } from '../../model/spec.ts'
import { type Ask, HOLD, UNKNOWN, want } from './answer.ts'

/** A product such as 5 * (1 - 0.7) may come out a hair beside its whole number. */
const ROUNDING = 1e-9

/** By silent instances the load is known only in part: that may ask for more, and never for fewer. */
export function askReserve(rule: ReserveRule): Ask {
  return ({ sessions, current }) => {
    const demand = demandOf(sessions)
    if (demand === null) return UNKNOWN
    const needed = neededFor(rule, demand)
    if (needed > current) return want(needed)
    const all = sessions.inUse === null ? null : Math.max(demand, sessions.inUse + sessions.waiting)
    const enough = sessions.silent > 0 || all === null ? current : enoughFor(rule, all)
    return enough < current ? want(enough) : HOLD
  }
}

/** Slots in use on open instances and those that are waited for; `null` is unknown. */
export function demandOf({ inUseOpen, waiting }: SessionCounts): number | null {
  return inUseOpen === null ? null : inUseOpen + waiting
}

/** Slots that are free with `count` open instances, and those that should be. */
export function roomOf(
  { reserve, slotsPerInstance }: ReserveRule,
  demand: number,
  count: number,
): { free: number; reserve: number } {
  const slots = count * slotsPerInstance
  return {
    free: slots - demand,
    reserve: reserve.kind === 'slots' ? reserve.slots : reserve.ratio * slots,
  }
}

/** The smallest count at which the reserve is free. */
function neededFor({ reserve, slotsPerInstance }: ReserveRule, demand: number): number {
  return reserve.kind === 'slots'
    ? atLeast((demand + reserve.slots) / slotsPerInstance)
    : atLeast(demand / (slotsPerInstance * (1 - reserve.ratio)))
}

/** The smallest count at which it still would be with one more instance's worth of sessions. */
function enoughFor(rule: ReserveRule, demand: number): number {
  if (demand === 0) return neededFor(rule, 0)
  const { reserve, slotsPerInstance } = rule
  const usable = reserve.kind === 'slots' ? slotsPerInstance : slotsPerInstance * (1 - reserve.ratio)
  return neededFor(rule, demand + Math.floor(usable + ROUNDING))
}

function atLeast(count: number): number {
  return Math.max(0, Math.ceil(count - ROUNDING))
}
