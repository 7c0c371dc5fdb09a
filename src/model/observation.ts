/**
 * Everything one tick saw of a fleet, as numbers: the only facts `decide` and `plan` may use. Stored in the
 * journal, so that a decision can be replayed byte for byte.
 *
 * Example: four open instances, CPU averaging 83.2 over nine samples of four instances:
 * `{ at: 1795262400000, fleet: 'web', capacity: { open: 4, pending: 0, draining: 0, replacing: 0 },
 *    readings: { 'avg(cpu, 45m)': { value: 83.2, samples: 9, firstAt: ..., lastAt: ..., reporting: 4 } }, ... }`
 */

import type { FleetQuantity } from './expression.ts'
import type { Outlook } from './outlook.ts'
import type { Override } from './override.ts'
import type { EpochMs, Interval } from './time.ts'

/** What a window held. Whether that is enough to count is the engine's business (coverage, quorum). */
export interface Reading {
  readonly value: number
  readonly samples: number
  /** Time of the oldest and newest sample inside the window. */
  readonly firstAt: EpochMs
  readonly lastAt: EpochMs
  /** How many different instances reported within the metric's `staleAfterMs`; `null` when the samples name none. */
  readonly reporting: number | null
}

/** Data asked for and not had. Never zero. */
export interface Gap {
  readonly gap: string
}

/** An operand stated outright (the what-if door) rather than computed from samples: no coverage to judge. */
export interface Stated {
  readonly stated: number
}

export type OperandReading = Reading | Gap | Stated

/** Counts of a fleet; the four are disjoint. */
export interface CapacityCounts {
  /** Ready, open and not unhealthy. */
  readonly open: number
  /** Ordered and not yet ready: booting instances and launches nobody has seen yet. */
  readonly pending: number
  /** Closed and not yet gone. */
  readonly draining: number
  /** Lost, unhealthy, or owed (a launch that failed or waits): places kept until they are filled again. */
  readonly replacing: number
}

/** `null` is unknown (or no router to ask). */
export interface SessionCounts {
  /** Slots in use on all instances, draining ones too. */
  readonly inUse: number | null
  /** Slots in use, and slots in all, on the open ones. */
  readonly inUseOpen: number | null
  readonly slots: number | null
  /** Requests for a session that wait for room; 0 where nothing waits or nobody can. */
  readonly waiting: number
  /** Open instances whose load is unknown. Where they are few, they count as full in `inUseOpen`. */
  readonly silent: number
}

export const NO_SESSIONS: SessionCounts = Object.freeze({
  inUse: null,
  inUseOpen: null,
  slots: null,
  waiting: 0,
  silent: 0,
})
/**
 * When instances were launched, the end of whose paid hour is nearest first; at most `MOST_LAUNCHES` each. One whose launch is
 * not known is left out.
 */
export interface Launches {
  readonly open: readonly EpochMs[]
  /** Of the pending ones that are there and were not opened again. */
  readonly booting: readonly EpochMs[]
}

/** So many may leave in one tick at most; the next one goes on. */
export const MOST_LAUNCHES = 1_000

export interface Observation {
  readonly at: EpochMs
  readonly fleet: string
  /** `null`: the target could not be asked; then nothing may change. */
  readonly capacity: CapacityCounts | null
  /** Only of a fleet whose paid hours go by the age of its instances. */
  readonly launches?: Launches
  /** Why `capacity` is null. */
  readonly capacityGap: string | null
  /** Another actor changed the count since the last tick; it counts as a change for the cooldown. */
  readonly external: { readonly from: number; readonly to: number } | null
  readonly sessions: SessionCounts
  /** By operand key; an operand without an entry is a gap. */
  readonly readings: Readonly<Record<string, OperandReading>>
  /** By schedule name: the window in force at `at`, else the next one; `null` when there is none. */
  readonly windows: Readonly<Record<string, Interval | null>>
  /** The most the target can hold (plan tier, quota); `null` when it knows no limit. */
  readonly targetHighest: number | null
  /** What operators changed at run time, as far as it is in force. */
  readonly overrides: readonly Override[]
  /** Quantities of the other fleets its rules name, as their latest ticks saw them; one that is missing is unknown. */
  readonly fleets: Readonly<Record<string, FleetQuantities>>
  /** By rule: what is expected of the demand. Only of a fleet with rules that look ahead. */
  readonly outlooks?: Readonly<Record<string, Outlook>>
}

/** `null` is unknown. */
export type FleetQuantities = Readonly<Record<FleetQuantity, number | null>>
