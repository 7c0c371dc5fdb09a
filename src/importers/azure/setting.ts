/**
 * One autoscale setting, read: from what the REST API, a template or `az monitor autoscale show` says of it, to what is meant.
 * Whatever is not understood is told; a value without which nothing can be made is refused with its place.
 *
 * Example: `"timeWindow": "PT10M"` is `windowMs: 600000`, and so is the `"0:10:00"` that older tools print.
 */
import type { Weekday } from '../../model/schedule.ts'
import { itemsOf, type Json, memberNamed, memberOf, plainOf, shown, textOf } from './json.ts'
import { AzureRefusal, type Place, REFUSED } from './refusal.ts'
import type { Tell } from './report.ts'
import { spanMs } from './span.ts'
import { ianaZone } from './zones.ts'

export const STATISTICS = ['Average', 'Min', 'Max', 'Sum', 'Count'] as const
export const AGGREGATIONS = ['Average', 'Minimum', 'Maximum', 'Total', 'Count', 'Last'] as const
export const OPERATORS = [
  'Equals',
  'NotEquals',
  'GreaterThan',
  'GreaterThanOrEqual',
  'LessThan',
  'LessThanOrEqual',
] as const
export const DIRECTIONS = ['None', 'Increase', 'Decrease'] as const
export const ACTIONS = ['ChangeCount', 'PercentChangeCount', 'ExactCount', 'ServiceAllowedNextValue'] as const
export const SCALE_MODES = ['Disabled', 'ForecastOnly', 'Enabled'] as const

export interface Dimension {
  readonly name: string
  readonly isIn: boolean
  readonly values: readonly string[]
}

export interface Trigger {
  readonly metric: string
  readonly namespace: string | null
  readonly resource: string
  readonly location: string | null
  readonly grainMs: number
  readonly statistic: (typeof STATISTICS)[number]
  readonly dimensions: readonly Dimension[]
  readonly dividePerInstance: boolean
}

export interface AzureRule {
  readonly place: Place
  readonly trigger: Trigger
  readonly windowMs: number
  readonly aggregation: (typeof AGGREGATIONS)[number]
  readonly operator: (typeof OPERATORS)[number]
  readonly threshold: number
  readonly direction: (typeof DIRECTIONS)[number]
  readonly action: (typeof ACTIONS)[number]
  readonly value: number
  readonly cooldownMs: number
}

export interface Recurrence {
  readonly days: readonly Weekday[]
  readonly hour: number
  readonly minute: number
  readonly zone: string
}

export interface FixedDate {
  /** Local, `2026-12-01T08:00`. */
  readonly from: string
  readonly to: string
  readonly zone: string
}

export interface Capacity {
  readonly min: number
  readonly max: number
  readonly default: number
}

export interface AzureProfile {
  readonly place: Place
  readonly name: string
  /** Set of a copy of the default that stands for the end of another profile: whose end. */
  readonly closes: string | null
  readonly capacity: Capacity
  readonly rules: readonly AzureRule[]
  readonly fixedDate: FixedDate | null
  readonly recurrence: Recurrence | null
}

export interface Webhook {
  readonly place: Place
  readonly url: string
  readonly properties: Readonly<Record<string, string>>
}

export interface Predictive {
  readonly place: Place
  readonly isOn: boolean
  readonly aheadMs: number
}

export interface AzureSetting {
  readonly place: Place
  readonly name: string
  readonly enabled: boolean
  readonly location: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly target: string
  readonly targetLocation: string | null
  readonly profiles: readonly AzureProfile[]
  readonly emails: readonly string[]
  readonly emailPlace: Place | null
  readonly webhooks: readonly Webhook[]
  readonly predictive: Predictive | null
}

/** Whether it looks like one, resolved or flattened by `az`. */
export function looksLikeSetting(value: Json): boolean {
  const properties = memberOf(value, 'properties') ?? value
  return memberOf(properties, 'profiles')?.kind === 'array'
}

export function readSetting(resource: Json, tell: Tell): AzureSetting {
  return new SettingReader(tell).setting(resource)
}

const RESOURCE_KEYS =
  /^(?:id|name|type|apiVersion|location|tags|properties|dependsOn|comments|scope|resourceGroup|systemData|existing|metadata|kind|etag)$/i
const FLAT_KEYS = /^(?:autoscaleSettingResourceName|namePropertiesName)$/i
const SETTING_KEYS = [
  'name',
  'enabled',
  'targetResourceUri',
  'targetResourceLocation',
  'profiles',
  'notifications',
  'predictiveAutoscalePolicy',
]

class SettingReader {
  private readonly tell: Tell

  constructor(tell: Tell) {
    this.tell = tell
  }

  setting(resource: Json): AzureSetting {
    const nested = memberOf(resource, 'properties')
    const properties = nested ?? resource
    if (nested !== null) this.known(nested, SETTING_KEYS)
    this.known(
      resource,
      nested === null ? SETTING_KEYS : [],
      name => RESOURCE_KEYS.test(name) || FLAT_KEYS.test(name),
    )
    const enabled = this.enabled(properties)
    const written = this.required(properties, 'profiles')
    const profiles = itemsOf(written)
    if (profiles.length === 0) throw this.wrong(written, 'a setting has at least one profile')
    if (profiles.length > MOST_PROFILES)
      throw this.wrong(written, `there are ${profiles.length} profiles; Azure takes 20`)
    if (profiles.length > 20)
      this.tell('advice', written.place, `there are ${profiles.length} profiles; Azure takes 20`)
    const target = textOf(memberOf(properties, 'targetResourceUri'))
    if (target === null) {
      this.tell(
        'ambiguous',
        properties.place,
        '"targetResourceUri" is not said',
        'what the setting scales is not known',
      )
    }
    const name =
      textOf(memberOf(resource, 'name')) ??
      textOf(memberOf(properties, 'name')) ??
      textOf(memberOf(resource, 'autoscaleSettingResourceName')) ??
      'autoscale'
    const notifications = itemsOf(memberOf(properties, 'notifications'))
    return {
      place: resource.place,
      name,
      enabled,
      location: textOf(memberOf(resource, 'location')),
      tags: this.texts(memberOf(resource, 'tags'), 'a tag'),
      target: target ?? '',
      targetLocation: textOf(memberOf(properties, 'targetResourceLocation')),
      profiles: profiles.map(profile => this.profile(profile, target ?? '')),
      ...this.notifications(notifications),
      predictive: this.predictive(memberOf(properties, 'predictiveAutoscalePolicy')),
    }
  }

  private enabled(properties: Json): boolean {
    const written = memberOf(properties, 'enabled')
    if (written === null) {
      this.tell(
        'ambiguous',
        properties.place,
        '"enabled" is not said, and Azure\'s own texts disagree on what that means',
        'it is taken for true',
      )
      return true
    }
    const isOn = this.truth(written)
    if (!isOn) {
      this.tell(
        'advice',
        written.place,
        'the setting is switched off in Azure',
        'its fleet only recommends, as every import does',
      )
    }
    return isOn
  }

  private profile(profile: Json, target: string): AzureProfile {
    this.known(profile, ['name', 'capacity', 'rules', 'fixedDate', 'recurrence'])
    const written = this.text(this.required(profile, 'name'))
    const pair = pairOf(written)
    const rules = memberOf(profile, 'rules')
    if (rules === null)
      this.tell('ambiguous', profile.place, 'the profile says no "rules"', 'it is taken to have none')
    else if (rules.kind !== 'array') throw this.wrong(rules, 'expected a list of rules')
    if (rules !== null && itemsOf(rules).length > MOST_RULES) {
      throw this.wrong(rules, `there are ${itemsOf(rules).length} rules; Azure takes 10 per profile`)
    }
    if (itemsOf(rules).length > 10 && rules !== null) {
      this.tell('advice', rules.place, `there are ${itemsOf(rules).length} rules; Azure takes 10 per profile`)
    }
    const fixedDate = memberOf(profile, 'fixedDate')
    const recurrence = memberOf(profile, 'recurrence')
    if (fixedDate !== null && recurrence !== null) {
      this.tell(
        'ambiguous',
        recurrence.place,
        'the profile has a fixed date and a recurrence',
        'only the fixed date is taken',
      )
    }
    return {
      place: profile.place,
      name: pair?.name ?? written,
      closes: recurrence !== null && fixedDate === null ? (pair?.closes ?? null) : null,
      capacity: this.capacity(this.required(profile, 'capacity')),
      rules: itemsOf(rules).map(rule => this.rule(rule, target)),
      fixedDate: fixedDate === null ? null : this.fixedDate(fixedDate),
      recurrence: fixedDate !== null || recurrence === null ? null : this.recurrence(recurrence),
    }
  }

  private capacity(written: Json): Capacity {
    this.known(written, ['minimum', 'maximum', 'default'])
    const min = this.count(this.required(written, 'minimum'))
    const max = this.count(this.required(written, 'maximum'))
    const fallback = this.count(this.required(written, 'default'))
    if (min > max) throw this.wrong(written, `the minimum of ${min} is above the maximum of ${max}`)
    if (fallback >= min && fallback <= max) return { min, max, default: fallback }
    const taken = Math.min(Math.max(fallback, min), max)
    this.tell(
      'changed',
      written.place,
      `the default of ${fallback} is not between ${min} and ${max}, which Azure refuses`,
      `it is taken for ${taken}`,
    )
    return { min, max, default: taken }
  }

  private rule(rule: Json, target: string): AzureRule {
    this.known(rule, ['metricTrigger', 'scaleAction'])
    const trigger = this.required(rule, 'metricTrigger')
    const action = this.required(rule, 'scaleAction')
    this.known(action, ['direction', 'type', 'value', 'cooldown'])
    const read = this.trigger(trigger, target)
    const value = memberOf(action, 'value')
    const cooldown = this.span(this.required(action, 'cooldown'))
    const limits: readonly [number, number, string] = [MINUTE_MS, 7 * 24 * 60 * MINUTE_MS, 'a cooldown']
    const windowMs = this.span(this.required(trigger, 'timeWindow'))
    return {
      place: rule.place,
      trigger: read,
      windowMs: this.within(this.required(trigger, 'timeWindow'), windowMs, [
        MINUTE_MS,
        12 * 60 * MINUTE_MS,
        'a window',
      ]),
      aggregation: this.word(this.required(trigger, 'timeAggregation'), AGGREGATIONS),
      operator: this.word(this.required(trigger, 'operator'), OPERATORS),
      threshold: this.number(this.required(trigger, 'threshold')),
      direction: this.word(this.required(action, 'direction'), DIRECTIONS),
      action: this.word(this.required(action, 'type'), ACTIONS),
      value: value === null ? 1 : this.count(value),
      cooldownMs: Math.min(this.within(this.required(action, 'cooldown'), cooldown, limits), limits[1]),
    }
  }

  private trigger(written: Json, target: string): Trigger {
    this.known(written, [
      'metricName',
      'metricNamespace',
      'metricResourceUri',
      'metricResourceLocation',
      'timeGrain',
      'statistic',
      'timeWindow',
      'timeAggregation',
      'operator',
      'threshold',
      'dimensions',
      'dividePerInstance',
    ])
    const resource = memberOf(written, 'metricResourceUri')
    if (resource === null) {
      this.tell(
        'ambiguous',
        written.place,
        '"metricResourceUri" is not said',
        'the metric is taken for one of what is scaled',
      )
    }
    const grain = this.required(written, 'timeGrain')
    const divide = memberOf(written, 'dividePerInstance')
    return {
      metric: this.text(this.required(written, 'metricName')),
      namespace: textOf(memberOf(written, 'metricNamespace')) || null,
      resource: resource === null ? target : this.text(resource),
      location: textOf(memberOf(written, 'metricResourceLocation')) || null,
      grainMs: this.within(grain, this.span(grain), [MINUTE_MS, 12 * 60 * MINUTE_MS, 'a grain']),
      statistic: this.word(this.required(written, 'statistic'), STATISTICS),
      dimensions: itemsOf(memberOf(written, 'dimensions')).map(dimension => this.dimension(dimension)),
      dividePerInstance: divide !== null && this.truth(divide),
    }
  }

  private dimension(written: Json): Dimension {
    this.known(written, ['DimensionName', 'Operator', 'Values'])
    const operator = this.word(this.required(written, 'Operator'), ['Equals', 'NotEquals'] as const)
    const values = this.required(written, 'Values')
    if (values.kind !== 'array' || values.items.length === 0)
      throw this.wrong(values, 'expected a list of values')
    return {
      name: this.text(this.required(written, 'DimensionName')),
      isIn: operator === 'Equals',
      values: values.items.map(value => this.text(value)),
    }
  }

  private fixedDate(written: Json): FixedDate {
    this.known(written, ['timeZone', 'start', 'end'])
    const start = this.required(written, 'start')
    const end = this.required(written, 'end')
    const zone = this.zone(memberOf(written, 'timeZone'), written)
    const from = this.local(start, zone)
    const to = this.local(end, zone)
    if (from >= to) throw this.wrong(end, `the end ${to} is not after the start ${from}`)
    if (Date.parse(`${to}Z`) - Date.parse(`${from}Z`) > MOST_DAYS * 24 * 60 * MINUTE_MS) {
      throw this.wrong(
        end,
        `there are more than ${MOST_DAYS} days between start and end, which Azure refuses`,
      )
    }
    return { from, to, zone }
  }

  /** Local to the zone: what tools write behind it (`Z`, `+00:00`) does not count where there is a zone. */
  private local(written: Json, zone: string): string {
    const text = this.text(written).trim()
    const match =
      /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text)
    const [, date = '', hour = '00', minute = '00', second = '00', offset] = match ?? []
    const local = `${date}T${hour}:${minute}${second === '00' ? '' : `:${second}`}`
    const at = Date.parse(`${local}Z`)
    if (match === null || Number.isNaN(at) || !new Date(at).toISOString().startsWith(local)) {
      throw this.wrong(written, `${shown(written)} is not a date and time`, 'write 2026-12-01T08:00:00')
    }
    if (offset !== undefined && zone !== 'UTC') {
      this.tell(
        'ambiguous',
        written.place,
        `${shown(written)} says an offset, and the profile a time zone`,
        `it is read as local time of ${zone}`,
      )
    }
    return local
  }

  private recurrence(written: Json): Recurrence {
    this.known(written, ['frequency', 'schedule'])
    const frequency = this.required(written, 'frequency')
    if (this.text(frequency).toLowerCase() !== 'week') {
      throw this.wrong(
        frequency,
        `a recurrence by ${shown(frequency)} is not one that Azure runs`,
        'it runs weekly ones',
      )
    }
    const schedule = this.required(written, 'schedule')
    this.known(schedule, ['timeZone', 'days', 'hours', 'minutes'])
    const days = this.required(schedule, 'days')
    const found = itemsOf(days).map(day => this.day(day))
    if (found.length === 0) throw this.wrong(days, 'expected a list of days')
    return {
      days: WEEK.filter(day => found.includes(day)),
      hour: this.oneOf(this.required(schedule, 'hours'), 23),
      minute: this.oneOf(this.required(schedule, 'minutes'), 59),
      zone: this.zone(memberOf(schedule, 'timeZone'), schedule),
    }
  }

  private day(written: Json): Weekday {
    const word = (written.kind === 'number' ? String(written.value) : this.text(written)).trim().toLowerCase()
    const named = WEEK.find(day => day === word || day.slice(0, 3) === word)
    if (named !== undefined) return named
    const numbered = /^[0-7]$/.test(word) ? WEEK[(Number(word) + 6) % 7] : undefined
    if (numbered === undefined) throw this.wrong(written, `${shown(written)} is not a day of the week`)
    this.tell(
      'ambiguous',
      written.place,
      `the day ${shown(written)} is a number`,
      `it is read as ${numbered}: 0 is sunday, 1 is monday`,
    )
    return numbered
  }

  /** Azure takes a single hour and a single minute. */
  private oneOf(written: Json, most: number): number {
    const [first, ...rest] = itemsOf(written)
    if (first === undefined) throw this.wrong(written, 'expected a list of one number')
    if (rest.length > 0) {
      this.tell('lost', written.place, 'there are several, and Azure takes one', 'the first is taken')
    }
    const value = this.number(first)
    if (Number.isInteger(value) && value >= 0 && value <= most) return value
    throw this.wrong(first, `${shown(first)} is not from 0 to ${most}`)
  }

  private zone(written: Json | null, within: Json): string {
    if (written === null) {
      this.tell('ambiguous', within.place, 'no "timeZone" is said', 'it is taken for UTC')
      return 'UTC'
    }
    const zone = ianaZone(this.text(written))
    if (zone !== null) return zone
    throw this.wrong(
      written,
      `${shown(written)} is not a time zone of Windows`,
      'write e.g. "Pacific Standard Time"',
    )
  }

  private notifications(list: readonly Json[]): Pick<AzureSetting, 'emails' | 'emailPlace' | 'webhooks'> {
    const emails: string[] = []
    let emailPlace: Place | null = null
    const webhooks: Webhook[] = []
    for (const notification of list) {
      this.known(notification, ['operation', 'email', 'webhooks'])
      const operation = memberOf(notification, 'operation')
      if (operation !== null && this.text(operation).toLowerCase() !== 'scale') {
        this.tell(
          'ambiguous',
          operation.place,
          `the operation ${shown(operation)} is not "Scale"`,
          'it is taken for that',
        )
      }
      const email = memberOf(notification, 'email')
      if (email !== null) {
        emails.push(...this.email(email))
        emailPlace ??= email.place
      }
      for (const webhook of itemsOf(memberOf(notification, 'webhooks'))) {
        const read = this.webhook(webhook)
        if (read !== null) webhooks.push(read)
      }
    }
    return { emails: [...new Set(emails)], emailPlace: emails.length > 0 ? emailPlace : null, webhooks }
  }

  private email(email: Json): readonly string[] {
    this.known(email, [
      'sendToSubscriptionAdministrator',
      'sendToSubscriptionCoAdministrators',
      'customEmails',
    ])
    for (const flag of ['sendToSubscriptionAdministrator', 'sendToSubscriptionCoAdministrators']) {
      const written = memberOf(email, flag)
      if (written !== null && this.truth(written)) {
        this.tell(
          'lost',
          written.place,
          `"${flag}" is retired in Azure, and nobody here knows who they are`,
          'name them in "customEmails"',
        )
      }
    }
    return itemsOf(memberOf(email, 'customEmails')).flatMap(address => {
      const text = this.text(address).trim()
      if (text.length >= 3 && text.length <= 320) return [text]
      this.tell('lost', address.place, `${shown(address)} is not an e-mail address`)
      return []
    })
  }

  private webhook(written: Json): Webhook | null {
    this.known(written, ['serviceUri', 'properties'])
    const address = memberOf(written, 'serviceUri')
    const url = textOf(address)
    if (url === null || !/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      this.tell(
        'lost',
        written.place,
        `a webhook without an address: ${address === null ? 'none is said' : shown(address)}`,
      )
      return null
    }
    return {
      place: written.place,
      url: url.replace(/^https?/i, scheme => scheme.toLowerCase()),
      properties: this.texts(memberOf(written, 'properties'), 'a property'),
    }
  }

  private predictive(written: Json | null): Predictive | null {
    if (written === null) return null
    this.known(written, ['scaleMode', 'scaleLookAheadTime'])
    const mode = this.word(this.required(written, 'scaleMode'), SCALE_MODES)
    if (mode === 'Disabled') return null
    const ahead = memberOf(written, 'scaleLookAheadTime')
    const aheadMs = ahead === null ? 0 : this.span(ahead)
    if (ahead !== null) this.within(ahead, aheadMs, [MINUTE_MS, 60 * MINUTE_MS, 'a look ahead'])
    return { place: written.place, isOn: mode === 'Enabled', aheadMs }
  }

  private texts(written: Json | null, what: string): Readonly<Record<string, string>> {
    if (written?.kind !== 'object') return {}
    const entries = written.members.flatMap(({ name, value, place }): [string, string][] => {
      if (value.kind === 'null' || value.kind === 'object' || value.kind === 'array') {
        if (value.kind !== 'null') this.tell('lost', place, `${what} that is ${shown(value)} and not a text`)
        return []
      }
      return [[name, String(plainOf(value))]]
    })
    return Object.fromEntries(entries)
  }

  // ---- Single values ----------------------------------------------------------------------------------------

  private known(value: Json, names: readonly string[], also: (name: string) => boolean = () => false): void {
    if (value.kind !== 'object') throw this.wrong(value, `expected an object, found ${shown(value)}`)
    for (const { name, place, value: inner } of value.members) {
      const isKnown = names.some(known => known.toLowerCase() === name.toLowerCase()) || also(name)
      if (!isKnown && inner.kind !== 'null') {
        this.tell('lost', place, `"${name}" is not something that autoscale settings are known to say`)
      }
    }
  }

  private required(value: Json, name: string): Json {
    const found = memberNamed(value, name)
    if (found !== null && found.value.kind !== 'null') return found.value
    throw this.wrong(value, `"${name}" is missing`)
  }

  private wrong(value: Json, message: string, hint = ''): AzureRefusal {
    if (value.kind === 'text' && isExpression(value.value)) {
      return new AzureRefusal(
        REFUSED.unresolved,
        value.place,
        `${shown(value)} cannot be worked out, and a value is needed here`,
        'give the file of parameters, too, or import what `az monitor autoscale show` prints',
      )
    }
    return new AzureRefusal(REFUSED.wrong, value.place, message, hint)
  }

  private text(value: Json): string {
    if (value.kind === 'text') return value.value
    throw this.wrong(value, `expected a text, found ${shown(value)}`)
  }

  private truth(value: Json): boolean {
    if (value.kind === 'boolean') return value.value
    const word = textOf(value)?.toLowerCase()
    if (word === 'true' || word === 'false') return word === 'true'
    throw this.wrong(value, `expected true or false, found ${shown(value)}`)
  }

  private number(value: Json): number {
    const text = textOf(value)?.trim() ?? ''
    const found =
      value.kind === 'number' ? value.value : /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (Number.isFinite(found) && Math.abs(found) <= 1e15) return found
    throw this.wrong(value, `expected a number, found ${shown(value)}`)
  }

  private count(value: Json): number {
    const found = this.number(value)
    if (Number.isInteger(found) && found >= 0 && found <= 10_000) return found
    throw this.wrong(value, `expected a whole number from 0 to 10000, found ${shown(value)}`)
  }

  private span(value: Json): number {
    const ms = value.kind === 'text' ? spanMs(value.value) : null
    if (ms !== null && ms >= 1000) return ms
    throw this.wrong(value, `${shown(value)} is not a length of time`, 'write PT5M')
  }

  private within(value: Json, ms: number, [least, most, what]: readonly [number, number, string]): number {
    if (ms < least || ms > most) {
      this.tell('advice', value.place, `${what} of ${shown(value)} is outside of what Azure takes`)
    }
    return Math.min(ms, 365 * 24 * 60 * MINUTE_MS)
  }

  private word<W extends string>(value: Json, words: readonly W[]): W {
    const text = this.text(value).trim().toLowerCase()
    const found = words.find(word => word.toLowerCase() === text)
    if (found !== undefined) return found
    throw this.wrong(value, `expected one of ${words.join(', ')}, found ${shown(value)}`)
  }
}

const MINUTE_MS = 60_000
const MOST_DAYS = 365
/** What is told of as more than Azure takes is read all the same, up to here. */
const MOST_PROFILES = 100
const MOST_RULES = 100

export const WEEK: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
]

function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[')
}

/** `{"name":"default","for":"weekend"}`, as the portal and the command line name the copy that ends "weekend". */
function pairOf(name: string): { readonly name: string; readonly closes: string } | null {
  if (!name.trimStart().startsWith('{')) return null
  try {
    const read: unknown = JSON.parse(name)
    if (typeof read !== 'object' || read === null || !('name' in read) || !('for' in read)) return null
    return typeof read.name === 'string' && typeof read.for === 'string'
      ? { name: read.name, closes: read.for }
      : null
  } catch {
    return null
  }
}
