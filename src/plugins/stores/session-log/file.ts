/**
 * One open file of sessions. Whoever opened it closes it.
 *
 * Example: `openSessionFile({ path, keepEnded: 10000, maxBytes: null }).tables.open('rooms', 'a', null)`.
 */
import { statSync } from 'node:fs'
import { PluginError } from '../../../ports/plugin.ts'
import { createDatabase } from '../sqlite/database.ts'
import { openFile } from '../sqlite/file.ts'
import type { ThreadStart } from './messages.ts'
import { SESSIONS_FORM } from './schema.ts'
import { type Pile, type SessionTables, sessionTables } from './tables.ts'

/** 16 MB of write-ahead log. */
const CHECKPOINT_PAGES = 4_000

export interface SessionFile {
  readonly tables: SessionTables
  /** Throws when the file is not where it was: nobody would find again what is written. */
  requireInPlace(): void
  close(): void
}

/** `most`: what may pile up unfolded; the usual when left out. Throws the same `PluginError`s as a state file. */
export function openSessionFile({ path, keepEnded, maxBytes }: ThreadStart, most?: Pile): SessionFile {
  const connection = openFile(path, { readOnly: false, maxBytes }, SESSIONS_FORM)
  // Most pages are written over and over: the longer between two checkpoints, the less each has to write.
  connection.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  const tables = sessionTables(createDatabase(connection, path), keepEnded, most)
  const opened = statSync(path)
  return {
    tables,
    requireInPlace() {
      const now = statSync(path, { throwIfNoEntry: false })
      if (now?.ino === opened.ino && now.dev === opened.dev) return
      throw new PluginError(
        'unavailable',
        `PLM-415 the file of sessions ${path} was moved, deleted or replaced while it was in use; nothing more is stored; ` +
          'put it back, or restart to go on with what is there now',
      )
    },
    close: () => connection.close(),
  }
}
