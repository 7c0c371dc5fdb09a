/**
 * Which time zones exist, and the instant a local time names in one.
 *
 * Example: `localInstant('Europe/London', '2026-07-01T08:00')` is 2026-07-01T07:00:00Z; on the night the clocks go
 * forward, 01:30 (which does not exist) is 02:00 summer time, the first instant after the gap.
 */
import { nearest } from './expression/nearest.ts'

const OFFSET = /^([+-])(0\d|1[0-4]):([0-5]\d)$/
const HOUR_MS = 3_600_000

export function isTimeZone(name: string): boolean {
  if (OFFSET.test(name)) return true
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return false
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

/** By the whole name, else by the city alone: `Londn` and `London` both find `Europe/London`. */
export function nearestTimeZone(name: string): string | null {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const whole = nearest(name, zones)
  if (whole !== null) return whole
  const cities = new Map(zones.map(zone => [zone.slice(zone.lastIndexOf('/') + 1), zone]))
  const city = nearest(name.slice(name.lastIndexOf('/') + 1).replace(/ /g, '_'), [...cities.keys()])
  return city === null ? null : (cities.get(city) ?? null)
}

/** Milliseconds since the epoch of a local `YYYY-MM-DD[THH:MM[:SS]]`; the first of two where the clock repeats. */
export function localInstant(zone: string, local: string): number {
  const asUtc = Date.parse(`${local.length === 10 ? `${local}T00:00` : local.replace(' ', 'T')}Z`)
  // The two offsets that can apply lie before and after any change nearby.
  const offsets = [offsetAt(zone, asUtc - 24 * HOUR_MS), offsetAt(zone, asUtc + 24 * HOUR_MS)]
  const fits = offsets.map(offset => asUtc - offset).filter(at => at + offsetAt(zone, at) === asUtc)
  if (fits.length > 0) return Math.min(...fits)
  return endOfGap(zone, asUtc - Math.max(...offsets), asUtc - Math.min(...offsets))
}

/** Do its clocks change within a year, as they do for summer time? Looked at half-monthly in 2026. */
export function isEverSet(zone: string): boolean {
  const first = Date.UTC(2026, 0, 1)
  const offsets = Array.from({ length: 25 }, (_, half) => offsetAt(zone, first + half * 15 * 24 * HOUR_MS))
  return offsets.some(offset => offset !== offsets[0])
}

/** The instant at which the offset changes between `from` and `to`, to the millisecond. */
function endOfGap(zone: string, from: number, to: number): number {
  const before = offsetAt(zone, from)
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(zone, middle) === before) low = middle
    else high = middle
  }
  return high
}

function offsetAt(zone: string, at: number): number {
  const fixed = OFFSET.exec(zone)
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000
  const parts = formatOf(zone).formatToParts(at)
  const part = (type: string): number => Number(parts.find(candidate => candidate.type === type)?.value)
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return local - Math.floor(at / 1000) * 1000
}

/** The same for a text that may carry its own offset (`Z`, `+02:00`), which then counts. */
export function instantOf(zone: string, text: string): number {
  const own = /(Z|[+-]\d{2}:\d{2})$/.exec(text)?.[1]
  // A bare date ends like an offset would (`-12-24` does not: an offset has a colon).
  if (own === undefined) return localInstant(zone, text)
  const local = text.slice(0, -own.length)
  return own === 'Z' ? localInstant('+00:00', local) : localInstant(own, local)
}

/** Making one takes longer than using it a hundred times. */
const FORMATS = new Map<string, Intl.DateTimeFormat>()
const MOST_FORMATS = 100

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (FORMATS.size >= MOST_FORMATS) FORMATS.clear()
  FORMATS.set(zone, format)
  return format
}
