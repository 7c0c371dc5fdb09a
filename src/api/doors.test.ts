/** Who may come in, tried over real sockets with the headers a browser or a rebound name would send. */
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { createStandIn } from '../../test/builders/runtime.ts'
import { type Api, createApi } from './api.ts'

const opened: Api[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function serve(host = '127.0.0.1', token: string | null = null): Promise<number> {
  const api = await createApi(createStandIn(), { host, port: 0, token, dashboardRoot: null })
  opened.push(api)
  return Number(new URL((await api.listen()).url).port)
}

interface Answer {
  readonly status: number | undefined
  readonly code: unknown
  readonly headers: IncomingHttpHeaders
}

/** `fetch` will not let a caller choose the Host header. */
function ask(port: number, path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, async response => {
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        resolve({ status: response.statusCode, code: null, headers: response.headers })
        asked.destroy()
        return
      }
      const body = (await json(response)) as { error?: { code: unknown } }
      resolve({ status: response.statusCode, code: body.error?.code ?? null, headers: response.headers })
    })
    asked.on('error', reject)
    asked.end()
  })
}

describe('the Host header', () => {
  it.each(['127.0.0.1', '127.0.0.1:7070', 'localhost', 'LOCALHOST:7070', '[::1]:7070', '127.9.9.9'])(
    'lets %s in',
    async host => {
      expect(await ask(await serve(), '/v1/fleets', { host })).toMatchObject({ status: 200 })
    },
  )

  it.each([
    'evil.example',
    'evil.example:7070',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.0.2.7:7070',
    '127.0.0.1@evil.example',
    'evil.example/127.0.0.1',
    '   ',
  ])('refuses %j on every route, against rebinding (PLM-453)', async host => {
    const port = await serve()
    for (const path of ['/v1/fleets', '/health/live', '/metrics', '/openapi.json', '/nope', '/v1/events']) {
      expect(await ask(port, path, { host })).toMatchObject({ status: 421, code: 'PLM-453' })
    }
  })

  it('is required, also of the oldest clients (PLM-453)', async () => {
    const socket = connect(await serve(), '127.0.0.1')
    socket.write('GET /v1/fleets HTTP/1.0\r\n\r\n')
    const answer = await text(socket)
    expect(answer).toContain('421')
    expect(answer).toContain('PLM-453')
  })

  it('lets the configured name in, and with a token on every address any name', async () => {
    const named = await serve('localhost')
    expect(await ask(named, '/v1/fleets', { host: 'localhost:1' })).toMatchObject({ status: 200 })
    const everywhere = await serve('0.0.0.0', 'secret')
    expect(await ask(everywhere, '/health/live', { host: 'plimsoll.internal:7070' })).toMatchObject({
      status: 200,
    })
    expect(await ask(everywhere, '/v1/fleets', { host: 'plimsoll.internal:7070' })).toMatchObject({
      status: 401,
    })
  })
})

describe('the Origin header', () => {
  const wake = '/v1/fleets/web/tick'

  it.each(['http://evil.example', 'http://127.0.0.1:1', 'null', 'http://localhost', 'file://', 'nonsense'])(
    'refuses a change, and the events, from a page of %s (PLM-454)',
    async origin => {
      const port = await serve()
      const host = `127.0.0.1:${port}`
      const refused = { status: 403, code: 'PLM-454' }
      expect(await ask(port, wake, { host, origin }, 'POST')).toMatchObject(refused)
      expect(await ask(port, '/v1/events', { host, origin })).toMatchObject(refused)
      expect(await ask(port, '/v1/events?x=1', { host, origin })).toMatchObject(refused)
    },
  )

  it('lets our own page, and programs without an origin, do both', async () => {
    const port = await serve()
    const host = `127.0.0.1:${port}`
    expect(await ask(port, wake, { host, origin: `http://${host}` }, 'POST')).toMatchObject({ status: 202 })
    expect(await ask(port, wake, { host }, 'POST')).toMatchObject({ status: 202 })
    expect(await ask(port, '/v1/events', { host, origin: `http://${host}` })).toMatchObject({ status: 200 })
    expect(await ask(port, '/v1/events', { host })).toMatchObject({ status: 200 })
  })

  it('never invites another origin to read', async () => {
    const port = await serve()
    const { headers } = await ask(port, '/v1/fleets', { origin: 'http://evil.example' })
    expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([])
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
  })
})

describe('the token', () => {
  it.each([
    ['none', undefined],
    ['another', 'Bearer secreT'],
    ['a longer one', 'Bearer secretsecret'],
    ['an empty one', 'Bearer '],
    ['another scheme', 'Basic secret'],
    ['the bare token', 'secret'],
  ])('is asked for: %s is refused on every route but health (PLM-455)', async (_what, authorization) => {
    const port = await serve('127.0.0.1', 'secret')
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    for (const path of ['/v1/fleets', '/v1/events', '/metrics', '/openapi.json', '/nope', '/']) {
      expect(await ask(port, path, headers)).toMatchObject({ status: 401, code: 'PLM-455' })
    }
    expect(await ask(port, '/v1/samples', headers, 'POST')).toMatchObject({ status: 401 })
    expect(await ask(port, '/health/live', headers)).toMatchObject({ status: 200 })
    expect(await ask(port, '/health/ready', headers)).toMatchObject({ status: 200 })
  })

  it.each(['Bearer secret', 'bearer secret', 'Bearer  secret '])('lets %j in', async authorization => {
    const port = await serve('127.0.0.1', 'secret')
    expect(await ask(port, '/v1/fleets', { authorization })).toMatchObject({ status: 200 })
    expect(await ask(port, '/v1/events', { authorization })).toMatchObject({ status: 200 })
  })
})

describe('the headers of an answer', () => {
  it('allow a page nothing but this origin, and no frame around it', async () => {
    const { headers } = await ask(await serve(), '/v1/fleets', {})
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';manifest-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    )
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
    expect(headers).not.toHaveProperty('strict-transport-security')
  })
})
