/**
 * The bounds to come as lines of text, a day in each, for a terminal: every place is half an hour and says by a letter which
 * constraint is in force. Of several in one place the rarest is shown, so that a short window is not lost.
 *
 * Example: "Peak" from 08:00 to 10:00 over "capacity":
 *
 *     Sat 21 Nov  ................PPPP............................
 *     P Peak 4..6   . capacity 2..5
 */
import type { EpochMs, Interval } from '../model/time.ts'
import type { BoundsStretch } from './schedule.ts'
import { localTime } from './zone-time.ts'

export interface DayLinesRequest {
  /** Sorted by time, without holes. */
  readonly stretches: readonly BoundsStretch[]
  readonly window: Interval
  readonly timeZone: string
}

export interface DayLines {
  readonly hours: string
  readonly days: readonly string[]
  readonly legend: readonly string[]
}

const PLACES = 48
/** The clocks of all zones differ by whole quarters of an hour. */
const STEP_MS = 900_000
const MARGIN = 12

export function drawDayLines({ stretches, window, timeZone }: DayLinesRequest): DayLines {
  const lasted = new Map<string, number>()
  for (const { constraint, from, to } of stretches) {
    lasted.set(constraint, (lasted.get(constraint) ?? 0) + to - from)
  }
  const letters = lettersOf([...lasted.keys()])
  const days = new Map<string, string[]>()
  let index = 0
  for (let at = window.from; at < window.to; at = nextStep(at)) {
    const until = Math.min(nextStep(at), window.to)
    while ((stretches[index]?.to ?? Number.POSITIVE_INFINITY) <= at) index++
    const { day, place } = placeOf(at, timeZone)
    const line = days.get(day) ?? Array.from({ length: PLACES }, () => '')
    days.set(day, line)
    for (let n = index; (stretches[n]?.from ?? until) < until; n++) {
      const shown = line[place] ?? ''
      const constraint = stretches[n]?.constraint ?? ''
      const isRarer = shown === '' || (lasted.get(constraint) ?? 0) < (lasted.get(shown) ?? 0)
      if (isRarer) line[place] = constraint
    }
  }
  return {
    hours:
      ' '.repeat(MARGIN) +
      [0, 3, 6, 9, 12, 15, 18, 21]
        .map(hour => String(hour).padStart(2, '0').padEnd(6))
        .join('')
        .trimEnd(),
    days: [...days].map(([day, line]) =>
      `${day.padEnd(MARGIN)}${line.map(name => letters.get(name) ?? ' ').join('')}`.trimEnd(),
    ),
    legend: [...lasted.keys()].map(
      name => `${letters.get(name) ?? ' '} ${name} ${boundsOf(name, stretches)}`,
    ),
  }
}

function nextStep(at: EpochMs): EpochMs {
  return (Math.floor(at / STEP_MS) + 1) * STEP_MS
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** An hour that the clock shows twice is drawn in one place, one that it skips stays empty. */
function placeOf(at: EpochMs, timeZone: string): { day: string; place: number } {
  const { year, month, day, hour, minute } = localTime(at, timeZone)
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? ''
  return {
    day: `${weekday} ${String(day).padStart(2)} ${MONTHS[month - 1] ?? ''}`,
    place: hour * 2 + (minute < 30 ? 0 : 1),
  }
}

/** Of the name where that is free; the fleet's own bounds are a dot. */
function lettersOf(names: readonly string[]): ReadonlyMap<string, string> {
  const letters = new Map<string, string>()
  const taken = new Set<string>()
  for (const name of names) {
    const wanted = name === 'capacity' ? ['.'] : [...name.toUpperCase().replace(/[^A-Z0-9]/g, ''), ...SPARE]
    const letter = wanted.find(candidate => !taken.has(candidate)) ?? '*'
    taken.add(letter)
    letters.set(name, letter)
  }
  return letters
}

const SPARE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

function boundsOf(name: string, stretches: readonly BoundsStretch[]): string {
  const found = stretches.find(({ constraint }) => constraint === name)
  if (found === undefined) return ''
  const { lowest, highest } = found
  return highest === Number.MAX_SAFE_INTEGER ? `${lowest} or more` : `${lowest}..${highest}`
}
