/**
 * What count does "by 1", "by -20%" or "to 10" mean from here?
 *
 * Example: `by: -10%` at 4 instances: `ceil(4 * 0.9)` = 4 changes nothing, so it wants 3.
 */
import type { ScaleAction } from '../../model/spec.ts'

/** Rounding errors of a product such as 10 * 1.1 stay far below this; no operator's percent comes near it. */
const ROUNDING = 1e-9

/**
 * The count `action` asks for at `count` instances, never below 0. Percents (as the Application Block rounds them):
 * growing `ceil(n * (1 + p))`, at least one more, also from zero; shrinking `ceil(n * (1 - p))`, at least one fewer.
 */
export function wantAt(action: ScaleAction, count: number): number {
  switch (action.kind) {
    case 'to':
      return action.instances
    case 'by':
      return Math.max(0, count + action.instances)
    case 'percent': {
      const exact = Math.ceil(count * (1 + action.ratio) - ROUNDING)
      const step = Math.max(1, action.atLeast)
      return action.ratio > 0 ? Math.max(exact, count + step) : Math.max(0, Math.min(exact, count - step))
    }
  }
}

/**
 * The same with AWS's rounding of step scaling: a change above 1 is rounded down, between 0 and 1 it is 1; likewise
 * towards zero on the way down.
 */
export function wantTowardsZero(action: ScaleAction, count: number): number {
  if (action.kind !== 'percent') return wantAt(action, count)
  const exact = count * action.ratio
  const size = Math.max(1, Math.floor(Math.abs(exact) + ROUNDING), action.atLeast)
  return Math.max(0, count + (action.ratio > 0 ? size : -size))
}
