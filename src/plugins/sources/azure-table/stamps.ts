/**
 * Times as they stand in the keys and columns of Azure's tables, and back.
 *
 * Example: 2026-11-22T11:04:00Z is, in ticks (of 100 ns, since the year 1), `0639309422400000000` with the zero that keys begin with;
 * counted down from the end of time, so that the newest comes first, `2516069553599999999`; and as a minute, `20261122T1104`.
 */
import type { EpochMs } from '../../../model/time.ts'

const TICKS_PER_MS = 10_000n
const TICKS_OF_1970 = 621_355_968_000_000_000n
/** The last tick of the year 9999. */
const LAST_TICK = 3_155_378_975_999_999_999n
const KEY_DIGITS = 19
const DAY_MS = 86_400_000
/** From 1601, where the tables of ten days are counted from, to 1970. */
const DAYS_BEFORE_1970 = 134_774
const ROLL_DAYS = 10

export function ticksOf(at: EpochMs): bigint {
  return BigInt(Math.floor(at)) * TICKS_PER_MS + TICKS_OF_1970
}

/** Whole milliseconds, earlier rather than later. */
export function timeOfTicks(ticks: bigint): EpochMs {
  const since = ticks - TICKS_OF_1970
  const ms = since / TICKS_PER_MS
  return Number(since < 0n && ms * TICKS_PER_MS !== since ? ms - 1n : ms)
}

/** As text that sorts by time. */
export function ticksKey(at: EpochMs): string {
  return digits(ticksOf(at))
}

/** As text that sorts the newest first. */
export function descendingKey(at: EpochMs): string {
  return digits(LAST_TICK - ticksOf(at))
}

/** `null` for what is no such text; zeros in front do not matter. */
export function timeOfTicksKey(text: string): EpochMs | null {
  return /^\d{1,20}$/.test(text) ? inReach(timeOfTicks(BigInt(text))) : null
}

export function timeOfDescendingKey(text: string): EpochMs | null {
  return /^\d{1,20}$/.test(text) ? inReach(timeOfTicks(LAST_TICK - BigInt(text))) : null
}

/** `20261122T1104`, in UTC. */
export function minuteKey(at: EpochMs): string {
  return new Date(at).toISOString().replace(/^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d).*$/, '$1$2$3T$4$5')
}

export function timeOfMinuteKey(text: string): EpochMs | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)$/.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute] = match
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
  // February 30 is read as March 2.
  return Number.isNaN(at) || minuteKey(at) !== text ? null : at
}

/** The first day of the ten that a table is for, `20261119`. */
export function rollDate(at: EpochMs): string {
  const days = Math.floor(at / DAY_MS) + DAYS_BEFORE_1970
  const first = (days - (days % ROLL_DAYS) - DAYS_BEFORE_1970) * DAY_MS
  return minuteKey(first).slice(0, 8)
}

export const ROLL_MS = ROLL_DAYS * DAY_MS

/** Anything but letters and digits as `:` and four hexadecimal digits: `/vm-1` is `:002Fvm:002D1`. */
export function encodedKey(text: string): string {
  return text.replace(
    /[^A-Za-z0-9]/g,
    unit => `:${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

function digits(ticks: bigint): string {
  return ticks.toString().padStart(KEY_DIGITS, '0')
}

/** Years 1 to 9999. */
function inReach(at: EpochMs): EpochMs | null {
  return at >= -62_135_596_800_000 && at <= 253_402_300_799_999 ? at : null
}
