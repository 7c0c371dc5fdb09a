/**
 * Where an axis has its marks: round counts, and round local times that a person would have chosen.
 *
 * Example: counts 0..6 get 0 1 2 3 4 5 6; ten minutes in six or so marks get 12:00 12:02 12:04 ...
 */
import type { EpochMs, Interval } from '../model/time.ts'
import {
  formatDate,
  formatDay,
  formatMinute,
  formatTime,
  instantOf,
  localTime,
  zoneOffsetMs,
} from './zone-time.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Steps a person reads without counting. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map(n => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map(n => n * MINUTE),
  ...[1, 2, 3, 6, 12].map(n => n * HOUR),
  ...[1, 2, 7, 14].map(n => n * DAY),
]
/** Beyond those, in months: firsts of months, quarters, years. */
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000]
const MONTH = 30.44 * DAY

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
  const step = TIME_STEPS.find(candidate => span / candidate <= wanted)
  return step === undefined
    ? monthTicks(window, wanted, timeZone)
    : clockTicks(window, step, wanted, timeZone)
}

function clockTicks(window: Interval, step: number, wanted: number, timeZone: string): readonly TimeTick[] {
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

/** From the first month, counted from the year 0, that begins in the window. */
function monthTicks(window: Interval, wanted: number, timeZone: string): readonly TimeTick[] {
  const months = (window.to - window.from) / MONTH
  const step = MONTH_STEPS.find(candidate => months / candidate <= wanted) ?? Math.ceil(months)
  const { year, month } = localTime(window.from, timeZone)
  const ticks: TimeTick[] = []
  for (let count = Math.floor((year * 12 + month - 1) / step) * step; ; count += step) {
    const first = {
      year: Math.floor(count / 12),
      month: (count % 12) + 1,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
    }
    const at = instantOf(first, timeZone)
    if (at >= window.to) return ticks
    if (at < window.from) continue
    // `1 Jul 2026` without its day.
    const label = step % 12 === 0 ? String(first.year) : formatDate(at, timeZone).replace(/^1 /, '')
    ticks.push({ at, label, day: null })
  }
}

function labelOf(at: EpochMs, step: number, timeZone: string): string {
  if (step >= DAY) return formatDay(at, timeZone)
  return step < MINUTE ? formatTime(at, timeZone) : formatMinute(at, timeZone)
}
