/**
 * After a crash everything is as acknowledged: sessions, closed marks, intents. And what was half done is completed or found
 * done, never repeated. Real daemons, ended with SIGKILL; real rooms that go on meanwhile; real people in them.
 */
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isRunning, stillRunning } from './builders/process-table.ts'
import { type Folder, inFolder, QUICKSTART, type RunningDaemon } from './builders/real.ts'
import { askRooms, type Placed, placeIn } from './builders/real-rooms.ts'
import { until } from './builders/until.ts'
import { processesIn } from './torture/instances.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 180_000 })

/** The lease of a daemon that ended by force runs out after this at the latest. */
const TAKEN_OVER_MS = 60_000

interface Options {
  readonly min?: number
  readonly max?: number
  readonly slots?: number
  readonly target?: string
  readonly every?: string
}

function roomsIn(
  folder: Folder,
  { min = 1, max = 4, slots = 2, target = 'keep: true', every = '200ms' }: Options = {},
): void {
  folder.write(
    'plimsoll.yaml',
    `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
fleets:
  rooms:
    target: { type: process, command: [node, rooms.mjs], health: { path: /health, every: 200ms, timeout: 5s }, stopGrace: 5s, ${target} }
    router: { type: broker }
    sessions: { slotsPerInstance: ${slots}, reserve: 1, lease: 5m }
    capacity: { min: ${min}, max: ${max} }
    cooldown: { out: 0s, in: 0s }
    stabilization: { out: 0s, in: 0s }
    every: ${every}
`,
  )
  folder.copy(path.join(QUICKSTART, 'rooms.mjs'), 'rooms.mjs')
}

const rooms = (folder: Folder) => processesIn(folder.path).filter(({ kind }) => kind === 'room')

/** Whatever a case did: nothing that was kept goes on. */
async function inRooms(story: (folder: Folder) => Promise<void>): Promise<void> {
  await inFolder(async folder => {
    try {
      await story(folder)
    } finally {
      for (const { pid, kind } of processesIn(folder.path)) {
        if (kind === 'daemon' && isRunning(pid)) process.kill(pid, 'SIGKILL')
      }
      await folder.plimsoll('down', 'plimsoll.yaml')
      await until('nothing is left', () => processesIn(folder.path).length === 0)
    }
  })
}

async function live(daemon: RunningDaemon): Promise<readonly string[]> {
  return until(
    'its broker is ready',
    async () => {
      const { status, body } = await askRooms(daemon, 'GET', 'sessions')
      if (status !== 200) return null
      return body.sessions.map((one: Placed) => `${one.session} on ${one.instance}`)
    },
    TAKEN_OVER_MS,
  )
}

async function enter({ address, session }: Placed): Promise<WebSocket> {
  const socket = new WebSocket(`${address.replace('http:', 'ws:')}/?session=${session}`)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
  return socket
}

async function listed(daemon: RunningDaemon, id: string) {
  return (await daemon.instances('rooms')).find(one => one.id === id)
}

const isOpen = (socket: WebSocket) => socket.readyState === WebSocket.OPEN

describe
  .skipIf(process.platform !== 'linux')
  .concurrent('a daemon of a session fleet that is ended by force', () => {
    it('leaves the rooms and everyone in them, and the next one knows them all', async () => {
      await inRooms(async folder => {
        roomsIn(folder)
        const first = folder.run('plimsoll.yaml')
        const placed = [await placeIn(first, 'a'), await placeIn(first, 'b'), await placeIn(first, 'c')]
        const sockets = await Promise.all(placed.map(enter))
        const before = rooms(folder).map(({ pid }) => pid)
        expect((await askRooms(first, 'DELETE', 'sessions/b')).status).toBe(200)
        await first.stop('SIGKILL')
        expect(sockets.every(isOpen)).toBe(true)

        const second = folder.run('plimsoll.yaml')
        // What was acknowledged, and nothing else: a and c go on, b had ended.
        expect(await live(second)).toEqual([`a on ${placed[0]?.instance}`, `c on ${placed[2]?.instance}`])
        expect((await askRooms(second, 'GET', 'sessions/b')).body).toMatchObject({
          ended: { end: 'released' },
        })
        const again = await askRooms(second, 'POST', 'sessions', { sessionId: 'a' })
        expect(again).toMatchObject({ status: 200, body: { again: true, instance: placed[0]?.instance } })
        expect((await askRooms(second, 'POST', 'sessions/c/heartbeat')).status).toBe(200)
        expect(sockets.every(isOpen)).toBe(true)
        expect(before.filter(pid => !isRunning(pid))).toEqual([])
        // Nothing was lost, so nobody is told so.
        expect(second.lines().filter(line => line.msg.includes('was lost'))).toEqual([])
      })
    })

    it('leaves what was closed closed, with its sessions, until the last one has left', async () => {
      await inRooms(async folder => {
        roomsIn(folder, { min: 2, slots: 4 })
        const first = folder.run('plimsoll.yaml')
        const session = await placeIn(first, 'a')
        const socket = await enter(session)
        const drained = await folder.plimsoll('drain', session.instance, '--url', await first.url())
        expect(drained.err).toBe('')
        await until(
          'it is closed',
          async () => (await listed(first, session.instance))?.admission === 'closed',
        )
        await first.stop('SIGKILL')

        const second = folder.run('plimsoll.yaml')
        expect(await live(second)).toEqual([`a on ${session.instance}`])
        const other = await placeIn(second, 'b')
        expect(other.instance).not.toBe(session.instance)
        const admissions = (await second.journal('rooms', 200)).flatMap(({ inventory }) =>
          admissionsOf(inventory, session.instance),
        )
        expect(admissions).toContain('closed')
        // Never open again, not for a moment, once it was closed (newest first).
        expect(admissions.slice(0, admissions.lastIndexOf('closed')).filter(one => one === 'open')).toEqual(
          [],
        )
        expect(isOpen(socket)).toBe(true)

        socket.close()
        expect((await askRooms(second, 'DELETE', 'sessions/a')).status).toBe(200)
        await until('it is gone', async () => (await listed(second, session.instance)) === undefined)
        expect((await askRooms(second, 'GET', 'sessions/b')).body).toMatchObject({ ended: null })
      })
    })

    it('completes or finds done what it had begun to launch, and launches nothing twice', async () => {
      await inRooms(async folder => {
        // The launches are answered when the commands run; the next tick, which would see them, is still to come.
        roomsIn(folder, { min: 3, every: '5s' })
        const first = folder.run('plimsoll.yaml')
        await until('a command runs', () => rooms(folder).length > 0)
        await first.stop('SIGKILL')

        const second = folder.run('plimsoll.yaml')
        await until(
          'three are ready',
          async () =>
            (await second.instances('rooms')).filter(({ lifecycle }) => lifecycle === 'ready').length === 3,
          TAKEN_OVER_MS,
        )
        const names = (await second.instances('rooms')).map(({ id }) => id)
        // What was launched is what is listed: none of them twice, none that nobody knows.
        expect(
          rooms(folder)
            .map(({ instance }) => instance)
            .toSorted(),
        ).toEqual(names.toSorted())
        const ids = (await second.journal('rooms', 200)).flatMap(({ outcomes }) =>
          outcomes.flatMap(outcome => ('instance' in outcome ? [outcome.instance] : [])),
        )
        expect(new Set(ids.filter(id => id !== null)).size).toBeLessThanOrEqual(3)
      })
    })

    it('completes what it had begun to terminate, once', async () => {
      await inRooms(async folder => {
        roomsIn(folder, { min: 1, slots: 1 })
        const first = folder.run('plimsoll.yaml')
        const placed = [await placeIn(first, 'a'), await placeIn(first, 'b')]
        await until('there is one to spare', async () => rooms(folder).length === 3)
        const before = rooms(folder)
        for (const { session } of placed) await askRooms(first, 'DELETE', `sessions/${session}`)
        // The intent is in the journal before anything is done.
        await until('one is to be terminated', async () =>
          (await first.journal('rooms', 20)).some(({ plan }) =>
            plan.actions.some(({ kind }) => kind === 'terminate'),
          ),
        )
        await first.stop('SIGKILL')

        const second = folder.run('plimsoll.yaml')
        await until('one is left', async () => rooms(folder).length === 1, TAKEN_OVER_MS)
        await until('and only that is listed', async () => (await second.instances('rooms')).length === 1)
        // Nothing was launched in place of what was meant to go.
        expect(before.map(({ pid }) => pid)).toContain(rooms(folder)[0]?.pid)
      })
    })

    it('leaves people in a room without a daemon, who are then told of it when the room ends itself', async () => {
      await inRooms(async folder => {
        roomsIn(folder)
        const first = folder.run('plimsoll.yaml')
        const session = await placeIn(first, 'a')
        await first.stop('SIGKILL')
        const room = rooms(folder).find(({ instance }) => instance === session.instance)
        process.kill(room?.pid ?? 0, 'SIGKILL')

        const second = folder.run('plimsoll.yaml')
        await until(
          'the session is known to be lost',
          async () => (await askRooms(second, 'POST', 'sessions/a/heartbeat')).status === 410,
          TAKEN_OVER_MS,
        )
        expect((await askRooms(second, 'GET', 'sessions/a')).body).toMatchObject({ ended: { end: 'lost' } })
      })
    })
  })

describe.skipIf(process.platform !== 'linux')('a daemon of a session fleet that stops in order', () => {
  it('leaves the rooms, says how to end them, and `down` ends them once no daemon has them', async () => {
    await inRooms(async folder => {
      roomsIn(folder)
      const first = folder.run('plimsoll.yaml')
      const session = await placeIn(first, 'a')
      const socket = await enter(session)
      const early = await folder.plimsoll('down', 'plimsoll.yaml')
      expect(early).toMatchObject({ code: 1, out: '' })
      expect(early.err).toContain('PLM-516')
      expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null })
      expect(first.lines().at(-1)?.msg).toMatch(
        /kept instances? go on; `plimsoll down plimsoll.yaml` ends them/,
      )
      expect(isOpen(socket)).toBe(true)

      const second = folder.run('plimsoll.yaml')
      expect(await live(second)).toEqual([`a on ${session.instance}`])
      expect(isOpen(socket)).toBe(true)
      await second.stop('SIGTERM')
      const family = rooms(folder).map(({ pid, command }) => ({ pid, parent: 0, command }))
      const ended = await folder.plimsoll('down', 'plimsoll.yaml')
      expect(ended).toMatchObject({ code: 0, err: '' })
      expect(ended.out).toContain(`ended ${session.instance} of rooms`)
      expect(stillRunning(family)).toEqual([])
      expect(await folder.plimsoll('down', 'plimsoll.yaml', '--json')).toMatchObject({
        code: 0,
        out: '{\n  "ended": []\n}\n',
      })
    })
  })
})

interface Seen {
  readonly instances?: readonly { readonly id: string; readonly admission: string }[]
}

function admissionsOf(inventory: unknown, instance: string): readonly string[] {
  const { instances = [] } = inventory as Seen
  return instances.filter(({ id }) => id === instance).map(({ admission }) => admission)
}
