/** The quickstart's applications, started by hand as their reader would: what they answer, where one is full, how they end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createApi } from '../src/api/api.ts'
import { instance, specOf } from './builders/journal.ts'
import { createStandIn } from './builders/runtime.ts'
import { sheddingFleet } from './builders/settings.ts'

const APP = fileURLToPath(new URL('../examples/quickstart/app.mjs', import.meta.url))
const ROOMS = fileURLToPath(new URL('../examples/quickstart/rooms.mjs', import.meta.url))
const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function start(env: Record<string, string> = {}, app = APP) {
  const port = await freePort()
  const child = spawn(process.execPath, [app], {
    env: { ...process.env, PORT: String(port), PLIMSOLL_INSTANCE: 'web-1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const printed: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => printed.push(text))
  await once(child.stdout, 'data')
  return { child, printed, url: (path: string) => `http://127.0.0.1:${port}${path}` }
}

describe('the quickstart’s application', () => {
  it('says in one line where it listens, and who answered', async () => {
    const app = await start()
    const answer = await fetch(app.url('/'))
    expect([answer.status, answer.headers.get('x-instance'), await answer.text()]).toEqual([
      200,
      'web-1',
      'Hello from web-1.\n',
    ])
    expect((await fetch(app.url('/health'))).status).toBe(200)
    expect((await fetch(app.url('/nowhere'))).status).toBe(404)
    expect(app.printed.join('')).toBe(`web-1 listens on ${app.url('')}\n`)
  })

  it('serves as many at once as it has places, lets a line wait and turns the rest away', async () => {
    const app = await start({ APP_PLACES: '2', APP_LINE: '3', APP_WAIT_MS: '1000' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(app.url('/'))))
    const count = (status: number) => answers.filter(answer => answer.status === status).length
    expect({ served: count(200), turnedAway: count(503) }).toEqual({ served: 5, turnedAway: 5 })
  })

  it('turns reports away while Plimsoll says so, and nothing else', async () => {
    const runtime = createStandIn(specOf(sheddingFleet()))
    const api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
    const { url } = await api.listen()
    const seen = { instances: [instance('web-1')] }
    await runtime.tick('web', { ...seen, at: runtime.at, cpu: 95 })
    const app = await start({ PLIMSOLL_API: url, PLIMSOLL_FLEET: 'web', APP_REPORT_MS: '1' })
    const report = async () => {
      const answer = await fetch(app.url('/report'))
      return `${answer.status} ${await answer.text()}`
    }
    await expect.poll(report, { timeout: 15_000 }).toBe('503 Reports are off while it is busy.\n')
    expect((await fetch(app.url('/'))).status).toBe(200)
    await runtime.tick('web', { ...seen, at: runtime.at + 1000, cpu: 50 })
    await expect.poll(report, { timeout: 15_000 }).toBe('200 A long report from web-1.\n')
    await runtime.tick('web', { ...seen, at: runtime.at + 1000, cpu: 95 })
    await expect.poll(report, { timeout: 15_000 }).toMatch(/^503/)
    await api.close()
    expect(await report()).toMatch(/^503/)
  })

  it('serves reports without Plimsoll', async () => {
    const app = await start({ APP_REPORT_MS: '1' })
    expect((await fetch(app.url('/report'))).status).toBe(200)
  })

  it('finishes what is under way when told to end, takes nothing new, and leaves with 0', async () => {
    const app = await start()
    const underWay = await fetch(app.url('/slow?ms=300'))
    const exit = once(app.child, 'exit')
    app.child.kill('SIGTERM')
    expect(await underWay.text()).toBe('Hello from web-1, after 300 ms.\n')
    expect(await exit).toEqual([0, null])
    await expect(fetch(app.url('/health'))).rejects.toThrow()
  })
})

describe('the quickstart’s rooms', () => {
  /** Everything that is said to somebody who came in. */
  async function enter(url: string, session: string) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}?session=${session}`)
    const heard: string[] = []
    socket.on('message', text => heard.push(String(text)))
    const closed = once(socket, 'close').then(([code]) => Number(code))
    await once(socket, 'open')
    return { socket, heard, closed }
  }
  const startRooms = () => start({ PLIMSOLL_ZONE: 'b' }, ROOMS)

  it('tell everybody in the room what one of them says, and who comes and goes', async () => {
    const rooms = await startRooms()
    const ada = await enter(rooms.url('/'), 'ada')
    const bob = await enter(rooms.url('/'), 'bob')
    expect(await (await fetch(rooms.url('/'))).text()).toBe('web-1 in zone b, 2 in the room\n')
    bob.socket.send('hello')
    const long = 'ä'.repeat(1000)
    bob.socket.send(long)
    await expect
      .poll(() => ada.heard, { timeout: 15_000 })
      .toEqual(['ada came, 1 in the room', 'bob came, 2 in the room', 'bob: hello', `bob: ${long}`])
    bob.socket.close(1000)
    expect(await bob.closed).toBe(1000)
    await expect.poll(() => ada.heard.at(-1), { timeout: 15_000 }).toBe('bob left, 1 in the room')
    const pong = once(ada.socket, 'pong')
    ada.socket.ping('there?')
    expect(String((await pong)[0])).toBe('there?')
  })

  it('stay well whatever somebody sends them', async () => {
    const rooms = await startRooms()
    const talker = await enter(rooms.url('/'), 'talker')
    talker.socket.send('x'.repeat(5000))
    expect(await talker.closed).toBe(1009)
    const flood = await enter(rooms.url('/'), 'flood')
    flood.socket.send('x'.repeat(100_000))
    expect(await flood.closed).toBe(1009)
    const rude = await enter(rooms.url('/'), 'rude')
    rude.socket.terminate()
    await rude.closed
    expect((await fetch(rooms.url('/health'))).status).toBe(200)
    await expect
      .poll(async () => (await fetch(rooms.url('/'))).text(), { timeout: 15_000 })
      .toContain(' 0 in the room')
  })

  it('tell those who are there that they go away when they are told to end', async () => {
    const rooms = await startRooms()
    const ada = await enter(rooms.url('/'), 'ada')
    const exit = once(rooms.child, 'exit')
    rooms.child.kill('SIGTERM')
    expect(await ada.closed).toBe(1001)
    expect(await exit).toEqual([0, null])
  })
})
