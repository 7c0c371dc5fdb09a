/**
 * The changes of settings in SQLite, one row each, found by version.
 *
 * Example: `{ version: 5, setting: 'reports', from: true, to: false, rule: 'Shed load' }` is the row
 * `(1, 5, 1795262400000, 'reports', 'true', 'false', 'Shed load')`.
 */
import type { SettingChange } from '../../../model/settings.ts'
import type { SettingValue } from '../../../model/spec.ts'
import type { SettingChangeQuery } from '../../../ports/state-store.ts'
import { type Database, numberOf, type Row, textOf } from './database.ts'
import { damaged } from './errors.ts'

export function insertSettingChange(database: Database, fleetId: number, change: SettingChange): void {
  database.run(
    `INSERT INTO setting_changes (fleet, version, at, setting, from_value, to_value, rule) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    fleetId,
    change.version,
    change.at,
    change.setting,
    JSON.stringify(change.from),
    JSON.stringify(change.to),
    change.rule,
  )
}

/** None in a file of an older version that was never written to since. */
export function readChanges(database: Database, fleetId: number, query: SettingChangeQuery): SettingChange[] {
  const table = database.get("SELECT 1 AS there FROM sqlite_schema WHERE name = 'setting_changes'")
  if (table === null) return []
  return database
    .all(
      `SELECT version, at, setting, from_value, to_value, rule FROM setting_changes
       WHERE fleet = ? AND version < ? ORDER BY version DESC LIMIT ?`,
      fleetId,
      query.before ?? Number.MAX_SAFE_INTEGER,
      query.limit,
    )
    .map(row => changeOf(database, row))
}

function changeOf(database: Database, row: Row): SettingChange {
  return {
    version: numberOf(database, row, 'version'),
    at: numberOf(database, row, 'at'),
    setting: textOf(database, row, 'setting'),
    from: settingValueOf(database, row, 'from_value'),
    to: settingValueOf(database, row, 'to_value'),
    rule: row.rule === null ? null : textOf(database, row, 'rule'),
  }
}

function settingValueOf(database: Database, row: Row, column: string): SettingValue {
  const text = textOf(database, row, column)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  } catch {
    // Told below, like any other value that cannot be one.
  }
  throw damaged(database.path, `${column} of a changed setting is ${text}`)
}

/** Deletes the oldest changes that age or number no longer keeps, at most `budget`; returns how many. */
export function pruneChanges(database: Database, horizon: number, keep: number, budget: number): number {
  let deleted = 0
  for (const row of database.all('SELECT id FROM fleets')) {
    const fleetId = numberOf(database, row, 'id')
    deleted += database.run(
      `DELETE FROM setting_changes WHERE fleet = ? AND version IN
         (SELECT version FROM setting_changes WHERE fleet = ? AND at < ? ORDER BY version LIMIT ?)`,
      fleetId,
      fleetId,
      horizon,
      Math.max(0, budget - deleted),
    )
    const kept = database.get('SELECT count(*) AS n FROM setting_changes WHERE fleet = ?', fleetId)
    const surplus = (kept === null ? 0 : numberOf(database, kept, 'n')) - keep
    deleted += database.run(
      `DELETE FROM setting_changes WHERE fleet = ? AND version IN
         (SELECT version FROM setting_changes WHERE fleet = ? ORDER BY version LIMIT ?)`,
      fleetId,
      fleetId,
      Math.max(0, Math.min(surplus, budget - deleted)),
    )
  }
  return deleted
}
