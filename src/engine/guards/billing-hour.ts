/**
 * Is this a good moment of the paid hour? Growing pays best in its first minutes, shrinking in its last, by the wall
 * clock of UTC (as the Application Block's stabilizer does it).
 *
 * Example: `inLastMinutes: 10`, a cut wanted at 12:40 is held until 12:50.
 */
import type { Step } from '../../model/decision.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

export function withinBillingHour(
  spec: FleetSpec,
  at: EpochMs,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  const { billingHour } = spec.guards
  if (billingHour === null) return wanted
  const into = at % HOUR_MS
  const hourBegan = at - into
  const until =
    wanted > current
      ? outAllowedAt(billingHour.outFirstMinutes, into, hourBegan)
      : inAllowedAt(billingHour.inLastMinutes, into, hourBegan)
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
