import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'
import { startVisitors, type Visitors, type VisitorsStatus } from './visitors.ts'

/** Time runs faster for the visitors; their sockets are real. */
function clockAt(speed: number): Clock {
  return {
    now: () => Date.now() * speed,
    after(ms, wake) {
      const timer = setTimeout(wake, ms / speed)
      return () => clearTimeout(timer)
    },
  }
}

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Asked {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: ReturnType<typeof JSON.parse>
}

type Answer = (asked: Asked) => readonly [status: number, body: object] | null

/** A session API that answers as told, and a room that lets everybody in, on the same port. */
async function openHouse(answer: Answer = () => null) {
  const asked: Asked[] = []
  const said: string[] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const one = { ...(await questionOf(request)) }
    asked.push(one)
    const [status, body] = answer(one) ?? usual(one, url)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })
  const rooms = new WebSocketServer({ server })
  const talking = new Map<string, WebSocket>()
  rooms.on('connection', (socket, request) => {
    const session = new URL(request.url ?? '/', 'http://localhost').searchParams.get('session') ?? ''
    talking.set(session, socket)
    socket.on('message', text => said.push(`${session}: ${String(text)}`))
    socket.on('close', () => talking.delete(session))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
  cleanups.push(async () => {
    for (const socket of talking.values()) socket.terminate()
    rooms.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { url, asked, said, talking }
}

async function questionOf(request: IncomingMessage): Promise<Asked> {
  let text = ''
  for await (const part of request) text += String(part)
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    body: text === '' ? null : JSON.parse(text),
  }
}

function usual({ method, body }: Asked, url: string): readonly [number, object] {
  if (method === 'POST' && body?.sessionId !== undefined) {
    return [201, { session: body.sessionId, address: url, ttlMs: 3000 }]
  }
  return [200, {}]
}

/** Resolves at the first status like this. */
function visit(
  api: string,
  speed: number,
  enough: (status: VisitorsStatus) => boolean,
): Promise<{ visitors: Visitors; status: VisitorsStatus }> {
  return new Promise(resolve => {
    const visitors = startVisitors({
      api,
      token: 'open sesame',
      fleet: 'rooms & more',
      clock: clockAt(speed),
      onTick: status => {
        if (enough(status)) resolve({ visitors, status })
      },
    })
    cleanups.push(() => visitors.stop())
  })
}

const BASE = '/v1/fleets/rooms%20%26%20more/sessions'

describe('the visitors of the demonstration', () => {
  it('ask for a place, talk over a WebSocket, give signs of life, leave, and give their place back', async () => {
    const house = await openHouse()
    const { status } = await visit(house.url, 5, ({ left }) => left >= 2)
    expect(status).toMatchObject({ fleet: 'rooms & more', cut: 0, failed: 0, turnedAway: 0 })
    const [first] = house.asked
    expect(first).toMatchObject({
      method: 'POST',
      path: BASE,
      authorization: 'Bearer open sesame',
      body: { waitMs: 20_000 },
    })
    const session = first?.body.sessionId
    expect(session).toMatch(/^guest-[0-9a-z]+-1$/)
    const itsQuestions = () => house.asked.filter(({ path }) => path.includes(`/${session}`))
    await expect.poll(() => itsQuestions().at(-1)?.method, { timeout: 20_000 }).toBe('DELETE')
    const its = itsQuestions()
    expect(its.map(({ method, path }) => `${method} ${path}`)).toEqual([
      ...Array(its.length - 1).fill(`POST ${BASE}/${session}/heartbeat`),
      `DELETE ${BASE}/${session}`,
    ])
    expect(its.length).toBeGreaterThan(1)
    expect(house.said).toContain(`${session}: hello`)
  })

  it('count a session that ends before they end it as cut', async () => {
    const house = await openHouse(({ path }) => {
      if (path.endsWith('/heartbeat')) for (const socket of house.talking.values()) socket.close(1001)
      return null
    })
    const { status } = await visit(house.url, 5, ({ cut }) => cut > 0)
    expect(status.left).toBe(0)
    await expect
      .poll(() => house.asked.some(({ method }) => method === 'DELETE'), { timeout: 20_000 })
      .toBe(true)
  })

  it.each([
    ['no room', 409, { turnedAway: 1, failed: 0 }],
    ['something else', 422, { turnedAway: 0, failed: 1 }],
  ] as const)('count %s apart', async (_what, code, counts) => {
    const house = await openHouse(() => [code, { error: {} }])
    const { status } = await visit(house.url, 20, ({ turnedAway, failed }) => turnedAway + failed > 0)
    expect(status).toMatchObject({ ...counts, left: 0, cut: 0 })
  })

  it('ask again with the same id while the broker is not ready', async () => {
    let times = 0
    const house = await openHouse(({ body }) => {
      if (body?.sessionId === undefined) return null
      times += 1
      return times < 3 ? [503, { error: {} }] : null
    })
    await visit(house.url, 5, ({ talking }) => talking > 0)
    const ids = house.asked.slice(0, 3).map(({ body }) => body.sessionId)
    expect(new Set(ids).size).toBe(1)
  })

  it('count a place nobody answers at as failed, and give it back', async () => {
    const nobody = await openHouse()
    await cleanups.pop()?.()
    const house = await openHouse(({ body }) =>
      body?.sessionId === undefined ? null : [201, { address: nobody.url, ttlMs: null }],
    )
    const { status } = await visit(house.url, 5, ({ failed }) => failed > 0)
    expect(status).toMatchObject({ left: 0, cut: 0 })
    await expect.poll(() => house.asked.map(({ method }) => method), { timeout: 20_000 }).toContain('DELETE')
  })

  it('never talk to another machine', async () => {
    const house = await openHouse(({ body }) =>
      body?.sessionId === undefined ? null : [201, { address: 'http://10.0.0.7:80', ttlMs: null }],
    )
    const { status } = await visit(house.url, 5, ({ failed }) => failed > 0)
    expect(status.left).toBe(0)
    const there = { api: 'http://10.0.0.7', token: null, fleet: 'rooms', clock: clockAt(1) }
    expect(() => startVisitors(there)).toThrowError(PluginError)
  })

  it('leave together when the demonstration ends: no session is cut, and every place is given back', async () => {
    const house = await openHouse()
    const { visitors } = await visit(house.url, 10, ({ talking }) => talking >= 2)
    const here = [...house.talking.keys()]
    await visitors.stop()
    expect(visitors.status()).toMatchObject({ cut: 0, failed: 0 })
    const batch = house.asked.find(({ path }) => path === `${BASE}/batch`)
    expect(batch?.body.release).toEqual(expect.arrayContaining(here))
    await expect.poll(() => house.talking.size, { timeout: 20_000 }).toBe(0)
    const asked = house.asked.length
    await visitors.stop()
    expect(house.asked.length).toBe(asked)
  })
})
