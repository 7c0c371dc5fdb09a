/**
 * Time at the door: numbers inside, ISO-8601 text outside. This is the only converter; every schema of the
 * wire that holds a time uses `Time`, so a response is encoded and a request decoded in one place.
 *
 * Example: `1795262400000` inside is `"2026-11-21T12:00:00.000Z"` in a response; `?since=2026-11-21T13:00:00+01:00`
 * and `?since=1795262400000` are both `1795262400000` inside.
 */
import { z } from 'zod'
import type { EpochMs } from '../../model/time.ts'

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i
const DIGITS = /^\d{1,15}$/
/** In a query string an unescaped `+` of an offset arrives as a space. */
const UNESCAPED_OFFSET = / (\d{2}:\d{2})$/

export const TIME_FORMS =
  'an ISO-8601 time with its offset (2026-11-21T12:00:00Z) or milliseconds since the epoch'

/** ISO-8601 text, UTC, milliseconds. */
export function isoTime(at: EpochMs): string {
  return new Date(at).toISOString()
}

/** Reads ISO-8601 text with an offset, or milliseconds as a number or digits; `null` when it is neither. */
export function readTime(value: string | number): EpochMs | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  const text = value.trim()
  if (DIGITS.test(text)) return Number(text)
  const iso = text.replace(UNESCAPED_OFFSET, '+$1')
  if (!ISO.test(iso)) return null
  const at = Date.parse(iso)
  return Number.isNaN(at) ? null : at
}

/** A time in a body: `EpochMs` inside, ISO text on the wire. */
export const Time = z.codec(z.string(), z.number(), { decode: text => Date.parse(text), encode: isoTime })

/** A time in a query string. */
export const TimeQuery = z
  .string()
  .max(40)
  .transform((text, context) => {
    const at = readTime(text)
    if (at !== null) return at
    context.issues.push({ code: 'custom', input: text, message: `Expected ${TIME_FORMS}` })
    return z.NEVER
  })
  .describe(`Either ${TIME_FORMS}.`)
