/**
 * A decision and its plan as JSON, the same in every command and in the API: ISO times, a sentence at every step.
 * (A veto has a code of its own called `because` inside; outside it is `reason`.)
 *
 * Example: `{ "current": 5, "desired": 6, "direction": "out", "because": "...", "rule": "Scale up", "bounds": {...},
 *   "kpis": {}, "steps": [...], "settings": {}, "plan": { "actions": [...], "waiting": [] } }`.
 */
import { z } from 'zod'
import { DecisionWire } from '../api/wire/decision.ts'
import { OutcomeWire, PlanWire } from '../api/wire/plan.ts'
import type { Outcome, Plan } from '../model/plan.ts'

type Told = z.output<typeof DecisionWire>

export function decisionJson(decision: Told, plan: Plan) {
  const { current, desired, direction, because, rule, bounds, kpis, steps, settings } = z.encode(
    DecisionWire,
    decision,
  )
  const { actions, waiting } = z.encode(PlanWire, plan)
  return {
    current,
    desired,
    direction,
    because,
    rule,
    bounds,
    kpis,
    steps,
    settings,
    plan: { actions, waiting },
  }
}

export function outcomesJson(outcomes: readonly Outcome[]) {
  return outcomes.map(outcome => z.encode(OutcomeWire, outcome))
}
