/**
 * An expression in the operator's notation again, for sentences about one side of a comparison.
 *
 * Example: `last(orders) / instances` from its tree; `80%` stays `80%`, as it was written.
 */
import { type Expression, quantityKey } from '../model/expression.ts'

/** Parentheses only around an operation inside another one. */
export function expressionText(expression: Expression, inside = false): string {
  switch (expression.node) {
    case 'number':
      return expression.text
    case 'aggregate':
      return expression.key
    case 'quantity':
      return quantityKey(expression)
    case 'negate':
      return `-${expressionText(expression.operand, true)}`
    case 'arithmetic': {
      const { operator, left, right } = expression
      const text = `${expressionText(left, true)} ${operator} ${expressionText(right, true)}`
      return inside ? `(${text})` : text
    }
  }
}
