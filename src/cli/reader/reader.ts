/**
 * Reads what a fleet decided, wherever it is kept: from a running daemon or from its state file. The two answer alike,
 * so `status`, `explain`, `history` and `plot` do not know which they have.
 *
 * Example: `await reader.ticks({ fleet: 'web', limit: 1, at })` is the newest tick at or before `at`.
 */
import type { z } from 'zod'
import type { KpiHistory, KpiNow } from '../../api/kpis.ts'
import type { ExplanationWire } from '../../api/wire/explanation.ts'
import type { JournalEntryWire } from '../../api/wire/journal.ts'
import type { SeenTick } from '../../lab/compare/sighting.ts'
import type { SettingChange } from '../../model/settings.ts'
import type { SettingValue } from '../../model/spec.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { TimelinePoint } from '../../ports/state-store.ts'

/** One tick as it was, with a sentence at every step. */
export type Tick = z.output<typeof JournalEntryWire>

/** Newest first. */
export interface TickQuery {
  readonly fleet: string
  readonly limit: number
  /** Only ticks at or before this. */
  readonly at?: EpochMs
  readonly since?: EpochMs
  /** Only ticks that changed something. */
  readonly changesOnly?: boolean
}

/** Why a rule did not win a tick, and what the next step takes. */
export type Explained = z.output<typeof ExplanationWire>

export interface ExplainQuery {
  readonly fleet: string
  /** The newest tick at or before this. */
  readonly at?: EpochMs
  readonly whyNot: string | null
  readonly next: boolean
}

export interface FleetNow {
  readonly fleet: string
  /** `null` before the first tick. */
  readonly tick: Tick | null
  /** What the daemon says of a last tick that decided nothing (it failed, another holds the lease). */
  readonly trouble: string | null
  /** How often it ticks; `null` where that is not known. */
  readonly everyMs: number | null
}

export interface SettingTold {
  readonly setting: string
  readonly value: SettingValue
  /** `null` where only the state file is read: the configuration has it. */
  readonly default: SettingValue | null
  readonly description: string
  /** The rule that holds the value; `null` at the default. */
  readonly rule: string | null
  readonly since: EpochMs | null
  /** What the rules ask for; `null` where that is not known. */
  readonly decided: SettingValue | null
}

export interface SettingsTold {
  readonly fleet: string
  readonly version: number
  /** `false` in a mode that does not apply settings. */
  readonly applied: boolean
  readonly settings: readonly SettingTold[]
}

export interface Reader {
  /** In words, for messages: `the daemon at http://127.0.0.1:7070`. */
  readonly from: string
  /** Sorted by name. */
  fleets(): Promise<readonly FleetNow[]>
  ticks(query: TickQuery): Promise<readonly Tick[]>
  /** Every tick of the window, newest first, a page at a time, until `take` wants no more. Nothing is kept. */
  eachTick(fleet: string, window: Interval, take: (tick: SeenTick) => boolean): Promise<void>
  /** `null` when nothing is recorded. Throws PLM-507 for a rule the fleet did not have. */
  explain(query: ExplainQuery): Promise<Explained | null>
  /** Sorted by fleet. */
  settings(): Promise<readonly SettingsTold[]>
  /** Newest first. */
  settingChanges(fleet: string, limit: number): Promise<readonly SettingChange[]>
  /** `null` when nothing is recorded of the fleet. */
  kpis(fleet: string): Promise<readonly KpiNow[] | null>
  /** The newest `MOST_INTERVALS` intervals of the window. */
  kpiHistory(fleet: string, kpi: string, window: Interval): Promise<KpiHistory>
  /** Sorted by time. */
  timeline(fleet: string, window: Interval): Promise<readonly TimelinePoint[]>
  close(): Promise<void>
}

/** Intervals of a KPI that are read at most. */
export const MOST_INTERVALS = 1_000

/** Points of a timeline that are read at most: the newest. */
export const MOST_POINTS = 100_000
