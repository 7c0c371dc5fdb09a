/**
 * `plimsoll export azure`: the part of a configuration that Azure Monitor autoscale can express, as an ARM template with one
 * `Microsoft.Insights/autoscalesettings` for each fleet, and a report of the rest.
 *
 * Example: `capacity: { min: 2, max: 5 }` and a rule `avg(cpu, 10m) > 70%` become a profile "default" with the capacities "2",
 * "5" and "2" and one rule; a `track` rule is reported as lost, since Azure has only thresholds.
 */
import type { Loaded } from '../../config/load.ts'
import type { FleetSpec, ForecastRule, Guards, NotifierSpec, PluginRef, Spec } from '../../model/spec.ts'
import type { ImportFinding } from '../finding.ts'
import {
  fixedStates,
  isOnce,
  type Once,
  readSchedule,
  type Segment,
  type Weekly,
  weekOfStates,
} from './export-hours.ts'
import { type ArmRule, capacityOf, literal, ruleOf } from './export-rules.ts'
import { type Note, type Notes, placesIn, readNotes } from './notes.ts'
import type { Place } from './refusal.ts'
import { collectFindings, type Tell } from './report.ts'
import { WEEK } from './setting.ts'
import { isoSpan } from './span.ts'
import { DAY_MINUTES, localText } from './spans.ts'
import { PART } from './write.ts'
import { alikeWindowsZone, windowsZone } from './zones.ts'

export interface Exported {
  /** An ARM template, as JSON. */
  readonly text: string
  readonly findings: readonly ImportFinding[]
  /** How many settings are in it. */
  readonly settings: number
}

const API_VERSION = '2022-10-01'
const TEMPLATE_SCHEMA = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'

export function exportAzure({ spec, text, file }: Pick<Loaded, 'spec' | 'text' | 'file'>): Exported {
  const { tell, all } = collectFindings()
  const exporter = new Exporter(spec, text, file, tell)
  const resources = Object.values(spec.fleets).map(fleet => exporter.fleet(fleet))
  const template = {
    $schema: TEMPLATE_SCHEMA,
    contentVersion: '1.0.0.0',
    parameters: exporter.parameters(),
    resources,
  }
  return { text: `${JSON.stringify(template, null, 2)}\n`, findings: all(), settings: resources.length }
}

interface State {
  readonly key: string
  /** The constraint in force without the number of its part; `null` where none is. */
  readonly stem: string | null
  /** The same as it is named. */
  readonly constraint: string | null
  readonly schedule: string | null
  readonly capacity: ArmCapacity
  readonly rules: readonly ArmRule[]
}

interface ArmCapacity {
  readonly minimum: string
  readonly maximum: string
  readonly default: string
}

interface ArmProfile {
  readonly name: string
  readonly capacity: ArmCapacity
  readonly rules: readonly ArmRule[]
  readonly fixedDate?: object
  readonly recurrence?: object
}

class Exporter {
  private readonly spec: Spec
  private readonly notes: Notes
  private readonly tell: Tell
  private readonly text: string
  private readonly places: (path: readonly (string | number)[]) => Place
  private readonly declared = new Map<string, object>()

  constructor(spec: Spec, text: string, file: string, tell: Tell) {
    this.spec = spec
    this.text = text
    this.notes = readNotes(text)
    this.tell = tell
    this.places = placesIn(text, file)
    for (const block of ['groups', 'actions'] as const) {
      if (new RegExp(`^["']?${block}["']?\\s*:`, 'm').test(text)) {
        tell('lost', this.places([block]), `Azure has no ${block}`)
      }
    }
  }

  parameters(): object {
    return Object.fromEntries(this.declared)
  }

  fleet(fleet: FleetSpec): object {
    const path = ['fleets', fleet.name]
    const place = this.places(path)
    const note = this.notes.fleets.get(fleet.name) ?? {}
    this.tellGuards(fleet, place)
    const isPlaced = note.location !== undefined || note.targetResourceLocation !== undefined
    const rules = fleet.rules.map((rule, index) => {
      const telling = { tell: this.tell, place: this.places([...path, 'rules', index]) }
      const found = ruleOf(rule, fleet, this.notes.metrics, telling, isPlaced)
      return found === null ? null : { rule: found.rule, during: rule.during, resource: found.resource }
    })
    const target = this.target(fleet, note)
    const written = rules.map(found =>
      found === null
        ? null
        : { during: found.during, rule: withResource(found.rule, found.resource ?? target) },
    )
    const profiles = this.profiles(fleet, written, note, place)
    if (profiles.length > 20)
      this.tell('advice', place, `it takes ${profiles.length} profiles, and Azure takes 20`)
    const enabled = typeof note.enabled === 'boolean' ? note.enabled : fleet.mode.startsWith('scale')
    const name = textIn(note, 'name') ?? fleet.name
    const location = textIn(note, 'location')
    const targetLocation = textIn(note, 'targetResourceLocation')
    const predictive = this.predictive(fleet, path, note)
    return {
      type: 'Microsoft.Insights/autoscalesettings',
      apiVersion: API_VERSION,
      name: literal(name),
      location: location === null ? '[resourceGroup().location]' : literal(location),
      ...(isTexts(note.tags) ? { tags: mapped(note.tags, literal) } : {}),
      properties: {
        name: literal(name),
        enabled,
        targetResourceUri: target,
        ...(targetLocation === null ? {} : { targetResourceLocation: literal(targetLocation) }),
        profiles,
        ...(predictive === null ? {} : { predictiveAutoscalePolicy: predictive }),
        notifications: this.notifications(fleet.name),
      },
    }
  }

  private target({ name, target }: FleetSpec, note: Note): string {
    const known = textIn(note, 'targetResourceUri') ?? idOf(target)
    if (known !== null) return literal(known)
    const parameter = `${name.replace(/[^A-Za-z0-9]/g, '') || 'fleet'}ResourceId`
    this.declared.set(parameter, {
      type: 'string',
      metadata: {
        description: `The id of what the setting of "${name}" scales: a scale set or an App Service plan.`,
      },
    })
    this.tell(
      'ambiguous',
      this.places(['fleets', name]),
      `which resource of Azure "${name}" is, the file does not say`,
      `the template asks for it: the parameter ${parameter}`,
    )
    return `[parameters('${parameter}')]`
  }

  // ---- Profiles ---------------------------------------------------------------------------------------------

  private profiles(
    fleet: FleetSpec,
    rules: readonly ({ readonly rule: ArmRule; readonly during: string | null } | null)[],
    note: Note,
    place: Place,
  ): readonly ArmProfile[] {
    const { weekly, once, unknown } = this.schedulesOf(fleet)
    const stateOf = (active: ReadonlySet<string>): State => {
      const isOn = (schedule: string | null): boolean => schedule === null || active.has(schedule)
      const winner = fleet.constraints
        .filter(({ enabled, schedule }) => enabled && isOn(schedule) && !unknown.has(schedule ?? ''))
        .reduce<FleetSpec['constraints'][number] | null>(
          (best, other) => (best === null || other.rank > best.rank ? other : best),
          null,
        )
      const own = rules.flatMap(found => (found !== null && isOn(found.during) ? [found.rule] : []))
      const capacity = capacityOf(winner)
      const stem = winner === null ? null : winner.name.replace(PART, '')
      return {
        key: JSON.stringify([stem, capacity, own]),
        stem,
        constraint: winner?.name ?? null,
        schedule: winner?.schedule ?? null,
        capacity,
        rules: own,
      }
    }
    const zone = weekly[0]?.zone ?? 'UTC'
    const week = weekOfStates(weekly, zone, stateOf)
    const plain = stateOf(new Set())
    const base = baseOf(week, plain)
    const baseName = textIn(note, 'defaultProfile') ?? 'default'
    const order = fleet.constraints.map(({ name }) => name)
    const segments = [...fixedStates(weekly, once, stateOf)].sort(
      (one, other) => order.indexOf(one.state.constraint ?? '') - order.indexOf(other.state.constraint ?? ''),
    )
    const fixed = segments.map(({ from, to, state }): ArmProfile => {
      const own = once.find(({ name }) => name === state.schedule)?.zone ?? zone
      return {
        ...this.profileOf(state, state.constraint ?? baseName),
        fixedDate: {
          timeZone: this.zone(own, place),
          start: withSeconds(localText(own, from)),
          end: withSeconds(localText(own, to)),
        },
      }
    })
    const recurring = this.recurring(fleet, week, base, baseName, zone, place)
    const isThere = base.stem !== null || (recurring.length === 0 && fixed.length === 0)
    if (!isThere && week.some(({ state }) => state.key === base.key) && recurring.length > 0) {
      this.tell(
        'changed',
        place,
        'for a part of the week no constraint is in force, and Azure needs one',
        'there it is 0 to 1000',
      )
    }
    for (const { name, rules: own } of [...fixed, ...recurring, this.profileOf(base, baseName)]) {
      if (own.length > 10)
        this.tell('advice', place, `"${name}" has ${own.length} rules, and Azure takes 10 per profile`)
    }
    return [
      ...fixed,
      ...recurring,
      ...(isThere || fixed.length + recurring.length === 0 ? [this.profileOf(base, baseName)] : []),
    ]
  }

  private profileOf({ capacity, rules }: State, name: string): ArmProfile {
    return { name: literal(name), capacity, rules }
  }

  private schedulesOf(fleet: FleetSpec): {
    readonly weekly: readonly Weekly[]
    readonly once: readonly Once[]
    readonly unknown: ReadonlySet<string>
  } {
    const named = [
      ...fleet.constraints.map(({ schedule }) => schedule),
      ...fleet.rules.map(({ during }) => during),
    ]
    const weekly: Weekly[] = []
    const once: Once[] = []
    const unknown = new Set<string>()
    for (const name of new Set(named)) {
      const schedule = name === null ? undefined : this.spec.schedules[name]
      if (name === null || schedule === undefined) continue
      const read = readSchedule(schedule)
      if (typeof read === 'string') {
        this.tell(
          'lost',
          this.places(['schedules', name]),
          `the schedule "${name}" has no counterpart: ${read}`,
          'what depends on it is left out',
        )
        unknown.add(name)
      } else if (isOnce(read)) once.push(read)
      else weekly.push(read)
    }
    return { weekly, once, unknown }
  }

  /** A recurrence where each begins, and the copy of the default where the default does. */
  private recurring(
    fleet: FleetSpec,
    week: readonly Segment<State>[],
    base: State,
    baseName: string,
    zone: string,
    place: Place,
  ): readonly ArmProfile[] {
    const order = fleet.constraints.map(({ name }) => name.replace(PART, ''))
    const rankOf = ({ state }: Segment<State>): number =>
      (order.indexOf(state.stem ?? '') + order.length) % (order.length + 1)
    const others = week
      .filter(({ state }) => state.key !== base.key)
      .sort((one, other) => rankOf(one) - rankOf(other))
    const names = new Map<string, string>()
    const taken = new Set<string>()
    const starts = new Map<string, { state: State; name: string; minute: number; days: number[] }>()
    const ends = new Map<string, { name: string; minute: number; days: number[] }>()
    for (const { from, to, state } of others) {
      const minute = from % DAY_MINUTES
      const key = `${minute} ${state.key}`
      const stem = state.stem === 'capacity' || state.stem === null ? 'hours' : state.stem
      const name = names.get(key) ?? uniqueName(stem, taken)
      names.set(key, name)
      const start = starts.get(key) ?? { state, name, minute, days: [] }
      starts.set(key, { ...start, days: [...start.days, Math.floor(from / DAY_MINUTES) % 7] })
      const isFollowed = others.some(other => other.from % (7 * DAY_MINUTES) === to % (7 * DAY_MINUTES))
      if (isFollowed || to - from >= 7 * DAY_MINUTES) continue
      const endKey = `${to % DAY_MINUTES} ${name}`
      const end = ends.get(endKey) ?? { name, minute: to % DAY_MINUTES, days: [] }
      ends.set(endKey, { ...end, days: [...end.days, Math.floor(to / DAY_MINUTES) % 7] })
    }
    const profiles = [...starts.values()].map(
      ({ state, name, minute, days }): ArmProfile => ({
        ...this.profileOf(state, name),
        recurrence: this.recurrence(days, minute, zone, place),
      }),
    )
    const copies = [...ends.values()].map(
      ({ name, minute, days }): ArmProfile => ({
        ...this.profileOf(base, baseName),
        name: JSON.stringify({ name: baseName, for: name }),
        recurrence: this.recurrence(days, minute, zone, place),
      }),
    )
    return [...profiles, ...copies]
  }

  private recurrence(days: readonly number[], minute: number, zone: string, place: Place): object {
    return {
      frequency: 'Week',
      schedule: {
        timeZone: this.zone(zone, place),
        days: WEEK.filter((_, day) => days.includes(day)).map(
          day => `${day[0]?.toUpperCase() ?? ''}${day.slice(1)}`,
        ),
        hours: [Math.floor(minute / 60)],
        minutes: [minute % 60],
      },
    }
  }

  private zone(zone: string, place: Place): string {
    const known = windowsZone(zone)
    if (known !== null) return known
    const alike = alikeWindowsZone(zone)
    this.tell(
      'changed',
      place,
      `Windows has no time zone of its own for ${zone}`,
      alike === null ? 'its hours are told in UTC' : `"${alike}" shows the same time in January and in July`,
    )
    return alike ?? 'UTC'
  }

  // ---- The rest ---------------------------------------------------------------------------------------------

  private predictive(fleet: FleetSpec, path: readonly string[], note: Note): object | null {
    const index = fleet.rules.findIndex(({ kind }) => kind === 'forecast')
    const rule = fleet.rules[index]
    if (rule?.kind !== 'forecast') return null
    const place = this.places([...path, 'rules', index])
    this.tell(
      'changed',
      place,
      `"${rule.name}" becomes Azure's own forecast`,
      'it takes the threshold of the rule on "Percentage CPU", not its own',
    )
    return {
      scaleMode: rule.enabled ? 'Enabled' : 'ForecastOnly',
      ...(note.scaleLookAheadTime === false ? {} : { scaleLookAheadTime: lookAhead(rule) }),
    }
  }

  private notifications(fleet: string): readonly object[] {
    const fleets = Object.keys(this.spec.fleets)
    const emails: string[] = []
    const webhooks: object[] = []
    for (const notifier of Object.values(this.spec.notifiers)) {
      if ((ownerOf(notifier.name, fleets) ?? fleet) !== fleet) continue
      const place = this.places(['notifiers', notifier.name])
      const { type, options } = notifier
      if (type === 'email') emails.push(...listOf(options.to))
      else if (type === 'webhook') webhooks.push(this.webhook(notifier))
      else this.tell('lost', place, `Azure has no notifier of the type "${type}"`)
    }
    if (emails.length + webhooks.length === 0) return []
    const email = {
      sendToSubscriptionAdministrator: false,
      sendToSubscriptionCoAdministrators: false,
      customEmails: emails,
    }
    return [{ operation: 'Scale', ...(emails.length === 0 ? {} : { email }), webhooks }]
  }

  /** An address that came by reference stays out of the template. */
  private webhook({ name, options }: NotifierSpec): object {
    const path = ['notifiers', name]
    const place = this.places(path)
    if (options.format !== 'azure') this.tell('changed', place, `Azure posts a body of its own to "${name}"`)
    if (options.secret !== undefined || options.headers !== undefined) {
      this.tell('lost', place, 'Azure neither signs what it posts nor sends headers')
    }
    return {
      serviceUri: this.address(name, String(options.url)),
      properties: mapped(isTexts(options.properties) ? options.properties : {}, literal),
    }
  }

  private address(name: string, url: string): string {
    // As written, it stands in the text; where a reference gave it, it does not.
    const isWritten =
      this.text.includes(url) || this.text.includes(JSON.stringify(url).slice(1, -1).split('${').join('$${'))
    if (isWritten) return literal(url)
    const parameter = `${name.replace(/[^A-Za-z0-9]/g, '') || 'webhook'}Address`
    this.declared.set(parameter, {
      type: 'securestring',
      metadata: { description: `The address of "${name}".` },
    })
    this.tell(
      'ambiguous',
      this.places(['notifiers', name]),
      'its address comes by reference',
      `the template asks for it: the parameter ${parameter}`,
    )
    return `[parameters('${parameter}')]`
  }

  private tellGuards(
    { guards, outageGuard, quota, kpis, settings, sessions, health, mode, routers }: FleetSpec,
    place: Place,
  ): void {
    const lost = (isThere: boolean, what: string): void => {
      if (isThere) this.tell('lost', place, what)
    }
    for (const [isOther, what] of guardsBeyond(guards)) lost(isOther, what)
    lost(outageGuard !== null, 'Azure has no outage guard')
    lost(quota !== null, 'Azure has no quota beside the bounds')
    lost(kpis.length > 0, 'Azure has no KPIs')
    lost(Object.keys(settings).length > 0, 'Azure changes no settings of applications')
    lost(
      sessions.slotsPerInstance !== null || routers.length > 0,
      'Azure knows nothing of sessions: what it removes, it removes at once',
    )
    lost(health !== null, 'health is asked by the scale set, not by its autoscale setting')
    lost(mode === 'notify', 'Azure does not wait for approval')
  }
}

function guardsBeyond(guards: Guards): readonly (readonly [boolean, string])[] {
  return [
    [
      guards.scaleIn === 'any',
      'with "scaleIn: any" one rule is enough to remove; in Azure all rules that remove must agree',
    ],
    [!guards.flapping, 'Azure always holds a cut that would make it grow back'],
    [
      guards.cooldownFrom === 'last',
      'Azure says of the cooldown that the rule which asks waits its own time ("cooldownFrom: own")',
    ],
    [guards.stabilizationInMs + guards.stabilizationOutMs > 0, 'Azure has no stabilization'],
    [guards.rateIn.limits.length + guards.rateOut.limits.length > 0, 'Azure has no rate limits'],
    [guards.billingHour !== null, 'Azure knows nothing of the paid hour'],
    [!guards.growDuringWarmup, 'Azure has no warm-up'],
  ]
}

/** The id of the scale set or plan that the fleet has as its target. */
function idOf({ type, options }: PluginRef): string | null {
  const { subscription, resourceGroup, scaleSet, plan } = options
  if (typeof subscription !== 'string' || typeof resourceGroup !== 'string') return null
  const within = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers`
  if (type === 'azure-vmss' && typeof scaleSet === 'string') {
    return `${within}/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}`
  }
  return type === 'azure-app-service-plan' && typeof plan === 'string'
    ? `${within}/Microsoft.Web/serverfarms/${plan}`
    : null
}

function withSeconds(local: string): string {
  return local.length === 16 ? `${local}:00` : local
}

/** The state that is the default: that of no schedule, where it comes at all. */
function baseOf(week: readonly Segment<State>[], plain: State): State {
  const own = week.filter(({ state }) => state.schedule === null)
  const total = new Map<string, number>()
  for (const { from, to, state } of own) total.set(state.key, (total.get(state.key) ?? 0) + to - from)
  const [longest] = [...total].sort(([, one], [, other]) => other - one)
  return own.find(({ state }) => state.key === longest?.[0])?.state ?? plain
}

function uniqueName(stem: string, taken: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem} ${number}`
    if (taken.has(name.toLowerCase())) continue
    taken.add(name.toLowerCase())
    return name
  }
}

function lookAhead({ horizonMs }: ForecastRule): string {
  const minutes = Math.round((horizonMs ?? 10 * 60_000) / 60_000)
  return isoSpan(Math.min(Math.max(minutes, 1), 60) * 60_000)
}

function withResource(rule: ArmRule, resource: string): ArmRule {
  return { ...rule, metricTrigger: { ...rule.metricTrigger, metricResourceUri: resource } }
}

function textIn(note: Note, key: string): string | null {
  const value = note[key]
  return typeof value === 'string' ? value : null
}

function listOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter(item => typeof item === 'string')
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(text => typeof text === 'string')
  )
}

function mapped(
  texts: Readonly<Record<string, string>>,
  change: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, change(text)]))
}

/** The fleet an import named it after: `web 2 email` is of `web 2` where there is one, and not of `web`. */
function ownerOf(notifier: string, fleets: readonly string[]): string | null {
  const named = fleets.filter(fleet => notifier.startsWith(`${fleet} `))
  return named.sort((one, other) => other.length - one.length)[0] ?? null
}
