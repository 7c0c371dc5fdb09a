/**
 * Since when has a KPI been in its state? A state holds until the next tick, but not for longer than a tick can be trusted:
 * who was not looked at for a while begins anew.
 *
 * Example: ticks every 10 s; red at 12:00 and still red at 12:05 is red since 12:00. No tick from 12:05 to 12:30, then red:
 * since 12:30, and what was between is not known.
 */
import type { KpiState } from '../model/expression.ts'
import type { KpiSince } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

const TRUSTED_INTERVALS = 3
const TRUSTED_MS = 60_000

/** For how long the state that a tick saw is taken to hold. */
export function kpiHoldsMs(everyMs: number): number {
  return Math.max(TRUSTED_MS, TRUSTED_INTERVALS * everyMs)
}

/** @param seenAt the last tick before this one */
export function kpiSince(
  state: KpiState,
  before: KpiSince | undefined,
  seenAt: EpochMs,
  at: EpochMs,
  everyMs: number,
): KpiSince {
  if (before === undefined || before.state !== state) return { state, since: at }
  return at - seenAt > kpiHoldsMs(everyMs) ? { state, since: at } : before
}
