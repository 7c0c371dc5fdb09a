/**
 * Turns schedules into intervals, and time zones into clocks. The time-zone database lives behind it.
 *
 * Example: `window(peak, at)` at 09:00 London time is today's 08:00-10:00; at 11:00 it is tomorrow's.
 */
import type { Schedule } from '../model/schedule.ts'
import type { ClockOffset, EpochMs, Interval } from '../model/time.ts'

export interface Calendar {
  /** The window in force at `at` (overlapping ones merged), else the next to come; `null` when none ever comes. */
  window(schedule: Schedule, at: EpochMs): Interval | null
  /** All windows that overlap `range`, sorted, merged where they touch. */
  windows(schedule: Schedule, range: Interval): readonly Interval[]
  /** The clock on the wall in a time zone: an IANA name, or an offset such as `+02:00`. Cheap to ask, time after time. */
  offsetOf(timeZone: string): ClockOffset
  /** E.g. `2026b`; part of the record of a decision. */
  readonly timeZoneDatabase: string
}
