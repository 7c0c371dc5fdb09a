/** The API over real sockets: what it answers, and what it says when it refuses. */
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { instance, specOf, T0, webFleet } from '../../test/builders/journal.ts'
import { createStandIn, type StandIn } from '../../test/builders/runtime.ts'
import { PluginError } from '../ports/plugin.ts'
import { type Api, createApi } from './api.ts'
import { ApiError } from './failure.ts'
import type { ApiSettings } from './settings.ts'

const LOCAL: ApiSettings = { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null }
const JSON_TYPE = { 'content-type': 'application/json' }

const opened: Api[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function serve(
  runtime: StandIn = createStandIn(),
  settings: Partial<ApiSettings> = {},
): Promise<string> {
  const api = await createApi(runtime, { ...LOCAL, ...settings })
  opened.push(api)
  return (await api.listen()).url
}

async function read(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(url, init)
  return { status: response.status, body: await response.json(), headers: response.headers }
}

function push(url: string, body: unknown, headers: Record<string, string> = JSON_TYPE) {
  return read(`${url}/v1/samples`, { method: 'POST', headers, body: JSON.stringify(body) })
}

function refusal(status: number, code: string) {
  return {
    status,
    body: { error: { code, message: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) } },
  }
}

const THREE = [instance('web-1'), instance('web-2'), instance('web-3')]

/** Ticks at T0, +15 s, +30 s ...: `cpu` gives what each measures. */
async function ticked(...cpu: readonly (number | null)[]): Promise<StandIn> {
  const runtime = createStandIn()
  for (const [index, value] of cpu.entries()) {
    const at = T0 + index * 15_000
    await runtime.tick('web', { at, instances: THREE, cpu: value }, [
      { at, value: value ?? 0, instance: 'web-1' },
    ])
  }
  return runtime
}

describe('fleets', () => {
  it('lists every fleet, with nulls for what no tick has found out yet', async () => {
    const { status, body } = await read(`${await serve()}/v1/fleets`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      fleets: [{ name: 'web', mode: 'scale', current: null, desired: null, bounds: null, because: null }],
    })
  })

  it('says how many there are, should be, and why, after a tick', async () => {
    const url = await serve(await ticked(83.2))
    const { body } = await read(`${url}/v1/fleets`)
    expect(body).toMatchObject({
      fleets: [
        {
          at: '2026-11-21T12:00:00.000Z',
          current: 3,
          desired: 4,
          direction: 'out',
          bounds: { lowest: 2, highest: 8, constraint: 'capacity', until: null },
          because: expect.stringContaining('Scale up'),
          kpis: { busy: 'red' },
          lastTick: { outcome: 'ticked', error: null },
        },
      ],
    })
  })

  it('gives a fleet in full: a sentence for every step, the plan, rules in the operator’s words', async () => {
    const url = await serve(await ticked(83.2))
    const { body } = await read(`${url}/v1/fleets/web`)
    expect(body).toMatchObject({
      decision: {
        revision: 1,
        steps: expect.arrayContaining([expect.objectContaining({ stage: 'bounds' })]),
      },
      plan: { actions: [{ kind: 'launch', id: 'web/1/1' }] },
      metrics: [{ name: 'cpu', kind: 'perInstance', unit: 'percent' }],
      rules: [{ name: 'Scale up', when: 'avg(cpu, 1m) > 80%' }, { name: 'Scale down' }],
    })
    const { steps } = (body as { decision: { steps: { because: string }[] } }).decision
    expect(steps.length).toBeGreaterThan(4)
    for (const step of steps) expect(step.because).toMatch(/\w/)
  })

  it('says so when the last tick failed', async () => {
    const runtime = await ticked(50)
    runtime.report({
      outcome: 'failed',
      fleet: 'web',
      at: T0 + 1000,
      code: 'PLM-600',
      error: 'the disk is full',
    })
    const { body } = await read(`${await serve(runtime)}/v1/fleets/web`)
    expect(body).toMatchObject({
      current: 3,
      lastTick: {
        at: '2026-11-21T12:00:01.000Z',
        outcome: 'failed',
        code: 'PLM-600',
        error: 'the disk is full',
      },
    })
  })

  it('gives the instances with times as text', async () => {
    const { body } = await read(`${await serve(await ticked(50))}/v1/fleets/web/instances`)
    expect(body).toMatchObject({
      at: '2026-11-21T12:00:00.000Z',
      instances: [
        { id: 'web-1', launchedAt: '2026-11-21T11:50:00.000Z', load: { kind: 'known', slots: 3 } },
        {},
        {},
      ],
      orders: [],
    })
  })

  it('finds a fleet whose name holds a space, a percent sign or a slash', async () => {
    const names = ['my web', '100%', 'a/b']
    const url = await serve(createStandIn(specOf(...names.map(name => webFleet({ name })))))
    for (const name of names) {
      const { body } = await read(`${url}/v1/fleets/${encodeURIComponent(name)}`)
      expect(body).toMatchObject({ name })
    }
  })

  it('names the fleets there are when asked for another (PLM-461)', async () => {
    const url = await serve()
    for (const path of ['', '/instances', '/decisions', '/journal', '/timeline', '/metrics/cpu/samples']) {
      const answer = await read(`${url}/v1/fleets/wep${path}`)
      expect(answer).toMatchObject(refusal(404, 'PLM-461'))
      expect(answer.body).toMatchObject({ error: { hint: expect.stringContaining('web') } })
    }
    expect(await read(`${url}/v1/fleets/constructor`)).toMatchObject(refusal(404, 'PLM-461'))
  })
})

describe('history', () => {
  it('gives decisions that changed something, newest first, page by page', async () => {
    const url = await serve(await ticked(83.2, 50, 84, 50, 85))
    const first = await read(`${url}/v1/fleets/web/decisions?limit=2`)
    expect(first.body).toMatchObject({ decisions: [{ revision: 5 }, { revision: 3 }], next: 3 })
    const second = await read(`${url}/v1/fleets/web/decisions?limit=2&before=3`)
    expect(second.body).toMatchObject({ decisions: [{ revision: 1, current: 3, desired: 4 }], next: null })
  })

  it('gives the ticks that changed nothing too, when asked, each with its reason', async () => {
    const url = await serve(await ticked(83.2, 50, null))
    const { body } = await read(`${url}/v1/fleets/web/decisions?changesOnly=false`)
    expect(body).toMatchObject({
      decisions: [
        { direction: 'none', because: expect.stringMatching(/unknown/) },
        { direction: 'none', because: expect.stringMatching(/\w/) },
        { direction: 'out' },
      ],
    })
  })

  it('gives the journal with memory, observation and outcomes, as of a time', async () => {
    const url = await serve(await ticked(50, 83.2, 50))
    const at = encodeURIComponent('2026-11-21T13:00:20+01:00')
    const { body } = await read(`${url}/v1/fleets/web/journal?at=${at}&limit=1`)
    expect(body).toMatchObject({
      entries: [
        {
          revision: 2,
          at: '2026-11-21T12:00:15.000Z',
          memory: { revision: 1 },
          observation: { readings: { 'avg(cpu, 1m)': { value: 83.2, lastAt: '2026-11-21T12:00:15.000Z' } } },
          outcomes: [{ action: 'web/2/1', outcome: 'done' }],
        },
      ],
      next: 2,
    })
  })

  it('reads a time as ISO text, with an offset whose plus was not escaped, or as milliseconds', async () => {
    const url = await serve(await ticked(50, 83.2, 50))
    for (const since of ['2026-11-21T12:00:15Z', '2026-11-21T13:00:15+01:00', String(T0 + 15_000)]) {
      const { body } = await read(`${url}/v1/fleets/web/journal?since=${since}`)
      expect(body).toMatchObject({ entries: [{ revision: 3 }, { revision: 2 }], next: null })
    }
  })

  it('gives the timeline and the samples of a metric, oldest first, the end included', async () => {
    const url = await serve(await ticked(50, 83.2))
    const until = `until=${T0 + 15_000}`
    expect((await read(`${url}/v1/fleets/web/timeline?${until}`)).body).toMatchObject({
      points: [
        { revision: 1, open: 3, desired: 3, rule: null },
        {
          revision: 2,
          at: '2026-11-21T12:00:15.000Z',
          open: 3,
          desired: 4,
          lowest: 2,
          highest: 8,
          rule: 'Scale up',
        },
      ],
    })
    expect((await read(`${url}/v1/fleets/web/metrics/cpu/samples?${until}`)).body).toEqual({
      samples: [
        { at: '2026-11-21T12:00:00.000Z', value: 50, instance: 'web-1' },
        { at: '2026-11-21T12:00:15.000Z', value: 83.2, instance: 'web-1' },
      ],
    })
  })

  it('names the metrics there are when asked for another (PLM-462)', async () => {
    expect(await read(`${await serve()}/v1/fleets/web/metrics/cqu/samples`)).toMatchObject(
      refusal(404, 'PLM-462'),
    )
  })

  it.each([
    ['a limit above the most', 'journal?limit=201'],
    ['a limit of nothing', 'decisions?limit=0'],
    ['a limit that is no number', 'timeline?limit=many'],
    ['a time without an offset', 'journal?at=2026-11-21T12:00:00'],
    ['a time that is none', 'timeline?since=yesterday'],
    ['a day that does not exist', 'timeline?since=2026-02-31T25:00:00Z'],
    ['a window that ends before it begins', `timeline?since=${T0}&until=${T0 - 1}`],
    ['a negative revision', 'journal?before=-1'],
    ['another word for changesOnly', 'decisions?changesOnly=maybe'],
  ])('refuses %s (PLM-456)', async (_what, path) => {
    expect(await read(`${await serve()}/v1/fleets/web/${path}`)).toMatchObject(refusal(400, 'PLM-456'))
  })

  it('answers 503 with the store’s own words when the store fails (PLM-467)', async () => {
    const runtime = await ticked(50)
    runtime.store.readJournal = async () => {
      throw new PluginError('unavailable', 'the database is locked')
    }
    const answer = await read(`${await serve(runtime)}/v1/fleets/web/journal`)
    expect(answer).toMatchObject(refusal(503, 'PLM-467'))
    expect(answer.body).toMatchObject({
      error: { message: expect.stringContaining('the database is locked') },
    })
  })

  it('keeps what went wrong inside, and logs it, when it is a defect (PLM-466)', async () => {
    const runtime = await ticked(50)
    runtime.store.readJournal = async () => {
      throw new TypeError('secret internals')
    }
    const logged: unknown[] = []
    const log = { error: (fields: object) => logged.push(fields), warn: () => {} }
    const answer = await read(`${await serve(runtime, { log })}/v1/fleets/web/journal?limit=3`)
    expect(answer).toMatchObject(refusal(500, 'PLM-466'))
    expect(JSON.stringify(answer.body)).not.toContain('secret internals')
    expect(logged).toEqual([
      { code: 'PLM-466', method: 'GET', path: '/v1/fleets/web/journal', err: expect.any(TypeError) },
    ])
  })
})

describe('samples in', () => {
  it('takes samples with ISO time, milliseconds or none, and hands them on', async () => {
    const runtime = createStandIn()
    const url = await serve(runtime)
    const { status, body } = await push(url, {
      samples: [
        { metric: 'cpu', value: 1, at: '2026-11-21T11:59:00Z', instance: 'web-1' },
        { metric: 'cpu', value: -2.5, at: T0 - 1000, fleet: 'web' },
        { metric: 'cpu', value: 0 },
      ],
    })
    expect({ status, body }).toEqual({ status: 202, body: { accepted: 3, refused: [] } })
    expect(runtime.pushed).toEqual([
      { metric: 'cpu', value: 1, at: T0 - 60_000, instance: 'web-1' },
      { metric: 'cpu', value: -2.5, at: T0 - 1000, fleet: 'web' },
      { metric: 'cpu', value: 0, at: T0 },
    ])
  })

  it('takes labels, and refuses too many of them or what is no text', async () => {
    const runtime = createStandIn()
    const url = await serve(runtime)
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`label-${n}`, 'x']))
    const { body } = await push(url, {
      samples: [
        { metric: 'cpu', value: 1, labels: { region: 'eu' } },
        { metric: 'cpu', value: 1, labels: many },
        { metric: 'cpu', value: 1, labels: { region: 7 } },
      ],
    })
    expect(body).toMatchObject({
      accepted: 1,
      refused: [
        { index: 1, because: 'labels: at most 16 labels are taken' },
        { index: 2, because: expect.stringContaining('labels.region') },
      ],
    })
    expect(runtime.pushed).toEqual([{ metric: 'cpu', value: 1, at: T0, labels: { region: 'eu' } }])
  })

  it('judges each by itself: a bad one does not cost the others', async () => {
    const runtime = createStandIn()
    const body = `{"samples":[
      {"metric":"cpu","value":1},
      {"metric":"cpu","value":"1"},
      {"metric":"disk","value":1},
      {"metric":"cpu","value":1e999},
      {"metric":"cpu","value":1,"time":3},
      {"metric":"cpu","value":1,"at":"today"},
      {"metric":"cpu","value":null},
      7,
      {"metric":"cpu","value":2}]}`
    const answer = await read(`${await serve(runtime)}/v1/samples`, {
      method: 'POST',
      headers: JSON_TYPE,
      body,
    })
    expect(answer).toMatchObject({
      status: 202,
      body: {
        accepted: 2,
        refused: [
          { index: 1, because: expect.stringContaining('value') },
          { index: 2, because: 'there is no metric "disk"' },
          { index: 3, because: expect.stringContaining('value') },
          { index: 4, because: expect.stringContaining('time') },
          { index: 5, because: expect.stringContaining('2026-11-21T12:00:00Z') },
          { index: 6, because: expect.stringContaining('value') },
          { index: 7, because: expect.stringContaining('object') },
        ],
      },
    })
    expect(runtime.pushed.map(sample => sample.value)).toEqual([1, 2])
  })

  it('answers 422 with every reason when none was taken (PLM-463)', async () => {
    const answer = await push(await serve(), { samples: [{ metric: 'disk', value: 1 }] })
    expect(answer).toMatchObject(refusal(422, 'PLM-463'))
    expect(answer.body).toMatchObject({ accepted: 0, refused: [{ index: 0 }] })
  })

  it.each([
    ['no samples', { samples: [] }],
    ['another shape', { metrics: [] }],
    ['an unknown key beside them', { samples: [{ metric: 'cpu', value: 1 }], wake: true }],
    ['a list', []],
    ['too many', { samples: Array(10_001).fill({}) }],
  ])('refuses a body of %s (PLM-456)', async (_what, body) => {
    expect(await push(await serve(), body)).toMatchObject(refusal(400, 'PLM-456'))
  })

  it.each(['', '{"samples":[', 'NaN', '{"samples":[{"metric":"cpu","value":NaN}]}'])(
    'refuses %j, which is not JSON (PLM-456)',
    async body => {
      const answer = await read(`${await serve()}/v1/samples`, { method: 'POST', headers: JSON_TYPE, body })
      expect(answer).toMatchObject(refusal(400, 'PLM-456'))
    },
  )

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['nearly JSON', { 'content-type': 'application/jsonp' }],
  ])('refuses a body sent as %s (PLM-457)', async (_what, headers) => {
    expect(await push(await serve(), { samples: [] }, headers)).toMatchObject(refusal(415, 'PLM-457'))
  })

  it('wakes a fleet, with or without a content type', async () => {
    const runtime = createStandIn()
    const url = `${await serve(runtime)}/v1/fleets/web/tick`
    expect(await read(url, { method: 'POST' })).toMatchObject({
      status: 202,
      body: { fleet: 'web', woken: true },
    })
    expect(await read(url, { method: 'POST', headers: JSON_TYPE })).toMatchObject({ status: 202 })
    expect(runtime.woken).toEqual(['web', 'web'])
    expect(await read(url.replace('web', 'wep'), { method: 'POST' })).toMatchObject(refusal(404, 'PLM-461'))
  })

  it('stops a client that wakes without end (PLM-464)', async () => {
    const { hostname, port } = new URL(await serve())
    const wake = `POST /v1/fleets/web/tick HTTP/1.1\r\nHost: ${hostname}\r\n`
    const socket = connect(Number(port), hostname)
    socket.write(`${`${wake}\r\n`.repeat(999)}${wake}Connection: close\r\n\r\n`)
    const answers = await text(socket)
    expect(answers).toContain('HTTP/1.1 429 Too Many Requests')
    expect(answers).toMatch(/retry-after: \d+/)
    expect(answers).toContain('"code":"PLM-464"')
  })
})

describe('paths and methods', () => {
  it('answers 404 in the one shape for what is not there (PLM-459)', async () => {
    const url = await serve()
    for (const path of ['/', '/nope', '/v1', '/v1/fleets/web/nope', '/v1/Fleets', '/../../etc/passwd']) {
      expect(await read(url + path)).toMatchObject(refusal(404, 'PLM-459'))
    }
  })

  it('answers 405 with what is allowed for another method (PLM-460)', async () => {
    const url = await serve()
    for (const [method, path, allow] of [
      ['GET', '/v1/samples', 'POST'],
      ['DELETE', '/v1/fleets/web', 'GET, HEAD'],
      ['OPTIONS', '/v1/fleets', 'GET, HEAD'],
      ['PUT', '/metrics', 'GET, HEAD'],
    ] as const) {
      const answer = await read(url + path, { method })
      expect(answer).toMatchObject(refusal(405, 'PLM-460'))
      expect(answer.headers.get('allow')).toBe(allow)
    }
  })

  it('answers 400 for a path that cannot be decoded or is too long (PLM-456)', async () => {
    const url = await serve()
    expect(await read(`${url}/v1/fleets/%ff`)).toMatchObject(refusal(400, 'PLM-456'))
    expect(await read(`${url}/v1/fleets/${'a'.repeat(300)}`)).toMatchObject(refusal(400, 'PLM-456'))
  })
})

describe('the configuration in force', () => {
  it('is given in short, and no route gives a plugin’s options', async () => {
    const runtime = await ticked(83.2)
    const url = await serve(runtime)
    const { body } = await read(`${url}/v1/spec`)
    expect(body).toMatchObject({
      digest: '9f2c4e1a77b0d356',
      fleets: [
        {
          name: 'web',
          target: 'process',
          router: 'proxy',
          min: 2,
          max: 8,
          rules: ['Scale up', 'Scale down'],
        },
      ],
    })
    for (const path of [
      '/v1/spec',
      '/v1/fleets',
      '/v1/fleets/web',
      '/v1/fleets/web/journal',
      '/openapi.json',
    ]) {
      expect(JSON.stringify((await read(url + path)).body)).not.toContain('hunter2')
    }
  })
})

describe('health and figures', () => {
  it('says alive and ready, or 503 and why', async () => {
    const runtime = createStandIn()
    const url = await serve(runtime)
    expect(await read(`${url}/health/live`)).toMatchObject({ status: 200, body: { live: true } })
    expect(await read(`${url}/health/ready`)).toMatchObject({ status: 200, body: { ready: true } })
    runtime.healthNow = { live: true, ready: false, detail: 'web has not ticked yet' }
    expect(await read(`${url}/health/live`)).toMatchObject({ status: 200 })
    expect(await read(`${url}/health/ready`)).toMatchObject({
      status: 503,
      body: { ready: false, detail: 'web has not ticked yet' },
    })
    runtime.health = () => Promise.reject(new Error('the store is gone'))
    expect(await read(`${url}/health/live`)).toMatchObject({
      status: 503,
      body: { detail: 'the store is gone' },
    })
  })

  it('counts ticks, decisions and actions, and shows the last tick’s counts', async () => {
    const runtime = createStandIn()
    const url = await serve(runtime)
    await runtime.tick('web', { at: T0, instances: THREE, cpu: 83.2 })
    await runtime.tick('web', { at: T0 + 15_000, instances: THREE, cpu: 50 })
    runtime.report({ outcome: 'standby', fleet: 'web', at: T0 + 20_000 })
    runtime.at = T0 + 25_000
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'plimsoll_fleet_desired{fleet="web"} 3',
        'plimsoll_fleet_current{fleet="web"} 3',
        'plimsoll_fleet_open{fleet="web"} 3',
        'plimsoll_fleet_pending{fleet="web"} 0',
        'plimsoll_fleet_draining{fleet="web"} 0',
        'plimsoll_fleet_lowest{fleet="web"} 2',
        'plimsoll_fleet_highest{fleet="web"} 8',
        'plimsoll_decisions_total{fleet="web",direction="out"} 1',
        'plimsoll_decisions_total{fleet="web",direction="in"} 0',
        'plimsoll_decisions_total{fleet="web",direction="none"} 1',
        'plimsoll_ticks_total{fleet="web",outcome="ticked"} 2',
        'plimsoll_ticks_total{fleet="web",outcome="standby"} 1',
        'plimsoll_actions_total{fleet="web",kind="launch",outcome="done"} 1',
        'plimsoll_tick_age_seconds{fleet="web"} 10',
        'plimsoll_kpi{fleet="web",kpi="busy",state="green"} 1',
        'plimsoll_kpi{fleet="web",kpi="busy",state="red"} 0',
      ]),
    )
    expect(text).toContain('process_cpu_seconds_total')
  })

  it('shows nothing, rather than zero, where the target could not be asked', async () => {
    const runtime = createStandIn()
    const url = await serve(runtime)
    await runtime.tick('web', { at: T0, instances: [], cpu: 50, blind: true })
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).not.toContain('plimsoll_fleet_open{')
    expect(text).toContain('plimsoll_fleet_lowest{fleet="web"} 2')
    expect((await read(`${url}/v1/fleets`)).body).toMatchObject({
      fleets: [{ current: null, capacity: null }],
    })
  })
})

describe('starting and stopping', () => {
  it('refuses an address others can reach without a token, and says how to set one (PLM-450)', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'plimsoll.example']) {
      const refused = createApi(createStandIn(), { ...LOCAL, host })
      await expect(refused).rejects.toThrow(ApiError)
      await expect(refused).rejects.toMatchObject({
        code: 'PLM-450',
        hint: expect.stringContaining('token:'),
      })
    }
  })

  it('takes every way to write a loopback address without a token', async () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]', 'LOCALHOST']) {
      await (await createApi(createStandIn(), { ...LOCAL, host })).close()
    }
  })

  it('says which port is taken and what to do (PLM-451)', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const api = await createApi(createStandIn(), { ...LOCAL, port })
    await expect(api.listen()).rejects.toMatchObject({
      code: 'PLM-451',
      message: expect.stringContaining(String(port)),
      hint: expect.stringContaining(String(port + 1)),
    })
    await api.close()
    await new Promise(resolve => other.close(resolve))
  })

  it('says what the system said when the address is not ours (PLM-452)', async () => {
    const api = await createApi(createStandIn(), { ...LOCAL, host: '192.0.2.1', token: 'a' })
    await expect(api.listen()).rejects.toMatchObject({
      code: 'PLM-452',
      message: expect.stringContaining('EADDRNOTAVAIL'),
    })
    await api.close()
  })

  it('lets go of the runtime when it closes, and closes twice without complaint', async () => {
    const runtime = createStandIn()
    const api = await createApi(runtime, LOCAL)
    await api.listen()
    expect(runtime.listeners.size).toBeGreaterThan(0)
    await api.close()
    await api.close()
    expect(runtime.listeners.size).toBe(0)
  })
})
