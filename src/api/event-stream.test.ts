/** The event stream over real sockets: what is told, to how many, and what becomes of those who do not listen. */

import { once } from 'node:events'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { instance, T0 } from '../../test/builders/journal.ts'
import { createStandIn, type StandIn } from '../../test/builders/runtime.ts'
import { type Api, createApi } from './api.ts'
import { MAX_CLIENTS, MAX_UNSENT_BYTES } from './event-stream.ts'

const opened: Api[] = []
const clients: ClientRequest[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function serve(runtime: StandIn, warnings: string[] = []): Promise<string> {
  const log = { error: () => {}, warn: (_fields: object, message: string) => warnings.push(message) }
  const api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null, log })
  opened.push(api)
  return (await api.listen()).url
}

async function follow(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const client = get(`${url}/v1/events`, { headers, agent: false })
  client.on('error', () => {})
  clients.push(client)
  const [response] = (await once(client, 'response')) as [IncomingMessage]
  return response
}

/** Reads until `wanted` has arrived. */
async function readUntil(response: IncomingMessage, wanted: string): Promise<string> {
  let read = ''
  response.setEncoding('utf8')
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    read += chunk
    if (read.includes(wanted)) return read
  }
  throw new Error(`ended without ${wanted}: ${read}`)
}

function eventsIn(text: string): { id: string; event: string; data: unknown }[] {
  return [...text.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.+)\n\n/g)].map(([, id, event, data]) => ({
    id: id ?? '',
    event: event ?? '',
    data: JSON.parse(data ?? 'null'),
  }))
}

describe('the event stream', () => {
  it('tells of ticks, samples, gaps, losses, trouble and the configuration, each with its own id', async () => {
    const runtime = createStandIn()
    const response = await follow(await serve(runtime), { 'last-event-id': '999' })
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    const at = T0
    await runtime.tick('web', { at, instances: [instance('web-1')], cpu: 83.2 }, [{ at, value: 83.2 }])
    runtime.emit({ type: 'gap-began', fleet: 'web', operand: 'avg(cpu, 1m)', at, gap: 'no samples' })
    runtime.emit({ type: 'gap-ended', fleet: 'web', operand: 'avg(cpu, 1m)', at, since: at })
    runtime.emit({ type: 'lost', fleet: 'web', instance: 'web-1', at, detail: 'exited with code 1' })
    const run = { id: 'web/42/run/1', revision: 42, rule: 'Backlog', action: 'provision', at }
    const done = { action: run.id, outcome: 'done' as const, instance: null, output: 'queue created', at }
    runtime.emit({ type: 'ran', fleet: 'web', run, outcome: done })
    const delivery = {
      fleet: 'web',
      at,
      notifier: 'ops',
      notice: 'web/42/scaled',
      event: 'scaled',
      title: 'web 5 -> 6',
      state: 'sent',
      detail: '',
    } as const
    runtime.emit({ type: 'delivery', ...delivery })
    runtime.emit({ type: 'trouble', fleet: 'web', at, what: 'the launch failed' })
    runtime.emit({ type: 'spec-applied', digest: 'abc', at })
    runtime.report({ outcome: 'standby', fleet: 'web', at })
    runtime.report({ outcome: 'standby', fleet: 'gone', at })
    runtime.emit({ type: 'spec-refused', problems: 'plimsoll.yaml:3:1 what?', at })
    const events = eventsIn(await readUntil(response, 'plimsoll.yaml'))
    const time = '2026-11-21T12:00:00.000Z'
    expect(events.map(({ event, data }) => ({ event, data }))).toEqual([
      {
        event: 'samples',
        data: { fleet: 'web', metric: 'cpu', samples: [{ at: time, value: 83.2 }], leftOut: 0 },
      },
      {
        event: 'tick',
        data: {
          fleet: expect.objectContaining({ name: 'web', current: 1, desired: 2, at: time }),
          point: expect.objectContaining({ at: time, open: 1, desired: 2, lowest: 2, highest: 8 }),
          changed: true,
        },
      },
      {
        event: 'gap',
        data: { fleet: 'web', operand: 'avg(cpu, 1m)', at: time, state: 'began', gap: 'no samples' },
      },
      { event: 'gap', data: { fleet: 'web', operand: 'avg(cpu, 1m)', at: time, state: 'ended', gap: null } },
      { event: 'lost', data: { fleet: 'web', instance: 'web-1', at: time, detail: 'exited with code 1' } },
      { event: 'ran', data: { fleet: 'web', ...run, at: time, state: 'done', said: 'queue created' } },
      { event: 'delivery', data: { ...delivery, at: time } },
      { event: 'trouble', data: { fleet: 'web', at: time, what: 'the launch failed' } },
      { event: 'spec', data: { at: time, state: 'applied', digest: 'abc', problems: null } },
      {
        event: 'tick',
        data: { fleet: expect.objectContaining({ current: 1 }), point: null, changed: false },
      },
      {
        event: 'spec',
        data: { at: time, state: 'refused', digest: null, problems: 'plimsoll.yaml:3:1 what?' },
      },
    ])
    const ids = events.map(({ id }) => Number(id))
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index))
  })

  it('sends only the newest of a very large batch of samples, and says how many it left out', async () => {
    const runtime = createStandIn()
    const response = await follow(await serve(runtime))
    const samples = Array.from({ length: 1200 }, (_, index) => ({ at: T0 + index, value: index }))
    runtime.emit({ type: 'samples', fleet: 'web', metric: 'cpu', samples })
    const [event] = eventsIn(await readUntil(response, '"leftOut":700'))
    expect(event?.data).toMatchObject({ samples: { length: 500, 499: { value: 1199 } } })
  })

  it(`takes ${MAX_CLIENTS} clients and refuses the next (PLM-465), until one leaves`, async () => {
    const url = await serve(createStandIn())
    const followers = await Promise.all(Array.from({ length: MAX_CLIENTS }, () => follow(url)))
    expect(followers.every(response => response.statusCode === 200)).toBe(true)
    const refused = await fetch(`${url}/v1/events`)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { code: 'PLM-465' } })
    clients[0]?.destroy()
    await expect.poll(async () => (await follow(url)).statusCode, { timeout: 10_000 }).toBe(200)
  })

  it('disconnects a client that does not read, and goes on for the others', async () => {
    const runtime = createStandIn()
    const warnings: string[] = []
    const url = await serve(runtime, warnings)
    const deaf = await follow(url)
    deaf.pause()
    const listening = await follow(url)
    const ended = once(deaf.socket, 'close')
    let heard = 0
    listening.on('data', chunk => {
      heard += chunk.length
    })
    const problems = 'x'.repeat(100_000)
    let sent = 0
    while (warnings.length === 0 && sent < 64 * MAX_UNSENT_BYTES) {
      runtime.emit({ type: 'spec-refused', problems, at: T0 })
      sent += problems.length
      await expect.poll(() => heard, { interval: 1, timeout: 10_000 }).toBeGreaterThanOrEqual(sent)
    }
    expect(warnings).toEqual(['A client of the events did not keep up and was disconnected'])
    deaf.resume()
    deaf.on('error', () => {})
    await ended
    expect(listening.destroyed).toBe(false)
  })

  it('ends its streams when the API closes', async () => {
    const api = await createApi(createStandIn(), {
      host: '127.0.0.1',
      port: 0,
      token: null,
      dashboardRoot: null,
    })
    const response = await follow((await api.listen()).url)
    response.resume()
    const ended = once(response, 'end')
    await api.close()
    await ended
  })
})
