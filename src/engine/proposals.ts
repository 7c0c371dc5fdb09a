/**
 * Stage 4: what count does each rule want? A rule whose condition does not hold abstains.
 *
 * Example: `by: -10%` at 4 instances: `ceil(4 * 0.9)` = 4 changes nothing, so it wants 3.
 */
import type { Step } from '../model/decision.ts'
import type { ReactiveRule, ScaleAction } from '../model/spec.ts'
import type { Conditions } from './conditions.ts'

export interface FiredRule {
  readonly rule: ReactiveRule
  readonly want: number
}

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

export function propose(conditions: Conditions, current: number, steps: Step[]): FiredRule[] {
  const fired: FiredRule[] = []
  for (const { compiled, firing, until } of conditions.rules) {
    const { rule } = compiled
    if (firing === 'fired') {
      const want = wantAt(rule.scale, current)
      fired.push({ rule, want })
      steps.push({ stage: 'proposals', outcome: 'want', rule: rule.name, rank: rule.rank, want })
    } else {
      steps.push({ stage: 'proposals', outcome: 'abstain', rule: rule.name, reason: firing, until })
    }
  }
  return fired
}
