import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ended, placed, sampleSession, sessionLogAcceptance } from '../../ports/session-log.acceptance.ts'
import type { SessionLog, SessionRecord } from '../../ports/session-log.ts'
import { openSessionFile } from './session-log/file.ts'
import { LogThread } from './session-log/log-thread.ts'
import { openSqliteSessionLog, type SqliteSessionLogOptions } from './session-log.ts'
import { loadSqlite } from './sqlite/load.ts'
import { openSqliteStore } from './sqlite.ts'

sessionLogAcceptance('in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-sessions-'))
  const path = join(folder, 'deep', 'state.db.sessions')
  return {
    log: await openSqliteSessionLog(path),
    reopen: () => openSqliteSessionLog(path),
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
})

/** Batches and records that pile up before they are folded: few, so that it need not be thousands. */
const FEW = { batches: 30, records: 1_000 }

describe('a file of sessions', () => {
  let folder: string
  let path: string
  let open: SessionLog[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-sessions-'))
    path = join(folder, 'sessions.db')
    open = []
  })
  afterEach(async () => {
    for (const log of open) await log.close()
    rmSync(folder, { recursive: true })
  })

  async function opened(options: SqliteSessionLogOptions = {}): Promise<SessionLog> {
    const log = await openSqliteSessionLog(path, options)
    open.push(log)
    return log
  }

  function sql(text: string): unknown[] {
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(path)
    try {
      return database.prepare(text).all()
    } finally {
      database.close()
    }
  }

  const rowsOf = (table: string): number => {
    return Number((sql(`SELECT count(*) AS n FROM ${table}`)[0] as { n: number }).n)
  }

  describe('after many appends', () => {
    /** Session n is placed in append n and ends ten appends later, except each fiftieth. */
    const append = (n: number): SessionRecord[] => {
      const over = n - 10
      return [...placed(n), ...(over > 0 && over % 50 !== 0 ? ended('released', over) : [])]
    }
    const COUNT = 300

    it('is folded, tells the same, and stays small', () => {
      const start = { path, keepEnded: 50, maxBytes: null }
      const file = openSessionFile(start, FEW)
      const { epoch } = file.tables.open('web', 'a', null)
      for (let n = 1; n <= COUNT; n++) {
        const records = append(n)
        file.tables.append('web', epoch, records.length, JSON.stringify(records))
      }
      file.close()
      expect(rowsOf('batches')).toBeLessThanOrEqual(FEW.batches)
      expect(rowsOf('sessions')).toBeLessThan(30)
      expect(rowsOf('ended')).toBeLessThan(9)
      const again = openSessionFile(start)
      const { sessions, ended: over } = again.tables.open('web', 'b', null)
      again.close()
      const live = Array.from({ length: COUNT }, (_, n) => n + 1).filter(n => n % 50 === 0 || n > COUNT - 10)
      expect(sessions).toEqual(live.map(number => sampleSession(number)))
      const last = Array.from({ length: COUNT - 10 }, (_, n) => n + 1).filter(n => n % 50 !== 0)
      expect(over.map(({ session }) => session.number)).toEqual(last.slice(-50))
    })

    it('of several fleets is folded for each', () => {
      const start = { path, keepEnded: 5, maxBytes: null }
      const file = openSessionFile(start, FEW)
      const [web, shop] = [file.tables.open('web', 'a', null), file.tables.open('shop', 'a', null)]
      for (let n = 1; n <= 100; n++) {
        file.tables.append('web', web.epoch, 1, JSON.stringify(placed(n)))
        file.tables.append('shop', shop.epoch, 1, JSON.stringify(placed(n)))
        if (n > 1) file.tables.append('shop', shop.epoch, 1, JSON.stringify(ended('lost', n - 1)))
      }
      expect(file.tables.open('web', 'b', null).sessions).toHaveLength(100)
      const { sessions, ended: over } = file.tables.open('shop', 'b', null)
      expect(sessions.map(({ number }) => number)).toEqual([100])
      expect(over.map(({ session }) => session.number)).toEqual([95, 96, 97, 98, 99])
      file.close()
    })

    it('is folded by records where each append has many', () => {
      const file = openSessionFile({ path, keepEnded: 0, maxBytes: null })
      const { epoch } = file.tables.open('web', 'a', null)
      for (let n = 0; n < 40; n++) {
        const records = placed(...Array.from({ length: 500 }, (_, i) => n * 500 + i + 1))
        file.tables.append('web', epoch, records.length, JSON.stringify(records))
      }
      file.close()
      expect(rowsOf('batches')).toBeLessThanOrEqual(18)
      expect(rowsOf('sessions')).toBeGreaterThan(10_000)
      const again = openSessionFile({ path, keepEnded: 0, maxBytes: null })
      expect(again.tables.open('web', 'b', null).sessions).toHaveLength(20_000)
      again.close()
    })
  })

  it('holds everything that was answered, whenever the process is killed', async () => {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', WRITER, new URL('./session-log.ts', import.meta.url).href, path],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let answered = 0
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        answered = Number(line)
        if (answered >= 40) break
      }
    } finally {
      child.kill('SIGKILL')
    }
    const { sessions } = await (await opened()).open('web', 'after')
    expect(sessions.length).toBeGreaterThanOrEqual(answered * 3)
    // All or nothing: three in each append.
    expect(sessions.length % 3).toBe(0)
  })

  describe('that cannot be used', () => {
    it.each<[string, () => unknown, string]>([
      ['it is text', () => writeFileSync(path, 'hello world\n'.repeat(1_000)), 'PLM-400'],
      ['it is a state file', async () => (await openSqliteStore(path)).close(), 'PLM-400'],
      ['it is of a newer version', async () => void (await newer()), 'PLM-401'],
    ])('is refused and left as it is, where %s', async (_what, make, code) => {
      await make()
      const before = readFileSync(path, 'hex')
      await expect(openSqliteSessionLog(path)).rejects.toMatchObject({
        kind: 'misconfigured',
        message: expect.stringContaining(code),
      })
      expect(readFileSync(path, 'hex') === before).toBe(true)
    })

    async function newer(): Promise<void> {
      await (await openSqliteSessionLog(path)).close()
      sql('PRAGMA user_version = 2')
    }

    it.each(['batches', 'sessions', 'ended'])(
      'because a bit of %s flipped, is refused, not believed',
      async table => {
        const file = openSessionFile({ path, keepEnded: 9, maxBytes: null }, FEW)
        const { epoch } = file.tables.open('web', 'a', null)
        for (let n = 1; n <= 80; n++) {
          const records = n % 2 === 0 ? ended('released', n - 1) : placed(n, n + 5_000)
          file.tables.append('web', epoch, records.length, JSON.stringify(records))
        }
        file.close()
        const column = table === 'batches' ? 'records' : table === 'sessions' ? 'session' : 'sessions'
        sql(`UPDATE ${table} SET ${column} = replace(${column}, 'web-1', 'web-2')`)
        await expect((await opened()).open('web', 'b')).rejects.toThrow('PLM-402')
      },
    )

    it('because it was moved while in use, takes nothing more', async () => {
      const log = await opened()
      const { epoch } = await log.open('web', 'a')
      renameSync(path, `${path}.away`)
      await expect(log.append('web', epoch, placed(1))).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('PLM-415 the file of sessions'),
      })
      expect((await log.check(AbortSignal.timeout(5_000))).ok).toBe(false)
      renameSync(`${path}.away`, path)
      await log.append('web', epoch, placed(1))
    })

    it('because there is no more room, refuses an append whole, and takes a smaller one', async () => {
      const log = await opened({ maxBytes: 200_000 })
      const { epoch } = await log.open('web', 'a')
      const many = Array.from({ length: 2_000 }, (_, n) => n + 10)
      await expect(log.append('web', epoch, placed(...many))).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('PLM-403'),
      })
      await log.append('web', epoch, placed(1))
      expect((await log.open('web', 'b')).sessions).toEqual([sampleSession(1)])
    })
  })

  it.each([
    ['ends', 'process.exit(3)', 'it ended'],
    ['breaks', "throw new Error('out of order')", 'out of order'],
  ])('whose thread %s says so to all who wait, and to all who come', async (_how, doing, saw) => {
    const program = join(folder, 'thread.mjs')
    writeFileSync(
      program,
      `import { parentPort } from 'node:worker_threads'
       parentPort.postMessage({ id: 0, ok: true, value: null })
       parentPort.on('message', () => { ${doing} })`,
    )
    const thread = new LogThread({ path, keepEnded: 1, maxBytes: null }, pathToFileURL(program))
    await thread.opened
    const asked = await Promise.allSettled([thread.ask({ do: 'check' }), thread.ask({ do: 'check' })])
    asked.push(...(await Promise.allSettled([thread.ask({ do: 'check' })])))
    for (const result of asked) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { kind: 'unavailable', message: expect.stringMatching(`^PLM-423 .*${saw}`) },
      })
    }
    await thread.close()
  })
})

/** Three sessions per append; after each answer it says how many appends were answered. */
const WRITER = `
const { openSqliteSessionLog } = await import(process.argv[1])
const log = await openSqliteSessionLog(process.argv[2])
const { epoch } = await log.open('web', 'writer')
for (let n = 0; ; n++) {
  const records = [1, 2, 3].map(i => ({
    kind: 'placed',
    session: { id: 's' + (3 * n + i), number: 3 * n + i, instance: 'web-1', incarnation: null, slots: 1, labels: {}, leaseMs: null, placedAt: 0 },
  }))
  await log.append('web', epoch, records)
  process.stdout.write(n + 1 + '\\n')
}
`
