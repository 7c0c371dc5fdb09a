/**
 * What the operator asked for, after the file was parsed and checked: plain, frozen, JSON-safe data.
 * The engine reads nothing else of the configuration.
 *
 * Example: `capacity: { min: 2, max: 5 }` becomes the constraint
 * `{ name: 'capacity', rank: 0, min: 2, max: 5, default: 2, schedule: null, enabled: true }`.
 */
import type { AggregateOperand, Condition, Expression } from './expression.ts'
import type { Schedule } from './schedule.ts'

/** How a metric answers to the instance count. */
export type MetricKind = 'perInstance' | 'total' | 'independent'

/** The unit samples are in; `null` where the operator did not say. */
export type MetricUnit = 'percent' | 'ratio' | 'ms' | 's' | 'bytes' | 'count'

export interface MetricSpec {
  readonly name: string
  readonly kind: MetricKind
  readonly unit: MetricUnit | null
  /** Name of a source plugin, e.g. `push`, `http-json`. */
  readonly source: string
  /** The source's own settings, already checked by that source's schema. */
  readonly options: Readonly<Record<string, unknown>>
  readonly everyMs: number
  /** A `last` older than this is a gap; also the default window of `last(metric)`. */
  readonly staleAfterMs: number
}

/** `to` sets the count; `by` adds instances; `percent` adds a share of the current count (0.2 is +20 %). */
export type ScaleAction =
  | { readonly kind: 'by'; readonly instances: number }
  | { readonly kind: 'percent'; readonly ratio: number; readonly atLeast: number }
  | { readonly kind: 'to'; readonly instances: number }

export interface ReactiveRule {
  readonly name: string
  readonly rank: number
  readonly enabled: boolean
  readonly when: Condition
  /** The condition in the operator's own words. */
  readonly whenText: string
  readonly scale: ScaleAction
  /** The condition must have held this long without a break. */
  readonly forMs: number
  /** Name of the schedule outside which the rule abstains. */
  readonly during: string | null
  /** Overrides the fleet's cooldown for changes this rule asks for. */
  readonly cooldownMs: number | null
}

export interface ConstraintRule {
  readonly name: string
  readonly rank: number
  readonly enabled: boolean
  readonly min: number
  readonly max: number
  readonly default: number | null
  /** Name of the schedule in whose windows it is active; `null` is always. */
  readonly schedule: string | null
}

export interface Kpi {
  readonly name: string
  readonly goal: Condition
  readonly goalText: string
}

export interface Guards {
  readonly scaleIn: 'all' | 'any'
  readonly flapping: boolean
  readonly cooldownOutMs: number
  readonly cooldownInMs: number
  readonly cooldownFrom: 'own' | 'last'
  readonly stabilizationOutMs: number
  readonly stabilizationInMs: number
}

export type Mode = 'scale' | 'recommend'

export interface PluginRef {
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
}

export interface FleetSpec {
  readonly name: string
  readonly target: PluginRef
  readonly router: PluginRef | null
  /** First the always-on `capacity` (rank 0), then the constraints in the order of the file. */
  readonly constraints: readonly ConstraintRule[]
  readonly kpis: readonly Kpi[]
  readonly rules: readonly ReactiveRule[]
  /** The metrics its rules and KPIs use, by name. */
  readonly metrics: Readonly<Record<string, MetricSpec>>
  /** Every aggregate its rules and KPIs use, each once, sorted by key. */
  readonly operands: readonly AggregateOperand[]
  /** Where the target has no instances of its own to count (`none`): the count, as an expression. */
  readonly count: Expression | null
  readonly guards: Guards
  readonly mode: Mode
  readonly everyMs: number
  /** Share of ready instances that must report before a per-instance aggregate counts. */
  readonly quorumRatio: number
  /** Samples of an instance younger than this (since ready) are left out. */
  readonly warmupMs: number
  /** An instance not ready after this long is terminated and launched anew. */
  readonly bootTimeoutMs: number
  readonly launchBatch: number
}

export interface Spec {
  /** Identifies the text this came from: first 16 hex digits of its SHA-256. */
  readonly digest: string
  readonly fleets: Readonly<Record<string, FleetSpec>>
  readonly metrics: Readonly<Record<string, MetricSpec>>
  readonly schedules: Readonly<Record<string, Schedule>>
}
