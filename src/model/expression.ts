/**
 * A condition as data: what the expression language parses to, what is stored with a revision, and what
 * the engine compiles to closures once.
 *
 * Example: `avg(cpu, 45m) > 80%` is
 * `{ node: 'compare', operator: '>', left: { node: 'aggregate', key: 'avg(cpu, 45m)', ... },
 *    right: { node: 'number', value: 80, text: '80%' } }`
 */

/** How the samples of a window become one number. */
export type Aggregate = 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last'
export const AGGREGATES: readonly Aggregate[] = ['avg', 'min', 'max', 'sum', 'count', 'last']

/**
 * Quantities of the fleet itself, known at every tick. `instances` is open + pending (what rules call
 * current); `ready` is open and ready; `sessions` are slots in use, `slots` all of them on open instances; `lowest` and `highest` are the bounds in force.
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

export type Expression =
  | { readonly node: 'number'; readonly value: number; readonly text: string }
  | AggregateOperand
  | { readonly node: 'quantity'; readonly quantity: FleetQuantity }
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
