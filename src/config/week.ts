/**
 * A week as seconds, for looking at schedules that come every day or on days of the week: which times does one cover, and
 * what is left between several? Local times of one zone, and so only among schedules of the same zone.
 *
 * Example: `{ daily: true, start: "22:00", duration: 8h }` covers seven stretches of eight hours; together with
 * 06:00-21:59 it leaves seven gaps of a minute.
 */
import type { RecurringSchedule, Schedule, TimeOfDay, Weekday } from '../model/schedule.ts'

const DAY_S = 86_400
export const WEEK_S = 7 * DAY_S
const DAYS: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
]

/** Half-open, in seconds since Monday 00:00; `to` may be beyond the week's end by the length of a gap, never a stretch. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** What it covers of every week, sorted and joined; `null` where it is not the same in every week. */
export function weekOf(schedule: Schedule): readonly Stretch[] | null {
  if (schedule.kind === 'between' || !isEndless(schedule)) return null
  const days = daysOf(schedule)
  if (days === null) return null
  const begins = secondsOf(schedule.start)
  const lengthS = lengthOf(schedule)
  return joined(
    days.flatMap(day => {
      const from = day * DAY_S + begins
      const to = from + Math.min(lengthS, WEEK_S)
      return to <= WEEK_S
        ? [{ from, to }]
        : [
            { from, to: WEEK_S },
            { from: 0, to: to - WEEK_S },
          ]
    }),
  )
}

function isEndless({ startDate, endDate, exceptDates }: RecurringSchedule): boolean {
  return startDate === null && endDate === null && exceptDates.length === 0
}

function daysOf({ recurrence }: RecurringSchedule): readonly number[] | null {
  if (recurrence.kind === 'daily') return DAYS.map((_, day) => day)
  return recurrence.kind === 'weekly' ? recurrence.days.map(day => DAYS.indexOf(day)) : null
}

function secondsOf({ hour, minute, second }: TimeOfDay): number {
  return hour * 3600 + minute * 60 + second
}

function lengthOf({ start, durationMs, end }: RecurringSchedule): number {
  if (durationMs !== null) return durationMs / 1000
  const length = end === null ? 0 : secondsOf(end) - secondsOf(start)
  return length > 0 ? length : length + DAY_S
}

export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const result: Stretch[] = []
  for (const { from, to } of [...stretches].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last !== undefined && from <= last.to)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else result.push({ from, to })
  }
  return result
}

/** Whether `outer` covers every second of `inner`; both joined. */
export function covers(outer: readonly Stretch[], inner: readonly Stretch[]): boolean {
  return inner.every(part => outer.some(whole => whole.from <= part.from && part.to <= whole.to))
}

/** What lies between the stretches, around the end of the week too. */
export function gapsBetween(stretches: readonly Stretch[]): readonly Stretch[] {
  const [first] = stretches
  if (first === undefined) return []
  return stretches.flatMap(({ to }, index) => {
    const next = stretches[index + 1]?.from ?? first.from + WEEK_S
    return next > to ? [{ from: to, to: next }] : []
  })
}

/** `Monday 20:00`; seconds only where there are any. */
export function momentOf(second: number): string {
  const inWeek = second % WEEK_S
  const day = DAYS[Math.floor(inWeek / DAY_S)] ?? 'monday'
  return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${clockOf(inWeek)}`
}

export function clockOf(second: number): string {
  const inDay = second % DAY_S
  const parts = [Math.floor(inDay / 3600), Math.floor((inDay % 3600) / 60), inDay % 60]
  const shown = parts[2] === 0 ? parts.slice(0, 2) : parts
  return shown.map(part => String(part).padStart(2, '0')).join(':')
}
