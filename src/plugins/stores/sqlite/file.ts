/**
 * Opens a state file, or says why not. A file that is not ours, is newer than we are, or is damaged is left
 * exactly as it is: its header is read with plain file reads before SQLite may touch it.
 *
 * Example: a 12 kB text file at state.path is refused with "PLM-400 ... is not a state file of Plimsoll: it
 * begins with "hello wo""; no file at all is created, with its folder.
 */
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { PluginError } from '../../../ports/plugin.ts'
import { damaged, notOurs, otherVersion, readOnlyPlace, translate, unusablePath } from './errors.ts'
import { loadSqlite } from './load.ts'
import {
  ADDED_TABLES,
  APPLICATION_ID,
  NEWEST_TABLE,
  OLDEST_VERSION,
  SCHEMA,
  SCHEMA_VERSION,
  TABLES,
} from './schema.ts'

export interface OpenOptions {
  readonly readOnly: boolean
  /** The file may not grow beyond this; `null` is no limit of ours. */
  readonly maxBytes: number | null
}

/** How long a write waits for another process to finish its own. The event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 2_000
/** Files up to this size are checked in full when opened (a few hundredths of a second). */
const FULL_CHECK_BYTES = 8 * 1024 * 1024
/** The write-ahead log is cut back to this after a checkpoint. */
const WAL_BYTES = 16 * 1024 * 1024
const PAGE_BYTES = 4096
/** Where SQLite's file header keeps its magic, user_version and application_id. */
const HEADER_BYTES = 100
const MAGIC = 'SQLite format 3\0'
const USER_VERSION_AT = 60
const APPLICATION_ID_AT = 68

export function openFile(path: string, options: OpenOptions): DatabaseSync {
  if (!options.readOnly) makeFolder(path)
  const header = readHeader(path)
  if (header === null && options.readOnly) {
    throw new PluginError(
      'not-found',
      `PLM-406 there is no state file at ${path} yet; has "plimsoll run" been started with this configuration?`,
    )
  }
  if (header !== null) requireOurs(path, header.applicationId, header.userVersion)
  const { DatabaseSync } = loadSqlite()
  let connection: DatabaseSync
  try {
    connection = new DatabaseSync(path, { readOnly: options.readOnly })
  } catch (error) {
    throw translate(error, path, 'open')
  }
  try {
    prepare(connection, path, options, header?.bytes ?? 0)
    return connection
  } catch (error) {
    connection.close()
    throw translate(error, path, 'open')
  }
}

function prepare(connection: DatabaseSync, path: string, options: OpenOptions, bytes: number): void {
  connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  connection.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON')
  if (options.maxBytes !== null) {
    connection.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / PAGE_BYTES))}`)
  }
  if (!options.readOnly && bytes === 0) createSchema(connection)
  requireOurs(path, pragma(connection, 'application_id'), pragma(connection, 'user_version'))
  requireTables(connection, path)
  if (bytes <= FULL_CHECK_BYTES) requireSound(connection, path)
  if (!options.readOnly) {
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    connection.exec(`PRAGMA journal_size_limit = ${WAL_BYTES}`)
    bringUpToDate(connection)
  }
}

/** Written in one transaction before the switch to WAL, so the header in the file itself is there or is not. */
function createSchema(connection: DatabaseSync): void {
  connection.exec('BEGIN IMMEDIATE')
  // Another process may have created it since we looked.
  if (pragma(connection, 'application_id') !== APPLICATION_ID) connection.exec(SCHEMA)
  connection.exec('COMMIT')
}

/** In one transaction: the file is of the older version, or of this one with all its tables. */
function bringUpToDate(connection: DatabaseSync): void {
  const newest = connection.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(NEWEST_TABLE)
  if (newest !== undefined && pragma(connection, 'user_version') === SCHEMA_VERSION) return
  connection.exec(`BEGIN IMMEDIATE; ${ADDED_TABLES} COMMIT`)
}

function requireOurs(path: string, applicationId: number, userVersion: number): void {
  if (applicationId !== APPLICATION_ID) {
    throw notOurs(path, `it is an SQLite file of another application (application_id ${applicationId})`)
  }
  if (userVersion < 1) throw damaged(path, `its version is ${userVersion}`)
  if (userVersion < OLDEST_VERSION || userVersion > SCHEMA_VERSION) {
    throw otherVersion(path, userVersion, SCHEMA_VERSION)
  }
}

function requireTables(connection: DatabaseSync, path: string): void {
  const rows = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const found = new Set(rows.map(row => row.name))
  const missing = TABLES.filter(table => !found.has(table))
  if (missing.length > 0) throw damaged(path, `it has no table ${missing.join(', ')}`)
}

function requireSound(connection: DatabaseSync, path: string): void {
  const answer = Object.values(connection.prepare('PRAGMA integrity_check(1)').get() ?? {})[0]
  if (answer !== 'ok') throw damaged(path, String(answer).replaceAll(/\s+/g, ' '))
}

function pragma(connection: DatabaseSync, name: string): number {
  return Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

interface Header {
  readonly applicationId: number
  readonly userVersion: number
  readonly bytes: number
}

/** `null` when there is no file, or an empty one, which is as good as none. */
function readHeader(path: string): Header | null {
  const head = Buffer.alloc(HEADER_BYTES)
  let read = 0
  let bytes = 0
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw unusablePath(path, 'it is a folder')
    bytes = stat.size
    const file = openSync(path, 'r')
    try {
      read = readSync(file, head, 0, HEADER_BYTES, 0)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileProblem(error, path)
  }
  if (read === 0) return null
  const magic = head.toString('latin1', 0, Math.min(read, MAGIC.length))
  if (magic !== MAGIC) throw notOurs(path, `it begins with ${JSON.stringify(magic.slice(0, 8))}`)
  if (read < HEADER_BYTES) throw damaged(path, `it ends after ${read} bytes`)
  return {
    applicationId: head.readInt32BE(APPLICATION_ID_AT),
    userVersion: head.readInt32BE(USER_VERSION_AT),
    bytes,
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    // What a read-only file system answers to a recursive mkdir.
    if (errorCode(error) === 'ENOENT') throw readOnlyPlace(path, 'open', 'its folder cannot be made', error)
    throw fileProblem(error, path)
  }
}

function fileProblem(error: unknown, path: string): unknown {
  const saw = error instanceof Error ? error.message : String(error)
  switch (errorCode(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return unusablePath(path, 'something that is no folder is in the place of its folder')
    case 'EISDIR':
      return unusablePath(path, 'it is a folder')
    case 'ENAMETOOLONG':
      return unusablePath(path, 'its name is too long')
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return readOnlyPlace(path, 'open', saw, error)
    case 'ENOSPC':
    case 'EDQUOT':
      return new PluginError(
        'unavailable',
        `PLM-403 cannot open ${path}: no space is left on its disk (${saw}); nothing of it was stored; free some space and try again`,
        { cause: error },
      )
    default:
      return error
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
