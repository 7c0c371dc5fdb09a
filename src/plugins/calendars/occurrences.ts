/**
 * A recurring schedule made ready for asking: the intervals of its occurrences, one after the other, and merged.
 *
 * Example: daily from 08:00 for 2 h in London, asked for 1 and 2 July 2026, answers
 * [07:00Z, 09:00Z) of each day. Daily from 00:00 for 24 h is one long interval.
 */
import type { RecurringSchedule } from '../../model/schedule.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import { cronTimesOfDay } from './cron.ts'
import type { LocalClock } from './local-clock.ts'
import { DAY_MS, type Day, dayOf, recurrenceDays } from './recurrence.ts'

/** Starts of one day whose occurrences follow on each other without a gap: ms after local midnight, ascending. */
interface Run {
  readonly first: number
  readonly last: number
  readonly starts: readonly number[]
}

/** The instants of a day's midnight and the next. */
interface Midnight {
  readonly local: number
  readonly from: EpochMs
  readonly to: EpochMs
}

/** A day the clock skips, an end on the next day, and an offset on either side. */
const MARGIN_DAYS = 3

/** An occurrence may not be longer than this; one that is, is cut. */
const LONGEST_MS = 200 * 366 * DAY_MS

export class Occurrences {
  readonly #schedule: RecurringSchedule
  readonly #clock: LocalClock
  readonly #durationMs: number | null
  readonly #endOfDay: number | null
  readonly #runs: readonly Run[]
  readonly #firstDay: Day
  readonly #lastDay: Day
  readonly #except: ReadonlySet<Day>
  readonly #lookbackDays: number
  /** No occurrence is longer. */
  readonly #longestMs: number

  /** Throws `PluginError('misconfigured')` on a cron expression that is none. */
  constructor(schedule: RecurringSchedule, clock: LocalClock) {
    this.#schedule = schedule
    this.#clock = clock
    this.#durationMs = schedule.durationMs === null ? null : Math.min(schedule.durationMs, LONGEST_MS)
    this.#endOfDay = schedule.end === null ? null : timeOfDayMs(schedule.end)
    this.#runs = runsOf(startsOf(schedule), this.#durationMs, this.#endOfDay)
    this.#firstDay = schedule.startDate === null ? Number.NEGATIVE_INFINITY : dayOf(schedule.startDate)
    this.#lastDay = schedule.endDate === null ? Number.POSITIVE_INFINITY : dayOf(schedule.endDate)
    this.#except = new Set(schedule.exceptDates.map(dayOf))
    this.#longestMs = this.#durationMs ?? MARGIN_DAYS * DAY_MS
    this.#lookbackDays = MARGIN_DAYS + Math.ceil(this.#longestMs / DAY_MS)
  }

  /** Separate windows on a day it falls on. */
  get runsPerDay(): number {
    return this.#runs.length
  }

  /** Every occurrence that overlaps [`from`, `to`), whole, merged where they touch; the first `most` of them. */
  between(from: EpochMs, to: EpochMs, most: number): Interval[] {
    const merged: Interval[] = []
    const firstDay = this.#dayAt(from) - this.#lookbackDays
    let open: { from: EpochMs; to: EpochMs } | null = null
    for (const day of this.#days(firstDay, this.#dayAt(to) + MARGIN_DAYS)) {
      const midnight = this.#midnightOf(day)
      if (midnight.from >= to) break
      if (midnight.to + this.#longestMs <= from) continue
      for (const interval of this.#intervalsOf(midnight)) {
        if (interval.to <= from || interval.from >= to) continue
        if (open !== null && interval.from <= open.to) {
          open.to = Math.max(open.to, interval.to)
          continue
        }
        if (merged.length === most) return merged
        open = interval
        merged.push(open)
      }
    }
    return merged
  }

  /** The start of the first occurrence in [`from`, `to`); `null` when there is none. */
  firstStart(from: EpochMs, to: EpochMs): EpochMs | null {
    for (const day of this.#days(this.#dayAt(from) - MARGIN_DAYS, this.#dayAt(to) + MARGIN_DAYS)) {
      const first = this.#intervalsOf(this.#midnightOf(day)).find(interval => interval.from >= from)
      if (first !== undefined) return first.from < to ? first.from : null
    }
    return null
  }

  /** Days in [`fromDay`, `toDay`) it falls on. */
  *#days(fromDay: Day, toDay: Day): Generator<Day> {
    const from = Math.max(fromDay, this.#firstDay)
    const to = Math.min(toDay, this.#lastDay + 1)
    for (const day of recurrenceDays(this.#schedule.recurrence, from, to))
      if (!this.#except.has(day)) yield day
  }

  #midnightOf(day: Day): Midnight {
    const local = day * DAY_MS
    return { local, from: this.#clock.instantOf(local), to: this.#clock.instantOf(local + DAY_MS) }
  }

  /** The occurrences that start on a day, by start. */
  #intervalsOf(midnight: Midnight): { from: EpochMs; to: EpochMs }[] {
    const durationMs = this.#durationMs
    if (durationMs === null) return this.#runs.flatMap(run => this.#untilEnd(run.first, midnight))
    // On all but two days of a year the clock does not jump, and every start is as far from midnight as it says.
    if (midnight.to - midnight.from === DAY_MS)
      return this.#runs.map(({ first, last }) => {
        return { from: midnight.from + first, to: midnight.from + last + durationMs }
      })
    // Where it jumps within a run, the occurrences of the run may no longer follow on each other.
    return this.#runs.flatMap(run =>
      run.starts.map(start => {
        const from = this.#clock.instantOf(midnight.local + start)
        return { from, to: from + durationMs }
      }),
    )
  }

  /** Nothing when start and end lie in one gap of the clock. */
  #untilEnd(start: number, midnight: Midnight): { from: EpochMs; to: EpochMs }[] {
    const from = this.#clock.instantOf(midnight.local + start)
    const to = this.#clock.instantOf(midnight.local + this.#endAfter(start))
    return to > from ? [{ from, to }] : []
  }

  #endAfter(start: number): number {
    const end = this.#endOfDay ?? start
    return end > start ? end : end + DAY_MS
  }

  #dayAt(at: EpochMs): Day {
    return Math.floor(this.#clock.localOf(at) / DAY_MS)
  }
}

function timeOfDayMs(time: {
  readonly hour: number
  readonly minute: number
  readonly second: number
}): number {
  return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000
}

function startsOf(schedule: RecurringSchedule): readonly number[] {
  if (schedule.recurrence.kind === 'cron') return cronTimesOfDay(schedule.recurrence.expression)
  return [timeOfDayMs(schedule.start)]
}

function runsOf(starts: readonly number[], durationMs: number | null, end: number | null): readonly Run[] {
  if (durationMs === null) return runsUntil(starts, end ?? 0)
  if (!(durationMs > 0)) return []
  const runs: { first: number; last: number; starts: number[] }[] = []
  for (const start of starts) {
    const run = runs.at(-1)
    if (run !== undefined && start <= run.last + durationMs) {
      run.last = start
      run.starts.push(start)
    } else runs.push({ first: start, last: start, starts: [start] })
  }
  return runs
}

/** With a local end every start before it ends together with the earliest, and so does every one after it. */
function runsUntil(starts: readonly number[], end: number): readonly Run[] {
  const before = starts.find(start => start < end)
  const after = starts.find(start => start >= end)
  return [before, after].flatMap(first =>
    first === undefined ? [] : [{ first, last: first, starts: [first] }],
  )
}
