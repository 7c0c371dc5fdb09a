/**
 * What the page reads of the API's answers: only the parts it shows. `test/page-contract.test.ts` fails to compile
 * when the API stops sending one of them.
 *
 * Example: `FleetSummary` for a fleet going from 5 to 6: `{ name: 'web', current: 5, desired: 6, direction: 'out', ... }`.
 */

/** ISO-8601 text, UTC. */
export type Time = string

export interface Bounds {
  readonly lowest: number
  readonly highest: number
  readonly constraint: string
  readonly until: Time | null
}

export type KpiState = 'green' | 'red' | 'unknown'

/** What a person is asked. */
export interface Approval {
  readonly id: string
  readonly current: number
  readonly desired: number
  readonly direction: 'out' | 'in' | 'none'
  readonly because: string
  readonly expiresAt: Time
  readonly state: 'waiting' | 'approved' | 'rejected'
}

/** What somebody changed by hand. */
export interface Override {
  readonly id: string
  readonly who: string
  readonly why: string
  readonly until: Time | null
  readonly change:
    | { readonly kind: 'pause' }
    | { readonly kind: 'mode'; readonly mode: string }
    | { readonly kind: 'capacity'; readonly count: number }
    | { readonly kind: 'rule-enabled'; readonly rule: string; readonly enabled: boolean }
    | { readonly kind: 'rule-rank'; readonly rule: string; readonly rank: number }
    | { readonly kind: 'instance'; readonly instance: string; readonly order: 'keep' | 'drain' }
    | { readonly kind: 'unfreeze' }
}

/** So much fails at once that everything destructive is held back. */
export interface Freeze {
  readonly since: Time
  readonly because: string
  readonly until: Time
}

export interface FleetSummary {
  readonly name: string
  readonly mode: 'scale' | 'notify' | 'scale-and-notify' | 'recommend'
  readonly everyMs: number
  readonly at: Time | null
  readonly revision: number | null
  readonly current: number | null
  readonly desired: number | null
  readonly direction: 'out' | 'in' | 'none' | null
  readonly bounds: Bounds | null
  readonly because: string | null
  readonly capacity: {
    readonly open: number
    readonly pending: number
    readonly draining: number
    readonly replacing: number
  } | null
  readonly sessions: {
    readonly inUse: number | null
    readonly inUseOpen: number | null
    readonly slots: number | null
    readonly waiting: number
  } | null
  /** `null`: its instances have no slots. */
  readonly slotsPerInstance: number | null
  readonly freeze: Freeze | null
  readonly kpis: Readonly<Record<string, KpiState>>
  readonly approval: Approval | null
  readonly overrides: readonly Override[]
  readonly lastTick: {
    readonly at: Time
    readonly outcome: 'ticked' | 'standby' | 'failed'
    readonly error: string | null
  } | null
}

export interface Step {
  readonly stage: string
  readonly outcome: string
  readonly because: string
}

export interface Action {
  readonly kind: 'launch' | 'reopen' | 'close' | 'seal' | 'terminate' | 'restart' | 'resize'
  readonly id: string
  /** A launch has none yet, and a resize none at all. */
  readonly instance?: string
  readonly because: string
}

export interface Decision {
  readonly revision: number
  readonly at: Time
  readonly current: number | null
  readonly desired: number | null
  readonly direction: 'out' | 'in' | 'none'
  readonly rule: string | null
  readonly because: string
  readonly steps: readonly Step[]
  readonly actions: readonly Action[]
}

export interface Metric {
  readonly name: string
  readonly kind: 'perInstance' | 'total' | 'independent'
  readonly unit: 'percent' | 'ratio' | 'ms' | 's' | 'bytes' | 'count' | null
  readonly everyMs: number
}

export interface Fleet extends FleetSummary {
  readonly decision: Decision | null
  readonly plan: {
    readonly waiting: readonly {
      readonly what: string
      readonly instance: string | null
      readonly because: string
      readonly until: Time | null
    }[]
  } | null
  readonly metrics: readonly Metric[]
}

export interface Instance {
  readonly id: string
  readonly lifecycle: 'requested' | 'booting' | 'ready' | 'terminating' | 'gone' | 'lost'
  readonly admission: 'open' | 'closing' | 'closed' | 'opening'
  readonly health: 'unknown' | 'healthy' | 'suspect' | 'unhealthy'
  readonly sealed: boolean
  /** What an operator asked of it. */
  readonly order: 'keep' | 'drain' | null
  readonly load:
    | { readonly kind: 'known'; readonly slots: number }
    | { readonly kind: 'unknown'; readonly because: string }
    | { readonly kind: 'untracked' }
  readonly zone: string | null
  readonly address: string | null
  readonly launchedAt: Time | null
  readonly closedAt: Time | null
  readonly detail: string | null
  /** How people get to it. */
  readonly access: readonly { readonly name: string; readonly address: string }[]
}

export interface Order {
  readonly token: string
  readonly at: Time
}

export interface Instances {
  readonly instances: readonly Instance[]
  readonly orders: readonly Order[]
}

export interface TimelinePoint {
  readonly at: Time
  readonly open: number | null
  readonly pending: number | null
  readonly draining: number | null
  readonly desired: number | null
  readonly lowest: number
  readonly highest: number
  /** `null` for a fleet without slots. */
  readonly sessions: {
    readonly inUse: number | null
    readonly slots: number | null
    readonly waiting: number
  } | null
}

export interface Sample {
  readonly at: Time
  readonly value: number
}

export interface KpiInterval {
  readonly from: Time
  readonly to: Time
  readonly state: KpiState
  /** `false`: nobody looked. */
  readonly ticked: boolean
}

export interface KpiHistory {
  readonly kpi: string
  /** Newest first. */
  readonly intervals: readonly KpiInterval[]
  readonly share: Readonly<Record<KpiState, number>>
}

export interface TickEvent {
  readonly fleet: FleetSummary
  readonly point: TimelinePoint | null
  readonly changed: boolean
}

export interface SamplesEvent {
  readonly fleet: string
  readonly metric: string
  readonly samples: readonly Sample[]
}

export interface LostEvent {
  readonly fleet: string
  readonly instance: string
  readonly at: Time
  readonly detail: string
}

export interface FreezeEvent {
  readonly fleet: string
  readonly at: Time
  readonly state: 'froze' | 'thawed'
  readonly because: string
}

export interface GapEvent {
  readonly fleet: string
  readonly operand: string
  readonly at: Time
  readonly state: 'began' | 'ended'
  readonly gap: string | null
}

export interface TroubleEvent {
  readonly fleet: string
  readonly at: Time
  readonly what: string
}

export interface RunEvent {
  readonly fleet: string
  readonly at: Time
  readonly action: string
  readonly rule: string
  readonly state: 'done' | 'failed'
  readonly said: string
}

export interface DeliveryEvent {
  readonly fleet: string
  readonly at: Time
  readonly notifier: string
  readonly title: string
  readonly state: 'sent' | 'retrying' | 'failed'
  readonly detail: string
}

export interface SpecEvent {
  readonly at: Time
  readonly state: 'applied' | 'refused'
  readonly problems: string | null
}

export type SettingValue = boolean | number | string

export interface Setting {
  readonly setting: string
  readonly value: SettingValue
  readonly default: SettingValue
  readonly description: string
  readonly rule: string | null
  readonly since: Time | null
  readonly decided: SettingValue
}

export interface FleetSettings {
  readonly fleet: string
  readonly version: number
  /** `false` in a mode that does not apply them. */
  readonly applied: boolean
  readonly details: readonly Setting[]
}

export interface SettingsEvent extends FleetSettings {
  readonly at: Time
  readonly changed: readonly {
    readonly setting: string
    readonly from: SettingValue
    readonly to: SettingValue
    readonly rule: string | null
  }[]
}
