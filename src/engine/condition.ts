/**
 * Compiles expressions and conditions to closures, once per specification. Unknown travels as NaN through
 * arithmetic and as `null` through logic (Kleene's strong three-valued logic), so a gap can never look like a zero.
 *
 * Example: `avg(cpu, 45m) > 80` over evidence in which that operand is NaN is `null`; `null or true` is `true`.
 */
import type {
  AggregateOperand,
  Comparison,
  Condition,
  Expression,
  FleetQuantity,
  KpiState,
  Truth,
} from '../model/expression.ts'
import { FLEET_QUANTITIES, type QuantityOperand, quantityKey } from '../model/expression.ts'

/** The numbers conditions are judged by. NaN is unknown. */
export interface Evidence {
  /** By operand slot (see `Slots`): the aggregates, then the quantities of other fleets. */
  readonly operands: readonly number[]
  /** In the order of `FLEET_QUANTITIES`. */
  readonly quantities: readonly number[]
}

/** Where each operand's value stands in `Evidence.operands`. */
export type Slots = ReadonlyMap<string, number>

export type Judge = (evidence: Evidence) => Truth
export type Evaluate = (evidence: Evidence) => number

/** Two numbers this close are equal (the Application Block's tolerance). */
const EQUALITY_TOLERANCE = 1e-5

export function quantityIndex(quantity: FleetQuantity): number {
  return FLEET_QUANTITIES.indexOf(quantity)
}

const INSTANCES = quantityIndex('instances')
const LOWEST = quantityIndex('lowest')
const HIGHEST = quantityIndex('highest')

export function compileExpression(expression: Expression, slots: Slots): Evaluate {
  switch (expression.node) {
    case 'number': {
      const { value } = expression
      return () => value
    }
    case 'aggregate': {
      const slot = slots.get(expression.key) ?? -1
      return evidence => evidence.operands[slot] ?? Number.NaN
    }
    case 'quantity': {
      if (expression.fleet !== null) {
        const slot = slots.get(quantityKey(expression)) ?? -1
        return evidence => evidence.operands[slot] ?? Number.NaN
      }
      const index = quantityIndex(expression.quantity)
      return evidence => evidence.quantities[index] ?? Number.NaN
    }
    case 'negate': {
      const operand = compileExpression(expression.operand, slots)
      return evidence => -operand(evidence)
    }
    case 'arithmetic': {
      const left = compileExpression(expression.left, slots)
      const right = compileExpression(expression.right, slots)
      switch (expression.operator) {
        case '+':
          return evidence => left(evidence) + right(evidence)
        case '-':
          return evidence => left(evidence) - right(evidence)
        case '*':
          return evidence => left(evidence) * right(evidence)
        case '/':
          return evidence => {
            const divisor = right(evidence)
            return divisor === 0 ? Number.NaN : left(evidence) / divisor
          }
      }
    }
  }
}

function compare(operator: Comparison, left: number, right: number): Truth {
  if (Number.isNaN(left) || Number.isNaN(right)) return null
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
      return left === right || Math.abs(left - right) <= EQUALITY_TOLERANCE
    case '!=':
      return left !== right && !(Math.abs(left - right) <= EQUALITY_TOLERANCE)
  }
}

/** `goals` gives a KPI's goal by name, already compiled; a KPI it does not know is unknown. */
export function compileCondition(
  condition: Condition,
  slots: Slots,
  goals: ReadonlyMap<string, Judge>,
): Judge {
  switch (condition.node) {
    case 'compare': {
      const { operator } = condition
      const left = compileExpression(condition.left, slots)
      const right = compileExpression(condition.right, slots)
      return evidence => compare(operator, left(evidence), right(evidence))
    }
    case 'and': {
      const left = compileCondition(condition.left, slots, goals)
      const right = compileCondition(condition.right, slots, goals)
      return evidence => {
        const first = left(evidence)
        if (first === false) return false
        const second = right(evidence)
        if (second === false) return false
        return first === null || second === null ? null : true
      }
    }
    case 'or': {
      const left = compileCondition(condition.left, slots, goals)
      const right = compileCondition(condition.right, slots, goals)
      return evidence => {
        const first = left(evidence)
        if (first === true) return true
        const second = right(evidence)
        if (second === true) return true
        return first === null || second === null ? null : false
      }
    }
    case 'not': {
      const operand = compileCondition(condition.operand, slots, goals)
      return evidence => {
        const truth = operand(evidence)
        return truth === null ? null : !truth
      }
    }
    case 'kpi':
      return compileKpiTest(condition.state, goals.get(condition.kpi))
    case 'truth': {
      const bound = condition.truth === 'at_max' ? HIGHEST : LOWEST
      const operator = condition.truth === 'at_max' ? '>=' : '<='
      return evidence =>
        compare(
          operator,
          evidence.quantities[INSTANCES] ?? Number.NaN,
          evidence.quantities[bound] ?? Number.NaN,
        )
    }
  }
}

function compileKpiTest(state: KpiState, goal: Judge | undefined): Judge {
  if (goal === undefined) return () => (state === 'unknown' ? true : null)
  switch (state) {
    case 'green':
      return goal
    case 'red':
      return evidence => {
        const truth = goal(evidence)
        return truth === null ? null : !truth
      }
    case 'unknown':
      return evidence => goal(evidence) === null
  }
}

/** The keys of every aggregate and every quantity of another fleet in a tree, each once, in the order written. */
export function operandKeys(tree: Condition | Expression, goals: ReadonlyMap<string, Condition>): string[] {
  const keys = new Set<string>()
  walk(tree, goals, leaf => {
    if (leaf.node === 'aggregate') keys.add(leaf.key)
    else if (leaf.fleet !== null) keys.add(quantityKey(leaf))
  })
  return [...keys]
}

/** A quantity that another fleet has. */
export interface ForeignQuantity extends QuantityOperand {
  readonly fleet: string
}

/** The quantities of other fleets in some trees, each once. */
export function foreignQuantities(trees: readonly (Condition | Expression)[]): ForeignQuantity[] {
  const found = new Map<string, ForeignQuantity>()
  for (const tree of trees) {
    walk(tree, new Map(), leaf => {
      if (leaf.node !== 'quantity' || leaf.fleet === null) return
      found.set(quantityKey(leaf), { node: 'quantity', quantity: leaf.quantity, fleet: leaf.fleet })
    })
  }
  return [...found.values()]
}

/** Shows every operand of a tree, those of the goals it tests included. */
function walk(
  tree: Condition | Expression,
  goals: ReadonlyMap<string, Condition>,
  see: (leaf: AggregateOperand | QuantityOperand) => void,
): void {
  const visit = (node: Condition | Expression): void => {
    switch (node.node) {
      case 'aggregate':
      case 'quantity':
        see(node)
        return
      case 'number':
      case 'truth':
        return
      case 'negate':
      case 'not':
        visit(node.operand)
        return
      case 'kpi': {
        const goal = goals.get(node.kpi)
        if (goal !== undefined) visit(goal)
        return
      }
      case 'arithmetic':
      case 'compare':
      case 'and':
      case 'or':
        visit(node.left)
        visit(node.right)
        return
    }
  }
  visit(tree)
}
