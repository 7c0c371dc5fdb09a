import { describe, expect, it } from 'vitest'
import { fleetSpec, type RuleWords } from '../../test/builders/spec.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import { compileFleet } from './compile.ts'

describe('the other fleets something is to be known of', () => {
  const others = ['a', 'b', 'c']
  const fleetsOf = (spec: FleetSpec) => compileFleet(spec).fleets
  const named = (...whens: string[]) =>
    fleetSpec({ others, rules: whens.map((when): RuleWords => ({ when, by: 1 })) })

  it('are those its rules name, each once, in order of name', () => {
    expect(fleetsOf(named('last(orders) > 1'))).toEqual([])
    expect(fleetsOf(named('fleet(c).ready > 1 or fleet(a).ready > 1', 'fleet(c).instances > 1'))).toEqual([
      'a',
      'c',
    ])
  })

  it('are also those its KPIs, its count and its outage guard name', () => {
    const quantity = (fleet: string) => ({ node: 'quantity', quantity: 'ready', fleet }) as const
    expect(fleetsOf(fleetSpec({ others, kpis: { busy: 'fleet(b).ready > 1' } }))).toEqual(['b'])
    expect(fleetsOf(fleetSpec({ spec: { count: quantity('a') } }))).toEqual(['a'])
    const outageGuard = {
      operand: quantity('c'),
      operandText: 'fleet(c).ready',
      dropRatio: 0.8,
      withinMs: 1,
      holdMs: 1,
    }
    expect(fleetsOf(fleetSpec({ spec: { outageGuard } }))).toEqual(['c'])
  })

  it('are also those whose ready instances divide a metric, and not this fleet itself', () => {
    const divided = (change: Partial<MetricSpec>): FleetSpec => {
      const spec = fleetSpec({ rules: [{ when: 'last(orders) > 1', by: 1 }] })
      const orders = { ...spec.metrics.orders, dividePerInstance: true, ...change } as MetricSpec
      return { ...spec, metrics: { ...spec.metrics, orders } }
    }
    expect(fleetsOf(divided({ ofFleet: 'b' }))).toEqual(['b'])
    expect(fleetsOf(divided({}))).toEqual([])
  })
})

describe('an operand that is prepared', () => {
  const prepared = (change: Partial<MetricSpec>, when = 'avg(cpu, 5m) > 1') => {
    const spec = fleetSpec({ rules: [{ when, by: 1 }] })
    const cpu = { ...spec.metrics.cpu, ...change } as MetricSpec
    const [operand] = compileFleet({ ...spec, metrics: { cpu } }).operands
    return operand
  }

  it.each([
    ['of this fleet', {}, { kind: 'perInstance', divisor: null, isSpread: true }],
    ['of another fleet', { ofFleet: 'db' }, { kind: 'independent', divisor: null, isSpread: false }],
    [
      'a share of this fleet',
      { kind: 'total', dividePerInstance: true },
      { kind: 'total', divisor: '', isSpread: true },
    ],
    [
      'a share of another fleet',
      { kind: 'total', dividePerInstance: true, ofFleet: 'db' },
      { kind: 'independent', divisor: 'db', isSpread: false },
    ],
  ] as const)('%s', (_, change, expected) => {
    expect(prepared(change)).toMatchObject(expected)
  })

  it('as a relative change is not divided', () => {
    expect(prepared({ kind: 'total', dividePerInstance: true }, 'trend(cpu, 5m) > 1')).toMatchObject({
      divisor: null,
      isSpread: false,
    })
  })

  it('is prepared once for each specification', () => {
    const spec = fleetSpec()
    expect(compileFleet(spec)).toBe(compileFleet(spec))
  })
})
