/**
 * How much of the fleet's room is in use? Only open instances take new sessions, so only their slots and loads count as
 * room. One that does not say what it holds is silent: few of them are taken for full, which may ask for more and never
 * for fewer; where there are many nothing is known.
 *
 * Example: 20 slots each, four open: 12, 20, 7 and one silent: `{ inUse: null, inUseOpen: 59, slots: 80, silent: 1, ... }`.
 */
import type { Instance } from '../model/inventory.ts'
import type { SessionCounts } from '../model/observation.ts'
import type { FleetSpec } from '../model/spec.ts'
import { standingOf } from './standing.ts'

type Told = Pick<FleetSpec, 'sessions' | 'repair'>

export function countSessions(
  { sessions, repair }: Told,
  instances: readonly Instance[],
  waiting: number,
): SessionCounts {
  const ready = instances.filter(({ lifecycle }) => lifecycle === 'ready')
  const open = ready.filter(instance => standingOf(instance) === 'open')
  const silent = open.filter(({ load }) => load.kind === 'unknown').length
  const room = sessions.slotsPerInstance
  // Of a single one nothing is known of a shared cause.
  const areFew = silent < open.length && silent <= Math.max(1, repair.maxUnhealthyRatio * open.length)
  return {
    inUse: slotsInUse(ready, null),
    inUseOpen: slotsInUse(open, areFew ? room : null),
    slots: room === null || open.some(({ load }) => load.kind === 'untracked') ? null : open.length * room,
    waiting,
    silent,
  }
}

/** @param ofSilent what one that does not say is taken to hold; `null`: then nothing is known */
function slotsInUse(instances: readonly Instance[], ofSilent: number | null): number | null {
  let sum = 0
  for (const { load } of instances) {
    const slots = load.kind === 'known' ? load.slots : load.kind === 'unknown' ? ofSilent : null
    if (slots === null) return null
    sum += slots
  }
  return sum
}
