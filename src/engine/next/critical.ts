/**
 * The numbers at which a rule may turn: literals of its condition, edges of its bands, borders of its tolerance. They are
 * where a search looks first, and they say how large the numbers of a metric are.
 *
 * Example: `track: { metric: avg(cpu, 5m), target: 60, tolerance: 10% }` turns near 54, 60 and 66.
 */
import type { Condition, Expression } from '../../model/expression.ts'
import type { FleetSpec, ReactiveRule } from '../../model/spec.ts'

/** By operand key: the numbers of every rule that uses it. */
export function criticalValues(
  spec: FleetSpec,
  operandsOf: (rule: ReactiveRule) => readonly string[],
): ReadonlyMap<string, readonly number[]> {
  const goals = new Map(spec.kpis.map(kpi => [kpi.name, kpi.goal]))
  const byOperand = new Map<string, number[]>()
  for (const rule of spec.rules) {
    const values = valuesOf(rule, goals)
    for (const operand of operandsOf(rule)) {
      byOperand.set(operand, [...(byOperand.get(operand) ?? []), ...values])
    }
  }
  return byOperand
}

function valuesOf(rule: ReactiveRule, goals: ReadonlyMap<string, Condition>): number[] {
  switch (rule.kind) {
    case 'when':
      return literals(rule.when, goals)
    case 'steps':
      return [
        rule.threshold,
        ...rule.bands.flatMap(({ from, to }) =>
          [from, to].flatMap(edge => (edge === null ? [] : [rule.threshold + edge])),
        ),
      ]
    case 'track':
      return [1 - rule.toleranceInRatio, 1, 1 + rule.toleranceRatio].map(share => share * rule.target)
    case 'match':
      return literals(rule.expression, goals)
    case 'reserve':
      return []
    case 'serve':
    case 'forecast':
      return [rule.perInstance]
  }
}

function literals(tree: Condition | Expression, goals: ReadonlyMap<string, Condition>): number[] {
  switch (tree.node) {
    case 'number':
      return [tree.value]
    case 'aggregate':
    case 'quantity':
    case 'truth':
      return []
    case 'negate':
    case 'not':
      return literals(tree.operand, goals)
    case 'kpi': {
      const goal = goals.get(tree.kpi)
      return goal === undefined ? [] : literals(goal, goals)
    }
    case 'arithmetic':
    case 'compare':
    case 'and':
    case 'or':
      return [...literals(tree.left, goals), ...literals(tree.right, goals)]
  }
}
