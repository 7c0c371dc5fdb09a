/**
 * Warns where two fleets scale the same thing on Azure: each takes all instances for its own, and undoes what the other decides. One
 * that only recommends beside one that acts is no conflict, but a way to try other rules.
 *
 * Example: `day` wants 10 instances of the scale set `web`, `night` wants 2: one launches eight, the other deletes eight, and so on.
 */
import type { FleetSpec, Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import type { Report } from './problem.ts'

/** The keys that say which resource it is. */
const NAMED_BY: Readonly<Record<string, readonly string[]>> = {
  'azure-vmss': ['subscription', 'resourceGroup', 'scaleSet'],
  'azure-app-service-plan': ['subscription', 'resourceGroup', 'plan'],
}

export function lintSharedTargets({ fleets }: Spec, report: Report): void {
  const first = new Map<string, string>()
  for (const fleet of Object.values(fleets)) {
    const id = resourceOf(fleet)
    if (id === null || fleet.mode === 'recommend') continue
    const other = first.get(id)
    if (other === undefined) first.set(id, fleet.name)
    else {
      report({
        code: CODES.sharedTarget,
        severity: 'warning',
        message: `"${fleet.name}" and "${other}" scale the same target, and each undoes what the other does`,
        hint: 'make one fleet of them, with the rules of both; or let one only recommend',
        path: ['fleets', fleet.name, 'target'],
      })
    }
  }
}

/** Azure's names are the same in any case. */
function resourceOf({ target: { type, options } }: FleetSpec): string | null {
  const keys = NAMED_BY[type]
  return keys === undefined ? null : [type, ...keys.map(key => String(options[key]).toLowerCase())].join('/')
}
