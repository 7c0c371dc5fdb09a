import { type RouterRig, sessionRouterAcceptance } from '../../../ports/session-router.acceptance.ts'
import { OPTIONS, startFleet } from './fleet.fixture.ts'

const TTL_MS = 60_000

async function createRig(): Promise<RouterRig> {
  const fleet = await startFleet({
    instances: 3,
    options: { cookie: { name: 'plimsoll', ttlMs: TTL_MS, secret: null }, concurrency: OPTIONS.concurrency },
  })
  await fleet.router.route([], AbortSignal.timeout(1_000))
  return {
    router: fleet.router,
    instances: fleet.instances.map(({ id, address }) => ({ id, incarnation: null, address, zone: null })),
    placeSession: async () => {
      const first = await fleet.get('/')
      const headers = { cookie: first.cookie ?? '' }
      return { instance: first.instance, goOn: async () => (await fleet.get('/', { headers })).instance }
    },
    endSessions: async () => fleet.clock.setForward(TTL_MS),
    dispose: () => fleet.end(),
  }
}

sessionRouterAcceptance('proxy', createRig)
