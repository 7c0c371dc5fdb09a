/**
 * Stage 4: what count does each rule want? A rule that did not fire abstains, and says why.
 *
 * Example: "Scale up" (by 1) fired at 4 instances: it wants 5.
 */
import type { Step } from '../model/decision.ts'
import type { ReactiveRule } from '../model/spec.ts'
import type { Conditions } from './conditions.ts'

export interface FiredRule {
  readonly rule: ReactiveRule
  readonly want: number
}

export function propose(conditions: Conditions, steps: Step[]): FiredRule[] {
  const fired: FiredRule[] = []
  for (const { compiled, firing, want, until } of conditions.rules) {
    const { rule } = compiled
    // A floor only: see `floors.ts`.
    if (rule.kind === 'forecast' && firing !== 'disabled' && firing !== 'outside-schedule') continue
    if (want !== null) {
      fired.push({ rule, want })
      steps.push({ stage: 'proposals', outcome: 'want', rule: rule.name, rank: rule.rank, want })
    } else if (firing !== 'fired') {
      steps.push({ stage: 'proposals', outcome: 'abstain', rule: rule.name, reason: firing, until })
    }
  }
  return fired
}
