/**
 * The hour an instance is paid for, where it begins with its launch: giving it up pays best in the last minutes. One answer
 * for the guard that counts who may go and for the planner that chooses who goes.
 *
 * Example: launched at 09:25, the last 10 minutes of its hour: at 12:20 they have begun (12:15), at 12:10 they have not.
 */
import type { EpochMs } from './time.ts'

const HOUR_MS = 3_600_000

/** When the paid hour it is in at `at` ends. A launch after `at` (clocks differ) has just begun. */
export function paidHourEnds(launchedAt: EpochMs, at: EpochMs): EpochMs {
  return at + HOUR_MS - (Math.max(0, at - launchedAt) % HOUR_MS)
}

/** When the last minutes of that hour begin: at or before `at` when they have begun. */
export function lastMinutesBegin(launchedAt: EpochMs, lastMinutes: number, at: EpochMs): EpochMs {
  return paidHourEnds(launchedAt, at) - lastMinutes * 60_000
}

/** Not known is not in its last minutes. */
export function isInLastMinutes(launchedAt: EpochMs | null, lastMinutes: number, at: EpochMs): boolean {
  return launchedAt !== null && lastMinutesBegin(launchedAt, lastMinutes, at) <= at
}
