/**
 * Warns about a constraint that can never be in force, because others outrank it all the time.
 *
 * Example: "Night" (rank 10, scheduled) beside "Floor" (rank 20, no schedule): "Floor" wins whole, every night. "Lunch"
 * (rank 1, 12:00-13:00) beside "Day" (rank 5, 08:00-20:00): so does "Day".
 */
import type { ConstraintRule, FleetSpec, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import type { Path, Report } from './problem.ts'
import { covers, joined, type Stretch, weekOf } from './week.ts'

export function lintConstraints(spec: Spec, fleet: FleetSpec, origins: Origins, report: Report): void {
  const { constraints } = fleet
  for (const [index, constraint] of constraints.entries()) {
    if (!constraint.enabled) continue
    const over = constraints.filter((other, place) => outranks(other, place, constraint, index))
    const always = over.find(other => other.schedule === null)
    const by = always === undefined ? coveredBy(spec, constraint, over) : [always]
    const [first] = by
    if (first === undefined) continue
    const equal = first.rank === constraint.rank
    const place = origins.get(originKey(fleet.name, constraint.name)) ?? ['fleets', fleet.name]
    report({
      code: CODES.shadowed,
      severity: 'warning',
      message: `${label(constraint)} is never in force: ${reason(by, always !== undefined, equal)}`,
      hint: equal
        ? `give it a rank above ${first.rank}`
        : always === undefined
          ? 'give it the higher rank, or other times'
          : 'give it the higher rank, or give the other one a schedule',
      ...placeOf(place),
    })
  }
}

function reason(by: readonly ConstraintRule[], always: boolean, equal: boolean): string {
  const names = by.map(label).join(' and ')
  const rank = by.map(({ rank: each }) => each).join(' and ')
  const why = equal ? 'comes first at the same rank' : `has the higher rank ${rank}`
  if (always) return `${names} is always on and ${why}`
  return by.length === 1
    ? `${names} covers all of its time and ${why}`
    : `${names} together cover all of its time, at the ranks ${rank}`
}

/** The fleet's own bounds are pointed at by their key, a constraint by its name. */
function placeOf(origin: Path): { path: Path; part?: 'key' } {
  return origin.at(-1) === 'capacity' ? { path: origin, part: 'key' } : { path: [...origin, 'name'] }
}

/** Others that together cover every minute of its schedule; none where that cannot be said. */
function coveredBy(
  spec: Spec,
  constraint: ConstraintRule,
  over: readonly ConstraintRule[],
): readonly ConstraintRule[] {
  const zone = zoneOf(spec, constraint)
  const own = weekOfConstraint(spec, constraint)
  if (own === null || zone === null) return []
  const known = over.flatMap(other => {
    const week = zoneOf(spec, other) === zone ? weekOfConstraint(spec, other) : null
    return week === null ? [] : [{ other, week }]
  })
  const alone = known.find(({ week }) => covers(week, own))
  if (alone !== undefined) return [alone.other]
  return covers(joined(known.flatMap(({ week }) => week)), own) ? known.map(({ other }) => other) : []
}

function weekOfConstraint({ schedules }: Spec, { schedule }: ConstraintRule): readonly Stretch[] | null {
  const known = schedule === null ? undefined : schedules[schedule]
  return known === undefined ? null : weekOf(known)
}

function zoneOf({ schedules }: Spec, { schedule }: ConstraintRule): string | null {
  return schedule === null ? null : (schedules[schedule]?.timeZone ?? null)
}

function outranks(other: ConstraintRule, place: number, constraint: ConstraintRule, index: number): boolean {
  if (other === constraint || !other.enabled) return false
  return other.rank > constraint.rank || (other.rank === constraint.rank && place < index)
}

function label(constraint: ConstraintRule): string {
  return constraint.name === 'capacity' ? 'the capacity of the fleet' : `"${constraint.name}"`
}
