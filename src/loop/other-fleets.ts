/**
 * What the rules of one fleet may know of the others: their quantities as their latest ticks saw them. A fleet that has
 * not ticked lately is unknown, not what it once was.
 *
 * Example: "web" has a rule on `fleet(db).ready`; db ticked 10 s ago with 3 open, so `{ db: { ready: 3, ... } }`.
 */
import { fleetQuantities } from '../engine/operands.ts'
import type { FleetQuantities } from '../model/observation.ts'
import type { EpochMs } from '../model/time.ts'
import type { World } from './world.ts'

/** A tick is old after so many intervals of its fleet, but never before a minute. */
const OLD_INTERVALS = 3
const OLD_MS = 60_000

/** By name; a fleet that is unknown is left out. */
export function otherFleets(
  world: World,
  names: readonly string[],
  at: EpochMs,
): Record<string, FleetQuantities> {
  const known: Record<string, FleetQuantities> = {}
  for (const name of names) {
    const entry = world.latest(name)
    if (entry === null) continue
    const everyMs = world.spec().fleets[name]?.everyMs ?? 0
    if (at - entry.at > Math.max(OLD_MS, OLD_INTERVALS * everyMs)) continue
    known[name] = fleetQuantities(entry.observation, entry.decision.bounds)
  }
  return known
}
