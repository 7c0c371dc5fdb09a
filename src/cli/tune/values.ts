/**
 * The values that `--vary PATH=VALUES` tries: a list, or steps from one end to the other. Durations that span a factor of four or
 * more rise by a factor, everything else by even steps; a number without a unit takes that of the value in the file.
 *
 * Example: `60..90` where the file says `80%` is 60%, 68%, 75%, 83%, 90%; `1m..15m` is 1m, 2m, 4m, 8m, 15m; `60..90/3` is 60, 75, 90.
 */
import { formatDuration, parseDuration } from '../../config/expression/units.ts'
import { LabError } from '../../lab/lab-error.ts'

const USUAL_STEPS = 5
const MOST_VALUES = 1_000
/** From here on even steps would all lie at the long end. */
const FACTOR_OF_SPAN = 4
/** From which length on a duration is rounded to what, the longest first. */
const UNITS_MS = [
  { from: 10_800_000, unit: 3_600_000 },
  { from: 60_000, unit: 60_000 },
  { from: 1_000, unit: 1_000 },
]
const VALUE = /^(?!.*\.\.)[\w.%+-]+$/
const AMOUNT = /^([+-]?\d+(?:\.\d+)?)(%|[A-Za-z]{1,3})?$/

interface Amount {
  readonly number: number
  readonly decimals: number
  readonly unit: string
}

/**
 * @param written the value in the file, for its unit; `null` where there is none
 * @returns each once, in the order they were given
 * @throws LabError PLM-742
 */
export function valuesOf(words: string, written: string | null): readonly string[] {
  const range = /^(.+?)\.\.(.+?)(?:\/(.+))?$/.exec(words)
  const unit = written === null ? '' : (amountOf(written)?.unit ?? '')
  if (range !== null) return unique(stepsOf(words, range[1] ?? '', range[2] ?? '', range[3], unit))
  const values = words.split(',').map(value => value.trim())
  const odd = values.find(value => !VALUE.test(value))
  if (odd !== undefined) {
    throw refused(words, odd === '' ? 'a value is missing' : `"${odd}" is no value`)
  }
  if (values.length > MOST_VALUES) throw refused(words, `at most ${MOST_VALUES} values are tried`)
  return unique(values.map(value => withUnit(value, unit)))
}

function stepsOf(
  words: string,
  from: string,
  to: string,
  steps: string | undefined,
  unit: string,
): readonly string[] {
  const [low, high] = [amountOf(from), amountOf(to)]
  if (low === null || high === null) {
    throw refused(words, `"${low === null ? from : to}" is no number with or without a unit`)
  }
  const count = steps === undefined ? USUAL_STEPS : Number(steps)
  if (!Number.isInteger(count) || count < 2 || count > MOST_VALUES) {
    throw refused(words, `the number of steps is a whole number from 2 to ${MOST_VALUES}, not ${steps}`)
  }
  const common = unit === '' || low.unit !== '' || high.unit !== '' ? high.unit || low.unit : unit
  const ends = [withUnit(from, common), withUnit(to, common)] as const
  const [lowMs, highMs] = [parseDuration(ends[0]), parseDuration(ends[1])]
  if (lowMs !== null && highMs !== null) return durations(lowMs, highMs, count)
  if (low.unit !== '' && high.unit !== '' && low.unit !== high.unit) {
    throw refused(words, `its ends are in ${low.unit} and ${high.unit}`)
  }
  const decimals = Math.max(low.decimals, high.decimals)
  return even(low.number, high.number, count).map(value => `${rounded(value, decimals)}${common}`)
}

function durations(low: number, high: number, count: number): readonly string[] {
  const isWide = Math.min(low, high) > 0 && Math.max(low / high, high / low) >= FACTOR_OF_SPAN
  const between = isWide
    ? Array.from({ length: count }, (_, step) => low * (high / low) ** (step / (count - 1)))
    : even(low, high, count)
  const [least, most] = [Math.min(low, high), Math.max(low, high)]
  // The ends are what was asked for, whatever readable lengths lie between them.
  return between.map((ms, step) => {
    const exact = step === 0 ? low : high
    const isEnd = step === 0 || step === count - 1
    return formatDuration(isEnd ? exact : Math.min(most, Math.max(least, readable(ms))))
  })
}

/** Two digits, and whole hours, minutes or seconds. */
function readable(ms: number): number {
  const unit = UNITS_MS.find(each => ms >= each.from)?.unit ?? 1
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(ms / unit)) - 1)
  return Math.max(1, Math.round(ms / unit / digits)) * digits * unit
}

function even(low: number, high: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, step) => low + ((high - low) * step) / (count - 1))
}

/** Half upwards, away from how 0.15 is kept in binary. */
function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals
  return Number((Math.round(value * factor * (1 + Number.EPSILON)) / factor).toFixed(decimals))
}

function amountOf(text: string): Amount | null {
  const match = AMOUNT.exec(text.replaceAll(' ', ''))
  if (match === null) return null
  const [, digits = '', unit = ''] = match
  return { number: Number(digits), decimals: digits.split('.')[1]?.length ?? 0, unit }
}

function withUnit(value: string, unit: string): string {
  return amountOf(value)?.unit === '' ? `${value}${unit}` : value
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)]
}

function refused(words: string, because: string): LabError {
  return new LabError(
    'PLM-742',
    `The values ${words} cannot be read: ${because}. Write a range (60..90, 1m..15m, 60..90/7 for seven steps) or a list (1m,5m,15m).`,
  )
}
