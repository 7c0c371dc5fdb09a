/**
 * What the operator asked for, after the file was parsed and checked: plain, frozen, JSON-safe data.
 * The engine reads nothing else of the configuration.
 *
 * Example: `capacity: { min: 2, max: 5 }` becomes the constraint
 * `{ name: 'capacity', rank: 0, min: 2, max: 5, default: 2, schedule: null, enabled: true }`.
 */
import type { AggregateOperand, Condition, Expression } from './expression.ts'
import type { HealthSpec, RepairSpec } from './health.ts'
import type { Schedule } from './schedule.ts'
import type { EpochMs } from './time.ts'

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
  /** What is measured is known only so much later, so its windows end so long ago. At once when left out. */
  readonly delayMs?: number
  /**
   * Read for another fleet, whose rule scales this one: `name` is then `web/cpu`, and the instance count here has no
   * part in it. `null`: this fleet's own.
   */
  readonly ofFleet: string | null
  /**
   * Two-stage aggregation: `across` combines all samples of each grain of this length (begun at multiples of it since
   * the epoch), and aggregates are then over the grains that lie wholly in the window. `null`: over the samples.
   */
  readonly grainMs: number | null
  /** Set exactly when `grainMs` is. */
  readonly across: Across | null
  /** Only samples that every one of these lets through count. */
  readonly filter: readonly LabelFilter[]
  /** Aggregates are divided by the ready instances, as a total that each gets its share of. */
  readonly dividePerInstance: boolean
}

/** The statistic over all samples of one grain, whichever instance they come from. */
export type Across = 'avg' | 'min' | 'max' | 'sum' | 'count'

/** `in`: the label has one of the values. `not-in`: it has none of them, or the sample lacks the label. */
export interface LabelFilter {
  readonly label: string
  readonly operator: 'in' | 'not-in'
  readonly values: readonly string[]
}

/** `to` sets the count; `by` adds instances; `percent` adds a share of the current count (0.2 is +20 %). */
export type ScaleAction =
  | { readonly kind: 'by'; readonly instances: number }
  | { readonly kind: 'percent'; readonly ratio: number; readonly atLeast: number }
  | { readonly kind: 'to'; readonly instances: number }

/** What every reactive rule has, whatever makes it propose. */
interface RuleFrame {
  readonly name: string
  readonly rank: number
  readonly enabled: boolean
  /** The condition must have held this long without a break. Rules without a condition have 0. */
  readonly forMs: number
  /** Name of the schedule outside which the rule abstains. */
  readonly during: string | null
  /** Overrides the fleet's cooldown for changes this rule asks for. */
  readonly cooldownMs: number | null
  readonly effects: RuleEffects
}

export type SettingValue = boolean | number | string

/** What a rule does besides (or instead of) scaling, while it fires. */
export interface RuleEffects {
  /** Settings the application reads, by name. */
  readonly set: Readonly<Record<string, SettingValue>>
  /** Names of notifiers told when it begins to fire. */
  readonly notify: readonly string[]
  /** Names of custom actions run when it begins to fire. */
  readonly run: readonly string[]
}

/** A named value the application reads, changed by throttling rules. */
export interface SettingSpec {
  readonly name: string
  readonly default: SettingValue
  readonly description: string
}

/** Proposes `scale` while its condition holds; `null` is a rule that only has effects. */
export interface ThresholdRule extends RuleFrame {
  readonly kind: 'when'
  readonly when: Condition
  /** The condition in the operator's own words. */
  readonly whenText: string
  readonly scale: ScaleAction | null
}

/** Where the operand lies, counted from the threshold: `from` belongs to the band, `to` does not (below: the reverse). */
export interface Band {
  /** `null`: without limit on that side. */
  readonly from: number | null
  readonly to: number | null
  readonly scale: ScaleAction
}

/**
 * Step scaling: the further the operand is from the threshold, the larger the step. `rounding: 'towards-zero'` is AWS's
 * (2.7 more becomes 2, at least one); `up` is the rounding of every other percent.
 */
export interface StepRule extends RuleFrame {
  readonly kind: 'steps'
  readonly operand: Expression
  readonly operandText: string
  readonly threshold: number
  readonly bands: readonly Band[]
  readonly rounding: 'up' | 'towards-zero'
}

/**
 * Target tracking: keeps `operand` near `target`. For a per-instance operand the demand is its value times the
 * instances it stands for; for a total it is the value itself; wanted is `ceil(demand / target)`.
 */
export interface TrackRule extends RuleFrame {
  readonly kind: 'track'
  readonly operand: Expression
  readonly operandText: string
  readonly spread: 'perInstance' | 'total'
  readonly target: number
  /** Within this share above the target nothing more is asked (0.1 is 10 %). */
  readonly toleranceRatio: number
  /** The same below the target, where fewer would be asked. */
  readonly toleranceInRatio: number
  /** The Kubernetes HPA cuts a utilisation to whole percents before it compares. */
  readonly wholePercents: boolean
}

/** Wants just what an expression says, rounded up. */
export interface MatchRule extends RuleFrame {
  readonly kind: 'match'
  readonly expression: Expression
  readonly expressionText: string
}

/**
 * Keeps room for sessions: wants so many open instances that `slots` (or this share of all slots) are free. On the way down
 * it wants one fewer only when the reserve holds after the removal too (about one instance of hysteresis). It is also a
 * floor under the outcome, whatever the ranks.
 */
export interface ReserveRule extends RuleFrame {
  readonly kind: 'reserve'
  readonly reserve:
    | { readonly kind: 'slots'; readonly slots: number }
    | { readonly kind: 'ratio'; readonly ratio: number }
  readonly slotsPerInstance: number
}

/** What rules that look ahead have in common: the demand, and what one instance of it can take. */
interface DemandFrame extends RuleFrame {
  /** As in a tracking rule: of one instance, or of the whole fleet. */
  readonly operand: Expression
  readonly operandText: string
  readonly spread: 'perInstance' | 'total'
  /** What one ready instance can serve, in the operand's unit. Above 0. */
  readonly perInstance: number
  /** Whose clock the days and weeks of the demand follow: an IANA name or an offset. Where nobody said they are of 24 and 168 hours. */
  readonly timeZone?: string
}

/**
 * Wants so many ready instances that the stated share of the demand finds capacity; how much headroom that takes is learnt
 * beside the ticks (`ServeOutlook`). It is also a floor under the outcome, whatever the ranks.
 */
export interface ServeRule extends DemandFrame {
  readonly kind: 'serve'
  /** Share of the demand that is to find ready capacity: 0.995. */
  readonly sloRatio: number
  /** From an order until the instance is ready, while none was measured; `null`: nobody said. */
  readonly bootMs: number | null
}

/** A floor only: at least as many as the forecast of the demand (`ForecastOutlook`) takes. Proposes nothing by itself. */
export interface ForecastRule extends DemandFrame {
  readonly kind: 'forecast'
  /** How far ahead; `null`: as long as an instance takes to help (boot time + one tick). */
  readonly horizonMs: number | null
  /** How sure it is to be enough: 0.95 is the 95 % quantile of the forecast. */
  readonly quantileRatio: number
}

/** Rules whose outlook is worked out beside the ticks. */
export type OutlookRule = ServeRule | ForecastRule

export function looksAhead(rule: ReactiveRule): rule is OutlookRule {
  return rule.kind === 'serve' || rule.kind === 'forecast'
}

export type ReactiveRule =
  | ThresholdRule
  | StepRule
  | TrackRule
  | MatchRule
  | ReserveRule
  | ServeRule
  | ForecastRule

export interface ConstraintRule {
  readonly name: string
  readonly rank: number
  readonly enabled: boolean
  readonly min: number
  readonly max: number
  readonly default: number | null
  /** Name of the schedule in whose windows it is active; `null` is always. */
  readonly schedule: string | null
  /** When it ends for good: only of one that an operator set at run time. */
  readonly until?: EpochMs | null
}

export interface Kpi {
  readonly name: string
  readonly goal: Condition
  readonly goalText: string
}

/** At most this much change per period: a count, or a share of the count the period began with (1 is 100 %). */
export type RateLimit =
  | { readonly kind: 'instances'; readonly instances: number; readonly periodMs: number }
  | { readonly kind: 'percent'; readonly ratio: number; readonly periodMs: number }

/** Of several limits in one direction the loosest (`max`) or the tightest (`min`) counts; none is no limit. */
export interface RateLimits {
  readonly limits: readonly RateLimit[]
  readonly select: 'max' | 'min'
}

/** Growing only in the first, shrinking only in the last minutes of the paid hour. */
export interface BillingHour {
  /**
   * `wall-clock`: the hour of UTC is paid. `age`: every instance's own hours are, from its launch; then growing is never held,
   * since a new instance begins an hour of its own.
   */
  readonly by: 'wall-clock' | 'age'
  readonly outFirstMinutes: number | null
  readonly inLastMinutes: number | null
}

export interface Guards {
  readonly scaleIn: 'all' | 'any'
  readonly flapping: boolean
  readonly cooldownOutMs: number
  readonly cooldownInMs: number
  readonly cooldownFrom: 'own' | 'last'
  readonly stabilizationOutMs: number
  readonly stabilizationInMs: number
  readonly rateOut: RateLimits
  readonly rateIn: RateLimits
  readonly billingHour: BillingHour | null
  /**
   * `false`: growth in steps counts from the instances there were before the last `warmupMs`, so that what was just
   * ordered is not ordered again (AWS's warm-up, where others have a cooldown).
   */
  readonly growDuringWarmup: boolean
  /** While no constraint is in force: anything from 0 up (`free`), or no change at all (`hold`). */
  readonly withoutConstraint: 'free' | 'hold'
}

/**
 * Load that vanishes at once is more likely an outage in front of the fleet than peace: a drop of `operand` by `dropRatio` or
 * more of its highest value within `withinMs` holds all shrinking for `holdMs`.
 */
export interface OutageGuard {
  readonly operand: Expression
  readonly operandText: string
  readonly dropRatio: number
  readonly withinMs: number
  readonly holdMs: number
}

/** Where settings are pushed to when they change. */
export interface SettingsWebhook {
  readonly url: string
  /** Signs what is sent. */
  readonly secret: string | null
}

/**
 * `scale` acts; `notify` asks for approval first; `scale-and-notify` acts and tells; `recommend` decides and records,
 * and touches nothing.
 */
export type Mode = 'scale' | 'notify' | 'scale-and-notify' | 'recommend'

export interface PluginRef {
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
}

export type Placement = 'pack' | 'spread' | 'power-of-two' | 'rendezvous'

/** What becomes of sessions, and of instances that hold some when they should go. */
export interface SessionsSpec {
  /** Room on one instance; `null` where nobody said. */
  readonly slotsPerInstance: number | null
  readonly placement: Placement
  /** A session without a sign of life for so long has ended; `null`: it ends only when it is released. */
  readonly leaseMs: number | null
  /** Requests that may wait for room at a time, and how long at most. */
  readonly mostWaiting: number
  readonly longestWaitMs: number
  readonly drain: DrainSpec
  /** On a target that cannot choose a victim: sessions may be cut by a scale-in. */
  readonly mayCut: boolean
}

export const USUAL_SESSIONS: SessionsSpec = Object.freeze({
  slotsPerInstance: null,
  placement: 'pack',
  leaseMs: null,
  mostWaiting: 1_000,
  longestWaitMs: 30_000,
  drain: Object.freeze({ deadlineMs: null, pastDeadline: 'keep' }),
  mayCut: false,
})

/** An instance closed for longer than `deadlineMs` (`null`: any time) is kept and told of, reopened, or ended with its sessions. */
export interface DrainSpec {
  readonly deadlineMs: number | null
  readonly pastDeadline: 'keep' | 'reopen' | 'force'
}

export interface FleetSpec {
  readonly name: string
  readonly target: PluginRef
  /** Who knows its sessions; an instance is empty only when all of them say so. None: nobody places sessions. */
  readonly routers: readonly PluginRef[]
  readonly sessions: SessionsSpec
  readonly health: HealthSpec | null
  readonly repair: RepairSpec
  /** First the always-on `capacity` (rank 0) where there is one, then the constraints in the order of the file. */
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
  readonly outageGuard: OutageGuard | null
  /** Never more than this, whatever the bounds say; `null` is no limit. */
  readonly quota: number | null
  readonly settings: Readonly<Record<string, SettingSpec>>
  readonly settingsWebhook: SettingsWebhook | null
  readonly mode: Mode
  /** In mode `notify`, a decision nobody approved in this time lapses. */
  readonly approvalExpiresMs: number
  readonly everyMs: number
  /** Share of ready instances that must report before a per-instance aggregate counts. */
  readonly quorumRatio: number
  /** Samples of an instance younger than this (since ready) are left out. */
  readonly warmupMs: number
  /** An instance not ready after this long is terminated and launched anew. */
  readonly bootTimeoutMs: number
  readonly launchBatch: number
}

/** What is told to whom: a notifier and the events it is for. */
export interface NotifierSpec {
  readonly name: string
  readonly type: 'email' | 'webhook' | 'slack' | 'command'
  /** As written; the notifier's own schema parses them. */
  readonly options: Readonly<Record<string, unknown>>
  readonly on: readonly NoticeEvent[]
  /** At most one notice of a kind per fleet in this time. */
  readonly everyMs: number
}

export type NoticeEvent =
  | 'scaled'
  | 'failed'
  | 'gap-began'
  | 'gap-ended'
  | 'flapping'
  | 'held-long'
  | 'approval-wanted'
  | 'approval-withdrawn'
  | 'limit-reached'
  | 'lost'
  | 'froze'
  | 'thawed'
  | 'rule'

/** A custom action that rules may run. */
export interface ActionSpec {
  readonly name: string
  readonly type: 'command' | 'webhook' | 'function'
  /** As written; the action's own schema parses them. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface Spec {
  /** Identifies the text this came from: first 16 hex digits of its SHA-256. */
  readonly digest: string
  readonly fleets: Readonly<Record<string, FleetSpec>>
  readonly metrics: Readonly<Record<string, MetricSpec>>
  readonly schedules: Readonly<Record<string, Schedule>>
  readonly notifiers: Readonly<Record<string, NotifierSpec>>
  readonly actions: Readonly<Record<string, ActionSpec>>
}
