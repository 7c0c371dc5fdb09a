import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { BareConnection, eventually, type Fleet, type Serve, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

/** The same numbers for the same seed: xorshift, in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}

/** An instance that takes its time. */
function slowAnswer(response: ServerResponse, text: string, ms: number): void {
  setTimeout(() => response.end(text), ms)
}

/** What clients do at a moment that chance has drawn, whatever the proxy is doing then: that is what is tried here. */
function atDrawnMoment(ms: number, doing: () => void): Promise<void> {
  return new Promise(over =>
    setTimeout(() => {
      doing()
      over()
    }, ms),
  )
}

/** Answers at once, later, in parts, with an error, not to the end, or not at all, as the path says. */
const moody: Serve = (request, response) => {
  request.on('error', () => {})
  request.resume()
  switch (request.url?.slice(1)) {
    case 'later':
      slowAnswer(response, 'later', 5)
      return
    case 'parts':
      response.write('a')
      slowAnswer(response, 'b', 3)
      return
    case 'cut':
      response.write('a')
      setImmediate(() => response.destroy())
      return
    case 'refused':
      request.socket.destroy()
      return
    default:
      response.end('hello')
  }
}

const PATHS = ['/', '/', '/later', '/parts', '/cut', '/refused']
const STATES = ['open', 'open', 'open', 'closed', 'gone', 'missing'] as const

describe('whatever happens', () => {
  it.each([1, 2, 3])(
    'nothing is left behind: no request, no place in the queue, no load (seed %i)',
    async seed => {
      const next = numbers(seed * 7_919)
      const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T | undefined =>
        from[Math.floor(next() * from.length)]
      const fleet = await startFleet({
        instances: 3,
        serve: moody,
        options: {
          concurrency: 2,
          queue: 10,
          queueTimeoutMs: 20,
          cookie: { name: 'c', ttlMs: 60_000, secret: null },
        },
      })
      fleets.push(fleet)
      for (const { server } of fleet.instances) new WebSocketServer({ server }).on('connection', () => {})
      const over: Promise<unknown>[] = []
      const cookies = ['']
      for (let step = 0; step < 250; step++) {
        const kind = next()
        if (kind < 0.6) {
          const method = next() < 0.7 ? 'GET' : 'POST'
          const body = method === 'POST' ? 'x'.repeat(Math.floor(next() * 100_000)) : null
          const signal =
            next() < 0.2 ? AbortSignal.timeout(Math.ceil(next() * 10)) : AbortSignal.timeout(10_000)
          const asked = fleet.get(pick(PATHS) ?? '/', {
            method,
            body,
            signal,
            headers: { cookie: pick(cookies) ?? '' },
          })
          over.push(
            asked.then(
              answer => void (answer.cookie !== null && cookies.push(answer.cookie)),
              () => {},
            ),
          )
        } else if (kind < 0.7) {
          const client = new BareConnection(fleet.port).write(
            'POST /later HTTP/1.1',
            'Host: a',
            'Content-Length: 9',
            '',
            'abc',
          )
          over.push(atDrawnMoment(next() * 10, () => client.socket.destroy()))
        } else if (kind < 0.8) {
          const client = new WebSocket(`ws://127.0.0.1:${fleet.port}/`, {
            headers: { cookie: pick(cookies) ?? '' },
          })
          client.on('error', () => {})
          over.push(atDrawnMoment(next() * 20, () => client.terminate()))
        } else if (kind < 0.95) {
          const states = fleet.instances.map(({ id }) => [id, pick(STATES) ?? 'open'])
          await fleet.route(Object.fromEntries(states))
        } else {
          // Nobody does anything for a while: what is under way comes to its end.
          await atDrawnMoment(5, () => undefined)
        }
      }
      await Promise.all(over)
      await fleet.route()
      await eventually(() => {
        const { fleet: all } = fleet.router.readings()
        return all.inFlight === 0 && all.queueLength === 0
      })
      fleet.clock.setForward(60_000)
      await eventually(async () => {
        const loads = await Promise.all(fleet.instances.map(({ id }) => fleet.load(id)))
        return loads.every(load => load === 0)
      })
      expect((await fleet.get('/')).status).toBe(200)
    },
  )
})
