/**
 * One request on its way: waiting, sent to an instance, answered. Both bodies stream, each side as fast as the
 * other takes it; whoever leaves takes the other side along.
 *
 * Example: GET /a goes to web-1, which has just crashed (connection refused): nothing was sent, so it goes to
 * web-2, once. POST /a that web-1 had begun to read when it crashed is answered 502: it may have acted on it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { type Answer, badRequest, instanceFailed, instanceTooSlow, sendAnswer } from './answers.ts'
import { RequestBody } from './body.ts'
import type { StickySession } from './cookie.ts'
import { type RequestHead, type ResponseFields, responseHeaders, trailerFields } from './headers.ts'
import type { ProxyLimits } from './limits.ts'
import type { Binding, Caller } from './placing.ts'
import type { Upstream } from './upstream.ts'

/** How a stay on an instance ended: answered with this status, broken off by the instance, or by the client. */
export type Stay =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed' | 'left' }

/** What an exchange tells the router. */
export interface ExchangeOwner {
  readonly fleet: string
  readonly limits: ProxyLimits
  /** The instance's slot is free again. */
  released(exchange: Exchange, upstream: Upstream, stay: Stay): void
  /** Nobody has acted on the request yet: another instance may have it. */
  tryElsewhere(exchange: Exchange, tried: Upstream): void
  /** The request is over, for the client too. `failed`: the fleet did not serve it. */
  finished(exchange: Exchange, how: 'served' | 'failed' | 'refused' | 'left'): void
  complain(what: string, detail: string): void
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS'])
const SHORT_BYTES = 8192
const LEFT: Stay = { kind: 'left' }
const FAILED: Stay = { kind: 'failed' }

export class Exchange implements Caller, Dispatcher.DispatchHandler {
  readonly takesSlot = true
  readonly request: IncomingMessage
  readonly head: RequestHead
  /** What its cookie said; `null` without a valid one. */
  readonly session: StickySession | null
  /** On the monotonic clock, milliseconds. */
  readonly arrivedAt: number
  sentAt = 0
  /** The session it was counted for on its instance. */
  countedAs: string | null = null
  /** Gives back its place in the queue while it waits. */
  leaveQueue: (() => void) | null = null
  readonly #owner: ExchangeOwner
  readonly #response: ServerResponse
  readonly #path: string
  #awaitsContinue: boolean
  #setCookie: string | null = null
  #upstream: Upstream | null = null
  #controller: Dispatcher.DispatchController | null = null
  #attempts = 0
  /** The request, or a part of it, went out to the present instance. */
  #written = false
  #status = 0
  /** Bytes of the answer's body, and those still to come, where its length is known; else -1. */
  #length = -1
  #remaining = -1
  #over = false

  constructor(
    owner: ExchangeOwner,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    head: RequestHead,
    session: StickySession | null,
    awaitsContinue: boolean,
  ) {
    this.#owner = owner
    this.request = request
    this.#response = response
    this.#path = path
    this.head = head
    this.session = session
    this.#awaitsContinue = awaitsContinue
    this.arrivedAt = performance.now()
    response.on('close', this.#onClientClose)
  }

  sendTo(upstream: Upstream, binding: Binding): void {
    upstream.inFlight += 1
    this.#upstream = upstream
    this.countedAs = binding.session
    this.#setCookie = binding.setCookie
    this.#controller = null
    this.#written = false
    this.#attempts += 1
    this.sentAt = performance.now()
    upstream.pool.dispatch(
      {
        path: this.#path,
        method: this.request.method ?? 'GET',
        headers: this.head.headers,
        body: this.head.hasBody ? new RequestBody(this.request) : null,
        // Otherwise the connection would be closed after every HEAD.
        reset: false,
      },
      this,
    )
  }

  /** Answers in the place of an instance. */
  refuse(answer: Answer, how: 'refused' | 'failed'): void {
    if (this.#over) return
    this.#finish(how)
    sendAnswer(this.request, this.#response, answer)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) {
      controller.abort(new Error('the client left'))
      return
    }
    this.#controller = controller
    this.#written = true
    if (!this.#awaitsContinue) return
    this.#awaitsContinue = false
    this.#response.writeContinue()
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    fields: ResponseFields,
    statusText?: string,
  ): void {
    if (this.#over) return
    if (status < 200) {
      this.#passInformation(status, fields)
      return
    }
    const length = fields['content-length']
    const bodiless = this.request.method === 'HEAD' || status === 204 || status === 304
    const chunked = length === undefined && !bodiless && this.request.httpVersionMinor > 0
    const headers = responseHeaders(fields, status, chunked)
    if (this.#setCookie !== null) headers.push('set-cookie', this.#setCookie)
    this.#response.writeHead(status, statusText ?? '', headers)
    this.#status = status
    this.#length = typeof length === 'string' && !bodiless ? Number(length) : -1
    this.#remaining = this.#length
    process.nextTick(sendHead, this)
  }

  /** A head goes out with what follows it; when nothing follows at once (an event stream), it goes out alone. */
  sendHead(): void {
    const hasBodyBegun = this.#remaining !== this.#length
    if (!this.#over && !hasBodyBegun) this.#response.flushHeaders()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.#remaining -= chunk.length
    if (this.#remaining === 0) {
      this.#endWith(chunk)
      return
    }
    if (this.#response.write(chunk) || controller.paused) return
    controller.pause()
    const socket = this.#response.socket
    socket?.setTimeout(this.#owner.limits.stalledClientMs)
    this.#response.once('drain', () => {
      socket?.setTimeout(0)
      controller.resume()
    })
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: ResponseFields): void {
    this.#release({ kind: 'answered', status: this.#status })
    if (this.#over) return
    this.#finish(this.#status >= 500 ? 'failed' : 'served')
    if (this.#response.writableEnded) return
    for (const _ in trailers) {
      this.#response.addTrailers(trailerFields(trailers))
      break
    }
    this.#response.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const tried = this.#upstream
    const written = this.#written
    this.#release(this.#over ? LEFT : FAILED)
    if (this.#over || tried === null) return
    if (this.#status !== 0) {
      this.#owner.complain(`${tried.id} broke off an answer`, this.#describe(error))
      this.#finish('failed')
      this.#response.destroy()
      return
    }
    if (codeOf(error) === 'UND_ERR_INVALID_ARG') {
      this.refuse(badRequest(error.message), 'refused')
      return
    }
    this.#owner.complain(`${tried.id} failed before it answered`, this.#describe(error))
    // Who has waited for one slow instance should not wait for another.
    if (this.#attempts < 2 && (!written || (this.#isRepeatable() && !isTimeout(error)))) {
      this.#owner.tryElsewhere(this, tried)
      return
    }
    this.refuse(
      isTimeout(error) ? instanceTooSlow(this.#owner.fleet) : instanceFailed(this.#owner.fleet),
      'failed',
    )
  }

  /** A short answer goes out as text (byte for byte), since then header and body are one write to the socket. */
  #endWith(last: Buffer): void {
    const isWhole = last.length === this.#length
    if (isWhole && last.length <= SHORT_BYTES) this.#response.end(last.toString('latin1'), 'latin1')
    else this.#response.end(last)
  }

  readonly #onClientClose = (): void => {
    if (this.#over) return
    this.leaveQueue?.()
    this.#finish('left')
    this.#controller?.abort(new Error('the client left'))
  }

  #release(stay: Stay): void {
    const upstream = this.#upstream
    if (upstream === null) return
    this.#upstream = null
    this.#controller = null
    upstream.inFlight -= 1
    this.#owner.released(this, upstream, stay)
  }

  #finish(how: 'served' | 'failed' | 'refused' | 'left'): void {
    this.#over = true
    this.#owner.finished(this, how)
  }

  /** 102 and 103 pass; anything else says nothing to the client. */
  #passInformation(status: number, fields: ResponseFields): void {
    const link = fields.link
    if (this.request.httpVersionMinor === 0) return
    if (status === 102) this.#response.writeProcessing()
    if (status === 103 && link !== undefined) this.#response.writeEarlyHints({ link })
  }

  #isRepeatable(): boolean {
    return IDEMPOTENT.has(this.request.method ?? '') && !this.head.hasBody
  }

  /** Without the query, which may hold what should not be logged. */
  #describe(error: Error): string {
    const path = this.#path.split('?', 1)[0]?.slice(0, 100)
    return `${this.request.method} ${path}: ${codeOf(error) ?? error.name}: ${error.message}`
  }
}

function sendHead(exchange: Exchange): void {
  exchange.sendHead()
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function isTimeout(error: Error): boolean {
  const code = codeOf(error)
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT'
}
