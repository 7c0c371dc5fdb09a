/**
 * Warns about custom actions that no rule runs: they do nothing. (A setting nobody changes is still one the application reads.)
 *
 * Example: `actions: { provision: ... }` without a rule that says `run: provision`.
 */
import type { Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import type { Report } from './problem.ts'

export function lintUnused(spec: Spec, report: Report): void {
  const fleets = Object.values(spec.fleets)
  const run = new Set(fleets.flatMap(({ rules }) => rules.flatMap(({ effects }) => effects.run)))
  for (const action of Object.keys(spec.actions)) {
    if (run.has(action)) continue
    report({
      code: CODES.unusedName,
      severity: 'warning',
      message: `no rule runs the action "${action}"`,
      hint: `give a rule run: ${action}, or delete it`,
      path: ['actions', action],
      part: 'key',
    })
  }
}
