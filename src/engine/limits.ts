/**
 * Stage 7: bounds last. Whatever the rules and guards said, lowest <= desired <= highest; then what the target itself
 * can hold, and what the operator's quota allows.
 *
 * Example: current 4, nothing fired, bounds now 6..8: desired is 6, whatever the cooldown says.
 */
import type { Bounds, Step } from '../model/decision.ts'

export function applyLimits(
  bounds: Bounds,
  targetHighest: number | null,
  quota: number | null,
  wanted: number,
  steps: Step[],
): number {
  let count = wanted
  if (count < bounds.lowest) count = step(steps, 'lowest', count, bounds.lowest)
  if (count > bounds.highest) count = step(steps, 'highest', count, bounds.highest)
  if (targetHighest !== null && count > targetHighest) count = step(steps, 'target', count, targetHighest)
  if (quota !== null && count > quota) count = step(steps, 'quota', count, quota)
  return count
}

function step(
  steps: Step[],
  limit: 'lowest' | 'highest' | 'target' | 'quota',
  from: number,
  to: number,
): number {
  steps.push({ stage: 'limits', outcome: to > from ? 'raised' : 'lowered', limit, from, to })
  return to
}
