/**
 * What is wrong with a scale group: fleets it does not have, and rules that one of its fleets would not understand.
 *
 * Example: a group of "web" and "db" whose rule tests the KPI `busy`, which only "web" has, is PLM-221 at `busy`.
 */
import { checkConstraint } from './check-fleet.ts'
import { checkRule } from './check-rule.ts'
import { CODES } from './codes.ts'
import { checkKnown, contextOf, type FleetCheck } from './fleet-check.ts'
import type { Path } from './problem.ts'
import { groupSchema } from './schema-fleet.ts'
import { isMapping, readItems, readObject, shown } from './shape.ts'

export function checkGroup(check: FleetCheck, raw: unknown, path: Path): void {
  const pieces = readObject(check, groupSchema, raw, path, ['constraints', 'rules'])
  if (pieces === null || !isMapping(raw)) return
  const name = String(path.at(-1))
  if (check.fleets.has(name)) {
    check.report({
      code: CODES.duplicateName,
      message: `the name ${shown(check, name, path)} is already that of a fleet`,
      hint: 'groups and fleets need different names, since decisions are explained by them',
      path,
      part: 'key',
    })
  }
  const members = isMapping(raw.fleets) ? Object.keys(raw.fleets) : []
  for (const member of members) {
    checkKnown(check, 'fleet', member, check.fleets.keys(), [...path, 'fleets', member], 'key')
  }
  if (isMapping(raw.fleets) && members.length === 0) {
    check.report({
      code: CODES.missing,
      message: 'the group has no fleet',
      hint: 'name its fleets with their ratios: fleets: { web: 3, db: 1 }',
      path: [...path, 'fleets'],
    })
  }
  const fleets = members.filter(member => check.fleets.has(member)).map(member => check.fleets.get(member))
  const names = new Map<string, string>()
  const constraints = [...path, 'constraints']
  for (const [index, constraint] of readItems(check, raw.constraints, constraints).entries()) {
    checkConstraint(check, constraint, [...constraints, index], names)
  }
  // Without a fleet of its own, nothing can be said of what its rules name.
  if (fleets.length === 0 || fleets.length < members.length) return
  const owner = { fleet: null, members: fleets, context: contextOf(check, fleets) }
  const rules = [...path, 'rules']
  for (const [index, rule] of readItems(check, raw.rules, rules).entries()) {
    checkRule(check, rule, [...rules, index], names, owner)
  }
}
