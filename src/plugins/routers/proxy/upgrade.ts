/**
 * A WebSocket through the proxy: the handshake goes to the instance as an ordinary request; when it answers
 * 101, the two connections are joined byte for byte until one side ends.
 *
 * Example: `GET /chat` with `Upgrade: websocket` and the cookie of web-2 goes to web-2, also when that is closed;
 * web-2 answers 401 instead of 101: the 401 is passed on and the connection closed.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { type Answer, answerParts, instanceFailed } from './answers.ts'
import { type RequestHead, type ResponseFields, responseHeaders } from './headers.ts'

/** From the first byte sent to the instance to its 101. */
const HANDSHAKE_TIMEOUT_MS = 30_000
/** After one side has ended, the other may finish what it was saying for this long. */
const HALF_CLOSED_MS = 5_000
/** A peer that vanished without a word is noticed by probes, which begin after this long a silence. */
const PROBE_AFTER_MS = 30_000

export interface UpgradeRequest {
  readonly fleet: string
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** Stops holding what the client sent after its request, and gives it. */
  readonly takeEarly: () => Buffer
  readonly path: string
  readonly head: RequestHead
  readonly setCookie: string | null
  /** Base address of the instance. */
  readonly address: string
}

export interface UpgradeEvents {
  /** The instance agreed; the connection is open until `onClosed`. */
  onOpen(): void
  /** It answered something else, or nothing: over before it began. */
  onRefused(status: number | null, error: Error | null): void
  /** Exactly once, whatever happened before. */
  onClosed(): void
}

/** Joins the two; the result cuts both connections. */
export function upgrade(upgrading: UpgradeRequest, events: UpgradeEvents): () => void {
  const joining = new Joining(upgrading, events)
  return () => joining.cut()
}

class Joining {
  readonly #upgrading: UpgradeRequest
  readonly #events: UpgradeEvents
  readonly #handshake: ClientRequest
  /** The connection to the instance, once it agreed. */
  #instance: Duplex | null = null
  /** The instance has answered, one way or the other. */
  #settled = false
  #closed = false

  constructor(upgrading: UpgradeRequest, events: UpgradeEvents) {
    this.#upgrading = upgrading
    this.#events = events
    this.#handshake = sendHandshake(upgrading)
    this.#handshake.on('error', error => this.#fail(error))
    this.#handshake.on('response', response => this.#passOn(response))
    this.#handshake.on('upgrade', (response, instance, begun) => this.#join(response, instance, begun))
    upgrading.socket.on('error', () => this.cut())
    upgrading.socket.on('close', () => this.cut())
    this.#handshake.end()
  }

  cut(): void {
    if (this.#closed) return
    this.#settle(null, null)
    this.#handshake.destroy()
    this.#instance?.destroy()
    this.#upgrading.socket.destroy()
    this.#close()
  }

  #join(response: IncomingMessage, instance: Duplex, begun: Buffer): void {
    if (this.#closed) {
      instance.destroy()
      return
    }
    const { socket, takeEarly, setCookie } = this.#upgrading
    this.#settled = true
    this.#instance = instance
    this.#events.onOpen()
    const connection = ['connection', 'Upgrade', 'upgrade', response.headers.upgrade ?? 'websocket']
    writeHead(socket, response, connection, setCookie)
    if (begun.length > 0) socket.write(begun)
    const early = takeEarly()
    if (early.length > 0) instance.write(early)
    connectBoth(socket, instance, () => this.cut())
  }

  /** It said something else than 101: the client gets to hear it. */
  #passOn(response: IncomingMessage): void {
    const { socket, takeEarly, setCookie } = this.#upgrading
    this.#settle(response.statusCode ?? 502, null)
    takeEarly()
    socket.resume()
    writeHead(socket, response, ['connection', 'close'], setCookie)
    response.on('error', () => this.cut())
    response.pipe(socket)
  }

  #fail(error: Error): void {
    if (this.#settled || this.#closed) {
      this.cut()
      return
    }
    this.#settle(null, error)
    this.#close()
    this.#upgrading.takeEarly()
    endWithAnswer(this.#upgrading.socket, instanceFailed(this.#upgrading.fleet))
  }

  #settle(status: number | null, error: Error | null): void {
    if (this.#settled) return
    this.#settled = true
    this.#events.onRefused(status, error)
  }

  #close(): void {
    this.#closed = true
    this.#events.onClosed()
  }
}

function sendHandshake({ request, path, head, address }: UpgradeRequest): ClientRequest {
  const target = new URL(address)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const handshake = send({
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    method: request.method,
    path,
    headers: [...head.headers, 'connection', 'Upgrade', 'upgrade', request.headers.upgrade ?? 'websocket'],
    setHost: false,
    agent: false,
    timeout: HANDSHAKE_TIMEOUT_MS,
  })
  const late = new Error(`no answer within ${HANDSHAKE_TIMEOUT_MS / 1000} s`)
  handshake.on('timeout', () => handshake.destroy(late))
  return handshake
}

/** Ends a connection that never became anything else with one of our own answers. */
export function endWithAnswer(socket: Duplex, answer: Answer): void {
  const { headers, body } = answerParts(answer)
  const head = formatHead(answer.status, STATUS_CODES[answer.status] ?? '', [
    ...headers,
    'connection',
    'close',
  ])
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.destroy())
  // Read on, or what is left unread would cut the answer short.
  socket.resume()
  socket.end(Buffer.concat([head, Buffer.from(body)]), () => {
    setTimeout(() => socket.destroy(), HALF_CLOSED_MS).unref()
  })
}

function connectBoth(client: Duplex, instance: Duplex, close: () => void): void {
  for (const side of [client, instance]) {
    if ('setTimeout' in side && typeof side.setTimeout === 'function') side.setTimeout(0)
    if ('setKeepAlive' in side && typeof side.setKeepAlive === 'function')
      side.setKeepAlive(true, PROBE_AFTER_MS)
    if ('setNoDelay' in side && typeof side.setNoDelay === 'function') side.setNoDelay(true)
    side.on('error', close)
    side.on('close', close)
    side.on('end', () => setTimeout(close, HALF_CLOSED_MS).unref())
  }
  client.pipe(instance)
  instance.pipe(client)
}

function writeHead(
  socket: Duplex,
  response: IncomingMessage,
  connection: readonly string[],
  setCookie: string | null,
): void {
  const status = response.statusCode ?? 502
  const fields: ResponseFields = response.headers
  const headers = [...responseHeaders(fields, status, false), ...connection]
  if (setCookie !== null) headers.push('set-cookie', setCookie)
  socket.write(formatHead(status, response.statusMessage ?? '', headers))
}

/** The parser that read these fields refuses line breaks inside them, so none can be smuggled in here. */
function formatHead(status: number, statusText: string, headers: readonly (string | string[])[]): Buffer {
  let head = `HTTP/1.1 ${status} ${statusText}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const value = headers[i + 1] ?? ''
    for (const one of typeof value === 'string' ? [value] : value) head += `${String(headers[i])}: ${one}\r\n`
  }
  return Buffer.from(`${head}\r\n`, 'latin1')
}
