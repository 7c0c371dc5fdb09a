/**
 * The slow, obvious meaning of a condition, one node at a time: what the engine's compiled closures are held to.
 *
 * Example: with `avg(cpu, 5m)` unknown, `avg(cpu, 5m) > 80% or at_max` is true where `at_max` is true, else unknown.
 *
 * Unknown (`null`) is: an operand or quantity that is not had, a result that is not a finite number (division by
 * zero, overflow), anything computed from either, and `is red` or `is green` of a KPI whose state is unknown:
 * were that false, `busy is not red` would be true, and could shrink a fleet, because data is missing.
 */
import {
  type Comparison,
  type Condition,
  type Expression,
  type FleetQuantity,
  type FleetTruth,
  type KpiState,
  quantityKey,
  type Truth,
} from '../../src/model/expression.ts'

/** Values closer than this are equal. */
const TOLERANCE = 1e-5

export function evaluateCondition(
  condition: Condition,
  operand: (key: string) => number | null,
  quantity: (quantity: FleetQuantity) => number | null,
  kpi: (name: string) => KpiState,
  truth: (truth: FleetTruth) => Truth,
): Truth {
  const evaluate = (part: Condition): Truth => {
    switch (part.node) {
      case 'compare':
        return compare(
          part.operator,
          evaluateExpression(part.left, operand, quantity),
          evaluateExpression(part.right, operand, quantity),
        )
      case 'and':
        return and(evaluate(part.left), evaluate(part.right))
      case 'or':
        return or(evaluate(part.left), evaluate(part.right))
      case 'not':
        return not(evaluate(part.operand))
      case 'kpi':
        return testKpi(kpi(part.kpi), part.state)
      case 'truth':
        return truth(part.truth)
    }
  }
  return evaluate(condition)
}

export function evaluateExpression(
  expression: Expression,
  operand: (key: string) => number | null,
  quantity: (quantity: FleetQuantity) => number | null,
): number | null {
  const evaluate = (part: Expression): number | null => {
    switch (part.node) {
      case 'number':
        return part.value
      case 'aggregate':
        return finite(operand(part.key))
      case 'quantity':
        return finite(part.fleet === null ? quantity(part.quantity) : operand(quantityKey(part)))
      case 'negate': {
        const value = evaluate(part.operand)
        return value === null ? null : -value
      }
      case 'arithmetic': {
        const left = evaluate(part.left)
        const right = evaluate(part.right)
        if (left === null || right === null) return null
        if (part.operator === '+') return finite(left + right)
        if (part.operator === '-') return finite(left - right)
        if (part.operator === '*') return finite(left * right)
        return finite(left / right)
      }
    }
  }
  return evaluate(expression)
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}

function compare(operator: Comparison, left: number | null, right: number | null): Truth {
  if (left === null || right === null) return null
  const equal = Math.abs(left - right) <= TOLERANCE
  switch (operator) {
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '==':
      return equal
    case '!=':
      return !equal
  }
}

function testKpi(state: KpiState, wanted: KpiState): Truth {
  if (wanted === 'unknown') return state === 'unknown'
  return state === 'unknown' ? null : state === wanted
}

function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false
  return left === null || right === null ? null : true
}

function or(left: Truth, right: Truth): Truth {
  if (left === true || right === true) return true
  return left === null || right === null ? null : false
}

function not(truth: Truth): Truth {
  return truth === null ? null : !truth
}
