import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'
import { type DemoLoad, type DemoLoadStatus, startDemoLoad } from './load.ts'

/** Real time, or real time sped up: the load only sees what its clock says. */
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

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/shop`
}

function start(url: string, speed: number, onTick?: (status: DemoLoadStatus) => void): DemoLoad {
  const load = startDemoLoad({ url, clock: clockAt(speed), ...(onTick === undefined ? {} : { onTick }) })
  cleanups.push(() => load.stop())
  return load
}

describe('the demo load', () => {
  it.each([
    'http://10.0.0.7:8080',
    'http://example.com/',
    'https://127.0.0.1/',
    'http://127.0.0.1.nip.io',
    'nonsense',
  ])('refuses to send requests to %s', url => {
    expect(() => startDemoLoad({ url, clock: clockAt(1) })).toThrowError(PluginError)
    expect(() => startDemoLoad({ url, clock: clockAt(1) })).toThrowError(/PLM-343 .*this machine only/)
  })

  it('sends users who keep their cookie over several requests, and lone requests without one', async () => {
    const byCookie = new Map<string, number>()
    let users = 0
    const enough = new Promise<void>(resolve => {
      void serve((request, response) => {
        expect(request.url).toBe('/shop')
        const cookie = request.headers.cookie ?? 'none'
        byCookie.set(cookie, (byCookie.get(cookie) ?? 0) + 1)
        if (request.headers.cookie === undefined) {
          users += 1
          response.setHeader('set-cookie', `seat=${users}; Path=/`)
        }
        response.end('hello')
        if (Math.max(0, ...[...byCookie].filter(([name]) => name !== 'none').map(([, n]) => n)) >= 3)
          resolve()
      }).then(url => start(url, 5))
    })
    await enough
    expect(byCookie.get('none')).toBeGreaterThan(0)
  })

  it('never has more than 200 requests in flight, counts what it leaves out, and stops at once', async () => {
    let inFlight = 0
    let most = 0
    const url = await serve(() => {
      inFlight += 1
      most = Math.max(most, inFlight)
    })
    const skipping = new Promise<DemoLoad>(resolve => {
      const load = start(url, 20, status => {
        if (status.skipped > 0) resolve(load)
      })
    })
    const load = await skipping
    expect(load.status()).toMatchObject({ inFlight: 200, answered: 0 })
    expect(most).toBeLessThanOrEqual(200)
    await load.stop()
    const { sent } = load.status()
    expect(load.status()).toMatchObject({ inFlight: 0, failed: 0 })
    await new Promise(resolve => setImmediate(resolve))
    expect(load.status().sent).toBe(sent)
  })

  it('asks for a report now and then, and does not call one that is turned away a failure', async () => {
    const asked = { '/shop': 0, '/shop/report': 0 }
    const url = await serve((request, response) => {
      if (request.url === '/shop') asked['/shop'] += 1
      if (request.url === '/shop/report') {
        asked['/shop/report'] += 1
        response.statusCode = 503
      }
      response.end()
    })
    const seen = new Promise<DemoLoadStatus>(resolve => {
      start(url, 20, status => {
        if (status.turnedAway >= 3) resolve(status)
      })
    })
    const { failed, turnedAway, answered } = await seen
    expect(failed).toBe(0)
    expect(asked['/shop/report']).toBeGreaterThanOrEqual(turnedAway)
    expect(answered / turnedAway).toBeGreaterThan(10)
  })

  it('soon no longer asks an application that has no reports', async () => {
    let reports = 0
    let others = 0
    const enough = new Promise<void>(resolve => {
      void serve((request, response) => {
        if (request.url === '/shop/report') {
          reports += 1
          response.statusCode = 404
        } else others += 1
        response.end()
        if (others > 200) resolve()
      }).then(url => start(url, 20))
    })
    await enough
    expect(reports).toBeGreaterThan(0)
    expect(reports).toBeLessThan(4)
  })

  it('counts an answer of 500 and above as failed', async () => {
    const url = await serve((_request, response) => {
      response.statusCode = 503
      response.end()
    })
    const seen = new Promise<DemoLoadStatus>(resolve => {
      start(url, 10, status => {
        if (status.failed >= 5) resolve(status)
      })
    })
    expect(await seen).toMatchObject({ answered: 0 })
  })
})
