/** Settings over real sockets: as they are, as they were, as they change. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { instance, specOf, T0, webFleet } from '../../test/builders/journal.ts'
import { createStandIn, type StandIn } from '../../test/builders/runtime.ts'
import { sheddingFleet } from '../../test/builders/settings.ts'
import type { FleetSpec } from '../model/spec.ts'
import { type Api, createApi } from './api.ts'

const opened: Api[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function serve(runtime: StandIn): Promise<string> {
  const api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  opened.push(api)
  return (await api.listen()).url
}

function standIn(...fleets: readonly FleetSpec[]): StandIn {
  return createStandIn(specOf(...(fleets.length === 0 ? [sheddingFleet()] : fleets)))
}

/** One tick per value of the CPU, a second apart. */
async function ticks(runtime: StandIn, fleet: string, ...cpu: readonly number[]): Promise<void> {
  for (const value of cpu) {
    runtime.at += 1000
    await runtime.tick(fleet, { at: runtime.at, instances: [instance('web-1')], cpu: value })
  }
}

async function read(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  const text = await response.text()
  const body: unknown = text === '' ? null : JSON.parse(text)
  return { status: response.status, etag: response.headers.get('etag') ?? '', body }
}

function timeAt(ms: number): string {
  return new Date(T0 + ms).toISOString()
}

describe('the settings of a fleet', () => {
  it('are at their defaults before the first tick', async () => {
    const url = await serve(standIn())
    expect((await read(`${url}/v1/settings/web`)).body).toEqual({
      fleet: 'web',
      version: 0,
      applied: true,
      settings: { reports: true, quality: 'high', 'page size': 50 },
      details: [
        {
          setting: 'reports',
          value: true,
          default: true,
          description: 'The reports of the shop.',
          rule: null,
          since: null,
          decided: true,
        },
        expect.objectContaining({ setting: 'quality', value: 'high' }),
        expect.objectContaining({ setting: 'page size', value: 50 }),
      ],
    })
  })

  it('follow the rules, with the rule that holds them and since when', async () => {
    const runtime = standIn()
    const url = await serve(runtime)
    await ticks(runtime, 'web', 50, 95, 95)
    const busy = await read(`${url}/v1/settings/web`)
    expect(busy.body).toMatchObject({
      version: 6,
      settings: { reports: false, quality: 'low', 'page size': 10 },
      details: [{ setting: 'reports', rule: 'Shed load', since: timeAt(2000), decided: false }, {}, {}],
    })
    await ticks(runtime, 'web', 50)
    expect((await read(`${url}/v1/settings/web`)).body).toMatchObject({
      version: 9,
      settings: { reports: true, quality: 'high', 'page size': 50 },
      details: [{ rule: null, since: timeAt(4000) }, {}, {}],
    })
  })

  it('are what was last in force before the first tick after a restart', async () => {
    const before = standIn()
    await ticks(before, 'web', 95)
    const restarted: StandIn = { ...standIn(), store: before.store }
    const url = await serve(restarted)
    expect((await read(`${url}/v1/settings/web`)).body).toMatchObject({
      settings: { reports: false, quality: 'low' },
      details: [{ rule: 'Shed load', since: timeAt(1000) }, {}, {}],
    })
  })

  it('are those another process decided while this one stands by', async () => {
    const acting = standIn()
    const runtime: StandIn = { ...standIn(), store: acting.store }
    const url = await serve(runtime)
    runtime.report({ outcome: 'standby', fleet: 'web', at: T0 })
    for (const [cpu, reports] of [
      [95, false],
      [50, true],
      [95, false],
    ] as const) {
      await ticks(acting, 'web', cpu)
      expect((await read(`${url}/v1/settings/web`)).body).toMatchObject({ settings: { reports } })
    }
  })

  it('stay at their defaults in the modes that only advise, and say what they would be', async () => {
    const runtime = standIn(sheddingFleet({ mode: 'recommend' }))
    const url = await serve(runtime)
    await ticks(runtime, 'web', 95)
    expect((await read(`${url}/v1/settings/web`)).body).toMatchObject({
      applied: false,
      settings: { reports: true, quality: 'high', 'page size': 50 },
      details: [{ value: true, decided: false, rule: null }, { decided: 'low' }, { decided: 10 }],
    })
  })

  it('do not take a value of another type from before the configuration changed', async () => {
    const before = standIn()
    await ticks(before, 'web', 95)
    const { reports } = sheddingFleet().settings
    if (reports === undefined) throw new Error('the fleet has no reports')
    const settings = { reports: { ...reports, default: 'daily' } }
    const changed: StandIn = { ...standIn(sheddingFleet({ settings })), store: before.store }
    const url = await serve(changed)
    expect((await read(`${url}/v1/settings/web`)).body).toMatchObject({ settings: { reports: 'daily' } })
  })

  it('are 404 for a fleet that is not configured', async () => {
    const { status, body } = await read(`${await serve(standIn())}/v1/settings/wep`)
    expect({ status, body }).toMatchObject({ status: 404, body: { error: { code: 'PLM-461' } } })
  })
})

describe('the settings of all fleets', () => {
  it('come in the order of the file, also of fleets that have none', async () => {
    const runtime = standIn(webFleet({ name: 'shop' }), sheddingFleet())
    const url = await serve(runtime)
    await ticks(runtime, 'web', 95)
    expect((await read(`${url}/v1/settings`)).body).toMatchObject({
      fleets: [
        { fleet: 'shop', version: 0, settings: {}, details: [] },
        { fleet: 'web', settings: { reports: false } },
      ],
    })
  })

  it.each(['/v1/settings', '/v1/settings/web'])('%s are not sent again to who has them', async path => {
    const runtime = standIn()
    const url = await serve(runtime)
    await ticks(runtime, 'web', 50)
    const first = await read(url + path)
    expect(first.etag).toMatch(/^"[\w-]{22}"$/)
    await ticks(runtime, 'web', 50)
    for (const known of [first.etag, `W/${first.etag}`, `"other", ${first.etag}`, '*']) {
      const again = await read(url + path, { 'if-none-match': known })
      expect(again).toEqual({ status: 304, etag: first.etag, body: null })
    }
    await ticks(runtime, 'web', 95)
    const changed = await read(url + path, { 'if-none-match': first.etag })
    expect(changed.status).toBe(200)
    expect(changed.etag).not.toBe(first.etag)
  })
})

describe('the history of settings', () => {
  it('tells every change, newest first, page by page', async () => {
    const runtime = standIn()
    const url = await serve(runtime)
    await ticks(runtime, 'web', 50, 95, 50)
    const { body } = await read(`${url}/v1/settings/web/history?limit=4`)
    expect(body).toEqual({
      changes: [
        { version: 9, at: timeAt(3000), setting: 'page size', from: 10, to: 50, rule: null },
        { version: 8, at: timeAt(3000), setting: 'quality', from: 'low', to: 'high', rule: null },
        { version: 7, at: timeAt(3000), setting: 'reports', from: false, to: true, rule: null },
        { version: 6, at: timeAt(2000), setting: 'page size', from: 50, to: 10, rule: 'Shed load' },
      ],
      next: 6,
    })
    const rest = await read(`${url}/v1/settings/web/history?limit=4&before=6`)
    expect(rest.body).toMatchObject({
      changes: [
        { version: 5, setting: 'quality' },
        { version: 4, setting: 'reports', from: true, to: false, rule: 'Shed load' },
      ],
      next: null,
    })
  })

  it('refuses a limit it would not keep, and a fleet nobody knows', async () => {
    const url = await serve(standIn())
    expect((await read(`${url}/v1/settings/web/history?limit=501`)).body).toMatchObject({
      error: { code: 'PLM-456' },
    })
    expect((await read(`${url}/v1/settings/wep/history`)).body).toMatchObject({ error: { code: 'PLM-461' } })
  })
})

describe('a change of settings', () => {
  it('is told to everyone who follows the events, at once and in full', async () => {
    const runtime = standIn()
    const request = get(`${await serve(runtime)}/v1/events`, { agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await ticks(runtime, 'web', 95)
    let told = ''
    for await (const chunk of response.setEncoding('utf8')) {
      told += chunk
      if (told.includes('event: tick')) break
    }
    request.destroy()
    const data = /event: settings\ndata: (.+)\n/.exec(told)?.[1] ?? 'null'
    expect(JSON.parse(data)).toMatchObject({
      fleet: 'web',
      at: timeAt(1000),
      applied: true,
      settings: { reports: false, quality: 'low', 'page size': 10 },
      details: [{ setting: 'reports', rule: 'Shed load', decided: false }, {}, {}],
      changed: [{ setting: 'reports', from: true, to: false, rule: 'Shed load' }, {}, {}],
    })
  })

  it('is the only thing told of settings: ticks that change none are silent about them', async () => {
    const runtime = standIn()
    const told: string[] = []
    runtime.subscribe(({ type }) => told.push(type))
    await ticks(runtime, 'web', 50, 50, 95, 95)
    expect(told.filter(type => type === 'settings')).toHaveLength(2)
  })
})
