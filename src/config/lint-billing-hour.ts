/**
 * Warns where the moment of the paid hour in which the count may change is so short that a tick may miss it: what waits for it
 * waits another hour.
 *
 * Example: `billingHour: { inLast: 30s }` of a fleet that ticks every 20 s.
 */
import type { FleetSpec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { formatDuration } from './expression/units.ts'
import type { Report } from './problem.ts'

const MINUTE_MS = 60_000

export function lintBillingHour({ name, everyMs, guards }: FleetSpec, report: Report): void {
  const { outFirstMinutes = null, inLastMinutes = null } = guards.billingHour ?? {}
  for (const [key, minutes] of [
    ['outFirst', outFirstMinutes],
    ['inLast', inLastMinutes],
  ] as const) {
    if (minutes === null || minutes * MINUTE_MS >= 2 * everyMs) continue
    report({
      code: CODES.shortMoment,
      severity: 'warning',
      message: `"${name}" ticks every ${formatDuration(everyMs)} and may miss a moment of ${formatDuration(minutes * MINUTE_MS)}`,
      hint: `make it at least ${formatDuration(2 * everyMs)}, or tick more often (every:)`,
      path: ['fleets', name, 'billingHour', key],
    })
  }
}
