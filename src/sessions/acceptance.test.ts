import type { Placement } from '../model/spec.ts'
import { type RouterRig, sessionRouterAcceptance } from '../ports/session-router.acceptance.ts'
import { createRig } from './broker.fixture.ts'

async function rigFor(placement: Placement): Promise<RouterRig> {
  const { broker } = createRig({ spec: { placement, slotsPerInstance: 100 } })
  let sessions = 0
  return {
    router: broker,
    packs: placement === 'pack',
    instances: ['a', 'b', 'c'].map(id => ({
      id,
      incarnation: null,
      address: `http://${id}.test`,
      zone: null,
    })),
    placeSession: async () => {
      const placed = await broker.place({ sessionId: `s${sessions++}` })
      if (!placed.placed) throw new Error(placed.message)
      const { id, instance } = placed.session
      return {
        instance,
        goOn: async () => {
          const session = broker.get(id)
          return session === null || session.ended !== null ? null : session.instance
        },
      }
    },
    endSessions: async () => {
      const { sessions } = broker.list({ limit: 1_000 })
      await broker.releaseMany(sessions.map(({ id }) => id))
    },
    dispose: () => broker.close(),
  }
}

for (const placement of ['pack', 'spread', 'power-of-two', 'rendezvous'] as const) {
  sessionRouterAcceptance(`broker, ${placement}`, () => rigFor(placement))
}
