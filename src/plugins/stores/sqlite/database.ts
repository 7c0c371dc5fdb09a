/**
 * An open state file: prepared statements by their text, and transactions that either happened or did not.
 *
 * Example: `database.atomically('commit to', () => { database.run('UPDATE ...', 42); database.run('INSERT ...', 1) })`
 * does both or, when the second fails, neither, and throws what `errors.ts` makes of it.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { deflateSync, inflateSync } from 'node:zlib'
import { damaged, translate } from './errors.ts'

/** No entry comes near it; damaged bytes could otherwise unpack to anything. */
const LARGEST_TEXT_BYTES = 256 * 1024 * 1024

export type Row = Record<string, SQLOutputValue>

export interface Database {
  readonly path: string
  /** Rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number
  get(sql: string, ...values: SQLInputValue[]): Row | null
  all(sql: string, ...values: SQLInputValue[]): readonly Row[]
  /** `doing` completes "cannot ..." in the error. */
  atomically<T>(doing: string, work: () => T): T
  /** For single reads: translates their errors. */
  reading<T>(work: () => T): T
}

export function createDatabase(connection: DatabaseSync, path: string): Database {
  const statements = new Map<string, StatementSync>()

  function statement(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const prepared = connection.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }

  /** After some failures SQLite has rolled back by itself; then there is nothing left to roll back. */
  function rollBack(): void {
    try {
      statement('ROLLBACK').run()
    } catch {
      // The first error is the one to report.
    }
  }

  return {
    path,
    run: (sql, ...values) => Number(statement(sql).run(...values).changes),
    get: (sql, ...values) => statement(sql).get(...values) ?? null,
    all: (sql, ...values) => statement(sql).all(...values),
    atomically(doing, work) {
      try {
        statement('BEGIN IMMEDIATE').run()
        try {
          const result = work()
          statement('COMMIT').run()
          return result
        } catch (error) {
          rollBack()
          throw error
        }
      } catch (error) {
        throw translate(error, path, doing)
      }
    },
    reading(work) {
      try {
        return work()
      } catch (error) {
        throw translate(error, path, 'read')
      }
    },
  }
}

/** Columns hold what the schema says; anything else is damage. */
export function textOf(database: Database, row: Row, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw damaged(database.path, `column ${column} holds no text`)
}

export function numberOf(database: Database, row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number') return value
  throw damaged(database.path, `column ${column} holds no number`)
}

/** A file of an older version that is only read has not all tables of today. */
export function hasTable(database: Database, name: string): boolean {
  return database.get("SELECT 1 AS there FROM sqlite_schema WHERE type = 'table' AND name = ?", name) !== null
}

export function numberOrNull(database: Database, row: Row, column: string): number | null {
  return row[column] === null ? null : numberOf(database, row, column)
}

/**
 * JSON, deflated, with a checksum that finds a flipped bit. Text that repeats itself, as an entry of the journal does,
 * takes a third to a fifth of the room.
 */
export function deflateJson(value: unknown): Uint8Array {
  return deflateSync(JSON.stringify(value), { level: 3 })
}

export function inflateStored<T>(database: Database, row: Row, column: string): T {
  const packed = row[column]
  if (!(packed instanceof Uint8Array)) throw damaged(database.path, `column ${column} holds no bytes`)
  return parseStored(database, inflated(database, packed))
}

function inflated(database: Database, packed: Uint8Array): string {
  try {
    return inflateSync(packed, { maxOutputLength: LARGEST_TEXT_BYTES }).toString('utf8')
  } catch (error) {
    throw damaged(
      database.path,
      `stored bytes cannot be unpacked: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** JSON we wrote ourselves; the caller names its type. */
export function parseStored<T>(database: Database, text: string): T {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw damaged(database.path, `stored text is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}
