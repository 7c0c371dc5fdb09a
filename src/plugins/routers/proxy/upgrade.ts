/**
 * A WebSocket through the proxy: the handshake goes to the instance as an ordinary request; when it answers
 * 101, the two connections are joined byte for byte until one side ends.
 *
 * Example: `GET /chat` with `Upgrade: websocket` and the cookie of web-2 goes to web-2, also when that is closed;
 * web-2 answers 401 instead of 101: the 401 is passed on and the connection closed.
 */
import { request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http'
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
  /** What the client sent right after its request. */
  readonly first: Buffer
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
  const { request, socket, first, head, address } = upgrading
  const target = new URL(address)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = send({
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    method: request.method,
    path: upgrading.path,
    headers: [...head.headers, 'connection', 'Upgrade', 'upgrade', request.headers.upgrade ?? 'websocket'],
    setHost: false,
    agent: false,
    timeout: HANDSHAKE_TIMEOUT_MS,
  })
  let closed = false
  let settled = false
  const close = (): void => {
    if (closed) return
    closed = true
    outgoing.destroy()
    socket.destroy()
    events.onClosed()
  }
  const refuse = (status: number | null, error: Error | null): void => {
    if (settled) return
    settled = true
    events.onRefused(status, error)
  }
  socket.on('error', close)
  socket.on('close', () => {
    refuse(null, null)
    close()
  })
  outgoing.on('timeout', () =>
    outgoing.destroy(new Error(`no answer within ${HANDSHAKE_TIMEOUT_MS / 1000} s`)),
  )
  outgoing.on('error', error => {
    if (!settled && !closed) {
      refuse(null, error)
      endWithAnswer(socket, instanceFailed(upgrading.fleet))
      return
    }
    close()
  })
  outgoing.on('response', response => {
    refuse(response.statusCode ?? 502, null)
    writeHead(socket, response, ['connection', 'close'], upgrading.setCookie)
    response.on('error', close)
    response.pipe(socket)
  })
  outgoing.on('upgrade', (response, upstream, begun) => {
    if (closed) {
      upstream.destroy()
      return
    }
    settled = true
    events.onOpen()
    const protocol = response.headers.upgrade ?? 'websocket'
    writeHead(socket, response, ['connection', 'Upgrade', 'upgrade', protocol], upgrading.setCookie)
    join(socket, upstream, close)
    if (begun.length > 0) socket.write(begun)
    if (first.length > 0) upstream.write(first)
  })
  outgoing.end()
  return close
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
  socket.end(head + body)
  socket.once('finish', () => socket.destroy())
}

function join(client: Duplex, instance: Duplex, close: () => void): void {
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
