/** The HTTP router against real HTTP servers that hold sessions. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Load } from '../../../model/inventory.ts'
import type { PluginError } from '../../../ports/plugin.ts'
import { type RouterRig, sessionRouterAcceptance } from '../../../ports/session-router.acceptance.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { systemClock } from '../../clocks/system.ts'
import { createHttpRouter, type HttpRouterOptions } from './http.ts'

const OPTIONS: HttpRouterOptions = {
  path: '/load',
  pointer: '/sessions',
  headers: { authorization: 'Bearer secret' },
  timeoutMs: 5_000,
  calls: { close: { method: 'POST', path: '/drain' }, reopen: { method: 'DELETE', path: '/drain' } },
}

/** An application that holds sessions, says how many, and takes no more when it is told so. */
class App {
  readonly id: string
  readonly calls: string[] = []
  sessions = new Set<number>()
  isOpen = true
  incarnation: string | null = null
  /** Answered instead of the usual. */
  broken: { status: number; body: string } | null = null
  hangs = false
  readonly #server: Server
  #port = 0

  constructor(id: string) {
    this.id = id
    this.#server = createServer((request, response) => {
      this.calls.push(`${request.method} ${request.url}`)
      if (this.hangs) return
      if (this.broken !== null) {
        response.writeHead(this.broken.status).end(this.broken.body)
        return
      }
      if (request.headers.authorization !== 'Bearer secret') {
        response.writeHead(401).end()
        return
      }
      if (request.url === '/drain') this.isOpen = request.method === 'DELETE'
      response.end(JSON.stringify({ sessions: this.sessions.size }))
    })
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
    return this
  }

  /** It starts anew. */
  begin(incarnation: string | null): void {
    this.incarnation = incarnation
    this.sessions = new Set()
    this.isOpen = true
  }

  end(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

async function createRig(): Promise<RouterRig> {
  const apps = await Promise.all(['a', 'b', 'c'].map(id => new App(id).start()))
  const inner = createHttpRouter(OPTIONS, { fleet: 'rooms', clock: systemClock })
  const listed = new Set<string>()
  const router: SessionRouter = {
    check: signal => inner.check(signal),
    close: () => inner.close(),
    closeInstance: (id, signal) => inner.closeInstance(id, signal),
    reopenInstance: (id, signal) => inner.reopenInstance(id, signal),
    sealInstance: (id, signal) => inner.sealInstance(id, signal),
    readLoads: signal => inner.readLoads(signal),
    route: async (instances, signal) => {
      for (const { id, incarnation, admission } of instances) {
        const app = apps.find(one => one.id === id)
        const isThis = app?.incarnation === null || app?.incarnation === incarnation
        if (admission === 'gone' ? isThis : incarnation !== null && app?.incarnation !== incarnation) {
          app?.begin(admission === 'gone' ? null : incarnation)
        }
        if (admission !== 'gone') listed.add(id)
      }
      await inner.route(instances, signal)
    },
  }
  let next = 0
  let sessions = 0
  return {
    router,
    instances: apps.map(({ id, address }) => ({ id, address, incarnation: null, zone: null })),
    placeSession: async () => {
      // Nobody sends anything to an instance that is not there yet.
      const ready = apps.filter(({ id }) => listed.has(id))
      for (let tried = 0; tried < ready.length; tried++) {
        const app = ready[next++ % ready.length]
        if (app?.isOpen !== true) continue
        const session = sessions++
        app.sessions.add(session)
        return {
          instance: app.id,
          goOn: async () => apps.find(one => one.sessions.has(session))?.id ?? null,
        }
      }
      throw new Error('no instance takes a session')
    },
    endSessions: async () => {
      for (const app of apps) app.sessions.clear()
    },
    dispose: async () => {
      await inner.close()
      for (const app of apps) app.end()
    },
  }
}

sessionRouterAcceptance('http', createRig)

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

let ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends) await end()
  ends = []
})

async function open(change: Partial<HttpRouterOptions> = {}) {
  const app = await new App('a').start()
  const router = createHttpRouter({ ...OPTIONS, ...change }, { fleet: 'rooms', clock: systemClock })
  ends.push(
    () => router.close(),
    () => app.end(),
  )
  const route = (admission: RoutedInstance['admission'] = 'open'): Promise<void> =>
    router.route([{ id: 'a', address: app.address, incarnation: null, zone: null, admission }], soon())
  await route()
  const load = async (): Promise<Load | undefined> => (await router.readLoads(soon())).get('a')
  return { app, router, route, load }
}

const refusal = (call: Promise<unknown>): Promise<PluginError> =>
  call.then(
    () => expect.fail('it was not refused'),
    error => error,
  )

describe('a load', () => {
  it.each([
    [{ status: 503, body: '' }, 'GET /load answered 503'],
    [{ status: 200, body: 'many' }, 'GET /load answered, but not JSON'],
    [{ status: 200, body: '{"users":3}' }, 'there is no "sessions" in the document'],
    [{ status: 200, body: '{"sessions":"3"}' }, '/sessions is no number of slots'],
    [{ status: 200, body: '{"sessions":-1}' }, '/sessions is no number of slots'],
    [{ status: 200, body: '{"sessions":null}' }, '/sessions is no number of slots'],
    [{ status: 200, body: `"${'x'.repeat(100_000)}"` }, 'could not be asked'],
  ])('is unknown where the instance answers %j', async (broken, because) => {
    const { app, load } = await open()
    app.broken = broken
    expect(await load()).toEqual({ kind: 'unknown', because: expect.stringContaining(because) })
  })

  it('is unknown where it does not answer in time, or nobody listens', async () => {
    const { app, load } = await open({ timeoutMs: 50 })
    app.hangs = true
    expect(await load()).toEqual({ kind: 'unknown', because: 'GET /load did not answer within 50 ms' })
    app.end()
    expect(await load()).toMatchObject({ kind: 'unknown' })
  })
})

describe('in a mode that touches nothing', () => {
  it('instances are asked for their load, and told nothing', async () => {
    const app = await new App('a').start()
    const router = createHttpRouter(OPTIONS, { fleet: 'rooms', clock: systemClock })
    ends.push(
      () => router.close(),
      () => app.end(),
    )
    const listed = { id: 'a', address: app.address, incarnation: null, zone: null }
    router.watch?.([{ ...listed, admission: 'closed' }])
    app.sessions.add(1)
    expect((await router.readLoads(soon())).get('a')).toMatchObject({ kind: 'known', slots: 1 })
    expect(app.calls).toEqual(['GET /load'])
    router.watch?.([])
    expect(await router.readLoads(soon())).toEqual(new Map())
  })
})

describe('a close', () => {
  it('fails where the instance does not obey, is asked again, and then no more', async () => {
    const { app, router, route } = await open()
    app.broken = { status: 500, body: 'no' }
    expect(await refusal(router.closeInstance('a', soon()))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^PLM-377 POST \/drain of a answered 500/),
    })
    app.broken = null
    await router.closeInstance('a', soon())
    await router.closeInstance('a', soon())
    await route('closed')
    expect(app.calls).toEqual(['POST /drain', 'POST /drain'])
    expect(app.isOpen).toBe(false)
  })

  it('is told again by the list to one that did not answer', async () => {
    const { app, router, route } = await open()
    app.broken = { status: 500, body: 'no' }
    await refusal(router.closeInstance('a', soon()))
    app.broken = null
    await route('closed')
    expect(app.isOpen).toBe(false)
    await route('open')
    expect(app.isOpen).toBe(true)
  })

  it('is left to another router where it has no calls for it', async () => {
    const { app, router, load } = await open({ calls: null })
    await router.closeInstance('a', soon())
    app.sessions.add(1)
    expect(await refusal(router.sealInstance('a', soon()))).toMatchObject({ kind: 'conflict' })
    app.sessions.clear()
    expect(await load()).toMatchObject({ slots: 0 })
    await router.sealInstance('a', soon())
    expect(app.calls.filter(call => call !== 'GET /load')).toEqual([])
    expect(await refusal(router.reopenInstance('a', soon()))).toMatchObject({
      message: expect.stringContaining('PLM-378'),
    })
  })
})

it('does not know an instance it was not told of', async () => {
  const { router } = await open()
  expect((await refusal(router.closeInstance('b', soon()))).message).toContain('PLM-376')
})
