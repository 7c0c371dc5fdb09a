/**
 * Local times for people: instants to and from the wall clock of a time zone, without a time library, because a
 * picture and a table need no more than this. (Schedules are the calendar's business, not ours.)
 *
 * Example: `formatTime(1795262400000, 'Europe/London')` is `12:00:00`, and in `Asia/Tokyo` `21:00:00`;
 * `instantOf({ year: 2026, month: 11, day: 21, hour: 12, minute: 0, second: 0 }, 'Asia/Tokyo')` is 1795230000000.
 */
import type { EpochMs } from '../model/time.ts'

export interface LocalTime {
  readonly year: number
  /** 1..12 */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

// Making a format costs a millisecond, using it a microsecond; a run of the program needs two or three zones.
const formats = new Map<string, Intl.DateTimeFormat>()
const MOST_FORMATS = 8

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (formats.size >= MOST_FORMATS) formats.clear()
  formats.set(timeZone, format)
  return format
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

export function localTime(at: EpochMs, timeZone: string): LocalTime {
  const found: Record<string, number> = {}
  for (const part of formatOf(timeZone).formatToParts(at)) found[part.type] = Number(part.value)
  return {
    year: found.year ?? 1970,
    month: found.month ?? 1,
    day: found.day ?? 1,
    hour: found.hour ?? 0,
    minute: found.minute ?? 0,
    second: found.second ?? 0,
  }
}

function asUtc(local: LocalTime): number {
  return Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second)
}

/** How far the zone's clock is ahead of UTC at that instant, in milliseconds. */
export function zoneOffsetMs(at: EpochMs, timeZone: string): number {
  const whole = Math.floor(at / 1000) * 1000
  return asUtc(localTime(whole, timeZone)) - whole
}

/**
 * The instant a zone's clock shows `local`. Where the clock shows it twice, the first; where it is skipped, the
 * instant as far after the gap as `local` is inside it.
 */
export function instantOf(local: LocalTime, timeZone: string): EpochMs {
  const wanted = asUtc(local)
  const before = wanted - zoneOffsetMs(wanted - 86_400_000, timeZone)
  if (asUtc(localTime(before, timeZone)) === wanted) return before
  const after = wanted - zoneOffsetMs(wanted + 86_400_000, timeZone)
  return asUtc(localTime(after, timeZone)) === wanted ? after : before
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `12:04:15` */
export function formatTime(at: EpochMs, timeZone: string): string {
  const local = localTime(at, timeZone)
  return `${two(local.hour)}:${two(local.minute)}:${two(local.second)}`
}

/** `12:04` */
export function formatMinute(at: EpochMs, timeZone: string): string {
  return formatTime(at, timeZone).slice(0, 5)
}

/** `21 Nov` */
export function formatDay(at: EpochMs, timeZone: string): string {
  const local = localTime(at, timeZone)
  return `${local.day} ${MONTHS[local.month - 1] ?? ''}`
}

/** `21 Nov 2026` */
export function formatDate(at: EpochMs, timeZone: string): string {
  return `${formatDay(at, timeZone)} ${localTime(at, timeZone).year}`
}
