/**
 * The canonical text of a condition or an expression: one spelling per tree, with the fewest parentheses, which
 * parses back to the same tree. It names operands everywhere (readings, steps, the page).
 *
 * Example: `avg( cpu,2700s )>80 %` is written `avg(cpu, 45m) > 80%`.
 */
import { type Aggregate, type Condition, type Expression, quantityKey } from '../../model/expression.ts'
import { formatDuration } from './units.ts'

/** `avg(cpu, 45m)`; `last(orders)` where `windowMs` is `null`. */
export function operandKey(aggregate: Aggregate, metric: string, windowMs: number | null): string {
  return windowMs === null
    ? `${aggregate}(${metric})`
    : `${aggregate}(${metric}, ${formatDuration(windowMs)})`
}

/** How tightly a tree's outermost part binds; a part that binds less than its place asks for is parenthesised. */
const OR = 1
const AND = 2
const NOT = 3
const ATOM = 8

const STRENGTH_OF_ARITHMETIC = { '+': 5, '-': 5, '*': 6, '/': 6 } as const
const SIGN = 7

export function formatCondition(condition: Condition): string {
  switch (condition.node) {
    case 'compare':
      return `${formatExpression(condition.left)} ${condition.operator} ${formatExpression(condition.right)}`
    case 'or':
      return `${conditionAt(condition.left, OR)} or ${conditionAt(condition.right, AND)}`
    case 'and':
      return `${conditionAt(condition.left, AND)} and ${conditionAt(condition.right, NOT)}`
    case 'not':
      return condition.operand.node === 'kpi'
        ? `${condition.operand.kpi} is not ${condition.operand.state}`
        : `not ${conditionAt(condition.operand, NOT)}`
    case 'kpi':
      return `${condition.kpi} is ${condition.state}`
    case 'truth':
      return condition.truth
  }
}

function conditionAt(condition: Condition, weakest: number): string {
  const text = formatCondition(condition)
  return strengthOfCondition(condition) < weakest ? `(${text})` : text
}

function strengthOfCondition(condition: Condition): number {
  switch (condition.node) {
    case 'or':
      return OR
    case 'and':
      return AND
    case 'not':
    case 'compare':
    case 'kpi':
    case 'truth':
      // Nothing of a condition binds between `not` and an atom, so these never need parentheses.
      return NOT
  }
}

export function formatExpression(expression: Expression): string {
  switch (expression.node) {
    case 'number':
      return expression.text
    case 'aggregate':
      return expression.key
    case 'quantity':
      return quantityKey(expression)
    case 'negate':
      return `-${negated(expression.operand)}`
    case 'arithmetic': {
      const strength = STRENGTH_OF_ARITHMETIC[expression.operator]
      const left = expressionAt(expression.left, strength)
      // Everything groups to the left, so an equal on the right was parenthesised.
      const right = expressionAt(expression.right, strength + 1)
      return `${left} ${expression.operator} ${right}`
    }
  }
}

function negated(operand: Expression): string {
  // `-5` is the number minus five; the negation of the number five must look different.
  const positive = operand.node === 'number' && !operand.text.startsWith('-')
  return positive ? `(${operand.text})` : expressionAt(operand, SIGN)
}

function expressionAt(expression: Expression, weakest: number): string {
  const text = formatExpression(expression)
  return strengthOfExpression(expression) < weakest ? `(${text})` : text
}

function strengthOfExpression(expression: Expression): number {
  switch (expression.node) {
    case 'arithmetic':
      return STRENGTH_OF_ARITHMETIC[expression.operator]
    case 'negate':
      return SIGN
    case 'number':
    case 'aggregate':
    case 'quantity':
      return ATOM
  }
}
