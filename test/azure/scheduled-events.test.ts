/**
 * `plimsoll agent --azure-events` as a real process on a VM that Azure is about to take away, against a real daemon and a metadata service
 * that is slow, broken, and full of other VMs' events.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createInstanceMetadata, documentIn } from '../../src/plugins/azure/instance-metadata.ts'
import { openScene } from '../builders/cli.ts'
import { openRooms, type Rooms } from '../builders/rooms.ts'
import { until } from '../builders/until.ts'
import { type FakeMetadata, openMetadata, type Planned } from './metadata.ts'

let ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

const IN_TEN_MINUTES = new Date(Date.now() + 600_000).toUTCString()

function planned(change: Partial<Planned> = {}): Planned {
  return {
    EventId: 'e1',
    EventType: 'Terminate',
    Resources: ['web-1'],
    EventStatus: 'Scheduled',
    NotBefore: IN_TEN_MINUTES,
    ...change,
  }
}

interface OnVm {
  readonly rooms: Rooms
  readonly metadata: FakeMetadata
  readonly said: { out: string; err: string }
  /** It is closed, on the spot. */
  isShut(): boolean
  /** So many sessions are on it. */
  hold(sessions: number): void
  isOpen(): boolean
}

/** An agent beside `web-1` with two sessions; its application takes no more while the file `shut` is there. */
async function onVm(
  prepare: (metadata: FakeMetadata) => void = () => undefined,
  named: readonly string[] = ['--instance', 'web-1'],
): Promise<OnVm> {
  const rooms = await openRooms({ router: '{ type: agent, lease: 30s }' })
  ends.push(() => rooms.end())
  const metadata = await openMetadata('Web-1')
  ends.push(() => metadata.close())
  prepare(metadata)
  const scene = openScene()
  ends.push(() => scene.end())
  const count = scene.file('count', '2')
  const shut = join(scene.cwd, 'shut')
  const words = ['agent', '--fleet', 'web', ...named, '--url', rooms.url, '--every', '200ms']
  const commands = ['--command', `cat ${count}`, '--on-close', `touch ${shut}`, '--on-open', `rm ${shut}`]
  const azure = ['--azure-events', '--azure-metadata', metadata.address]
  const child = spawn(process.execPath, ['bin/plimsoll.js', ...words, ...commands, ...azure], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  ends.push(() => stopped(child))
  const said = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    said.out += String(chunk)
  })
  child.stderr.on('data', chunk => {
    said.err += String(chunk)
  })
  return {
    rooms,
    metadata,
    said,
    isShut: () => existsSync(shut),
    hold: sessions => writeFileSync(count, String(sessions)),
    isOpen: () => {
      rooms.daemon.wake('web')
      const seen = rooms.daemon.latest('web')?.inventory.instances.find(({ id }) => id === 'web-1')
      return seen?.admission === 'open' && seen.load.kind === 'known'
    },
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
}

const orders = async (rooms: Rooms) => (await rooms.get('overrides')).body.overrides

describe('an agent on a VM that Azure is about to take away', () => {
  it('drains it at once, and lets Azure begin when its last session has ended', async () => {
    const { rooms, metadata, said, isShut, hold, isOpen } = await onVm()
    await until('it is open', isOpen)
    metadata.plan(planned(), planned({ EventId: 'e2', Resources: ['web-2'] }))
    await until('it takes no more sessions', isShut)
    await until('Plimsoll has closed it', () => said.out.includes('web-1 is closed'))
    expect(await orders(rooms)).toMatchObject([
      {
        who: 'plimsoll agent of web-1',
        why: expect.stringMatching(/^Azure: Terminate, not before 20/),
        until: expect.any(String),
        change: { kind: 'instance', instance: 'web-1', order: 'drain' },
      },
    ])
    await until('another takes its place', () => {
      rooms.fleet.boot()
      rooms.daemon.wake('web')
      return rooms.fleet.ids().includes('web-3')
    })
    expect([metadata.approved, rooms.fleet.ids().includes('web-1')]).toEqual([[], true])
    hold(0)
    await until('Azure may begin', () => metadata.approved.length > 0)
    expect(metadata.approved).toEqual(['e1'])
    await until('it says so', () => said.out.includes('Azure: Terminate of web-1 may begin\n'))
  })

  it('lets Azure delete at once what Plimsoll has emptied and deleted', async () => {
    const { rooms, metadata, said, hold, isOpen } = await onVm(undefined, [
      '--instance',
      'web-1',
      '--lease',
      '1s',
    ])
    await until('it is open', isOpen)
    hold(0)
    await rooms.post('instances/web-1', { order: 'drain', who: 'ada' })
    await until('it is gone', () => {
      rooms.daemon.wake('web')
      return !rooms.fleet.ids().includes('web-1')
    })
    await until('Plimsoll does not know it any more', () => said.err.includes('PLM-372'))
    const { looks } = metadata
    await until('its lease is over', () => metadata.looks >= looks + 3)
    metadata.plan(planned())
    await until('Azure may begin', () => metadata.approved.length === 1)
  })

  it('gives it back when that is withdrawn', async () => {
    const { rooms, metadata, said, isShut, isOpen } = await onVm()
    metadata.plan(planned({ EventType: 'Reboot' }))
    await until('it takes no more sessions', isShut)
    await until('Plimsoll has closed it', () => said.out.includes('web-1 is closed'))
    metadata.plan()
    await until('Plimsoll need not drain it', async () => (await orders(rooms)).length === 0)
    expect(said.out).toContain('Reboot of web-1 was withdrawn')
    // The one that was ordered in its place is as good; with one more it is needed.
    await rooms.post('capacity', { count: 4, who: 'ada' })
    await until('it takes them again', () => isOpen() && !isShut())
    expect(metadata.approved).toEqual([])
  })

  it('hears of it from a service that is slow at first, and broken later, and reports all the while', async () => {
    const { metadata, said, isShut, hold, isOpen } = await onVm(metadata => {
      metadata.isSlow = true
      metadata.plan(planned({ EventType: 'Preempt' }))
    })
    await until('its load is known', isOpen)
    expect(isShut()).toBe(false)
    metadata.isSlow = false
    await until('it takes no more sessions', isShut)
    await until('Plimsoll has closed it', () => said.out.includes('web-1 is closed'))
    metadata.status = 500
    await until('it says so', () => said.err.includes('PLM-779'))
    hold(0)
    await until('it says that too', () => said.err.includes('PLM-781'))
    expect(metadata.approved).toEqual([])
    metadata.status = null
    await until('Azure may begin', () => metadata.approved.length === 1, 40_000)
  })

  it('shuts it without Plimsoll, and lets Azure begin just before it would', async () => {
    const { rooms, metadata, said, isShut } = await onVm()
    await until('it reports', () => said.out.includes('reports 2 slots'))
    await rooms.daemon.stop()
    metadata.plan(planned({ NotBefore: new Date(Date.now() + 8_000).toUTCString() }))
    await until('it takes no more sessions', isShut)
    await until('it says that Plimsoll does not know', () => said.err.includes('PLM-780'))
    await until('Azure may begin', () => metadata.approved.length === 1)
  })

  it('lets nothing begin early that Plimsoll has not closed, though nobody is on it', async () => {
    const { rooms, metadata, said, isShut, hold } = await onVm()
    await until('it reports', () => said.out.includes('reports 2 slots'))
    hold(0)
    await until('nobody is on it', () => {
      rooms.daemon.wake('web')
      const seen = rooms.daemon.latest('web')?.inventory.instances.find(({ id }) => id === 'web-1')
      return seen?.load.kind === 'known' && seen.load.slots === 0
    })
    await rooms.daemon.stop()
    metadata.plan(planned())
    await until('it takes no more sessions', isShut)
    const { looks } = metadata
    await until('it has looked thrice more', () => metadata.looks >= looks + 3)
    expect(metadata.approved).toEqual([])
  })

  it('needs not be told which instance it is', async () => {
    const { metadata, said, isShut, isOpen } = await onVm(fake => {
      fake.status = 503
    }, [])
    await until('it says that it does not know', () => said.err.includes('PLM-779'))
    metadata.status = null
    await until('it is open', isOpen)
    metadata.plan(planned())
    await until('it takes no more sessions', isShut)
    await until('Plimsoll has closed it', () => said.out.includes('web-1 is closed'))
  })

  it('notes a freeze, and does nothing', async () => {
    const { metadata, said, isShut, isOpen } = await onVm()
    metadata.plan(
      planned({ EventType: 'Freeze' }),
      planned({ EventId: 'e2', Resources: ['web-2', 'web-11'] }),
    )
    await until('it says so', () => said.out.includes('Freeze of web-1 is planned'))
    await until('it is open', isOpen)
    const { looks } = metadata
    await until('it has looked twice more', () => metadata.looks >= looks + 2)
    expect([isShut(), metadata.approved, said.out.includes('web-2')]).toEqual([false, [], false])
  })

  it('must be told which, where nobody else can', async () => {
    const scene = openScene()
    ends.push(() => scene.end())
    expect(await scene.run(['agent', '--fleet', 'web', '--command', 'true', '--count-only'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/PLM-501.*--instance ID.*--azure-events/),
    })
  })

  it('refuses an address that is none', async () => {
    const scene = openScene()
    ends.push(() => scene.end())
    const line =
      'agent --fleet web --instance web-1 --command true --count-only --azure-events --azure-metadata here'
    expect(await scene.run(line.split(' '))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/PLM-501.*--azure-metadata "here"/),
    })
  })
})

describe('the metadata service of a VM', () => {
  it('is given two minutes at first and after a silence, and little in between', async () => {
    const fake = await openMetadata('web-1')
    ends.push(() => fake.close())
    const metadata = createInstanceMetadata(fake.address, { firstAnswerMs: 400, answerMs: 50 })
    ends.push(() => metadata.close())
    const signal = AbortSignal.timeout(30_000)
    expect(await metadata.self(signal)).toMatchObject({ name: 'web-1', scaleSet: 'web-1' })
    expect((await metadata.events(signal)).incarnation).toBe('1')
    fake.isSlow = true
    await expect(metadata.events(signal)).rejects.toThrow('did not answer within 0.05 s')
    await expect(metadata.events(signal)).rejects.toThrow('did not answer within 0.4 s')
  })

  it.each([
    ['nothing', '', /not as expected/],
    ['a page', '<html>', /not as expected/],
    ['no events', '{"DocumentIncarnation":1}', /Events/],
    [
      'more than anybody plans',
      JSON.stringify({ DocumentIncarnation: 1, Events: Array.from({ length: 101 }, () => planned()) }),
      /Events/,
    ],
    ['an event without a name', '{"DocumentIncarnation":1,"Events":[{"EventType":"Reboot"}]}', /EventId/],
  ])('that answers %s is not believed', (_, text, told) => {
    expect(() => documentIn(text)).toThrow(told)
  })

  it('may answer more than is known today', () => {
    const text = JSON.stringify({
      DocumentIncarnation: 3,
      Events: [
        { ...planned({ NotBefore: '', EventStatus: 'Started' }), DurationInSeconds: -1, Description: '' },
      ],
      Later: true,
    })
    expect(documentIn(text)).toEqual({
      incarnation: '3',
      events: [{ id: 'e1', type: 'Terminate', resources: ['web-1'], notBefore: null, hasStarted: true }],
    })
  })
})
