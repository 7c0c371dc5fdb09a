/**
 * Schedules as intervals, by the time-zone database of this system. It exists so that time zones stay at the edge:
 * the engine compares numbers and never asks what a clock shows.
 *
 * Example: `window(peak, at)` with `peak` daily 08:00 for 2 h in Europe/London answers, at 08:30Z on 1 July 2026,
 * `{ from: 07:00Z, to: 09:00Z }` of that day; at 09:00Z it answers the window of the next day.
 *
 * What the words leave open:
 * - A local start the clock skips is the first instant after the gap; one it shows twice is the first, once. A local
 *   `end` is found the same way. Dates in `startDate`, `endDate` and `exceptDates` are those the schedule names.
 * - Occurrences that touch or overlap are one window. Of a chain without end (daily, 24 h) those occurrences count
 *   that lie in the calendar year (UTC) asked about, the one before and the one after: asked in 2026, it runs from the
 *   turn of 2024 to 2025 until that of 2027 to 2028. So it has two ends, and asking a bounded cost.
 * - The next window is looked for up to ten years beyond that, which finds a 29 February across 2100.
 * - Times outside the years 1900 to 2199 are in no window, and clocks stand before and after as at their ends.
 *
 * Cost: a schedule is compiled once per object; asking again within the same window is two comparisons, and a year's
 * windows are kept, so a tick never walks a calendar.
 */
import type { OneOffSchedule, RecurringSchedule, Schedule } from '../../model/schedule.ts'
import { contains, type EpochMs, type Interval } from '../../model/time.ts'
import type { Calendar } from '../../ports/calendar.ts'
import { LocalClock } from './local-clock.ts'
import { Occurrences } from './occurrences.ts'
import { DAY_MS } from './recurrence.ts'

const KNOWN: Interval = { from: Date.UTC(1900, 0, 1), to: Date.UTC(2200, 0, 1) }
const LOOK_AHEAD_YEARS = 10

/** Above this many windows a day a schedule is kept by the day, not by the year. */
const MOST_RUNS_KEPT_BY_YEAR = 24
const MOST_VIEWS = 4

/** `windows` answers at most this many: the first ones of the range. */
export const MOST_WINDOWS = 100_000

/**
 * The calendar of this system. Its methods throw `PluginError('misconfigured')` for a time zone it does not know or a
 * cron expression it cannot read; anything else that cannot be (31 April, month 13) is in no window.
 */
export function createCalendar(): Calendar {
  const clocks = new Map<string, LocalClock>()
  const compiled = new WeakMap<Schedule, CompiledSchedule>()

  function clockOf(timeZone: string): LocalClock {
    const known = clocks.get(timeZone)
    if (known !== undefined) return known
    const clock = new LocalClock(timeZone)
    clocks.set(timeZone, clock)
    return clock
  }

  function compile(schedule: Schedule): CompiledSchedule {
    const made =
      schedule.kind === 'between'
        ? new OneWindow(schedule)
        : new RecurringWindows(schedule, clockOf(schedule.timeZone))
    compiled.set(schedule, made)
    return made
  }

  return {
    window: (schedule, at) => (compiled.get(schedule) ?? compile(schedule)).window(at),
    windows: (schedule, range) => (compiled.get(schedule) ?? compile(schedule)).windows(range),
    offsetOf: timeZone => {
      const clock = clockOf(timeZone)
      return at => clock.offsetAt(at >= KNOWN.from ? Math.min(at, KNOWN.to) : KNOWN.from)
    },
    timeZoneDatabase: process.versions.tz ?? `icu-${process.versions.icu ?? 'unknown'}`,
  }
}

interface CompiledSchedule {
  window(at: EpochMs): Interval | null
  windows(range: Interval): readonly Interval[]
}

class OneWindow implements CompiledSchedule {
  readonly #interval: Interval

  constructor({ from, to }: OneOffSchedule) {
    this.#interval = { from, to }
  }

  window(at: EpochMs): Interval | null {
    const { from, to } = this.#interval
    return from < to && at < to ? this.#interval : null
  }

  windows(range: Interval): readonly Interval[] {
    const { from, to } = this.#interval
    return from < to && range.from < range.to && from < range.to && to > range.from ? [this.#interval] : []
  }
}

/** A stretch of time that shares one view, and what the view takes in around it. */
interface Unit extends Interval {
  readonly view: Interval
}

class RecurringWindows implements CompiledSchedule {
  readonly #occurrences: Occurrences
  readonly #unitOf: (at: EpochMs) => Unit
  /** By the start of the unit; the least recently made goes first. */
  readonly #views = new Map<EpochMs, readonly Interval[]>()
  #unit: Unit = { from: 0, to: 0, view: { from: 0, to: 0 } }
  /** The last answer of `window`, and for which times it is the answer. */
  #answer: Interval | null = null
  #answerFrom = Number.POSITIVE_INFINITY
  #answerTo = Number.NEGATIVE_INFINITY

  constructor(schedule: RecurringSchedule, clock: LocalClock) {
    this.#occurrences = new Occurrences(schedule, clock)
    this.#unitOf = this.#occurrences.runsPerDay > MOST_RUNS_KEPT_BY_YEAR ? dayUnit : yearUnit
  }

  window(at: EpochMs): Interval | null {
    if (at >= this.#answerFrom && at < this.#answerTo) return this.#answer
    return contains(KNOWN, at) ? this.#find(at) : null
  }

  windows({ from, to }: Interval): readonly Interval[] {
    const range = { from: Math.max(from, KNOWN.from), to: Math.min(to, KNOWN.to) }
    if (!(range.from < range.to)) return []
    const first = this.#unitOf(range.from)
    const last = this.#unitOf(range.to - 1)
    const view =
      first.from === last.from
        ? this.#viewOf(first)
        : this.#occurrences.between(first.view.from, last.view.to, MOST_WINDOWS)
    return view.filter(window => window.to > range.from && window.from < range.to)
  }

  #find(at: EpochMs): Interval | null {
    if (!contains(this.#unit, at)) this.#unit = this.#unitOf(at)
    const unit = this.#unit
    const view = this.#viewOf(unit)
    const place = firstEndingAfter(view, at)
    const found = view[place] ?? null
    const since = Math.max(unit.from, view[place - 1]?.to ?? unit.from)
    if (found !== null && found.from <= at)
      return this.#remember(found, Math.max(unit.from, found.from), Math.min(unit.to, found.to))
    const start = found?.from ?? this.#occurrences.firstStart(unit.view.to, lookAheadEnd(unit))
    if (start === null) return this.#remember(null, since, unit.to)
    return this.#remember(this.#windowAt(start), since, Math.min(unit.to, start))
  }

  /** The window that holds `start`, as its own unit sees it, so that what is announced is what will be. */
  #windowAt(start: EpochMs): Interval | null {
    const view = this.#viewOf(this.#unitOf(start))
    return view[firstEndingAfter(view, start)] ?? null
  }

  #remember(answer: Interval | null, from: EpochMs, to: EpochMs): Interval | null {
    this.#answer = answer
    this.#answerFrom = from
    this.#answerTo = to
    return answer
  }

  #viewOf(unit: Unit): readonly Interval[] {
    const known = this.#views.get(unit.from)
    if (known !== undefined) return known
    const view = this.#occurrences.between(unit.view.from, unit.view.to, Number.POSITIVE_INFINITY)
    const [oldest] = this.#views.keys()
    if (this.#views.size >= MOST_VIEWS && oldest !== undefined) this.#views.delete(oldest)
    this.#views.set(unit.from, view)
    return view
  }
}

/** A calendar year, seen from the start of the one before to the end of the one after. */
function yearUnit(at: EpochMs): Unit {
  const year = new Date(at).getUTCFullYear()
  return {
    from: Date.UTC(year, 0, 1),
    to: Date.UTC(year + 1, 0, 1),
    view: { from: Date.UTC(year - 1, 0, 1), to: Date.UTC(year + 2, 0, 1) },
  }
}

/** A day, seen with one on either side: windows of a dense schedule are short. */
function dayUnit(at: EpochMs): Unit {
  const from = Math.floor(at / DAY_MS) * DAY_MS
  return { from, to: from + DAY_MS, view: { from: from - DAY_MS, to: from + 2 * DAY_MS } }
}

function lookAheadEnd(unit: Unit): EpochMs {
  const end = new Date(unit.view.to)
  return end.setUTCFullYear(end.getUTCFullYear() + LOOK_AHEAD_YEARS)
}

/** Index of the first window with `to > at`. */
function firstEndingAfter(windows: readonly Interval[], at: EpochMs): number {
  let low = 0
  let high = windows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((windows[middle]?.to ?? Number.POSITIVE_INFINITY) > at) high = middle
    else low = middle + 1
  }
  return low
}
