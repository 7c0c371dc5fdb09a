import { describe, expect, it } from 'vitest'
import { ARBITRARY_CONTEXT } from '../../test/arbitraries/expression.ts'
import { parseExpression } from '../config/expression/parse.ts'
import { expressionText } from './expression-text.ts'

describe('an expression in words again', () => {
  it.each([
    'last(orders)',
    '80',
    'instances',
    'fleet(db).ready',
    'last(orders) + last(load)',
    '(last(orders) + last(load)) * 2',
    'last(orders) / (last(load) * 2)',
    '-last(orders)',
    '-(last(orders) - last(load))',
    '2 - (-last(orders))',
  ])('%s is read as what it was', text => {
    const parsed = parseExpression(text, ARBITRARY_CONTEXT)
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
    const again = parseExpression(expressionText(parsed.value), ARBITRARY_CONTEXT)
    expect(again.ok && again.value).toEqual(parsed.value)
  })

  it.each([
    ['last(orders)+last(load)*2', 'last(orders) + (last(load) * 2)'],
    ['(last(orders))', 'last(orders)'],
    ['-(last(orders) + 1)', '-(last(orders) + 1)'],
  ])('%s is said as %s', (text, expected) => {
    const parsed = parseExpression(text, ARBITRARY_CONTEXT)
    expect(parsed.ok && expressionText(parsed.value)).toBe(expected)
  })
})
