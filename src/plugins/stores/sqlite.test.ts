import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stateStoreAcceptance } from '../../ports/state-store.acceptance.ts'
import { openSqliteStore } from './sqlite.ts'

stateStoreAcceptance('the SQLite store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
  const path = join(folder, 'deep', 'state.db')
  return {
    store: await openSqliteStore(path),
    reopen: () => openSqliteStore(path),
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
})
