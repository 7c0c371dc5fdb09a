/**
 * How a receiver knows that a request is ours and not a repeat from long ago: an HMAC over the time and the body.
 *
 * Example: `signatureHeaders('s3cret', '{"a":1}', 1795262400000)` is `{ 'x-plimsoll-timestamp': '1795262400',
 * 'x-plimsoll-signature': 'sha256=...' }`, where ... is the hex HMAC-SHA256 of `1795262400.{"a":1}`.
 */
import { createHmac } from 'node:crypto'
import type { EpochMs } from '../model/time.ts'

/** Without a secret there is only the time. */
export function signatureHeaders(
  secret: string | null,
  body: string,
  at: EpochMs,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000))
  if (secret === null) return { 'x-plimsoll-timestamp': timestamp }
  const hex = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'x-plimsoll-timestamp': timestamp, 'x-plimsoll-signature': `sha256=${hex}` }
}
