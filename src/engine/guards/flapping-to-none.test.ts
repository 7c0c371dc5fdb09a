import { describe, expect, it } from 'vitest'
import { observation } from '../../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import type { Decision } from '../../model/decision.ts'
import type { AggregateOperand } from '../../model/expression.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import type { FleetSpec, ReactiveRule } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain.ts'

const metrics = {
  cpu: { kind: 'perInstance' as const },
  orders: { kind: 'total' as const },
  signal: { kind: 'independent' as const },
}
const CPU: AggregateOperand = {
  node: 'aggregate',
  key: 'avg(cpu, 5m)',
  aggregate: 'avg',
  metric: 'cpu',
  windowMs: 300_000,
}
const frame = {
  name: 'grow',
  ...RULE_FRAME,
}
const track: ReactiveRule = {
  ...frame,
  kind: 'track',
  operand: CPU,
  operandText: CPU.key,
  spread: 'perInstance',
  target: 60,
  toleranceRatio: 0.1,
  toleranceInRatio: 0.1,
  wholePercents: false,
}
const match: ReactiveRule = {
  ...frame,
  kind: 'match',
  expression: {
    node: 'arithmetic',
    operator: '/',
    left: CPU,
    right: { node: 'number', value: 60, text: '60' },
  },
  expressionText: 'avg(cpu, 5m) / 60',
}

/** One instance, and a rule that wants none; with `scaleIn: any`, so that a rule that is content does not veto. */
function decideNone(grow: string | ReactiveRule, cpu: number, orders: number): Decision {
  const down = { name: 'down', when: 'last(signal) > 0', to: 0 }
  const rules = [typeof grow === 'string' ? { when: grow, by: 1 } : { when: 'avg(cpu, 5m) > 1000' }, down]
  const written = fleetSpec({ min: 0, metrics, rules, guards: { scaleIn: 'any' } })
  const spec: FleetSpec =
    typeof grow === 'string' ? written : { ...written, rules: [grow, ...written.rules.slice(1)] }
  const values = { 'avg(cpu, 5m)': cpu, 'last(orders)': orders, 'last(signal)': 1 }
  return decide(spec, observation({ open: 1, values }), EMPTY_MEMORY).decision
}

describe('the last instance', () => {
  it.each([
    { grow: 'avg(cpu, 5m) > 80', why: 'what it carries is more than any threshold for none' },
    { grow: 'last(orders) / instances > 80', why: 'a total divided by the instances, likewise' },
    { grow: 'last(orders) / ready > 80', why: 'and by the ready ones' },
    { grow: 'avg(cpu, 5m) - last(orders) / ready > 80', why: 'and both at once' },
    { grow: track, why: 'tracking would want it back' },
    { grow: match, why: 'matching would want it back' },
  ])('stays while it carries load: $why', ({ grow }) => {
    const orders = typeof grow === 'string' && grow.includes('-') ? 10 : 60
    expect(decideNone(grow, 60, orders).desired).toBe(1)
    expect(decideNone(grow, 0, 0).desired).toBe(0)
  })

  it.each([
    ['what does not answer to the count', 'last(signal) > 5'],
    ['a condition about there being instances is false without any', 'instances > 0 and last(signal) > 5'],
    ['a total that no count divides', 'last(orders) > 80'],
  ])('goes: %s', (_, grow) => {
    expect(decideNone(grow, 60, 60).desired).toBe(0)
  })

  it('the record of it is plain data: load without anyone to carry it has no number', () => {
    const decision = decideNone('avg(cpu, 5m) > 80', 60, 60)
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
    expect(explainDecision(decision)).toContain(
      'flapping: held, it would grow back at once (avg(cpu, 5m) would be without limit at 0)',
    )
  })
})
