/** The quickstart's application, started by hand as its reader would: what it answers, where it is full, how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createApi } from '../src/api/api.ts'
import { instance, specOf } from './builders/journal.ts'
import { createStandIn } from './builders/runtime.ts'
import { sheddingFleet } from './builders/settings.ts'

const APP = fileURLToPath(new URL('../examples/quickstart/app.mjs', import.meta.url))
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

async function start(env: Record<string, string> = {}) {
  const port = await freePort()
  const child = spawn(process.execPath, [APP], {
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
