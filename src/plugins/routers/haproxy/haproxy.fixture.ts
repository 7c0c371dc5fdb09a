/**
 * For tests: a real HAProxy (master and worker) with a configuration of its own in a temporary folder, and real HTTP
 * servers behind it. Frontends are Unix sockets, so that no port has to be found.
 *
 * Example: `const site = await openSite({ mode: 'http' })`; `await site.visit()` is a new user, who keeps the cookie;
 * `site.reload()` is SIGUSR2; `site.end()` leaves nothing behind.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../../../test/builders/until.ts'
import { converse } from './conversation.ts'
import { createHaproxyRouter } from './haproxy.ts'
import { readProcesses } from './old-processes.ts'
import type { HaproxyContext, HaproxyRouterOptions } from './options.ts'

const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = isInstalled()

/** Tests that need the real one are skipped by this name where it is not installed, unless peers are required. */
export const skipHaproxy = !FOUND && !REQUIRED
export function titled(title: string): string {
  return skipHaproxy ? `${title} (haproxy is not installed)` : title
}

function isInstalled(): boolean {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface SiteOptions {
  readonly mode: 'http' | 'tcp'
  /** Lines of the backend besides mode and balance. */
  readonly backend?: readonly string[]
  readonly global?: readonly string[]
  /** The stick table outlives a reload. */
  readonly peers?: boolean
  /** Without a master process. */
  readonly single?: boolean
  readonly expire?: string
  /** Instances to start. */
  readonly instances?: number
}

/** Each user has a key of their own: the cookie `sid`, which HAProxy makes for whoever has none. */
const STICKY = [
  'http-request set-var(txn.sid) req.cook(sid)',
  'http-request set-var(txn.new) bool(true) unless { var(txn.sid) -m found }',
  'http-request set-var(txn.sid) uuid() if { var(txn.new) -m bool }',
  'stick on var(txn.sid)',
  'http-response add-header Set-Cookie "sid=%[var(txn.sid)]; Path=/; HttpOnly" if { var(txn.new) -m bool }',
]

/** An HTTP server that says its name; `/hold` is answered when the test lets it. */
export class Origin {
  readonly id: string
  readonly #server: Server
  readonly held = new Set<() => void>()
  #port = 0

  constructor(id: string) {
    this.id = id
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      response.setHeader('x-instance', this.id)
      const answer = (): void => void response.end(this.id)
      if (incoming.url !== '/hold') answer()
      else this.held.add(answer)
    })
  }

  /** On the port it had, or a new one. */
  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
    return this
  }

  get port(): number {
    return this.#port
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  letGo(): void {
    for (const answer of this.held) answer()
    this.held.clear()
  }

  async end(): Promise<void> {
    this.#server.closeAllConnections()
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve))
  }
}

export interface Visit {
  readonly instance: string
  readonly status: number
  readonly cookies: string
}

export class Site {
  readonly folder: string
  readonly socket: string
  readonly master: string
  readonly origins: Origin[]
  readonly #options: SiteOptions
  readonly #agent = new Agent({ keepAlive: false })
  #process: ChildProcess

  constructor(options: SiteOptions, origins: Origin[]) {
    this.#options = options
    this.origins = origins
    this.folder = mkdtempSync(join(tmpdir(), 'plimsoll-haproxy-'))
    this.socket = join(this.folder, 'admin.sock')
    this.master = join(this.folder, 'master.sock')
    writeFileSync(join(this.folder, 'haproxy.cfg'), this.#config())
    this.#process = this.#start()
  }

  get entrance(): string {
    return join(this.folder, 'front.sock')
  }

  async ready(): Promise<this> {
    await until('HAProxy answers', () => this.ask('show info'))
    if (this.#options.single !== true) await until('its master answers', () => this.processes())
    return this
  }

  /** Ends the process and starts another. */
  async restart(): Promise<void> {
    await this.stop()
    this.#process = this.#start()
    await this.ready()
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await gone
  }

  /** SIGUSR2; returns when the new worker answers. */
  async reload(): Promise<void> {
    const before = await this.pid()
    this.#process.kill('SIGUSR2')
    await until('a new worker', async () => (await this.pid()) !== before)
    await until('its master answers', () => this.processes())
  }

  async pid(): Promise<number> {
    return Number(/^Pid: (\d+)$/m.exec(await this.ask('show info'))?.[1])
  }

  /** A process that is younger than this does not teach the next one: it still waits for one before it to be taught by. */
  async canTeach(): Promise<void> {
    await until(
      'it is old enough',
      async () => Number(/^Uptime_sec: (\d+)$/m.exec(await this.ask('show info'))?.[1]) >= 6,
    )
  }

  /** What the runtime socket answers. */
  async ask(command: string): Promise<string> {
    return converseWith(this.socket, command)
  }

  async processes() {
    return readProcesses(await converseWith(this.master, 'show proc'))
  }

  /** One request; without cookies, that of a new user. */
  async visit(cookies = '', path = '/'): Promise<Visit> {
    const asked = request({
      socketPath: this.entrance,
      path,
      agent: this.#agent,
      headers: { host: 'test', cookie: cookies },
    })
    asked.end()
    const [response] = await once(asked, 'response')
    response.resume()
    await once(response, 'end')
    const given = [response.headers['set-cookie'] ?? []]
      .flat()
      .map((line: string) => line.split(';')[0] ?? '')
    return {
      instance: String(response.headers['x-instance'] ?? ''),
      status: response.statusCode,
      cookies: given.join('; ') || cookies,
    }
  }

  /** A connection that stays, as in TCP mode. */
  async connect(): Promise<Session> {
    const session = new Session(this.entrance)
    await session.ask()
    return session
  }

  router(options: Partial<HaproxyRouterOptions> = {}, context: Partial<HaproxyContext> = {}) {
    const given = { ...OPTIONS, socket: this.socket, masterSocket: this.master, ...options }
    return createHaproxyRouter(given, { ...CONTEXT, ...context })
  }

  async end(): Promise<void> {
    await this.stop()
    this.#agent.destroy()
    await Promise.all(this.origins.map(origin => origin.end()))
    rmSync(this.folder, { recursive: true, force: true })
  }

  #start(): ChildProcess {
    const file = join(this.folder, 'haproxy.cfg')
    const master = this.#options.single === true ? ['-db'] : ['-W', '-S', this.master]
    return spawn('haproxy', [...master, '-f', file], { stdio: 'ignore' })
  }

  #config(): string {
    const { mode, backend = [], global = [], expire = '1m', peers = false } = this.#options
    const table = `stick-table type string len 64 size 10k expire ${expire}${peers ? ' peers mates' : ''}`
    const sticky = mode === 'http' ? [table, ...STICKY] : []
    const section = (title: string, lines: readonly string[]): string =>
      [title, ...lines.map(line => `  ${line}`)].join('\n')
    return `${[
      // With several threads HAProxy 2.6 may crash at a reload, see docs/haproxy.md.
      section('global', [
        `stats socket ${this.socket} mode 600 level admin`,
        'localpeer here',
        'nbthread 1',
        ...global,
      ]),
      section('defaults', [
        `mode ${mode}`,
        'timeout connect 5s',
        'timeout client 1m',
        'timeout server 1m',
        'timeout queue 5s',
      ]),
      ...(peers ? [section('peers mates', [`peer here unix@${join(this.folder, 'peers.sock')}`])] : []),
      section('frontend front', [`bind ${this.entrance}`, 'default_backend rooms']),
      section('backend rooms', ['balance leastconn', ...sticky, ...backend]),
    ].join('\n')}\n`
  }
}

/** A connection that speaks HTTP by hand, so that it stays one connection. */
export class Session {
  readonly #socket
  #heard = ''
  #over = false
  #wake: () => void = () => undefined
  instance = ''

  constructor(entrance: string) {
    this.#socket = connect(entrance)
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString()
      this.#wake()
    })
    for (const event of ['end', 'error', 'close']) {
      this.#socket.on(event, () => {
        this.#over = true
        this.#wake()
      })
    }
  }

  /** Which instance answers; `null`: the connection is over. */
  async ask(): Promise<string | null> {
    if (!this.#over) this.#socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n')
    for (;;) {
      const found = /x-instance: (\S+)[\s\S]*\r\n\r\n[\s\S]*\1/i.exec(this.#heard)
      if (found !== null) {
        this.#heard = ''
        this.instance = found[1] ?? ''
        return this.instance
      }
      if (this.#over) return null
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  end(): void {
    this.#socket.destroy()
  }
}

export const OPTIONS: HaproxyRouterOptions = {
  socket: '',
  masterSocket: null,
  hardStopAfterMs: null,
  backend: 'rooms',
  prefix: null,
  cookieKey: null,
  load: 'stick-table',
  table: null,
  check: null,
  serverOptions: null,
  timeoutMs: 10_000,
}

export const CONTEXT: HaproxyContext = {
  fleet: 'rooms',
  clock: { now: () => Date.now(), after: () => () => undefined },
  log: () => undefined,
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const ids = Array.from({ length: options.instances ?? 3 }, (_, i) => `room-${i + 1}`)
  const origins = await Promise.all(ids.map(id => new Origin(id).start()))
  return new Site(options, origins).ready()
}

/** A port that was free just now. */
export async function freePort(): Promise<number> {
  const origin = await new Origin('free').start()
  await origin.end()
  return origin.port
}

async function converseWith(socket: string, command: string): Promise<string> {
  const place = { socket, timeoutMs: 5_000, answerBytes: 10_000_000 }
  const [answer = ''] = await converse(place, AbortSignal.timeout(5_000), ask => ask([command]))
  return answer
}

/** As if this table had been in use for longer than its entries live: the router then believes it. */
export async function believeTable(site: Site): Promise<void> {
  await site.ask('set table rooms key plimsoll-mark')
}
