import { describe, expect, it } from 'vitest'
import type { AggregateOperand } from '../../model/expression.ts'
import type { LabelFilter } from '../../model/spec.ts'
import { furtherBackMs, type MeasuredMetric, passes, windowsOf } from './of-metric.ts'

const MINUTE = 60_000
const operand: AggregateOperand = {
  node: 'aggregate',
  key: 'sum(orders, 5m)',
  aggregate: 'sum',
  metric: 'orders',
  windowMs: 5 * MINUTE,
}
const plain: MeasuredMetric = { kind: 'total', staleAfterMs: MINUTE, grainMs: null, across: null }

describe('the windows a metric asks for', () => {
  it.each<[string, Partial<MeasuredMetric>, number]>([
    ['its samples', {}, 42],
    ['its samples, where only half of a grain is said', { across: 'max' }, 42],
    ['its samples, where only the other half is', { grainMs: MINUTE }, 42],
    ['its grains', { grainMs: MINUTE, across: 'max' }, 30],
  ])('are over %s', (_, change, value) => {
    const windows = windowsOf({ ...plain, ...change }, [operand])
    for (const [at, each] of [
      [0, 10],
      [1, 20],
      [MINUTE, 10],
      [MINUTE + 1, 2],
    ] as const) {
      windows.add({ at, value: each })
    }
    expect(windows.read(2 * MINUTE)['sum(orders, 5m)']).toMatchObject({ value })
  })

  it('end where a metric with a delay is known, whatever else came already', () => {
    const windows = windowsOf({ ...plain, delayMs: 3 * MINUTE }, [operand])
    for (const [at, value] of [
      [2 * MINUTE, 1],
      [7 * MINUTE, 20],
      [7 * MINUTE + 1, 300],
    ] as const) {
      windows.add({ at, value })
    }
    expect(windows.read(10 * MINUTE)['sum(orders, 5m)']).toMatchObject({ value: 20, lastAt: 7 * MINUTE })
    expect(windows.read(11 * MINUTE)['sum(orders, 5m)']).toMatchObject({ value: 320 })
    expect(furtherBackMs({ ...plain, delayMs: 3 * MINUTE })).toBe(3 * MINUTE)
  })

  it('reach further back than they are long by a grain', () => {
    expect(furtherBackMs(plain)).toBe(0)
    expect(furtherBackMs({ ...plain, grainMs: MINUTE, across: 'max' })).toBe(MINUTE)
  })
})

describe('which samples count', () => {
  const region = (operator: LabelFilter['operator'], ...values: string[]): LabelFilter => ({
    label: 'region',
    operator,
    values,
  })

  it.each<[string, readonly LabelFilter[], Record<string, string> | undefined, boolean]>([
    ['any without a filter', [], undefined, true],
    ['one of those named', [region('in', 'eu', 'us')], { region: 'us' }, true],
    ['none of another region', [region('in', 'eu', 'us')], { region: 'asia' }, false],
    ['none without a region', [region('in', 'eu')], { zone: 'a' }, false],
    ['none without any label', [region('in', 'eu')], undefined, false],
    ['not the one left out', [region('not-in', 'eu')], { region: 'eu' }, false],
    ['others than the one left out', [region('not-in', 'eu')], { region: 'us' }, true],
    ['those without a region too', [region('not-in', 'eu')], undefined, true],
    [
      'only what passes all',
      [region('in', 'eu'), { label: 'zone', operator: 'in', values: ['a'] }],
      { region: 'eu', zone: 'b' },
      false,
    ],
    ['none by a name every object has', [{ label: 'toString', operator: 'in', values: [''] }], {}, false],
  ])('%s', (_, filter, labels, expected) => {
    const sample = { at: 0, value: 1, ...(labels === undefined ? {} : { labels }) }
    expect(passes(filter, sample)).toBe(expected)
  })
})
