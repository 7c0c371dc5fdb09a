import { describe, expect, it } from 'vitest'
import { parseCondition, parseExpression } from '../../src/config/expression/parse.ts'
import type { KpiState, Truth } from '../../src/model/expression.ts'
import { ARBITRARY_CONTEXT } from '../arbitraries/expression.ts'
import { evaluateCondition, evaluateExpression } from './expression.ts'

/** `at_max` stands for the left truth, `at_min` for the right one. */
function evaluate(text: string, left: Truth = null, right: Truth = null, busy: KpiState = 'unknown'): Truth {
  const parsed = parseCondition(text, ARBITRARY_CONTEXT)
  if (!parsed.ok) throw new Error(text)
  return evaluateCondition(
    parsed.value,
    key => (key === 'last(orders)' ? 7 : null),
    quantity => (quantity === 'instances' ? 4 : null),
    () => busy,
    truth => (truth === 'at_max' ? left : right),
  )
}

function compute(text: string): number | null {
  const parsed = parseExpression(text, ARBITRARY_CONTEXT)
  if (!parsed.ok) throw new Error(text)
  return evaluateExpression(
    parsed.value,
    key => (key === 'last(orders)' ? 7 : null),
    quantity => (quantity === 'instances' ? 4 : null),
  )
}

describe('the slow interpreter', () => {
  it.each<[Truth, Truth, Truth, Truth]>([
    [true, true, true, true],
    [true, false, false, true],
    [true, null, null, true],
    [false, true, false, true],
    [false, false, false, false],
    [false, null, false, null],
    [null, true, null, true],
    [null, false, false, null],
    [null, null, null, null],
  ])('joins %s with %s by and to %s, by or to %s', (left, right, both, either) => {
    expect(evaluate('at_max and at_min', left, right)).toBe(both)
    expect(evaluate('at_max or at_min', left, right)).toBe(either)
  })

  it.each<[Truth, Truth]>([
    [true, false],
    [false, true],
    [null, null],
  ])('turns %s around to %s', (truth, expected) => {
    expect(evaluate('not at_max', truth)).toBe(expected)
  })

  it.each<[string, Truth]>([
    ['last(orders) > 6', true],
    ['last(orders) > 7', false],
    ['last(orders) >= 7', true],
    ['last(orders) < 7', false],
    ['last(orders) <= 7', true],
    ['last(orders) == 7.000009', true],
    ['last(orders) == 7.00002', false],
    ['last(orders) != 7.000009', false],
    ['last(orders) != 7.00002', true],
    ['ready > 1', null],
    ['avg(orders, 5m) > 1', null],
    ['1 / 0 > 1', null],
    ['1 / (instances - 4) > 1', null],
    ['-last(orders) < -6', true],
  ])('finds %s %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected)
  })

  it.each<[string, KpiState, Truth]>([
    ['busy is red', 'red', true],
    ['busy is red', 'green', false],
    ['busy is red', 'unknown', null],
    ['busy is not red', 'unknown', null],
    ['busy is green', 'unknown', null],
    ['busy is unknown', 'unknown', true],
    ['busy is unknown', 'red', false],
    ['busy is not unknown', 'unknown', false],
  ])('finds "%s" of a KPI that is %s to be %s', (text, state, expected) => {
    expect(evaluate(text, null, null, state)).toBe(expected)
  })

  it.each<[string, number | null]>([
    ['2 + 3 * instances', 14],
    ['(2 + 3) * instances', 20],
    ['10 - 4 - 3', 3],
    ['last(orders) / 2', 3.5],
    ['-(instances - 6)', 2],
    ['0 / 0', null],
    ['1e200 * 1e200', null],
    ['ready * 0', null],
  ])('computes %s as %s', (text, expected) => {
    expect(compute(text)).toBe(expected)
  })
})
