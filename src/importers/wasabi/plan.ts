/**
 * What the rules come to here: fleets for roles, groups for scale groups, metrics for operands. Every choice that could have
 * been made otherwise is found and said.
 *
 * Example: the rule "Busy" with `<scale target="web" by="1"/>` and `<scale target="jobs" by="2"/>` is one rule in each of the
 * fleets `web` and `jobs`.
 */
import { MAX_LENGTH } from '../../config/expression/parse.ts'
import { IMPORT_CODES, type SourcePlace } from '../import-error.ts'
import { Names } from '../names.ts'
import { type Condition, conditionText, strangeIn } from './conditions.ts'
import { type MetricPlan, Metrics } from './metrics.ts'
import type { Reading } from './reading.ts'
import type { Action, Constraint, Reactive, Rules } from './rules-file.ts'
import type { Role, Services, Stabilizer } from './services-file.ts'
import { type SettingPlan, Settings } from './settings.ts'
import { findMeetingThresholds } from './thresholds.ts'
import type { Timetable } from './timetable.ts'

export interface ConstraintPlan {
  readonly name: string
  readonly place: SourcePlace
  readonly description: string | null
  readonly rank: number
  readonly enabled: boolean
  readonly min: number
  readonly max: number
  readonly timetable: Timetable | null
}

export interface RulePlan {
  readonly name: string
  readonly place: SourcePlace
  readonly description: string | null
  readonly rank: number
  readonly enabled: boolean
  readonly when: string
  readonly by: string | null
  readonly set: readonly (readonly [string, string])[]
  readonly cooldownMs: number | null
}

/** A fleet or a group: what has rules. */
export interface OwnerPlan {
  /** As it was called. */
  readonly alias: string
  readonly name: string
  readonly place: SourcePlace
  readonly constraints: ConstraintPlan[]
  readonly rules: RulePlan[]
  /** Aliases with their ratios; `null` of a fleet. */
  readonly members: ReadonlyMap<string, number> | null
  readonly role: Role | null
  readonly names: Names
}

export interface Plan {
  readonly fleets: readonly OwnerPlan[]
  readonly groups: readonly OwnerPlan[]
  readonly metrics: readonly MetricPlan[]
  /** Name of the metric that says how many instances there are, by alias. */
  readonly counts: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, readonly SettingPlan[]>
}

const USUAL_COOLDOWN_MS = 20 * 60_000

export function planOf(reading: Reading, rules: Rules, services: Services | null): Plan {
  const owners = ownersOf(reading, rules, services)
  const fleets = [...owners.values()].filter(({ members }) => members === null)
  const groups = [...owners.values()].filter(({ members }) => members !== null)
  const metrics = new Metrics(reading, rules, services, fleets, groups)
  const settings = new Settings(reading)
  for (const constraint of rules.constraints) placeConstraint(reading, constraint, owners)
  for (const rule of rules.reactive) placeRule(reading, rule, owners, metrics, settings, services)
  findEqualRanks(reading, fleets, groups)
  findMeetingThresholds(reading, rules)
  findUnbounded(reading, fleets, groups)
  return {
    fleets,
    groups,
    metrics: metrics.all(),
    counts: metrics.counts,
    settings: settings.byFleet(groups),
  }
}

type Owners = ReadonlyMap<string, OwnerPlan>

/** Every role and group that a rule is about, and the roles of such groups; in the order of the service information. */
function ownersOf(reading: Reading, rules: Rules, services: Services | null): Owners {
  const targets = targetsOf(rules)
  const owners = new Map<string, OwnerPlan>()
  const names = new Names('role')
  const add = (alias: string, place: SourcePlace, members: ReadonlyMap<string, number> | null): void => {
    if (owners.has(alias)) return
    const name = names.take(alias, members === null ? 'fleet' : 'name')
    if (name !== alias) reading.find('changed', place, `"${alias}" is called "${name}" here`)
    const role = services?.roles.get(alias) ?? null
    const parts = { constraints: [], rules: [], names: new Names('rule', ['capacity']) }
    owners.set(alias, { alias, name, place: role?.place ?? place, members, role, ...parts })
  }
  if (services === null) {
    for (const [alias, place] of targets) add(alias, place, null)
    const [first] = targets.values()
    if (first !== undefined) {
      const message =
        'without the service information nobody can tell roles from scale groups: every target is taken for a role'
      reading.find('ambiguous', first, message)
    }
    return owners
  }
  const groups = [...services.groups.values()].filter(({ name }) => targets.has(name))
  const members = new Set(groups.flatMap(group => [...group.members.keys()]))
  for (const { alias, place } of services.roles.values()) {
    if (targets.has(alias) || members.has(alias)) add(alias, place, null)
    else reading.find('lost', place, `no rule is about the role "${alias}": there is no fleet for it`)
  }
  for (const { name, place, members: ratios } of groups) add(name, place, ratios)
  for (const { name, place } of services.groups.values()) {
    if (!targets.has(name)) reading.find('lost', place, `no rule is about the scale group "${name}"`)
  }
  return owners
}

/** With the place of the first rule about each. */
function targetsOf({ constraints, reactive }: Rules): ReadonlyMap<string, SourcePlace> {
  const targets = new Map<string, SourcePlace>()
  const all = [...constraints.flatMap(({ ranges }) => ranges), ...reactive.flatMap(({ actions }) => actions)]
  for (const { target, place } of all) {
    if (!targets.has(target)) targets.set(target, place)
  }
  return targets
}

function ownerOf(reading: Reading, owners: Owners, target: string, place: SourcePlace): OwnerPlan | null {
  const owner = owners.get(target)
  if (owner !== undefined) return owner
  reading.find('lost', place, `there is no role or scale group "${target}": nothing is made of this`)
  return null
}

function placeConstraint(reading: Reading, constraint: Constraint, owners: Owners): void {
  const { ranges, timetable, name, place } = constraint
  const isNever = timetable !== null && timetable.lines.length === 0
  if (ranges.length === 0) reading.find('lost', place, `the constraint rule "${name}" has no range`)
  if (isNever) {
    const message = `the timetable of "${name}" never has a window: the constraint is written without it, and disabled`
    reading.find('lost', timetable.place, message)
  }
  for (const range of ranges) {
    const owner = ownerOf(reading, owners, range.target, range.place)
    owner?.constraints.push({
      name: named(reading, owner, name, range.place),
      place: range.place,
      description: constraint.description,
      rank: constraint.rank,
      enabled: constraint.enabled && !isNever,
      min: range.min,
      max: range.max,
      timetable: isNever ? null : timetable,
    })
  }
}

function named(reading: Reading, owner: OwnerPlan, name: string, place: SourcePlace): string {
  const taken = owner.names.take(name, 'name')
  if (taken !== name) reading.find('changed', place, `"${name}" is called "${taken}" in "${owner.name}"`)
  return taken
}

function placeRule(
  reading: Reading,
  rule: Reactive,
  owners: Owners,
  metrics: Metrics,
  settings: Settings,
  services: Services | null,
): void {
  const { when, name } = rule
  if (when === null || isLeftOut(reading, rule, when)) return
  for (const target of new Set(rule.actions.map(action => action.target))) {
    const actions = rule.actions.filter(action => action.target === target)
    const owner = ownerOf(reading, owners, target, actions[0]?.place ?? rule.place)
    if (owner === null) continue
    const text = conditionText(when, operand => metrics.textOf(operand, owner))
    if (text.length > MAX_LENGTH) {
      const message = `the condition of "${name}" has ${text.length} characters here, and ${MAX_LENGTH} are allowed: split the rule`
      reading.problem(rule.place, message, IMPORT_CODES.unwritable)
      return
    }
    const set = settings.take(actions, owner, rule)
    for (const [index, scale] of scalesOf(actions).entries()) {
      if (owner.members !== null && scale?.by.endsWith('%') === true) {
        const message = `"${name}": the percentage is the same in every fleet of the group, and not multiplied by its ratio`
        reading.find('changed', scale.place, message)
      }
      owner.rules.push({
        name: named(reading, owner, name, scale?.place ?? rule.place),
        place: rule.place,
        description: rule.description,
        rank: rule.rank,
        enabled: rule.enabled,
        when: text,
        by: scale?.by ?? null,
        set: index === 0 ? set : [],
        cooldownMs: scale === null ? null : groupCooldown(owner, scale.by, services),
      })
    }
  }
}

function isLeftOut(reading: Reading, { name, place, actions }: Reactive, when: Condition): boolean {
  const strange = strangeIn(when)
  if (strange !== null) {
    const message = `the condition <${strange.name}> is one of your own: the rule "${name}" is left out`
    reading.find('lost', strange.place, message)
    return true
  }
  if (actions.length > 0) return false
  reading.find('lost', place, `the reactive rule "${name}" has no action that can be carried over`)
  return true
}

type Scale = Extract<Action, { kind: 'scale' }>

/** A rule that only changes settings is one rule without a scale. */
function scalesOf(actions: readonly Action[]): readonly (Scale | null)[] {
  const scales = actions.filter(action => action.kind === 'scale')
  return scales.length === 0 ? [null] : scales
}

/** Where the stabilizer has words of its own for the group. */
function groupCooldown(owner: OwnerPlan, by: string, services: Services | null): number | null {
  const own = owner.members === null ? undefined : services?.ofGroup.get(owner.alias)
  const of = (stabilizer: Stabilizer | null | undefined) =>
    (by.startsWith('-') ? stabilizer?.downMs : stabilizer?.upMs) ?? null
  return own === undefined ? null : (of(own) ?? of(services?.stabilizer) ?? USUAL_COOLDOWN_MS)
}

function findEqualRanks(reading: Reading, fleets: readonly OwnerPlan[], groups: readonly OwnerPlan[]): void {
  for (const fleet of fleets) {
    const inGroups = groups.filter(({ members }) => members?.has(fleet.alias))
    const first = new Map<number, ConstraintPlan>()
    for (const constraint of [fleet, ...inGroups].flatMap(({ constraints }) => constraints)) {
      if (!constraint.enabled) continue
      const other = first.get(constraint.rank)
      if (other === undefined) first.set(constraint.rank, constraint)
      else {
        const names = `"${other.name}" and "${constraint.name}" of "${fleet.name}"`
        const message = `${names} have the rank ${constraint.rank}: while both are in force, the first counts whole`
        reading.find('ambiguous', constraint.place, message)
      }
    }
  }
}

/** At home, too, a role without a constraint in force is never changed; it is seldom meant. */
function findUnbounded(reading: Reading, fleets: readonly OwnerPlan[], groups: readonly OwnerPlan[]): void {
  for (const fleet of fleets) {
    const owners = [fleet, ...groups.filter(({ members }) => members?.has(fleet.alias))]
    if (owners.some(({ constraints }) => constraints.some(({ enabled }) => enabled))) continue
    const message = `no constraint is ever in force for "${fleet.name}", so that its count never changes`
    reading.find('advice', fleet.place, message)
  }
}
