/** The session API of a real daemon: a real broker, a real session log, real HTTP. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { specOf, webFleet } from '../../test/builders/journal.ts'
import { openRooms, type Rooms, type RoomsOptions } from '../../test/builders/rooms.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { until } from '../../test/builders/until.ts'
import { createApi } from './api.ts'

let rooms: Rooms
let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends) await end()
  ends = []
})

async function open(options?: RoomsOptions): Promise<void> {
  rooms = await openRooms(options)
  ends.push(() => rooms.end())
}

async function fill(...ids: string[]): Promise<void> {
  for (const sessionId of ids) expect((await rooms.post('sessions', { sessionId })).status).toBe(201)
}

describe('placing a session', () => {
  it('answers 201 with its instance and address, and 200 with the same when it is asked again', async () => {
    await open()
    const first = await rooms.post('sessions', { sessionId: 'match-7', slots: 2, labels: { kind: 'match' } })
    expect(first).toMatchObject({
      status: 201,
      body: {
        session: 'match-7',
        instance: expect.stringMatching(/^web-\d$/),
        address: expect.stringMatching(/^http:\/\/127\.0\.0\.1\/web-\d$/),
        slots: 2,
        labels: { kind: 'match' },
        ttlMs: null,
        placedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        ended: null,
        again: false,
      },
    })
    const second = await rooms.post('sessions', { sessionId: 'match-7', slots: 2, labels: { kind: 'match' } })
    expect(second).toEqual({ ...second, status: 200, body: { ...first.body, again: true } })
  })

  it('makes up an id where none is given', async () => {
    await open()
    const { status, body } = await rooms.post('sessions', {})
    expect(status).toBe(201)
    expect(body.session).toMatch(/^[a-z0-9]{20,}$/)
    expect((await rooms.get(`sessions/${body.session}`)).body).toMatchObject({ instance: body.instance })
  })

  it('refuses without room, and says when to ask again', async () => {
    await open({ slots: 1 })
    await fill('a', 'b')
    const refused = await rooms.post('sessions', { sessionId: 'c' })
    expect(refused).toMatchObject({
      status: 409,
      body: {
        error: { code: 'PLM-434', message: expect.stringContaining('room'), hint: /\w/ },
        retryAfter: 1,
      },
    })
    expect(refused.headers.get('retry-after')).toBe('1')
  })

  it('waits for room, and gets the place that becomes free', async () => {
    await open({ slots: 1 })
    await fill('a', 'b')
    const waiting = rooms.post('sessions', { sessionId: 'c', waitMs: 10_000 })
    await until('it waits', () => rooms.daemon.broker('web')?.waiting() === 1)
    expect((await rooms.delete('sessions/a')).status).toBe(200)
    expect(await waiting).toMatchObject({ status: 201, body: { session: 'c' } })
  })

  it('refuses one who waited in vain, and one for whom there is no room to wait', async () => {
    await open({ slots: 1, waiting: '{ most: 1, longest: 200ms }' })
    await fill('a', 'b')
    const waited = rooms.post('sessions', { sessionId: 'c', waitMs: 60_000 })
    await until('it waits', () => rooms.daemon.broker('web')?.waiting() === 1)
    expect(await rooms.post('sessions', { sessionId: 'd', waitMs: 60_000 })).toMatchObject({
      status: 409,
      body: { error: { code: 'PLM-439' } },
    })
    expect(await waited).toMatchObject({ status: 409, body: { error: { code: 'PLM-441' }, retryAfter: 1 } })
  })

  it('lets nobody wait whose client went away', async () => {
    await open({ slots: 1 })
    await fill('a', 'b')
    const impatience = new AbortController()
    const waiting = rooms.post('sessions', { sessionId: 'c', waitMs: 10_000 }, impatience.signal)
    await until('it waits', () => rooms.daemon.broker('web')?.waiting() === 1)
    impatience.abort()
    await expect(waiting).rejects.toThrow('aborted')
    await until('nobody waits', () => rooms.daemon.broker('web')?.waiting() === 0)
    await rooms.delete('sessions/a')
    expect((await rooms.get('sessions/c')).status).toBe(404)
  })

  it('refuses what is not a request, in words', async () => {
    await open()
    const wrong = [
      { sessionId: 'two words' },
      { sessionId: '' },
      { slots: 0 },
      { slots: 3 },
      { slots: 1.5 },
      { ttl: 'soon' },
      { ttl: 1 },
      { labels: { 'a b': 'c' } },
      { labels: { kind: 7 } },
      { waitMs: -1 },
      { colour: 'red' },
      null,
      [],
    ]
    for (const body of wrong) {
      const { status, body: answer } = await rooms.post('sessions', body)
      expect({ body, status }).toEqual({ body, status: 400 })
      expect(answer.error.code).toMatch(/^PLM-(432|456)$/)
    }
  })

  it('refuses an id that is in use for something else', async () => {
    await open()
    await fill('a')
    expect(await rooms.post('sessions', { sessionId: 'a', slots: 2 })).toMatchObject({
      status: 409,
      body: { error: { code: 'PLM-433' } },
    })
  })

  it('keeps what it acknowledged over a restart', async () => {
    await open()
    const { body } = await rooms.post('sessions', { sessionId: 'a', ttl: '10m' })
    await rooms.restart()
    const found = await until('the broker is ready', async () => {
      const answer = await rooms.get('sessions/a')
      return answer.status === 200 && answer
    })
    expect(found.body).toMatchObject({ session: 'a', instance: body.instance, ttlMs: 600_000 })
  })

  it('is not ready before the first tick, and says so', async () => {
    await open()
    rooms.fleet.failNext('list', 'no answer')
    await rooms.daemon.broker('web')?.close()
    const refused = await rooms.post('sessions', { sessionId: 'a' })
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'PLM-430' } } })
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  })

  it('asks for the token where there is one', async () => {
    await open({ token: 'a long secret' })
    const response = await fetch(`${rooms.url}/v1/fleets/web/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(response.status).toBe(401)
    expect((await rooms.post('sessions', {})).status).toBe(201)
  })
})

describe('what becomes of a session', () => {
  it('ends when it is released, once, and can still be asked for', async () => {
    await open()
    await fill('a')
    expect((await rooms.delete('sessions/a?why=over')).body).toEqual({ session: 'a', released: 'released' })
    expect((await rooms.delete('sessions/a')).body).toEqual({ session: 'a', released: 'ended' })
    expect((await rooms.get('sessions/a')).body.ended).toMatchObject({ end: 'released', why: 'over' })
    expect(await rooms.delete('sessions/b')).toMatchObject({
      status: 404,
      body: { error: { code: 'PLM-480' } },
    })
    expect((await rooms.get('sessions/b')).status).toBe(404)
  })

  it('lives as long as it gives signs of life, and says when it is over', async () => {
    await open()
    await rooms.post('sessions', { sessionId: 'a', ttl: 60_000 })
    expect(await rooms.post('sessions/a/heartbeat')).toMatchObject({
      status: 200,
      body: { session: 'a', ttlMs: 60_000, ttlLeftMs: 60_000 },
    })
    await rooms.delete('sessions/a')
    expect(await rooms.post('sessions/a/heartbeat')).toMatchObject({
      status: 410,
      body: { error: { code: 'PLM-481' }, session: { session: 'a', ended: { end: 'released' } } },
    })
    expect((await rooms.post('sessions/nobody/heartbeat')).status).toBe(404)
  })

  it('takes ids with any visible character', async () => {
    await open()
    const id = `a/b?c#d%e ${'x'.repeat(10)}`.replaceAll(' ', '+') + '~'.repeat(180)
    await fill(id)
    expect((await rooms.get(`sessions/${encodeURIComponent(id)}`)).body.session).toBe(id)
    expect((await rooms.delete(`sessions/${encodeURIComponent(id)}`)).status).toBe(200)
  })
})

describe('the list of sessions', () => {
  it('comes in pages, by instance and by label', async () => {
    await open({ slots: 4 })
    const placed: { session: string; instance: string }[] = []
    for (const [index, kind] of ['match', 'call', 'match', 'match', 'call', 'match'].entries()) {
      const sessionId = `s${index}`
      placed.push((await rooms.post('sessions', { sessionId, labels: { kind, n: `${index}` } })).body)
    }
    const first = (await rooms.get('sessions?limit=4')).body
    expect(first.sessions.map(({ session }: { session: string }) => session)).toEqual([
      's0',
      's1',
      's2',
      's3',
    ])
    const rest = (await rooms.get(`sessions?limit=4&after=${first.next}`)).body
    expect(rest).toMatchObject({ sessions: [{ session: 's4' }, { session: 's5' }], next: null })
    const instance = placed[0]?.instance ?? ''
    const there = placed.filter(one => one.instance === instance).map(one => one.session)
    const found = (await rooms.get(`sessions?instance=${instance}`)).body.sessions
    expect(found.map(({ session }: { session: string }) => session)).toEqual(there)
    expect((await rooms.get('sessions?label=kind=call')).body.sessions).toHaveLength(2)
    expect((await rooms.get('sessions?label=kind=call&label=n=4')).body.sessions).toHaveLength(1)
    expect((await rooms.get('sessions?label=kind')).status).toBe(400)
    expect((await rooms.get('sessions?limit=1001')).status).toBe(400)
    expect((await rooms.get('sessions?after=x')).status).toBe(400)
  })
})

describe('a batch', () => {
  it('releases, then places, each judged by itself', async () => {
    await open({ slots: 1 })
    await fill('a', 'b')
    const { status, body } = await rooms.post('sessions/batch', {
      release: ['a', 'nobody'],
      place: [{ sessionId: 'c' }, { sessionId: 'd' }, { slots: 9 }],
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      released: [
        { session: 'a', released: 'released' },
        { session: 'nobody', released: 'unknown' },
      ],
      placed: [
        { session: 'c', again: false },
        { error: { code: 'PLM-434' }, retryAfter: 1 },
        { error: { code: 'PLM-432' } },
      ],
    })
  })

  it('is bounded', async () => {
    await open()
    const place = Array.from({ length: 1001 }, () => ({}))
    expect((await rooms.post('sessions/batch', { place })).status).toBe(400)
  })
})

describe('the figures', () => {
  it('count placements by what came of them, sessions and those who wait', async () => {
    await open({ slots: 1 })
    await fill('a', 'b')
    await rooms.post('sessions', { sessionId: 'a' })
    await rooms.post('sessions', { sessionId: 'c' })
    await rooms.post('sessions/batch', { place: [{ sessionId: 'a' }, { slots: 7 }] })
    const waiting = rooms.post('sessions', { sessionId: 'c', waitMs: 10_000 })
    await until('it waits', () => rooms.daemon.broker('web')?.waiting() === 1)
    const text = await (await fetch(`${rooms.url}/metrics`)).text()
    expect(text.match(/^plimsoll_session\w*\{.*$/gm)?.sort()).toEqual([
      'plimsoll_session_placements_total{fleet="web",outcome="again"} 2',
      'plimsoll_session_placements_total{fleet="web",outcome="failed"} 1',
      'plimsoll_session_placements_total{fleet="web",outcome="no-room"} 1',
      'plimsoll_session_placements_total{fleet="web",outcome="placed"} 2',
      'plimsoll_sessions_waiting{fleet="web"} 1',
      'plimsoll_sessions{fleet="web"} 2',
    ])
    await rooms.delete('sessions/a')
    await waiting
  })
})

describe('a fleet whose sessions others place', () => {
  it('has none to place here, and says so', async () => {
    const api = await createApi(createStandIn(), {
      host: '127.0.0.1',
      port: 0,
      token: null,
      dashboardRoot: null,
    })
    const { url } = await api.listen()
    const codeAt = async (path: string): Promise<string> => {
      const answer = z.object({ error: z.object({ code: z.string() }) })
      return answer.parse(await (await fetch(`${url}${path}`)).json()).error.code
    }
    expect(await codeAt('/v1/fleets/web/sessions')).toBe('PLM-479')
    expect(await codeAt('/v1/fleets/web/sessions/a')).toBe('PLM-479')
    expect(await codeAt('/v1/fleets/wep/sessions')).toBe('PLM-461')
    await api.close()
  })
})

describe('a fleet that is only just starting', () => {
  it('does not say that it has no sessions: a client would believe it', async () => {
    const brokers = { routers: [{ type: 'broker', options: {} }] }
    const agents = { routers: [{ type: 'agent', options: {} }] }
    const told: unknown[] = []
    for (const [routers, path, method] of [
      [brokers, 'sessions/a/heartbeat', 'POST'],
      [brokers, 'sessions/a', 'GET'],
      [agents, 'instances/web-1/load', 'PUT'],
    ] as const) {
      const api = await createApi(createStandIn(specOf({ ...webFleet(), ...routers })), {
        host: '127.0.0.1',
        port: 0,
        token: null,
        dashboardRoot: null,
      })
      ends.push(() => api.close())
      const { url } = await api.listen()
      const answer = await fetch(`${url}/v1/fleets/web/${path}`, {
        method,
        ...(method === 'PUT' ? { body: '{"slots":0}', headers: { 'content-type': 'application/json' } } : {}),
      })
      told.push([answer.status, answer.headers.get('retry-after'), (await answer.json()).error.code])
    }
    expect(told).toEqual([
      [503, '1', 'PLM-484'],
      [503, '1', 'PLM-484'],
      [503, '1', 'PLM-484'],
    ])
  })

  it('is said in the log once, not for each client that asks again', async () => {
    const said: string[] = []
    const api = await createApi(
      createStandIn(specOf({ ...webFleet(), routers: [{ type: 'broker', options: {} }] })),
      {
        host: '127.0.0.1',
        port: 0,
        token: null,
        dashboardRoot: null,
        log: {
          error: (_, text) => said.push(`error: ${text}`),
          warn: (_, text) => said.push(`warn: ${text}`),
        },
      },
    )
    ends.push(() => api.close())
    const { url } = await api.listen()
    for (const session of ['a', 'b', 'c']) await fetch(`${url}/v1/fleets/web/sessions/${session}`)
    expect(said).toEqual(['warn: The fleet "web" is only just starting.'])
  })
})
