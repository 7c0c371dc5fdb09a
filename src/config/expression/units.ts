/**
 * The units a number may carry, and the plain number each stands for. Shared with the configuration, whose
 * durations and shares are written the same way.
 *
 * Example: `45m` is 2,700,000 against a metric in milliseconds and 2,700 against one in seconds; `80%` is 80
 * against a metric in percent and 0.8 against a ratio; `2GiB` is 2,147,483,648 bytes.
 */
import type { MetricUnit } from '../../model/spec.ts'

export type Dimension = 'share' | 'duration' | 'bytes'

/** A metric's unit that has a dimension; `count` is a plain number and has none. */
export type MeasuredUnit = Exclude<MetricUnit, 'count'>

export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w'
export type ByteUnit = 'B' | 'kB' | 'MB' | 'GB' | 'KiB' | 'MiB' | 'GiB'
export type LiteralUnit = '%' | DurationUnit | ByteUnit

/** Milliseconds in each, largest first. */
const DURATIONS: Readonly<Record<DurationUnit, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
}

/** Bytes in each. */
const BYTES: Readonly<Record<ByteUnit, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

export const LITERAL_UNITS: readonly LiteralUnit[] = [
  '%',
  ...(Object.keys(DURATIONS).reverse() as DurationUnit[]),
  ...(Object.keys(BYTES) as ByteUnit[]),
]

const DIMENSION_OF_UNIT: Readonly<Record<MeasuredUnit, Dimension>> = {
  percent: 'share',
  ratio: 'share',
  ms: 'duration',
  s: 'duration',
  bytes: 'bytes',
}

export function isDurationUnit(unit: string): unit is DurationUnit {
  return Object.hasOwn(DURATIONS, unit)
}

export function isByteUnit(unit: string): unit is ByteUnit {
  return Object.hasOwn(BYTES, unit)
}

export function isLiteralUnit(unit: string): unit is LiteralUnit {
  return unit === '%' || isDurationUnit(unit) || isByteUnit(unit)
}

export function dimensionOf(unit: MeasuredUnit): Dimension {
  return DIMENSION_OF_UNIT[unit]
}

export function literalDimension(unit: LiteralUnit): Dimension {
  if (unit === '%') return 'share'
  return isDurationUnit(unit) ? 'duration' : 'bytes'
}

/**
 * The plain number `amount` of a literal's unit is when counted in `measured`, a unit of the same dimension:
 * `literalValue(2, 's', 'ms')` is 2000.
 */
export function literalValue(amount: number, unit: LiteralUnit, measured: MeasuredUnit): number {
  if (unit === '%') return measured === 'ratio' ? exact(amount / 100) : amount
  if (isByteUnit(unit)) return exact(amount * BYTES[unit])
  const ms = amount * DURATIONS[unit]
  return exact(measured === 's' ? ms / 1000 : ms)
}

/** What a stray unit most likely meant: `minutes` is `m`, `gb` is `GB`; `null` where nothing fits. */
export function suggestUnit(word: string): LiteralUnit | null {
  const lower = word.toLowerCase()
  const spelled = SPELLED_OUT.get(lower)
  if (spelled !== undefined) return spelled
  return LITERAL_UNITS.find(unit => unit.toLowerCase() === lower) ?? null
}

const SPELLED_OUT: ReadonlyMap<string, LiteralUnit> = new Map([
  ['percent', '%'],
  ['pct', '%'],
  ['msec', 'ms'],
  ['millis', 'ms'],
  ['millisecond', 'ms'],
  ['milliseconds', 'ms'],
  ['sec', 's'],
  ['secs', 's'],
  ['second', 's'],
  ['seconds', 's'],
  ['min', 'm'],
  ['mins', 'm'],
  ['minute', 'm'],
  ['minutes', 'm'],
  ['hr', 'h'],
  ['hrs', 'h'],
  ['hour', 'h'],
  ['hours', 'h'],
  ['day', 'd'],
  ['days', 'd'],
  ['week', 'w'],
  ['weeks', 'w'],
  ['bytes', 'B'],
])

/** `90s` -> 90000. `null` unless it is a number of at least 0 with a unit (ms s m h d w) and whole milliseconds. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim())
  const unit = match?.[2] ?? ''
  if (!isDurationUnit(unit)) return null
  return wholeMs(Number(match?.[1]), unit)
}

/** Whole milliseconds, or `null` where there are fractions of one or too many to count exactly. */
export function wholeMs(amount: number, unit: DurationUnit): number | null {
  const ms = literalValue(amount, unit, 'ms')
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : null
}

/** The length of a compound such as `1h30m`, which the language does not take, so that an error can say `90m`. */
export function compoundDurationMs(text: string): number | null {
  if (text.length > 40 || !/^(?:\d+[a-z]+){2,}$/.test(text)) return null
  let total = 0
  for (const part of text.match(/\d+[a-z]+/g) ?? []) {
    const ms = parseDuration(part)
    if (ms === null) return null
    total += ms
  }
  return total
}

/** The largest unit that leaves a whole number: 2700000 -> `45m`, 90000 -> `90s`, 604800000 -> `1w`, 0 -> `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  for (const [unit, factor] of Object.entries(DURATIONS)) {
    if (ms % factor === 0) return `${ms / factor}${unit}`
  }
  return `${ms}ms`
}

/** `'25%'` -> 0.25, `'-20%'` -> -0.2, and 0.25 or `'0.25'` -> 0.25. `null` for anything else; no range is checked. */
export function parseShare(share: string | number): number | null {
  if (typeof share === 'number') return Number.isFinite(share) ? share : null
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(%?)$/.exec(share.trim())
  if (match === null) return null
  const amount = Number(match[1])
  if (!Number.isFinite(amount)) return null
  return match[2] === '%' ? literalValue(amount, '%', 'ratio') : amount
}

/** Takes the last binary digits of rounding away, so that 4.35s is 4350 ms and never 4350.000000000001. */
function exact(value: number): number {
  return Number.isInteger(value) || !Number.isFinite(value) ? value : Number(value.toPrecision(15))
}
