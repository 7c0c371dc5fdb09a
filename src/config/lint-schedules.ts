/**
 * Warns about a schedule that never has a window: no date of its time fits, or every one that fits is excepted.
 *
 * Example: `{ weekly: { days: [monday] }, startDate: 2026-11-24, endDate: 2026-11-27 }`: from Tuesday to Friday there is
 * no Monday.
 */
import { Cron } from 'croner'
import type { Recurrence, RecurringSchedule, Weekday } from '../model/schedule.ts'
import type { Spec } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import type { Path, Report } from './problem.ts'

/** Every kind of recurrence has a window in eight years of dates; a 29 February may be that far away. */
const MOST_DAYS = 8 * 366 + 2
const DAY_MS = 86_400_000

export function lintSchedules(spec: Spec, origins: Origins, report: Report): void {
  for (const schedule of Object.values(spec.schedules)) {
    if (schedule.kind === 'between') continue
    const because = neverBecause(schedule)
    if (because === null) continue
    const path = placeOf(schedule.name, spec, origins)
    report({
      code: CODES.neverOccurs,
      severity: 'warning',
      message: `this schedule never has a window: ${because}`,
      hint: 'correct its days or its dates, or delete it',
      path,
      part: 'key',
    })
  }
}

function placeOf(name: string, spec: Spec, origins: Origins): Path {
  for (const fleet of Object.values(spec.fleets)) {
    const inline = fleet.constraints.find(({ schedule }) => schedule === name && name.includes('/'))
    const origin = inline === undefined ? undefined : origins.get(originKey(fleet.name, inline.name))
    if (origin !== undefined) return [...origin, 'schedule']
  }
  return ['schedules', name]
}

function neverBecause(schedule: RecurringSchedule): string | null {
  const { recurrence } = schedule
  if (recurrence.kind === 'cron') return cronNever(recurrence.expression)
  if (schedule.endDate === null && schedule.exceptDates.length === 0) return null
  const dates = datesOf(schedule)
  // Without a last date there are always more of them than exceptions.
  if (dates === null) return null
  const fitting = dates.filter(date => falls(recurrence, date))
  if (fitting.length === 0) return `no day from ${schedule.startDate} to ${schedule.endDate} fits`
  const excepted = new Set(schedule.exceptDates)
  return fitting.every(date => excepted.has(date.text))
    ? 'every day that fits is among its exceptDates'
    : null
}

function cronNever(expression: string): string | null {
  const next = new Cron(expression, { paused: true }).nextRun()
  return next === null ? 'no date fits the cron expression' : null
}

interface CalendarDate {
  readonly text: string
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly daysInMonth: number
}

/** All dates it may start on; `null` where there is no first or no last one, or there are too many to look at. */
function datesOf({ startDate, endDate }: RecurringSchedule): readonly CalendarDate[] | null {
  if (startDate === null || endDate === null) return null
  const first = Date.parse(startDate)
  const days = (Date.parse(endDate) - first) / DAY_MS + 1
  if (days > MOST_DAYS) return null
  return Array.from({ length: Math.max(0, days) }, (_, index) => dateOf(first + index * DAY_MS))
}

function dateOf(at: number): CalendarDate {
  const date = new Date(at)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return {
    text: date.toISOString().slice(0, 10),
    month: month + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  }
}

const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]

function falls(recurrence: Recurrence, date: CalendarDate): boolean {
  switch (recurrence.kind) {
    case 'daily':
    case 'cron':
      return true
    case 'weekly':
      return recurrence.days.some(day => WEEKDAYS.indexOf(day) === date.weekday)
    case 'monthly':
      return date.day === recurrence.dayOfMonth
    case 'yearly':
      return date.month === recurrence.month && date.day === recurrence.dayOfMonth
    case 'relativeMonthly':
      return fallsRelatively(recurrence, date)
    case 'relativeYearly':
      return date.month === recurrence.month && fallsRelatively(recurrence, date)
  }
}

const POSITIONS = ['first', 'second', 'third', 'fourth']

function fallsRelatively(
  { position, dayOfWeek }: { readonly position: string; readonly dayOfWeek: Weekday | 'day' },
  date: CalendarDate,
): boolean {
  const every = dayOfWeek === 'day' ? 1 : 7
  if (dayOfWeek !== 'day' && WEEKDAYS.indexOf(dayOfWeek) !== date.weekday) return false
  if (position === 'last') return date.day + every > date.daysInMonth
  return Math.ceil(date.day / every) === POSITIONS.indexOf(position) + 1
}
