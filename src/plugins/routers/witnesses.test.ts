/** Broker and proxy as witnesses of the same sessions: the contract of one router, and what neither may say alone. */
import { describe, expect, it } from 'vitest'
import type { Load } from '../../model/inventory.ts'
import { PluginError } from '../../ports/plugin.ts'
import { type RouterRig, sessionRouterAcceptance } from '../../ports/session-router.acceptance.ts'
import type { RoutedInstance, SessionRouter } from '../../ports/session-router.ts'
import { SPEC, seededRandom } from '../../sessions/broker.fixture.ts'
import { createBroker } from '../../sessions/broker.ts'
import { createMemorySessionLog } from '../../sessions/memory-log.ts'
import type { SessionBroker } from '../../sessions/session-broker.ts'
import { BareConnection, type Fleet, OPTIONS, startFleet } from './proxy/fleet.fixture.ts'
import { createWitnesses } from './witnesses.ts'

const TTL_MS = 60_000
const soon = (): AbortSignal => AbortSignal.timeout(10_000)

interface Both {
  readonly fleet: Fleet
  readonly broker: SessionBroker
  readonly router: SessionRouter
  /** Each in a zone of its own, so that the broker can be asked for just this one. */
  readonly instances: readonly Omit<RoutedInstance, 'admission'>[]
}

async function startBoth(): Promise<Both> {
  const fleet = await startFleet({
    instances: 3,
    options: { cookie: { name: 'plimsoll', ttlMs: TTL_MS, secret: null }, concurrency: OPTIONS.concurrency },
  })
  const broker = createBroker({
    fleet: 'web',
    spec: { ...SPEC, slotsPerInstance: 100 },
    log: createMemorySessionLog(),
    clock: fleet.clock,
    random: seededRandom(7),
    holder: 'test',
  })
  const router = createWitnesses([fleet.router, broker])
  await router.route([], soon())
  const instances = fleet.instances.map(({ id, address }) => ({ id, address, incarnation: null, zone: id }))
  return { fleet, broker, router, instances }
}

async function createRig(): Promise<RouterRig> {
  const { fleet, broker, router, instances } = await startBoth()
  return {
    router,
    instances,
    placeSession: async () => {
      const first = await fleet.get('/')
      // Closed in between, it stays a session of the proxy alone.
      await broker.place({ zone: first.instance })
      const headers = { cookie: first.cookie ?? '' }
      return { instance: first.instance, goOn: async () => (await fleet.get('/', { headers })).instance }
    },
    endSessions: async () => {
      fleet.clock.setForward(TTL_MS)
      const { sessions } = broker.list({ limit: 1_000 })
      await broker.releaseMany(sessions.map(({ id }) => id))
    },
    dispose: async () => {
      await router.close()
      await fleet.end()
    },
  }
}

sessionRouterAcceptance('broker and proxy as witnesses', createRig)

describe('witnesses', () => {
  it('do not call an instance empty while the balancer still has a connection to it', async () => {
    const { fleet, broker, router, instances } = await startBoth()
    const [first] = instances
    if (first === undefined) throw new Error('no instance')
    await router.route([{ ...first, admission: 'open' }], soon())
    await broker.place({ sessionId: 's1' })
    fleet.instance(first.id).server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.pipe(socket)
    })
    const user = new BareConnection(fleet.port)
    user.write(
      'GET / HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    )
    await user.until('101')
    await router.closeInstance(first.id, soon())
    await broker.release('s1')
    fleet.clock.setForward(TTL_MS)
    expect((await broker.readLoads(soon())).get(first.id)).toMatchObject({ kind: 'known', slots: 0 })
    expect((await router.readLoads(soon())).get(first.id)).toMatchObject({ kind: 'known', slots: 1 })
    await expect(router.sealInstance(first.id, soon())).rejects.toThrow(/PLM-383/)
    // The broker was not sealed either: the instance may be reopened.
    await router.reopenInstance(first.id, soon())
    await router.closeInstance(first.id, soon())
    user.socket.destroy()
    const left = async (): Promise<Load | undefined> => {
      fleet.clock.setForward(TTL_MS)
      return (await router.readLoads(soon())).get(first.id)
    }
    await expect.poll(left, { timeout: 10_000 }).toMatchObject({ slots: 0 })
    await router.sealInstance(first.id, soon())
    await router.close()
    await fleet.end()
  })

  it('know the load only where all of them know it', async () => {
    const at = (slots: number, time: number): Load => ({ kind: 'known', slots, at: time })
    const unknown: Load = { kind: 'unknown', because: 'no answer' }
    const router = createWitnesses([
      saying({ a: at(2, 7), b: at(0, 7), c: at(0, 5), d: at(3, 7), e: at(0, 1) }),
      saying({ a: at(5, 6), b: unknown, c: at(0, 9), d: unknown }),
    ])
    expect(Object.fromEntries(await router.readLoads(soon()))).toEqual({
      a: at(5, 6),
      b: unknown,
      c: at(0, 5),
      d: unknown,
      e: { kind: 'unknown', because: 'not every router knows of it yet' },
    })
  })

  it('fail as one of them fails, after all were asked', async () => {
    const asked: string[] = []
    const broken = new PluginError('unavailable', 'the balancer does not answer')
    const router = createWitnesses([
      { ...saying({}), closeInstance: () => Promise.reject(broken), readLoads: () => Promise.reject(broken) },
      { ...saying({}), closeInstance: async id => void asked.push(`close ${id}`) },
    ])
    await expect(router.closeInstance('a', soon())).rejects.toBe(broken)
    expect(asked).toEqual(['close a'])
    await expect(router.readLoads(soon())).rejects.toBe(broken)
  })

  it('close again where one of them would not reopen', async () => {
    const asked: string[] = []
    const sealed = new PluginError('conflict', 'it is sealed')
    const router = createWitnesses([
      {
        ...saying({}),
        closeInstance: async id => void asked.push(`close ${id}`),
        reopenInstance: async id => void asked.push(`reopen ${id}`),
      },
      { ...saying({}), reopenInstance: () => Promise.reject(sealed) },
    ])
    await expect(router.reopenInstance('a', soon())).rejects.toBe(sealed)
    expect(asked).toEqual(['reopen a', 'close a'])
  })

  it('do not know an instance that none of them knows', async () => {
    const nobody = () => Promise.reject(new PluginError('not-found', 'no such instance'))
    const router = createWitnesses([
      { ...saying({}), closeInstance: nobody },
      { ...saying({}), closeInstance: nobody },
    ])
    await expect(router.closeInstance('a', soon())).rejects.toThrow(/PLM-382/)
  })

  it('tell of the sessions that ended as the one tells that places them', async () => {
    const { fleet, broker, router, instances } = await startBoth()
    await router.route(
      instances.map(one => ({ ...one, admission: 'open' })),
      soon(),
    )
    await fleet.get('/')
    await broker.place({ sessionId: 's1' })
    await broker.release('s1')
    expect(router.takeEnded?.(0)).toMatchObject([{ sessions: 1, slots: 1, lost: false }])
    expect(router.takeEnded?.(0)).toEqual([])
    await router.close()
    await fleet.end()
  })

  it('let as many wait as wait on all of them, and wake for each', () => {
    let wakes = 0
    const subscribed: (() => void)[] = []
    const waits = (count: number): SessionRouter => ({
      ...saying({}),
      waiting: () => count,
      subscribe: wake => {
        subscribed.push(wake)
        return () => void subscribed.splice(subscribed.indexOf(wake), 1)
      },
    })
    const router = createWitnesses([waits(2), saying({}), waits(3)])
    const unsubscribe = router.subscribe?.(() => {
      wakes += 1
    })
    for (const wake of [...subscribed]) wake()
    expect({ waiting: router.waiting?.(), wakes }).toEqual({ waiting: 5, wakes: 2 })
    unsubscribe?.()
    expect(subscribed).toEqual([])
  })
})

/** A router that only says these loads. */
function saying(loads: Readonly<Record<string, Load>>): SessionRouter {
  const done = async (): Promise<void> => undefined
  return {
    check: async () => ({ ok: true, detail: 'made up' }),
    close: done,
    route: done,
    readLoads: async () => new Map(Object.entries(loads)),
    closeInstance: done,
    reopenInstance: done,
    sealInstance: done,
  }
}
