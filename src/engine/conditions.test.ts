/**
 * What is told of a rule and of a KPI before anything is wanted.
 */
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Step } from '../model/decision.ts'
import type { AggregateOperand } from '../model/expression.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { FleetSpec, ReactiveRule } from '../model/spec.ts'
import { decide } from './decide.ts'

const MINUTE = 60_000

function stepOf(spec: FleetSpec, value: number | null, stage: Step['stage'], memory: Memory = EMPTY_MEMORY) {
  const values = { 'last(orders)': value }
  return decide(spec, observation({ open: 4, values }), memory).decision.steps.find(
    step => step.stage === stage,
  )
}

const orders: AggregateOperand = {
  node: 'aggregate',
  key: 'last(orders)',
  aggregate: 'last',
  metric: 'orders',
  windowMs: MINUTE,
}
const frame = {
  name: 'rule',
  rank: 0,
  enabled: true,
  forMs: 0,
  during: null,
  cooldownMs: null,
  effects: { set: {}, notify: [], run: [] },
}

describe('a rule with a condition', () => {
  const told = (forMs: number, value: number | null, memory?: Memory) =>
    stepOf(
      fleetSpec({ rules: [{ name: 'rule', when: 'last(orders) > 100', by: 1, forMs }] }),
      value,
      'conditions',
      memory,
    )

  it.each([
    [500, 'true'],
    [50, 'false'],
    [null, 'unknown'],
  ])('at %s is %s', (value, outcome) => {
    expect(told(0, value)).toEqual({
      stage: 'conditions',
      outcome,
      rule: 'rule',
      condition: 'last(orders) > 100',
      found: { 'last(orders)': value },
      since: null,
    })
  })

  it('is told since when it is true, where it must be for long', () => {
    const memory = { ...EMPTY_MEMORY, trueSince: { rule: NOON - 5000 } }
    expect(told(MINUTE, 500)).toMatchObject({ outcome: 'true', since: NOON })
    expect(told(MINUTE, 500, memory)).toMatchObject({ outcome: 'true', since: NOON - 5000 })
    expect(told(MINUTE, 50, memory)).toMatchObject({ outcome: 'false', since: null })
    expect(told(0, 500, memory)).toMatchObject({ outcome: 'true', since: null })
  })

  it('is remembered since when only where it must be for long', () => {
    const remembered = (forMs: number) => {
      const spec = fleetSpec({ rules: [{ name: 'rule', when: 'last(orders) > 100', by: 1, forMs }] })
      return decide(spec, observation({ values: { 'last(orders)': 500 } }), EMPTY_MEMORY).memory.trueSince
    }
    expect(remembered(0)).toEqual({})
    expect(remembered(MINUTE)).toEqual({ rule: NOON })
  })

  it('that asks for no count is true all the same', () => {
    const spec = fleetSpec({ rules: [{ name: 'rule', when: 'last(orders) > 100', by: 1 }] })
    const rules = spec.rules.map(rule => (rule.kind === 'when' ? { ...rule, scale: null } : rule))
    expect(stepOf({ ...spec, rules }, 500, 'conditions')).toMatchObject({ outcome: 'true' })
  })

  it('finds the operands of the KPIs it tests', () => {
    const spec = fleetSpec({
      kpis: { busy: 'last(orders) < 100' },
      rules: [{ when: 'busy is red', by: 1 }],
    })
    expect(stepOf(spec, 500, 'conditions')).toMatchObject({ outcome: 'true', found: { 'last(orders)': 500 } })
  })
})

describe('a rule without a condition', () => {
  const told = (rule: ReactiveRule, value: number | null) => {
    const base = fleetSpec({ rules: [{ when: 'last(orders) > 1', by: 1 }] })
    return stepOf({ ...base, rules: [rule] }, value, 'demand')
  }
  const track: ReactiveRule = {
    ...frame,
    kind: 'track',
    operand: orders,
    operandText: 'last(orders)',
    spread: 'total',
    target: 100,
    toleranceRatio: 0.1,
    toleranceInRatio: 0.1,
    wholePercents: false,
  }
  const steps: ReactiveRule = {
    ...frame,
    kind: 'steps',
    operand: orders,
    operandText: 'last(orders)',
    threshold: 100,
    bands: [{ from: 50, to: null, scale: { kind: 'by', instances: 2 } }],
    rounding: 'up',
  }
  const match: ReactiveRule = {
    ...frame,
    kind: 'match',
    expression: {
      node: 'arithmetic',
      operator: '/',
      left: orders,
      right: { node: 'number', value: 100, text: '100' },
    },
    expressionText: 'last(orders) / 100',
  }

  it.each<[string, ReactiveRule, number | null, object]>([
    ['a tracking rule that wants', track, 750, { outcome: 'want', want: 8, against: 100 }],
    ['a tracking rule that is content', track, 400, { outcome: 'hold', want: null, against: 100 }],
    ['a tracking rule without data', track, null, { outcome: 'unknown', want: null, against: 100 }],
    ['a step rule that wants', steps, 150, { outcome: 'want', want: 6, against: 100 }],
    ['a step rule in none of its bands', steps, 149, { outcome: 'nothing', want: null, against: 100 }],
    ['a matching rule that wants', match, 501, { outcome: 'want', want: 6, against: null }],
    ['a matching rule that is content', match, 400, { outcome: 'hold', want: null, against: null }],
  ])('tells what it asks for: %s', (_, rule, value, expected) => {
    expect(told(rule, value)).toEqual({
      stage: 'demand',
      rule: 'rule',
      operand: rule.kind === 'match' ? 'last(orders) / 100' : 'last(orders)',
      found: { 'last(orders)': value },
      ...expected,
    })
  })
})

describe('a rule that is not asked', () => {
  it.each([
    ['disabled', { enabled: false }],
    ['outside-schedule', { during: 'night' }],
  ])('%s is not told, and abstains', (reason, change) => {
    const spec = fleetSpec({ rules: [{ name: 'rule', when: 'last(orders) > 1', by: 1, ...change }] })
    expect(stepOf(spec, 500, 'conditions')).toBeUndefined()
    expect(stepOf(spec, 500, 'proposals')).toEqual({
      stage: 'proposals',
      outcome: 'abstain',
      rule: 'rule',
      reason,
      until: null,
    })
  })
})

describe('a KPI', () => {
  it.each([
    [50, 'green'],
    [500, 'red'],
    [null, 'unknown'],
  ])('at %s is %s', (value, outcome) => {
    const spec = fleetSpec({
      kpis: { calm: 'last(orders) < 100' },
      rules: [{ when: 'last(orders) > 1000', by: 1 }],
    })
    expect(stepOf(spec, value, 'kpis')).toEqual({
      stage: 'kpis',
      outcome,
      kpi: 'calm',
      goal: 'last(orders) < 100',
      found: { 'last(orders)': value },
      since: NOON,
      until: NOON + MINUTE,
    })
  })
})
