/**
 * Warns about a constraint that can never be in force, because one that is always on outranks it.
 *
 * Example: "Night" (rank 10, scheduled) beside "Floor" (rank 20, no schedule): "Floor" wins whole, every night.
 */
import type { ConstraintRule, FleetSpec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import type { Report } from './problem.ts'

export function lintConstraints(fleet: FleetSpec, report: Report): void {
  const { constraints } = fleet
  for (const [index, constraint] of constraints.entries()) {
    if (!constraint.enabled) continue
    const over = constraints.find((other, place) => shadows(other, place, constraint, index))
    if (over === undefined) continue
    const equal = over.rank === constraint.rank
    report({
      code: CODES.shadowed,
      severity: 'warning',
      message: `${label(constraint)} is never in force: ${label(over)} is always on and ${equal ? 'comes first at the same rank' : `has the higher rank ${over.rank}`}`,
      hint: equal
        ? `give it a rank above ${over.rank}`
        : 'give it the higher rank, or give the other one a schedule',
      path:
        index === 0
          ? ['fleets', fleet.name, 'capacity']
          : ['fleets', fleet.name, 'constraints', index - 1, 'name'],
      ...(index === 0 ? { part: 'key' as const } : {}),
    })
  }
}

function shadows(other: ConstraintRule, place: number, constraint: ConstraintRule, index: number): boolean {
  if (other === constraint || !other.enabled || other.schedule !== null) return false
  return other.rank > constraint.rank || (other.rank === constraint.rank && place < index)
}

function label(constraint: ConstraintRule): string {
  return constraint.name === 'capacity' ? 'the capacity of the fleet' : `"${constraint.name}"`
}
