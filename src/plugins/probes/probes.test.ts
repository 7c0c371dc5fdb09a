import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { healthProbeAcceptance } from '../../ports/health-probe.acceptance.ts'
import { createCommandProbe } from './command.ts'
import { createHttpProbe } from './http.ts'
import { createTcpProbe } from './tcp.ts'
import { verdictOf } from './verdict.ts'

const never = new AbortController().signal

function one(id: string, address: string | null) {
  return { id, incarnation: null, address }
}

async function listen<S extends Server | TcpServer>(server: S): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  return (server.address() as AddressInfo).port
}

/** A port nobody listens on: it was taken a moment ago. */
async function closedPort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

function answering(status: number, body: string): Server {
  return createServer((_request, response) => response.writeHead(status).end(body))
}

healthProbeAcceptance('http', async () => {
  const well = answering(200, 'ok')
  const ill = answering(503, 'no')
  const hung = createServer(() => undefined)
  const ports = await Promise.all([well, ill, hung].map(listen))
  const [first, second, third] = ports.map((port, index) => one(`${index}`, `http://127.0.0.1:${port}`))
  if (first === undefined || second === undefined || third === undefined) throw new Error('no server')
  return {
    probe: createHttpProbe({ path: '/healthz', port: null }),
    well: first,
    ill: second,
    hung: third,
    nowhere: one('nowhere', null),
    end: async () => {
      for (const server of [well, ill, hung]) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
})

healthProbeAcceptance('tcp', async () => {
  const server = createTcpServer(socket => socket.on('error', () => undefined))
  const port = await listen(server)
  return {
    probe: createTcpProbe({ port: null }),
    well: one('well', `127.0.0.1:${port}`),
    ill: one('ill', `127.0.0.1:${await closedPort()}`),
    hung: null,
    nowhere: one('nowhere', null),
    end: async () => void server.close(),
  }
})

healthProbeAcceptance('command', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'))
  const script = join(folder, 'well.sh')
  writeFileSync(
    script,
    '#!/bin/sh\ncase "$PLIMSOLL_INSTANCE" in well) exit 0;; hung) exec sleep 600;; *) exit 1;; esac\n',
  )
  chmodSync(script, 0o755)
  return {
    probe: createCommandProbe({ command: [script], env: {}, cwd: folder, timeoutMs: 2_000 }),
    well: one('well', null),
    ill: one('ill', null),
    hung: one('hung', null),
    nowhere: null,
    end: async () => rmSync(folder, { recursive: true, force: true }),
  }
})

describe('the http probe', () => {
  let server: Server
  let port = 0
  const asked: string[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/long') response.end('x'.repeat(10_000_000))
      else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end()
      else response.end('{"state":"initializing","detail":"loading maps"}')
    })
    port = await listen(server)
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const ask = (path: string, address: string, to: number | null = null) =>
    createHttpProbe({ path, port: to }).probe(one('web-1', address), never)

  it('asks its path, at the port of the address or another one', async () => {
    asked.length = 0
    await ask('/healthz?deep=1', `http://127.0.0.1:${port}/app/`)
    await ask('/well', 'http://127.0.0.1:1', port)
    await ask('/bare', '127.0.0.1', port)
    expect(asked).toEqual(['/healthz?deep=1', '/well', '/bare'])
  })

  it('hears an instance say that it still starts', async () => {
    expect(await ask('/healthz', `http://127.0.0.1:${port}`)).toEqual({
      state: 'initializing',
      detail: `HTTP 200 from http://127.0.0.1:${port}/healthz: loading maps`,
    })
  })

  it('reads no more than it needs, and follows nobody elsewhere', async () => {
    expect(await ask('/long', `http://127.0.0.1:${port}`)).toMatchObject({ state: 'healthy' })
    expect(await ask('/moved', `http://127.0.0.1:${port}`)).toMatchObject({ state: 'unhealthy' })
  })

  it('finds nobody there', async () => {
    const nobody = await closedPort()
    expect(await ask('/healthz', `http://127.0.0.1:${nobody}`)).toMatchObject({
      state: 'unhealthy',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('does not take what is wrong here for what is wrong there', async () => {
    // A network that is down gives an error of its own kind; the kernel gives one for an address of no route.
    expect(await ask('/healthz', 'http://255.255.255.255:80')).toMatchObject({ state: 'unknown' })
  })
})

describe('the command probe', () => {
  it('knows nothing where its command cannot be started', async () => {
    const probe = createCommandProbe({ command: ['./no-such-thing'], env: {}, cwd: null, timeoutMs: 1_000 })
    expect(await probe.probe(one('web-1', null), never)).toMatchObject({ state: 'unknown' })
    expect(await probe.check(never)).toMatchObject({ ok: false })
  })

  it('is told the instance, and what it prints may say more than its exit code', async () => {
    const code =
      'console.log(JSON.stringify({ state: "unhealthy", detail: [process.env.PLIMSOLL_INSTANCE, process.env.PLIMSOLL_ADDRESS, process.env.TEAM].join(" ") }))'
    const command = [process.execPath, '-e', code]
    const probe = createCommandProbe({ command, env: { TEAM: 'rooms' }, cwd: null, timeoutMs: 10_000 })
    const verdict = await probe.probe(one('web-1', 'http://a:1'), never)
    expect(verdict.state).toBe('unhealthy')
    expect(verdict.detail).toContain('web-1 http://a:1 rooms')
  })
})

describe('an answer', () => {
  it.each([
    [true, '', 'healthy'],
    [false, '', 'unhealthy'],
    [true, '{"state":"healthy"}', 'healthy'],
    [false, '{"state":"healthy"}', 'unhealthy'],
    [true, '{"state":"unhealthy"}', 'unhealthy'],
    [true, '{"state":"initializing"}', 'initializing'],
    [false, '{"state":"initializing"}', 'initializing'],
    [true, '{"ApplicationHealthState":"Healthy"}', 'healthy'],
    [true, '{"ApplicationHealthState":"Unhealthy"}', 'unhealthy'],
    [true, '{"ApplicationHealthState":"Initializing"}', 'initializing'],
    [true, '{"ApplicationHealthState":"Unknown"}', 'unknown'],
    [false, '{"ApplicationHealthState":"Unknown"}', 'unhealthy'],
    [true, '{"state":"on fire"}', 'healthy'],
    [true, '{"state":', 'healthy'],
    [true, '[]', 'healthy'],
    [false, '{"state":7}', 'unhealthy'],
  ])('that is good: %s, and says %s, is %s', (good, body, state) => {
    expect(verdictOf(good, 'seen', body).state).toBe(state)
  })
})
