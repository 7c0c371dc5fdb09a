/**
 * The session log in an SQLite file of its own (WAL with full sync), written by a thread of its own: a placement waits for
 * the disk, the daemon does not.
 *
 * Example: `openSqliteSessionLog('.plimsoll/state.db.sessions')` makes the file where it is missing. 64 placements in one
 * append are one row and one sync.
 */
import { resolve } from 'node:path'
import type { SessionLog } from '../../ports/session-log.ts'
import { LogThread } from './session-log/log-thread.ts'

export interface SqliteSessionLogOptions {
  /** Sessions that ended and are still told of, per fleet: at least so many, while there are. */
  readonly keepEnded?: number
  /** The file may not grow beyond this many bytes; an append that would is refused as if the disk were full. */
  readonly maxBytes?: number
}

const KEEP_ENDED = 10_000

/**
 * Throws `PluginError`: `misconfigured` when the file is not ours, damaged or of a newer version (it is left as it is),
 * `unavailable` when the place cannot be written.
 */
export async function openSqliteSessionLog(
  path: string,
  options: SqliteSessionLogOptions = {},
): Promise<SessionLog> {
  const file = resolve(path)
  const thread = new LogThread({
    path: file,
    keepEnded: options.keepEnded ?? KEEP_ENDED,
    maxBytes: options.maxBytes ?? null,
  })
  await thread.opened
  return {
    async check() {
      try {
        return { ok: true, detail: `${file}, ${await thread.ask({ do: 'check' })} sessions folded` }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    close: () => thread.close(),

    async open(fleet, holder, succeeds) {
      const opened = await thread.ask({ do: 'open', fleet, holder, succeeds: succeeds ?? null })
      if (typeof opened === 'object' && opened !== null) return opened
      throw new Error(`the thread of ${file} answered ${opened} to an open`)
    },

    async append(fleet, epoch, records) {
      await thread.ask({
        do: 'append',
        fleet,
        epoch,
        count: records.length,
        records: JSON.stringify(records),
      })
    },

    async confirm(fleet, epoch) {
      await thread.ask({ do: 'confirm', fleet, epoch })
    },
  }
}
