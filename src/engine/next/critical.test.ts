import { describe, expect, it } from 'vitest'
import { fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import type { AggregateOperand } from '../../model/expression.ts'
import type { FleetSpec, ReactiveRule } from '../../model/spec.ts'
import { criticalValues } from './critical.ts'

const orders: AggregateOperand = {
  node: 'aggregate',
  key: 'last(orders)',
  aggregate: 'last',
  metric: 'orders',
  windowMs: 60_000,
}
const frame = {
  name: 'rule',
  ...RULE_FRAME,
}
const valuesOf = (spec: FleetSpec) => criticalValues(spec, () => ['x']).get('x')
const ofRule = (rule: ReactiveRule) => valuesOf({ ...fleetSpec(), rules: [rule] })

describe('the numbers at which a rule may turn', () => {
  it.each([
    ['last(orders) > 100', [100]],
    ['last(orders) > 100 and not (last(orders) * 3 < -20 or at_max)', [100, 3, -20]],
    ['busy is red or instances > 4', [75, 4]],
    ['fleet(db).ready > instances', []],
  ])('are the literals of its condition, and of the KPIs in it: %s', (when, expected) => {
    const spec = fleetSpec({
      kpis: { busy: 'last(orders) < 75' },
      rules: [{ when, by: 1 }],
      others: ['db'],
    })
    expect(valuesOf(spec)).toEqual(expected)
  })

  it('are its threshold and the edges of its bands', () => {
    const by = { kind: 'by', instances: 1 } as const
    const steps: ReactiveRule = {
      ...frame,
      kind: 'steps',
      operand: orders,
      operandText: 'last(orders)',
      threshold: 60,
      bands: [
        { from: 0, to: 10, scale: by },
        { from: 10, to: null, scale: by },
        { from: null, to: -20, scale: by },
      ],
      rounding: 'up',
    }
    expect(ofRule(steps)).toEqual([60, 60, 70, 70, 40])
  })

  it('are its target and the borders of its tolerance', () => {
    const track: ReactiveRule = {
      ...frame,
      kind: 'track',
      operand: orders,
      operandText: 'last(orders)',
      spread: 'total',
      target: 60,
      toleranceRatio: 0.5,
      toleranceInRatio: 0.25,
      wholePercents: false,
    }
    expect(ofRule(track)).toEqual([45, 60, 90])
  })

  it('are the literals of what it matches', () => {
    const match: ReactiveRule = {
      ...frame,
      kind: 'match',
      expression: {
        node: 'arithmetic',
        operator: '/',
        left: { node: 'negate', operand: orders },
        right: { node: 'number', value: 100, text: '100' },
      },
      expressionText: 'last(orders) / 100',
    }
    expect(ofRule(match)).toEqual([100])
  })

  it('are kept by operand, of every rule that uses it', () => {
    const rules = [
      { name: 'a', when: 'last(orders) > 100', by: 1 },
      { name: 'b', when: 'last(orders) > 200', by: 1 },
      { name: 'c', when: 'last(orders) > 300', by: 1 },
    ]
    const used: Record<string, string[]> = { a: ['x', 'y'], b: ['y'], c: [] }
    expect([...criticalValues(fleetSpec({ rules }), ({ name }) => used[name] ?? [])]).toEqual([
      ['x', [100]],
      ['y', [100, 200]],
    ])
  })
})
