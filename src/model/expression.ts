/**
 * A condition as data: what the expression language parses to, what is stored with a revision, and what
 * the engine compiles to closures once.
 *
 * Example: `avg(cpu, 45m) > 80%` is
 * `{ node: 'compare', operator: '>', left: { node: 'aggregate', key: 'avg(cpu, 45m)', ... },
 *    right: { node: 'number', value: 80, text: '80%' } }`
 */

/** Aggregates that are known by name. */
export type NamedAggregate =
  | 'avg'
  | 'min'
  | 'max'
  | 'sum'
  | 'count'
  | 'last'
  | 'median'
  | 'rate'
  | 'increase'
  | 'slope'
  | 'trend'
  | 'stddev'

/**
 * How the samples of a window become one number. `p95` is the 95th percentile; any from above 0 to below 100 may be
 * written, with up to two decimals.
 */
export type Aggregate = NamedAggregate | `p${number}`

/** Those with a name, and the percentiles worth suggesting. */
export const AGGREGATES: readonly Aggregate[] = [
  'avg',
  'min',
  'max',
  'sum',
  'count',
  'last',
  'median',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'rate',
  'increase',
  'slope',
  'trend',
  'stddev',
]

const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,2})?)$/

/** The aggregate a word means, in its one spelling: `p99.90` is `p99.9`; `null` where it means none. */
export function aggregateNamed(word: string): Aggregate | null {
  const percent = Number(PERCENTILE.exec(word)?.[1] ?? 0)
  if (percent > 0) return `p${percent}`
  return AGGREGATES.find(aggregate => aggregate === word) ?? null
}

/** The share of samples at or below the value: 0.95 for `p95`, 0.5 for `median`; `null` for what is no percentile. */
export function percentileRatio(aggregate: Aggregate): number | null {
  if (aggregate === 'median') return 0.5
  const percent = PERCENTILE.exec(aggregate)?.[1]
  return percent === undefined ? null : Number(percent) / 100
}

/**
 * Quantities of the fleet itself, known at every tick. `instances` is open + pending (what rules call
 * current); `ready` is open and ready; `sessions` are slots in use, `slots` all of them on open instances; `lowest` and `highest` are the bounds in force;
 * `waiting_sessions` are requests for a session that wait for room.
 */
export type FleetQuantity =
  | 'instances'
  | 'ready'
  | 'pending'
  | 'draining'
  | 'sessions'
  | 'slots'
  | 'free_slots'
  | 'lowest'
  | 'highest'
  | 'waiting_sessions'
export const FLEET_QUANTITIES: readonly FleetQuantity[] = [
  'instances',
  'ready',
  'pending',
  'draining',
  'sessions',
  'slots',
  'free_slots',
  'lowest',
  'highest',
  'waiting_sessions',
]

/** Truths about the fleet: desired count stands at its highest or lowest bound. */
export type FleetTruth = 'at_max' | 'at_min'
export const FLEET_TRUTHS: readonly FleetTruth[] = ['at_max', 'at_min']

export type KpiState = 'green' | 'red' | 'unknown'

/** An aggregate over a window. `key` is its canonical text and names the operand everywhere. */
export interface AggregateOperand {
  readonly node: 'aggregate'
  readonly key: string
  readonly aggregate: Aggregate
  readonly metric: string
  /** Length of the window; for `last` without a window, the metric's `staleAfterMs`. */
  readonly windowMs: number
}

/** A quantity of this fleet (`fleet` is `null`), or of another one as its latest tick saw it. */
export interface QuantityOperand {
  readonly node: 'quantity'
  readonly quantity: FleetQuantity
  readonly fleet: string | null
}

/** `ready`; `fleet(db).ready` for that of another fleet. */
export function quantityKey({ quantity, fleet }: { quantity: FleetQuantity; fleet: string | null }): string {
  return fleet === null ? quantity : `fleet(${fleet}).${quantity}`
}

export type Expression =
  | { readonly node: 'number'; readonly value: number; readonly text: string }
  | AggregateOperand
  | QuantityOperand
  | { readonly node: 'negate'; readonly operand: Expression }
  | {
      readonly node: 'arithmetic'
      readonly operator: '+' | '-' | '*' | '/'
      readonly left: Expression
      readonly right: Expression
    }

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

export type Condition =
  | {
      readonly node: 'compare'
      readonly operator: Comparison
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly node: 'and'; readonly left: Condition; readonly right: Condition }
  | { readonly node: 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly node: 'not'; readonly operand: Condition }
  | { readonly node: 'kpi'; readonly kpi: string; readonly state: KpiState }
  | { readonly node: 'truth'; readonly truth: FleetTruth }

/** Kleene's third value: `null` is unknown. */
export type Truth = boolean | null
