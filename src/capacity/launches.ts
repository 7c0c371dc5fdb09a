/**
 * When were the instances launched that a cut could give up? For fleets whose paid hours go by age; the guard counts with it
 * who may go, before the planner chooses.
 *
 * Example: at 12:00, open since 09:25 and 11:10 and one booting since 11:59: `{ open: [11:10, 09:25], booting: [11:59] }`,
 * since the hour of the first ends in 10 minutes, that of the second in 25.
 */
import type { Instance, Inventory } from '../model/inventory.ts'
import { type Launches, MOST_LAUNCHES } from '../model/observation.ts'
import { paidHourEnds } from '../model/paid-hour.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { standingOf } from './standing.ts'

/** Empty for a fleet that does not ask, so that it can be spread into an observation. */
export function launchesOf(
  { guards }: FleetSpec,
  { instances }: Inventory,
  at: EpochMs,
): { readonly launches?: Launches } {
  if (guards.billingHour?.by !== 'age') return {}
  const open = instances.filter(instance => standingOf(instance) === 'open')
  const booting = instances.filter(
    instance => standingOf(instance) === 'pending' && instance.admission !== 'opening',
  )
  return { launches: { open: nearestEnds(open, at), booting: nearestEnds(booting, at) } }
}

function nearestEnds(instances: readonly Instance[], at: EpochMs): readonly EpochMs[] {
  return instances
    .flatMap(({ launchedAt }) => (launchedAt === null ? [] : [launchedAt]))
    .sort((a, b) => paidHourEnds(a, at) - paidHourEnds(b, at) || a - b)
    .slice(0, MOST_LAUNCHES)
}
