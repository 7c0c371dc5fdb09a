import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetricSpec } from '../../model/spec.ts'
import { metricSourceAcceptance } from '../../ports/metric-source.acceptance.ts'
import type { MetricAnswer, MetricSource } from '../../ports/metric-source.ts'
import { createHttpJsonSource } from './http-json.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const WINDOW = { from: NOON - 60_000, to: NOON }
const clock = {
  now: () => NOON,
  after(ms: number, wake: () => void) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}

function query(options: Record<string, unknown>, fleet = 'web') {
  const metric: MetricSpec = {
    name: 'orders',
    kind: 'total',
    unit: null,
    source: 'http-json',
    options,
    everyMs: 15_000,
    staleAfterMs: 45_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  }
  return { fleet, metric }
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, url: `http://127.0.0.1:${portOf(server)}` }
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

metricSourceAcceptance('the http-json source', async () => {
  const values: Record<string, number> = {}
  const { server, url } = await listen((request, response) => {
    if (request.url === '/hanging') return
    if (request.url === '/failing') response.statusCode = 500
    response.end(JSON.stringify(values))
  })
  return {
    source: createHttpJsonSource(clock),
    now: () => NOON,
    query: (fleet, name) => query({ url: `${url}/values`, pointer: `/${name}` }, fleet),
    offer: (name, value) => {
      values[name] = value
    },
    failing: query({ url: `${url}/failing`, pointer: '/first' }),
    hanging: query({ url: `${url}/hanging`, pointer: '' }),
    cleanUp: () => stop(server),
  }
})

describe('a metric answered over HTTP', () => {
  let source: MetricSource
  let server: Server
  let url: string
  let asked: IncomingMessage[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void

  beforeEach(async () => {
    asked = []
    answer = (_request, response) => response.end('{}')
    ;({ server, url } = await listen((request, response) => {
      asked.push(request)
      answer(request, response)
    }))
    source = createHttpJsonSource(clock, { next: () => 0 })
  })
  afterEach(async () => {
    await source.close()
    await stop(server)
  })

  async function read(options: Record<string, unknown> = {}): Promise<MetricAnswer> {
    const answers = await source.read([query({ url, ...options })], WINDOW, AbortSignal.timeout(20_000))
    const [first] = answers
    if (first === undefined) throw new Error('no answer')
    return first
  }

  it.each<[string, unknown, string, unknown]>([
    ['a number', 7.5, '', [{ at: NOON, value: 7.5 }]],
    ['zero, which is a number', { queue: 0 }, '/queue', [{ at: NOON, value: 0 }]],
    ['a number deep inside', { queues: [{ 'a/b': -3 }] }, '/queues/0/a~1b', [{ at: NOON, value: -3 }]],
    [
      'numbers by instance',
      { cpu: { 'web-1': 83.2, 'web-2': 12 } },
      '/cpu',
      [
        { at: NOON, value: 83.2, instance: 'web-1' },
        { at: NOON, value: 12, instance: 'web-2' },
      ],
    ],
    [
      'a silent instance, which is not zero',
      { 'web-1': 83.2, 'web-2': null },
      '',
      [{ at: NOON, value: 83.2, instance: 'web-1' }],
    ],
    [
      'a list of instances',
      [
        { instance: 'web-1', value: 1 },
        { instance: 'web-2', value: 2 },
      ],
      '',
      [
        { at: NOON, value: 1, instance: 'web-1' },
        { at: NOON, value: 2, instance: 'web-2' },
      ],
    ],
    ['a list of names and numbers', [{ 'web-1': 1 }], '', [{ at: NOON, value: 1, instance: 'web-1' }]],
  ])('reads %s', async (_what, document, pointer, samples) => {
    answer = (_request, response) => response.end(JSON.stringify(document))
    expect(await read({ pointer })).toEqual({ samples })
  })

  it.each<[string, string, string, string]>([
    [
      'a number as text',
      '{"n":"83.2"}',
      '/n',
      'PLM-365 GET U/: the value at /n is the text "83.2", not a number; let it be sent without quotes',
    ],
    ['a text', '{"n":"many"}', '/n', 'PLM-365 GET U/: the value at /n is "many", not a number'],
    ['nothing at all', '{"n":null}', '/n', 'PLM-365 GET U/: the value at /n is null, not a number'],
    ['a truth', 'true', '', 'PLM-365 GET U/: the answer is true, not a number'],
    [
      'a number that is too large',
      '{"n":1e999}',
      '/n',
      'PLM-365 GET U/: the value at /n is Infinity, not a finite number',
    ],
    ['no instance', '{}', '', 'PLM-365 GET U/: the answer is empty, so no instance reports'],
    [
      'only silent instances',
      '{"a":null}',
      '',
      'PLM-365 GET U/: the answer is empty, so no instance reports',
    ],
    [
      'one instance that is odd',
      '{"a":1,"b":"2"}',
      '',
      'PLM-365 GET U/: the answer has under "b" what is the text "2", not a number; let it be sent without quotes',
    ],
    [
      'an instance twice',
      '[{"instance":"a","value":1},{"a":2}]',
      '',
      'PLM-365 GET U/: the answer has "a" twice',
    ],
    [
      'a list of numbers',
      '[1,2]',
      '',
      'PLM-365 GET U/: the answer is a list; it must hold {"instance": name, "value": number}, or be one number',
    ],
    [
      'another shape',
      '{"queue":{"size":3}}',
      '/queue/length',
      'PLM-364 GET U/: there is no "length" in /queue, which has "size"',
    ],
    [
      'a page',
      '<html>\n<h1>Welcome</h1>',
      '',
      'PLM-362 GET U/ answered "<html> <h1>Welcome</h1>", which is not JSON',
    ],
    ['an empty body', '', '', 'PLM-362 GET U/ answered an empty body, which is not JSON'],
  ])('says what it saw instead of a number: %s', async (_what, body, pointer, gap) => {
    answer = (_request, response) => response.end(body)
    expect(await read({ pointer })).toEqual({ gap: gap.replace('U', url) })
  })

  it.each<[number, Record<string, string>, string]>([
    [503, {}, 'answered 503 Service Unavailable: "down for maintenance"'],
    [404, {}, 'answered 404 Not Found: "down for maintenance"'],
    [
      302,
      { location: 'http://elsewhere/x?key=secret' },
      'answered 302 Found to "http://elsewhere/x"; redirects are not followed, set the URL to where it leads',
    ],
  ])('says with which status it was turned away: %i', async (status, headers, said) => {
    answer = (_request, response) => response.writeHead(status, headers).end('down for\nmaintenance')
    expect(await read()).toEqual({ gap: `PLM-361 GET ${url}/ ${said}` })
    expect(asked).toHaveLength(1)
  })

  it('sends the headers it is given, and repeats nothing of a URL that may be secret', async () => {
    answer = (_request, response) => response.writeHead(500).end()
    const secret = url.replace('http://', 'http://user:password@')
    const gap = await read({ url: `${secret}/stats?key=s3cr3t`, headers: { authorization: 'Bearer t0ken' } })
    expect(asked[0]?.headers.authorization).toBe('Bearer t0ken')
    expect(gap).toEqual({ gap: `PLM-361 GET ${url}/stats?... answered 500 Internal Server Error` })
  })

  it('asks once more when the connection breaks, and takes the second answer', async () => {
    answer = (request, response) => (asked.length === 1 ? request.socket.destroy() : response.end('5'))
    expect(await read()).toEqual({ samples: [{ at: NOON, value: 5 }] })
    expect(asked).toHaveLength(2)
  })

  it('asks no more than twice', async () => {
    answer = request => request.socket.destroy()
    expect(await read()).toEqual({ gap: expect.stringMatching(/^PLM-360 GET .* could not be asked: /) })
    expect(asked).toHaveLength(2)
  })

  it('says when nobody listens there', async () => {
    const nobody = createTcpServer()
    await once(nobody.listen(0, '127.0.0.1'), 'listening')
    const port = portOf(nobody)
    nobody.close()
    await once(nobody, 'close')
    const gap = await read({ url: `http://127.0.0.1:${port}/x` })
    expect(gap).toEqual({ gap: expect.stringMatching(/^PLM-360 GET .* could not be asked: .*ECONNREFUSED/) })
  })

  it('does not wait longer than its time limit, for the head or for the rest of the body', async () => {
    const late = { gap: `PLM-363 GET ${url}/ was not answered in full within 200 ms` }
    answer = () => {}
    expect(await read({ timeoutMs: 200 })).toEqual(late)
    answer = (_request, response) => {
      response.write('{"n":')
    }
    expect(await read({ timeoutMs: 200 })).toEqual(late)
  })

  it('takes no more than a mebibyte, declared or not', async () => {
    const large = JSON.stringify({ n: 1, padding: 'x'.repeat(1_100_000) })
    const tooMuch = { gap: `PLM-367 GET ${url}/ answered more than 1048576 bytes` }
    answer = (_request, response) => response.end(large)
    expect(await read({ pointer: '/n' })).toEqual(tooMuch)
    answer = (_request, response) => {
      for (let n = 0; n < large.length; n += 65_536) response.write(large.slice(n, n + 65_536))
      response.end()
    }
    expect(await read({ pointer: '/n' })).toEqual(tooMuch)
  })

  it('asks the same URL once per read for all who need it, and another with other headers', async () => {
    answer = (request, response) => response.end(JSON.stringify({ a: 1, b: 2, who: request.headers.who }))
    const queries = [
      query({ url, pointer: '/a' }),
      query({ url, pointer: '/b' }, 'shop'),
      query({ url, pointer: '/c' }),
      query({ url, pointer: '/a', headers: { who: 'x' } }),
    ]
    const answers = await source.read(queries, WINDOW, AbortSignal.timeout(20_000))
    expect(answers).toEqual([
      { samples: [{ at: NOON, value: 1 }] },
      { samples: [{ at: NOON, value: 2 }] },
      { gap: expect.stringContaining('there is no "c"') },
      { samples: [{ at: NOON, value: 1 }] },
    ])
    expect(asked).toHaveLength(2)
    await read()
    expect(asked).toHaveLength(3)
  })

  it('asks only so many at a time', async () => {
    let open = 0
    let most = 0
    answer = (_request, response) => {
      open += 1
      most = Math.max(most, open)
      setImmediate(() => {
        open -= 1
        response.end('1')
      })
    }
    const queries = Array.from({ length: 40 }, (_, n) => query({ url: `${url}/${n}` }))
    const answers = await source.read(queries, WINDOW, AbortSignal.timeout(20_000))
    expect(answers.every(one => 'samples' in one)).toBe(true)
    expect(asked).toHaveLength(40)
    expect(most).toBeLessThanOrEqual(8)
  })

  it.each([{ url: 'ftp://example.org/' }, { url: 'nowhere' }, { timeoutMs: '5s' }, { headers: ['x'] }])(
    'says which of its options it cannot use: %j',
    async options => {
      const [name = ''] = Object.keys(options)
      expect(await read(options)).toEqual({
        gap: expect.stringMatching(new RegExp(`^PLM-366 metric "orders" has options .*${name}`)),
      })
    },
  )
})
