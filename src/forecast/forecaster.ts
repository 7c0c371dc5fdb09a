/**
 * What every forecaster promises. It is made over a `Past`, is told of every bin once, in order, after the past took it, and says
 * what it expects some bins later. It is a function of what it was told: no clock, no chance.
 *
 * Example: bins of a minute, the newest is 10:00. `forecast(15)` is the demand expected in the bin of 10:15; NaN means it cannot
 * say yet, and `waitsFor()` what it lacks: `21 h more of history for a season of a day`.
 *
 * All of them: a demand k times as large is forecast k times as large; a constant one is forecast to stay; a gap changes nothing
 * that is known; once one has said a number for a horizon, it goes on saying one.
 */
export interface Forecaster {
  /** As it is shown to operators. */
  readonly name: string
  /** @param value of the bin that has just ended; NaN: nothing is known of it */
  learn(value: number): void
  /** @param horizonBins how far ahead, at least 1; NaN where it cannot say (one that is made for certain horizons: at others) */
  forecast(horizonBins: number): number
  /** In words; `null` when it lacks nothing. */
  waitsFor(): string | null
}

const HOUR_MS = 3_600_000

/** @returns how long one still has to learn, e.g. `21 h more of history for a season of a day`; `null` when it is enough */
export function historyLacking(missingBins: number, stepMs: number, what: string): string | null {
  if (missingBins <= 0) return null
  return `${inWords(missingBins * stepMs)} more of history for ${what}`
}

/** Rounded up, so that it is never too soon: `40 min`, `21 h`, `6 d`. */
export function inWords(ms: number): string {
  if (ms < 2 * HOUR_MS) return `${Math.ceil(ms / 60_000)} min`
  if (ms <= 48 * HOUR_MS) return `${Math.ceil(ms / HOUR_MS)} h`
  return `${Math.ceil(ms / (24 * HOUR_MS))} d`
}
