/**
 * The journal in SQLite: entries as deflated JSON, found by revision; their numbers beside them, found by time.
 *
 * Example: `readJournal({ fleet: 'web', limit: 20, at: 12:04 })` first finds the newest revision at or before
 * 12:04 in the narrow index, then reads 20 entries downwards from it.
 */
import type { JournalEntry } from '../../../model/journal.ts'
import type { Outcome } from '../../../model/plan.ts'
import type { JournalQuery, SessionsPoint, TimelinePoint, TimelineQuery } from '../../../ports/state-store.ts'
import { changedSomething, completeEntry, timelinePoint, withOutcomes } from '../commit-rules.ts'
import {
  type Database,
  deflateJson,
  hasTable,
  inflateStored,
  numberOf,
  numberOrNull,
  type Row,
  textOf,
} from './database.ts'

const NO_REVISION = -1
const ANY_REVISION = Number.MAX_SAFE_INTEGER

export function insertEntry(database: Database, fleetId: number, entry: JournalEntry): void {
  const point = timelinePoint(entry)
  database.run(
    `INSERT INTO journal (fleet, revision, at, changed, open, pending, draining, desired, lowest, highest, rule,
       spec_digest, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    fleetId,
    entry.revision,
    entry.at,
    changedSomething(entry) ? 1 : 0,
    point.open,
    point.pending,
    point.draining,
    point.desired,
    point.lowest,
    point.highest,
    point.rule,
    entry.specDigest,
    deflateJson(entry),
  )
  if (point.sessions === null) return
  database.run(
    'INSERT INTO journal_sessions (fleet, revision, in_use, slots, waiting) VALUES (?, ?, ?, ?, ?)',
    fleetId,
    entry.revision,
    point.sessions.inUse,
    point.sessions.slots,
    point.sessions.waiting,
  )
}

/** Added to those it has. An entry that was pruned meanwhile has no outcomes to keep. */
export function updateOutcomes(
  database: Database,
  fleetId: number,
  revision: number,
  outcomes: readonly Outcome[],
): void {
  const row = database.get('SELECT outcomes FROM journal WHERE fleet = ? AND revision = ?', fleetId, revision)
  if (row === null) return
  const before = row.outcomes === null ? [] : inflateStored<Outcome[]>(database, row, 'outcomes')
  database.run(
    'UPDATE journal SET outcomes = ? WHERE fleet = ? AND revision = ?',
    deflateJson(withOutcomes(before, outcomes)),
    fleetId,
    revision,
  )
}

export function readEntries(database: Database, fleetId: number, query: JournalQuery): JournalEntry[] {
  const upTo = Math.min(
    query.before === undefined ? ANY_REVISION : query.before - 1,
    query.at === undefined ? ANY_REVISION : newestRevision(database, fleetId, query.at),
  )
  const from = query.since === undefined ? 0 : oldestRevision(database, fleetId, query.since)
  const changes = query.changesOnly === true ? 'AND changed = 1' : ''
  const rows = database.all(
    // The plus keeps SQLite from walking the time index, which would sort whole entries.
    `SELECT entry, outcomes FROM journal
     WHERE fleet = ? AND revision <= ? AND revision >= ? AND +at <= ? AND +at >= ? ${changes}
     ORDER BY revision DESC LIMIT ?`,
    fleetId,
    upTo,
    from,
    query.at ?? Number.MAX_VALUE,
    query.since ?? -Number.MAX_VALUE,
    query.limit,
  )
  return rows.map(row => entryOf(database, row))
}

function entryOf(database: Database, row: Row): JournalEntry {
  const entry = completeEntry(inflateStored<JournalEntry>(database, row, 'entry'))
  if (row.outcomes === null) return entry
  return { ...entry, outcomes: inflateStored<Outcome[]>(database, row, 'outcomes') }
}

/** Bounds for the walk over wide rows; exact even if times are not in the order of the revisions. */
function newestRevision(database: Database, fleetId: number, at: number): number {
  const row = database.get('SELECT max(revision) AS r FROM journal WHERE fleet = ? AND at <= ?', fleetId, at)
  return (row === null ? null : numberOrNull(database, row, 'r')) ?? NO_REVISION
}

function oldestRevision(database: Database, fleetId: number, since: number): number {
  const row = database.get(
    'SELECT min(revision) AS r FROM journal WHERE fleet = ? AND at >= ?',
    fleetId,
    since,
  )
  return (row === null ? null : numberOrNull(database, row, 'r')) ?? ANY_REVISION
}

export function readPoints(database: Database, fleetId: number, query: TimelineQuery): TimelinePoint[] {
  const rows = database.all(
    `SELECT at, revision, open, pending, draining, desired, lowest, highest, rule FROM journal
     WHERE fleet = ? AND at >= ? AND at < ? ORDER BY at DESC, revision DESC LIMIT ?`,
    fleetId,
    query.window.from,
    query.window.to,
    query.limit,
  )
  const sessions = readSessions(database, fleetId, rows)
  return rows.map(row => pointOf(database, row, sessions)).reverse()
}

/** By revision, between the lowest and the highest of these rows. */
function readSessions(
  database: Database,
  fleetId: number,
  rows: readonly Row[],
): ReadonlyMap<number, SessionsPoint> {
  if (rows.length === 0 || !hasTable(database, 'journal_sessions')) return new Map()
  const revisions = rows.map(row => numberOf(database, row, 'revision'))
  const found = database.all(
    'SELECT revision, in_use, slots, waiting FROM journal_sessions WHERE fleet = ? AND revision >= ? AND revision <= ?',
    fleetId,
    revisions.reduce((one, other) => Math.min(one, other)),
    revisions.reduce((one, other) => Math.max(one, other)),
  )
  return new Map(
    found.map(row => [
      numberOf(database, row, 'revision'),
      {
        inUse: numberOrNull(database, row, 'in_use'),
        slots: numberOrNull(database, row, 'slots'),
        waiting: numberOf(database, row, 'waiting'),
      },
    ]),
  )
}

function pointOf(database: Database, row: Row, sessions: ReadonlyMap<number, SessionsPoint>): TimelinePoint {
  const revision = numberOf(database, row, 'revision')
  return {
    at: numberOf(database, row, 'at'),
    revision,
    open: numberOrNull(database, row, 'open'),
    pending: numberOrNull(database, row, 'pending'),
    draining: numberOrNull(database, row, 'draining'),
    desired: numberOrNull(database, row, 'desired'),
    lowest: numberOf(database, row, 'lowest'),
    highest: numberOf(database, row, 'highest'),
    rule: row.rule === null ? null : textOf(database, row, 'rule'),
    sessions: sessions.get(revision) ?? null,
  }
}

/** Deletes the oldest entries that age or number no longer keeps, at most `budget`; returns how many. */
export function pruneJournal(database: Database, horizon: number, keep: number, budget: number): number {
  let deleted = 0
  for (const row of database.all('SELECT id FROM fleets')) {
    const fleetId = numberOf(database, row, 'id')
    deleted += deleteOlder(database, fleetId, horizon, budget - deleted)
    deleted += deleteSurplus(database, fleetId, keep, budget - deleted)
    deleteSessions(database, fleetId, budget)
  }
  return deleted
}

function deleteOlder(database: Database, fleetId: number, horizon: number, budget: number): number {
  return database.run(
    `DELETE FROM journal WHERE fleet = ? AND revision IN
       (SELECT revision FROM journal WHERE fleet = ? AND at < ? ORDER BY at, revision LIMIT ?)`,
    fleetId,
    fleetId,
    horizon,
    Math.max(0, budget),
  )
}

/** The oldest that are not among the newest `keep`, counted in the narrow index. */
function deleteSurplus(database: Database, fleetId: number, keep: number, budget: number): number {
  const row = database.get('SELECT count(*) AS n FROM journal WHERE fleet = ?', fleetId)
  const surplus = (row === null ? 0 : numberOf(database, row, 'n')) - keep
  if (surplus <= 0 || budget <= 0) return 0
  return database.run(
    `DELETE FROM journal WHERE fleet = ? AND revision IN
       (SELECT revision FROM journal WHERE fleet = ? ORDER BY revision LIMIT ?)`,
    fleetId,
    fleetId,
    Math.min(surplus, budget),
  )
}

/** What belongs to entries that are gone. */
function deleteSessions(database: Database, fleetId: number, budget: number): void {
  database.run(
    `DELETE FROM journal_sessions WHERE fleet = ? AND revision IN
       (SELECT revision FROM journal_sessions WHERE fleet = ? AND revision <
          (SELECT coalesce(min(revision), ?) FROM journal WHERE fleet = ?) ORDER BY revision LIMIT ?)`,
    fleetId,
    fleetId,
    ANY_REVISION,
    fleetId,
    Math.max(0, budget),
  )
}

/** A configuration goes when no entry of the journal was decided under it, except the newest. */
export function pruneSpecs(database: Database, horizon: number): number {
  return database.run(
    `DELETE FROM specs WHERE saved_at < ? AND saved_at < (SELECT max(saved_at) FROM specs)
       AND NOT EXISTS (SELECT 1 FROM journal WHERE spec_digest = specs.digest)`,
    horizon,
  )
}
