import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ARBITRARY_CONTEXT, anyCondition, anyExpression } from '../../../test/arbitraries/expression.ts'
import type { Condition, Expression } from '../../model/expression.ts'
import { formatCondition, formatExpression } from './format.ts'
import { parseCondition, parseExpression } from './parse.ts'
import { CODE, formatProblem } from './problem.ts'

function condition(text: string): Condition {
  const parsed = parseCondition(text, ARBITRARY_CONTEXT)
  if (!parsed.ok) throw new Error(parsed.problems.map(problem => formatProblem(text, problem)).join('\n'))
  return parsed.value
}

function expression(text: string): Expression {
  const parsed = parseExpression(text, ARBITRARY_CONTEXT)
  if (!parsed.ok) throw new Error(parsed.problems.map(problem => formatProblem(text, problem)).join('\n'))
  return parsed.value
}

const instances: Expression = { node: 'quantity', quantity: 'instances', fleet: null }
const busyIsRed: Condition = { node: 'kpi', kpi: 'busy', state: 'red' }
const atMax: Condition = { node: 'truth', truth: 'at_max' }
const atMin: Condition = { node: 'truth', truth: 'at_min' }
const number = (value: number, text = `${value}`): Expression => ({ node: 'number', value, text })
const aggregate = (key: string, kind: 'avg' | 'last', metric: string, windowMs: number): Expression => ({
  node: 'aggregate',
  key,
  aggregate: kind,
  metric,
  windowMs,
})

describe('aggregates', () => {
  it.each([
    ['p95(cpu, 5m)', 'p95(cpu, 5m)', 'p95'],
    ['p99.90(cpu, 300s)', 'p99.9(cpu, 5m)', 'p99.9'],
    ['p05(cpu, 5m)', 'p5(cpu, 5m)', 'p5'],
    ['median( cpu,5m )', 'median(cpu, 5m)', 'median'],
    ['rate(orders, 1m)', 'rate(orders, 1m)', 'rate'],
  ])('%s is the operand %s', (text, key, aggregate) => {
    expect(expression(text)).toMatchObject({ node: 'aggregate', key, aggregate })
  })

  it.each([
    ['trend(orders, 3h) > +50%', 0.5],
    ['trend(cpu, 3h) < -20%', -0.2],
    ['slope(cpu, 15m) > 2%', 2],
    ['p95(latency, 5m) > 2s', 2_000],
    ['rate(disk, 1m) > 5MB', 5_000_000],
  ])('in %s the literal counts as %d', (text, value) => {
    expect(condition(text)).toMatchObject({ node: 'compare', right: { value } })
  })
})

describe('quantities of other fleets', () => {
  it.each([
    ['fleet(db).ready', 'db', 'ready'],
    ['fleet( web 2 ).free_slots', 'web 2', 'free_slots'],
    ['fleet(5-a.b_c).instances', '5-a.b_c', 'instances'],
  ])('%s is of "%s"', (text, fleet, quantity) => {
    expect(expression(text)).toEqual({ node: 'quantity', quantity, fleet })
  })

  it('stand in arithmetic wherever a number does', () => {
    expect(formatExpression(expression('(fleet(db).ready*2-ready) / 2'))).toBe(
      '(fleet(db).ready * 2 - ready) / 2',
    )
  })
})

describe('an expression', () => {
  it.each<[string, Expression]>([
    ['5', number(5)],
    ['2.50', number(2.5)],
    ['.5', number(0.5)],
    ['1e3', number(1000)],
    ['2E-3', number(0.002)],
    ['1e21', number(1e21, '1e+21')],
    ['-5', number(-5)],
    ['- 5', number(-5)],
    ['-0', number(0)],
    ['+5', number(5)],
    ['(5)', number(5)],
    ['80 %', number(0.8, '80%')],
    ['instances', instances],
    ['avg(cpu, 45m)', aggregate('avg(cpu, 45m)', 'avg', 'cpu', 2_700_000)],
    ['avg( cpu,2700s )', aggregate('avg(cpu, 45m)', 'avg', 'cpu', 2_700_000)],
    ['last(orders)', aggregate('last(orders)', 'last', 'orders', 45_000)],
    ['last(orders, 45s)', aggregate('last(orders, 45s)', 'last', 'orders', 45_000)],
    ['last(5xx.total)', aggregate('last(5xx.total)', 'last', '5xx.total', 45_000)],
    ['last(queue-depth)', aggregate('last(queue-depth)', 'last', 'queue-depth', 45_000)],
    ['-instances', { node: 'negate', operand: instances }],
    ['-(5)', { node: 'negate', operand: number(5) }],
    ['--5', { node: 'negate', operand: number(-5) }],
    ['1 - -2', { node: 'arithmetic', operator: '-', left: number(1), right: number(-2) }],
    ['1 -2', { node: 'arithmetic', operator: '-', left: number(1), right: number(2) }],
    [
      '1 + 2 * 3',
      {
        node: 'arithmetic',
        operator: '+',
        left: number(1),
        right: { node: 'arithmetic', operator: '*', left: number(2), right: number(3) },
      },
    ],
    [
      '(1 + 2) * 3',
      {
        node: 'arithmetic',
        operator: '*',
        left: { node: 'arithmetic', operator: '+', left: number(1), right: number(2) },
        right: number(3),
      },
    ],
    [
      '8 / 4 / 2',
      {
        node: 'arithmetic',
        operator: '/',
        left: { node: 'arithmetic', operator: '/', left: number(8), right: number(4) },
        right: number(2),
      },
    ],
    [
      '-instances * 2',
      { node: 'arithmetic', operator: '*', left: { node: 'negate', operand: instances }, right: number(2) },
    ],
  ])('%s is read as a tree', (text, tree) => {
    expect(expression(text)).toEqual(tree)
  })

  it.each(['avg', 'min', 'max', 'sum', 'count', 'last'])('may aggregate by %s', kind => {
    expect(formatExpression(expression(`${kind}(cpu,5m)`))).toBe(`${kind}(cpu, 5m)`)
  })

  it.each([
    'instances',
    'ready',
    'pending',
    'draining',
    'sessions',
    'slots',
    'free_slots',
    'lowest',
    'highest',
  ])('may use the fleet quantity %s', quantity => {
    expect(expression(quantity)).toEqual({ node: 'quantity', quantity, fleet: null })
  })
})

describe('a condition', () => {
  it.each<[string, Condition]>([
    ['at_max', atMax],
    ['at_min', atMin],
    ['busy is red', busyIsRed],
    ['busy is green', { node: 'kpi', kpi: 'busy', state: 'green' }],
    ['busy is unknown', { node: 'kpi', kpi: 'busy', state: 'unknown' }],
    ['web.slow-pages is red', { node: 'kpi', kpi: 'web.slow-pages', state: 'red' }],
    ['busy is not red', { node: 'not', operand: busyIsRed }],
    ['not busy is red', { node: 'not', operand: busyIsRed }],
    ['not not at_max', { node: 'not', operand: { node: 'not', operand: atMax } }],
    ['(at_max)', atMax],
    [
      'at_max or at_min and busy is red',
      { node: 'or', left: atMax, right: { node: 'and', left: atMin, right: busyIsRed } },
    ],
    [
      '(at_max or at_min) and busy is red',
      { node: 'and', left: { node: 'or', left: atMax, right: atMin }, right: busyIsRed },
    ],
    ['not at_max and at_min', { node: 'and', left: { node: 'not', operand: atMax }, right: atMin }],
    ['not (at_max and at_min)', { node: 'not', operand: { node: 'and', left: atMax, right: atMin } }],
    [
      'at_max or at_min or busy is red',
      { node: 'or', left: { node: 'or', left: atMax, right: atMin }, right: busyIsRed },
    ],
    [
      'not instances > 2',
      { node: 'not', operand: { node: 'compare', operator: '>', left: instances, right: number(2) } },
    ],
    [
      'instances + 1 > 2',
      {
        node: 'compare',
        operator: '>',
        left: { node: 'arithmetic', operator: '+', left: instances, right: number(1) },
        right: number(2),
      },
    ],
  ])('%s is read as a tree', (text, tree) => {
    expect(condition(text)).toEqual(tree)
  })

  it.each(['>', '>=', '<', '<=', '==', '!='])('may compare by %s', operator => {
    expect(condition(`instances${operator}2`)).toEqual({
      node: 'compare',
      operator,
      left: instances,
      right: number(2),
    })
  })

  it('may go over several lines', () => {
    expect(formatCondition(condition('instances > 2\r\n\tand at_max\n'))).toBe('instances > 2 and at_max')
  })

  it('names each operand and KPI it uses once, in the order of the text', () => {
    const text =
      'last(orders) > 1 and busy is red or avg(cpu, 60s) > avg(cpu, 1m) and busy is green or orders is red'
    const parsed = parseCondition(text, ARBITRARY_CONTEXT)
    expect(parsed).toMatchObject({
      ok: true,
      operands: [
        { key: 'last(orders)', windowMs: 45_000 },
        { key: 'avg(cpu, 1m)', windowMs: 60_000 },
      ],
      kpis: ['busy', 'orders'],
    })
    if (parsed.ok) expect(parsed.operands).toHaveLength(2)
  })

  it('is frozen, so that nobody changes a rule behind its text', () => {
    const parsed = condition('avg(cpu, 5m) > 80%')
    expect(Object.isFrozen(parsed)).toBe(true)
    expect(parsed.node === 'compare' && Object.isFrozen(parsed.left)).toBe(true)
  })

  it('survives JSON', () => {
    fc.assert(
      fc.property(anyCondition, tree => {
        const parsed = condition(formatCondition(tree))
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed)
      }),
    )
  })
})

describe('the canonical text', () => {
  it('of any condition is read back as that condition', () => {
    fc.assert(
      fc.property(anyCondition, tree => {
        expect(condition(formatCondition(tree))).toEqual(tree)
      }),
      { numRuns: 2000 },
    )
  })

  it('of any expression is read back as that expression', () => {
    fc.assert(
      fc.property(anyExpression, tree => {
        expect(expression(formatExpression(tree))).toEqual(tree)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['avg( cpu,2700s )>80 %', 'avg(cpu, 45m) > 80%'],
    ['((1+2))*(3*4) > 5', '(1 + 2) * (3 * 4) > 5'],
    ['1-(2-3) > 1', '1 - (2 - 3) > 1'],
    ['(1-2)-3 > 1', '1 - 2 - 3 > 1'],
    ['-(instances+1) > 1', '-(instances + 1) > 1'],
    ['-(-instances) > --(5)', '--instances > --(5)'],
    ['not(not busy is red)', 'not busy is not red'],
    [
      '(at_max and at_min) or (at_max and (at_min and at_max))',
      'at_max and at_min or at_max and (at_min and at_max)',
    ],
    ['not (at_max or at_min)', 'not (at_max or at_min)'],
    ['last(wait) > 0.50h', 'last(wait) > 0.5h'],
  ])('of %s is %s', (text, canonical) => {
    expect(formatCondition(condition(text))).toBe(canonical)
    expect(formatCondition(condition(canonical))).toBe(canonical)
  })
})

/** Pieces of the language, near misses and rubbish, in any order. */
const pieces = fc.constantFrom(
  ...['avg', 'last', 'count', 'median', 'cpu', 'latency', 'load', 'nope', 'queue-depth', '5xx.total'],
  ...['busy', 'is', 'not', 'red', 'unknown', 'and', 'or', 'AND', 'at_max', 'instances', 'sessions-1'],
  ...['(', ')', '(', ')', ',', '+', '-', '*', '/', '>', '>=', '<', '==', '!=', '=', '&&', '||', '!', '≥'],
  ...[
    '1',
    '0',
    '2.5',
    '1.',
    '1e9',
    '1e999',
    '80%',
    '5m',
    '300ms',
    '2GiB',
    '5 %',
    '5q',
    '%',
    '$',
    '"',
    '\n',
    '\u0000',
  ],
  ...['avg(cpu, 5m)', 'last(latency)', 'busy is red', 'avg(load, 5m) > 80%', '😀', '\ud800'],
)

const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 80 }),
  fc
    .array(fc.tuple(pieces, fc.constantFrom(' ', '', ' ')), { maxLength: 25 })
    .map(parts => parts.flat().join('')),
)

describe('any text whatever', () => {
  it('is either read, and then its canonical text is too, or has problems with a place inside it', () => {
    fc.assert(
      fc.property(garbage, fc.boolean(), (text, wantsTruth) => {
        const [parsed, format] = wantsTruth
          ? [parseCondition(text, ARBITRARY_CONTEXT), () => formatCondition(condition(text))]
          : [parseExpression(text, ARBITRARY_CONTEXT), () => formatExpression(expression(text))]
        if (parsed.ok) {
          const again = wantsTruth ? condition(format()) : expression(format())
          expect(again).toEqual(parsed.value)
          return
        }
        expect(parsed.problems.length).toBeGreaterThan(0)
        expect(parsed.problems.length).toBeLessThanOrEqual(20)
        for (const problem of parsed.problems) {
          expect(Object.values<string>(CODE)).toContain(problem.code)
          expect(problem.at).toBeGreaterThanOrEqual(0)
          expect(problem.length).toBeGreaterThanOrEqual(0)
          expect(problem.at + problem.length).toBeLessThanOrEqual(text.length)
          const [line = '', caret = ''] = formatProblem(text, problem).split('\n')
          expect(caret).toMatch(/^ *\^+$/)
          expect(caret.length).toBeLessThanOrEqual([...line].length + 1)
        }
      }),
      { numRuns: 4000 },
    )
  })

  it('never gives the same problem twice', () => {
    fc.assert(
      fc.property(garbage, text => {
        const parsed = parseCondition(text, ARBITRARY_CONTEXT)
        const places = parsed.ok ? [] : parsed.problems.map(problem => problem.at)
        expect(places).toEqual([...new Set(places)].sort((one, other) => one - other))
      }),
    )
  })

  it.each([
    ['parentheses', '('.repeat(2000)],
    ['parentheses around a value', `${'('.repeat(999)}1${')'.repeat(999)}`],
    ['minus signs', '-'.repeat(2000)],
    ['not', 'not '.repeat(500)],
    ['sums', '1+'.repeat(999)],
    ['comparisons', '1<'.repeat(999)],
    ['unknown aggregates', 'f('.repeat(1000)],
    ['strange characters', '$#'.repeat(1000)],
    ['dashed names', 'a-'.repeat(1000)],
    ['dashed digits', '1-'.repeat(1000)],
    ['dots', '.'.repeat(2000)],
    ['spaces', `${' '.repeat(1999)}x`],
    ['digits', '9'.repeat(2000)],
  ])('of nothing but %s is refused without running out of stack', (_, text) => {
    const parsed = parseCondition(text, ARBITRARY_CONTEXT)
    expect(parsed.ok).toBe(false)
  })

  it('within the limits is read: 64 deep, 100 operands', () => {
    const deep = `${'('.repeat(64)}instances${')'.repeat(64)} > 1`
    const wide = `${'instances + '.repeat(98)}instances > 1`
    expect(formatCondition(condition(deep))).toBe('instances > 1')
    expect(formatCondition(condition(wide))).toBe(wide)
    expect(condition(`${'not '.repeat(64)}at_max`).node).toBe('not')
    const aside = Array.from({ length: 70 }, () => '(1)').join(' + ')
    expect(condition(`${aside} > instances`).node).toBe('compare')
    expect(condition(`instances > 1${' '.repeat(2000 - 13)}`).node).toBe('compare')
  })
})
