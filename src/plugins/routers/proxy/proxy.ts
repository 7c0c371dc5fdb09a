/**
 * The built-in reverse proxy: spreads real requests over a fleet's open instances, keeps sessions where they are,
 * lets requests wait while none can take them, and measures all of it.
 *
 * Its promise as a session router: once `closeInstance` returned, nothing new goes there. Placing is one
 * synchronous step on one thread, so there is no moment between choosing an instance and being counted on it.
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
import {
  type Answer,
  badRequest,
  closing,
  instanceFailed,
  methodRefused,
  queueFull,
  sendAnswer,
  tooManyWebSockets,
  waitedTooLong,
} from './answers.ts'
import { Balance } from './balance.ts'
import { type CookieOptions, StickyCookie, type StickySession } from './cookie.ts'
import { Exchange, type ExchangeOwner, type Stay } from './exchange.ts'
import { requestHead } from './headers.ts'
import { Meter, type ProxyReadings } from './meter.ts'
import { WaitQueue } from './queue.ts'
import { SessionBook } from './sessions.ts'
import { endWithAnswer, type UpgradeRequest, upgrade } from './upgrade.ts'
import { Upstream } from './upstream.ts'

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
const MOST_WEB_SOCKETS = 10_000
/** An instance that failed to answer is not chosen for this long, if there is another. */
const AVOID_MS = 1_000
/** Requests in flight when the proxy closes may end within this. */
const CLOSE_DEADLINE_MS = 5_000
/** One line per kind of trouble and second; the others are counted. */
const COMPLAIN_EVERY_MS = 1_000

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

interface Binding {
  readonly session: string | null
  readonly setCookie: string | null
}

const UNBOUND: Binding = { session: null, setCookie: null }

class ReverseProxy implements ProxyRouter, ExchangeOwner {
  readonly fleet: string
  readonly #options: ProxyRouterOptions
  readonly #clock: Clock
  readonly #log: (line: string) => void
  readonly #server: Server
  readonly #cookie: StickyCookie | null
  readonly #balance = new Balance()
  readonly #queue: WaitQueue<Upstream, Exchange>
  readonly #meter: Meter
  readonly #upstreams = new Map<string, Upstream>()
  /** Books of instances that left the list, as long as they hold sessions: an instance may come back. */
  readonly #departed = new Map<string, SessionBook>()
  /** Instances that left the list and still answer what they were sent. */
  readonly #leaving = new Set<Upstream>()
  readonly #cutWebSockets = new Set<() => void>()
  readonly #complaints = new Map<string, { at: EpochMs; unsaid: number }>()
  #open: Upstream[] = []
  #inFlight = 0
  #closed: Promise<void> | null = null
  #whenIdle: (() => void) | null = null
  address = ''

  constructor(options: ProxyRouterOptions, context: ProxyContext) {
    this.fleet = context.fleet
    this.#options = options
    this.#clock = context.clock
    this.#log = line => context.log(line)
    this.#cookie = options.cookie === null ? null : new StickyCookie(options.cookie, context.fleet)
    this.#queue = new WaitQueue(context.clock, options.queue, options.queueTimeoutMs)
    this.#meter = new Meter(context.clock.now())
    this.#server = this.#createServer()
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options.listen
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

  // ---- the port: SessionRouter

  async check(): Promise<CheckResult> {
    if (this.#closed !== null) return { ok: false, detail: `the proxy of fleet "${this.fleet}" is closed` }
    const open = `${this.#open.length} of ${this.#upstreams.size} instances open`
    return { ok: true, detail: `listening on ${this.address}, ${open}` }
  }

  async route(instances: readonly RoutedInstance[]): Promise<void> {
    const listed = new Set(instances.map(instance => instance.id))
    for (const upstream of [...this.#upstreams.values()]) {
      if (!listed.has(upstream.id)) this.#depart(upstream)
    }
    for (const instance of instances) this.#admit(instance)
    this.#forgetEmptyBooks()
    this.#admissionChanged()
  }

  async readLoads(): Promise<ReadonlyMap<string, Load>> {
    const at = this.#clock.now()
    const loads = new Map<string, Load>()
    for (const upstream of this.#upstreams.values()) {
      loads.set(upstream.id, { kind: 'known', slots: upstream.slots(at), at })
    }
    return loads
  }

  async closeInstance(instance: string): Promise<void> {
    this.#known(instance).admission = 'closed'
    this.#admissionChanged()
  }

  async reopenInstance(instance: string): Promise<void> {
    this.#known(instance).admission = 'open'
    this.#admissionChanged()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  readings(): { readonly fleet: ProxyReadings; readonly instances: ReadonlyMap<string, ProxyReadings> } {
    const now = this.#clock.now()
    const instances = new Map<string, ProxyReadings>()
    for (const upstream of this.#upstreams.values()) {
      instances.set(upstream.id, upstream.meter.read(now, upstream.inFlight, this.#queue.lengthFor(upstream)))
    }
    return { fleet: this.#meter.read(now, this.#inFlight, this.#queue.length), instances }
  }

  // ---- requests

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
      shouldUpgradeCallback: request => request.headers.upgrade?.toLowerCase() === 'websocket',
    }
    const server = createServer(options, (request, response) => this.#begin(request, response, false))
    server.maxConnections = MOST_CONNECTIONS
    server.on('checkContinue', (request, response) => this.#begin(request, response, true))
    server.on('upgrade', (request, socket, first) => this.#beginUpgrade(request, socket, first))
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
    this.#place(new Exchange(this, request, response, target.path, head, session, awaitsContinue), now, null)
  }

  #refusal(request: IncomingMessage): Answer {
    if (this.#closed !== null) return closing(this.fleet)
    if (request.method === 'TRACE') return methodRefused('TRACE')
    return badRequest('its target is neither a path nor an http address')
  }

  #sessionOf(cookie: string | null, now: EpochMs): StickySession | null {
    return cookie === null || this.#cookie === null ? null : this.#cookie.read(cookie, now)
  }

  /** Sends it to its session's instance, else to the best open one; else it waits, else it is refused. */
  #place(exchange: Exchange, now: EpochMs, tried: Upstream | null): void {
    const bound = exchange.session === null ? undefined : this.#upstreams.get(exchange.session.instance)
    if (bound !== undefined && bound !== tried) {
      if (bound.inFlight < this.#options.concurrency) this.#send(exchange, bound, now)
      else this.#wait(exchange, bound)
      return
    }
    const choice = this.#balance.choose(this.#open, this.#options.concurrency, now, tried)
    if (choice.kind === 'chosen') this.#send(exchange, choice.candidate, now)
    else if (tried !== null && choice.kind === 'none') exchange.refuse(instanceFailed(this.fleet), 'failed')
    else this.#wait(exchange, null)
  }

  #wait(exchange: Exchange, bound: Upstream | null): void {
    const leave = this.#queue.join(exchange, bound, late => {
      late.refuse(waitedTooLong(this.fleet, this.#options.queueTimeoutMs, this.#open.length > 0))
    })
    if (leave === null) exchange.refuse(queueFull(this.fleet))
    else exchange.leaveQueue = leave
  }

  #send(exchange: Exchange, upstream: Upstream, now: EpochMs): void {
    upstream.inFlight += 1
    this.#inFlight += 1
    upstream.meter.arrive(now)
    const bound = this.#bind(exchange.session, upstream, now)
    exchange.countedAs = bound.session
    exchange.sendTo(upstream, bound.setCookie)
  }

  /** Counts the session on the instance, and makes the cookie that is to be set, if one is due. */
  #bind(session: StickySession | null, upstream: Upstream, now: EpochMs): Binding {
    if (this.#cookie === null || upstream.book === null) return UNBOUND
    const id = session?.session ?? this.#cookie.newSession()
    upstream.book.touch(id, now)
    const stays = session !== null && session.instance === upstream.id
    if (stays && !this.#cookie.isDueForRenewal(session, now)) return { session: id, setCookie: null }
    return { session: id, setCookie: this.#cookie.issue(upstream.id, id, now) }
  }

  // ---- what exchanges report

  released(exchange: Exchange, upstream: Upstream, stay: Stay): void {
    const now = this.#clock.now()
    upstream.inFlight -= 1
    this.#inFlight -= 1
    if (exchange.countedAs !== null) upstream.book?.touch(exchange.countedAs, now)
    if (stay.kind === 'answered') {
      upstream.meter.finish(now, performance.now() - exchange.sentAt, stay.status >= 500)
    } else if (stay.kind === 'failed') {
      upstream.meter.finish(now, null, true)
      this.#avoid(upstream, now)
    }
    if (this.#queue.length > 0) this.#serveQueue(upstream)
    this.#noteIdle()
  }

  tryElsewhere(exchange: Exchange, tried: Upstream): void {
    this.#place(exchange, this.#clock.now(), tried)
  }

  finished(exchange: Exchange, how: 'served' | 'failed' | 'refused' | 'left'): void {
    if (how === 'left') return
    const latencyMs = how === 'refused' ? null : performance.now() - exchange.arrivedAt
    this.#meter.finish(this.#clock.now(), latencyMs, how !== 'served')
  }

  complain(what: string, detail: string): void {
    const now = this.#clock.now()
    const said = this.#complaints.get(what)
    if (said !== undefined && now - said.at < COMPLAIN_EVERY_MS) {
      said.unsaid += 1
      return
    }
    const more = said !== undefined && said.unsaid > 0 ? ` (and ${said.unsaid} times before)` : ''
    if (this.#complaints.size > 1000) this.#complaints.clear()
    this.#complaints.set(what, { at: now, unsaid: 0 })
    this.#log(`proxy ${this.fleet}: ${what}: ${detail}${more}`)
  }

  // ---- WebSockets

  #beginUpgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    const now = this.#clock.now()
    this.#meter.arrive(now)
    const target = targetOf(request)
    const head = requestHead(request.rawHeaders, request.socket.remoteAddress, target?.host ?? null)
    const session = this.#sessionOf(head.cookie, now)
    const upstream = this.#upstreamForWebSocket(session, now)
    const refusal = this.#upgradeRefusal(request, target !== null && !head.hasBody, upstream)
    if (refusal !== null || upstream === null || target === null) {
      const answer = refusal ?? instanceFailed(this.fleet)
      this.#meter.finish(now, null, answer.status >= 500)
      endWithAnswer(socket, answer)
      return
    }
    this.#join({ fleet: this.fleet, request, socket, first, path: target.path, head }, session, upstream, now)
  }

  #upgradeRefusal(request: IncomingMessage, wellFormed: boolean, upstream: Upstream | null): Answer | null {
    if (this.#closed !== null) return closing(this.fleet)
    if (!wellFormed || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return badRequest('it asks for an upgrade that is no plain WebSocket')
    }
    if (this.#cutWebSockets.size >= MOST_WEB_SOCKETS) return tooManyWebSockets(this.fleet)
    return upstream === null ? waitedTooLong(this.fleet, 0, false) : null
  }

  #join(
    upgrading: Omit<UpgradeRequest, 'setCookie' | 'address'>,
    session: StickySession | null,
    upstream: Upstream,
    now: EpochMs,
  ): void {
    const arrivedAt = performance.now()
    const bound = this.#bind(session, upstream, now)
    upstream.webSockets += 1
    upstream.meter.arrive(now)
    const finish = (failed: boolean): void => {
      const latencyMs = performance.now() - arrivedAt
      this.#meter.finish(this.#clock.now(), latencyMs, failed)
      upstream.meter.finish(this.#clock.now(), latencyMs, failed)
    }
    const cut = upgrade(
      { ...upgrading, setCookie: bound.setCookie, address: upstream.address },
      {
        onOpen: () => finish(false),
        onRefused: (status, error) => {
          if (error !== null) {
            this.complain(`${upstream.id} failed at a WebSocket handshake`, error.message)
            this.#avoid(upstream, this.#clock.now())
          }
          if (status !== null || error !== null) finish(error !== null || (status ?? 0) >= 500)
        },
        onClosed: () => {
          upstream.webSockets -= 1
          if (bound.session !== null) upstream.book?.touch(bound.session, this.#clock.now())
          this.#cutWebSockets.delete(cut)
        },
      },
    )
    this.#cutWebSockets.add(cut)
  }

  /** A WebSocket lives long and mostly idle: it takes no share of `concurrency`, and goes where fewest are. */
  #upstreamForWebSocket(session: StickySession | null, now: EpochMs): Upstream | null {
    const bound = session === null ? undefined : this.#upstreams.get(session.instance)
    if (bound !== undefined) return bound
    const byWebSockets = this.#open.map(upstream => ({
      upstream,
      inFlight: upstream.webSockets,
      avoidUntil: upstream.avoidUntil,
    }))
    const choice = this.#balance.choose(byWebSockets, Number.POSITIVE_INFINITY, now, null)
    return choice.kind === 'chosen' ? choice.candidate.upstream : null
  }

  // ---- instances

  #known(instance: string): Upstream {
    const upstream = this.#upstreams.get(instance)
    if (upstream !== undefined) return upstream
    throw new PluginError(
      'not-found',
      `PLM-339 The proxy of fleet "${this.fleet}" knows no instance "${instance}"; it routes to ` +
        `${[...this.#upstreams.keys()].join(', ') || 'none'}. It is told of instances at each tick.`,
    )
  }

  #admit(instance: RoutedInstance): void {
    const known = this.#upstreams.get(instance.id)
    if (known !== undefined && known.address === instance.address) {
      known.admission = instance.admission
      return
    }
    if (known !== undefined) this.#depart(known)
    const now = this.#clock.now()
    const book = this.#departed.get(instance.id) ?? this.#newBook()
    this.#departed.delete(instance.id)
    this.#upstreams.set(instance.id, new Upstream(instance, this.#options.concurrency, book, now))
  }

  /** What is in flight there ends by itself; nothing more goes there. */
  #depart(upstream: Upstream): void {
    this.#upstreams.delete(upstream.id)
    upstream.admission = 'closed'
    if (upstream.book !== null) this.#departed.set(upstream.id, upstream.book)
    this.#queue.unbind(upstream)
    this.#leaving.add(upstream)
    void upstream.pool.close().then(() => this.#leaving.delete(upstream))
  }

  #newBook(): SessionBook | null {
    return this.#options.cookie === null ? null : new SessionBook(this.#options.cookie.ttlMs)
  }

  #forgetEmptyBooks(): void {
    const now = this.#clock.now()
    for (const [id, book] of this.#departed) if (book.live(now) === 0) this.#departed.delete(id)
  }

  #admissionChanged(): void {
    this.#open = [...this.#upstreams.values()].filter(upstream => upstream.admission === 'open')
    for (const upstream of this.#upstreams.values()) this.#serveQueue(upstream)
  }

  #avoid(upstream: Upstream, now: EpochMs): void {
    upstream.avoidUntil = now + AVOID_MS
    this.#clock.after(AVOID_MS, () => this.#serveQueue(upstream))
  }

  /** Those who wait get the instance's free slots, in their order. */
  #serveQueue(upstream: Upstream): void {
    while (this.#queue.length > 0 && upstream.inFlight < this.#options.concurrency) {
      const now = this.#clock.now()
      const next = this.#queue.next(upstream, this.#takesNew(upstream, now))
      if (next === null) return
      this.#send(next, upstream, now)
    }
  }

  #takesNew(upstream: Upstream, now: EpochMs): boolean {
    if (upstream.admission !== 'open' || this.#upstreams.get(upstream.id) !== upstream) return false
    return upstream.avoidUntil <= now || !this.#open.some(other => other.avoidUntil <= now)
  }

  // ---- the end

  async #close(): Promise<void> {
    for (const exchange of this.#queue.clear()) exchange.refuse(closing(this.fleet))
    const listening = this.#server.listening
    const stopped = new Promise<void>(resolve => {
      if (listening) this.#server.close(() => resolve())
      else resolve()
    })
    await this.#idleOrLate()
    for (const cut of [...this.#cutWebSockets]) cut()
    this.#server.closeAllConnections()
    const pools = [...this.#upstreams.values(), ...this.#leaving].map(upstream => upstream.pool.destroy())
    this.#upstreams.clear()
    this.#open = []
    await Promise.all([stopped, ...pools])
  }

  async #idleOrLate(): Promise<void> {
    if (this.#inFlight === 0) return
    await new Promise<void>(resolve => {
      const cancel = this.#clock.after(CLOSE_DEADLINE_MS, resolve)
      this.#whenIdle = () => {
        cancel()
        resolve()
      }
    })
  }

  #noteIdle(): void {
    if (this.#inFlight === 0) this.#whenIdle?.()
  }
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
