/**
 * Is this a good moment of the paid hour? Growing pays best in its first minutes, shrinking in its last.
 *
 * By the wall clock the hour is that of UTC, one for all (as the Application Block's stabilizer does it). By age every
 * instance has hours of its own, from its launch: a cut is lessened to those in the last minutes of theirs, and growing is
 * never held. Places nobody fills cost nothing and may always go; open instances only once nothing is booting that would
 * have to go before them.
 *
 * Example: `inLastMinutes: 10`, a cut wanted at 12:40 is held until 12:50. By age, 4 -> 2 at 12:40 with launches at 11:45,
 * 12:00, 12:10 and 12:39: one may go, so 3, and the next at 12:50.
 */
import type { Step } from '../../model/decision.ts'
import type { CapacityCounts, Launches, Observation } from '../../model/observation.ts'
import { lastMinutesBegin } from '../../model/paid-hour.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

export function withinBillingHour(
  spec: FleetSpec,
  observation: Observation,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  const { billingHour } = spec.guards
  if (billingHour === null) return wanted
  const { by, outFirstMinutes, inLastMinutes } = billingHour
  if (by === 'age') {
    return inLastMinutes === null || wanted > current
      ? wanted
      : whoMayGo(observation, inLastMinutes, current, wanted, steps)
  }
  const into = observation.at % HOUR_MS
  const hourBegan = observation.at - into
  const until =
    wanted > current
      ? outAllowedAt(outFirstMinutes, into, hourBegan)
      : inAllowedAt(inLastMinutes, into, hourBegan)
  const to = until === null ? wanted : current
  steps.push({
    stage: 'guards',
    guard: 'billing-hour',
    outcome: to === wanted ? 'passed' : 'held',
    from: wanted,
    to,
    until,
  })
  return to
}

/** When growing is allowed again; `null` when it is allowed now. */
function outAllowedAt(firstMinutes: number | null, into: number, hourBegan: EpochMs): EpochMs | null {
  return firstMinutes === null || into < firstMinutes * MINUTE_MS ? null : hourBegan + HOUR_MS
}

function inAllowedAt(lastMinutes: number | null, into: number, hourBegan: EpochMs): EpochMs | null {
  if (lastMinutes === null) return null
  const opens = HOUR_MS - lastMinutes * MINUTE_MS
  return into >= opens ? null : hourBegan + opens
}

function whoMayGo(
  { at, capacity, launches }: Observation,
  lastMinutes: number,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  const { mayGo, waitsFor, until } = leaving(capacity, launches, lastMinutes, at)
  const to = Math.max(wanted, current - mayGo)
  const isPassed = to === wanted
  steps.push({
    stage: 'guards',
    guard: 'billing-hour',
    outcome: isPassed ? 'passed' : to === current ? 'held' : 'lessened',
    from: wanted,
    to,
    until: isPassed ? null : until,
    ages: { lastMinutes, mayGo, waitsFor },
  })
  return to
}

interface Leaving {
  readonly mayGo: number
  readonly waitsFor: 'last-minutes' | 'booting' | 'launches'
  /** When the next one may. */
  readonly until: EpochMs | null
}

/** In the order in which the planner gives up: places, what is booting, open instances. */
function leaving(
  capacity: CapacityCounts | null,
  launches: Launches | undefined,
  lastMinutes: number,
  at: EpochMs,
): Leaving {
  const { open = 0, pending = 0, replacing = 0 } = capacity ?? {}
  const begins = (launchedAt: EpochMs): EpochMs => lastMinutesBegin(launchedAt, lastMinutes, at)
  const booting = (launches?.booting ?? []).filter(launchedAt => begins(launchedAt) <= at).length
  if (booting < pending) return { mayGo: replacing + booting, waitsFor: 'booting', until: null }
  const known = (launches?.open ?? []).map(begins)
  const ready = known.filter(opens => opens <= at).length
  // The order is that of the tick they were seen in, and later another one is next.
  const next = known.reduce((nearest, opens) => (opens > at ? Math.min(nearest, opens) : nearest), Infinity)
  return {
    mayGo: replacing + booting + ready,
    waitsFor: next === Infinity && known.length < open ? 'launches' : 'last-minutes',
    until: next === Infinity ? null : next,
  }
}
