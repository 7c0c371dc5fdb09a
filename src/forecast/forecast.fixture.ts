/**
 * What the tests of forecasters share: one of each over a past of its own, told of a series.
 *
 * Example: `told(past => createSeasonalNaive(past, 'day'), SIX_HOURS, [1, 2, 3, 4]).forecast(1)` is 1: a day is four bins.
 */
import type { ClockOffset } from '../model/time.ts'
import { createDampedSmoothing, QUICK, SLOW } from './damped-smoothing.ts'
import type { Forecaster } from './forecaster.ts'
import { createLastValue } from './last-value.ts'
import { Past } from './past.ts'
import { createRidge } from './ridge.ts'
import { createSeasonalNaive } from './seasonal-naive.ts'
import { createSeasonalProfile } from './seasonal-profile.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** Four bins a day: numbers one can work by hand. */
export const SIX_HOURS = 6 * HOUR

export type Make = (past: Past) => Forecaster

/** Horizon of the regressions below, bins. */
export const HORIZON = 2

export const FORECASTERS: readonly (readonly [string, Make])[] = [
  ['last value', () => createLastValue()],
  ['yesterday', past => createSeasonalNaive(past, 'day')],
  ['last week', past => createSeasonalNaive(past, 'week')],
  ['typical day', past => createSeasonalProfile(past, 'day')],
  ['typical week', past => createSeasonalProfile(past, 'week')],
  ['slow smoothing', past => createDampedSmoothing(past, SLOW)],
  ['quick smoothing', past => createDampedSmoothing(past, QUICK)],
  ['regression', past => createRidge(past, { name: 'regression', horizonBins: HORIZON, halfLifeDays: 7 })],
]

/**
 * @param onForecast is told what is said after each value for `HORIZON`
 * @param offsetMs of a clock; the first value is that of bin 0
 */
export function told(
  make: Make,
  stepMs: number,
  values: Iterable<number>,
  onForecast?: (forecast: number) => void,
  offsetMs?: ClockOffset,
): Forecaster {
  const past = new Past(stepMs, offsetMs)
  const forecaster = make(past)
  for (const value of values) {
    past.push(value)
    forecaster.learn(value)
    onForecast?.(forecaster.forecast(HORIZON))
  }
  return forecaster
}

/** Numbers between 0 and 1 from a seed, alike each time. */
export function* noise(seed: number): Generator<number, never> {
  let state = seed >>> 0
  while (true) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

/** A day's wave between 50 and 150, as many bins as asked for. */
export function wave(bins: number, stepMs: number): number[] {
  return Array.from(
    { length: bins },
    (_, bin) => 100 + 50 * Math.sin((2 * Math.PI * bin * stepMs) / (24 * HOUR)),
  )
}

/** A clock that is set by so many minutes at each of these instants, in order. */
export function setAt(...changes: readonly (readonly [at: number, minutes: number])[]): ClockOffset {
  return at =>
    changes.reduce((offset, [from, minutes]) => (at < from ? offset : offset + minutes * MINUTE), 0)
}

/** A day by the clock on the wall: nothing at night, steep at nine and at five, an hour's dent at noon. */
export function officeDay(localMs: number): number {
  const hour = (localMs / HOUR) % 24
  const step = (at: number): number => 1 / (1 + Math.exp((at - hour) * 6))
  return 20 + 200 * (step(8.75) - step(17.25)) - 60 * Math.exp(-((2 * hour - 25) ** 2))
}
