import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { PluginError } from '../../../ports/plugin.ts'
import {
  BareConnection,
  eventually,
  type Fleet,
  type FleetSettings,
  MovableClock,
  OPTIONS,
  Signal,
  startFleet,
} from './fleet.fixture.ts'
import { createProxyRouter } from './proxy.ts'

const fleets: Fleet[] = []
const signal = (): AbortSignal => AbortSignal.timeout(10_000)
const context = { fleet: 'web', clock: new MovableClock(), log: () => {} }

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

async function start(settings: FleetSettings = {}): Promise<Fleet> {
  const fleet = await startFleet(settings)
  fleets.push(fleet)
  return fleet
}

async function refusal(listen: { host: string; port: number }): Promise<unknown> {
  return createProxyRouter({ ...OPTIONS, listen }, context).then(
    router => router.close(),
    (error: unknown) => error,
  )
}

describe('where it listens', () => {
  it('is told, also when the operating system chose the port', async () => {
    const fleet = await start()
    expect(fleet.router.address).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,5}$/)
    expect((await fleet.router.check(signal())).detail).toBe(
      `listening on ${fleet.router.address}, 2 of 2 instances open`,
    )
  })

  it('cannot be a port that is taken: the error says which, and what to do', async () => {
    const fleet = await start()
    const error = await refusal({ host: '127.0.0.1', port: fleet.port })
    expect(error).toBeInstanceOf(PluginError)
    expect(error).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(
        new RegExp(
          `^PLM-330 The proxy of fleet "web" cannot listen on 127.0.0.1:${fleet.port}: another program listens there already\\. .*port 0 takes any free one\\.$`,
        ),
      ),
    })
  })

  it('cannot be an address this machine does not have', async () => {
    expect(await refusal({ host: '203.0.113.1', port: 0 })).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(/^PLM-330 .* this machine has no such address/),
    })
  })

  it('is free again after the close', async () => {
    const fleet = await start()
    await fleet.router.close()
    const again = createServer().listen(fleet.port, '127.0.0.1')
    await new Promise(resolve => again.once('listening', resolve))
    await new Promise(resolve => again.close(resolve))
  })
})

it('refuses a cookie secret of nothing', async () => {
  const cookie = { name: 'plimsoll', ttlMs: 1_000, secret: '' }
  await expect(createProxyRouter({ ...OPTIONS, cookie }, context)).rejects.toMatchObject({
    kind: 'misconfigured',
    message: expect.stringMatching(/^PLM-331 .*leave it out for one made up at each start/),
  })
})

it('names the instances it knows when asked to close another', async () => {
  const fleet = await start()
  await expect(fleet.router.closeInstance('web-7', signal())).rejects.toMatchObject({
    kind: 'not-found',
    message:
      'PLM-339 The proxy of fleet "web" knows no instance "web-7"; it routes to web-1, web-2. It is told of instances at each tick.',
  })
})

describe('the close', () => {
  it('lets what is in flight end, turns away who waits and who comes, and happens once', async () => {
    const goOn = new Signal()
    const begun = new Signal()
    const fleet = await start({
      instances: 1,
      options: { concurrency: 1 },
      serve: (_request, response) => {
        begun.fire()
        void goOn.happened.then(() => response.end('done'))
      },
    })
    const served = fleet.get('/')
    await begun.happened
    const idle = new BareConnection(fleet.port)
    idle.write('GET / HTTP/1.1', 'Host: a', '', '')
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    const closed = fleet.router.close()
    expect(fleet.router.close()).toBe(closed)
    expect(await idle.until('PLM-338')).toMatch(
      /^HTTP\/1.1 503 [\s\S]*PLM-338 The proxy of the fleet "web" is ending/,
    )
    expect((await fleet.router.check(signal())).ok).toBe(false)
    goOn.fire()
    expect((await served).body).toBe('done')
    await closed
  })

  it('cuts what does not end within its deadline', async () => {
    const begun = new Signal()
    const fleet = await start({ instances: 1, serve: () => begun.fire(), limits: { closeDeadlineMs: 20 } })
    const client = new BareConnection(fleet.port).write('GET / HTTP/1.1', 'Host: a', '', '')
    await begun.happened
    await fleet.router.close()
    expect(await client.untilClosed()).toBe('')
  })

  it('is not held up by connections that wait for a next request', async () => {
    const fleet = await start()
    await fleet.get('/')
    const idle = new BareConnection(fleet.port).write('GET / HTTP/1.1', 'Host: a', '', '')
    await idle.until('hello')
    await fleet.router.close()
    await idle.untilClosed()
  })
})

describe('its measurements', () => {
  it('tell requests, errors and latency, of each instance and of the fleet', async () => {
    const fleet = await start({
      serve: (request, response) => {
        response.statusCode = request.url === '/bad' ? 500 : 200
        response.end()
      },
    })
    for (let i = 0; i < 10; i++) await fleet.get(i < 5 ? '/bad' : '/')
    fleet.clock.setForward(500)
    const { fleet: all, instances } = fleet.router.readings()
    expect(all).toMatchObject({ inFlight: 0, queueLength: 0, errorRatio: 0.5, settled: true })
    expect(all.errorsPerSecond).toBeCloseTo(all.requestsPerSecond / 2, 6)
    expect(all.requestsPerSecond).toBeGreaterThanOrEqual(5)
    const { latencyP50Ms, latencyP95Ms, latencyP99Ms } = all
    for (const latency of [latencyP50Ms, latencyP95Ms, latencyP99Ms]) expect(latency).toBeGreaterThan(0)
    expect(latencyP50Ms ?? 0).toBeLessThanOrEqual(latencyP99Ms ?? 0)
    expect([...instances.keys()]).toEqual(['web-1', 'web-2'])
    const sum = [...instances.values()].reduce((total, { requestsPerSecond }) => total + requestsPerSecond, 0)
    expect(sum).toBeCloseTo(all.requestsPerSecond, 6)
    fleet.clock.setForward(6_000)
    expect(fleet.router.readings().fleet).toMatchObject({
      requestsPerSecond: 0,
      errorRatio: null,
      latencyP50Ms: null,
    })
  })

  it('count a refusal as an error without a latency', async () => {
    const fleet = await start({ instances: 1, options: { queue: 0 } })
    await fleet.route({ 'web-1': 'closed' })
    await fleet.get('/')
    fleet.clock.setForward(500)
    expect(fleet.router.readings().fleet).toMatchObject({ errorRatio: 1, latencyP99Ms: null })
  })

  it('count a client that left neither as served nor as an error', async () => {
    const begun = new Signal()
    const fleet = await start({ instances: 1, serve: () => begun.fire() })
    const client = new BareConnection(fleet.port).write('GET / HTTP/1.1', 'Host: a', '', '')
    await begun.happened
    expect(fleet.router.readings().instances.get('web-1')?.inFlight).toBe(1)
    client.socket.destroy()
    await eventually(() => fleet.router.readings().fleet.inFlight === 0)
    fleet.clock.setForward(500)
    expect(fleet.router.readings().fleet).toMatchObject({ errorRatio: null, latencyP50Ms: null })
  })
})
