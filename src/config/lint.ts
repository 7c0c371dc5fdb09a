/**
 * What is allowed and yet hardly meant: warnings about a configuration that works.
 *
 * Example: growing above 80 % and shrinking below 80 % of one operand leaves no margin: the fleet would swing.
 */
import type { Spec } from '../model/spec.ts'
import { lintConstraints } from './lint-constraints.ts'
import { lintMargins } from './lint-margins.ts'
import { lintMetrics } from './lint-metrics.ts'
import type { Report } from './problem.ts'

export function lint(spec: Spec, report: Report): void {
  for (const fleet of Object.values(spec.fleets)) {
    lintMargins(fleet, report)
    lintConstraints(fleet, report)
  }
  lintMetrics(spec, report)
}
