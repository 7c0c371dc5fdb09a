/** Broker and a real HAProxy as witnesses of the same sessions: the contract of one router, with real connections. */
import { describe, expect, it } from 'vitest'
import { until } from '../../../test/builders/until.ts'
import { type RouterRig, sessionRouterAcceptance } from '../../ports/session-router.acceptance.ts'
import type { SessionRouter } from '../../ports/session-router.ts'
import { SPEC, seededRandom } from '../../sessions/broker.fixture.ts'
import { createBroker } from '../../sessions/broker.ts'
import { createMemorySessionLog } from '../../sessions/memory-log.ts'
import type { SessionBroker } from '../../sessions/session-broker.ts'
import { systemClock } from '../clocks/system.ts'
import { openSite, type Session, type Site, skipHaproxy, titled } from './haproxy/haproxy.fixture.ts'
import { createWitnesses } from './witnesses.ts'

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

async function openBoth(): Promise<{ site: Site; broker: SessionBroker; router: SessionRouter }> {
  const site = await openSite({ mode: 'tcp' })
  const broker = createBroker({
    fleet: 'rooms',
    spec: { ...SPEC, slotsPerInstance: 100 },
    log: createMemorySessionLog(),
    clock: systemClock,
    random: seededRandom(7),
    holder: 'test',
  })
  return { site, broker, router: createWitnesses([site.router({ load: 'connections' }), broker]) }
}

/** Each instance in a zone of its own, so that the broker can be asked for just this one. */
function instancesOf(site: Site): RouterRig['instances'] {
  return site.origins.map(({ id, address }) => ({ id, address, incarnation: null, zone: id }))
}

async function connections(site: Site): Promise<number> {
  const rows = (await site.ask('show stat rooms 4 -1')).split('\n').filter(row => row.startsWith('rooms,'))
  return rows.reduce((sum, row) => sum + Number(row.split(',')[4]), 0)
}

async function createRig(): Promise<RouterRig> {
  const { site, broker, router } = await openBoth()
  const sessions = new Set<Session>()
  await router.route([], soon())
  return {
    router,
    instances: instancesOf(site),
    placeSession: async () => {
      const session = await site.connect()
      sessions.add(session)
      // Closed in between, it stays a session of the balancer alone.
      await broker.place({ zone: session.instance })
      return { instance: session.instance, goOn: () => session.ask() }
    },
    endSessions: async () => {
      for (const session of sessions) session.end()
      sessions.clear()
      await broker.releaseMany(broker.list({ limit: 1_000 }).sessions.map(({ id }) => id))
      await until('HAProxy has noticed', async () => (await connections(site)) === 0)
    },
    dispose: async () => {
      for (const session of sessions) session.end()
      await router.close()
      await site.end()
    },
  }
}

describe.skipIf(skipHaproxy)(titled('with a real HAProxy'), () => {
  sessionRouterAcceptance('broker and haproxy as witnesses', createRig)

  it('an instance without sessions is not empty while a connection to it is open', async () => {
    const { site, broker, router } = await openBoth()
    const [first] = instancesOf(site)
    if (first === undefined) throw new Error('no instance')
    await router.route([{ ...first, admission: 'open' }], soon())
    await broker.place({ sessionId: 's1' })
    const connection = await site.connect()
    await router.closeInstance(first.id, soon())
    await broker.release('s1')
    expect((await broker.readLoads(soon())).get(first.id)).toMatchObject({ slots: 0 })
    expect((await router.readLoads(soon())).get(first.id)).toMatchObject({ kind: 'known', slots: 1 })
    await expect(router.sealInstance(first.id, soon())).rejects.toThrow(/PLM-383/)
    connection.end()
    await until('it is empty', async () => {
      const load = (await router.readLoads(soon())).get(first.id)
      return load?.kind === 'known' && load.slots === 0
    })
    await router.sealInstance(first.id, soon())
    await router.close()
    await site.end()
  })
})
