/**
 * Where intent becomes durable: memory, journal, samples and revision in one atomic commit.
 *
 * Example: `commit({ fleet: 'web', epoch: 3, parentRevision: 41, memory: { revision: 42, ... }, entry, samples: [] })`
 * is refused with `conflict` when someone else committed revision 42 first or holds a later epoch.
 */
import type { Verdict } from '../model/approval.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Memory } from '../model/memory.ts'
import type { NewAct, OperatorAct, Override } from '../model/override.ts'
import type { Outcome } from '../model/plan.ts'
import type { Sample } from '../model/sample.ts'
import type { SettingChange } from '../model/settings.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { Notice } from './notifier.ts'
import type { Plugin } from './plugin.ts'

export interface Lease {
  readonly fleet: string
  readonly holder: string
  /** Grows with every change of holder; a commit with an older one is refused. */
  readonly epoch: number
  readonly expiresAt: EpochMs
}

export interface SeriesSamples {
  readonly metric: string
  readonly samples: readonly Sample[]
}

export interface Commit {
  readonly fleet: string
  readonly epoch: number
  /** The revision this one was made from; `memory.revision` is one more. */
  readonly parentRevision: number
  readonly memory: Memory
  /** The tick's entry, in the commit of its intent. */
  readonly entry: JournalEntry | null
  /**
   * Outcomes added to those the entry of this revision has: of its plan in the commit that follows the acting, of its
   * custom actions in a later one. A second outcome of the same action takes the place of the first.
   */
  readonly outcomes: { readonly revision: number; readonly outcomes: readonly Outcome[] } | null
  readonly samples: readonly SeriesSamples[]
  /** Changes of the settings in force that `memory` holds the outcome of. */
  readonly settings?: readonly SettingChange[]
}

/** Newest first. `before` pages: entries with a smaller revision. */
export interface JournalQuery {
  readonly fleet: string
  readonly limit: number
  readonly before?: number
  /** Entries with `at` <= this. */
  readonly at?: EpochMs
  readonly since?: EpochMs
  /** Only ticks that changed something (actions, or a desired other than current). */
  readonly changesOnly?: boolean
}

/** One tick in numbers, for pictures and long views; cheaper than its journal entry. */
export interface TimelinePoint {
  readonly at: EpochMs
  readonly revision: number
  /** `null` where the target could not be asked. */
  readonly open: number | null
  readonly pending: number | null
  readonly draining: number | null
  readonly desired: number | null
  readonly lowest: number
  readonly highest: number
  /** The rule or constraint that won, when the count changed. */
  readonly rule: string | null
  /** `null` for a fleet without slots. */
  readonly sessions: SessionsPoint | null
}

/** Slots in use on all instances, slots of the open ones (`null`: not known then), and requests that wait for room. */
export interface SessionsPoint {
  readonly inUse: number | null
  readonly slots: number | null
  readonly waiting: number
}

export interface TimelineQuery {
  readonly fleet: string
  readonly window: Interval
  /** The newest this many. */
  readonly limit: number
}

export interface SampleQuery {
  readonly fleet: string
  readonly metric: string
  readonly window: Interval
  /** The newest this many. */
  readonly limit: number
}

/** Newest first. `before` pages: changes with a smaller version. */
export interface SettingChangeQuery {
  readonly fleet: string
  readonly limit: number
  readonly before?: number
}

/** Newest first. `before` pages: acts with a smaller id. */
export interface ActQuery {
  /** Of this fleet and of the whole configuration; without it, of all. */
  readonly fleet?: string
  readonly limit: number
  readonly before?: number
}

/** A configuration that was in force. */
export interface SpecVersion {
  readonly digest: string
  /** When it was last put in force. */
  readonly at: EpochMs
}

/** A notice that one notifier has not taken yet: what a crash must not lose. */
export interface WaitingNotice {
  readonly notifier: string
  /** Names its fleet, and the id by which a receiver drops repeats: the same at every try, in whichever process. */
  readonly notice: Notice
  /** Of one kind per fleet, at most one is told per period. */
  readonly kind: string
  readonly takenAt: EpochMs
  /** Kept back until the period of its kind that began at `since` is over, in place of `more` others; `null`: it is due. */
  readonly held: { readonly since: EpochMs; readonly more: number } | null
}

/** Waiting notices kept per fleet: where there are more, the oldest go. */
export const WAITING_NOTICES_KEPT = 500

/**
 * Series whose name begins so are the demand of a fleet by the minute, of which forecasts need weeks: they are kept for this long,
 * whatever `Retention` says of samples. (No metric has a colon in its name.)
 */
export const DEMAND_SERIES = 'demand:'
export const DEMAND_KEPT_MS = 28 * 86_400_000

export function isDemandSeries(metric: string): boolean {
  return metric.startsWith(DEMAND_SERIES)
}

/**
 * The series of the sessions that ended: each sample is a group of them, at the end of the last. Its value is how long they lasted in the
 * mean, in ms; its labels say how many they were, of how many slots, and over which time they ended. Kept as all samples are.
 */
export const ENDED_SERIES = 'sessions:ended'

export interface Retention {
  readonly samplesMs: number
  /** Samples kept per fleet and metric, whatever their age: the newest this many. */
  readonly samplesPerSeries: number
  /** Also of the changes of settings, of operators' acts, and of notices that nobody came back for. */
  readonly journalMs: number
  /** Journal entries, and changes of settings, kept per fleet, whatever their age: the newest this many. */
  readonly journalEntries: number
}

export interface StateStore extends Plugin {
  /** The fleet's memory; `EMPTY_MEMORY` when it has none. */
  load(fleet: string): Promise<Memory>
  /**
   * Atomic and durable when it returns. Throws `PluginError('conflict')` when `parentRevision` is not the
   * stored revision, or a lease with a later epoch exists.
   */
  commit(commit: Commit): Promise<void>
  /** Keeps the text of a configuration under its digest (once). */
  saveSpec(digest: string, text: string, at: EpochMs): Promise<void>
  readSpec(digest: string): Promise<string | null>
  /** Newest first. */
  listSpecs(limit: number): Promise<readonly SpecVersion[]>
  /** Puts an override in force in place of the one on the same subject, and records the act: both or neither. */
  saveOverride(override: Override, act: NewAct): Promise<OperatorAct>
  /** Ends it and records the act; does neither and answers `null` when there is no such override. */
  deleteOverride(fleet: string, id: string, act: NewAct): Promise<OperatorAct | null>
  /** In the order they were set, those whose time is over included. */
  readOverrides(fleet: string): Promise<readonly Override[]>
  /**
   * Records an act that is its own effect: a word on an approval, a configuration put in force. Throws
   * `PluginError('conflict')` when that approval has been answered already.
   */
  recordAct(act: NewAct): Promise<OperatorAct>
  readActs(query: ActQuery): Promise<readonly OperatorAct[]>
  /** The word on an approval; `null` while nobody has said one. */
  readVerdict(approval: string): Promise<Verdict | null>
  /**
   * Keeps it in place of what waits for the same notifier under the same id. Does nothing and answers `false` while the
   * lease of its fleet is another's than `holder`'s, also when that has expired: who holds it, or takes it next, tells.
   */
  saveNotice(waiting: WaitingNotice, holder: string): Promise<boolean>
  /** May `holder` try it now? It still waits, and the lease of its fleet is nobody else's. */
  claimNotice(notifier: string, id: string, holder: string): Promise<boolean>
  /** Taken, or given up. */
  deleteNotice(notifier: string, id: string): Promise<void>
  /** In the order they were first kept. */
  readNotices(fleet: string): Promise<readonly WaitingNotice[]>
  readJournal(query: JournalQuery): Promise<readonly JournalEntry[]>
  /** Sorted by time. */
  readTimeline(query: TimelineQuery): Promise<readonly TimelinePoint[]>
  /** Sorted by time. */
  readSamples(query: SampleQuery): Promise<readonly Sample[]>
  readSettingChanges(query: SettingChangeQuery): Promise<readonly SettingChange[]>
  /** Fleets that have memory, sorted. */
  listFleets(): Promise<readonly string[]>
  /** The lease when it was free, expired, or already `holder`'s (then renewed, same epoch); `null` while another holds it. */
  acquireLease(fleet: string, holder: string, now: EpochMs, ttlMs: number): Promise<Lease | null>
  releaseLease(lease: Lease): Promise<void>
  /** Deletes what retention no longer keeps. Bounded work per call; returns rows deleted. */
  prune(now: EpochMs, retention: Retention): Promise<number>
}
