/**
 * What is allowed and yet hardly meant: warnings about a configuration that works.
 *
 * Example: growing above 80 % and shrinking below 80 % of one operand leaves no margin: the fleet would swing.
 */
import type { Spec } from '../model/spec.ts'
import type { Origins } from './compile-fleet.ts'
import { lintBillingHour } from './lint-billing-hour.ts'
import { lintClock } from './lint-clock.ts'
import { lintConstraints } from './lint-constraints.ts'
import { lintGaps } from './lint-gaps.ts'
import { lintMargins } from './lint-margins.ts'
import { lintMetrics } from './lint-metrics.ts'
import { lintSchedules } from './lint-schedules.ts'
import { lintServe } from './lint-serve.ts'
import { lintSessions } from './lint-sessions.ts'
import { lintSharedTargets } from './lint-shared-target.ts'
import { lintUnused } from './lint-unused.ts'
import type { Report } from './problem.ts'

/** @param origins where each rule and constraint was written */
export function lint(spec: Spec, origins: Origins, report: Report): void {
  for (const fleet of Object.values(spec.fleets)) {
    lintMargins(fleet, origins, report)
    lintConstraints(spec, fleet, origins, report)
    lintGaps(spec, fleet, origins, report)
    lintSessions(fleet, origins, report)
    lintServe(fleet, origins, report)
    lintClock(spec, fleet, origins, report)
    lintBillingHour(fleet, report)
  }
  lintSchedules(spec, origins, report)
  lintMetrics(spec, origins, report)
  lintSharedTargets(spec, report)
  lintUnused(spec, report)
}
