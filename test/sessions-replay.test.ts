/**
 * The sessions that a daemon placed, played again: real daemons over real processes, sessions placed and released over their API, one
 * daemon that ends before it has told of all of them, and then the lab on the state they left.
 */
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openReadOnly } from '../src/cli/reader/state-reader.ts'
import { readRecordedSessions } from '../src/lab/traces/recorded-sessions.ts'
import type { StateStore } from '../src/ports/state-store.ts'
import { ENDED_SERIES } from '../src/ports/state-store.ts'
import { type Folder, inFolder, QUICKSTART, type RunningDaemon } from './builders/real.ts'
import { askRooms, placeIn } from './builders/real-rooms.ts'
import { until } from './builders/until.ts'

vi.setConfig({ testTimeout: 120_000 })

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER }

const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
fleets:
  rooms:
    target: { type: process, command: [node, rooms.mjs], health: { path: /health, every: 200ms, timeout: 5s }, stopGrace: 5s }
    router: { type: broker }
    sessions: { slotsPerInstance: 2, reserve: 1 }
    capacity: { min: 1, max: 8 }
    cooldown: { out: 0s, in: 0s }
    stabilization: { out: 0s, in: 0s }
    every: 200ms
`

/** @returns how long it lasted, in ms */
async function release(daemon: RunningDaemon, sessionId: string): Promise<number> {
  expect((await askRooms(daemon, 'DELETE', `sessions/${sessionId}`)).status).toBe(200)
  const { body } = await askRooms(daemon, 'GET', `sessions/${sessionId}`)
  return Date.parse(body.ended.at) - Date.parse(body.placedAt)
}

async function ticks(daemon: RunningDaemon, count: number): Promise<void> {
  const revision = async () => (await daemon.fleet('rooms')).revision ?? 0
  const before = await revision()
  await until(`${count} ticks later`, async () => (await revision()) >= before + count)
}

/** What the state file has, also while a daemon writes it. */
async function recorded<T>(folder: Folder, read: (store: StateStore) => Promise<T>): Promise<T> {
  const store = await openReadOnly(folder.in('state.db'), 'it is the one of the test')
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

const told = (folder: Folder) =>
  recorded(folder, async store => {
    const samples = await store.readSamples({ fleet: 'rooms', metric: ENDED_SERIES, window: EVER, limit: 99 })
    return samples.reduce((sum, { labels }) => sum + Number(labels?.sessions), 0)
  })

describe('sessions over real processes, replayed from the journal', () => {
  it('are as many as there were and last as long, also those that the next daemon tells of', async () => {
    await inFolder(async folder => {
      folder.write('plimsoll.yaml', CONFIG)
      folder.write('roomy.yaml', CONFIG.replace('reserve: 1', 'reserve: 7'))
      folder.copy(path.join(QUICKSTART, 'rooms.mjs'), 'rooms.mjs')
      const lengthsMs: number[] = []
      const first = folder.run('plimsoll.yaml')
      for (const id of ['a', 'b', 'c']) await placeIn(first, id)
      await ticks(first, 5)
      lengthsMs.push(await release(first, 'a'))
      await until('it is told', async () => (await told(folder)) === 1)
      await placeIn(first, 'd')
      await ticks(first, 5)
      for (const id of ['b', 'c', 'd']) lengthsMs.push(await release(first, id))
      // Mostly within ten seconds of the last telling, so that nobody has told of these.
      await first.stop('SIGTERM')
      const second = folder.run('plimsoll.yaml')
      await until('the next one tells of the others', async () => (await told(folder)) === 4)
      await ticks(second, 5)
      await second.stop('SIGTERM')
      expect(await told(folder)).toBe(4)

      const trace = await recorded(folder, store =>
        readRecordedSessions(store, { fleet: 'rooms', window: EVER }),
      )
      const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)
      expect(trace.sessions).toHaveLength(4)
      expect(sum(trace.sessions.map(({ lengthMs }) => lengthMs))).toBeCloseTo(sum(lengthsMs), 0)

      const again = await folder.plimsoll('backtest', 'plimsoll.yaml', '--journal', '--json')
      expect(again).toMatchObject({ code: 0, err: '' })
      expect(JSON.parse(again.out).scores).toMatchObject({
        sessionsPlaced: { values: { rooms: 4, 'as recorded': 4 } },
        sessionsRefused: { values: { rooms: 0, 'as recorded': null } },
        sessionsLost: { values: { rooms: 0, 'as recorded': 0 } },
      })
      const other = await folder.plimsoll('diff', 'plimsoll.yaml', 'roomy.yaml', '--journal', '--json')
      expect(other).toMatchObject({ code: 0, err: '' })
      const { scores, partings } = JSON.parse(other.out)
      expect(scores.sessionsRefused.values).toEqual({ before: 0, after: 0 })
      expect(scores.instanceHours.values.after).toBeGreaterThan(scores.instanceHours.values.before)
      expect(partings.count).toBeGreaterThan(0)
    })
  })
})
