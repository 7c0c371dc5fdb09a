/**
 * Warns where scheduled constraints that are meant to follow each other leave a few minutes between them: another
 * constraint is in force there, for a moment, and the fleet may scale for it.
 *
 * Example: "Day" 08:00-20:00 and "Night" 20:01-08:00: from 20:00 to 20:01 only the capacity holds.
 */
import type { ConstraintRule, FleetSpec, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import type { Report } from './problem.ts'
import { gapsBetween, joined, momentOf, type Stretch, WEEK_S, weekOf } from './week.ts'

/** A longer gap is a time of its own; one this short is hardly meant. */
const SHORT_S = 15 * 60

interface Scheduled {
  readonly constraint: ConstraintRule
  readonly week: readonly Stretch[]
}

export function lintGaps(spec: Spec, fleet: FleetSpec, origins: Origins, report: Report): void {
  for (const [zone, scheduled] of byZone(spec, fleet)) {
    const together = joined(scheduled.flatMap(({ week }) => week))
    const gap = gapsBetween(together).find(({ from, to }) => to - from <= SHORT_S)
    if (gap === undefined) continue
    const before = scheduled.find(({ week }) => week.some(({ to }) => to === gap.from))
    const after = scheduled.find(({ week }) => week.some(({ from }) => from === gap.to % WEEK_S))
    if (before === undefined || after === undefined) continue
    const origin = origins.get(originKey(fleet.name, before.constraint.name)) ?? ['fleets', fleet.name]
    const between =
      before === after
        ? `two windows of "${before.constraint.name}"`
        : `"${before.constraint.name}" and "${after.constraint.name}"`
    report({
      code: CODES.shortGap,
      severity: 'warning',
      message: `between ${between} there is a gap, from ${momentOf(gap.from)} to ${momentOf(gap.to)} (${zone}), in which neither is in force`,
      hint: 'windows are half-open: let one end at the very time at which the next begins',
      path: [...origin, 'name'],
    })
  }
}

/** Enabled constraints with windows that come every week, by time zone. */
function byZone({ schedules }: Spec, { constraints }: FleetSpec): ReadonlyMap<string, Scheduled[]> {
  const found = new Map<string, Scheduled[]>()
  for (const constraint of constraints) {
    const schedule = constraint.schedule === null ? undefined : schedules[constraint.schedule]
    const week = schedule === undefined || !constraint.enabled ? null : weekOf(schedule)
    if (schedule === undefined || week === null) continue
    const group = found.get(schedule.timeZone)
    if (group === undefined) found.set(schedule.timeZone, [{ constraint, week }])
    else group.push({ constraint, week })
  }
  return found
}
