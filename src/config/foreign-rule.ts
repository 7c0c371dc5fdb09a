/**
 * A rule written in one fleet that scales another joins the other's rules; what it reads stays that of the fleet that
 * wrote it, under that fleet's name.
 *
 * Example: `avg(cpu, 5m) > 80% and ready > 2` of "web" reads `avg(web/cpu, 5m) > 80% and fleet(web).ready > 2` inside "db".
 */
import type { AggregateOperand, Condition, Expression, FleetQuantity } from '../model/expression.ts'
import type { Kpi, MetricSpec } from '../model/spec.ts'

/** One fleet's words, as another fleet has to say them. */
export class Borrowed {
  readonly #owner: string
  readonly #borrower: string

  constructor(owner: string, borrower: string) {
    this.#owner = owner
    this.#borrower = borrower
  }

  name(own: string): string {
    return `${this.#owner}/${own}`
  }

  metric(metric: MetricSpec): MetricSpec {
    return { ...metric, name: this.name(metric.name), ofFleet: this.#owner }
  }

  kpi({ name, goal, goalText }: Kpi): Kpi {
    return { name: this.name(name), goal: this.condition(goal), goalText }
  }

  aggregate(operand: AggregateOperand): AggregateOperand {
    const metric = this.name(operand.metric)
    // The metric is the first thing in the parentheses of an operand's canonical text.
    return { ...operand, metric, key: operand.key.replace(`(${operand.metric}`, () => `(${metric}`) }
  }

  condition(condition: Condition): Condition {
    switch (condition.node) {
      case 'compare':
        return {
          ...condition,
          left: this.expression(condition.left),
          right: this.expression(condition.right),
        }
      case 'and':
      case 'or':
        return { ...condition, left: this.condition(condition.left), right: this.condition(condition.right) }
      case 'not':
        return { ...condition, operand: this.condition(condition.operand) }
      case 'kpi':
        return { ...condition, kpi: this.name(condition.kpi) }
      case 'truth': {
        const atMax = condition.truth === 'at_max'
        const left = this.#quantity('instances')
        const right = this.#quantity(atMax ? 'highest' : 'lowest')
        return { node: 'compare', operator: atMax ? '>=' : '<=', left, right }
      }
    }
  }

  expression(expression: Expression): Expression {
    switch (expression.node) {
      case 'number':
        return expression
      case 'aggregate':
        return this.aggregate(expression)
      case 'quantity':
        return this.#quantity(expression.quantity, expression.fleet)
      case 'negate':
        return { ...expression, operand: this.expression(expression.operand) }
      case 'arithmetic':
        return {
          ...expression,
          left: this.expression(expression.left),
          right: this.expression(expression.right),
        }
    }
  }

  /** The owner's own, unless it names a fleet; the borrower's own needs no name. */
  #quantity(quantity: FleetQuantity, named: string | null = null): Expression {
    const fleet = named ?? this.#owner
    return { node: 'quantity', quantity, fleet: fleet === this.#borrower ? null : fleet }
  }
}
