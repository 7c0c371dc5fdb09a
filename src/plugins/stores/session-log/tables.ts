/**
 * Reads and writes a file of sessions, one call at a time; `schema.ts` tells how it lies in there.
 *
 * Example: `append('rooms', 3, 1, '[{"kind":"placed",...}]')` adds one row and, where 8,192 records have piled up,
 * folds the oldest 512.
 */
import { crc32 } from 'node:zlib'
import { PluginError } from '../../../ports/plugin.ts'
import type { EndedSession, LoggedSession, OpenedLog, SessionRecord } from '../../../ports/session-log.ts'
import { type Database, numberOf, parseStored, type Row, textOf } from '../sqlite/database.ts'
import { damaged } from '../sqlite/errors.ts'

/** What may pile up before it is folded. */
const MOST: Pile = { batches: 1_024, records: 8_192 }
/** What is folded at once: a millisecond or two. */
const FOLD_RECORDS = 512
const FOLD_BATCHES = 16

export interface SessionTables {
  open(fleet: string, holder: string, succeeds: number | null): OpenedLog
  /** `records`: a JSON array of `SessionRecord`s. */
  append(fleet: string, epoch: number, count: number, records: string): void
  confirm(fleet: string, epoch: number): void
  count(): number
}

export interface Pile {
  readonly batches: number
  readonly records: number
}

interface FleetRow {
  readonly id: number
  readonly epoch: number
}

const NOTHING: Pile = { batches: 0, records: 0 }

export function sessionTables(database: Database, keepEnded: number, most: Pile = MOST): SessionTables {
  let piled = database.reading(() => pileOf(database))

  function append(fleet: string, epoch: number, count: number, records: string): void {
    let folded: Pile = NOTHING
    database.atomically('append to', () => {
      const row = findFleet(database, fleet)
      if (row === null || row.epoch !== epoch) throw fenced(fleet, epoch, row?.epoch ?? 0)
      database.run(
        'INSERT INTO batches (fleet, count, crc, records) VALUES (?, ?, ?, ?)',
        row.id,
        count,
        crc32(records),
        records,
      )
      if (piled.batches >= most.batches || piled.records >= most.records) folded = fold(database, keepEnded)
    })
    piled = { batches: piled.batches + 1 - folded.batches, records: piled.records + count - folded.records }
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

    confirm(fleet, epoch) {
      const row = database.reading(() => findFleet(database, fleet))
      if (row === null || row.epoch !== epoch) throw fenced(fleet, epoch, row?.epoch ?? 0)
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
  const live = new Map<number, LoggedSession>()
  for (const row of database.all('SELECT crc, session FROM sessions WHERE fleet = ?', fleet)) {
    const session = parsed<LoggedSession>(database, row, 'session')
    live.set(session.number, session)
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

function carryOut(record: SessionRecord, live: Map<number, LoggedSession>, ended: EndedSession[]): void {
  if (record.kind === 'placed') {
    live.set(record.session.number, record.session)
    return
  }
  const session = live.get(record.number)
  if (session === undefined) return
  live.delete(record.number)
  ended.push({ session, end: record.kind, at: record.at, why: record.why })
}

function pileOf(database: Database): Pile {
  const row = database.get('SELECT count(*) AS batches, total(count) AS records FROM batches')
  return row === null ? NOTHING : { batches: Number(row.batches), records: Number(row.records) }
}

/** The oldest batches become rows of what is and what was; answers how many. */
function fold(database: Database, keepEnded: number): Pile {
  const rows = oldest(database)
  const byFleet = new Map<number, SessionRecord[]>()
  let count = 0
  for (const row of rows) {
    const fleet = numberOf(database, row, 'fleet')
    const records = parsed<SessionRecord[]>(database, row, 'records')
    const known = byFleet.get(fleet)
    if (known === undefined) byFleet.set(fleet, records)
    else known.push(...records)
    count += numberOf(database, row, 'count')
  }
  for (const [fleet, records] of byFleet) foldRecords(database, fleet, records, keepEnded)
  const last = rows.at(-1)
  if (last !== undefined) database.run('DELETE FROM batches WHERE seq <= ?', numberOf(database, last, 'seq'))
  return { batches: rows.length, records: count }
}

/** At least one, and no more than hold so many records. */
function oldest(database: Database): Row[] {
  const rows = database.all(`SELECT seq, count FROM batches ORDER BY seq LIMIT ${FOLD_BATCHES}`)
  const found: Row[] = []
  let count = 0
  for (const { seq, count: more } of rows) {
    count += Number(more)
    if (found.length > 0 && count > FOLD_RECORDS) break
    const row = database.get('SELECT seq, fleet, count, crc, records FROM batches WHERE seq = ?', Number(seq))
    if (row !== null) found.push(row)
  }
  return found
}

/** What began and ended in these batches never becomes a row of its own. */
function foldRecords(
  database: Database,
  fleet: number,
  records: readonly SessionRecord[],
  keepEnded: number,
): void {
  const begun = new Map<number, LoggedSession>()
  const ended: EndedSession[] = []
  for (const record of records) {
    if (record.kind !== 'placed' && !begun.has(record.number)) {
      const session = takeSession(database, fleet, record.number)
      if (session !== null) begun.set(record.number, session)
    }
    carryOut(record, begun, ended)
  }
  for (const session of begun.values()) {
    const text = JSON.stringify(session)
    database.run(
      `INSERT INTO sessions (fleet, number, crc, session) VALUES (?, ?, ?, ?)
       ON CONFLICT (fleet, number) DO UPDATE SET crc = excluded.crc, session = excluded.session`,
      fleet,
      session.number,
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

function takeSession(database: Database, fleet: number, number: number): LoggedSession | null {
  const row = database.get(
    'DELETE FROM sessions WHERE fleet = ? AND number = ? RETURNING crc, session',
    fleet,
    number,
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
