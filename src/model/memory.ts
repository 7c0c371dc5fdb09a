/**
 * What a fleet remembers from one tick to the next; everything else is observed anew. Committed with the
 * journal entry it belongs to, so cooldowns, `for` timers, closed marks and orders survive a restart.
 *
 * Example: after "Scale up" added one at 11:40,
 * `lastChange: { at: ..., direction: 'out', rule: 'Scale up', from: 4, to: 5, cooldownMs: 180000 }`.
 */
import type { Approval } from './approval.ts'
import type { KpiState } from './expression.ts'
import type { Freeze, HealthMemory } from './health.ts'
import type { Admission, Order } from './inventory.ts'
import type { Run } from './run.ts'
import { NO_SETTINGS, type SettingsInForce } from './settings.ts'
import type { EpochMs } from './time.ts'

export interface Change {
  readonly at: EpochMs
  readonly direction: 'out' | 'in'
  /** The rule or constraint that asked; `null` when another actor changed the count. */
  readonly rule: string | null
  readonly from: number
  readonly to: number
  /** The period that rule would have waited in its direction (for `cooldownFrom: last`). */
  readonly cooldownMs: number
}

export interface Recommendation {
  readonly at: EpochMs
  readonly count: number
}

/** What the outage guard remembers of the load. */
export interface LoadMemory {
  /** Values that may still be the highest of the guard's time, falling, oldest first; a few dozen at most. */
  readonly peaks: readonly { readonly at: EpochMs; readonly value: number }[]
  /** Shrinking is held until then; `null` when no drop was seen. */
  readonly heldUntil: EpochMs | null
}

/** Our marks on an instance, kept by us because a target does not know them. */
export interface Mark {
  readonly admission: Admission
  readonly closedAt: EpochMs | null
  /**
   * `sealing`: intended, and whether the router took it is not known; it is asked again. Only what is `sealed` is
   * terminated, and neither is ever reopened.
   */
  readonly seal: 'none' | 'sealing' | 'sealed'
  readonly incarnation: string | null
  /** Known from probes; `null` without a probe. */
  readonly health: HealthMemory | null
  /** When it was first missing from the target's list; `null` while it is in it. */
  readonly missingSince: EpochMs | null
  /** It is gone: kept for a while, so that a list that is late does not bring it back as a new one. */
  readonly goneAt: EpochMs | null
  readonly zone: string | null
  /** First seen ready. */
  readonly readyAt: EpochMs | null
  /** First seen at all; an instance that vanishes while not sealed was lost. */
  readonly seenAt: EpochMs
  /** When it was ordered, or launched, while it is not ready; left out where that is not known. */
  readonly orderedAt?: EpochMs
}

/** Launches that failed in a row; the next may be tried at `retryAt`. */
export interface LaunchTrouble {
  readonly failures: number
  readonly retryAt: EpochMs
  readonly error: string
}

export interface KpiSince {
  readonly state: KpiState
  readonly since: EpochMs
}

export interface Memory {
  /** Grows by one with every commit. 0 before the first. */
  readonly revision: number
  /** The last tick's time; never goes back. */
  readonly at: EpochMs
  /** By rule name: since when its condition has been true. */
  readonly trueSince: Readonly<Record<string, EpochMs>>
  /** By rule name: since when it has been firing, so that its effects come once. */
  readonly firingSince: Readonly<Record<string, EpochMs>>
  /** By KPI: its state at the last tick, and since when it has been in it. */
  readonly kpis: Readonly<Record<string, KpiSince>>
  readonly lastChange: Change | null
  /** As far back as a rate limit or a warm-up asks, oldest first. */
  readonly changes: readonly Change[]
  readonly recommendations: readonly Recommendation[]
  readonly load: LoadMemory
  /** What the last decision wanted; `null` before the first. */
  readonly desired: number | null
  /** The count the next tick should see if nobody else acts; `null` before the first. */
  readonly expected: number | null
  /** By operand: since when it has been a gap. */
  readonly gaps: Readonly<Record<string, EpochMs>>
  readonly marks: Readonly<Record<string, Mark>>
  readonly orders: readonly Order[]
  /** Places that were decided and are neither there nor ordered yet: lost instances, failed or withheld launches. */
  readonly owed: number
  readonly launchTrouble: LaunchTrouble | null
  /** Custom actions begun and without an outcome, oldest first. */
  readonly runs: readonly Run[]
  /** In `notify` mode: what a person was asked. */
  readonly approval: Approval | null
  readonly settings: SettingsInForce
  readonly freeze: Freeze | null
  /** By zone where launches failed last. */
  readonly zoneTrouble: Readonly<Record<string, LaunchTrouble>>
  /** Restarts and replacements begun, oldest first, as far back as budget and crash loops ask; a few dozen at most. */
  readonly repairs: readonly Repair[]
  /** The count last asked of a target that cannot choose a victim, while it is not there yet. */
  readonly resize?: Resize | null
  /** How long the last instances took from their order until they were seen ready, in milliseconds, oldest first; 50 at most. */
  readonly boots?: readonly number[]
  /** Instances beside the wanted ones that may stand for a while (sick ones with a replacement, say): nobody decided on them. */
  readonly beside?: number
}

export interface Repair {
  readonly at: EpochMs
  readonly instance: string
  /**
   * `never-ready`: given up while it booted, or ended as soon as it was ready. `move`: another is launched in an emptier zone, and
   * this one is closed when that is open. `reopen`: its drain took too long; it is not chosen again for as long as a drain may last.
   */
  readonly how: 'replace' | 'restart' | 'never-ready' | 'move' | 'reopen'
  readonly because: string
}

export interface Resize {
  readonly token: string
  readonly count: number
  readonly at: EpochMs
  /** Not there by then, it is asked anew. */
  readonly until: EpochMs
  /** The target has answered. */
  readonly acknowledged: boolean
}

export const EMPTY_MEMORY: Memory = Object.freeze({
  revision: 0,
  at: 0,
  trueSince: Object.freeze({}),
  firingSince: Object.freeze({}),
  kpis: Object.freeze({}),
  lastChange: null,
  changes: Object.freeze([]),
  recommendations: Object.freeze([]),
  load: Object.freeze({ peaks: Object.freeze([]), heldUntil: null }),
  desired: null,
  expected: null,
  gaps: Object.freeze({}),
  marks: Object.freeze({}),
  orders: Object.freeze([]),
  owed: 0,
  launchTrouble: null,
  runs: Object.freeze([]),
  approval: null,
  settings: NO_SETTINGS,
  freeze: null,
  zoneTrouble: Object.freeze({}),
  repairs: Object.freeze([]),
})
