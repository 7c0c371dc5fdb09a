/**
 * Warns about a forecast that nobody told which clock the demand follows, beside schedules that all follow one which is set twice a
 * year: whoever writes hours in London's time has people who come by London's time.
 *
 * Example: schedules in Europe/London and `forecast: { metric: "last(orders)", perInstance: 100 }`: from 29 March 2026 on it expects
 * the nine o'clock of the day before at ten, for days.
 */
import type { FleetSpec, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import type { Report } from './problem.ts'
import { isEverSet } from './zone.ts'

export function lintClock(spec: Spec, fleet: FleetSpec, origins: Origins, report: Report): void {
  const zone = zoneOfSchedules(spec)
  if (zone === null || !isEverSet(zone)) return
  for (const rule of fleet.rules) {
    if (rule.kind !== 'forecast' || !rule.enabled || rule.timeZone !== undefined) continue
    report({
      code: CODES.unstatedClock,
      severity: 'warning',
      message: `"${rule.name}" takes every day to have 24 hours, and all schedules here follow the clock of ${zone}, which is set twice a year; for days after that it expects the demand an hour off`,
      hint: `write timeZone: ${zone}, or timeZone: UTC if the demand does not follow that clock`,
      path: [...(origins.get(originKey(fleet.name, rule.name)) ?? ['fleets', fleet.name]), 'forecast'],
      part: 'key',
    })
  }
}

/** `null` where there is none, or more than one. */
function zoneOfSchedules({ schedules }: Spec): string | null {
  const [zone, ...others] = new Set(Object.values(schedules).map(({ timeZone }) => timeZone))
  return others.length > 0 ? null : (zone ?? null)
}
