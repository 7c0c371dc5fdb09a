/**
 * When a profile is in force: stretches of every week, and single stretches between two times; and what is left of them
 * when something stronger is in force for a while.
 *
 * Example: weekdays 08:00-20:00 without 1 December 12:00 to 2 December 12:00 is: weekdays 08:00-20:00 except on those two
 * dates, and once from the 1st 08:00 to 12:00, and once from the 2nd 12:00 to 20:00.
 */
import { Temporal } from 'temporal-polyfill'
import { localInstant } from '../../config/zone.ts'
import type { Weekday } from '../../model/schedule.ts'
import type { Interval } from '../../model/time.ts'
import { WEEK } from './setting.ts'

export interface WeeklySpan {
  readonly kind: 'weekly'
  readonly days: readonly Weekday[]
  /** Minutes of the day. An end that is not after the start is on the next day. */
  readonly start: number
  readonly end: number
  readonly zone: string
  readonly exceptDates: readonly string[]
}

export interface OnceSpan {
  readonly kind: 'once'
  /** Local, `2026-12-01T08:00`. */
  readonly from: string
  readonly to: string
  readonly zone: string
}

export type Span = WeeklySpan | OnceSpan

export const DAY_MINUTES = 1440
export const WEEK_MINUTES = 7 * DAY_MINUTES
const DAY_MS = 86_400_000

/** Every day, all day. */
export function always(zone: string): WeeklySpan {
  return { kind: 'weekly', days: WEEK, start: 0, end: 0, zone, exceptDates: [] }
}

export function intervalOf({ from, to, zone }: OnceSpan): Interval {
  return { from: localInstant(zone, from), to: localInstant(zone, to) }
}

/** The window that begins on this local date (`YYYY-MM-DD`). */
export function windowOn({ start, end, zone }: WeeklySpan, date: string): Interval {
  const last = end > start ? date : nextDate(date, 1)
  return {
    from: localInstant(zone, `${date}T${clock(start)}`),
    to: localInstant(zone, `${last}T${clock(end)}`),
  }
}

/** Minutes of the day as `08:00`. */
export function clock(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

export function nextDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

export function weekdayOf(date: string): Weekday {
  return WEEK[(new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7] ?? 'monday'
}

/** Local date and time of an instant, to the second where it has any: `2026-12-01T08:00`. */
export function localText(zone: string, at: number): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime()
  return local.toString({ smallestUnit: local.second === 0 ? 'minute' : 'second' })
}

/** The local dates on which a window may begin that reaches into the interval. */
export function datesAround(zone: string, { from, to }: Interval): readonly string[] {
  const dates: string[] = []
  const last = localText(zone, to).slice(0, 10)
  for (let date = nextDate(localText(zone, from).slice(0, 10), -2); date <= last; date = nextDate(date, 1)) {
    dates.push(date)
  }
  return dates
}

/** What of the spans is left when `taken` is somebody else's. */
export function without(spans: readonly Span[], taken: Interval): readonly Span[] {
  return spans.flatMap(span => (span.kind === 'once' ? cutOnce(span, taken) : cutWeekly(span, taken)))
}

function cutOnce(span: OnceSpan, taken: Interval): readonly Span[] {
  const { from, to } = intervalOf(span)
  if (to <= taken.from || from >= taken.to) return [span]
  return [
    ...(from < taken.from ? [onceOf(span.zone, { from, to: taken.from })] : []),
    ...(to > taken.to ? [onceOf(span.zone, { from: taken.to, to })] : []),
  ]
}

/** In local times; in UTC where one of them is in the hour that comes twice, and the local time would mean the first. */
function onceOf(zone: string, { from, to }: Interval): OnceSpan {
  const local: OnceSpan = { kind: 'once', from: localText(zone, from), to: localText(zone, to), zone }
  const meant = intervalOf(local)
  if (meant.from === from && meant.to === to) return local
  return { kind: 'once', from: localText('UTC', from), to: localText('UTC', to), zone: 'UTC' }
}

function cutWeekly(span: WeeklySpan, taken: Interval): readonly Span[] {
  const hit = datesAround(span.zone, taken).filter(date => {
    if (!span.days.includes(weekdayOf(date)) || span.exceptDates.includes(date)) return false
    const window = windowOn(span, date)
    return window.from < taken.to && window.to > taken.from
  })
  if (hit.length === 0) return [span]
  const pieces = hit.flatMap(date => {
    return cutOnce(onceOf(span.zone, windowOn(span, date)), taken)
  })
  return [{ ...span, exceptDates: [...span.exceptDates, ...hit].sort() }, ...pieces]
}

/** A stretch of the week in minutes from Monday 00:00; `to` may be beyond the week's end. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** As weekly spans: whole days first, then what is left, those with the same hours together. */
export function spansOf(stretches: readonly Stretch[], zone: string): readonly WeeklySpan[] {
  const byHours = new Map<string, { start: number; end: number; days: Set<number> }>()
  for (const { from, to } of stretches) {
    for (let begin = from; begin < to; begin += DAY_MINUTES) {
      const start = begin % DAY_MINUTES
      const end = Math.min(begin + DAY_MINUTES, to) % DAY_MINUTES
      const group = byHours.get(`${start} ${end}`) ?? { start, end, days: new Set<number>() }
      group.days.add(Math.floor(begin / DAY_MINUTES) % 7)
      byHours.set(`${start} ${end}`, group)
    }
  }
  return [...byHours.values()].map(({ start, end, days }) => ({
    kind: 'weekly',
    days: WEEK.filter((_, day) => days.has(day)),
    start,
    end,
    zone,
    exceptDates: [],
  }))
}
