/**
 * For tests: a proxy in front of real HTTP servers of this process, real sockets throughout, a clock that can be
 * set forward, and bare connections for what no client library would send.
 *
 * Example: `const fleet = await startFleet({ instances: 2 })`, `await fleet.get('/a')` answers
 * `{ status: 200, instance: 'web-1', ... }`; `fleet.end()` leaves nothing behind.
 */
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { until } from '../../../../test/builders/until.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { RoutedInstance } from '../../../ports/session-router.ts'
import type { ProxyLimits } from './limits.ts'
import { createProxyRouter, type ProxyRouter, type ProxyRouterOptions } from './proxy.ts'

const DEADLINE_MS = 10_000

export type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Real time plus what a test sets it forward by; timers run in real time. */
export class MovableClock implements Clock {
  #aheadMs = 0

  now(): number {
    return Date.now() + this.#aheadMs
  }

  after(ms: number, wake: () => void): () => void {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  }

  setForward(ms: number): void {
    this.#aheadMs += ms
  }
}

/** A server that says its id in `x-instance`. What it serves can be exchanged at any time. */
export class BackendInstance {
  readonly id: string
  readonly server: Server
  serve: Serve
  requests = 0
  #port = 0

  constructor(id: string, serve: Serve) {
    this.id = id
    this.serve = serve
    this.server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.requests += 1
      response.setHeader('x-instance', id)
      this.serve(request, response)
    })
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.server.listen(this.#port, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  /** Cuts every connection, as a crash does. */
  async crash(): Promise<void> {
    if (!this.server.listening) return
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    await closed
  }
}

export interface Answered {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly body: string
  readonly instance: string
  /** Name and value of the cookie set, ready to be sent back. */
  readonly cookie: string | null
}

export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Dispatcher.DispatchOptions['body']
  readonly signal?: AbortSignal
}

export interface FleetSettings {
  readonly instances?: number
  readonly serve?: Serve
  readonly options?: Partial<ProxyRouterOptions>
  readonly limits?: Partial<ProxyLimits>
}

export class Fleet {
  readonly router: ProxyRouter
  readonly instances: readonly BackendInstance[]
  readonly clock: MovableClock
  readonly log: string[]
  readonly #agent = new Agent({ connections: 64 })

  constructor(
    router: ProxyRouter,
    instances: readonly BackendInstance[],
    clock: MovableClock,
    log: string[],
  ) {
    this.router = router
    this.instances = instances
    this.clock = clock
    this.log = log
  }

  get port(): number {
    return Number(new URL(this.router.address).port)
  }

  instance(id: string): BackendInstance {
    const found = this.instances.find(instance => instance.id === id)
    if (found === undefined) throw new Error(`no instance ${id}`)
    return found
  }

  /** Tells the router of these instances (all by default), with the admission given for some. */
  async route(admissions: Record<string, 'open' | 'closed' | 'gone' | 'missing'> = {}): Promise<void> {
    const listed: RoutedInstance[] = []
    for (const { id, address } of this.instances) {
      const admission = admissions[id] ?? 'open'
      if (admission !== 'missing') listed.push({ id, incarnation: null, address, zone: null, admission })
    }
    await this.router.route(listed, AbortSignal.timeout(DEADLINE_MS))
  }

  request(path: string, ask: Ask = {}): Promise<Dispatcher.ResponseData> {
    return this.#agent.request({
      origin: this.router.address,
      path,
      method: ask.method ?? 'GET',
      headers: ask.headers ?? {},
      body: ask.body ?? null,
      signal: ask.signal ?? AbortSignal.timeout(DEADLINE_MS),
    })
  }

  async get(path: string, ask: Ask = {}): Promise<Answered> {
    const answer = await this.request(path, ask)
    const set = answer.headers['set-cookie']
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: await answer.body.text(),
      instance: String(answer.headers['x-instance'] ?? ''),
      cookie: (typeof set === 'string' ? set : set?.at(-1))?.split(';')[0] ?? null,
    }
  }

  async load(id: string): Promise<number | 'unknown'> {
    const load = (await this.router.readLoads(AbortSignal.timeout(DEADLINE_MS))).get(id)
    return load?.kind === 'known' ? load.slots : 'unknown'
  }

  async end(): Promise<void> {
    await this.#agent.destroy()
    await this.router.close()
    await Promise.all(this.instances.map(instance => instance.crash()))
  }
}

export const OPTIONS: ProxyRouterOptions = {
  listen: { host: '127.0.0.1', port: 0 },
  cookie: { name: 'plimsoll', ttlMs: 60_000, secret: null },
  concurrency: 8,
  queue: 100,
  queueTimeoutMs: 5_000,
}

const hello: Serve = (request, response) => {
  request.resume()
  response.end('hello')
}

/** Instances `web-1`, `web-2`, ...; all open. */
export async function startFleet(settings: FleetSettings = {}): Promise<Fleet> {
  const ids = Array.from({ length: settings.instances ?? 2 }, (_, i) => `web-${i + 1}`)
  const instances = ids.map(id => new BackendInstance(id, settings.serve ?? hello))
  await Promise.all(instances.map(instance => instance.start()))
  const clock = new MovableClock()
  const log: string[] = []
  const context = {
    fleet: 'web',
    clock,
    log: (line: string) => void log.push(line),
    limits: settings.limits ?? {},
  }
  const router = await createProxyRouter({ ...OPTIONS, ...settings.options }, context)
  const fleet = new Fleet(router, instances, clock, log)
  await fleet.route()
  return fleet
}

/** A connection on which a test writes the bytes itself. */
export class BareConnection {
  readonly socket: Socket
  readonly #arrived = new EventEmitter()
  received = ''

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' })
    this.socket.on('data', chunk => {
      this.received += chunk.toString('latin1')
      this.#arrived.emit('more')
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => this.#arrived.emit('more'))
  }

  write(...lines: readonly string[]): this {
    this.socket.write(lines.join('\r\n'))
    return this
  }

  /** Everything received, once it contains `text`. */
  async until(text: string): Promise<string> {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    while (!this.received.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed before ${JSON.stringify(text)}: ${this.received}`)
      await once(this.#arrived, 'more', { signal })
    }
    return this.received
  }

  /** Everything received, once the other side has closed. */
  async untilClosed(): Promise<string> {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    while (!this.socket.destroyed) await once(this.#arrived, 'more', { signal })
    return this.received
  }
}

/** A promise with its handle outside. */
export class Signal<T = void> {
  readonly happened: Promise<T>
  readonly fire: (value: T) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.happened = promise
    this.fire = resolve
  }
}

/** Looks again until it holds; for states that nobody announces. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  await until(holds.toString(), holds, DEADLINE_MS)
}
