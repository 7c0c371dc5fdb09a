/**
 * Something of Azure's behind HTTPS on 127.0.0.1, that misbehaves on request: replies that are lost, connections that break, silence, 429
 * and 503. What it answers when nothing is wrong, each fake says itself.
 *
 * Example: `fake.faults.push({ method: 'GET', path: /serverfarms/, what: { status: 503, headers: { 'retry-after': '1' } } })` answers the next
 * reading of a plan with 503, and the one after as ever; `fake.asked` lists both.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { selfSigned } from './certificate.ts'

/** What happens to the next request that matches, instead of what should. */
export interface Fault {
  readonly method: string
  readonly path: RegExp
  /**
   * `lost`: it is done, and the connection breaks before the answer. `dropped`: it breaks before anything is done. `silent`: it
   * is never answered. `nothing`: all is well, but for `also`.
   */
  readonly what:
    | 'lost'
    | 'dropped'
    | 'silent'
    | 'nothing'
    | { readonly status: number; readonly code?: string; readonly headers?: Record<string, string> }
  /** So many requests; one when left out. */
  times?: number
  /** Called when it strikes, before the answer. */
  readonly also?: () => void
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly ifMatch: string | null
  readonly body: unknown
}

export interface Question {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The text as JSON, or `null` where it is empty or none. */
  readonly body: unknown
}

export interface Reply {
  readonly status: number
  /** Sent as JSON, or a text as XML. */
  readonly body: unknown
  readonly headers?: Record<string, string>
}

/** A request and what was answered, for whoever judges both. */
export interface Exchange {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly reply: Reply
}

/** What the fakes take for somebody who has signed in. */
export const ANY_CREDENTIAL = {
  getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

export abstract class FakeAzure {
  /** Told of all that is answered, also where the answer is lost. */
  hear: ((exchange: Exchange) => void) | null = null
  /** Another service behind the same door; `null` is an answer of the fake's own. */
  annex: ((question: Question) => Reply | null) | null = null
  readonly asked: Asked[] = []
  readonly faults: Fault[] = []
  /** Told with each answer: `Microsoft.Compute/GetVMScaleSetVM3Min;480`. */
  remaining = ''
  readonly #identity: ReturnType<typeof selfSigned> | null
  #listening: { readonly server: Server; readonly cert: string } | null = null

  /** @param identity one for several that are asked by the same program: who trusts it trusts them all */
  constructor(identity: ReturnType<typeof selfSigned> | null = null) {
    this.#identity = identity
  }

  /** What it says when nothing is wrong. */
  protected abstract answer(question: Question): Reply | Promise<Reply>

  /** How it words an error. */
  protected worded(code: string, message: string): unknown {
    return errorBody(code, message)
  }

  async listen(): Promise<this> {
    const { key, cert } = this.#identity ?? selfSigned()
    const server = createServer({ key, cert }, (request, response) => void this.#serve(request, response))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    this.#listening = { server, cert }
    return this
  }

  get cert(): string {
    if (this.#listening === null) throw new Error('the fake does not listen')
    return this.#listening.cert
  }

  /** Before it listens, an address that nobody has. */
  get endpoint(): string {
    const address = this.#listening?.server.address() ?? null
    if (address === null || typeof address === 'string') return 'https://fake.invalid'
    return `https://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    if (this.#listening === null) return
    const { server } = this.#listening
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }

  count(method: string, path: RegExp): number {
    return this.asked.filter(asked => asked.method === method && path.test(asked.path)).length
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', 'https://fake')
    const text = await bodyOf(request)
    const body = jsonOf(text)
    const ifMatch = request.headers['if-match'] ?? null
    const note = (status: number) => this.asked.push({ method, path: url.pathname, status, ifMatch, body })
    const tell = (reply: Reply) =>
      this.hear?.({ method, url: request.url ?? '/', headers: plain(request.headers), body, reply })
    const send = (status: number, answer: unknown, headers: Record<string, string> = {}) => {
      note(status)
      const limits = this.remaining === '' ? {} : { 'x-ms-ratelimit-remaining-resource': this.remaining }
      const isXml = typeof answer === 'string'
      const type = isXml ? 'application/xml' : 'application/json'
      const all = { 'content-type': type, ...limits, ...headers }
      tell({ status, body: answer, headers: all })
      response.writeHead(status, all)
      response.end(answer === null ? '' : isXml ? answer : JSON.stringify(answer))
    }
    const fault = this.#faultOf(method, url.pathname)
    fault?.also?.()
    if (fault?.what === 'dropped') {
      note(0)
      response.destroy()
      return
    }
    if (fault?.what === 'silent') return
    if (typeof fault?.what === 'object') {
      const { status, code = 'Faulty', headers = {} } = fault.what
      send(status, this.worded(code, `the fake answers ${status}`), headers)
      return
    }
    if (request.headers.authorization === undefined) {
      send(401, this.worded('AuthenticationFailed', 'no token'))
      return
    }
    const question = { method, url, headers: request.headers, text, body }
    const reply = this.annex?.(question) ?? (await this.answer(question))
    if (fault?.what === 'lost') {
      tell({ ...reply, headers: { 'content-type': 'application/json', ...reply.headers } })
      note(0)
      response.destroy()
      return
    }
    send(reply.status, reply.body, reply.headers)
  }

  #faultOf(method: string, path: string): Fault | null {
    const found = this.faults.find(fault => fault.method === method && fault.path.test(path))
    if (found === undefined) return null
    found.times = (found.times ?? 1) - 1
    if (found.times <= 0) this.faults.splice(this.faults.indexOf(found), 1)
    return found
  }
}

export function errorBody(code: string, message: string) {
  return { error: { code, message } }
}

export function refused(status: number, code: string, message: string): Reply {
  return { status, body: errorBody(code, message) }
}

function plain(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return null
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8')
}
