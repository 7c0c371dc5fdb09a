/**
 * Times as records write them: ISO 8601, or a number of seconds, milli-, micro- or nanoseconds since 1970. Read from bytes, because a
 * record may have a hundred million of them.
 *
 * Example: `2026-11-21T12:04:00Z`, `2026-11-21 13:04:00+01:00`, `1795262640`, `1795262640000` and `1795262640.0` are all 1795262640000.
 * `2026-11-21 12:04` has no zone: it is taken as UTC unless a zone is said, and `zoneless` counts it.
 */
import type { EpochMs } from '../../model/time.ts'
import { LocalTimes } from './local-times.ts'
import { numberIn } from './numbers.ts'

const DASH = 45
const SLASH = 47
const ZERO = 48
const COLON = 58
const UPPER_T = 84
const LOWER_T = 116
const SPACE = 32
const DOT = 46
const COMMA = 44
const PLUS = 43
const UPPER_Z = 90
const LOWER_Z = 122

/** By size: seconds reach this until the year 5138, milliseconds until then from 1973 on, and so on. */
const SECONDS_BELOW = 1e11
const MILLIS_BELOW = 1e14
const MICROS_BELOW = 1e17
/** Seconds below this are no date but count from the beginning of a measurement. */
const RELATIVE_BELOW = 1e8

/** 1970-01-01 in days since 1899-12-30. */
const SERIAL_1970 = 25_569
const DAY_S = 86_400

export type EpochUnit = 's' | 'ms' | 'us' | 'ns'

const MS_IN: Readonly<Record<EpochUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

/** Years 1970 to 9999. */
const LATEST = 253_402_300_800_000

export interface TimeReaderOptions {
  /** Numbers are days since 1899-12-30, as spreadsheets count them, on the clock of the zone. */
  readonly isSerial?: boolean | undefined
  /** Of times that name none; UTC without it. */
  readonly timeZone?: string | undefined
}

export class TimeReader {
  /** Times without a zone so far. */
  zoneless = 0
  /** Of the numbers; settled by the first one. */
  unit: EpochUnit | null = null
  /** The first number was too small to be a date. */
  relative = false
  readonly #isSerial: boolean
  readonly #local: LocalTimes
  #dateKey = -1
  #dayAt = Number.NaN

  constructor({ isSerial = false, timeZone = 'UTC' }: TimeReaderOptions = {}) {
    this.#isSerial = isSerial
    this.#local = new LocalTimes(timeZone)
  }

  /** Of times that name none. */
  get timeZone(): string {
    return this.#local.timeZone
  }

  /** Milliseconds since 1970; NaN where it is no time. */
  read(bytes: Uint8Array, start: number, end: number): EpochMs {
    const from = skipSpace(bytes, start, end)
    const to = trimEnd(bytes, from, end)
    const fifth = bytes[from + 4]
    const at =
      to - from >= 10 && (fifth === DASH || fifth === SLASH)
        ? this.#iso(bytes, from, to)
        : this.ofNumber(numberIn(bytes, from, to))
    return at >= 0 && at < LATEST ? at : Number.NaN
  }

  /** Likewise of a text. */
  ofText(text: string): EpochMs {
    const bytes = Buffer.from(text)
    return this.read(bytes, 0, bytes.length)
  }

  ofNumber(value: number): EpochMs {
    if (!Number.isFinite(value) || value < 0) return Number.NaN
    if (this.#isSerial) return this.#onTheWall(Math.round((value - SERIAL_1970) * DAY_S) * 1000)
    if (this.unit === null) {
      this.unit = unitOf(value)
      this.relative = value < RELATIVE_BELOW
    }
    // Zero, or seconds among milliseconds: a slip, and read as a date it would be half a century away.
    if (!this.relative && (value < RELATIVE_BELOW || unitOf(value) !== this.unit)) return Number.NaN
    return Math.round(value * MS_IN[this.unit])
  }

  #iso(bytes: Uint8Array, from: number, to: number): number {
    const second = bytes[from + 7]
    if (second !== DASH && second !== SLASH) return Number.NaN
    const year = digits(bytes, from, 2) * 100 + digits(bytes, from + 2, 2)
    const key = year * 10_000 + digits(bytes, from + 5, 2) * 100 + digits(bytes, from + 8, 2)
    if (key !== this.#dateKey) {
      this.#dateKey = key
      this.#dayAt = dayAt(year, digits(bytes, from + 5, 2), digits(bytes, from + 8, 2))
    }
    if (to - from === 10) return this.#onTheWall(this.#dayAt)
    const mark = bytes[from + 10]
    if (mark !== UPPER_T && mark !== SPACE && mark !== LOWER_T) return Number.NaN
    const zoneless = this.zoneless
    const at = this.#dayAt + this.#timeOfDay(bytes, from + 11, to)
    return this.zoneless > zoneless ? this.#local.instantOf(at) : at
  }

  #onTheWall(wallMs: number): EpochMs {
    this.zoneless++
    return this.#local.instantOf(wallMs)
  }

  /** Milliseconds since midnight UTC; may be negative or more than a day, by the zone. */
  #timeOfDay(bytes: Uint8Array, from: number, to: number): number {
    if (to - from < 5 || bytes[from + 2] !== COLON) return Number.NaN
    const hour = digits(bytes, from, 2)
    const minute = digits(bytes, from + 3, 2)
    let second = 0
    let place = from + 5
    if (bytes[place] === COLON && place < to) {
      if (to - place < 3) return Number.NaN
      second = digits(bytes, place + 1, 2)
      place += 3
    }
    if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
    let fraction = 0
    if (place < to && (bytes[place] === DOT || bytes[place] === COMMA)) {
      let scale = 100
      place++
      const first = place
      for (; place < to; place++, scale /= 10) {
        const digit = (bytes[place] ?? 0) - ZERO
        if (digit < 0 || digit > 9) break
        fraction += digit * scale
      }
      if (place === first) return Number.NaN
    }
    const wall = hour * 3_600_000 + minute * 60_000 + second * 1000 + Math.floor(fraction + 1e-6)
    return wall - this.#offset(bytes, place, to)
  }

  #offset(bytes: Uint8Array, start: number, to: number): number {
    const place = skipSpace(bytes, start, to)
    if (place === to) {
      this.zoneless++
      return 0
    }
    const sign = bytes[place]
    if (sign === UPPER_Z || sign === LOWER_Z) return to - place === 1 ? 0 : Number.NaN
    if (sign !== PLUS && sign !== DASH) return isUtc(bytes, place, to) ? 0 : Number.NaN
    const length = to - place
    const colon = bytes[place + 3] === COLON
    if (length !== 3 && length !== (colon ? 6 : 5)) return Number.NaN
    const hours = digits(bytes, place + 1, 2)
    const minutes = length === 3 ? 0 : digits(bytes, place + (colon ? 4 : 3), 2)
    if (!(hours <= 18 && minutes <= 59)) return Number.NaN
    return (sign === DASH ? -1 : 1) * (hours * 60 + minutes) * 60_000
  }
}

function unitOf(value: number): EpochUnit {
  if (value < SECONDS_BELOW) return 's'
  if (value < MILLIS_BELOW) return 'ms'
  return value < MICROS_BELOW ? 'us' : 'ns'
}

function digits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0
  for (let place = from; place < from + count; place++) {
    const digit = (bytes[place] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Midnight UTC; NaN for a day that does not exist. */
function dayAt(year: number, month: number, day: number): number {
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN
  const at = Date.UTC(year, month - 1, day)
  return new Date(at).getUTCDate() === day ? at : Number.NaN
}

function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let place = from
  while (place < to && (bytes[place] === SPACE || bytes[place] === 9)) place++
  return place
}

function trimEnd(bytes: Uint8Array, from: number, to: number): number {
  let place = to
  while (place > from && (bytes[place - 1] === SPACE || bytes[place - 1] === 9)) place--
  return place
}

function isUtc(bytes: Uint8Array, from: number, to: number): boolean {
  const text = Buffer.from(bytes.subarray(from, to)).toString('latin1')
  return text === 'UTC' || text === 'GMT'
}
