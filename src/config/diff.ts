/**
 * What changed between two configurations, in words: what they mean is compared, not how they are written. The order of
 * rules counts only where it decides (equal ranks); options of plugins are named and never shown, since they may hold secrets.
 *
 * Example: `diffSpecs(old, new)` with a threshold moved from 80 % to 75 % is
 * `[{ fleet: 'web', what: 'rule "Scale up"', kind: 'changed', field: 'when', before: 'avg(cpu, 45m) > 80%', after: 'avg(cpu, 45m) > 75%' }]`.
 */
import type { Schedule } from '../model/schedule.ts'
import type { FleetSpec, PluginRef, ReactiveRule, ScaleAction, Spec } from '../model/spec.ts'
import { scheduleWords } from './schedule-words.ts'

export interface SpecChange {
  /** `null`: shared by the whole file. */
  readonly fleet: string | null
  /** `rule "Scale up"`, `capacity`, `guards`. */
  readonly what: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** What of it; `null` where all of it came or went. */
  readonly field: string | null
  /** `null`: not there, or not to be shown. */
  readonly before: string | null
  readonly after: string | null
}

/** One thing of a configuration, as words by field. `HIDDEN` is compared and not shown. */
type Fields = ReadonlyMap<string, Word>
interface Word {
  readonly shown: string | null
  readonly compared: string
}

export function diffSpecs(before: Spec, after: Spec): SpecChange[] {
  const shared = [
    ...diffNamed(null, 'schedule', before.schedules, after.schedules, scheduleFields),
    ...diffNamed(null, 'metric', before.metrics, after.metrics, plainFields),
    ...diffNamed(null, 'notifier', before.notifiers, after.notifiers, plainFields),
    ...diffNamed(null, 'custom action', before.actions, after.actions, plainFields),
  ]
  const names = namesOf(before.fleets, after.fleets)
  return [...names.flatMap(name => diffFleet(name, before.fleets[name], after.fleets[name])), ...shared]
}

function diffFleet(name: string, before: FleetSpec | undefined, after: FleetSpec | undefined): SpecChange[] {
  if (before === undefined || after === undefined) {
    const kind = before === undefined ? 'added' : 'removed'
    const there = before ?? after
    return there === undefined ? [] : [whole(null, `fleet "${name}"`, kind, describeFleet(there))]
  }
  return [
    ...diffNamed(name, 'constraint', byName(before.constraints), byName(after.constraints), plainFields),
    ...diffNamed(name, 'KPI', byName(before.kpis), byName(after.kpis), ({ goalText }) =>
      fields({ goal: goalText }),
    ),
    ...diffNamed(name, 'rule', byName(before.rules), byName(after.rules), ruleFields),
    ...orderOf(name, 'constraints', before.constraints, after.constraints),
    ...orderOf(name, 'rules', before.rules, after.rules),
    ...diffNamed(name, 'setting', before.settings, after.settings, plainFields),
    ...diffFields(name, 'target', pluginFields(before.target), pluginFields(after.target)),
    ...diffFields(name, 'router', routerFields(before.routers), routerFields(after.routers)),
    ...diffFields(name, 'sessions', sessionFields(before), sessionFields(after)),
    ...diffFields(name, 'health', healthFields(before), healthFields(after)),
    ...diffFields(name, 'repair', plainFields(before.repair), plainFields(after.repair)),
    ...diffFields(name, 'guards', guardFields(before), guardFields(after)),
    ...diffFields(name, 'fleet', otherFields(before), otherFields(after)),
  ]
}

function describeFleet({ rules, constraints, target }: FleetSpec): string {
  const capacity = constraints.find(({ schedule }) => schedule === null)
  const range = capacity === undefined ? '' : `${capacity.min} to ${capacity.max} instances, `
  return `${range}${rules.length} rule${rules.length === 1 ? '' : 's'}, target ${target.type}`
}

interface Ranked {
  readonly name: string
  readonly rank: number
}

/** Of what both have: does another one come first where the ranks are equal? */
function orderOf(
  fleet: string,
  sort: string,
  before: readonly Ranked[],
  after: readonly Ranked[],
): SpecChange[] {
  const rankNow = new Map(after.map(({ name, rank }) => [name, rank]))
  const kept = before.filter(({ name, rank }) => rankNow.get(name) === rank)
  const names = new Set(kept.map(({ name }) => name))
  const now = after.filter(({ name }) => names.has(name))
  return [...new Set(kept.map(({ rank }) => rank))].flatMap((rank): SpecChange[] => {
    const inOrder = (things: readonly Ranked[]): string =>
      things.flatMap(thing => (thing.rank === rank ? [`"${thing.name}"`] : [])).join(', ')
    const [was, is] = [inOrder(kept), inOrder(now)]
    if (was === is) return []
    return [
      { fleet, what: `${sort} of rank ${rank}`, kind: 'changed', field: 'order', before: was, after: is },
    ]
  })
}

function diffNamed<T>(
  fleet: string | null,
  sort: string,
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  fieldsOf: (thing: T) => Fields,
): SpecChange[] {
  return namesOf(before, after).flatMap(name => {
    const [was, is] = [before[name], after[name]]
    const what = `${sort} "${name}"`
    if (was === undefined) return is === undefined ? [] : [whole(fleet, what, 'added', inWords(fieldsOf(is)))]
    if (is === undefined) return [whole(fleet, what, 'removed', inWords(fieldsOf(was)))]
    return diffFields(fleet, what, fieldsOf(was), fieldsOf(is))
  })
}

function diffFields(fleet: string | null, what: string, before: Fields, after: Fields): SpecChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((field): SpecChange[] => {
    const [was, is] = [before.get(field), after.get(field)]
    if (was?.compared === is?.compared) return []
    return [{ fleet, what, kind: 'changed', field, before: was?.shown ?? null, after: is?.shown ?? null }]
  })
}

function whole(fleet: string | null, what: string, kind: 'added' | 'removed', words: string): SpecChange {
  const [before, after] = kind === 'added' ? [null, words] : [words, null]
  return { fleet, what, kind, field: null, before, after }
}

/** In the order of the new file, what is gone last. */
function namesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
}

function byName<T extends { readonly name: string }>(things: readonly T[]): Record<string, T> {
  return Object.fromEntries(things.map(thing => [thing.name, thing]))
}

function inWords(all: Fields): string {
  const usual = new Set(['', 'always', 'none', '0s', 'nothing', 'yes'])
  return [...all]
    .flatMap(([field, { shown }]) => (shown === null || usual.has(shown) ? [] : [`${field} ${shown}`]))
    .join(', ')
}

function ruleFields(rule: ReactiveRule): Fields {
  const frame = {
    rank: rule.rank,
    enabled: rule.enabled,
    for: duration(rule.forMs),
    during: rule.during ?? 'always',
    cooldown: rule.cooldownMs === null ? 'as the fleet' : duration(rule.cooldownMs),
    set: listOf(Object.entries(rule.effects.set).map(([name, value]) => `${name}: ${value}`)),
    notify: listOf(rule.effects.notify),
    run: listOf(rule.effects.run),
  }
  return fields({ ...whatItSays(rule), ...frame, ...restOf(rule, KNOWN_OF_RULES) })
}

/** Said in words above, or trees of what is said in words. */
const KNOWN_OF_RULES = new Set([
  ...[
    'kind',
    'name',
    'rank',
    'enabled',
    'forMs',
    'during',
    'cooldownMs',
    'effects',
    'when',
    'whenText',
    'scale',
  ],
  ...[
    'operand',
    'operandText',
    'threshold',
    'bands',
    'rounding',
    'target',
    'toleranceRatio',
    'toleranceInRatio',
  ],
  ...['spread', 'wholePercents', 'expression', 'expressionText', 'reserve', 'slotsPerInstance'],
  ...['perInstance', 'sloRatio', 'bootMs', 'horizonMs', 'quantileRatio', 'timeZone'],
])

function whatItSays(rule: ReactiveRule): Record<string, unknown> {
  switch (rule.kind) {
    case 'when':
      return { when: rule.whenText, scale: rule.scale === null ? 'nothing' : scaleText(rule.scale) }
    case 'steps':
      return {
        steps: rule.operandText,
        threshold: rule.threshold,
        bands: rule.bands
          .map(({ from, to, scale }) => `${from ?? ''}..${to ?? ''} ${scaleText(scale)}`)
          .join('; '),
        rounding: rule.rounding,
      }
    case 'track':
      return {
        track: rule.operandText,
        target: rule.target,
        tolerance: `${percent(rule.toleranceRatio)} above, ${percent(rule.toleranceInRatio)} below`,
        spread: rule.spread,
        wholePercents: rule.wholePercents,
      }
    case 'match':
      return { match: rule.expressionText }
    case 'reserve': {
      const { reserve, slotsPerInstance } = rule
      const room = reserve.kind === 'slots' ? `${reserve.slots} slots` : percent(reserve.ratio)
      return { reserve: room, 'slots per instance': slotsPerInstance }
    }
    case 'serve': {
      const { operandText, perInstance, sloRatio, bootMs, spread, timeZone } = rule
      return {
        serve: operandText,
        'per instance': perInstance,
        slo: percent(sloRatio),
        boot: bootMs === null ? 'as measured' : duration(bootMs),
        spread,
        'time zone': timeZone ?? 'UTC',
      }
    }
    case 'forecast': {
      const { operandText, perInstance, horizonMs, quantileRatio, spread, timeZone } = rule
      return {
        forecast: operandText,
        'per instance': perInstance,
        horizon: horizonMs === null ? 'until a new instance is ready' : duration(horizonMs),
        quantile: percent(quantileRatio),
        spread,
        'time zone': timeZone ?? 'UTC',
      }
    }
  }
}

function scaleText(scale: ScaleAction): string {
  switch (scale.kind) {
    case 'to':
      return `to ${scale.instances}`
    case 'by':
      return `by ${scale.instances > 0 ? '+' : ''}${scale.instances}`
    case 'percent': {
      const least = scale.atLeast > 1 ? `, at least ${scale.atLeast}` : ''
      return `by ${scale.ratio > 0 ? '+' : ''}${percent(scale.ratio)}${least}`
    }
  }
}

function guardFields({ guards, outageGuard, quota }: FleetSpec): Fields {
  const { rateOut, rateIn, billingHour, ...plain } = guards
  const watched = outageGuard === null ? 'none' : outageText(outageGuard)
  return fields({
    ...restOf(plain, new Set()),
    'rate limit out': rateText(rateOut),
    'rate limit in': rateText(rateIn),
    'billing hour':
      billingHour === null ? 'none' : listOf(Object.entries(billingHour).map(([k, v]) => `${k} ${v}`)),
    'outage guard': watched,
    quota: quota ?? 'none',
  })
}

function outageText({
  operandText,
  dropRatio,
  withinMs,
  holdMs,
}: NonNullable<FleetSpec['outageGuard']>): string {
  return `${operandText} falling by ${percent(dropRatio)} within ${duration(withinMs)} holds for ${duration(holdMs)}`
}

function rateText({ limits, select }: FleetSpec['guards']['rateOut']): string {
  if (limits.length === 0) return 'none'
  const each = limits.map(limit => {
    const much = limit.kind === 'percent' ? percent(limit.ratio) : `${limit.instances}`
    return `${much} per ${duration(limit.periodMs)}`
  })
  return `${each.sort().join(', ')} (${select})`
}

const KNOWN_OF_FLEETS = new Set([
  ...[
    'name',
    'target',
    'routers',
    'sessions',
    'health',
    'repair',
    'constraints',
    'kpis',
    'rules',
    'operands',
    'guards',
    'outageGuard',
    'quota',
  ],
  // Metrics are told once for the whole file; a webhook may hold a secret.
  ...['metrics', 'settings', 'settingsWebhook', 'count'],
])

function otherFields(fleet: FleetSpec): Fields {
  return fields({
    ...restOf(fleet, KNOWN_OF_FLEETS),
    count: hidden(fleet.count),
    settingsWebhook: hidden(fleet.settingsWebhook),
  })
}

function routerFields(routers: FleetSpec['routers']): Fields {
  const [first, ...others] = routers
  if (first === undefined) return pluginFields(null)
  const further = others.map(({ type, options }, index) => {
    const witness = `witness ${index + 2}`
    const named = Object.entries(optionFields(options)).map(([option, value]) => [
      `${witness} ${option}`,
      value,
    ])
    return fields({ [witness]: type, ...Object.fromEntries(named) })
  })
  return new Map([pluginFields(first), ...further].flatMap(each => [...each]))
}

function sessionFields({ sessions: { drain, leaseMs, ...sessions } }: FleetSpec): Fields {
  const { deadlineMs, pastDeadline } = drain
  const lease = leaseMs === null ? 'none' : duration(leaseMs)
  const deadline = deadlineMs === null ? 'none' : duration(deadlineMs)
  return fields({
    ...restOf(sessions, new Set()),
    lease,
    'drain deadline': deadline,
    'drain then': pastDeadline,
  })
}

/** Options of a probe may hold what a reference gave. */
function healthFields({ health }: FleetSpec): Fields {
  if (health === null) return fields({ probe: 'none' })
  const { probe, ...rest } = health
  return fields({ probe: probe.type, ...restOf(rest, new Set()), ...optionFields(probe.options) })
}

function pluginFields(plugin: PluginRef | null): Fields {
  return plugin === null
    ? fields({ type: 'none' })
    : fields({ type: plugin.type, ...optionFields(plugin.options) })
}

/** Names of options only. */
function optionFields(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`option ${name}`, hidden(value)]))
}

function plainFields(thing: object): Fields {
  const { options, ...rest } = { options: {}, ...thing }
  return fields({ ...restOf(rest, new Set(['name'])), ...optionFields(options) })
}

const KNOWN_OF_SCHEDULES = new Set(['name', 'kind', 'recurrence', 'start', 'end', 'from', 'to'])

/** What a schedule says, without the name it is told under. */
function scheduleFields(schedule: Schedule): Fields {
  // The kind is seen from the rest.
  return fields({ ...scheduleWords(schedule), ...restOf(schedule, KNOWN_OF_SCHEDULES) })
}

/** Everything of `thing` that is not known by name: a key added later is never passed over in silence. */
function restOf(thing: object, known: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(thing)) {
    if (known.has(key)) continue
    const unit = /^(.+?)(Ms|Ratio)$/.exec(key)
    if (unit === null || typeof value !== 'number') rest[key] = value
    else rest[unit[1] ?? key] = unit[2] === 'Ms' ? duration(value) : percent(value)
  }
  return rest
}

const HIDDEN = Symbol('compared, not shown')

function hidden(value: unknown) {
  return { [HIDDEN]: canonical(value) }
}

function fields(all: Record<string, unknown>): Fields {
  return new Map(Object.entries(all).map(([name, value]) => [name, wordOf(value)]))
}

function wordOf(value: unknown): Word {
  if (typeof value === 'object' && value !== null && HIDDEN in value) {
    return { shown: null, compared: String(value[HIDDEN]) }
  }
  const compared = canonical(value)
  if (value === null || value === undefined) return { shown: 'none', compared }
  if (typeof value === 'boolean') return { shown: value ? 'yes' : 'no', compared }
  if (isWords(value)) return { shown: value.length === 0 ? 'none' : value.join(', '), compared }
  return { shown: typeof value === 'object' ? compared : String(value), compared }
}

function isWords(value: unknown): value is readonly (string | number)[] {
  return Array.isArray(value) && value.every(one => typeof one === 'string' || typeof one === 'number')
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'none'
  )
}

function listOf(words: readonly string[]): string {
  return words.length === 0 ? 'nothing' : [...words].sort().join(', ')
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 1e6) / 1e4}%`
}

function duration(ms: number): string {
  for (const [unit, size] of DURATIONS) if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`
  return ms === 0 ? '0s' : `${ms}ms`
}

const DURATIONS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** One sentence: `rule "Scale up": when avg(cpu, 45m) > 80% -> avg(cpu, 45m) > 75%`. */
export function changeText({ fleet, what, kind, field, before, after }: SpecChange): string {
  const where = fleet === null ? '' : `${fleet}: `
  if (kind !== 'changed') {
    const words = before ?? after ?? ''
    return `${where}${what} ${kind}${words === '' ? '' : `: ${words}`}`
  }
  const how =
    before === null && after === null ? 'changed (not shown)' : `${before ?? 'none'} -> ${after ?? 'none'}`
  return `${where}${what}: ${field ?? ''} ${how}`
}
