/**
 * Times as an operator types them: ISO, a time of day, or so long ago.
 *
 * Example, at 2026-11-21T12:30 in London: `12:04` is 12:04 today, `23:50` is yesterday's (today's has not come),
 * `10m ago`, `-10m` and `10m` are 12:20, `2026-11-21T12:04Z` is what it says.
 */
import type { EpochMs } from '../model/time.ts'
import { instantOf, localTime } from '../pictures/zone-time.ts'
import { CliError } from './cli-error.ts'

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const AGO = /^-?\s*((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*)+?)(?:\s+ago)?$/
const TIME_OF_DAY = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i

export interface TimeContext {
  readonly now: EpochMs
  /** The zone of a time that names none. */
  readonly timeZone: string
}

/** Throws `CliError` PLM-502 with the forms it takes. `what` names the option: `--at`. */
export function parseInstant(text: string, what: string, context: TimeContext): EpochMs {
  const trimmed = text.trim()
  if (trimmed === 'now') return context.now
  const ago = AGO.exec(trimmed)
  if (ago?.[1] !== undefined) return context.now - spanOf(ago[1])
  const found = parseTimeOfDay(trimmed, context) ?? parseIso(trimmed, context.timeZone)
  if (found !== null) return found
  throw new CliError(
    'PLM-502',
    `${what} "${text}" is not a time. Give one as 2026-11-21T12:04:00Z, 2026-11-21T12:04 (${context.timeZone}), ` +
      '12:04, 10m ago, or now.',
  )
}

function spanOf(text: string): number {
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g)) {
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0)
  }
  return Math.round(total)
}

/** Today's, or yesterday's where today's is still to come: one asks about what happened. */
function parseTimeOfDay(text: string, { now, timeZone }: TimeContext): EpochMs | null {
  const match = TIME_OF_DAY.exec(text)
  if (match === null) return null
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59) return null
  const today = localTime(now, timeZone)
  const at = instantOf({ ...today, hour, minute, second }, timeZone)
  if (at <= now) return at
  const yesterday = new Date(Date.UTC(today.year, today.month - 1, today.day - 1))
  const date = {
    year: yesterday.getUTCFullYear(),
    month: yesterday.getUTCMonth() + 1,
    day: yesterday.getUTCDate(),
  }
  return instantOf({ ...date, hour, minute, second }, timeZone)
}

/** ISO 8601 with a time and offset, or in `timeZone` without; `null` for anything else and for dates that do not exist. */
export function parseIso(text: string, timeZone: string): EpochMs | null {
  const match = ISO.exec(text.trim())
  if (match === null) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(part => Number(part ?? 0))
  if (year === undefined || month === undefined || day === undefined) return null
  const local = { year, month, day, hour: hour ?? 0, minute: minute ?? 0, second: second ?? 0 }
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  if (local.hour > 23 || local.minute > 59 || local.second > 59) return null
  const fraction = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000)
  const offset = match[8]
  if (offset === undefined) return instantOf(local, timeZone) + fraction
  const wall = Date.UTC(year, month - 1, day, local.hour, local.minute, local.second)
  return wall - offsetMs(offset) + fraction
}

function offsetMs(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0
  const digits = offset.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5))
  return (digits.startsWith('-') ? -1 : 1) * minutes * 60_000
}

/** `2026-11-21T12:04:00.000Z` */
export function isoOf(at: EpochMs): string {
  return new Date(at).toISOString()
}
