import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sampleCommit } from '../../../ports/state-store.acceptance.ts'
import { openSqliteStore } from '../sqlite.ts'
import { loadSqlite } from './load.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-changes-'))
  path = join(folder, 'state.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const CHANGE = { version: 1, at: 1, setting: 'reports', from: true, to: false, rule: 'Shed load' }

async function written(): Promise<void> {
  const store = await openSqliteStore(path)
  await store.commit(sampleCommit('web', 1, { settings: [CHANGE] }))
  await store.close()
}

function alter(sql: string): void {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

it('finds no changes in a file written before there were any, and reads the rest of it', async () => {
  await written()
  alter('DROP TABLE setting_changes; PRAGMA journal_mode = DELETE')
  const store = await openSqliteStore(path, { readOnly: true })
  expect(await store.readSettingChanges({ fleet: 'web', limit: 9 })).toEqual([])
  expect(await store.readJournal({ fleet: 'web', limit: 9 })).toHaveLength(1)
  await store.close()
})

it.each(['{"a":1}', 'nonsense', 'null'])(
  'calls a file damaged in which %s is the value of a setting',
  async text => {
    await written()
    alter(`UPDATE setting_changes SET to_value = '${text}'`)
    const store = await openSqliteStore(path)
    const reading = store.readSettingChanges({ fleet: 'web', limit: 9 })
    await expect(reading).rejects.toMatchObject({ kind: 'misconfigured' })
    await expect(reading).rejects.toThrow(/PLM-402 .*to_value of a changed setting/)
    await store.close()
  },
)
