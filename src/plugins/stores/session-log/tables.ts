/**
 * Reads and writes a file of sessions, one call at a time; `schema.ts` tells how it lies in there.
 *
 * Example: `append('rooms', 3, '[{"kind":"placed",...}]')` adds one row, and folds eight old ones when 256 have piled up.
 */
import { crc32 } from 'node:zlib'
import { PluginError } from '../../../ports/plugin.ts'
import type { EndedSession, LoggedSession, OpenedLog, SessionRecord } from '../../../ports/session-log.ts'
import { type Database, numberOf, parseStored, type Row, textOf } from '../sqlite/database.ts'
import { damaged } from '../sqlite/errors.ts'

/** Batches that may pile up before they are folded, and how many are folded at once. */
const FOLD_FROM = 256
const FOLD_BATCHES = 8

export interface SessionTables {
  open(fleet: string, holder: string, succeeds: number | null): OpenedLog
  /** `records`: a JSON array of `SessionRecord`s. */
  append(fleet: string, epoch: number, records: string): void
  count(): number
}

interface FleetRow {
  readonly id: number
  readonly epoch: number
}

export function sessionTables(database: Database, keepEnded: number): SessionTables {
  let batches = Number(database.reading(() => database.get('SELECT count(*) AS n FROM batches'))?.n ?? 0)

  function append(fleet: string, epoch: number, records: string): void {
    let folded = 0
    database.atomically('append to', () => {
      const row = findFleet(database, fleet)
      if (row === null || row.epoch !== epoch) throw fenced(fleet, epoch, row?.epoch ?? 0)
      database.run(
        'INSERT INTO batches (fleet, crc, records) VALUES (?, ?, ?)',
        row.id,
        crc32(records),
        records,
      )
      if (batches >= FOLD_FROM) folded = fold(database, keepEnded)
    })
    batches += 1 - folded
  }

  return {
    append,

    open(fleet, holder, succeeds) {
      return database.atomically('open', () => {
        const found = findFleet(database, fleet)
        if (succeeds !== null && succeeds !== (found?.epoch ?? 0)) {
          throw fenced(fleet, succeeds, found?.epoch ?? 0)
        }
        const row = database.get(
          `INSERT INTO fleets (name, epoch, holder) VALUES (?, 1, ?)
           ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder RETURNING id, epoch`,
          fleet,
          holder,
        )
        if (row === null) throw new Error(`fleet "${fleet}" was stored without an id`)
        const { live, ended } = read(database, numberOf(database, row, 'id'), keepEnded)
        return { epoch: numberOf(database, row, 'epoch'), sessions: live, ended }
      })
    },

    count() {
      return database.reading(() => Number(database.get('SELECT count(*) AS n FROM sessions')?.n ?? 0))
    },
  }
}

function findFleet(database: Database, name: string): FleetRow | null {
  const row = database.get('SELECT id, epoch FROM fleets WHERE name = ?', name)
  if (row === null) return null
  return { id: numberOf(database, row, 'id'), epoch: numberOf(database, row, 'epoch') }
}

function read(
  database: Database,
  fleet: number,
  keepEnded: number,
): { live: LoggedSession[]; ended: EndedSession[] } {
  const live = new Map<string, LoggedSession>()
  for (const row of database.all('SELECT crc, session FROM sessions WHERE fleet = ?', fleet)) {
    const session = parsed<LoggedSession>(database, row, 'session')
    live.set(session.id, session)
  }
  const ended = readEnded(database, fleet, keepEnded)
  for (const row of database.all('SELECT crc, records FROM batches WHERE fleet = ? ORDER BY seq', fleet)) {
    for (const record of parsed<SessionRecord[]>(database, row, 'records')) carryOut(record, live, ended)
  }
  return {
    live: [...live.values()].sort((a, b) => a.number - b.number),
    ended: keepEnded === 0 ? [] : ended.slice(-keepEnded),
  }
}

function readEnded(database: Database, fleet: number, keepEnded: number): EndedSession[] {
  const groups: EndedSession[][] = []
  let count = 0
  for (const { seq } of database.all('SELECT seq FROM ended WHERE fleet = ? ORDER BY seq DESC', fleet)) {
    if (count >= keepEnded) break
    const row = database.get('SELECT crc, sessions FROM ended WHERE seq = ?', Number(seq))
    const group = row === null ? [] : parsed<EndedSession[]>(database, row, 'sessions')
    groups.push(group)
    count += group.length
  }
  return groups.reverse().flat()
}

function carryOut(record: SessionRecord, live: Map<string, LoggedSession>, ended: EndedSession[]): void {
  if (record.kind === 'placed') {
    live.set(record.session.id, record.session)
    return
  }
  const session = live.get(record.id)
  if (session === undefined) return
  live.delete(record.id)
  ended.push({ session, end: record.kind, at: record.at, why: record.why })
}

/** The oldest batches become rows of what is and what was; answers how many. */
function fold(database: Database, keepEnded: number): number {
  const rows = database.all(`SELECT seq, fleet, crc, records FROM batches ORDER BY seq LIMIT ${FOLD_BATCHES}`)
  const byFleet = new Map<number, SessionRecord[]>()
  for (const row of rows) {
    const fleet = numberOf(database, row, 'fleet')
    const records = parsed<SessionRecord[]>(database, row, 'records')
    const known = byFleet.get(fleet)
    if (known === undefined) byFleet.set(fleet, records)
    else known.push(...records)
  }
  for (const [fleet, records] of byFleet) foldRecords(database, fleet, records, keepEnded)
  const last = rows.at(-1)
  if (last !== undefined) database.run('DELETE FROM batches WHERE seq <= ?', numberOf(database, last, 'seq'))
  return rows.length
}

/** What began and ended in these batches never becomes a row of its own. */
function foldRecords(
  database: Database,
  fleet: number,
  records: readonly SessionRecord[],
  keepEnded: number,
): void {
  const begun = new Map<string, LoggedSession>()
  const ended: EndedSession[] = []
  for (const record of records) {
    if (record.kind !== 'placed' && !begun.has(record.id)) {
      const session = takeSession(database, fleet, record.id)
      if (session !== null) begun.set(record.id, session)
    }
    carryOut(record, begun, ended)
  }
  for (const session of begun.values()) {
    const text = JSON.stringify(session)
    database.run(
      `INSERT INTO sessions (fleet, id, crc, session) VALUES (?, ?, ?, ?)
       ON CONFLICT (fleet, id) DO UPDATE SET crc = excluded.crc, session = excluded.session`,
      fleet,
      session.id,
      crc32(text),
      text,
    )
  }
  if (ended.length === 0) return
  const text = JSON.stringify(ended)
  database.run(
    'INSERT INTO ended (fleet, count, crc, sessions) VALUES (?, ?, ?, ?)',
    fleet,
    ended.length,
    crc32(text),
    text,
  )
  pruneEnded(database, fleet, keepEnded)
}

function takeSession(database: Database, fleet: number, id: string): LoggedSession | null {
  const row = database.get(
    'DELETE FROM sessions WHERE fleet = ? AND id = ? RETURNING crc, session',
    fleet,
    id,
  )
  return row === null ? null : parsed<LoggedSession>(database, row, 'session')
}

/** Whole groups go, once those after them hold enough. */
function pruneEnded(database: Database, fleet: number, keepEnded: number): void {
  database.run(
    `DELETE FROM ended WHERE fleet = ?1 AND seq < (
       SELECT min(seq) FROM (
         SELECT seq, sum(count) OVER (ORDER BY seq DESC) - count AS newer FROM ended WHERE fleet = ?1
       ) WHERE newer < ?2)`,
    fleet,
    keepEnded,
  )
}

function parsed<T>(database: Database, row: Row, column: string): T {
  const text = textOf(database, row, column)
  if (crc32(text) === row.crc) return parseStored(database, text)
  throw damaged(database.path, `the checksum of a row of sessions does not fit`)
}

function fenced(fleet: string, epoch: number, latestEpoch: number): PluginError {
  return new PluginError(
    'conflict',
    `PLM-420 the session log of "${fleet}" was opened by another broker since: epoch ${epoch} is over, ${latestEpoch} is in ` +
      'force; nothing was stored; the daemon that holds the lease of the fleet places its sessions',
  )
}
