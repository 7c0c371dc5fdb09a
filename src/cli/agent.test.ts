/** `plimsoll agent` as a real process, beside an application that holds sessions, against a real daemon. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openScene, type Scene } from '../../test/builders/cli.ts'
import { openRooms, type Rooms } from '../../test/builders/rooms.ts'
import { until } from '../../test/builders/until.ts'

let ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

interface Agent {
  readonly child: ChildProcess
  out: string
  err: string
}

async function open(): Promise<{ rooms: Rooms; scene: Scene; agent: (...argv: string[]) => Agent }> {
  const rooms = await openRooms({ router: '{ type: agent, lease: 30s }' })
  ends.push(() => rooms.end())
  const scene = openScene()
  ends.push(() => scene.end())
  const agent = (...argv: string[]): Agent => {
    const shared = ['bin/plimsoll.js', 'agent', '--fleet', 'web', '--url', rooms.url, '--every', '200ms']
    const child = spawn(process.execPath, [...shared, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
    const started: Agent = { child, out: '', err: '' }
    child.stdout.on('data', chunk => {
      started.out += String(chunk)
    })
    child.stderr.on('data', chunk => {
      started.err += String(chunk)
    })
    ends.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    })
    return started
  }
  return { rooms, scene, agent }
}

function loadOf(rooms: Rooms, id: string): unknown {
  rooms.daemon.wake('web')
  const seen = rooms.daemon.latest('web')?.inventory.instances.find(instance => instance.id === id)?.load
  return seen?.kind === 'known' ? seen.slots : seen?.kind
}

describe('plimsoll agent', () => {
  it('reports what a command counts, and acknowledges a close after its command, counting anew', async () => {
    const { rooms, scene, agent } = await open()
    const count = scene.file('count', '3')
    const closed = join(scene.cwd, 'closed')
    const running = agent('--instance', 'web-1', '--command', `cat ${count}`, '--on-close', `touch ${closed}`)
    await until('three are seen', () => loadOf(rooms, 'web-1') === 3)
    expect(loadOf(rooms, 'web-2')).toBe('unknown')
    expect(existsSync(closed)).toBe(false)

    const drain = { change: { kind: 'instance', instance: 'web-1', order: 'drain' }, who: 'ada' }
    expect((await rooms.post('overrides', drain)).status).toBe(200)
    await rooms.until(({ inventory }) =>
      inventory.instances.some(({ id, closedAt }) => id === 'web-1' && closedAt !== null),
    )
    expect(existsSync(closed)).toBe(true)
    await until('three are still seen', () => loadOf(rooms, 'web-1') === 3)
    expect(rooms.fleet.ids()).toContain('web-1')

    writeFileSync(count, '0')
    await until('it is gone', () => {
      rooms.daemon.wake('web')
      return !rooms.fleet.ids().includes('web-1')
    })
    expect(running.out).toMatch(
      /^web-1 of web reports 3 slots in use to http:\/\/127\.0\.0\.1:\d+\nweb-1 is closed: /,
    )
  })

  it('does not acknowledge a close whose command fails', async () => {
    const { rooms, agent } = await open()
    const running = agent(
      '--instance',
      'web-1',
      '--command',
      'echo 0',
      '--on-close',
      'echo no disk >&2; exit 3',
    )
    await until('it is seen', () => loadOf(rooms, 'web-1') === 0)
    const drain = { change: { kind: 'instance', instance: 'web-1', order: 'drain' }, who: 'ada' }
    await rooms.post('overrides', drain)
    await until('it says so', () => running.err.includes('PLM-352'))
    await rooms.until(({ outcomes }) => outcomes.some(outcome => outcome.outcome === 'failed'))
    expect(rooms.fleet.ids()).toContain('web-1')
    expect(rooms.daemon.latest('web')?.outcomes).toMatchObject([
      { error: expect.stringContaining('PLM-373') },
    ])
  })

  it('reports what an HTTP endpoint says, and nothing while it says nothing', async () => {
    const { rooms, agent } = await open()
    let answer = '{"users":{"online":5}}'
    const app = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1')
    await once(app, 'listening')
    ends.push(() => app.close())
    const address = app.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const running = agent(
      ...['--instance', 'web-2', '--http', `http://127.0.0.1:${port}/stats`, '--pointer', '/users/online'],
      ...['--count-only', '--lease', '1s'],
    )
    await until('five are seen', () => loadOf(rooms, 'web-2') === 5)
    answer = 'out of order'
    await until('its load is unknown', () => loadOf(rooms, 'web-2') === 'unknown')
    expect(running.err).toContain('nothing was reported: GET http://127.0.0.1')
    answer = '{"users":{"online":0}}'
    await until('none are seen', () => loadOf(rooms, 'web-2') === 0)
  })

  it('goes on until its instance is known', async () => {
    const { rooms, agent } = await open()
    const running = agent('--instance', 'web-3', '--command', 'echo 1', '--count-only')
    await until('it says so', () => running.err.includes('PLM-372'))
    await rooms.post('capacity', { count: 3, who: 'ada' })
    await rooms.untilOpen(3)
    await until('it is seen', () => loadOf(rooms, 'web-3') === 1)
  })

  it.each([
    ['', 'PLM-501'],
    ['--command true', 'PLM-501'],
    ['--command true --http http://127.0.0.1/ --count-only', 'PLM-501'],
    ['--http nowhere --count-only', 'PLM-501'],
    ['--command true --count-only --on-close true', 'PLM-501'],
    ['--command true --count-only --every 5s --lease 6s', 'PLM-502'],
  ])('refuses %j', async (line, code) => {
    const scene = openScene()
    ends.push(() => scene.end())
    const argv = [
      'agent',
      '--fleet',
      'web',
      '--instance',
      'web-1',
      ...line.split(' ').filter(word => word !== ''),
    ]
    expect(await scene.run(argv)).toMatchObject({ code: 2, err: expect.stringContaining(code) })
  })
})
