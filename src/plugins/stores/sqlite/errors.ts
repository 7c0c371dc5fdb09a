/**
 * What SQLite's result codes mean to the operator: damaged, full, read-only, locked. Each becomes one
 * `PluginError` that names the file, says that nothing was changed, and what to do.
 *
 * Example: result code 13 (SQLITE_FULL) while committing becomes `unavailable`, "PLM-403 cannot commit to
 * /var/lib/plimsoll/state.db: no space is left ...; nothing of it was stored; free some space, the next tick tries again".
 */
import { PluginError } from '../../../ports/plugin.ts'

/** Primary result codes of SQLite (the low byte of an extended one). */
const ERROR = 1
const PERM = 3
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const AUTH = 23
const NOTADB = 26
/** SQLITE_IOERR_SHMSIZE: the shared-memory file could not grow, which on a full disk comes before SQLITE_FULL. */
const IOERR_SHMSIZE = 4874

const LOCKED_RETRY_MS = 1_000

const MOVE_AWAY =
  'nothing was changed; move the file away (with its -wal and -shm companions) to start with an empty state, or put a good copy in its place'

export function damaged(path: string, saw: string): PluginError {
  return new PluginError('misconfigured', `PLM-402 the state file ${path} is damaged (${saw}); ${MOVE_AWAY}`)
}

export function notOurs(path: string, saw: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-400 ${path} is not a state file of Plimsoll: ${saw}; nothing was changed; move it away, or set state.path to another place`,
  )
}

export function otherVersion(path: string, found: number, known: number): PluginError {
  const newer = found > known
  return new PluginError(
    'misconfigured',
    `PLM-401 the state file ${path} is of version ${found}, written by ${newer ? 'a newer' : 'an older'} Plimsoll; this one reads version ${known}; ` +
      `nothing was changed; ${newer ? 'run the newer Plimsoll, or ' : ''}move the file away to start with an empty state`,
  )
}

export function unusablePath(path: string, saw: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-413 the state file ${path} cannot be used: ${saw}; set state.path to a file in a folder of its own`,
  )
}

/** `doing` completes "cannot ...", e.g. "commit to". Anything that is not SQLite's doing is returned as it is. */
export function translate(error: unknown, path: string, doing: string): unknown {
  if (error instanceof PluginError) return error
  const code = resultCode(error)
  if (code === null) return error
  const saw = error instanceof Error ? error.message : String(error)
  if (code === IOERR_SHMSIZE) return full(path, doing, saw, error)
  switch (code & 0xff) {
    case ERROR:
      // Our own SQL is right, so a table that is not there is the file's doing.
      return /no such (table|column)/.test(saw) ? damaged(path, saw) : error
    case CORRUPT:
    case NOTADB:
      return damaged(path, saw)
    case FULL:
      return full(path, doing, saw, error)
    case READONLY:
    case CANTOPEN:
    case PERM:
    case AUTH:
      return readOnlyPlace(path, doing, saw, error)
    case BUSY:
    case LOCKED:
      return new PluginError(
        'unavailable',
        `PLM-405 cannot ${doing} ${path}: another process holds it locked (${saw}); nothing was stored; it may be tried again`,
        { cause: error, retryAfterMs: LOCKED_RETRY_MS },
      )
    case IOERR:
      return new PluginError(
        'unavailable',
        `PLM-412 cannot ${doing} ${path}: the disk answered with an error (${saw}); nothing was stored; look at the disk and its free space`,
        { cause: error },
      )
    default:
      return error
  }
}

function full(path: string, doing: string, saw: string, cause: unknown): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-403 cannot ${doing} ${path}: no space is left on its disk, or it has reached its largest size (${saw}); ` +
      'nothing of it was stored; free some space, the next tick tries again',
    { cause },
  )
}

export function readOnlyPlace(path: string, doing: string, saw: string, cause: unknown): PluginError {
  return new PluginError(
    'unavailable',
    `PLM-404 cannot ${doing} ${path}: the file or its folder may not be written (${saw}), as on a read-only file system or without permission; ` +
      'nothing was stored; make it writable or set state.path to another place',
    { cause },
  )
}

/** SQLite's extended result code, as `node:sqlite` puts it on its errors. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}
