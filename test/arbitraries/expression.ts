/**
 * Random conditions and expressions as the parser yields them: units fit, and every literal has the value its
 * place decides. For properties of anything that reads conditions.
 *
 * Example: `anyCondition` gives trees such as `avg(cpu, 5m) + 5% > last(cpu) or not busy is red`, over the metrics
 * and KPIs of `ARBITRARY_CONTEXT`.
 */
import fc from 'fast-check'
import type { ExpressionContext } from '../../src/config/expression/context.ts'
import { operandKey } from '../../src/config/expression/format.ts'
import { type LiteralUnit, literalValue, type MeasuredUnit } from '../../src/config/expression/units.ts'
import {
  AGGREGATES,
  type Aggregate,
  type AggregateOperand,
  type Comparison,
  type Condition,
  type Expression,
  FLEET_QUANTITIES,
  FLEET_TRUTHS,
} from '../../src/model/expression.ts'

const STALE_AFTER_MS = 45_000

const KINDS: readonly Aggregate[] = [...AGGREGATES, 'p7', 'p33.3', 'p99.95']
const NOT_TREND = KINDS.filter(kind => kind !== 'trend')

const FLEETS = ['db', 'web 2', '5-a.b_c']

/** `load` declares no unit; `orders`, `queue-depth` and `5xx.total` are plain counts. */
export const ARBITRARY_CONTEXT: ExpressionContext = {
  metrics: new Map([
    ['cpu', { unit: 'percent', staleAfterMs: STALE_AFTER_MS }],
    ['load', { unit: null, staleAfterMs: STALE_AFTER_MS }],
    ['memory', { unit: 'ratio', staleAfterMs: STALE_AFTER_MS }],
    ['latency', { unit: 'ms', staleAfterMs: STALE_AFTER_MS }],
    ['wait', { unit: 's', staleAfterMs: STALE_AFTER_MS }],
    ['disk', { unit: 'bytes', staleAfterMs: STALE_AFTER_MS }],
    ['orders', { unit: 'count', staleAfterMs: STALE_AFTER_MS }],
    ['queue-depth', { unit: 'count', staleAfterMs: STALE_AFTER_MS }],
    ['5xx.total', { unit: 'count', staleAfterMs: STALE_AFTER_MS }],
  ]),
  kpis: new Set(['busy', 'orders', 'web.slow-pages']),
  fleets: new Set(FLEETS),
}

interface Measure {
  readonly metric: string
  readonly unit: MeasuredUnit
  readonly literals: readonly LiteralUnit[]
}

const MEASURES: readonly Measure[] = [
  { metric: 'cpu', unit: 'percent', literals: ['%'] },
  { metric: 'load', unit: 'percent', literals: ['%'] },
  { metric: 'memory', unit: 'ratio', literals: ['%'] },
  { metric: 'latency', unit: 'ms', literals: ['ms', 's', 'm'] },
  { metric: 'wait', unit: 's', literals: ['ms', 's', 'm', 'h', 'd', 'w'] },
  { metric: 'disk', unit: 'bytes', literals: ['B', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB'] },
]

const COMPARISONS: readonly Comparison[] = ['>', '>=', '<', '<=', '==', '!=']

const amount: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.integer({ min: -100_000, max: 100_000 }).map(hundredths => hundredths / 100 + 0),
  fc.constantFrom(0, 1e-7, 1e21, 2.5e-12),
)

const windowMs = fc.oneof(
  fc.constantFrom(1, 999, 1000, 90_000, 300_000, 2_700_000, 3_600_000, 86_400_000, 604_800_000),
  fc.integer({ min: 1, max: 10_000_000 }),
)

function aggregate(
  metric: string,
  kinds: readonly AggregateOperand['aggregate'][],
): fc.Arbitrary<Expression> {
  return fc.tuple(fc.constantFrom(...kinds), windowMs, fc.boolean()).map(([kind, window, bare]) => {
    const written = kind === 'last' && bare ? null : window
    return {
      node: 'aggregate',
      key: operandKey(kind, metric, written),
      aggregate: kind,
      metric,
      windowMs: written ?? STALE_AFTER_MS,
    }
  })
}

const number: fc.Arbitrary<Expression> = amount.map(value => ({ node: 'number', value, text: `${value}` }))

function literal(unit: LiteralUnit, counted: MeasuredUnit): fc.Arbitrary<Expression> {
  return amount.map(value => ({
    node: 'number',
    value: literalValue(value, unit, counted),
    text: `${value}${unit}`,
  }))
}

function negate(operand: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return operand.map(inner => ({ node: 'negate', operand: inner }))
}

function arithmetic(
  left: fc.Arbitrary<Expression>,
  operators: readonly ('+' | '-' | '*' | '/')[],
  right: fc.Arbitrary<Expression>,
): fc.Arbitrary<Expression> {
  return fc
    .tuple(left, fc.constantFrom(...operators), right)
    .map(([one, operator, other]) => ({ node: 'arithmetic', operator, left: one, right: other }))
}

/** In the measure's unit, with a metric of it somewhere, so that the literals beside it are decided. */
function anchored(measure: Measure, depth: number): fc.Arbitrary<Expression> {
  const leaf = aggregate(
    measure.metric,
    KINDS.filter(kind => kind !== 'count' && kind !== 'trend'),
  )
  if (depth === 0) return leaf
  const inner = anchored(measure, depth - 1)
  return fc.oneof(
    leaf,
    negate(inner),
    arithmetic(inner, ['+', '-'], inUnit(measure, depth - 1)),
    arithmetic(inUnit(measure, depth - 1), ['+', '-'], inner),
    arithmetic(inner, ['+', '-'], plain(depth - 1)),
    arithmetic(inner, ['*'], plain(depth - 1)),
    arithmetic(plain(depth - 1), ['*'], inner),
    arithmetic(inner, ['*', '/'], number),
    arithmetic(inner, ['*'], literal('%', 'ratio')),
  )
}

/** In the measure's unit, perhaps only by its literals. */
function inUnit(measure: Measure, depth: number): fc.Arbitrary<Expression> {
  const leaf = fc.oneof(...measure.literals.map(unit => literal(unit, measure.unit)))
  if (depth === 0) return leaf
  const inner = inUnit(measure, depth - 1)
  return fc.oneof(leaf, negate(inner), arithmetic(inner, ['+', '-'], inner), anchored(measure, depth))
}

function plain(depth: number): fc.Arbitrary<Expression> {
  const leaf = fc.oneof(
    number,
    fc
      .tuple(fc.constantFrom(...FLEET_QUANTITIES), fc.constantFrom(null, null, ...FLEETS))
      .map(([quantity, fleet]): Expression => ({ node: 'quantity', quantity, fleet })),
    ...['orders', 'queue-depth', '5xx.total'].map(metric => aggregate(metric, NOT_TREND)),
    aggregate('cpu', ['count']),
  )
  if (depth === 0) return leaf
  const inner = plain(depth - 1)
  return fc.oneof(
    leaf,
    negate(inner),
    arithmetic(inner, ['+', '-', '*', '/'], inner),
    ...MEASURES.map(measure => arithmetic(anchored(measure, depth - 1), ['/'], inUnit(measure, depth - 1))),
  )
}

const DEPTH_OF_EXPRESSION = 2

export const anyExpression: fc.Arbitrary<Expression> = fc.oneof(
  plain(DEPTH_OF_EXPRESSION),
  ...MEASURES.map(measure => anchored(measure, DEPTH_OF_EXPRESSION)),
)

const comparison: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom(...COMPARISONS),
    fc.oneof(
      fc.tuple(plain(DEPTH_OF_EXPRESSION), plain(DEPTH_OF_EXPRESSION)),
      ...MEASURES.flatMap(measure => {
        const anchor = anchored(measure, DEPTH_OF_EXPRESSION)
        const other = inUnit(measure, DEPTH_OF_EXPRESSION)
        return [fc.tuple(anchor, other), fc.tuple(other, anchor), fc.tuple(anchor, number)]
      }),
    ),
  )
  .map(([operator, [left, right]]) => ({ node: 'compare', operator, left, right }))

const test: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom(...FLEET_TRUTHS).map((truth): Condition => ({ node: 'truth', truth })),
  fc
    .tuple(fc.constantFrom(...ARBITRARY_CONTEXT.kpis), fc.constantFrom('green', 'red', 'unknown'))
    .map(([kpi, state]): Condition => ({ node: 'kpi', kpi, state })),
)

function conditionOf(depth: number): fc.Arbitrary<Condition> {
  const leaf = fc.oneof({ arbitrary: comparison, weight: 2 }, { arbitrary: test, weight: 1 })
  if (depth === 0) return leaf
  const inner = conditionOf(depth - 1)
  return fc.oneof(
    leaf,
    inner.map((operand): Condition => ({ node: 'not', operand })),
    fc
      .tuple(fc.constantFrom('and', 'or'), inner, inner)
      .map(([node, left, right]): Condition => ({ node, left, right })),
  )
}

/** At most 64 operands: eight comparisons of two sides with up to four leaves each. */
export const anyCondition: fc.Arbitrary<Condition> = conditionOf(3)
