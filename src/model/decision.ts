/**
 * How many instances a fleet should have, and every step that led there. Steps carry numbers, not sentences;
 * `engine/explain.ts` turns them into the operator's words.
 *
 * Example: `{ current: 5, desired: 6, direction: 'out', rule: 'Scale up', bounds: { lowest: 4, highest: 6, ... },
 *   because: '"Scale up" fired: avg(cpu, 45m) = 83.2', steps: [...] }`
 */
import type { KpiState, Truth } from './expression.ts'
import type { Outlook } from './outlook.ts'
import type { OverrideChange } from './override.ts'
import type { SettingValue } from './spec.ts'
import type { EpochMs } from './time.ts'

export type Direction = 'out' | 'in' | 'none'

export interface Bounds {
  readonly lowest: number
  readonly highest: number
  readonly default: number
  /** Name of the constraint in force. */
  readonly constraint: string
  /** When its window ends; `null` for one that is always on. */
  readonly until: EpochMs | null
}

/** What one reactive rule answers. */
export type Proposal =
  | { readonly kind: 'abstain' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'want'; readonly count: number }

/** A projected operand: what it would read with `at` instances. */
export interface Projection {
  readonly instances: number
  readonly rule: string
  readonly operand: string
  /** `null`: more than any number, since no instance is left to carry it. */
  readonly value: number | null
}

export type Step =
  /** What a person changed at run time; first, since all that follows goes by it. */
  | {
      readonly stage: 'overrides'
      readonly outcome: 'in-force'
      readonly who: string
      readonly why: string
      readonly until: EpochMs | null
      readonly change: OverrideChange
    }
  | {
      readonly stage: 'bounds'
      readonly outcome: 'set'
      readonly constraint: string
      readonly rank: number
      readonly lowest: number
      readonly highest: number
      readonly default: number
      readonly schedule: string | null
      readonly until: EpochMs | null
      /** Active constraints of a lower rank. */
      readonly over: readonly string[]
      /** Active constraints of the same rank, later in the file. */
      readonly tied: readonly string[]
    }
  | {
      readonly stage: 'operands'
      readonly outcome: 'value'
      readonly operand: string
      readonly value: number
      /** `null` where no samples were looked at: a stated value, or a quantity of another fleet. */
      readonly samples: number | null
      readonly reporting: number | null
      /** The ready instances it was divided by; `null` where it was not (`dividePerInstance`). */
      readonly dividedBy: number | null
    }
  | { readonly stage: 'operands'; readonly outcome: 'gap'; readonly operand: string; readonly gap: string }
  | {
      readonly stage: 'kpis'
      readonly outcome: KpiState
      readonly kpi: string
      readonly goal: string
      readonly found: Readonly<Record<string, number | null>>
      /** Since when it has been so, as far as ticks saw it; entries of before it was kept have none. */
      readonly since?: EpochMs
      /** Until when it is taken to be so, if no tick comes. */
      readonly until?: EpochMs
    }
  | {
      readonly stage: 'conditions'
      readonly outcome: 'true' | 'false' | 'unknown'
      readonly rule: string
      readonly condition: string
      /** The operands of the condition by key; `null` is a gap. */
      readonly found: Readonly<Record<string, number | null>>
      /** Since when it has been true, where `for` asks. */
      readonly since: EpochMs | null
    }
  | {
      /** A rule without a condition: what its operand read and what that asks for. */
      readonly stage: 'demand'
      readonly outcome: 'want' | 'hold' | 'nothing' | 'unknown'
      readonly rule: string
      readonly operand: string
      /** What it is held against: the target of a tracking rule, the threshold of a step rule. */
      readonly against: number | null
      readonly want: number | null
      readonly found: Readonly<Record<string, number | null>>
      /** Of a rule that looks ahead: what it saw there; `against` is what one instance can serve. */
      readonly outlook?: Outlook
    }
  | {
      readonly stage: 'proposals'
      readonly outcome: 'want'
      readonly rule: string
      readonly rank: number
      readonly want: number
    }
  | {
      readonly stage: 'proposals'
      readonly outcome: 'abstain'
      readonly rule: string
      readonly reason: 'disabled' | 'outside-schedule' | 'false' | 'unknown' | 'not-long-enough' | 'holds'
      /** `not-long-enough`: when it will have held long enough. */
      readonly until: EpochMs | null
    }
  | {
      readonly stage: 'reconciliation'
      readonly outcome: 'grow' | 'shrink' | 'keep'
      readonly rule: string
      readonly rank: number
      readonly want: number
      /** Rules that fired and did not count: a lower rank, or a smaller want. */
      readonly over: readonly string[]
    }
  | {
      readonly stage: 'reconciliation'
      readonly outcome: 'vetoed'
      readonly rule: string
      readonly want: number
      readonly by: string
      readonly reason: 'did-not-fire' | 'holds' | 'unknown' | 'waits-to-grow'
    }
  | { readonly stage: 'reconciliation'; readonly outcome: 'default'; readonly want: number }
  | { readonly stage: 'reconciliation'; readonly outcome: 'nothing-fired' }
  /** No constraint is in force, and the fleet is told to stay as it is then. */
  | { readonly stage: 'reconciliation'; readonly outcome: 'no-constraint' }
  | { readonly stage: 'reconciliation'; readonly outcome: 'count-unknown'; readonly gap: string }
  | {
      readonly stage: 'reconciliation'
      readonly outcome: 'paused'
      readonly who: string
      readonly why: string
      readonly until: EpochMs | null
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'flapping'
      readonly outcome: 'passed' | 'lessened' | 'held'
      readonly from: number
      readonly to: number
      readonly projections: readonly Projection[]
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'cooldown'
      readonly outcome: 'passed' | 'held'
      readonly from: number
      readonly to: number
      readonly lastChangeAt: EpochMs | null
      readonly cooldownMs: number
      readonly until: EpochMs | null
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'stabilization'
      readonly outcome: 'passed' | 'lessened' | 'held'
      readonly from: number
      readonly to: number
      readonly windowMs: number
      /** The recommendation that stands in the way leaves the window then. */
      readonly until: EpochMs | null
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'rate-limit'
      readonly outcome: 'passed' | 'lessened' | 'held'
      readonly from: number
      readonly to: number
      /** The furthest count the limits allow now. */
      readonly allowed: number
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'billing-hour'
      readonly outcome: 'passed' | 'lessened' | 'held'
      readonly from: number
      readonly to: number
      /** When it may change, or more may go; `null` where that is not known, or nothing is held. */
      readonly until: EpochMs | null
      /** Where the paid hours go by age, of a cut. */
      readonly ages?: {
        readonly lastMinutes: number
        /** Instances and places that may be given up now. */
        readonly mayGo: number
        /** What the others wait for: their own last minutes, that what is booting is ready, or a launch that is known. */
        readonly waitsFor: 'last-minutes' | 'booting' | 'launches'
      }
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'outage'
      readonly outcome: 'passed' | 'held'
      readonly from: number
      readonly to: number
      readonly operand: string
      /** What it reads now, and the highest of the guard's time; `null` where there is no data. */
      readonly value: number | null
      readonly peak: number | null
      readonly until: EpochMs | null
    }
  | {
      readonly stage: 'guards'
      readonly guard: 'warm-up'
      readonly outcome: 'passed' | 'lessened' | 'held'
      readonly from: number
      readonly to: number
      /** How many of the current instances came within the warm-up. */
      readonly warming: number
      readonly warmupMs: number
    }
  | {
      /** What a reserve, serve or forecast rule wants is a floor, whatever the ranks and guards say. */
      readonly stage: 'floors'
      readonly outcome: 'raised'
      readonly rule: string
      /** `unknown`: it does not know how much room is left, so nothing goes. */
      readonly reason: 'room' | 'unknown'
      readonly from: number
      readonly to: number
    }
  | {
      readonly stage: 'settings'
      readonly outcome: 'set'
      readonly setting: string
      readonly value: SettingValue
      readonly rule: string
      /** Rules that fired and set it too: a lower rank, or later in the file. */
      readonly over: readonly string[]
    }
  | {
      readonly stage: 'effects'
      readonly outcome: 'notify' | 'run'
      readonly rule: string
      readonly name: string
    }
  | {
      readonly stage: 'limits'
      readonly outcome: 'raised' | 'lowered'
      readonly limit: 'lowest' | 'highest' | 'target' | 'quota'
      readonly from: number
      readonly to: number
    }

/** Something a rule asks for besides scaling, once, when it begins to fire. */
export interface Effect {
  readonly kind: 'notify' | 'run'
  readonly rule: string
  /** Of the notifier or custom action. */
  readonly name: string
}

export interface Decision {
  readonly fleet: string
  readonly at: EpochMs
  /** open + pending + replacing; `null` when the target could not be asked. */
  readonly current: number | null
  /** `null` only when `current` is. */
  readonly desired: number | null
  readonly direction: Direction
  /** The rule or constraint that won; `null` when nothing changes. */
  readonly rule: string | null
  readonly bounds: Bounds
  /** One sentence in the operator's words. */
  readonly because: string
  readonly kpis: Readonly<Record<string, KpiState>>
  /** Every setting of the fleet with its value now. */
  readonly settings: Readonly<Record<string, SettingValue>>
  readonly effects: readonly Effect[]
  readonly steps: readonly Step[]
}

export type { Truth }
