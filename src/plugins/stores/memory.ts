/**
 * A state store that lives and dies with the process: for backtests, simulations and embedding without a disk.
 * It keeps references to what it is given, since model data is frozen; samples are copied.
 *
 * Example: after `commit({ fleet: 'web', parentRevision: 0, memory: { revision: 1, ... }, ... })`,
 * `load('web')` answers that memory and `load('shop')` answers `EMPTY_MEMORY`.
 */
import type { Verdict } from '../../model/approval.ts'
import type { JournalEntry } from '../../model/journal.ts'
import { EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import {
  type NewAct,
  NO_OVERRIDES,
  type OperatorAct,
  type Override,
  subjectOf,
} from '../../model/override.ts'
import { type Sample, seriesOf } from '../../model/sample.ts'
import type { SettingChange } from '../../model/settings.ts'
import type { EpochMs } from '../../model/time.ts'
import { contains } from '../../model/time.ts'
import { PluginError } from '../../ports/plugin.ts'
import {
  type Commit,
  DEMAND_KEPT_MS,
  isDemandSeries,
  type JournalQuery,
  type Lease,
  type Retention,
  type SampleQuery,
  type SettingChangeQuery,
  type StateStore,
  type TimelinePoint,
  type TimelineQuery,
  WAITING_NOTICES_KEPT,
  type WaitingNotice,
} from '../../ports/state-store.ts'
import {
  answeredAlready,
  changedSomething,
  requireConsistent,
  requireCurrent,
  timelinePoint,
  verdictOf,
  withOutcomes,
} from './commit-rules.ts'

/** Most a single `prune` deletes, so that one call never takes long. */
const ROWS_PER_PRUNE = 10_000

interface LeaseRow {
  holder: string | null
  epoch: number
  expiresAt: EpochMs
}

interface FleetRow {
  memory: Memory
  /** Oldest first. */
  journal: JournalEntry[]
  /** By metric, sorted. */
  series: Map<string, Sample[]>
  /** Oldest first. */
  settingChanges: SettingChange[]
}

interface SpecRow {
  readonly text: string
  savedAt: EpochMs
}

export function createMemoryStore(): StateStore {
  const fleets = new Map<string, FleetRow>()
  const leases = new Map<string, LeaseRow>()
  const specs = new Map<string, SpecRow>()
  const overrides = new Map<string, readonly Override[]>()
  /** Oldest first. */
  const acts: OperatorAct[] = []
  /** In the order they were first kept. */
  let waiting: readonly WaitingNotice[] = []
  let lastAct = 0
  let closed = false

  function requireOpen(): void {
    if (closed) throw new PluginError('unavailable', 'PLM-411 the state store is closed')
  }

  function recordAct(act: NewAct): OperatorAct {
    lastAct += 1
    const recorded = { ...act, id: lastAct }
    acts.push(recorded)
    return recorded
  }

  function findVerdict(approval: string): Verdict | null {
    for (const act of acts) {
      const verdict = verdictOf(act)
      if (verdict?.approval === approval) return verdict
    }
    return null
  }

  function isAnothers(fleet: string, holder: string): boolean {
    const held = leases.get(fleet)?.holder ?? null
    return held !== null && held !== holder
  }

  function fleetRow(fleet: string): FleetRow {
    const known = fleets.get(fleet)
    if (known !== undefined) return known
    const fresh: FleetRow = { memory: EMPTY_MEMORY, journal: [], series: new Map(), settingChanges: [] }
    fleets.set(fleet, fresh)
    return fresh
  }

  return {
    async check() {
      return closed
        ? { ok: false, detail: 'the state store is closed' }
        : { ok: true, detail: `in memory, ${fleets.size} fleets; nothing survives a restart` }
    },

    async close() {
      closed = true
    },

    async load(fleet) {
      requireOpen()
      return fleets.get(fleet)?.memory ?? EMPTY_MEMORY
    },

    async commit(commit: Commit) {
      requireOpen()
      requireConsistent(commit)
      requireCurrent(commit, {
        revision: fleets.get(commit.fleet)?.memory.revision ?? 0,
        epoch: leases.get(commit.fleet)?.epoch ?? 0,
      })
      const row = fleetRow(commit.fleet)
      row.memory = commit.memory
      if (commit.entry !== null) row.journal.push(commit.entry)
      if (commit.outcomes !== null) {
        const { revision, outcomes } = commit.outcomes
        const index = row.journal.findLastIndex(entry => entry.revision === revision)
        const entry = row.journal[index]
        if (entry !== undefined)
          row.journal[index] = { ...entry, outcomes: withOutcomes(entry.outcomes, outcomes) }
      }
      row.settingChanges.push(...(commit.settings ?? []))
      for (const { metric, samples } of commit.samples) insertSamples(row.series, metric, samples)
    },

    async saveSpec(digest, text, at) {
      requireOpen()
      const known = specs.get(digest)
      if (known === undefined) specs.set(digest, { text, savedAt: at })
      else known.savedAt = Math.max(known.savedAt, at)
    },

    async readSpec(digest) {
      requireOpen()
      return specs.get(digest)?.text ?? null
    },

    async listSpecs(limit) {
      requireOpen()
      return [...specs]
        .map(([digest, { savedAt }]) => ({ digest, at: savedAt }))
        .sort((a, b) => b.at - a.at || (a.digest < b.digest ? -1 : 1))
        .slice(0, limit)
    },

    async saveOverride(override, act) {
      requireOpen()
      const subject = subjectOf(override.change)
      const others = (overrides.get(override.fleet) ?? []).filter(
        ({ change }) => subjectOf(change) !== subject,
      )
      overrides.set(override.fleet, [...others, override])
      return recordAct(act)
    },

    async deleteOverride(fleet, id, act) {
      requireOpen()
      const standing = overrides.get(fleet) ?? []
      const others = standing.filter(override => override.id !== id)
      if (others.length === standing.length) return null
      overrides.set(fleet, others)
      return recordAct(act)
    },

    async readOverrides(fleet) {
      requireOpen()
      return overrides.get(fleet) ?? NO_OVERRIDES
    },

    async recordAct(act) {
      requireOpen()
      const answered = act.act === 'approved' || act.act === 'rejected' ? findVerdict(act.approval) : null
      if (answered !== null) throw answeredAlready(answered)
      return recordAct(act)
    },

    async readActs({ fleet, limit, before = Number.POSITIVE_INFINITY }) {
      requireOpen()
      const found = acts.filter(
        act => act.id < before && (fleet === undefined || act.fleet === null || act.fleet === fleet),
      )
      return newest(found, limit).reverse()
    },

    async readVerdict(approval) {
      requireOpen()
      return findVerdict(approval)
    },

    async saveNotice(notice, holder) {
      requireOpen()
      const { fleet } = notice.notice
      if (isAnothers(fleet, holder)) return false
      const at = waiting.findIndex(isNotice(notice.notifier, notice.notice.id))
      waiting = at < 0 ? [...waiting, notice] : waiting.with(at, notice)
      const ofFleet = waiting.filter(one => one.notice.fleet === fleet)
      const surplus = new Set(ofFleet.slice(0, Math.max(0, ofFleet.length - WAITING_NOTICES_KEPT)))
      waiting = waiting.filter(one => !surplus.has(one))
      return true
    },

    async claimNotice(notifier, id, holder) {
      requireOpen()
      const found = waiting.find(isNotice(notifier, id))
      return found !== undefined && !isAnothers(found.notice.fleet, holder)
    },

    async deleteNotice(notifier, id) {
      requireOpen()
      const is = isNotice(notifier, id)
      waiting = waiting.filter(one => !is(one))
    },

    async readNotices(fleet) {
      requireOpen()
      return waiting.filter(({ notice }) => notice.fleet === fleet)
    },

    async readJournal(query: JournalQuery) {
      requireOpen()
      const journal = fleets.get(query.fleet)?.journal ?? []
      const found: JournalEntry[] = []
      for (let i = journal.length - 1; i >= 0 && found.length < query.limit; i--) {
        const entry = journal[i]
        if (entry !== undefined && matches(entry, query)) found.push(entry)
      }
      return found
    },

    async readTimeline(query: TimelineQuery) {
      requireOpen()
      const points: TimelinePoint[] = []
      for (const entry of fleets.get(query.fleet)?.journal ?? []) {
        if (contains(query.window, entry.at)) points.push(timelinePoint(entry))
      }
      return newest(points.toSorted(byTime), query.limit)
    },

    async readSamples(query: SampleQuery) {
      requireOpen()
      const samples = fleets.get(query.fleet)?.series.get(query.metric) ?? []
      return newest(
        samples.filter(sample => contains(query.window, sample.at)),
        query.limit,
      )
    },

    async readSettingChanges({ fleet, limit, before }: SettingChangeQuery) {
      requireOpen()
      const changes = fleets.get(fleet)?.settingChanges ?? []
      return newest(
        changes.filter(({ version }) => before === undefined || version < before),
        limit,
      ).reverse()
    },

    async listFleets() {
      requireOpen()
      return [...fleets.keys()].sort()
    },

    async acquireLease(fleet, holder, now, ttlMs) {
      requireOpen()
      const row = leases.get(fleet) ?? { holder: null, epoch: 0, expiresAt: 0 }
      const mine = row.holder === holder
      if (!mine && row.holder !== null && row.expiresAt > now) return null
      const renewed = { holder, epoch: mine ? row.epoch : row.epoch + 1, expiresAt: now + ttlMs }
      leases.set(fleet, renewed)
      return { fleet, ...renewed }
    },

    async releaseLease(lease: Lease) {
      requireOpen()
      const row = leases.get(lease.fleet)
      if (row?.holder === lease.holder && row.epoch === lease.epoch) row.holder = null
    },

    async prune(now, retention) {
      requireOpen()
      let budget = ROWS_PER_PRUNE
      for (const row of fleets.values()) {
        budget -= pruneFleet(row, now, retention, budget)
      }
      budget -= dropOldest(acts, now - retention.journalMs, retention.journalEntries, budget)
      const young = waiting.filter(({ takenAt }) => takenAt >= now - retention.journalMs)
      budget -= waiting.length - young.length
      waiting = young
      budget -= pruneSpecs(specs, fleets, now - retention.journalMs)
      return ROWS_PER_PRUNE - budget
    },
  }
}

function isNotice(notifier: string, id: string): (waiting: WaitingNotice) => boolean {
  return waiting => waiting.notifier === notifier && waiting.notice.id === id
}

function matches(entry: JournalEntry, query: JournalQuery): boolean {
  if (query.before !== undefined && entry.revision >= query.before) return false
  if (query.at !== undefined && entry.at > query.at) return false
  if (query.since !== undefined && entry.at < query.since) return false
  return query.changesOnly !== true || changedSomething(entry)
}

function byTime(a: TimelinePoint, b: TimelinePoint): number {
  return a.at - b.at || a.revision - b.revision
}

function newest<T>(sorted: readonly T[], limit: number): T[] {
  return sorted.slice(Math.max(0, sorted.length - limit))
}

/** By time, then instance and labels, then value: two samples that compare equal are the same measurement, kept once. */
function compareSamples(a: Sample, b: Sample): number {
  if (a.at !== b.at) return a.at - b.at
  const left = seriesOf(a) ?? ''
  const right = seriesOf(b) ?? ''
  if (left !== right) return left < right ? -1 : 1
  return a.value - b.value
}

function insertSamples(series: Map<string, Sample[]>, metric: string, samples: readonly Sample[]): void {
  const stored = series.get(metric) ?? []
  series.set(metric, stored)
  for (const sample of samples) {
    const index = insertionIndex(stored, sample)
    const there = stored[index]
    if (there === undefined || compareSamples(there, sample) !== 0) stored.splice(index, 0, { ...sample })
  }
}

/** The first index whose sample is not before `sample`; mostly the end, since samples arrive in order. */
function insertionIndex(stored: readonly Sample[], sample: Sample): number {
  let low = 0
  let high = stored.length
  const last = stored[high - 1]
  if (last === undefined || compareSamples(last, sample) < 0) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    const there = stored[middle]
    if (there !== undefined && compareSamples(there, sample) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Drops the oldest of what age or number no longer keeps, at most `budget` rows; returns how many. */
function pruneFleet(row: FleetRow, now: EpochMs, retention: Retention, budget: number): number {
  let deleted = dropOldest(row.journal, now - retention.journalMs, retention.journalEntries, budget)
  deleted += dropOldest(
    row.settingChanges,
    now - retention.journalMs,
    retention.journalEntries,
    budget - deleted,
  )
  for (const [metric, samples] of row.series) {
    const isDemand = isDemandSeries(metric)
    const horizon = now - (isDemand ? DEMAND_KEPT_MS : retention.samplesMs)
    const keep = isDemand ? Number.POSITIVE_INFINITY : retention.samplesPerSeries
    deleted += dropOldest(samples, horizon, keep, budget - deleted)
    if (samples.length === 0) row.series.delete(metric)
  }
  return deleted
}

function dropOldest(
  rows: { readonly at: EpochMs }[],
  horizon: EpochMs,
  keep: number,
  budget: number,
): number {
  const surplus = Math.max(0, rows.length - keep)
  const firstKept = rows.findIndex((row, index) => index >= surplus && row.at >= horizon)
  const count = Math.min(firstKept === -1 ? rows.length : firstKept, budget)
  rows.splice(0, count)
  return count
}

/** A configuration goes when no entry of the journal was decided under it, except the newest. */
function pruneSpecs(
  specs: Map<string, SpecRow>,
  fleets: ReadonlyMap<string, FleetRow>,
  horizon: EpochMs,
): number {
  const newestAt = Math.max(...[...specs.values()].map(spec => spec.savedAt))
  const old = [...specs].filter(([, spec]) => spec.savedAt < horizon && spec.savedAt < newestAt)
  if (old.length === 0) return 0
  const used = new Set([...fleets.values()].flatMap(row => row.journal.map(entry => entry.specDigest)))
  const unused = old.filter(([digest]) => !used.has(digest))
  for (const [digest] of unused) specs.delete(digest)
  return unused.length
}
