/**
 * What is in force when, as Azure has it: a week of states, and the fixed dates on which it is another state than the week says.
 * A state is the constraint in force and the rules that hold with it; where both are the same it is one profile, however many
 * schedules it took to write it down.
 *
 * Example: a constraint on weekdays 08:00-20:00 makes a week of two states that change ten times.
 */

import { localInstant } from '../../config/zone.ts'
import type { Schedule } from '../../model/schedule.ts'
import type { Interval } from '../../model/time.ts'
import { WEEK } from './setting.ts'
import { DAY_MINUTES, datesAround, localText, nextDate, WEEK_MINUTES, weekdayOf } from './spans.ts'
import { offsetMinutes } from './zones.ts'

/** A schedule that comes every week. */
export interface Weekly {
  readonly name: string
  readonly days: readonly number[]
  readonly startMinute: number
  readonly lengthMinutes: number
  /** By the clock, where the end is one; elapsed time otherwise. */
  readonly endMinute: number | null
  readonly zone: string
  readonly exceptDates: readonly string[]
}

export interface Once extends Interval {
  readonly name: string
  readonly zone: string
}

/** Longer fixed dates Azure refuses. */
const LONGEST_MS = 365 * 86_400_000

/** As one of the two, or why it is neither. */
export function readSchedule(schedule: Schedule): Weekly | Once | string {
  if (schedule.kind === 'between') {
    const { name, from, to, timeZone } = schedule
    if (to - from > LONGEST_MS) return 'it is longer than 365 days'
    return { name, from, to, zone: timeZone }
  }
  const { recurrence, start, end, durationMs, timeZone, exceptDates, name } = schedule
  if (recurrence.kind !== 'daily' && recurrence.kind !== 'weekly') return 'it does not come every week'
  if (schedule.startDate !== null || schedule.endDate !== null) return 'it has a first or a last date'
  const startMinute = start.hour * 60 + start.minute
  const endMinute = end === null ? null : end.hour * 60 + end.minute
  const lengthMinutes =
    endMinute === null
      ? (durationMs ?? 0) / 60_000
      : endMinute > startMinute
        ? endMinute - startMinute
        : endMinute + DAY_MINUTES - startMinute
  if (start.second + (end?.second ?? 0) !== 0 || !Number.isInteger(lengthMinutes))
    return 'it is not in whole minutes'
  const days =
    recurrence.kind === 'daily' ? WEEK.map((_, day) => day) : recurrence.days.map(day => WEEK.indexOf(day))
  const length = Math.min(lengthMinutes, WEEK_MINUTES)
  return { name, days, startMinute, lengthMinutes: length, endMinute, zone: timeZone, exceptDates }
}

export function isOnce(schedule: Weekly | Once): schedule is Once {
  return 'from' in schedule
}

export interface Segment<S> {
  /** Minutes of the week. */
  readonly from: number
  readonly to: number
  readonly state: S
}

export interface FixedSegment<S> extends Interval {
  readonly state: S
}

export interface Stated {
  readonly key: string
}

type StateOf<S> = (active: ReadonlySet<string>) => S

/** The week in the hours of one zone, neighbours of one state joined; one segment of the whole week where it never changes. */
export function weekOfStates<S extends Stated>(
  weekly: readonly Weekly[],
  zone: string,
  stateOf: StateOf<S>,
): readonly Segment<S>[] {
  const windows = weekly.flatMap(schedule => minutesOf(schedule, zone))
  const marks = [
    ...new Set(windows.flatMap(({ from, to }) => [from % WEEK_MINUTES, to % WEEK_MINUTES])),
  ].sort((one, other) => one - other)
  const [first] = marks
  if (first === undefined) return [{ from: 0, to: WEEK_MINUTES, state: stateOf(new Set()) }]
  const pieces = marks.map((from, index): Segment<S> => {
    const active = windows.filter(window => covers(window, from)).map(({ name }) => name)
    return { from, to: marks[index + 1] ?? first + WEEK_MINUTES, state: stateOf(new Set(active)) }
  })
  const begins = pieces.filter(({ state }, index) => pieces.at(index - 1)?.state.key !== state.key)
  const [begin] = begins
  const [piece] = pieces
  if (begin === undefined)
    return piece === undefined ? [] : [{ from: 0, to: WEEK_MINUTES, state: piece.state }]
  return begins.map(({ from, state }, index) => ({
    from,
    to: begins[index + 1]?.from ?? begin.from + WEEK_MINUTES,
    state,
  }))
}

interface Minutes {
  readonly name: string
  readonly from: number
  readonly to: number
}

function minutesOf(
  { name, days, startMinute, lengthMinutes, zone }: Weekly,
  into: string,
): readonly Minutes[] {
  const shift = zone === into ? 0 : offsetMinutes(into) - offsetMinutes(zone)
  return days.map(day => {
    const from = (day * DAY_MINUTES + startMinute + shift + WEEK_MINUTES) % WEEK_MINUTES
    return { name, from, to: from + lengthMinutes }
  })
}

function covers({ from, to }: Minutes, minute: number): boolean {
  return (minute >= from && minute < to) || minute + WEEK_MINUTES < to
}

/** When something else is in force than the week says, in the order of time. */
export function fixedStates<S extends Stated>(
  weekly: readonly Weekly[],
  once: readonly Once[],
  stateOf: StateOf<S>,
): readonly FixedSegment<S>[] {
  const special = [
    ...once,
    ...weekly.flatMap(schedule => schedule.exceptDates.map(date => windowOf(schedule, date))),
  ]
  return joined(special).flatMap(range => {
    const real = weekly.flatMap(schedule => windowsIn(schedule, range, true))
    const plain = weekly.flatMap(schedule => windowsIn(schedule, range, false))
    const edges = [range, ...once, ...real, ...plain].flatMap(({ from, to }) => [from, to])
    const marks = [...new Set(edges.filter(at => at >= range.from && at <= range.to))].sort(
      (one, other) => one - other,
    )
    const segments: FixedSegment<S>[] = []
    marks.slice(0, -1).forEach((from, index) => {
      const state = stateOf(activeAt([...real, ...once], from))
      if (state.key === stateOf(activeAt(plain, from)).key) return
      const last = segments.at(-1)
      const to = marks[index + 1] ?? range.to
      if (last !== undefined && last.to === from && last.state.key === state.key)
        segments[segments.length - 1] = { ...last, to }
      else segments.push({ from, to, state })
    })
    return segments
  })
}

interface Window extends Interval {
  readonly name: string
}

function activeAt(windows: readonly Window[], at: number): ReadonlySet<string> {
  return new Set(windows.filter(({ from, to }) => at >= from && at < to).map(({ name }) => name))
}

function windowsIn(schedule: Weekly, range: Interval, withExceptions: boolean): readonly Window[] {
  const reach = schedule.lengthMinutes * 60_000
  return datesAround(schedule.zone, { from: range.from - reach, to: range.to })
    .filter(date => schedule.days.includes(WEEK.indexOf(weekdayOf(date))))
    .filter(date => !withExceptions || !schedule.exceptDates.includes(date))
    .map(date => windowOf(schedule, date))
}

function windowOf({ name, zone, startMinute, endMinute, lengthMinutes }: Weekly, date: string): Window {
  const at = (day: string, minute: number): number =>
    localInstant(zone, `${day}T${localText('UTC', minute * 60_000).slice(11)}`)
  const from = at(date, startMinute)
  const to =
    endMinute === null
      ? from + lengthMinutes * 60_000
      : at(endMinute > startMinute ? date : nextDate(date, 1), endMinute)
  return { name, from, to }
}

function joined(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort((one, other) => one.from - other.from)
  const result: Interval[] = []
  for (const { from, to } of sorted) {
    const last = result.at(-1)
    if (last !== undefined && from <= last.to)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else result.push({ from, to })
  }
  return result
}
