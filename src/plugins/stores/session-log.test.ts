import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sessionLogAcceptance } from '../../ports/session-log.acceptance.ts'
import { openSqliteSessionLog } from './session-log.ts'

sessionLogAcceptance('in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-sessions-'))
  const path = join(folder, 'deep', 'state.db.sessions')
  return {
    log: await openSqliteSessionLog(path),
    reopen: () => openSqliteSessionLog(path),
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
})
