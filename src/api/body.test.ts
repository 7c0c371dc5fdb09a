/** Bodies that are too large, over real sockets: refused early, answered, and never held in memory. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { createStandIn } from '../../test/builders/runtime.ts'
import { type Api, BODY_LIMIT_BYTES, createApi } from './api.ts'
import { DISCARD_LIMIT_BYTES } from './linger.ts'

const HUNDRED_MB = 100_000_000
const CHUNK = Buffer.alloc(65_536, ' ')

const opened: Api[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function serve(token: string | null = null): Promise<string> {
  const api = await createApi(createStandIn(), { host: '127.0.0.1', port: 0, token, dashboardRoot: null })
  opened.push(api)
  return (await api.listen()).url
}

interface Refused {
  readonly status: number | undefined
  readonly body: string
  /** What the system took from us before the connection ended. */
  readonly sentBytes: number
}

/** Sends until all is sent or the connection ends, whatever is answered meanwhile. */
function sendAll(url: string, headers: Record<string, string | number>, bytes: number): Promise<Refused> {
  return new Promise((resolve, reject) => {
    let status: number | undefined
    let body = ''
    let left = bytes
    const sending = request(`${url}/v1/samples`, { method: 'POST', headers })
    sending.on('response', async response => {
      status = response.statusCode
      body = await text(response)
    })
    sending.on('error', error => {
      if (status === undefined) reject(error)
    })
    sending.on('close', () => resolve({ status, body, sentBytes: sending.socket?.bytesWritten ?? 0 }))
    const more = () => {
      while (left > 0 && !sending.destroyed) {
        left -= CHUNK.length
        if (!sending.write(CHUNK)) return
      }
      if (left <= 0) sending.end()
    }
    sending.on('drain', more)
    more()
  })
}

/** The kernel buffers a few megabytes on each side of a loopback socket. */
const BUFFERED_BYTES = 16 * 1024 * 1024

describe('a body of 100 MB', () => {
  it.each([
    ['announced', { 'content-length': HUNDRED_MB }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])(
    '%s, is refused with an answer that arrives, mostly unread, with flat memory (PLM-458)',
    async (_how, how) => {
      const url = await serve()
      const headers = { 'content-type': 'application/json', ...how }
      await sendAll(url, headers, HUNDRED_MB)
      const before = process.memoryUsage().rss
      for (let round = 0; round < 2; round += 1) {
        const refused = await sendAll(url, headers, HUNDRED_MB)
        expect(refused.status).toBe(413)
        expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'PLM-458' } })
        expect(refused.sentBytes).toBeLessThan(DISCARD_LIMIT_BYTES + BUFFERED_BYTES)
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
      expect((await fetch(`${url}/health/live`)).status).toBe(200)
    },
  )

  it('reaches a plain fetch as an answer, not as a broken connection', async () => {
    const url = await serve()
    const body = new Uint8Array(HUNDRED_MB)
    for (let round = 0; round < 5; round += 1) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/v1/samples`, { method: 'POST', headers, body })
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ error: { code: 'PLM-458' } })
    }
  })

  it('is not invited in at all when the client asks first', async () => {
    const { hostname, port } = new URL(await serve())
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /v1/samples HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${HUNDRED_MB}\r\nExpect: 100-continue\r\n\r\n`,
    )
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).not.toContain('100 Continue')
  })

  it('without the token is refused for that, and as little read', async () => {
    const refused = await sendAll(await serve('secret'), { 'content-length': HUNDRED_MB }, HUNDRED_MB)
    expect(refused.status).toBe(401)
    expect(refused.sentBytes).toBeLessThan(DISCARD_LIMIT_BYTES + BUFFERED_BYTES)
  })
})

describe('a body', () => {
  it('just within the limit is read, one byte more is not', async () => {
    const url = await serve()
    const headers = { 'content-type': 'application/json' }
    const sample = '{"samples":[{"metric":"cpu","value":1}]}'
    const full = sample + ' '.repeat(BODY_LIMIT_BYTES - sample.length)
    expect((await fetch(`${url}/v1/samples`, { method: 'POST', headers, body: full })).status).toBe(202)
    expect((await fetch(`${url}/v1/samples`, { method: 'POST', headers, body: `${full} ` })).status).toBe(413)
  })

  it('that a small client asks about first is invited in', async () => {
    const { hostname, port } = new URL(await serve())
    const body = '{"samples":[{"metric":"cpu","value":1}]}'
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /v1/samples HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    )
    socket.once('data', () => socket.write(body))
    const answer = await text(socket)
    expect(answer).toMatch(/HTTP\/1\.1 202 /)
  })

  it('that is no HTTP at all is answered in the one shape (PLM-456)', async () => {
    const { hostname, port } = new URL(await serve())
    const socket = connect(Number(port), hostname)
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n')
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"PLM-456"')
  })
})
