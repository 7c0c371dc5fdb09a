/**
 * Range queries on a real Prometheus with a past of our making, and on servers that fail in every way. Needs `prometheus` and `promtool`
 * on the PATH for the first.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../test/builders/until.ts'
import type { LoadTrace } from '../trace.ts'
import { parseRangeQuery } from './prometheus-source.ts'
import { readTrace, type TraceOptions } from './read-trace.ts'
import { TraceError } from './trace-error.ts'

const NOON = Date.UTC(2026, 10, 21, 12)

const REQUIRED = process.env.PLIMSOLL_REQUIRE_PEERS === '1'
const FOUND = ['prometheus', 'promtool'].every(program => spawnSync(program, ['--version']).status === 0)
const TITLE = FOUND || REQUIRED ? 'a real Prometheus' : 'a real Prometheus (prometheus is not installed)'

async function load(source: string, options: TraceOptions = {}): Promise<LoadTrace> {
  const trace = await readTrace(source, options)
  if (trace.kind !== 'load') throw new Error('sessions were read')
  return trace
}

async function failure(reading: Promise<unknown>): Promise<TraceError> {
  const error = await reading.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof TraceError) return error
  throw new Error(`expected a TraceError, not ${String(error)}`)
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const port = portOf(socket)
  socket.close()
  await once(socket, 'close')
  return port
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens nowhere')
  return address.port
}

describe.skipIf(!FOUND && !REQUIRED)(TITLE, () => {
  const HOURS = 30
  const STEP_S = 10
  const POINTS = (HOURS * 3600) / STEP_S
  let folder: string
  let server: ChildProcess
  let address: string

  /** Users of two instances every ten seconds for thirty hours, but for a quarter of an hour in which nothing was measured. */
  function past(): string {
    const lines = ['# TYPE users gauge']
    for (const [instance, base] of [
      ['a', 100],
      ['b', 200],
    ] as const) {
      for (let point = 0; point < POINTS; point++) {
        if (point >= 3600 && point < 3690) continue
        const at = NOON / 1000 + point * STEP_S
        lines.push(`users{instance="${instance}",job="web"} ${base + (point % 60)} ${at}`)
      }
    }
    return `${lines.join('\n')}\n# EOF\n`
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-prometheus-'))
    writeFileSync(path.join(folder, 'past.om'), past())
    writeFileSync(path.join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
    const data = path.join(folder, 'data')
    const written = spawnSync(
      'promtool',
      ['tsdb', 'create-blocks-from', 'openmetrics', '-q', 'past.om', data],
      { cwd: folder },
    )
    expect(`${written.status} ${written.stderr}`).toBe('0 ')
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    server = spawn(
      'prometheus',
      [
        `--config.file=${path.join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    )
    await until('Prometheus is ready', async () => (await fetch(`${address}/-/ready`)).ok)
  }, 60_000)

  afterAll(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  const whole = (query: string, step = '10s') =>
    `prometheus:${address}?query=${query}&from=2026-11-21T12:00:00Z&to=${new Date(NOON + (POINTS - 1) * STEP_S * 1000).toISOString()}&step=${step}`

  it('is asked in two windows for more points than it answers at once', async () => {
    const trace = await load(whole('sum(users)'))
    expect(trace).toMatchObject({ name: '127.0.0.1', startAt: NOON, stepMs: 10_000, length: POINTS })
    const values = trace.columns.value ?? new Float64Array()
    expect([...values.slice(0, 3), ...values.slice(-3)]).toEqual([300, 302, 304, 414, 416, 418])
    const known = [...values].flatMap((value, point) =>
      Number.isNaN(value) ? [] : [value === 300 + 2 * (point % 60)],
    )
    // A value counts for five minutes there, so that of fifteen minutes ten are gaps.
    expect(known.length).toBe(POINTS - 60)
    expect(known.filter(same => !same).length).toBe(30)
    expect(trace.repairs).toMatchObject([{ what: 'gap', count: 60 }])
  })

  it('answers several series as columns named by what tells them apart, or one that is asked for', async () => {
    const trace = await load(whole('users{job="web"}', '5m'))
    expect(Object.keys(trace.columns)).toEqual(['{instance="a"}', '{instance="b"}'])
    expect(trace.columns['{instance="b"}']?.slice(0, 3)).toEqual(Float64Array.of(200, 230, 200))
    const one = await load(whole('users', '5m'), { column: '{instance="a"}' })
    expect(Object.keys(one.columns)).toEqual(['{instance="a"}'])
    expect((await failure(load(whole('users', '5m'), { column: '{instance="c"}' }))).code).toBe('PLM-703')
  })

  it('keeps a plus in a query, and says what it does not understand', async () => {
    const trace = await load(whole('users{instance="a"}+1', '1h'))
    expect(trace.columns.value?.[0]).toBe(101)
    const { code, message } = await failure(load(whole('sum(users')))
    expect(code).toBe('PLM-711')
    expect(message).toMatch(/it refused the query sum\(users \(400\): .*unclosed left parenthesis/)
  })

  it('says when there is nothing', async () => {
    const { code, message } = await failure(load(whole('persons')))
    expect(code).toBe('PLM-712')
    expect(message).toContain('the query persons has no data between 2026-11-21T12:00:00.000Z and')
  })

  it('takes a step of its own over the one of the source', async () => {
    expect(await load(whole('sum(users)'), { stepMs: 3_600_000 })).toMatchObject({
      stepMs: 3_600_000,
      length: HOURS,
    })
  })
})

describe('a server that is no good Prometheus', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function serving(answer: RequestListener): Promise<string> {
    const server = createServer(answer).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${portOf(server)}`
  }

  const matrix = (result: unknown) =>
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })
  const asking = (server: string) =>
    `prometheus:${server}?query=up&from=2026-11-21T12:00:00Z&to=2026-11-21T12:02:00Z`

  it('is tried three times while it fails, and believed when it answers', async () => {
    let asked = 0
    const server = await serving((_, response) => {
      asked++
      if (asked < 3) response.writeHead(503).end('{"error":"starting up"}')
      else
        response.end(
          matrix([
            {
              metric: {},
              values: [
                [NOON / 1000, '1'],
                [NOON / 1000 + 60, '+Inf'],
                [NOON / 1000 + 120, '-1'],
              ],
            },
          ]),
        )
    })
    const trace = await load(asking(server))
    expect([asked, trace.columns.value]).toEqual([3, Float64Array.of(1, Number.NaN, Number.NaN)])
    expect(trace.repairs.map(({ what }) => what)).toEqual(['negative', 'absurd', 'gap'])
  })

  it('is given up after three times, with what it said', async () => {
    const server = await serving((_, response) => response.writeHead(500).end('{"error":"disk on fire"}'))
    const { code, message } = await failure(load(asking(server)))
    expect(code).toBe('PLM-710')
    expect(message).toContain('tried 3 times: it answered 500: disk on fire. Is it running there?')
  })

  it('is given up when nothing listens, or nothing comes in time', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    expect((await failure(load(asking(nobody)))).message).toContain('ECONNREFUSED')
    const silent = await serving(() => {})
    expect((await failure(load(asking(silent), { timeoutMs: 20 }))).message).toContain(
      'no answer within 0.02 s',
    )
  })

  it('is not believed when it answers something else', async () => {
    const server = await serving((_, response) => response.end('<html>Welcome</html>'))
    expect((await failure(load(asking(server)))).message).toContain('what answered is no Prometheus')
  })

  it('may not answer more series than columns can be', async () => {
    const many = Array.from({ length: 101 }, (_, id) => ({ metric: { id: String(id) }, values: [] }))
    const server = await serving((_, response) => response.end(matrix(many)))
    const error = await failure(load(asking(server)))
    expect(error).toMatchObject({ code: 'PLM-712', message: expect.stringContaining('Sum them: sum(up)') })
  })

  it('is told user and password, or a token, and no message shows them', async () => {
    const seen: (string | undefined)[] = []
    const server = await serving(({ headers }, response) => {
      seen.push(headers.authorization)
      response.writeHead(401).end('no')
    })
    const { message } = await failure(load(asking(server.replace('//', '//me:hush@'))))
    await failure(load(asking(server), { token: 'abc' }))
    expect(seen).toEqual([`Basic ${Buffer.from('me:hush').toString('base64')}`, 'Bearer abc'])
    expect(message).not.toContain('hush')
  })
})

describe('a source written as one line', () => {
  it('says from when to when by times, or by how long ago', () => {
    const range = parseRangeQuery(
      'prometheus:https://me:x@metrics.example:9090/prom/?query=a%26b&from=2h&step=30s',
      NOON + 7000,
    )
    expect(range).toEqual({
      server: 'https://metrics.example:9090/prom',
      credentials: 'me:x',
      query: 'a&b',
      from: NOON - 7_200_000 + 30_000,
      to: NOON + 7000,
      stepMs: 30_000,
    })
  })

  it.each([
    { source: 'prometheus:127.0.0.1:9090', code: 'PLM-715', says: 'is no http address' },
    { source: 'prometheus:http://127.0.0.1:9090', code: 'PLM-715', says: 'it has no query' },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up',
      code: 'PLM-715',
      says: 'it does not say from when',
    },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up&form=1d',
      code: 'PLM-715',
      says: 'did you mean "from"?',
    },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up&from=soon',
      code: 'PLM-715',
      says: '"soon" is no time',
    },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up&from=1d&to=2d',
      code: 'PLM-715',
      says: 'before it begins',
    },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up&from=1d&step=fast',
      code: 'PLM-708',
      says: '"fast" is no step',
    },
    {
      source: 'prometheus:http://127.0.0.1:9090?query=up&from=365d&step=1s',
      code: 'PLM-705',
      says: 'Give --step 10s',
    },
  ])('$source is refused: $says', async ({ source, code, says }) => {
    const error = await failure(readTrace(source))
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
  })
})
