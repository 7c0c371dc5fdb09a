/**
 * A plan as a commented configuration file.
 *
 * Example: the fleet `web` begins with `preset: wasabi`, a target that only counts, and the cooldowns of the stabilizer.
 */
import { formatDuration } from '../../config/expression/units.ts'
import { Draft, yamlText } from '../draft.ts'
import { Names } from '../names.ts'
import type { ConstraintPlan, OwnerPlan, Plan, RulePlan } from './plan.ts'
import type { Reading } from './reading.ts'
import type { Rules } from './rules-file.ts'
import type { Role, Services, Stabilizer } from './services-file.ts'

const USUAL_COOLDOWN_MS = 20 * 60_000
const USUAL_NOTICES_MS = 30 * 60_000
const LONGEST_NOTICES_MS = 7 * 24 * 3_600_000

export function writePlan(
  reading: Reading,
  plan: Plan,
  rules: Rules,
  services: Services | null,
  files: readonly string[],
): Draft {
  const draft = new Draft()
  draft.add(
    0,
    '# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json',
    rules.place,
  )
  draft.comment(0, `Rules of the Autoscaling Application Block, from ${files.join(' and ')}.`)
  draft.comment(
    0,
    'What could not be carried over, or could be read in more than one way, is listed at the end.',
  )
  draft.add(0, 'plimsoll: 1')
  writeMetrics(draft, plan)
  draft.add(0, '')
  draft.add(0, 'fleets:', rules.place)
  for (const fleet of plan.fleets) writeFleet(reading, draft, fleet, plan, rules, services)
  writeGroups(draft, plan)
  writeNotifiers(reading, draft, plan, services)
  return draft
}

function writeMetrics(draft: Draft, { metrics }: Plan): void {
  if (metrics.length === 0) return
  draft.add(0, '')
  draft.comment(
    0,
    'What says `source: push` is posted to the API until you choose a source that reads it: docs/sources.md.',
  )
  draft.add(0, 'metrics:')
  for (const { name, place, kind, unit, about, read } of metrics) {
    draft.comment(1, `${about} (${where(place)})`, place)
    const counted = unit === null ? '' : `, unit: ${unit}`
    draft.add(1, `${yamlText(name)}: { ${read}, kind: ${kind}${counted}, every: 1m, staleAfter: 5m }`, place)
  }
}

function where({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file}:${line}`
}

function writeFleet(
  reading: Reading,
  draft: Draft,
  fleet: OwnerPlan,
  plan: Plan,
  rules: Rules,
  services: Services | null,
): void {
  const { place, role, alias } = fleet
  const stabilizer = stabilizerOf(services, alias)
  draft.add(0, '')
  if (role !== null) draft.comment(1, `${role.about} (${where(role.place)})`, place)
  draft.add(1, `${yamlText(fleet.name)}:`, place)
  draft.add(2, 'preset: wasabi')
  draft.comment(2, 'Your target goes here: docs/targets-and-routers.md. Until then Plimsoll only advises.')
  draft.add(2, `target: { type: none, count: "last(${plan.counts.get(alias) ?? ''})" }`)
  reading.find(
    'lost',
    place,
    `what "${fleet.name}" runs on has no counterpart: write its target; until then Plimsoll advises and touches nothing`,
  )
  draft.add(2, `mode: ${modeOf(rules, role)}`)
  if (stabilizer.upMs !== null || stabilizer.downMs !== null) {
    const [out, into] = [stabilizer.upMs, stabilizer.downMs].map(ms =>
      formatDuration(ms ?? USUAL_COOLDOWN_MS),
    )
    draft.add(2, `cooldown: { out: ${out}, in: ${into} }`, stabilizer.place ?? place)
  }
  writeBillingHour(draft, stabilizer)
  const settings = plan.settings.get(alias) ?? []
  if (settings.length > 0) draft.add(2, 'settings:')
  for (const setting of settings) {
    draft.add(
      3,
      `${yamlText(setting.name)}: ${JSON.stringify(setting.fallback) === '""' ? '""' : quoted(setting.fallback)}`,
      setting.place,
    )
  }
  writeOwned(draft, fleet)
}

/** Values stay the texts they were, also `true` and `20`. */
function quoted(value: string): string {
  const text = yamlText(value)
  return text.startsWith('"') ? text : `"${text}"`
}

/** What is said of the role itself goes before what is said of all. */
function stabilizerOf(
  services: Services | null,
  alias: string,
): Omit<Stabilizer, 'place'> & { readonly place: Stabilizer['place'] | null } {
  const [own, common] = [services?.ofRole.get(alias), services?.stabilizer]
  return {
    place: own?.place ?? common?.place ?? null,
    upMs: own?.upMs ?? common?.upMs ?? null,
    downMs: own?.downMs ?? common?.downMs ?? null,
    firstMinutes: own?.firstMinutes ?? common?.firstMinutes ?? null,
    lastMinutes: own?.lastMinutes ?? common?.lastMinutes ?? null,
    noticesMs: own?.noticesMs ?? common?.noticesMs ?? null,
  }
}

function modeOf(rules: Rules, role: Role | null): string {
  return rules.enabled ? (role?.mode ?? 'scale') : 'recommend'
}

function writeBillingHour(
  draft: Draft,
  { firstMinutes, lastMinutes, place }: ReturnType<typeof stabilizerOf>,
): void {
  const parts = [
    ...(firstMinutes === null || firstMinutes === 0 ? [] : [`outFirst: ${firstMinutes}m`]),
    ...(lastMinutes === null || lastMinutes === 0 ? [] : [`inLast: ${lastMinutes}m`]),
  ]
  if (parts.length > 0) draft.add(2, `billingHour: { ${parts.join(', ')} }`, place)
}

function writeOwned(draft: Draft, { constraints, rules }: OwnerPlan): void {
  if (constraints.length > 0) draft.add(2, 'constraints:')
  for (const constraint of constraints) writeConstraint(draft, constraint)
  if (rules.length > 0) draft.add(2, 'rules:')
  for (const rule of rules) writeRule(draft, rule)
}

function writeConstraint(draft: Draft, constraint: ConstraintPlan): void {
  const { place, timetable } = constraint
  writeHead(draft, constraint)
  draft.add(4, `min: ${constraint.min}`, place)
  draft.add(4, `max: ${constraint.max}`, place)
  if (timetable !== null) {
    draft.add(4, 'schedule:', timetable.place)
    for (const line of timetable.lines) draft.add(5, line, timetable.place)
  }
}

function writeHead(
  draft: Draft,
  { name, place, description, rank, enabled }: ConstraintPlan | RulePlan,
): void {
  draft.comment(3, description === null ? where(place) : `${description} (${where(place)})`, place)
  draft.add(3, `- name: ${yamlText(name)}`, place)
  draft.add(4, `rank: ${rank}`, place)
  if (!enabled) draft.add(4, 'enabled: false', place)
}

function writeRule(draft: Draft, rule: RulePlan): void {
  const { place, by, set, cooldownMs } = rule
  writeHead(draft, rule)
  draft.add(4, `when: ${quoted(rule.when)}`, place)
  if (by !== null) draft.add(4, `scale: { by: ${by.endsWith('%') ? `"${by}"` : by} }`, place)
  if (set.length > 0) draft.add(4, 'set:', place)
  for (const [name, value] of set) draft.add(5, `${yamlText(name)}: ${quoted(value)}`, place)
  if (cooldownMs !== null) draft.add(4, `cooldown: ${formatDuration(cooldownMs)}`, place)
}

function writeGroups(draft: Draft, { groups, fleets }: Plan): void {
  if (groups.length === 0) return
  draft.add(0, '')
  draft.add(0, 'groups:')
  for (const group of groups) {
    draft.add(1, `${yamlText(group.name)}:`, group.place)
    const members = [...(group.members ?? [])].map(([alias, ratio]) => {
      const name = fleets.find(fleet => fleet.alias === alias)?.name ?? alias
      return `${yamlText(name)}: ${ratio}`
    })
    draft.add(2, `fleets: { ${members.join(', ')} }`, group.place)
    writeOwned(draft, group)
  }
}

function writeNotifiers(reading: Reading, draft: Draft, { fleets }: Plan, services: Services | null): void {
  const roles = fleets.flatMap(({ role }) => (role === null ? [] : [role]))
  const told = [...new Set(roles.map(({ service }) => service))].filter(
    ({ recipients }) => recipients.length > 0,
  )
  const names = new Names('ops')
  const lists = new Set<string>()
  for (const service of told) {
    const { place, recipients, name } = service
    const first = roles.find(role => role.service === service)
    if (first === undefined || first.mode === 'scale') {
      reading.find('lost', place, `the recipients of "${name}" are left out: in its mode nobody is told`)
      continue
    }
    if (lists.size === 0) {
      draft.add(0, '')
      draft.comment(0, 'The mail server and the sender stood in neither file: put yours here.')
      draft.add(0, 'notifiers:')
    }
    lists.add(recipients.join(','))
    const every = Math.min(
      stabilizerOf(services, first.alias).noticesMs ?? USUAL_NOTICES_MS,
      LONGEST_NOTICES_MS,
    )
    const on = first.mode === 'notify' ? 'approval-wanted, approval-withdrawn' : 'scaled, failed'
    draft.add(1, `${yamlText(names.take(name, 'word'))}:`, place)
    draft.add(2, 'type: email', place)
    draft.add(2, `to: [${recipients.map(quoted).join(', ')}]`, place)
    draft.add(2, 'from: plimsoll@localhost', place)
    draft.add(2, 'smtp: "smtp://127.0.0.1:25"', place)
    draft.add(2, `on: [${on}]`, place)
    draft.add(2, `every: ${formatDuration(every)}`, place)
    reading.find(
      'lost',
      place,
      `the mail server for the recipients of "${name}" is in neither file: taken as 127.0.0.1`,
    )
    if (lists.size > 1) {
      reading.find('changed', place, `the recipients of "${name}" hear of the other services, too`)
    }
  }
}
