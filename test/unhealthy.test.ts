/**
 * A fleet of real processes, one of which serves on and says that it is unhealthy: it gets no new sessions, another one takes
 * its place, and it ends when the sessions it has are over, not before.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { compose, type Daemon } from '../src/compose.ts'
import { type Loaded, parseConfig } from '../src/config/load.ts'
import type { Instance } from '../src/model/inventory.ts'
import { createMemoryStore } from '../src/plugins/stores/memory.ts'
import type { PlaceResult } from '../src/sessions/session-broker.ts'
import { until } from './builders/until.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Ready at once; well until it is told otherwise. */
const APP = `
import { createServer } from 'node:http'
let well = true
createServer((request, response) => {
  if (request.url === '/ill') well = false
  response.writeHead(request.url === '/healthz' && !well ? 500 : 200).end(request.url === '/healthz' ? '{"state":"' + (well ? 'healthy' : 'unhealthy') + '","detail":"the sound card"}' : 'ok')
}).listen(process.env.PORT, process.env.HOST)
`

const CONFIG = `
plimsoll: 1
fleets:
  rooms:
    target: { type: process, command: [node, app.mjs], zones: [a, b] }
    capacity: { min: 2, max: 5 }
    every: 250ms
    sessions: { slotsPerInstance: 4, reserve: 2 }
    health: { http: /healthz, every: 200ms, timeout: 5s, grace: 0s, suspectAfter: 2, unhealthyAfter: 4, healthyAfter: 2 }
`

/** The folder of each test. */
let folder = ''

async function start(config = CONFIG): Promise<Daemon> {
  folder = mkdtempSync(join(tmpdir(), 'unhealthy-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'app.mjs'), APP)
  const daemon = await compose(load(config), { store: createMemoryStore() })
  ends.push(() => daemon.stop())
  await daemon.start()
  return daemon
}

function load(text: string): Loaded {
  const result = parseConfig(text, { file: join(folder, 'plimsoll.yaml'), env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded
}

function instances(daemon: Daemon): readonly Instance[] {
  return daemon.latest('rooms')?.inventory.instances ?? []
}

function open(daemon: Daemon): readonly Instance[] {
  return instances(daemon).filter(({ lifecycle, admission }) => lifecycle === 'ready' && admission === 'open')
}

async function place(daemon: Daemon, sessionId: string): Promise<Extract<PlaceResult, { placed: true }>> {
  const result = await daemon.broker('rooms')?.place({ sessionId })
  if (result?.placed !== true) throw new Error(`${sessionId} was not placed`)
  return result
}

it('an instance that says it is unhealthy is closed, replaced, and let go when its sessions ended', async () => {
  const daemon = await start()
  await until('two instances are open', () => open(daemon).length === 2, 30_000)
  expect(new Set(open(daemon).map(({ zone }) => zone))).toEqual(new Set(['a', 'b']))
  const first = await until('a session is placed', () => place(daemon, 's1').catch(() => undefined), 30_000)
  const ill = first.session.instance
  const before = instances(daemon).find(({ id }) => id === ill)

  await fetch(`${before?.address}/ill`)
  await until(
    'it is closed, and two others are open',
    () => open(daemon).length === 2 && open(daemon).every(({ id }) => id !== ill),
    30_000,
  )
  const closed = instances(daemon).find(({ id }) => id === ill)
  expect(closed).toMatchObject({ admission: 'closed', sealed: false, load: { kind: 'known', slots: 1 } })
  expect(closed?.detail).toContain('the sound card')
  expect(new Set(open(daemon).map(({ zone }) => zone))).toEqual(new Set(['a', 'b']))
  expect((await place(daemon, 's2')).session.instance).not.toBe(ill)
  expect(daemon.broker('rooms')?.get('s1')?.ended).toBeNull()

  await daemon.broker('rooms')?.release('s1')
  await until('it is gone', () => instances(daemon).every(({ id }) => id !== ill), 30_000)
  expect(open(daemon)).toHaveLength(2)
  expect(daemon.broker('rooms')?.get('s2')?.ended).toBeNull()
})

it('an empty one that is unhealthy is restarted in place where the file says so, and one with sessions first loses none', async () => {
  const daemon = await start(`${CONFIG}    repair: { how: restart }\n`)
  await until('two instances are open', () => open(daemon).length === 2, 30_000)
  const before = new Map(open(daemon).map(instance => [instance.id, instance]))
  const placed = await until('a session is placed', () => place(daemon, 's1').catch(() => undefined), 30_000)
  const held = placed.session.instance
  const [empty] = open(daemon).filter(({ id }) => id !== held)

  await fetch(`${empty?.address}/ill`)
  const again = await until(
    'it is open again, and another process',
    () => open(daemon).find(({ id, incarnation }) => id === empty?.id && incarnation === '2'),
    30_000,
  )
  expect(again).toMatchObject({ address: empty?.address, zone: empty?.zone })
  expect(new Set(instances(daemon).map(({ id }) => id))).toEqual(new Set(before.keys()))
  expect(daemon.broker('rooms')?.get('s1')?.ended).toBeNull()

  await fetch(`${before.get(held)?.address}/ill`)
  await until(
    'the other one is closed',
    () => open(daemon).every(({ id }) => id !== held) && open(daemon).length === 2,
    30_000,
  )
  expect(instances(daemon).find(({ id }) => id === held)).toMatchObject({
    incarnation: '1',
    admission: 'closed',
  })
  expect(daemon.broker('rooms')?.get('s1')?.ended).toBeNull()
})

it('other settings of sessions and probes are in force while instances and sessions go on', async () => {
  const daemon = await start()
  await until('two instances are open', () => open(daemon).length === 2, 30_000)
  const placed = await until('a session is placed', () => place(daemon, 's1').catch(() => undefined), 30_000)
  const ids = open(daemon).map(({ id }) => id)

  // It would be found out at the old path.
  await fetch(`${placed.session.address}/ill`)
  const changed = CONFIG.replace('http: /healthz', 'http: /other').replace(
    'slotsPerInstance: 4',
    'slotsPerInstance: 2',
  )
  await daemon.apply(load(changed))
  expect(open(daemon).map(({ id }) => id)).toEqual(ids)
  expect(daemon.broker('rooms')?.get('s1')?.ended).toBeNull()
  await until(
    'room is counted anew, and the other path is asked',
    () => {
      const entry = daemon.latest('rooms')
      const detail = entry?.memory.marks[placed.session.instance]?.health?.detail ?? ''
      return entry?.observation.sessions.slots === 2 * open(daemon).length && detail.includes('/other')
    },
    30_000,
  )
  expect(instances(daemon).find(({ id }) => id === placed.session.instance)?.health).toBe('healthy')
})
