/**
 * Who comes to the rooms of the demonstration, and for how long: a few people all day and a crowd in the late afternoon of
 * the same day that `curve.ts` squeezes into 100 s. Most stay for seconds, a few for more than a minute.
 *
 * Example: 30 s after the start one person comes every four seconds; from 38 s to 56 s three or four come every second, and about 35
 * are there at once; half of them stay less than 7 s, one in 20 longer than 45 s, nobody longer than 75 s.
 */
import { hourAt } from './curve.ts'

const FEW_PER_SECOND = 0.25
const CROWD_PER_SECOND = 3.5
/** The crowd begins to come, comes, and has come, by the hour of the day. */
const CROWD = { from: 14.5, full: 15, until: 18, over: 19 } as const

const SHORTEST_MS = 4_000
export const LONGEST_STAY_MS = 75_000
/** Of the Pareto distribution: the smaller, the heavier its tail. */
const TAIL = 1.2

/** People who come per second, `elapsedMs` after the load began. */
export function arrivalsAt(elapsedMs: number): number {
  const hour = hourAt(elapsedMs)
  const { from, full, until, over } = CROWD
  if (hour <= from || hour >= over) return FEW_PER_SECOND
  const share =
    hour < full ? (hour - from) / (full - from) : hour > until ? (over - hour) / (over - until) : 1
  return FEW_PER_SECOND + (CROWD_PER_SECOND - FEW_PER_SECOND) * share
}

/** How long somebody stays. @param chance in [0, 1) */
export function stayMs(chance: number): number {
  return Math.min(LONGEST_STAY_MS, SHORTEST_MS * (1 - chance) ** (-1 / TAIL))
}
