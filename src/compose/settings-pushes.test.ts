/** Which receiver is told what when the configuration changes, over real sockets. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { specOf, T0 } from '../../test/builders/journal.ts'
import { sheddingFleet } from '../../test/builders/settings.ts'
import type { LoopEvent } from '../loop/world.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { SettingsInForce } from '../model/settings.ts'
import type { Spec } from '../model/spec.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import type { StateStore } from '../ports/state-store.ts'
import { checkSettingsWebhook } from './checks.ts'
import { SettingsPushes } from './settings-pushes.ts'

let server: Server
let origin: string
/** `/path version` of everything that arrived. */
let told: string[]
let store: StateStore
let events: LoopEvent[]
let pushes: SettingsPushes

beforeEach(async () => {
  told = []
  events = []
  server = createServer(async (request, response) => {
    const { version } = (await json(request)) as { version: number }
    told.push(`${request.url} ${version}`)
    response.writeHead(request.url === '/gone' ? 410 : 204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  store = createMemoryStore()
  pushes = new SettingsPushes({ clock: systemClock, store, emit: event => events.push(event) })
})
afterEach(async () => {
  await pushes.close()
  server.closeAllConnections()
  server.close()
})

function at(pathOrNull: string | null, secret: string | null = null): Spec {
  const url = pathOrNull === null ? null : `${origin}${pathOrNull}`
  return specOf(sheddingFleet({ settingsWebhook: url === null ? null : { url, secret } }))
}

function inForce(version: number): SettingsInForce {
  const values = { reports: { value: false, rule: 'Shed load', since: T0 } }
  return { version, at: T0, applied: true, values }
}

function change(version: number): void {
  const settings = inForce(version)
  pushes.onEvent({ type: 'settings', fleet: 'web', at: T0, settings, changes: [], decided: {} })
}

async function remember(version: number): Promise<void> {
  const memory = { ...EMPTY_MEMORY, revision: 1, settings: inForce(version) }
  await store.commit({
    fleet: 'web',
    epoch: 1,
    parentRevision: 0,
    memory,
    entry: null,
    outcomes: null,
    samples: [],
  })
}

it('tells a receiver the settings in force at the start, then every change, once', async () => {
  await remember(4)
  await pushes.apply(at('/a'))
  await expect.poll(() => told).toEqual(['/a 4'])
  change(5)
  change(5)
  await expect.poll(() => told).toEqual(['/a 4', '/a 5'])
  await pushes.apply(at('/a'))
  change(6)
  await expect.poll(() => told).toEqual(['/a 4', '/a 5', '/a 6'])
})

it('tells nothing before the first tick of a fleet', async () => {
  await pushes.apply(at('/a'))
  change(1)
  await expect.poll(() => told).toEqual(['/a 1'])
})

it('turns to another receiver, or to none, when the configuration says so', async () => {
  await remember(4)
  await pushes.apply(at('/a'))
  await expect.poll(() => told).toEqual(['/a 4'])
  await pushes.apply(at('/b'))
  await expect.poll(() => told).toEqual(['/a 4', '/b 4'])
  await pushes.apply(at(null))
  change(5)
  await pushes.apply(at('/c'))
  await expect.poll(() => told).toEqual(['/a 4', '/b 4', '/c 4'])
})

it('reports a message it gave up', async () => {
  await remember(4)
  await pushes.apply(at('/gone'))
  await expect
    .poll(() => events)
    .toMatchObject([{ type: 'trouble', fleet: 'web', what: expect.stringMatching(/^PLM-640 .*410/) }])
})

it('can be asked whether anybody listens, without telling anything', async () => {
  const [fleet] = Object.values(at('/a').fleets)
  const [silent] = Object.values(at(null).fleets)
  if (fleet === undefined || silent === undefined) throw new Error('no fleet')
  expect(await checkSettingsWebhook(silent, systemClock)).toEqual([])
  expect(await checkSettingsWebhook(fleet, systemClock)).toMatchObject([
    { what: 'settings webhook of web', ok: true },
  ])
  const nobody = { ...fleet, settingsWebhook: { url: 'http://127.0.0.1:1/', secret: null } }
  expect(await checkSettingsWebhook(nobody, systemClock)).toMatchObject([{ ok: false }])
  expect(told).toEqual([])
})
