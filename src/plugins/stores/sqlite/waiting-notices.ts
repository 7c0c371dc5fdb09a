/**
 * Notices that a notifier has not taken yet in SQLite: one row each, plain JSON text that an operator can read with any
 * SQLite shell.
 *
 * Example: while the mail server is down the table has `(7, 'web', 'ops', 'web/42/scaled', 1795262400000, '{"notice":...}')`;
 * the row goes when the mail is taken, or given up.
 */
import { WAITING_NOTICES_KEPT, type WaitingNotice } from '../../../ports/state-store.ts'
import { type Database, hasTable, parseStored, textOf } from './database.ts'

export function saveNotice(database: Database, waiting: WaitingNotice, holder: string): boolean {
  const { notifier, notice, takenAt } = waiting
  const { fleet, id } = notice
  const lease = database.get('SELECT 1 FROM leases WHERE fleet = ? AND holder <> ?', fleet, holder)
  if (lease !== null) return false
  database.run(
    `INSERT INTO waiting_notices (fleet, notifier, notice, taken_at, waiting) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (notifier, notice) DO UPDATE SET taken_at = excluded.taken_at, waiting = excluded.waiting`,
    fleet,
    notifier,
    id,
    takenAt,
    JSON.stringify(waiting),
  )
  database.run(
    `DELETE FROM waiting_notices WHERE id IN
       (SELECT id FROM waiting_notices WHERE fleet = ? ORDER BY id DESC LIMIT -1 OFFSET ?)`,
    fleet,
    WAITING_NOTICES_KEPT,
  )
  return true
}

export function claimNotice(database: Database, notifier: string, id: string, holder: string): boolean {
  const row = database.get(
    `SELECT 1 FROM waiting_notices AS waiting WHERE notifier = ? AND notice = ? AND NOT EXISTS
       (SELECT 1 FROM leases WHERE leases.fleet = waiting.fleet AND leases.holder <> ?)`,
    notifier,
    id,
    holder,
  )
  return row !== null
}

export function deleteNotice(database: Database, notifier: string, id: string): void {
  database.run('DELETE FROM waiting_notices WHERE notifier = ? AND notice = ?', notifier, id)
}

export function readNotices(database: Database, fleet: string): WaitingNotice[] {
  if (!hasTable(database, 'waiting_notices')) return []
  return database
    .all('SELECT waiting FROM waiting_notices WHERE fleet = ? ORDER BY id', fleet)
    .map(row => parseStored<WaitingNotice>(database, textOf(database, row, 'waiting')))
}

/** Deletes the oldest of a fleet or notifier that never came back, at most `budget`; returns how many. */
export function pruneNotices(database: Database, horizon: number, budget: number): number {
  return database.run(
    `DELETE FROM waiting_notices WHERE id IN
       (SELECT id FROM waiting_notices WHERE taken_at < ? ORDER BY id LIMIT ?)`,
    horizon,
    budget,
  )
}
