/**
 * On which days a recurrence falls. Days are whole numbers since 1970-01-01 in whatever zone the schedule names:
 * a date has no zone until a time of day is added.
 *
 * Example: `relativeMonthly { position: 'second', dayOfWeek: 'thursday' }` falls on 20524 (2026-03-12). Dates that do
 * not exist (31 April, 29 February, month 13) are left out.
 */
import type { Position, Recurrence, Weekday } from '../../model/schedule.ts'
import { cronDays } from './cron.ts'

/** Days since 1970-01-01. */
export type Day = number

export const DAY_MS = 86_400_000

const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]
const POSITIONS: readonly Position[] = ['first', 'second', 'third', 'fourth', 'last']

/** `YYYY-MM-DD`; NaN when it is not one. */
export function dayOf(date: string): Day {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS
}

/** Ascending, within [`from`, `to`). Lazy: reading the first of a long range costs little. */
export function recurrenceDays(recurrence: Recurrence, from: Day, to: Day): Iterable<Day> {
  switch (recurrence.kind) {
    case 'daily':
      return daysWhere(() => true, from, to)
    case 'weekly': {
      const days = new Set(recurrence.days.map(day => WEEKDAYS.indexOf(day)))
      return daysWhere(day => days.has(weekdayOf(day)), from, to)
    }
    case 'monthly':
      return monthDays(() => recurrence.dayOfMonth, from, to)
    case 'relativeMonthly':
      return monthDays((year, month) => relativeDay(year, month, recurrence), from, to)
    case 'yearly':
      return monthDays((_, month) => (month === recurrence.month ? recurrence.dayOfMonth : 0), from, to)
    case 'relativeYearly': {
      const inMonth = (year: number, month: number) =>
        month === recurrence.month ? relativeDay(year, month, recurrence) : 0
      return monthDays(inMonth, from, to)
    }
    case 'cron':
      return cronDays(recurrence.expression, from, to)
  }
}

function* daysWhere(falls: (day: Day) => boolean, from: Day, to: Day): Generator<Day> {
  for (let day = from; day < to; day += 1) if (falls(day)) yield day
}

/** `pick` names a day of each month (1..12); one the month does not have is left out. */
function* monthDays(pick: (year: number, month: number) => number, from: Day, to: Day): Generator<Day> {
  const start = new Date(from * DAY_MS)
  let year = start.getUTCFullYear()
  let month = start.getUTCMonth() + 1
  while (firstDay(year, month) < to) {
    const dayOfMonth = pick(year, month)
    const day = firstDay(year, month) + dayOfMonth - 1
    const exists = Number.isInteger(dayOfMonth) && dayOfMonth >= 1 && dayOfMonth <= lengthOf(year, month)
    if (exists && day >= from && day < to) yield day
    year += month === 12 ? 1 : 0
    month = (month % 12) + 1
  }
}

/** The day of the month at a position among its weekdays (or among all its days), e.g. the second Thursday. */
function relativeDay(
  year: number,
  month: number,
  { position, dayOfWeek }: { readonly position: Position; readonly dayOfWeek: Weekday | 'day' },
): number {
  const length = lengthOf(year, month)
  const place = POSITIONS.indexOf(position)
  if (dayOfWeek === 'day') return position === 'last' ? length : place + 1
  const wanted = WEEKDAYS.indexOf(dayOfWeek)
  const first = firstDay(year, month)
  if (position === 'last') return length - ((weekdayOf(first + length - 1) - wanted + 7) % 7)
  return 1 + ((wanted - weekdayOf(first) + 7) % 7) + 7 * place
}

/** 0 is Sunday; 1970-01-01 was a Thursday. */
function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7
}

function firstDay(year: number, month: number): Day {
  return Date.UTC(year, month - 1, 1) / DAY_MS
}

function lengthOf(year: number, month: number): number {
  return firstDay(year, month + 1) - firstDay(year, month)
}
