/**
 * Warns where a grow rule and a shrink rule watch one operand without a margin between their thresholds.
 *
 * Example: "Up" when `avg(cpu, 5m) > 80%`, "Down" when `avg(cpu, 5m) < 80%`: at 79 % the fleet shrinks, which
 * brings it above 80 %, where it grows.
 */
import { type Comparison, type Condition, type Expression, quantityKey } from '../model/expression.ts'
import type { FleetSpec, ThresholdRule } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import type { Report } from './problem.ts'

/** One side of a threshold: the operand above (or below) a number. */
interface Threshold {
  readonly operand: string
  readonly side: 'above' | 'below'
  readonly value: number
}

export function lintMargins(fleet: FleetSpec, origins: Origins, report: Report): void {
  const grow = thresholdRules(fleet).filter(rule => rule.enabled && direction(rule) === 'out')
  const shrink = thresholdRules(fleet).filter(rule => rule.enabled && direction(rule) === 'in')
  for (const down of shrink) {
    const found = thresholdOf(down.when, fleet)
    const up = grow.find(candidate => meets(thresholdOf(candidate.when, fleet), found))
    if (up === undefined || found === null) continue
    report({
      code: CODES.noMargin,
      severity: 'warning',
      message: `no margin between "${up.name}" and "${down.name}": both look at ${found.operand} and their thresholds meet`,
      hint: `let "${down.name}" wait for a value well ${found.side} that of "${up.name}", so that the fleet does not swing`,
      path: [...(origins.get(originKey(fleet.name, down.name)) ?? ['fleets', fleet.name]), 'when'],
    })
  }
}

function thresholdRules(fleet: FleetSpec): ThresholdRule[] {
  return fleet.rules.filter(rule => rule.kind === 'when')
}

function direction({ scale }: ThresholdRule): 'out' | 'in' | null {
  if (scale === null || scale.kind === 'to') return null
  const amount = scale.kind === 'by' ? scale.instances : scale.ratio
  return amount > 0 ? 'out' : 'in'
}

function meets(up: Threshold | null, down: Threshold | null): boolean {
  if (up === null || down === null || up.operand !== down.operand || up.side === down.side) return false
  return up.side === 'above' ? down.value >= up.value : down.value <= up.value
}

/** Of a plain comparison with a number, or a KPI that is one; `null` for anything more. */
function thresholdOf(condition: Condition, fleet: FleetSpec): Threshold | null {
  switch (condition.node) {
    case 'compare':
      return ofComparison(condition.operator, condition.left, condition.right)
    case 'not':
      return opposite(thresholdOf(condition.operand, fleet))
    case 'kpi': {
      const goal = fleet.kpis.find(kpi => kpi.name === condition.kpi)?.goal
      if (goal === undefined || condition.state === 'unknown') return null
      const threshold = thresholdOf(goal, fleet)
      return condition.state === 'green' ? threshold : opposite(threshold)
    }
    case 'and':
    case 'or':
    case 'truth':
      return null
  }
}

function opposite(threshold: Threshold | null): Threshold | null {
  return threshold === null ? null : { ...threshold, side: threshold.side === 'above' ? 'below' : 'above' }
}

function ofComparison(operator: Comparison, left: Expression, right: Expression): Threshold | null {
  if (operator === '==' || operator === '!=') return null
  const above = operator === '>' || operator === '>='
  const [operand, number] = right.node === 'number' ? [left, right] : [right, left]
  const name = nameOf(operand)
  if (number.node !== 'number' || name === null) return null
  return { operand: name, side: above === (operand === left) ? 'above' : 'below', value: number.value }
}

function nameOf(expression: Expression): string | null {
  if (expression.node === 'aggregate') return expression.key
  return expression.node === 'quantity' ? quantityKey(expression) : null
}
