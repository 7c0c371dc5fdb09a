/**
 * Which parts of a condition would have to turn out otherwise? The leaves that keep it from being what is wanted, each
 * with the numbers it was judged by.
 *
 * Example: `avg(cpu, 45m) > 80% and not at_max` at 62.1 % and 3 of 5 instances: one leaf,
 * `{ text: 'avg(cpu, 45m) > 80%', left: 62.1, right: 80, ... }`.
 */
import type { Comparison, Condition, Truth } from '../model/expression.ts'
import { compileCondition, compileExpression, type Evidence, type Judge, type Slots } from './condition.ts'
import { expressionText } from './expression-text.ts'

export interface Leaf {
  /** What is compared, as the operator wrote it. */
  readonly subject: string
  readonly operator: Comparison
  readonly object: string
  /** NaN is unknown. */
  readonly left: number
  readonly right: number
  /** What it would have to be. */
  readonly wanted: boolean
  /** The KPI it comes from, where the condition names one. */
  readonly kpi: string | null
}

export interface Judging {
  readonly slots: Slots
  readonly goals: ReadonlyMap<string, Condition>
  readonly evidence: Evidence
}

/** Leaves that are not as `wanted`, in the order written; unknown ones too. */
export function blame(
  condition: Condition,
  wanted: boolean,
  judging: Judging,
  kpi: string | null = null,
): Leaf[] {
  if (judgeNow(condition, judging) === wanted) return []
  switch (condition.node) {
    case 'compare': {
      const { operator, left, right } = condition
      return [
        {
          subject: expressionText(left),
          operator,
          object: expressionText(right),
          left: compileExpression(left, judging.slots)(judging.evidence),
          right: compileExpression(right, judging.slots)(judging.evidence),
          wanted,
          kpi,
        },
      ]
    }
    case 'and':
    case 'or':
      return [...blame(condition.left, wanted, judging, kpi), ...blame(condition.right, wanted, judging, kpi)]
    case 'not':
      return blame(condition.operand, !wanted, judging, kpi)
    case 'kpi': {
      const goal = judging.goals.get(condition.kpi)
      if (goal === undefined || condition.state === 'unknown') return []
      return blame(goal, wanted === (condition.state === 'green'), judging, condition.kpi)
    }
    case 'truth': {
      const atMax = condition.truth === 'at_max'
      const right = atMax ? 'highest' : 'lowest'
      return blame(
        {
          node: 'compare',
          operator: atMax ? '>=' : '<=',
          left: { node: 'quantity', quantity: 'instances', fleet: null },
          right: { node: 'quantity', quantity: right, fleet: null },
        },
        wanted,
        judging,
        kpi,
      )
    }
  }
}

function judgeNow(condition: Condition, { slots, goals, evidence }: Judging): Truth {
  const judges = new Map<string, Judge>(
    [...goals].map(([name, goal]) => [name, compileCondition(goal, slots, new Map())]),
  )
  return compileCondition(condition, slots, judges)(evidence)
}
