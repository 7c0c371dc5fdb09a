/**
 * Settings through a whole Plimsoll: a file's rule changes one, an application is told by OpenFeature and by its webhook
 * (which is not well at first), and a restart forgets nothing.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPlimsoll, type Plimsoll } from '../src/index.ts'

interface Told {
  readonly version: number
  readonly settings: Record<string, unknown>
  readonly changed: readonly { readonly setting: string; readonly rule: string | null }[]
}

let folder: string
let receiver: Server
let receiverUrl: string
/** What the webhook took, and how many it refuses before that. */
let told: Told[]
let refusals: number
let load: number
let running: Plimsoll | null

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-settings-'))
  told = []
  refusals = 0
  load = 1
  running = null
  receiver = createServer(async (request, response) => {
    const body = (await json(request)) as Told
    const isWell = refusals === 0
    if (isWell) told.push(body)
    else refusals -= 1
    response.writeHead(isWell ? 204 : 503).end()
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const address = receiver.address()
  receiverUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/settings`
})
afterEach(async () => {
  await OpenFeature.clearProviders()
  await running?.stop()
  receiver.closeAllConnections()
  receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(mode: 'scale' | 'recommend' = 'scale'): Promise<string> {
  running = await createPlimsoll({
    config: {
      plimsoll: 1,
      api: { listen: '127.0.0.1:0' },
      state: { path: path.join(folder, 'state.db') },
      metrics: { load: { source: 'load', every: '100ms' } },
      fleets: {
        web: {
          target: { type: 'none', count: 'last(load)' },
          capacity: { min: 1, max: 10 },
          settings: { reports: { default: true, description: 'Expensive.' }, quality: 'high' },
          settingsWebhook: { url: receiverUrl, secret: 'a long secret' },
          rules: [
            { name: 'Shed load', when: 'last(load) > 5', set: { reports: false } },
            { name: 'Panic', rank: 1, when: 'last(load) > 50', set: { quality: 'low' } },
          ],
          every: '100ms',
          mode,
        },
      },
    },
    sources: { load: () => load },
    listen: true,
  })
  const { url } = await running.start()
  if (url === null) throw new Error('the API does not listen')
  return url
}

async function stop(): Promise<void> {
  await running?.stop()
  running = null
}

function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 15_000 })
}

async function read(url: string): Promise<{ settings: unknown; version: number; applied: boolean }> {
  return (await (await fetch(`${url}/v1/settings/web`)).json()) as {
    settings: unknown
    version: number
    applied: boolean
  }
}

it('reach the application as the load changes, and hold over a restart', async () => {
  const url = await start()
  await OpenFeature.setProviderAndWait('whole', new OFREPProvider({ baseUrl: url }))
  const client = OpenFeature.getClient('whole')
  await eventually(() => told.at(-1)?.settings).toEqual({ reports: true, quality: 'high' })
  refusals = 2
  load = 9
  await eventually(() => client.getBooleanValue('reports', true)).toBe(false)
  await eventually(() => told.at(-1)).toMatchObject({
    settings: { reports: false, quality: 'high' },
    changed: [{ setting: 'reports', from: true, to: false, rule: 'Shed load' }],
  })
  expect(refusals).toBe(0)
  const before = await read(url)
  await stop()
  told = []
  const again = await start()
  expect((await read(again)).settings).toEqual({ reports: false, quality: 'high' })
  await eventually(() => told).toMatchObject([
    { version: before.version, settings: { reports: false }, changed: [] },
  ])
  load = 99
  await eventually(async () => (await read(again)).settings).toEqual({ reports: false, quality: 'low' })
  await eventually(() => told.at(-1)).toMatchObject({ changed: [{ setting: 'quality', rule: 'Panic' }] })
  load = 1
  await eventually(() => told.at(-1)?.settings).toEqual({ reports: true, quality: 'high' })
  const { changes } = (await (await fetch(`${again}/v1/settings/web/history`)).json()) as {
    changes: { setting: string; to: unknown }[]
  }
  expect(changes.map(({ setting, to }) => `${setting} ${to}`)).toEqual([
    'quality high',
    'reports true',
    'quality low',
    'reports false',
  ])
})

it('stay at their defaults where Plimsoll only advises', async () => {
  load = 99
  const url = await start('recommend')
  const fleet = async () =>
    (await (await fetch(`${url}/v1/fleets/web`)).json()) as { decision: { settings: unknown } }
  await eventually(async () => (await fleet()).decision?.settings).toEqual({ reports: false, quality: 'low' })
  expect(await read(url)).toMatchObject({ applied: false, settings: { reports: true, quality: 'high' } })
  expect(told.flatMap(({ changed }) => changed)).toEqual([])
})
