/**
 * Settings as a commented configuration: one fleet for each, a constraint for each profile, and the rules of a profile under
 * the schedule it has.
 *
 * Example: a rule "CPU above 70 % over 10 minutes: one more" is
 * `{ name: Percentage CPU out, when: "avg(percentage_cpu, 10m) > 70%", scale: { by: 1 }, cooldown: 5m }`.
 */
import { formatDuration } from '../../config/expression/units.ts'
import { Draft, yamlText } from '../draft.ts'
import { Names } from '../names.ts'
import { type Folded, foldProfiles, type Piece } from './fold.ts'
import { factsOf, type MetricFacts } from './metric-facts.ts'
import { type MetricSource, MONITOR, ownNamespace, sourceOf } from './metric-source.ts'
import { noteText } from './notes.ts'
import type { Place } from './refusal.ts'
import type { Tell } from './report.ts'
import type { AzureProfile, AzureRule, AzureSetting, Capacity, Trigger } from './setting.ts'
import { clock, type Span } from './spans.ts'

export const FIXED_RANK = 20
export const RECURRING_RANK = 10
/** Parts of one profile are named alike, so that an export knows them for one. */
export const PART = / part \d+$/

interface Metric {
  readonly name: string
  readonly trigger: Trigger
  readonly facts: MetricFacts
  readonly source: MetricSource
  readonly place: Place
  readonly target: string
}

interface Schedule {
  readonly name: string
  readonly span: Span
  readonly place: Place
}

interface Fleet {
  readonly name: string
  readonly setting: AzureSetting
  readonly folded: Folded
  /** The metric that says how many instances there are, where no target does. */
  readonly counter: string | null
  readonly constraints: readonly string[]
  readonly rules: readonly RuleLine[]
}

interface RuleLine {
  readonly text: string
  readonly place: Place
}

export function writeSettings(settings: readonly AzureSetting[], tell: Tell): Draft {
  return new Writer(tell).write(settings)
}

class Writer {
  private readonly tell: Tell
  private readonly metrics = new Map<string, Metric>()
  private readonly schedules: Schedule[] = []
  private readonly metricNames = new Names('metric')
  private readonly scheduleNames = new Names('schedule')
  private readonly fleetNames = new Names('fleet')
  private readonly notifierNames = new Names('notifier')

  constructor(tell: Tell) {
    this.tell = tell
  }

  write(settings: readonly AzureSetting[]): Draft {
    const fleets = settings.map(setting => this.fleet(setting))
    this.tellTwice(settings)
    const draft = new Draft()
    draft.add(0, '# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json')
    draft.comment(0, 'Brought from autoscale settings of Azure. It decides and acts on nothing yet:')
    draft.comment(0, 'every fleet has the mode "recommend".')
    draft.comment(0, 'The comments that begin with "azure:" are what `plimsoll export azure` reads.')
    draft.add(0, 'plimsoll: 1')
    this.writeSchedules(draft)
    this.writeMetrics(draft, fleets)
    draft.add(0, '')
    draft.add(0, 'fleets:')
    for (const fleet of fleets) this.writeFleet(draft, fleet)
    this.writeNotifiers(draft, fleets)
    return draft
  }

  // ---- What there is ----------------------------------------------------------------------------------------

  private fleet(setting: AzureSetting): Fleet {
    const folded = foldProfiles(setting, this.tell)
    const name = this.fleetNames.take(setting.target.split('/').at(-1) || setting.name, 'fleet')
    // A fleet's rules and constraints are never named alike.
    const names = new Names('profile', ['capacity', 'no constraint', 'reserve'])
    const constraints: string[] = []
    const rules: RuleLine[] = []
    const pieces = [
      ...folded.fixed.map(piece => ({ piece, rank: FIXED_RANK })),
      ...folded.recurring.map(piece => ({ piece, rank: RECURRING_RANK })),
    ]
    const during = new Map<Piece, readonly string[]>()
    for (const { piece, rank } of pieces) {
      const schedules = this.scheduled(piece, names, (constraint, schedule) => {
        constraints.push(constraintText(constraint, rank, piece.profile.capacity, schedule))
      })
      during.set(piece, schedules)
    }
    const { base, baseSpans } = folded
    if (base !== null && base.rules.length > 0) {
      const own = baseSpans === null ? [null] : this.schedulesOf('default hours', baseSpans, base.place)
      rules.push(...this.rulesOf(base, own, '', names, setting))
    }
    for (const { piece } of pieces) {
      rules.push(
        ...this.rulesOf(
          piece.profile,
          during.get(piece) ?? [],
          `${piece.name.replace(PART, '')} `,
          names,
          setting,
        ),
      )
    }
    rules.push(...this.predictiveOf(setting, folded, names))
    this.tellReadings(setting)
    const counter =
      targetOf(setting.target) === null
        ? this.metricNames.take(`${name} instances`.toLowerCase(), 'word')
        : null
    return { name, setting, folded, counter, constraints, rules }
  }

  /** Azure has one setting for a resource; two are of two exports, or one was given twice. */
  private tellTwice(settings: readonly AzureSetting[]): void {
    const seen = new Map<string, Place>()
    for (const { target, place } of settings) {
      const id = target.toLowerCase()
      const before = seen.get(id)
      if (before === undefined) seen.set(id, place)
      else if (target !== '') {
        this.tell(
          'ambiguous',
          place,
          `what it scales is also scaled by the setting in ${before.file}, line ${before.line}`,
          'delete one of the two fleets: they would undo what the other does',
        )
      }
    }
  }

  /** Where Azure's own texts, or the rules, leave open what happens. */
  private tellReadings({ place, profiles }: AzureSetting): void {
    const rules = profiles.flatMap(profile => profile.rules)
    if (rules.length > 0) {
      this.tell(
        'ambiguous',
        place,
        'Azure describes the cooldown in two ways',
        'here the rule that asks waits its own; "cooldownFrom: last" waits that of the rule that acted last',
      )
    }
    for (const profile of profiles) {
      for (const out of profile.rules.filter(({ direction }) => direction === 'Increase')) {
        const same = profile.rules.find(
          ({ direction, threshold, trigger }) =>
            direction === 'Decrease' &&
            threshold === out.threshold &&
            JSON.stringify(trigger) === JSON.stringify(out.trigger),
        )
        if (same === undefined) continue
        this.tell(
          'ambiguous',
          same.place,
          `it removes at the threshold at which the rule in line ${out.place.line} adds`,
          'where both fire, the one that adds counts, and a cut that would make it fire is held',
        )
      }
    }
  }

  /** One constraint for each span; answers the schedules of its rules. */
  private scheduled(
    { name, profile, spans, ruleSpans }: Piece,
    names: Names,
    constrain: (constraint: string, schedule: string) => void,
  ): readonly string[] {
    const schedules = this.schedulesOf(name, spans, profile.place)
    const stem = names.take(name, 'name')
    schedules.forEach((schedule, index) => {
      constrain(index === 0 ? stem : names.take(`${stem} part ${index + 1}`, 'name'), schedule)
    })
    if (ruleSpans.length === spans.length && ruleSpans.every((span, index) => span === spans[index]))
      return schedules
    return this.schedulesOf(`${name} rules`, ruleSpans, profile.place)
  }

  private schedulesOf(name: string, spans: readonly Span[], place: Place): readonly string[] {
    return spans.map((span, index) => {
      const taken = this.scheduleNames.take(index === 0 ? name : `${name} part ${index + 1}`, 'name')
      this.schedules.push({ name: taken, span, place })
      return taken
    })
  }

  private rulesOf(
    profile: AzureProfile,
    schedules: readonly (string | null)[],
    prefix: string,
    names: Names,
    setting: AzureSetting,
  ): readonly RuleLine[] {
    if (schedules.length > 1 && profile.rules.length > 0) {
      this.tell(
        'advice',
        profile.place,
        `the hours of "${profile.name}" need ${schedules.length} schedules, and its rules are there once for each`,
      )
    }
    if (schedules.length === 0) return []
    return profile.rules.flatMap(rule => {
      const scale = this.scaleOf(rule)
      if (scale === null) return []
      const condition = this.conditionOf(rule, setting)
      const way = rule.action === 'ExactCount' ? 'set' : rule.direction === 'Increase' ? 'out' : 'in'
      return schedules.map((schedule): RuleLine => {
        const name = names.take(`${prefix}${rule.trigger.metric} ${way}`, 'name')
        const keys = [
          `name: ${yamlText(name)}`,
          `when: ${JSON.stringify(condition)}`,
          ...(schedule === null ? [] : [`during: ${yamlText(schedule)}`]),
          `scale: { ${scale} }`,
          `cooldown: ${formatDuration(rule.cooldownMs)}`,
        ]
        return { text: `- { ${keys.join(', ')} }`, place: rule.place }
      })
    })
  }

  private scaleOf({ action, direction, value, place }: AzureRule): string | null {
    if (direction === 'None' || (value === 0 && action !== 'ExactCount')) {
      this.tell(
        'lost',
        place,
        direction === 'None' ? 'the rule has the direction "None"' : 'the rule scales by 0',
        'it is left out',
      )
      return null
    }
    const sign = direction === 'Increase' ? '' : '-'
    switch (action) {
      case 'ExactCount':
        return `to: ${value}`
      case 'ChangeCount':
        return `by: ${sign}${value}`
      case 'PercentChangeCount': {
        const most = direction === 'Increase' ? value : Math.min(value, 100)
        if (most < value)
          this.tell('changed', place, `it removes ${value} % of what there is`, 'that is 100 %')
        this.tell(
          'advice',
          place,
          'how Azure rounds a percentage is not documented',
          'here it is rounded up, and is at least one',
        )
        return `by: "${sign}${most}%"`
      }
      case 'ServiceAllowedNextValue':
        this.tell(
          'changed',
          place,
          '"ServiceAllowedNextValue" (the next size the service allows) is not known here',
          `it becomes ${sign}1`,
        )
        return `by: ${sign}1`
    }
  }

  private conditionOf(rule: AzureRule, setting: AzureSetting): string {
    const { operator, threshold, place } = rule
    const metric = this.metricOf(rule.trigger, setting, place)
    return `${this.aggregateOf(rule, metric.name)} ${SIGNS[operator]} ${plainNumber(threshold)}${signOf(rule, metric)}`
  }

  /** With room for the grains that are under way where the window holds few. */
  private aggregateOf(
    { aggregation, windowMs, trigger: { grainMs }, place }: AzureRule,
    metric: string,
  ): string {
    const grains = Math.floor(windowMs / grainMs)
    const aggregate = AGGREGATES[aggregation]
    if (grains >= 3) return `${aggregate}(${metric}, ${formatDuration(windowMs)})`
    if (grains < 1) {
      this.tell('changed', place, 'the window is shorter than the grain', 'the last grain is read')
    }
    if (grains <= 1 && aggregation !== 'Count') return `last(${metric}, ${formatDuration(2 * grainMs)})`
    if (aggregation === 'Last' || aggregation === 'Count') {
      return `${aggregate}(${metric}, ${formatDuration(Math.max(grains, 2) * grainMs)})`
    }
    this.tell(
      'changed',
      place,
      `the window of ${formatDuration(windowMs)} holds two grains, of which one is always under way here`,
      `it is read over ${formatDuration(3 * grainMs)}`,
    )
    return `${aggregate}(${metric}, ${formatDuration(3 * grainMs)})`
  }

  private metricOf(said: Trigger, { target, targetLocation, location }: AzureSetting, place: Place): Metric {
    const trigger = { ...said, namespace: ownNamespace(said) }
    const facts = factsOf(trigger, target)
    const source = sourceOf(trigger, targetLocation ?? location)
    const key = JSON.stringify([trigger, facts, source.keys])
    const known = this.metrics.get(key)
    if (known !== undefined) return known
    if (facts.isSpecial && !trigger.dividePerInstance) {
      this.tell(
        'advice',
        place,
        `Azure compares "${trigger.metric}" as messages for each instance, whatever "dividePerInstance" says`,
        'so it is divided here',
      )
    }
    if (facts.kind === 'total' && !facts.dividePerInstance) {
      this.tell(
        'changed',
        place,
        `"${trigger.metric}" is not of what is scaled`,
        'before a cut Azure projects it to the smaller count as if it were, and here it stays as it is',
      )
    }
    if (source.because !== null) {
      this.tell(
        'lost',
        place,
        `where "${trigger.metric}" is measured is not known: ${source.because}`,
        'it waits to be posted, or for you to write its source',
      )
    }
    const name = this.metricNames.take(trigger.metric.toLowerCase(), 'word')
    const metric = { name, trigger, facts, source, place, target }
    this.metrics.set(key, metric)
    return metric
  }

  /** The forecast of the load, against the threshold of the rule that adds on it. */
  private predictiveOf(
    setting: AzureSetting,
    { base, baseSpans, recurring, fixed }: Folded,
    names: Names,
  ): readonly RuleLine[] {
    const { predictive } = setting
    if (predictive === null) return []
    const isEver = (piece: Piece): boolean => piece.ruleSpans.length > 0
    const profiles = [
      ...(base === null || baseSpans?.length === 0 ? [] : [base]),
      ...[...fixed, ...recurring].filter(isEver).map(({ profile }) => profile),
    ]
    const rule = profiles
      .flatMap(({ rules }) => rules)
      .find(
        ({ trigger, direction, operator, threshold, aggregation, action, value }) =>
          /^percentage cpu$/i.test(trigger.metric) &&
          direction === 'Increase' &&
          operator.startsWith('Greater') &&
          threshold > 0 &&
          aggregation !== 'Count' &&
          (value > 0 || action === 'ExactCount'),
      )
    if (rule === undefined) {
      this.tell(
        'lost',
        predictive.place,
        'no rule adds on "Percentage CPU", so nothing can be predicted',
        'Azure predicts that alone',
      )
      return []
    }
    this.tell(
      'changed',
      predictive.place,
      'the forecast is another one',
      `here it raises the count to what 95 % of the expected load takes at ${plainNumber(rule.threshold)} per instance: docs/forecasts.md`,
    )
    const metric = this.metricOf(rule.trigger, setting, rule.place)
    const percent = signOf(rule, metric)
    const keys = [
      `name: ${names.take('Predictive', 'name')}`,
      `forecast: { metric: ${JSON.stringify(this.aggregateOf(rule, metric.name))}, perInstance: ${plainNumber(rule.threshold)}${percent}${
        predictive.aheadMs > 0 ? `, horizon: ${formatDuration(predictive.aheadMs)}` : ''
      } }`,
      ...(predictive.isOn ? [] : ['enabled: false']),
    ]
    return [{ text: `- { ${keys.join(', ')} }`, place: predictive.place }]
  }

  // ---- As text ----------------------------------------------------------------------------------------------

  private writeSchedules(draft: Draft): void {
    if (this.schedules.length === 0) return
    draft.add(0, '')
    draft.comment(0, 'When profiles are in force. Windows have an end of their own; nothing stands for one.')
    draft.add(0, 'schedules:')
    for (const { name, span, place } of this.schedules) {
      draft.add(1, `${yamlText(name)}: ${spanText(span)}`, place)
    }
  }

  private writeMetrics(draft: Draft, fleets: readonly Fleet[]): void {
    if (this.metrics.size === 0 && fleets.every(({ counter }) => counter === null)) return
    draft.add(0, '')
    draft.comment(0, 'What the rules read.')
    if ([...this.metrics.values()].some(({ source }) => source.because !== null)) {
      draft.comment(
        0,
        'With "source: push" it is posted to the API (POST /v1/samples) until a source reads it.',
      )
    }
    draft.add(0, 'metrics:')
    for (const metric of this.metrics.values()) {
      const note = metricNote(metric)
      if (Object.keys(note).length > 0) draft.add(1, noteText(note), metric.place)
      draft.add(1, `${metric.name}: ${metricText(metric)}`, metric.place)
    }
    for (const { counter, setting } of fleets) {
      if (counter === null) continue
      draft.comment(1, 'How many instances there are, while no target says it.')
      draft.add(1, `${counter}: { source: push, kind: independent, unit: count, every: 1m }`, setting.place)
    }
  }

  private writeFleet(draft: Draft, { name, setting, folded, counter, constraints, rules }: Fleet): void {
    const { base } = folded
    const { place } = setting
    draft.add(1, noteText(fleetNote(setting, base)), place)
    draft.add(1, `${yamlText(name)}:`, place)
    draft.comment(2, 'The defaults of Azure Monitor autoscale: docs/presets/azure.md.')
    draft.add(2, 'preset: azure', place)
    if (counter !== null)
      draft.comment(2, 'Nothing is known that could be asked: the count is posted, like the metrics.')
    draft.add(2, `target: ${targetText(setting.target, counter)}`, place)
    draft.comment(
      2,
      'Change it to "scale" when you have seen it decide, and Azure autoscale is switched off.',
    )
    draft.add(2, 'mode: recommend', place)
    draft.add(2, 'every: 1m', place)
    if (base === null)
      draft.comment(2, 'No profile says what holds at other times, so these are the bounds of all of them.')
    draft.add(2, `capacity: { ${capacityText(base?.capacity ?? widest(setting))} }`, (base ?? setting).place)
    if (constraints.length > 0) {
      draft.comment(2, 'A fixed date goes before a recurrence, and both before the default.')
      draft.add(2, 'constraints:', place)
      for (const constraint of constraints) draft.add(3, constraint, place)
    }
    if (rules.length > 0) {
      draft.add(2, 'rules:', place)
      for (const rule of rules) draft.add(3, rule.text, rule.place)
    }
  }

  private writeNotifiers(draft: Draft, fleets: readonly Fleet[]): void {
    const lines = fleets.flatMap(({ name, setting }) =>
      this.notifiersOf(fleets.length > 1 ? `${name} ` : '', setting),
    )
    if (lines.length === 0) return
    draft.add(0, '')
    draft.comment(
      0,
      'Who is told. Set "from" and "smtp"; an address with a token in it is best kept in ${env:NAME}.',
    )
    draft.add(0, 'notifiers:')
    for (const { text, place } of lines) draft.add(1, text, place)
  }

  private notifiersOf(
    prefix: string,
    { emails, emailPlace, webhooks, target, targetLocation, location }: AzureSetting,
  ): readonly RuleLine[] {
    const on = 'on: [scaled, failed, gap-began, gap-ended]'
    const lines: RuleLine[] = []
    if (emailPlace !== null) {
      const to = emails.map(address => JSON.stringify(address).split('${').join('$${')).join(', ')
      const name = this.notifierNames.take(`${prefix}email`, 'name')
      this.tell(
        'lost',
        emailPlace,
        'Azure sends its e-mails itself',
        'say your own mail server in "smtp", and the sender in "from"',
      )
      lines.push({
        text: `${yamlText(name)}: { type: email, to: [${to}], from: autoscale@localhost, smtp: "smtp://localhost:25", ${on} }`,
        place: emailPlace,
      })
    }
    for (const { url, properties, place } of webhooks) {
      const name = this.notifierNames.take(`${prefix}webhook`, 'name')
      const own = Object.entries(properties).map(([key, value]) => `${quoted(key)}: ${quoted(value)}`)
      const resource = resourceText(target, targetLocation ?? location)
      lines.push({
        text: `${yamlText(name)}: { type: webhook, format: azure, url: ${quoted(url)}${
          own.length === 0 ? '' : `, properties: { ${own.join(', ')} }`
        }${resource === '' ? '' : `, resource: { ${resource} }`}, ${on} }`,
        place,
      })
    }
    if (lines.length > 0 && prefix !== '') {
      this.tell(
        'changed',
        lines[0]?.place ?? emailPlace ?? UNKNOWN,
        'a notifier hears of all fleets of the file, not of its own alone',
      )
    }
    return lines
  }
}

const UNKNOWN: Place = { file: '', line: 1, column: 1, path: '' }

const SIGNS: Readonly<Record<AzureRule['operator'], string>> = {
  Equals: '==',
  NotEquals: '!=',
  GreaterThan: '>',
  GreaterThanOrEqual: '>=',
  LessThan: '<',
  LessThanOrEqual: '<=',
}
const AGGREGATES: Readonly<Record<AzureRule['aggregation'], string>> = {
  Average: 'avg',
  Minimum: 'min',
  Maximum: 'max',
  Total: 'sum',
  Count: 'count',
  Last: 'last',
}
const ACROSS: Readonly<Record<Trigger['statistic'], string>> = {
  Average: 'avg',
  Min: 'min',
  Max: 'max',
  Sum: 'sum',
  Count: 'count',
}

function quoted(text: string): string {
  const escaped = yamlText(text)
  return escaped.startsWith('"') ? escaped : JSON.stringify(text)
}

function widest({ profiles }: AzureSetting): Capacity {
  const min = Math.min(...profiles.map(({ capacity }) => capacity.min))
  return { min, max: Math.max(...profiles.map(({ capacity }) => capacity.max)), default: min }
}

/** A number of values is in no unit, whatever they are in. */
function signOf({ aggregation }: AzureRule, { facts }: Metric): '%' | '' {
  return facts.unit === 'percent' && aggregation !== 'Count' ? '%' : ''
}

/** Without an exponent. */
function plainNumber(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(12).replace(/\.?0+$/, '') : text
}

function capacityText({ min, max, default: fallback }: Capacity): string {
  return `min: ${min}, max: ${max}, default: ${fallback}`
}

function constraintText(name: string, rank: number, capacity: Capacity, schedule: string): string {
  return `- { name: ${yamlText(name)}, rank: ${rank}, ${capacityText(capacity)}, schedule: ${yamlText(schedule)} }`
}

function spanText(span: Span): string {
  const zone = `timeZone: ${yamlText(span.zone).startsWith('"') ? yamlText(span.zone) : span.zone}`
  if (span.kind === 'once') return `{ between: { from: "${span.from}", to: "${span.to}" }, ${zone} }`
  const days = span.days.length === 7 ? 'daily: true' : `weekly: { days: [${span.days.join(', ')}] }`
  const except =
    span.exceptDates.length === 0
      ? ''
      : `, exceptDates: [${span.exceptDates.map(date => `"${date}"`).join(', ')}]`
  return `{ ${days}, start: "${clock(span.start)}", end: "${clock(span.end)}", ${zone}${except} }`
}

function metricText({ trigger, facts, source }: Metric): string {
  const { grainMs, statistic, dimensions } = trigger
  const isBinned = source.keys.source === MONITOR
  const chosen = dimensions.map(({ name, isIn, values }) => [name, isIn ? values : { not: values }])
  const keys = [
    ...Object.entries(source.keys).map(([key, value]) => `${key}: ${inlineText(value)}`),
    `kind: ${facts.kind}`,
    ...(facts.unit === null ? [] : [`unit: ${facts.unit}`]),
    `every: ${formatDuration(grainMs)}`,
    `grain: ${formatDuration(grainMs)}`,
    // What Azure counted in a grain is there as a value of each instance.
    `across: ${isBinned && statistic === 'Count' ? 'sum' : ACROSS[statistic]}`,
    ...(facts.dividePerInstance ? ['dividePerInstance: true'] : []),
    ...(isBinned || chosen.length === 0 ? [] : [`filter: ${inlineText(Object.fromEntries(chosen))}`]),
  ]
  return `{ ${keys.join(', ')} }`
}

/** Texts, lists of them and mappings of these, on one line. */
function inlineText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(each => quoted(String(each))).join(', ')}]`
  if (typeof value !== 'object' || value === null) return yamlText(String(value))
  const entries = Object.entries(value).map(([key, inner]) => `${quoted(key)}: ${inlineText(inner)}`)
  return `{ ${entries.join(', ')} }`
}

/** What no key of the metric says. */
function metricNote({ trigger, facts, target, source }: Metric): Record<string, unknown> {
  const { metric, namespace, resource, location, dividePerInstance } = trigger
  const isSaid = source.keys.source === MONITOR
  return {
    ...(isSaid ? {} : { metricName: metric }),
    ...(isSaid || namespace === null ? {} : { metricNamespace: namespace }),
    ...(isSaid || resource === '' || resource === target ? {} : { metricResourceUri: resource }),
    ...(location === null ? {} : { metricResourceLocation: location }),
    ...(facts.isSpecial && !dividePerInstance ? { dividePerInstance: false } : {}),
  }
}

function fleetNote(setting: AzureSetting, base: AzureProfile | null): Record<string, unknown> {
  const { name, target, targetLocation, location, tags, enabled, predictive } = setting
  return {
    name,
    enabled,
    ...(target === '' ? {} : { targetResourceUri: target }),
    ...(targetLocation === null ? {} : { targetResourceLocation: targetLocation }),
    ...(location === null ? {} : { location }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(base === null || base.name === 'default' ? {} : { defaultProfile: base.name }),
    ...(predictive === null || predictive.aheadMs > 0 ? {} : { scaleLookAheadTime: false }),
  }
}

function resourceText(target: string, region: string | null): string {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/([^/]+)\/([^/]+)$/i.exec(target)
  if (match === null) return ''
  const [, subscription = '', group = '', provider = '', type = '', name = ''] = match
  const keys = [
    `subscription: ${quoted(subscription)}`,
    `resourceGroup: ${quoted(group)}`,
    `name: ${quoted(name)}`,
    `type: ${quoted(`${provider}/${type}`)}`,
    `id: ${quoted(target)}`,
    ...(region === null || region === '' ? [] : [`region: ${quoted(region)}`]),
  ]
  return keys.join(', ')
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The keys of a target that can be asked; `null` for anything else. */
function targetOf(target: string): Readonly<Record<string, string>> | null {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/{}]{1,90})\/providers\/([^/]+\/[^/]+)\/([^/{}]+)$/i.exec(
      target,
    )
  const [, subscription = '', resourceGroup = '', type = '', name = ''] = match ?? []
  if (match === null || !GUID.test(subscription)) return null
  switch (type.toLowerCase()) {
    case 'microsoft.compute/virtualmachinescalesets':
      return name.length > 64 ? null : { type: 'azure-vmss', subscription, resourceGroup, scaleSet: name }
    case 'microsoft.web/serverfarms':
      return name.length > 60
        ? null
        : { type: 'azure-app-service-plan', subscription, resourceGroup, plan: name }
    default:
      return null
  }
}

function targetText(target: string, counter: string | null): string {
  const own = targetOf(target)
  if (own === null) return `{ type: none, count: "last(${counter ?? 'instances'})" }`
  const { type = '', ...keys } = own
  const words = Object.entries(keys).map(([key, value]) => `${key}: ${quoted(value)}`)
  return `{ type: ${type}, ${words.join(', ')} }`
}
