/**
 * When a constraint or rule is in force: recurring windows in a time zone, as the operator wrote them.
 * The calendar at the edge turns them into intervals; the engine only ever compares numbers.
 *
 * Example: `{ daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }` becomes
 * `{ recurrence: { kind: 'daily' }, start: { hour: 8, minute: 0, second: 0 }, durationMs: 7200000, end: null,
 *    timeZone: 'Europe/London', startDate: null, endDate: null, exceptDates: [] }`.
 */
import type { EpochMs } from './time.ts'

export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'
export type Position = 'first' | 'second' | 'third' | 'fourth' | 'last'

/** A local time of day. */
export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
  readonly second: number
}

export type Recurrence =
  | { readonly kind: 'daily' }
  | { readonly kind: 'weekly'; readonly days: readonly Weekday[] }
  | { readonly kind: 'monthly'; readonly dayOfMonth: number }
  | { readonly kind: 'relativeMonthly'; readonly position: Position; readonly dayOfWeek: Weekday | 'day' }
  | { readonly kind: 'yearly'; readonly month: number; readonly dayOfMonth: number }
  | {
      readonly kind: 'relativeYearly'
      readonly month: number
      readonly position: Position
      readonly dayOfWeek: Weekday | 'day'
    }
  | { readonly kind: 'cron'; readonly expression: string }

/** Exactly one of `durationMs` (elapsed time) and `end` (local time, next day when not after start) is set. */
export interface RecurringSchedule {
  readonly kind: 'recurring'
  readonly name: string
  readonly recurrence: Recurrence
  readonly start: TimeOfDay
  readonly durationMs: number | null
  readonly end: TimeOfDay | null
  /** IANA name or fixed offset such as `+02:00`. */
  readonly timeZone: string
  /** `YYYY-MM-DD`, inclusive, compared with the local date on which an occurrence starts. */
  readonly startDate: string | null
  readonly endDate: string | null
  readonly exceptDates: readonly string[]
}

export interface OneOffSchedule {
  readonly kind: 'between'
  readonly name: string
  readonly from: EpochMs
  readonly to: EpochMs
  readonly timeZone: string
}

export type Schedule = RecurringSchedule | OneOffSchedule
