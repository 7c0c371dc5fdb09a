/**
 * Numbers as records write them, read from bytes: the plain ones here digit by digit, the rest by the language's own reader.
 *
 * Example: `83.25` is 8325 / 100, exact to the last bit because both are whole numbers below 2^53; `8.3e1` is read by `Number`;
 * `n/a`, `null` and nothing at all are NaN, and so is `ok`; `isMissing` tells them apart.
 */
const DASH = 45
const DOT = 46
const ZERO = 48
const COMMA = 44
const MOST_DIGITS = 15

const TENS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => 10 ** power)

/** `NaN` where it is none. Spaces around it are left aside. */
export function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let place = start
  const negative = bytes[place] === DASH
  if (negative) place++
  let value = 0
  let count = 0
  let point = -1
  for (; place < end; place++) {
    const byte = bytes[place] ?? 0
    if (byte >= ZERO && byte <= 57) {
      value = value * 10 + (byte - ZERO)
      count++
    } else if (byte === DOT && point < 0) point = place
    else return slowNumber(bytes, start, end)
  }
  if (count === 0 || count > MOST_DIGITS) return slowNumber(bytes, start, end)
  if (point >= 0) value /= TENS[end - point - 1] ?? 1
  return negative ? -value : value
}

/** With a comma for a point: `1,5`. */
export function decimalCommaIn(bytes: Uint8Array, start: number, end: number): number {
  const plain = numberIn(bytes, start, end)
  if (!Number.isNaN(plain)) return plain
  const comma = bytes.indexOf(COMMA, start)
  if (comma < 0 || comma >= end) return plain
  const text = textIn(bytes, start, end)
  return /^-?\d+,\d+$/.test(text) ? Number(text.replace(',', '.')) : plain
}

/** What records write where a value is missing. */
const MISSING = new Set(['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', '-', '--', '?', 'undefined'])

export function isMissing(text: string): boolean {
  return MISSING.has(text.trim().toLowerCase())
}

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const ENDLESS = /^([+-]?)inf(inity)?$/i

/** NaN where it is none; `Infinity` where it says so. */
export function numberOf(text: string): number {
  const trimmed = text.trim()
  if (PLAIN.test(trimmed)) return Number(trimmed)
  const endless = ENDLESS.exec(trimmed)
  if (endless === null) return Number.NaN
  return endless[1] === '-' ? -Infinity : Infinity
}

export function textIn(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  return end === start ? Number.NaN : numberOf(textIn(bytes, start, end))
}
