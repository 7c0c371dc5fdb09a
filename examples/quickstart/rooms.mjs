/**
 * The quickstart's second application: one room where people talk over WebSockets, each for as long as they like.
 *
 * A session is one open WebSocket to `ws://HOST:PORT/?session=ID`. What somebody says is told to everyone in the room; each
 * costs next to nothing, but whoever ends this process ends the talk of all who are in it. So Plimsoll ends it only when
 * nobody is. No packages: the few frames a room needs are read and written below (RFC 6455).
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? '127.0.0.1'
const instance = process.env.PLIMSOLL_INSTANCE ?? 'room'
const zone = process.env.PLIMSOLL_ZONE ?? 'here'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
/** A longer message is not small talk. */
const LONGEST_MESSAGE = 4096
const GOING_AWAY = 1001
const TOO_LONG = 1009

/** Open connections, each with the id of its session. */
const people = new Map()

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (path === '/health') answer(response, 200, 'ok')
  else if (path === '/') answer(response, 200, `${instance} in zone ${zone}, ${people.size} in the room`)
  else answer(response, 404, 'There is /, /health and a WebSocket at /.')
})

server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key']
  if (key === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    return
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  enter(socket, new URL(request.url ?? '/', 'http://localhost').searchParams.get('session') ?? 'somebody')
})

function enter(socket, session) {
  people.set(socket, session)
  let unread = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  // Gone without a word, which leaves this side open.
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    if (people.delete(socket)) tellAll(`${session} left, ${people.size} in the room`)
  })
  socket.on('data', bytes => {
    if (!socket.writable) return
    unread = Buffer.concat([unread, bytes])
    for (let frame = firstFrame(unread); frame !== null; frame = firstFrame(unread)) {
      if (frame === 'too long') return leave(socket, TOO_LONG)
      unread = unread.subarray(frame.length)
      hear(socket, session, frame)
    }
  })
  tellAll(`${session} came, ${people.size} in the room`)
}

function hear(socket, session, { opcode, payload }) {
  if (opcode === TEXT) tellAll(`${session}: ${payload.toString('utf8')}`)
  if (opcode === PING) send(socket, PONG, payload)
  if (opcode !== CLOSE) return
  send(socket, CLOSE, payload.subarray(0, 2))
  socket.end()
}

function tellAll(text) {
  for (const socket of people.keys()) send(socket, TEXT, Buffer.from(text))
}

function leave(socket, code) {
  const why = Buffer.alloc(2)
  why.writeUInt16BE(code)
  send(socket, CLOSE, why)
  socket.end()
}

/** From the server, so not masked; never longer than a message with a name before it. */
function send(socket, opcode, payload) {
  if (!socket.writable) return
  const short = payload.length < 126
  const head = Buffer.alloc(short ? 2 : 4)
  head[0] = 0x80 | opcode
  head[1] = short ? payload.length : 126
  if (!short) head.writeUInt16BE(payload.length, 2)
  socket.write(Buffer.concat([head, payload]))
}

/** The first whole frame of what came from a browser (masked), `null` while it is not whole. */
function firstFrame(bytes) {
  if (bytes.length < 2) return null
  const short = bytes[1] & 0x7f
  if (short === 127) return 'too long'
  const maskAt = short === 126 ? 4 : 2
  if (bytes.length < maskAt + 4) return null
  const size = short === 126 ? bytes.readUInt16BE(2) : short
  if (size > LONGEST_MESSAGE) return 'too long'
  const length = maskAt + 4 + size
  if (bytes.length < length) return null
  const payload = Buffer.from(bytes.subarray(maskAt + 4, length))
  for (let n = 0; n < size; n += 1) payload[n] ^= bytes[maskAt + (n % 4)]
  return { opcode: bytes[0] & 0x0f, payload, length }
}

function answer(response, status, text) {
  // While ending, a kept-alive connection would only hold the end up.
  if (!server.listening) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-instance': instance })
  response.end(`${text}\n`)
}

/** Whoever is still here is told; Plimsoll ends a room only when nobody is, or when it ends itself. */
function end() {
  for (const socket of people.keys()) leave(socket, GOING_AWAY)
  server.close(() => process.exit(0))
  setInterval(() => server.closeIdleConnections(), 20)
}

process.once('SIGTERM', end)
process.once('SIGINT', end)
server.listen(port, host, () => console.log(`${instance} listens on http://${host}:${port}`))
