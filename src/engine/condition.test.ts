import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ARBITRARY_CONTEXT, anyCondition, anyExpression } from '../../test/arbitraries/expression.ts'
import { evaluateCondition } from '../../test/oracles/expression.ts'
import { runs } from '../../test/seed.ts'
import { parseCondition } from '../config/expression/parse.ts'
import type { Condition, Expression, FleetQuantity } from '../model/expression.ts'
import { FLEET_QUANTITIES } from '../model/expression.ts'
import { kpiState } from './compile.ts'
import { compileCondition, type Evidence, foreignQuantities, type Judge, operandKeys } from './condition.ts'

const slots = new Map<string, number>()

const anyComparison = fc
  .record({
    operator: fc.constantFrom('>', '>=', '<', '<=', '==', '!='),
    left: anyExpression,
    right: anyExpression,
  })
  .map((parts): Condition => ({ node: 'compare', ...parts }))

const small = fc.option(fc.integer({ min: -3, max: 3 }), { nil: null })
function evidenceOf(values: readonly (number | null)[], quantities: readonly (number | null)[]): Evidence {
  const numbers = (list: readonly (number | null)[]) => list.map(value => value ?? Number.NaN)
  return { operands: numbers(values), quantities: numbers(quantities) }
}

describe('a compiled condition', () => {
  it('agrees with a slow interpreter on random trees and evidence with gaps', () => {
    const numbers = fc.infiniteStream(small)
    fc.assert(
      fc.property(
        anyCondition,
        anyComparison,
        numbers,
        numbers,
        (tree, goal, operandValues, quantityValues) => {
          const keys = [...new Set([...operandKeys(tree, new Map()), ...operandKeys(goal, new Map())])]
          const operands = keys.map(() => operandValues.next().value)
          const quantities = FLEET_QUANTITIES.map(() => quantityValues.next().value)
          const places = new Map(keys.map((key, index) => [key, index]))
          const goals = new Map(
            [...ARBITRARY_CONTEXT.kpis].map(name => [name, compileCondition(goal, places, new Map())]),
          )
          const operand = (key: string): number | null => operands[places.get(key) ?? -1] ?? null
          const quantity = (name: FleetQuantity): number | null =>
            quantities[FLEET_QUANTITIES.indexOf(name)] ?? null
          const goalTruth = evaluateCondition(
            goal,
            operand,
            quantity,
            () => 'unknown',
            () => null,
          )
          const truth = (name: 'at_max' | 'at_min'): boolean | null => {
            const instances = quantity('instances')
            const bound = quantity(name === 'at_max' ? 'highest' : 'lowest')
            if (instances === null || bound === null) return null
            return name === 'at_max' ? instances >= bound : instances <= bound
          }
          const judged = compileCondition(tree, places, goals)(evidenceOf(operands, quantities))
          expect(judged).toBe(evaluateCondition(tree, operand, quantity, () => kpiState(goalTruth), truth))
        },
      ),
      { numRuns: runs(2_000) },
    )
  })

  it.each([
    { left: false, right: null, and: false, or: null },
    { left: true, right: null, and: null, or: true },
    { left: null, right: null, and: null, or: null },
    { left: null, right: false, and: false, or: null },
    { left: null, right: true, and: null, or: true },
  ])('$left and $right is $and, or is $or', ({ left, right, and, or }) => {
    const constant = (value: boolean | null, name: string): [string, Judge] => [name, () => value]
    const goals = new Map([constant(left, 'left'), constant(right, 'right')])
    const kpi = (name: string): Condition => ({ node: 'kpi', kpi: name, state: 'green' })
    const evidence = evidenceOf([], [])
    for (const [node, expected] of [['and', and] as const, ['or', or] as const]) {
      const tree: Condition = { node, left: kpi('left'), right: kpi('right') }
      expect(compileCondition(tree, slots, goals)(evidence)).toBe(expected)
    }
  })

  it('takes a division by zero for unknown, whatever it is compared with', () => {
    const zero: Expression = { node: 'number', value: 0, text: '0' }
    const quotient: Expression = { node: 'arithmetic', operator: '/', left: zero, right: zero }
    const tree: Condition = { node: 'compare', operator: '==', left: quotient, right: quotient }
    expect(compileCondition(tree, slots, new Map())(evidenceOf([], []))).toBeNull()
  })

  const number = (value: number): Expression => ({ node: 'number', value, text: String(value) })
  it.each([
    [1, 1, true],
    [0, 1e-5, true],
    [0, 1.1e-5, false],
    [5, 5.000005, true],
    [-5, 5, false],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false],
  ])('takes %d and %d for equal: %s', (left, right, equal) => {
    for (const [operator, expected] of [['==', equal] as const, ['!=', !equal] as const]) {
      const tree: Condition = { node: 'compare', operator, left: number(left), right: number(right) }
      expect(compileCondition(tree, slots, new Map())(evidenceOf([], []))).toBe(expected)
    }
  })

  it.each([
    ['green', null],
    ['red', null],
    ['unknown', true],
  ] as const)('takes a KPI it does not know for unknown: that it is %s is %s', (state, expected) => {
    const tree: Condition = { node: 'kpi', kpi: 'nobody', state }
    expect(compileCondition(tree, slots, new Map())(evidenceOf([], []))).toBe(expected)
  })
})

describe('the operands of a condition', () => {
  it('are listed once each, through the goal of a KPI', () => {
    const aggregate = (key: string): Expression => ({
      node: 'aggregate',
      key,
      aggregate: 'avg',
      metric: 'a',
      windowMs: 1,
    })
    const compare = (left: string, right: string): Condition => ({
      node: 'compare',
      operator: '>',
      left: aggregate(left),
      right: aggregate(right),
    })
    const tree: Condition = {
      node: 'or',
      left: { node: 'kpi', kpi: 'busy', state: 'red' },
      right: compare('last(b)', 'avg(a, 5m)'),
    }
    const goals = new Map([['busy', compare('max(c, 1h)', 'last(b)')]])
    expect(operandKeys(tree, goals)).toEqual(['max(c, 1h)', 'last(b)', 'avg(a, 5m)'])
  })

  it('are found behind every kind of node, and are no quantities of the fleet itself', () => {
    const parse = (text: string): Condition => {
      const parsed = parseCondition(text, ARBITRARY_CONTEXT)
      if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
      return parsed.value
    }
    const text =
      'not (-(last(orders) + 1) > instances) and (at_max or fleet(db).ready / last(load) > 2 or free_slots < 3)'
    expect(operandKeys(parse(text), new Map())).toEqual(['last(orders)', 'fleet(db).ready', 'last(load)'])
    expect(
      foreignQuantities([parse(text), parse('fleet(db).ready > 1 and fleet(db).slots > ready')]),
    ).toEqual([
      { node: 'quantity', quantity: 'ready', fleet: 'db' },
      { node: 'quantity', quantity: 'slots', fleet: 'db' },
    ])
  })
})
