/**
 * Time as the core sees it: plain numbers that enter through an observation, never a clock.
 *
 * Example: the window "until 10:00 in London on 21 November 2026" is
 * `{ from: 1795161600000, to: 1795168800000 }`, and `contains(window, at)` is false at `to` itself.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** Half-open: `from` belongs to it, `to` does not. Milliseconds since the epoch. */
export interface Interval {
  readonly from: EpochMs
  readonly to: EpochMs
}

export function contains(interval: Interval, at: EpochMs): boolean {
  return interval.from <= at && at < interval.to
}

/**
 * How far a clock on the wall is ahead of UTC at an instant, milliseconds; behind is negative. That of Europe/London answers 3,600,000
 * in July and 0 in January.
 */
export type ClockOffset = (at: EpochMs) => number
