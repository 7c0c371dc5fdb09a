/**
 * Time and chance from outside, so that a simulation can own both.
 *
 * Example: in production `systemClock.now()` is `Date.now()`; in a test it is a number the test advances.
 */
import type { EpochMs } from '../model/time.ts'

export interface Clock {
  now(): EpochMs
  /** Calls `wake` once after `ms`; the result cancels it. */
  after(ms: number, wake: () => void): () => void
}

/** A seeded stream: uniform in [0, 1). */
export interface Random {
  next(): number
}
