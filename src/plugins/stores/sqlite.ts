/**
 * The state of a daemon in one SQLite file: memory, journal, samples, leases, notices to tell. What a commit acknowledged is on
 * the disk (WAL with full sync) and stays there through a crash of the process or the machine.
 *
 * Example: `const store = await openSqliteStore('.plimsoll/state.db')` creates folder and file when missing;
 * `openSqliteStore(path, { readOnly: true })` reads beside the daemon that writes.
 *
 * SQLite answers at once, so each call holds the event loop for its own time: about 0.3 ms for a commit on a
 * local disk, and at most the busy timeout while another process writes.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { Commit, StateStore } from '../../ports/state-store.ts'
import { requireConsistent, requireCurrent } from './commit-rules.ts'
import {
  createDatabase,
  type Database,
  deflateJson,
  inflateStored,
  numberOf,
  textOf,
} from './sqlite/database.ts'
import { damaged } from './sqlite/errors.ts'
import { openFile } from './sqlite/file.ts'
import {
  insertEntry,
  pruneJournal,
  pruneSpecs,
  readEntries,
  readPoints,
  updateOutcomes,
} from './sqlite/journal.ts'
import { acquire, currentEpoch, release } from './sqlite/leases.ts'
import { presentMemory, type StoredMemory } from './sqlite/memory-form.ts'
import {
  deleteOverride,
  pruneActs,
  readActs,
  readOverrides,
  readVerdict,
  recordAct,
  saveOverride,
} from './sqlite/overrides.ts'
import { insertSeries, pruneSamples, readSeries } from './sqlite/samples.ts'
import { insertSettingChange, pruneChanges, readChanges } from './sqlite/setting-changes.ts'
import { claimNotice, deleteNotice, pruneNotices, readNotices, saveNotice } from './sqlite/waiting-notices.ts'

export interface SqliteStoreOptions {
  /** Reads only, beside a daemon that writes; every change is refused. */
  readonly readOnly?: boolean
  /** The file may not grow beyond this many bytes; a commit that would is refused as if the disk were full. */
  readonly maxBytes?: number
}

/** Most rows one `prune` deletes: it then holds the event loop for some ten milliseconds. */
const SAMPLES_PER_PRUNE = 10_000
const ENTRIES_PER_PRUNE = 1_000
const CHANGES_PER_PRUNE = 1_000

/**
 * Throws `PluginError`: `misconfigured` when the file is not ours, damaged or of a newer version (it is left as
 * it is), `unavailable` when the place cannot be written, `not-found` when there is nothing to read.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<StateStore> {
  const file = resolve(path)
  const readOnly = options.readOnly ?? false
  const connection = openFile(file, { readOnly, maxBytes: options.maxBytes ?? null })
  const database = createDatabase(connection, file)
  const opened = statSync(file)
  let closed = false

  function reading<T>(work: () => T): T {
    if (closed) throw new PluginError('unavailable', `PLM-411 the state store ${file} is closed`)
    return database.reading(work)
  }

  function writing<T>(doing: string, work: () => T): T {
    if (closed) throw new PluginError('unavailable', `PLM-411 the state store ${file} is closed`)
    if (readOnly) {
      throw new PluginError('refused', `PLM-407 cannot ${doing} ${file}: it was opened for reading only`)
    }
    requireInPlace()
    return database.atomically(doing, work)
  }

  /** A file that was moved or deleted goes on taking writes that nobody will ever find again. */
  function requireInPlace(): void {
    const now = statSync(file, { throwIfNoEntry: false })
    if (now?.ino === opened.ino && now.dev === opened.dev) return
    throw new PluginError(
      'unavailable',
      `PLM-415 the state file ${file} was moved, deleted or replaced while it was in use; nothing more is stored; ` +
        'put it back, or restart to go on with what is there now',
    )
  }

  return {
    async check() {
      try {
        const fleets = reading(() => database.get('SELECT count(*) AS n FROM fleets'))
        if (!readOnly) requireInPlace()
        return { ok: true, detail: `${file}, ${fleets?.n ?? 0} fleets` }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    async close() {
      if (closed) return
      closed = true
      connection.close()
    },

    async load(fleet) {
      return reading(() => loadMemory(database, fleet))
    },

    async commit(commit) {
      requireConsistent(commit)
      writing('commit to', () => store(database, commit))
    },

    async saveSpec(digest, text, at) {
      writing('save the configuration in', () =>
        database.run(
          `INSERT INTO specs (digest, text, saved_at) VALUES (?, ?, ?)
           ON CONFLICT (digest) DO UPDATE SET saved_at = max(saved_at, excluded.saved_at)`,
          digest,
          text,
          at,
        ),
      )
    },

    async readSpec(digest) {
      return reading(() => {
        const row = database.get('SELECT text FROM specs WHERE digest = ?', digest)
        return row === null ? null : textOf(database, row, 'text')
      })
    },

    async listSpecs(limit) {
      return reading(() =>
        database
          .all('SELECT digest, saved_at FROM specs ORDER BY saved_at DESC, digest LIMIT ?', limit)
          .map(row => ({ digest: textOf(database, row, 'digest'), at: numberOf(database, row, 'saved_at') })),
      )
    },

    async saveOverride(override, act) {
      return writing('save an override in', () => {
        saveOverride(database, override)
        return recordAct(database, act)
      })
    },

    async deleteOverride(fleet, id, act) {
      return writing('end an override in', () =>
        deleteOverride(database, fleet, id) ? recordAct(database, act) : null,
      )
    },

    async readOverrides(fleet) {
      return reading(() => readOverrides(database, fleet))
    },

    async recordAct(act) {
      return writing('record an act in', () => recordAct(database, act))
    },

    async readActs(query) {
      return reading(() => readActs(database, query))
    },

    async readVerdict(approval) {
      return reading(() => readVerdict(database, approval))
    },

    async saveNotice(waiting, holder) {
      return writing('keep a notice in', () => saveNotice(database, waiting, holder))
    },

    async claimNotice(notifier, id, holder) {
      return reading(() => claimNotice(database, notifier, id, holder))
    },

    async deleteNotice(notifier, id) {
      writing('delete a notice from', () => deleteNotice(database, notifier, id))
    },

    async readNotices(fleet) {
      return reading(() => readNotices(database, fleet))
    },

    async readJournal(query) {
      return reading(() => {
        const fleetId = findFleet(database, query.fleet)?.id
        return fleetId === undefined ? [] : readEntries(database, fleetId, query)
      })
    },

    async readTimeline(query) {
      return reading(() => {
        const fleetId = findFleet(database, query.fleet)?.id
        return fleetId === undefined ? [] : readPoints(database, fleetId, query)
      })
    },

    async readSamples(query) {
      return reading(() => readSeries(database, query))
    },

    async readSettingChanges(query) {
      return reading(() => {
        const fleetId = findFleet(database, query.fleet)?.id
        return fleetId === undefined ? [] : readChanges(database, fleetId, query)
      })
    },

    async listFleets() {
      return reading(() =>
        database
          .all('SELECT name FROM fleets')
          .map(row => textOf(database, row, 'name'))
          .sort(),
      )
    },

    async acquireLease(fleet, holder, now, ttlMs) {
      return writing('acquire a lease in', () => acquire(database, fleet, holder, now, ttlMs))
    },

    async releaseLease(lease) {
      writing('release a lease in', () => release(database, lease))
    },

    async prune(now, retention) {
      return writing('prune', () => {
        const { journalMs, journalEntries } = retention
        return (
          pruneSamples(database, now, retention, SAMPLES_PER_PRUNE) +
          pruneJournal(database, now - journalMs, journalEntries, ENTRIES_PER_PRUNE) +
          pruneChanges(database, now - journalMs, journalEntries, CHANGES_PER_PRUNE) +
          pruneActs(database, now - journalMs, journalEntries, CHANGES_PER_PRUNE) +
          pruneNotices(database, now - journalMs, CHANGES_PER_PRUNE) +
          pruneSpecs(database, now - journalMs)
        )
      })
    },
  }
}

function loadMemory(database: Database, fleet: string): Memory {
  const row = database.get('SELECT revision, memory FROM fleets WHERE name = ?', fleet)
  if (row === null) return EMPTY_MEMORY
  const memory = presentMemory(inflateStored<StoredMemory>(database, row, 'memory'))
  if (memory.revision === row.revision) return memory
  throw damaged(database.path, `fleet "${fleet}" is revision ${row.revision}, its memory ${memory.revision}`)
}

function findFleet(database: Database, fleet: string): { id: number; revision: number } | null {
  const row = database.get('SELECT id, revision FROM fleets WHERE name = ?', fleet)
  if (row === null) return null
  return { id: numberOf(database, row, 'id'), revision: numberOf(database, row, 'revision') }
}

function store(database: Database, commit: Commit): void {
  const stored = findFleet(database, commit.fleet)
  requireCurrent(commit, {
    revision: stored?.revision ?? 0,
    epoch: currentEpoch(database, commit.fleet),
  })
  const fleetId = storeMemory(database, commit)
  if (commit.entry !== null) insertEntry(database, fleetId, commit.entry)
  if (commit.outcomes !== null) {
    updateOutcomes(database, fleetId, commit.outcomes.revision, commit.outcomes.outcomes)
  }
  for (const change of commit.settings ?? []) insertSettingChange(database, fleetId, change)
  for (const series of commit.samples) insertSeries(database, commit.fleet, series)
}

function storeMemory(database: Database, { fleet, memory }: Commit): number {
  const row = database.get(
    `INSERT INTO fleets (name, revision, memory) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, memory = excluded.memory RETURNING id`,
    fleet,
    memory.revision,
    deflateJson(memory),
  )
  if (row === null) throw new Error(`fleet "${fleet}" was stored without an id`)
  return numberOf(database, row, 'id')
}
