/**
 * The built-in reverse proxy: spreads real requests over a fleet's open instances, keeps sessions where they are,
 * lets requests wait while none can take them, and measures all of it.
 *
 * Its promise as a session router: once `closeInstance` returned, nothing new goes there, and what has its cookie
 * still does.
 *
 * Example: web-1 (2 in flight), web-2 (closed, holds session `a`), web-3 (1 in flight): a request without a cookie
 * goes to web-3 and gets a cookie for it; one with the cookie of `a` goes to web-2.
 */
import {
  createServer,
  type IncomingMessage,
  maxHeaderSize,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Load } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { type CheckResult, PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { type Answer, badRequest, closing, methodRefused, sendAnswer } from './answers.ts'
import { Complaints } from './complaints.ts'
import { type CookieOptions, StickyCookie, type StickySession } from './cookie.ts'
import { Exchange, type ExchangeOwner, type Stay } from './exchange.ts'
import { requestHead } from './headers.ts'
import { Instances } from './instances.ts'
import { LIMITS, type ProxyLimits } from './limits.ts'
import { Meter, type ProxyReadings } from './meter.ts'
import { Placing } from './placing.ts'
import type { Upstream } from './upstream.ts'
import { WebSockets } from './web-sockets.ts'

export type { ProxyReadings } from './meter.ts'

export interface ProxyRouterOptions {
  /** Port 0: one the operating system chooses; `address` tells which. */
  readonly listen: { readonly host: string; readonly port: number }
  /**
   * Sticky sessions; `null` for none. `ttlMs` is also how long a session may be idle before it counts as over.
   * Without a secret one is made up for this process: cookies then do not survive a restart.
   */
  readonly cookie: CookieOptions | null
  /** Requests in flight per instance; the others wait. */
  readonly concurrency: number
  /** Requests that may wait. */
  readonly queue: number
  readonly queueTimeoutMs: number
}

export interface ProxyContext {
  readonly fleet: string
  readonly clock: Clock
  log(line: string): void
  /** Other bounds than the usual ones. */
  readonly limits?: Partial<ProxyLimits>
}

export interface ProxyRouter extends SessionRouter {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly address: string
  readings(): { readonly fleet: ProxyReadings; readonly instances: ReadonlyMap<string, ProxyReadings> }
}

/** Time for a client to send its header; then 408. */
const HEADERS_TIMEOUT_MS = 15_000
/** Time for a client to send a whole request. */
const REQUEST_TIMEOUT_MS = 300_000
/** An idle connection of a client is kept this long. */
const KEEP_ALIVE_MS = 65_000
const MOST_CONNECTIONS = 20_000

/** Listens when it returns. Throws `PluginError('misconfigured')`: the address cannot be listened on (PLM-330), or an empty secret (PLM-331). */
export async function createProxyRouter(
  options: ProxyRouterOptions,
  context: ProxyContext,
): Promise<ProxyRouter> {
  if (options.cookie?.secret === '') {
    throw new PluginError(
      'misconfigured',
      `PLM-331 The cookie secret of the proxy of fleet "${context.fleet}" is empty. Give it a text of at least ` +
        '16 characters, or leave it out for one made up at each start.',
    )
  }
  const router = new ReverseProxy(options, context)
  await router.listen()
  return router
}

class ReverseProxy implements ProxyRouter, ExchangeOwner {
  readonly fleet: string
  readonly limits: ProxyLimits
  readonly #listen: ProxyRouterOptions['listen']
  readonly #clock: Clock
  readonly #complaints: Complaints
  readonly #server: Server
  readonly #cookie: StickyCookie | null
  readonly #meter: Meter
  readonly #instances: Instances
  readonly #placing: Placing
  readonly #webSockets: WebSockets
  #closed: Promise<void> | null = null
  #whenIdle: (() => void) | null = null
  address = ''

  constructor(options: ProxyRouterOptions, context: ProxyContext) {
    const { fleet, clock } = context
    this.fleet = fleet
    this.limits = { ...LIMITS, ...context.limits }
    this.#listen = options.listen
    this.#clock = clock
    this.#complaints = new Complaints(clock, line => context.log(`proxy of ${fleet}: ${line}`))
    this.#cookie = options.cookie === null ? null : new StickyCookie(options.cookie, fleet)
    this.#meter = new Meter(clock.now())
    this.#instances = new Instances({ ...options, fleet }, this.limits, clock)
    this.#placing = new Placing({ ...options, fleet }, clock, this.#instances, this.#cookie)
    const complain = (what: string, detail: string): void => this.complain(what, detail)
    this.#webSockets = new WebSockets(
      fleet,
      this.limits.webSockets,
      clock,
      this.#meter,
      this.#placing,
      complain,
    )
    this.#server = this.#createServer()
  }

  async listen(): Promise<void> {
    const { host, port } = this.#listen
    await new Promise<void>((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(cannotListen(this.fleet, host, port, error))
      this.#server.once('error', fail)
      this.#server.listen(port, host, () => {
        this.#server.off('error', fail)
        this.#server.on('error', error => this.complain('the listening socket failed', error.message))
        resolve()
      })
    })
    this.address = formatAddress(this.#server.address(), host, port)
  }

  // ---- as a session router

  async check(): Promise<CheckResult> {
    if (this.#closed !== null) return { ok: false, detail: `the proxy of fleet "${this.fleet}" is closed` }
    const open = `${this.#instances.open.length} of ${this.#instances.all().length} instances open`
    return { ok: true, detail: `listening on ${this.address}, ${open}` }
  }

  async route(instances: readonly RoutedInstance[]): Promise<void> {
    if (this.#closed !== null) return
    this.#placing.instancesChanged(this.#instances.reconcile(instances))
  }

  async readLoads(): Promise<ReadonlyMap<string, Load>> {
    return this.#instances.loads()
  }

  async closeInstance(instance: string): Promise<void> {
    this.#instances.setAdmission(instance, 'closed')
  }

  async reopenInstance(instance: string): Promise<void> {
    this.#instances.setAdmission(instance, 'open')
    this.#placing.instancesChanged([])
  }

  async sealInstance(instance: string): Promise<void> {
    this.#instances.seal(instance, this.#placing.waitingFor(this.#instances.named(instance)))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  readings(): { readonly fleet: ProxyReadings; readonly instances: ReadonlyMap<string, ProxyReadings> } {
    const now = this.#clock.now()
    const instances = new Map<string, ProxyReadings>()
    for (const upstream of this.#instances.all()) {
      const waiting = this.#placing.waitingFor(upstream)
      instances.set(upstream.id, upstream.meter.read(now, upstream.inFlight, waiting))
    }
    return { fleet: this.#meter.read(now, this.#instances.inFlight, this.#placing.waiting), instances }
  }

  // ---- what clients send

  #createServer(): Server {
    const options: ServerOptions & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean } = {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize,
      requireHostHeader: true,
      insecureHTTPParser: false,
      noDelay: true,
      // Any other upgrade on offer (h2c) is ignored, as HTTP allows: the request is served as it is.
      shouldUpgradeCallback: asksForWebSocket,
    }
    const server = createServer(options, (request, response) => this.#begin(request, response, false))
    server.maxConnections = MOST_CONNECTIONS
    server.on('checkContinue', (request, response) => this.#begin(request, response, true))
    server.on('upgrade', (request, socket, first) => this.#beginWebSocket(request, socket, first))
    return server
  }

  #begin(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const now = this.#clock.now()
    this.#meter.arrive(now)
    const target = targetOf(request)
    if (target === null || this.#closed !== null || request.method === 'TRACE') {
      this.#meter.finish(now, null, this.#closed !== null)
      sendAnswer(request, response, this.#refusal(request))
      return
    }
    const head = requestHead(request.rawHeaders, request.socket.remoteAddress, target.host)
    const session = this.#sessionOf(head.cookie, now)
    const exchange = new Exchange(this, request, response, target.path, head, session, awaitsContinue)
    this.#placing.place(exchange, now, null)
  }

  #refusal(request: IncomingMessage): Answer {
    if (this.#closed !== null) return closing(this.fleet)
    if (request.method === 'TRACE') return methodRefused('TRACE')
    return badRequest('its target is neither a path nor an http address')
  }

  #beginWebSocket(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    const now = this.#clock.now()
    this.#meter.arrive(now)
    const target = targetOf(request)
    const head = requestHead(request.rawHeaders, request.socket.remoteAddress, target?.host ?? null)
    if (this.#closed !== null) {
      this.#webSockets.refuse(socket, closing(this.fleet))
    } else if (target === null || head.hasBody || !asksForWebSocket(request)) {
      this.#webSockets.refuse(socket, badRequest('it asks for an upgrade that is no plain WebSocket'))
    } else {
      const session = this.#sessionOf(head.cookie, now)
      this.#webSockets.begin({ request, socket, first, path: target.path, head, session })
    }
  }

  #sessionOf(cookie: string | null, now: EpochMs): StickySession | null {
    return cookie === null || this.#cookie === null ? null : this.#cookie.read(cookie, now)
  }

  // ---- what exchanges report

  released(exchange: Exchange, upstream: Upstream, stay: Stay): void {
    const now = this.#clock.now()
    if (exchange.countedAs !== null) upstream.book?.touch(exchange.countedAs, now)
    if (stay.kind === 'answered') {
      upstream.meter.finish(now, performance.now() - exchange.sentAt, stay.status >= 500)
    } else if (stay.kind === 'failed') {
      upstream.meter.finish(now, null, true)
      this.#placing.avoid(upstream)
    }
    this.#placing.serve(upstream)
    if (this.#whenIdle !== null && this.#instances.inFlight === 0) this.#whenIdle()
  }

  tryElsewhere(exchange: Exchange, tried: Upstream): void {
    this.#placing.place(exchange, this.#clock.now(), tried)
  }

  finished(exchange: Exchange, how: 'served' | 'failed' | 'refused' | 'left'): void {
    if (how === 'left') return
    const latencyMs = how === 'refused' ? null : performance.now() - exchange.arrivedAt
    this.#meter.finish(this.#clock.now(), latencyMs, how !== 'served')
  }

  complain(what: string, detail: string): void {
    this.#complaints.say(what, detail)
  }

  // ---- the end

  async #close(): Promise<void> {
    this.#placing.end()
    const stopped = new Promise<void>(resolve => {
      this.#server.close(() => resolve())
    })
    await this.#idleOrLate()
    this.#webSockets.cutAll()
    this.#server.closeAllConnections()
    await Promise.all([stopped, this.#instances.destroy()])
  }

  async #idleOrLate(): Promise<void> {
    if (this.#instances.inFlight === 0) return
    await new Promise<void>(resolve => {
      const cancel = this.#clock.after(this.limits.closeDeadlineMs, resolve)
      this.#whenIdle = () => {
        cancel()
        resolve()
      }
    })
  }
}

function asksForWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Path with query, and the host where the target names one (`GET http://shop.example/a`); `null` for any other form. */
function targetOf(request: IncomingMessage): { readonly path: string; readonly host: string | null } | null {
  const url = request.url ?? ''
  if (url.startsWith('/')) return { path: url, host: null }
  if (!/^https?:\/\//i.test(url)) return null
  try {
    const parsed = new URL(url)
    return { path: `${parsed.pathname}${parsed.search}`, host: parsed.host }
  } catch {
    return null
  }
}

function formatAddress(address: AddressInfo | string | null, host: string, port: number): string {
  const listening = address !== null && typeof address === 'object' ? address : { address: host, port }
  const name = listening.address.includes(':') ? `[${listening.address}]` : listening.address
  return `http://${name}:${listening.port}`
}

function cannotListen(fleet: string, host: string, port: number, error: NodeJS.ErrnoException): PluginError {
  const where = `${host}:${port}`
  return new PluginError(
    'misconfigured',
    `PLM-330 The proxy of fleet "${fleet}" cannot listen on ${where}: ${whyNot(error, port)}`,
    { cause: error },
  )
}

function whyNot(error: NodeJS.ErrnoException, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return (
        `another program listens there already. End it (\`ss -ltnp 'sport = :${port}'\` names it), or give ` +
        'router.listen another port; port 0 takes any free one.'
      )
    case 'EACCES':
      return 'not permitted. Ports below 1024 need a privilege; give router.listen a higher port.'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address. Give router.listen one it has, such as 127.0.0.1.'
    default:
      return `${error.message}. Give router.listen another address.`
  }
}
