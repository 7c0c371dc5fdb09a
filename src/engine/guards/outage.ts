/**
 * Did the load vanish? A drop steeper than a fleet's load ever falls by itself is an outage in front of it, and the
 * load will be back at once: shrinking is held for a set time. What was highest lately is remembered in a short list.
 *
 * Example: `drop: 80%, within: 5m, hold: 15m`: 1,000 requests per second at 12:00 and 150 at 12:03 are a drop of 85 %,
 * so nothing shrinks until 12:18.
 */
import type { Step } from '../../model/decision.ts'
import { EMPTY_MEMORY, type LoadMemory } from '../../model/memory.ts'
import type { OutageGuard } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

/** The guard's time is remembered in at most this many values, so that a tick per second costs no more than one per minute. */
const RESOLUTION = 32

/** A product such as 1000 * (1 - 0.8) may miss its exact value by less than this. */
const ROUNDING = 1e-9

/** The load now, held against what it lately was. */
export interface LoadWatch {
  /** `null` is a gap. */
  readonly value: number | null
  readonly peak: number | null
  readonly memory: LoadMemory
}

/** @param value of the guard's operand; NaN is a gap, which is no drop */
export function watchLoad(
  guard: OutageGuard | null,
  before: LoadMemory,
  at: EpochMs,
  value: number,
): LoadWatch {
  if (guard === null) return { value: null, peak: null, memory: EMPTY_MEMORY.load }
  const heldUntil = before.heldUntil !== null && at < before.heldUntil ? before.heldUntil : null
  const kept = before.peaks.filter(peak => peak.at > at - guard.withinMs)
  if (!Number.isFinite(value)) {
    return { value: null, peak: kept[0]?.value ?? null, memory: { peaks: kept, heldUntil } }
  }
  const peak = Math.max(value, kept[0]?.value ?? value)
  if (peak > 0 && peak - value >= peak * (guard.dropRatio - ROUNDING)) {
    // What it fell from has been seen; only another drop from here begins another hold.
    return { value, peak, memory: { peaks: [{ at, value }], heldUntil: at + guard.holdMs } }
  }
  return { value, peak, memory: { peaks: withValue(kept, at, value, guard.withinMs), heldUntil } }
}

/** Only what may yet be the highest: a value that a later one reaches never is. */
function withValue(
  peaks: LoadMemory['peaks'],
  at: EpochMs,
  value: number,
  withinMs: number,
): LoadMemory['peaks'] {
  const higher = peaks.filter(peak => peak.value > value)
  const last = higher.at(-1)
  const tooClose = last !== undefined && at - last.at < withinMs / RESOLUTION
  return tooClose ? higher : [...higher, { at, value }]
}

/** @returns `wanted` (fewer than `current`), or `current` while the hold lasts */
export function withholdOutage(
  guard: OutageGuard | null,
  { value, peak, memory: { heldUntil } }: LoadWatch,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  if (guard === null) return wanted
  const to = heldUntil === null ? wanted : current
  steps.push({
    stage: 'guards',
    guard: 'outage',
    outcome: heldUntil === null ? 'passed' : 'held',
    from: wanted,
    to,
    operand: guard.operandText,
    value,
    peak,
    until: heldUntil,
  })
  return to
}
