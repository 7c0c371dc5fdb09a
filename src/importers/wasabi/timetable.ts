/**
 * A timetable of the Application Block as the lines of a schedule.
 *
 * Example: `<timetable startTime="08:00:00" duration="02:00:00" utcOffset="+01:00"><daily/></timetable>` is
 * `daily: true`, `start: "08:00"`, `duration: 2h`, `timeZone: "+01:00"`.
 */
import { formatDuration } from '../../config/expression/units.ts'
import { isDate } from '../../config/values.ts'
import type { SourcePlace } from '../import-error.ts'
import type { XmlElement } from '../xml/read-xml.ts'
import type { Reading } from './reading.ts'

export interface Timetable {
  readonly place: SourcePlace
  /** Key and value, ready to be written. Empty: it never has a window. */
  readonly lines: readonly string[]
}

const DAY_MS = 86_400_000
const LONGEST_MS = 366 * DAY_MS
const MOST_OFFSET_MINUTES = 14 * 60
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const POSITIONS = ['First', 'Second', 'Third', 'Fourth', 'Last'] as const
const RECURRENCES = ['daily', 'weekly', 'monthly', 'relativeMonthly', 'yearly', 'relativeYearly']
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export function readTimetable(reading: Reading, element: XmlElement): Timetable {
  reading.only(element, ['startTime', 'duration', 'startDate', 'endDate', 'utcOffset'])
  const recurrence = recurrenceOf(reading, element)
  const start = startOf(reading, element)
  const duration = durationOf(reading, element)
  const dates = datesOf(reading, element)
  const zone = zoneOf(reading, element)
  return {
    place: element.place,
    lines: recurrence === null ? [] : [recurrence, start, duration, ...dates, `timeZone: ${zone}`],
  }
}

/** `null`: it never comes. */
function recurrenceOf(reading: Reading, timetable: XmlElement): string | null {
  const known = timetable.children.filter(child => RECURRENCES.includes(child.known))
  for (const child of timetable.children) {
    if (!known.includes(child)) reading.strange(child, 'a timetable')
  }
  const [recurrence, second] = known
  if (second !== undefined)
    reading.problem(second.place, `a timetable has one recurrence, and this is its second`)
  if (recurrence === undefined) return 'daily: true'
  for (const child of recurrence.children) reading.strange(child, `<${recurrence.name}>`)
  switch (recurrence.name) {
    case 'weekly':
      return weekly(reading, recurrence)
    case 'monthly':
      reading.only(recurrence, ['dayOfMonth'])
      return `monthly: { dayOfMonth: ${required(reading, recurrence, 'dayOfMonth', 31)} }`
    case 'relativeMonthly':
      reading.only(recurrence, ['position', 'dayOfWeek'])
      return `relativeMonthly: { ${relative(reading, recurrence)} }`
    case 'yearly':
      return yearly(reading, recurrence)
    case 'relativeYearly':
      reading.only(recurrence, ['month', 'position', 'dayOfWeek'])
      return `relativeYearly: { month: ${required(reading, recurrence, 'month', 12)}, ${relative(reading, recurrence)} }`
    default:
      reading.only(recurrence, [])
      return 'daily: true'
  }
}

function weekly(reading: Reading, recurrence: XmlElement): string | null {
  reading.only(recurrence, ['days'])
  const attribute = recurrence.attributes.get('days')
  if (attribute === undefined) {
    reading.find('ambiguous', recurrence.place, '<weekly> names no days: taken as none of them')
    return null
  }
  const found = new Set<string>()
  for (const word of attribute.value.split(/[\s,]+/).filter(part => part !== '')) {
    const day = [...DAYS, 'All', 'None'].find(name => name.toLowerCase() === word.toLowerCase())
    if (day === undefined) reading.wrong(attribute, 'a list of days such as "Monday Friday", All or None')
    else if (day === 'All') for (const each of DAYS) found.add(each)
    else if (day !== 'None') found.add(day)
  }
  if (found.size === DAYS.length) return 'daily: true'
  const days = DAYS.filter(day => found.has(day)).map(day => day.toLowerCase())
  return days.length === 0 ? null : `weekly: { days: [${days.join(', ')}] }`
}

function yearly(reading: Reading, recurrence: XmlElement): string | null {
  reading.only(recurrence, ['month', 'dayOfMonth'])
  const month = required(reading, recurrence, 'month', 12)
  const day = required(reading, recurrence, 'dayOfMonth', 31)
  if (day <= (LONGEST_MONTH[month - 1] ?? 31)) return `yearly: { month: ${month}, dayOfMonth: ${day} }`
  return null
}

function relative(reading: Reading, recurrence: XmlElement): string {
  const position = word(reading, recurrence, 'position', POSITIONS)
  const dayOfWeek = word(reading, recurrence, 'dayOfWeek', [...DAYS, 'Day'] as const)
  return `position: ${position}, dayOfWeek: ${dayOfWeek}`
}

function word(reading: Reading, element: XmlElement, name: string, words: readonly string[]): string {
  if (!element.attributes.has(name)) reading.problem(element.place, `<${element.name}> has no "${name}"`)
  return (reading.choice(element, name, words) ?? '').toLowerCase()
}

function required(reading: Reading, element: XmlElement, name: string, most: number): number {
  return reading.requiredWhole(element, name, { least: 1, most }) ?? 1
}

function startOf(reading: Reading, timetable: XmlElement): string {
  const attribute = timetable.attributes.get('startTime')
  const ms = reading.span(timetable, 'startTime') ?? 0
  if (attribute !== undefined && (ms >= DAY_MS || ms % 1000 !== 0)) reading.wrong(attribute, 'a time of day')
  const part = (unit: number, of: number) => String(Math.floor(ms / unit) % of).padStart(2, '0')
  const seconds = part(1000, 60)
  return `start: "${part(3_600_000, 24)}:${part(60_000, 60)}${seconds === '00' ? '' : `:${seconds}`}"`
}

function durationOf(reading: Reading, timetable: XmlElement): string {
  const attribute = timetable.attributes.get('duration')
  if (attribute === undefined) reading.problem(timetable.place, '<timetable> has no "duration"')
  const ms = reading.span(timetable, 'duration')
  if (ms === 0 && attribute !== undefined) reading.wrong(attribute, 'longer than nothing')
  if (ms !== null && ms > LONGEST_MS && attribute !== undefined) {
    reading.find('changed', attribute.place, 'windows are at most 366 days long: this one is cut to that')
  }
  return `duration: ${formatDuration(Math.min(ms ?? DAY_MS, LONGEST_MS))}`
}

function datesOf(reading: Reading, timetable: XmlElement): string[] {
  const [from, to] = ['startDate', 'endDate'].map(name => {
    const attribute = timetable.attributes.get(name)
    const date = attribute?.value.trim().replace(/T00:00:00Z?$/, '')
    if (attribute === undefined || date === undefined) return null
    return isDate(date) ? { attribute, date } : reading.wrong(attribute, 'a date such as 2026-12-24')
  })
  if (from != null && to != null && to.date < from.date) {
    reading.problem(to.attribute.place, `endDate ${to.date} is before startDate ${from.date}`)
  }
  return [from, to].flatMap(found => (found == null ? [] : [`${found.attribute.name}: ${found.date}`]))
}

function zoneOf(reading: Reading, timetable: XmlElement): string {
  const attribute = timetable.attributes.get('utcOffset')
  if (attribute === undefined) return 'UTC'
  const match = /^([+-]?)(\d{2}):([0-5]\d)(?::00)?$/.exec(attribute.value.trim())
  const minutes = match === null ? Number.POSITIVE_INFINITY : Number(match[2]) * 60 + Number(match[3])
  if (match === null || minutes > MOST_OFFSET_MINUTES) {
    reading.wrong(attribute, 'an offset such as +01:00, at most 14 hours')
    return 'UTC'
  }
  return minutes === 0 ? 'UTC' : `"${match[1] === '-' ? '-' : '+'}${match[2]}:${match[3]}"`
}
