import { execFile, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import { sampleNotice } from '../../ports/notifier.acceptance.ts'
import { sampleCommit, sampleEntry, stateStoreAcceptance } from '../../ports/state-store.acceptance.ts'
import type { Retention, StateStore } from '../../ports/state-store.ts'
import { loadSqlite } from './sqlite/load.ts'
import { SCHEMA_VERSION } from './sqlite/schema.ts'
import { openSqliteStore } from './sqlite.ts'

const run = promisify(execFile)
const NOON = Date.UTC(2026, 10, 21, 12)
const DAY = 86_400_000
const KEEP_NOTHING: Retention = { samplesMs: 1, samplesPerSeries: 0, journalMs: 1, journalEntries: 0 }
const ALWAYS = { from: 0, to: NOON + 365 * DAY }

stateStoreAcceptance('the SQLite store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
  const path = join(folder, 'deep', 'state.db')
  return {
    store: await openSqliteStore(path),
    reopen: () => openSqliteStore(path),
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
})

describe('a state file', () => {
  let folder: string
  let path: string
  let open: StateStore[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
    path = join(folder, 'state.db')
    open = []
  })
  afterEach(async () => {
    for (const store of open) await store.close()
    rmSync(folder, { recursive: true })
  })

  async function opened(options: Parameters<typeof openSqliteStore>[1] = {}, at = path): Promise<StateStore> {
    const store = await openSqliteStore(at, options)
    open.push(store)
    return store
  }

  /** Commits revisions 1..count and leaves the file closed, with everything checkpointed into it. */
  async function writeFile(count: number): Promise<void> {
    const store = await openSqliteStore(path)
    for (let revision = 1; revision <= count; revision++) await store.commit(sampleCommit('web', revision))
    await store.close()
  }

  function withSql(sql: string): void {
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }

  function schemaVersion(): unknown {
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(path)
    const version = database.prepare('PRAGMA user_version').get()?.user_version
    database.close()
    return version
  }

  /** Everything in the folder, to see that a refusal changed nothing. */
  function contents(): Record<string, string> {
    return Object.fromEntries(
      readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'hex')]),
    )
  }

  describe('of the version before', () => {
    /** As version 2 left it: without what operators changed, and entries without what was added to them since. */
    async function writeVersion2(): Promise<void> {
      await writeFile(2)
      const { DatabaseSync } = loadSqlite()
      const database = new DatabaseSync(path)
      database.exec(
        'DROP TABLE overrides; DROP TABLE acts; DROP TABLE waiting_notices; DROP TABLE journal_sessions; PRAGMA user_version = 2',
      )
      const { observation, approval: _, memory, ...entry } = sampleEntry('web', 2)
      const { overrides: __, fleets: ____, ...seen } = observation
      const { effects: _____, ...decided } = entry.decision
      const { approval: ___, ...remembered } = memory
      database
        .prepare('UPDATE journal SET entry = ? WHERE revision = 2')
        .run(
          deflateSync(JSON.stringify({ ...entry, observation: seen, memory: remembered, decision: decided })),
        )
      database.close()
    }

    const pause = { id: 'o1', fleet: 'web', at: NOON, who: 'ada', why: '', until: null } as const
    const override = { ...pause, change: { kind: 'pause' } } as const

    it('is brought up to date where it lies, with all it holds, and then refused by the version before', async () => {
      await writeVersion2()
      const store = await opened()
      expect(await store.readJournal({ fleet: 'web', limit: 9 })).toEqual([
        sampleEntry('web', 2),
        sampleEntry('web', 1),
      ])
      expect((await store.load('web')).revision).toBe(2)
      await store.saveOverride(override, {
        act: 'set',
        fleet: 'web',
        at: NOON,
        who: 'ada',
        why: '',
        override,
      })
      await store.close()
      expect(schemaVersion()).toBe(SCHEMA_VERSION)
      expect(await (await opened()).readOverrides('web')).toEqual([override])
    })

    it('is read as it is, and left as it is, by what only reads', async () => {
      await writeVersion2()
      const before = contents()['state.db']
      const store = await opened({ readOnly: true })
      expect(await store.readJournal({ fleet: 'web', limit: 1 })).toEqual([sampleEntry('web', 2)])
      expect(await store.readOverrides('web')).toEqual([])
      expect(await store.readActs({ limit: 9 })).toEqual([])
      expect(await store.readVerdict('web-1')).toBeNull()
      expect(await store.readNotices('web')).toEqual([])
      await store.close()
      // SQLite makes its companions for reading, too.
      expect(contents()['state.db'] === before).toBe(true)
    })
  })

  it('of version 3 is brought up to date with all it holds, and keeps notices from then on', async () => {
    const waiting = {
      notifier: 'ops',
      notice: sampleNotice(),
      kind: 'scaled',
      takenAt: NOON,
      held: null,
    }
    await writeFile(2)
    withSql('DROP TABLE waiting_notices; PRAGMA user_version = 3')
    const store = await opened()
    expect((await store.load('web')).revision).toBe(2)
    expect(await store.readNotices('web')).toEqual([])
    expect(await store.saveNotice(waiting, 'a')).toBe(true)
    await store.close()
    expect(schemaVersion()).toBe(SCHEMA_VERSION)
    expect(await (await opened()).readNotices('web')).toEqual([waiting])
  })

  it('of version 4 knows a sealed instance for sealed, and every other as it was', async () => {
    await writeFile(2)
    const former = { admission: 'closed', closedAt: NOON, readyAt: NOON, seenAt: NOON }
    const memory = {
      ...EMPTY_MEMORY,
      revision: 3,
      marks: { 'web-1': { ...former, sealed: true }, 'web-2': { ...former, sealed: false } },
      orders: [{ token: 'web/2/1', at: NOON, expiresAt: NOON + 1, instance: null }],
    }
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(path)
    database
      .prepare("UPDATE fleets SET revision = 3, memory = ? WHERE name = 'web'")
      .run(deflateSync(JSON.stringify(memory)))
    database.exec('PRAGMA user_version = 4')
    database.close()
    const { marks, orders } = await (await opened()).load('web')
    const rest = { incarnation: null, health: null, missingSince: null, goneAt: null, zone: null }
    expect(marks).toEqual({
      'web-1': { ...former, seal: 'sealed', ...rest },
      'web-2': { ...former, seal: 'none', ...rest },
    })
    expect(orders).toEqual([{ ...memory.orders[0], zone: null }])
  })

  describe('that must not be touched', () => {
    const foreign: [what: string, make: () => void, code: string][] = [
      ['text', () => writeFileSync(path, 'hello world\n'.repeat(1000)), 'PLM-400'],
      ['a few bytes', () => writeFileSync(path, 'x'), 'PLM-400'],
      ['the beginning of a state file', () => truncateAfterWriting(60), 'PLM-402'],
      ['the database of another application', () => withSql('CREATE TABLE users (name TEXT)'), 'PLM-400'],
      ['an empty database of nobody', () => withSql('CREATE TABLE t (x); DROP TABLE t'), 'PLM-400'],
      [
        'the database of another application, in its write-ahead log',
        () => withSql('PRAGMA journal_mode = WAL; PRAGMA application_id = 42; CREATE TABLE t (x)'),
        'PLM-400',
      ],
      ...[1, 6].map((version): [string, () => void, string] => [
        `a state file of version ${version}`,
        () =>
          withSql(`PRAGMA application_id = 0x504c4d53; PRAGMA user_version = ${version}; CREATE TABLE t (x)`),
        'PLM-401',
      ]),
      [
        'a state file without its tables',
        () => withSql('PRAGMA application_id = 0x504c4d53; PRAGMA user_version = 4; CREATE TABLE t (x)'),
        'PLM-402',
      ],
    ]

    function truncateAfterWriting(bytes: number): void {
      withSql('PRAGMA application_id = 0x504c4d53; CREATE TABLE t (x)')
      truncateSync(path, bytes)
    }

    it.each(foreign)('is refused when it holds %s, and stays as it was', async (_what, make, code) => {
      make()
      const before = contents()
      for (const readOnly of [false, true]) {
        const refusal = openSqliteStore(path, { readOnly })
        await expect(refusal).rejects.toMatchObject({ name: 'PluginError', kind: 'misconfigured' })
        await expect(refusal).rejects.toThrow(code)
        await expect(refusal).rejects.toThrow(path)
        await expect(refusal).rejects.toThrow('nothing was changed')
        expect(contents()).toEqual(before)
      }
    })

    it('is refused when pages of it were overwritten, with what to do', async () => {
      await writeFile(50)
      overwrite(path, 4096, 3)
      const before = contents()['state.db']
      await expect(openSqliteStore(path)).rejects.toMatchObject({ kind: 'misconfigured' })
      await expect(openSqliteStore(path)).rejects.toThrow(/PLM-402 .*damaged.*move the file away/)
      expect(contents()['state.db']).toBe(before)
    })

    it('is refused when its end is missing', async () => {
      await writeFile(50)
      truncateSync(path, statSync(path).size - 3 * 4096)
      await expect(openSqliteStore(path)).rejects.toThrow('PLM-402')
    })

    it('never yields anything but its contents or a refusal, wherever a byte is changed', async () => {
      await writeFile(12)
      const good = readFileSync(path)
      const reference = await opened()
      const memory = await reference.load('web')
      const journal = await reference.readJournal({ fleet: 'web', limit: 99 })
      await reference.close()
      const change = fc.record({ at: fc.nat(good.length - 1), to: fc.nat(255) })
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async changes => {
          const bytes = Buffer.from(good)
          for (const { at, to } of changes) bytes[at] = to
          for (const name of readdirSync(folder)) rmSync(join(folder, name))
          writeFileSync(path, bytes)
          try {
            const store = await openSqliteStore(path)
            try {
              expect(await store.load('web')).toEqual(memory)
              expect(await store.readJournal({ fleet: 'web', limit: 99 })).toEqual(journal)
            } finally {
              await store.close()
            }
          } catch (error) {
            expect(error).toMatchObject({ name: 'PluginError', kind: 'misconfigured' })
          }
        }),
        { numRuns: 60 },
      )
    })
  })

  describe('that becomes damaged while it is in use', () => {
    it('gives the same kind of error when the damage is found', async () => {
      await writeFile(1)
      const writer = await openSqliteStore(path)
      // Too large to be read in full when it is opened, so that the damage is met by a later read.
      await writer.saveSpec('large', 'x'.repeat(9_000_000), NOON)
      for (let revision = 2; revision <= 100; revision++) await writer.commit(sampleCommit('web', revision))
      await writer.close()
      const store = await opened({ readOnly: true })
      overwrite(path, 4096, Math.floor(statSync(path).size / 4096) - 1)
      await expect(store.readJournal({ fleet: 'web', limit: 999 })).rejects.toMatchObject({
        name: 'PluginError',
        kind: 'misconfigured',
      })
      await expect(store.readJournal({ fleet: 'web', limit: 999 })).rejects.toThrow('PLM-402')
    })

    it('stores nothing more once it was moved, deleted or replaced', async () => {
      const store = await opened()
      await store.commit(sampleCommit('web', 1))
      renameSync(path, `${path}.moved`)
      const lost = store.commit(sampleCommit('web', 2))
      await expect(lost).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable' })
      await expect(lost).rejects.toThrow('PLM-415')
      expect(await store.check(AbortSignal.timeout(1000))).toMatchObject({ ok: false })
      writeFileSync(path, '')
      await expect(store.commit(sampleCommit('web', 2))).rejects.toThrow('PLM-415')
      rmSync(path)
      renameSync(`${path}.moved`, path)
      await store.commit(sampleCommit('web', 2))
      expect((await store.load('web')).revision).toBe(2)
    })
  })

  describe('in a place that cannot hold it', () => {
    it.each([
      ['the path is a folder', () => mkdirSync(path), 'PLM-413'],
      ['a file is in the place of its folder', () => writeFileSync(join(folder, 'state.db'), ''), 'PLM-413'],
    ])('says so when %s', async (what, make, code) => {
      make()
      const at = what.startsWith('the path') ? path : join(path, 'deeper', 'state.db')
      const refusal = openSqliteStore(at)
      await expect(refusal).rejects.toMatchObject({ name: 'PluginError', kind: 'misconfigured' })
      await expect(refusal).rejects.toThrow(code)
    })

    it('says so when its name is too long', async () => {
      await expect(openSqliteStore(join(folder, 'x'.repeat(300)))).rejects.toThrow('PLM-413')
    })

    it('is as good as new when it is empty', async () => {
      writeFileSync(path, '')
      const store = await opened()
      await store.commit(sampleCommit('web', 1))
      expect((await store.load('web')).revision).toBe(1)
    })
  })

  describe('opened for reading only', () => {
    it('is not found when nothing was ever written', async () => {
      const missing = openSqliteStore(path, { readOnly: true })
      await expect(missing).rejects.toMatchObject({ name: 'PluginError', kind: 'not-found' })
      await expect(missing).rejects.toThrow('PLM-406')
      expect(existsSync(path)).toBe(false)
    })

    it('shows every commit of the one who writes, and refuses to change anything', async () => {
      const writer = await opened()
      await writer.commit(sampleCommit('web', 1))
      const reader = await opened({ readOnly: true })
      expect((await reader.load('web')).revision).toBe(1)
      await writer.commit(sampleCommit('web', 2))
      expect((await reader.load('web')).revision).toBe(2)
      const changes = [
        () => reader.commit(sampleCommit('web', 3)),
        () => reader.saveSpec('abc', 'text', NOON),
        () => reader.acquireLease('web', 'a', NOON, 1000),
        () => reader.prune(NOON, KEEP_NOTHING),
      ]
      for (const change of changes) {
        await expect(change()).rejects.toMatchObject({ name: 'PluginError', kind: 'refused' })
        await expect(change()).rejects.toThrow('PLM-407')
      }
    })

    it('can be read from another process while a daemon writes', async () => {
      const writer = await opened()
      await writer.commit(sampleCommit('web', 1))
      const child = run(process.execPath, [
        '--input-type=module',
        '-e',
        `const { openSqliteStore } = await import(${JSON.stringify(MODULE)})
         const store = await openSqliteStore(${JSON.stringify(path)}, { readOnly: true })
         for (let n = 0; n < 200; n++) await store.readJournal({ fleet: 'web', limit: 5 })
         console.log((await store.load('web')).revision)
         await store.close()`,
      ])
      let revision = 1
      let reading = true
      const finished = child.finally(() => {
        reading = false
      })
      while (reading) {
        revision += 1
        await writer.commit(sampleCommit('web', revision))
        await new Promise(resolve => setImmediate(resolve))
      }
      const { stdout } = await finished
      expect(Number(stdout)).toBeGreaterThan(0)
      expect(Number(stdout)).toBeLessThanOrEqual(revision)
    })
  })

  it('is closed for good once it is closed', async () => {
    const store = await opened()
    await store.close()
    await expect(store.load('web')).rejects.toThrow('PLM-411')
    await expect(store.commit(sampleCommit('web', 1))).rejects.toThrow('PLM-411')
  })

  it('is created once when two open it at the same moment', async () => {
    const commands = [1, 2, 3].map(() =>
      run(process.execPath, [
        '--input-type=module',
        '-e',
        `const { openSqliteStore } = await import(${JSON.stringify(MODULE)})
         const store = await openSqliteStore(${JSON.stringify(path)})
         console.log((await store.acquireLease('web', String(process.pid), Date.now(), 60_000))?.epoch ?? 'held')
         await store.close()`,
      ]),
    )
    const answers = (await Promise.all(commands)).map(({ stdout }) => stdout.trim())
    expect(answers.sort()).toEqual(['1', 'held', 'held'])
  })

  it('is opened without a warning on the terminal', async () => {
    const { stderr } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      `const { openSqliteStore } = await import(${JSON.stringify(MODULE)})
       await (await openSqliteStore(${JSON.stringify(path)})).close()`,
    ])
    expect(stderr).not.toContain('SQLite')
  })

  it('says who holds it when another process does not let go of it', async () => {
    const store = await opened()
    const { DatabaseSync } = loadSqlite()
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const blocked = store.commit(sampleCommit('web', 1))
    await expect(blocked).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable' })
    await expect(blocked).rejects.toThrow('PLM-405')
    other.exec('ROLLBACK')
    other.close()
    await store.commit(sampleCommit('web', 1))
  })

  it('keeps what was seen of sessions as long as the journal, in files that had no room for it too', async () => {
    await writeFile(1)
    const { DatabaseSync } = loadSqlite()
    const before = new DatabaseSync(path)
    before.exec('DROP TABLE journal_sessions; PRAGMA user_version = 4')
    before.close()
    const store = await opened()
    for (const revision of [2, 3, 4]) {
      const entry = sampleEntry('web', revision)
      const sessions = { inUse: revision, inUseOpen: 0, slots: 8, waiting: 0, silent: 0 }
      await store.commit(
        sampleCommit('web', revision, {
          entry: { ...entry, observation: { ...entry.observation, sessions } },
        }),
      )
    }
    const inUse = async () =>
      (await store.readTimeline({ fleet: 'web', window: ALWAYS, limit: 9 })).map(
        ({ sessions }) => sessions?.inUse ?? null,
      )
    expect(await inUse()).toEqual([null, 2, 3, 4])
    const rows = () => {
      const database = new DatabaseSync(path, { readOnly: true })
      const row = database.prepare('SELECT count(*) AS n FROM journal_sessions').get()
      database.close()
      return row?.n
    }
    expect(rows()).toBe(3)
    await store.prune(NOON + DAY, { ...KEEP_NOTHING, journalMs: 2 * DAY, journalEntries: 2 })
    expect([await inUse(), rows()]).toEqual([[3, 4], 2])
  })

  describe('without room to grow', () => {
    it('refuses what does not fit, whole, and goes on once there is room', async () => {
      const store = await opened({ maxBytes: 400_000 })
      const last = await fillUp(store)
      expect((await store.load('web')).revision).toBe(last)
      expect(await store.readJournal({ fleet: 'web', limit: 1 })).toMatchObject([{ revision: last }])
      expect(await countSamples(store)).toBe(last * SAMPLES_PER_COMMIT)
      await store.prune(NOON + 365 * DAY, KEEP_NOTHING)
      await store.commit(filling(last + 1))
      expect((await store.load('web')).revision).toBe(last + 1)
    })

    it('survives a disk that is really full', async ({ skip }) => {
      const disk = await mountDisk(folder, '1m')
      if (disk === null) return skip('a small file system can only be mounted by root')
      try {
        const at = join(disk.path, 'state.db')
        const store = await opened({}, at)
        const ballast = join(disk.path, 'ballast')
        writeFileSync(ballast, Buffer.alloc(300_000))
        const last = await fillUp(store)
        expect((await store.load('web')).revision).toBe(last)
        expect(await countSamples(store)).toBe(last * SAMPLES_PER_COMMIT)
        rmSync(ballast)
        await store.commit(filling(last + 1))
        await store.close()
        const again = await opened({}, at)
        expect((await again.load('web')).revision).toBe(last + 1)
        await again.close()
      } finally {
        await disk.unmount()
      }
    })

    it('cannot be created on a disk that is full, and can once it is not', async ({ skip }) => {
      const disk = await mountDisk(folder, '1m')
      if (disk === null) return skip('a small file system can only be mounted by root')
      try {
        const ballast = join(disk.path, 'ballast')
        fillDisk(ballast)
        const at = join(disk.path, 'state.db')
        await expect(openSqliteStore(at)).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable' })
        await expect(openSqliteStore(at)).rejects.toThrow('PLM-403')
        await expect(openSqliteStore(join(disk.path, 'deeper', 'state.db'))).rejects.toThrow('PLM-403')
        rmSync(ballast)
        const store = await opened({}, at)
        await store.commit(sampleCommit('web', 1))
        await store.close()
      } finally {
        await disk.unmount()
      }
    })

    it('says that its file system is read-only', async ({ skip }) => {
      const disk = await mountDisk(folder, '4m')
      if (disk === null) return skip('a small file system can only be mounted by root')
      try {
        const at = join(disk.path, 'state.db')
        const store = await openSqliteStore(at)
        await store.commit(sampleCommit('web', 1))
        await store.close()
        await run('mount', ['-o', 'remount,ro', disk.path])
        for (const place of [at, join(disk.path, 'new.db'), join(disk.path, 'deeper', 'state.db')]) {
          await expect(openSqliteStore(place)).rejects.toMatchObject({
            name: 'PluginError',
            kind: 'unavailable',
          })
          await expect(openSqliteStore(place)).rejects.toThrow('PLM-404')
        }
        // Reading needs the companions of the file, which cannot be made there either.
        await expect(openSqliteStore(at, { readOnly: true })).rejects.toThrow('PLM-404')
      } finally {
        await disk.unmount()
      }
    })
  })

  it('has every acknowledged commit after its process was killed, again and again', async () => {
    let acknowledged = 0
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', COMMITTING], {
        env: { ...process.env, STATE_FILE: path },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      // Lives for a number of commits that differs from round to round, and dies in the middle of the next.
      const lifetime = 20 + ((round * 37) % 90)
      let count = 0
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Math.max(acknowledged, Number(line))
        count += 1
        if (count === lifetime) child.kill('SIGKILL')
      }
      const store = await openSqliteStore(path)
      const memory = await store.load('web')
      expect(memory.revision).toBeGreaterThanOrEqual(acknowledged)
      expect(count).toBeGreaterThanOrEqual(lifetime)
      const journal = await store.readJournal({ fleet: 'web', limit: 10_000 })
      expect(journal.map(entry => entry.revision)).toEqual(
        Array.from({ length: memory.revision }, (_, index) => memory.revision - index),
      )
      expect(await countSamples(store)).toBe(memory.revision)
      await store.close()
    }
  }, 60_000)
})

const MODULE = new URL('./sqlite.ts', import.meta.url).href

/** Commits in a loop and prints each revision once it is acknowledged. */
const COMMITTING = `
import { writeSync } from 'node:fs'
const { openSqliteStore } = await import(${JSON.stringify(MODULE)})
const store = await openSqliteStore(process.env.STATE_FILE)
const entry = ${JSON.stringify(sampleEntry('web', 1))}
for (let { revision } = await store.load('web'); ; revision++) {
  const next = revision + 1
  await store.commit({
    fleet: 'web', epoch: 0, parentRevision: revision,
    memory: { ...${JSON.stringify(EMPTY_MEMORY)}, revision: next },
    entry: { ...entry, revision: next }, outcomes: null,
    samples: [{ metric: 'cpu', samples: [{ at: next, value: next }] }],
  })
  writeSync(1, next + '\\n')
}
`

const SAMPLES_PER_COMMIT = 50

function filling(revision: number) {
  const samples = Array.from({ length: SAMPLES_PER_COMMIT }, (_, n) => ({
    at: NOON + revision * 100 + n,
    value: n,
  }))
  return sampleCommit('web', revision, { samples: [{ metric: 'cpu', samples }] })
}

/** Commits until there is no room; returns the last revision acknowledged. */
async function fillUp(store: StateStore): Promise<number> {
  for (let revision = 1; revision < 10_000; revision++) {
    try {
      await store.commit(filling(revision))
    } catch (error) {
      expect(error).toMatchObject({ name: 'PluginError', kind: 'unavailable' })
      expect(String(error)).toContain('PLM-403')
      expect(String(error)).toContain('no space is left')
      return revision - 1
    }
  }
  throw new Error('it never filled up')
}

async function countSamples(store: StateStore): Promise<number> {
  return (await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 1_000_000 })).length
}

/** Overwrites a stretch of the file, as a failing disk would. */
function overwrite(path: string, from: number, pages: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(pages * 4096, 0xa5), 0, pages * 4096, from)
  closeSync(file)
}

function fillDisk(ballast: string): void {
  const file = openSync(ballast, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096, 1))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    closeSync(file)
  }
}

async function mountDisk(folder: string, size: string) {
  const path = join(folder, 'disk')
  mkdirSync(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  } catch {
    return null
  }
  // Lazily, so that a store left open by a failed test does not keep it mounted.
  return { path, unmount: () => run('umount', ['-l', path]) }
}
