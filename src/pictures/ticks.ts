/**
 * Where an axis has its marks: round counts, and round local times that a person would have chosen.
 *
 * Example: counts 0..6 get 0 1 2 3 4 5 6; ten minutes in six or so marks get 12:00 12:02 12:04 ...
 */
import type { EpochMs, Interval } from '../model/time.ts'
import { formatDay, formatMinute, formatTime, instantOf, localTime, zoneOffsetMs } from './zone-time.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Steps a person reads without counting. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map(n => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map(n => n * MINUTE),
  ...[1, 2, 3, 6, 12].map(n => n * HOUR),
  ...[1, 2, 7, 14, 28, 56, 112, 224, 448, 1000, 4000, 10_000].map(n => n * DAY),
]

export interface TimeTick {
  readonly at: EpochMs
  readonly label: string
  /** The date, on the first mark and wherever a new day begins; `null` elsewhere. */
  readonly day: string | null
}

/** Whole numbers from 0 to at least `highest`, about `wanted` of them. */
export function countTicks(highest: number, wanted: number): readonly number[] {
  const top = Math.max(1, Math.ceil(highest))
  const step = roundStep(top / wanted)
  const ticks: number[] = []
  for (let value = 0; ; value += step) {
    ticks.push(value)
    if (value >= top) return ticks
  }
}

function roundStep(least: number): number {
  if (least <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= least) ?? 10
  return factor * power
}

/** Marks inside `window`, at most `wanted + 1` of them, on round times of the zone's own clock. */
export function timeTicks(window: Interval, wanted: number, timeZone: string): readonly TimeTick[] {
  const span = window.to - window.from
  if (!(span > 0)) return []
  const step = TIME_STEPS.find(candidate => span / candidate <= wanted) ?? span
  const ticks: TimeTick[] = []
  let dayBefore = ''
  // On the local clock, so that "every 6 hours" means 00 06 12 18 there, also across a change of the clock.
  let local = Math.ceil((window.from + zoneOffsetMs(window.from, timeZone)) / step) * step
  for (let guard = 0; guard < 2 * wanted + 4; guard++, local += step) {
    const at = instantOf(localTime(local, 'UTC'), timeZone)
    if (at >= window.to) break
    if (at < window.from || at <= (ticks.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) continue
    const day = formatDay(at, timeZone)
    ticks.push({ at, label: labelOf(at, step, timeZone), day: step < DAY && day !== dayBefore ? day : null })
    dayBefore = day
  }
  return ticks
}

function labelOf(at: EpochMs, step: number, timeZone: string): string {
  if (step >= 1000 * DAY) return String(localTime(at, timeZone).year)
  if (step >= DAY) return formatDay(at, timeZone)
  return step < MINUTE ? formatTime(at, timeZone) : formatMinute(at, timeZone)
}
