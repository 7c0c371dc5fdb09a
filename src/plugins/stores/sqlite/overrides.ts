/**
 * What operators changed at run time in SQLite: one row per subject of a fleet, and one per act. Both are small, so
 * they are plain JSON text that an operator can read with any SQLite shell.
 *
 * Example: after `set-capacity web 12` the table `overrides` has `('web', 'capacity', '{"id":...}')`.
 */
import type { Verdict } from '../../../model/approval.ts'
import { type NewAct, type OperatorAct, type Override, subjectOf } from '../../../model/override.ts'
import type { ActQuery } from '../../../ports/state-store.ts'
import { answeredAlready, verdictOf } from '../commit-rules.ts'
import { type Database, hasTable, numberOf, parseStored, type Row, textOf } from './database.ts'

export function saveOverride(database: Database, override: Override): void {
  const { fleet, id, change } = override
  // A new row, so that the order is the one they were set in.
  database.run('DELETE FROM overrides WHERE fleet = ? AND subject = ?', fleet, subjectOf(change))
  database.run(
    'INSERT INTO overrides (fleet, subject, id, override) VALUES (?, ?, ?, ?)',
    fleet,
    subjectOf(change),
    id,
    JSON.stringify(override),
  )
}

export function deleteOverride(database: Database, fleet: string, id: string): boolean {
  return database.run('DELETE FROM overrides WHERE fleet = ? AND id = ?', fleet, id) > 0
}

export function readOverrides(database: Database, fleet: string): Override[] {
  if (!hasTable(database, 'overrides')) return []
  return database
    .all('SELECT override FROM overrides WHERE fleet = ? ORDER BY rowid', fleet)
    .map(row => parseStored<Override>(database, textOf(database, row, 'override')))
}

/** Throws `conflict` when the act is a word on an approval that has been answered. */
export function recordAct(database: Database, act: NewAct): OperatorAct {
  const verdict = verdictOf(act)
  const answered = verdict === null ? null : readVerdict(database, verdict.approval)
  if (answered !== null) throw answeredAlready(answered)
  const row = database.get(
    'INSERT INTO acts (fleet, at, approval, act) VALUES (?, ?, ?, ?) RETURNING id',
    act.fleet,
    act.at,
    verdict?.approval ?? null,
    JSON.stringify(act),
  )
  if (row === null) throw new Error('an act was stored without an id')
  return { ...act, id: numberOf(database, row, 'id') }
}

export function readActs(database: Database, { fleet, limit, before }: ActQuery): OperatorAct[] {
  if (!hasTable(database, 'acts')) return []
  const ofFleet = fleet === undefined ? '' : 'AND (fleet IS NULL OR fleet = ?)'
  return database
    .all(
      `SELECT id, act FROM acts WHERE id < ? ${ofFleet} ORDER BY id DESC LIMIT ?`,
      before ?? Number.MAX_SAFE_INTEGER,
      ...(fleet === undefined ? [] : [fleet]),
      limit,
    )
    .map(row => actOf(database, row))
}

export function readVerdict(database: Database, approval: string): Verdict | null {
  if (!hasTable(database, 'acts')) return null
  const row = database.get('SELECT id, act FROM acts WHERE approval = ?', approval)
  return row === null ? null : verdictOf(actOf(database, row))
}

function actOf(database: Database, row: Row): OperatorAct {
  const act = parseStored<NewAct>(database, textOf(database, row, 'act'))
  return { ...act, id: numberOf(database, row, 'id') }
}

/** Deletes the oldest acts that age or number no longer keeps, at most `budget`; returns how many. */
export function pruneActs(database: Database, horizon: number, keep: number, budget: number): number {
  return database.run(
    `DELETE FROM acts WHERE id IN (SELECT id FROM acts
       WHERE at < ? OR id <= (SELECT coalesce(max(id), 0) FROM acts) - ? ORDER BY id LIMIT ?)`,
    horizon,
    keep,
    budget,
  )
}
