/**
 * The session-aware sample this project began with has faults that everybody who builds such a thing makes. Each is a case here,
 * against the production tick, with the session broker where sessions are the matter.
 */
import { describe, expect, it } from 'vitest'
import type { JournalEntry } from '../src/model/journal.ts'
import type { FleetSpec, ReserveRule } from '../src/model/spec.ts'
import { USUAL_SESSIONS } from '../src/model/spec.ts'
import { seededRandom } from '../src/sessions/broker.fixture.ts'
import { createBroker } from '../src/sessions/broker.ts'
import { createMemorySessionLog } from '../src/sessions/memory-log.ts'
import type { SessionBroker } from '../src/sessions/session-broker.ts'
import { fleetSpec } from './builders/spec.ts'
import { type SimulatedWorld, simulatedWorld } from './simulated/world.ts'

const SLOTS = 5

/** So many slots of five on each are kept free, between one and eight instances. */
function rooms(reserve: ReserveRule['reserve'], min = 1): FleetSpec {
  const rule: ReserveRule = {
    kind: 'reserve',
    name: 'Room',
    rank: 1,
    enabled: true,
    forMs: 0,
    during: null,
    cooldownMs: null,
    effects: { set: {}, notify: [], run: [] },
    reserve,
    slotsPerInstance: SLOTS,
  }
  return fleetSpec({
    min,
    max: 8,
    metrics: {},
    spec: {
      rules: [rule],
      sessions: { ...USUAL_SESSIONS, slotsPerInstance: SLOTS },
      routers: [{ type: 'broker', options: {} }],
    },
  })
}

interface Rooms extends SimulatedWorld {
  broker(): SessionBroker
  place(sessionId: string): Promise<string | null>
  end(sessionId: string): Promise<void>
  /** Ticks, with everything booted in between. */
  ticks(count: number): Promise<JournalEntry[]>
}

async function roomsWorld(spec: FleetSpec): Promise<Rooms> {
  const log = createMemorySessionLog()
  let broker: SessionBroker | null = null
  const world = simulatedWorld(spec, {
    router: clock => {
      const random = seededRandom(7)
      broker = createBroker({ fleet: 'web', spec: spec.sessions, log, clock, random, holder: 'test' })
      return broker
    },
  })
  const current = (): SessionBroker => {
    if (broker === null) throw new Error('no broker')
    return broker
  }
  const ticks = async (count: number): Promise<JournalEntry[]> => {
    const entries: JournalEntry[] = []
    for (let n = 0; n < count; n++) {
      entries.push(await world.tick())
      world.fleet.boot()
    }
    return entries
  }
  await ticks(3)
  return {
    ...world,
    broker: current,
    ticks,
    place: async sessionId => {
      const result = await current().place({ sessionId })
      return result.placed ? result.session.instance : null
    },
    end: async sessionId => {
      await current().release(sessionId)
    },
  }
}

const actionsOf = (entries: readonly JournalEntry[]): string[] =>
  entries.flatMap(({ plan }) =>
    plan.actions.map(action => ('instance' in action ? `${action.kind} ${action.instance}` : action.kind)),
  )

const openOf = (entry: JournalEntry | undefined): number | undefined => entry?.observation.capacity?.open

describe('a fault of the original sample:', () => {
  it('it loops for ever when the minimum binds', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 1 }, 3))
    const entries = await world.ticks(20)
    expect(actionsOf(entries)).toEqual([])
    expect(entries.every(({ decision }) => decision.desired === 3)).toBe(true)
  })

  it('it stops one instance too high when the free capacity equals the buffer exactly', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: SLOTS }, 1))
    for (let n = 0; n < 2; n++) await world.place(`s${n}`)
    await world.ticks(4)
    expect(world.fleet.ids()).toHaveLength(2)
    await world.end('s0')
    await world.end('s1')
    // Nothing in use: one instance has exactly the five slots that are to be free.
    await world.ticks(6)
    expect(world.fleet.ids()).toHaveLength(1)
  })

  it('it reads the load before it closes', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 1 }))
    const spec = fleetSpec({
      min: 1,
      default: 2,
      max: 4,
      metrics: { orders: {} },
      rules: [{ when: 'last(orders) < 10', by: -1 }],
    })
    const late = simulatedWorld(spec, { routed: true })
    late.measure('orders', 50)
    await late.store.commit(await startWith(late, 2))
    await late.tick()
    late.fleet.boot()
    await late.tick()
    await late.tick()
    late.measure('orders', 1)
    // A session is placed after the loads of this tick were read, and before its close took effect.
    const { closeInstance } = late.fleet.router
    late.fleet.router.closeInstance = async (id, signal) => {
      late.fleet.member(id).sessions = 1
      await closeInstance(id, signal)
    }
    const [closed] = actionsOf([await late.tick()])
    expect(closed).toMatch(/^close/)
    late.measure('orders', 50)
    for (let n = 0; n < 5; n++) await late.tick()
    expect(late.fleet.ids()).toHaveLength(2)
    expect(world.fleet.ids()).toHaveLength(1)
  })

  it('it takes an unknown load for zero', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 6 }))
    await world.ticks(3)
    expect(world.fleet.ids()).toHaveLength(2)
    await world.place('s1')
    const { readLoads } = world.broker()
    world.broker().readLoads = async () => new Map()
    const blind = await world.ticks(20)
    expect(actionsOf(blind)).toEqual([])
    expect(blind.at(-1)?.decision).toMatchObject({ current: 2, desired: 2 })
    world.broker().readLoads = readLoads
  })

  it('it forgets sessions and closed marks on restart', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 1 }))
    for (let n = 0; n < 2 * SLOTS + 1; n++) {
      await world.place(`s${n}`)
      await world.ticks(3)
    }
    expect(world.fleet.ids()).toHaveLength(3)
    // One is left on each: two instances are enough, and one is closed with a session on it.
    const { sessions } = await world.broker().list({ limit: 100 })
    const stays = new Map(sessions.map(({ instance, id }) => [instance, id]))
    for (const { id, instance } of sessions) {
      if (stays.get(instance) !== id) await world.end(id)
    }
    const [, last] = await world.ticks(2)
    const closed = last?.inventory.instances
      .filter(({ admission }) => admission === 'closed')
      .map(({ id }) => id)
    expect(closed).toHaveLength(1)
    const kept = await world.broker().list({ limit: 100 })
    await world.restart()
    const [, after] = await world.ticks(2)
    expect(
      after?.inventory.instances.filter(({ admission }) => admission === 'closed').map(({ id }) => id),
    ).toEqual(closed)
    expect((await world.broker().list({ limit: 100 })).sessions.map(({ id }) => id)).toEqual(
      kept.sessions.map(({ id }) => id),
    )
    expect(world.fleet.ids()).toHaveLength(3)
  })

  it('a failed call leaves its latch set, and nothing is ever updated again', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 6 }))
    for (let n = 0; n < 5; n++) {
      world.fleet.failNext('launch', 'the provider is down')
      await world.place(`s${n}`)
      await world.ticks(1)
    }
    for (const call of ['list', 'route', 'terminate'] as const) {
      world.fleet.failNext(call, 'the provider is down')
      await world.ticks(1)
    }
    await world.ticks(40)
    // Eleven slots are wanted.
    expect(world.fleet.ids()).toHaveLength(3)
  })

  it('it counts the free slots of closed instances as free', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 3 }))
    for (let n = 0; n < 7; n++) {
      await world.place(`s${n}`)
      await world.ticks(3)
    }
    const [entry] = await world.ticks(1)
    const instances = entry?.inventory.instances ?? []
    const full = instances.find(({ load }) => load.kind === 'known' && load.slots === SLOTS)
    const { sessions } = await world.broker().list({ limit: 100 })
    for (const session of sessions.filter(({ instance }) => instance !== full?.id))
      await world.end(session.id)
    await world.ticks(3)
    const [settled] = await world.ticks(1)
    // Five in use and three to be free: two instances, and what is closed has no part in it.
    expect(settled?.observation.sessions).toMatchObject({
      inUseOpen: 5,
      slots: (openOf(settled) ?? 0) * SLOTS,
    })
    expect((settled?.observation.sessions.slots ?? 0) - 5).toBeGreaterThanOrEqual(3)
  })

  it('it takes a dying instance for an open one', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 6 }))
    await world.ticks(3)
    const [first, second] = world.fleet.ids()
    if (first === undefined || second === undefined) throw new Error('two instances expected')
    const dying = { ...world.fleet.member(second) }
    world.fleet.member(second).lifecycle = 'lost'
    await world.ticks(3)
    expect(world.fleet.members.has(second)).toBe(false)
    // The provider's list is late: it has it once more, ready as ever.
    world.fleet.members.set(second, { ...dying, lifecycle: 'ready' })
    const [late] = await world.ticks(1)
    expect(late?.inventory.instances.find(({ id }) => id === second)).toMatchObject({ sealed: true })
    expect(openOf(late)).toBe(2)
    for (let n = 0; n < 20; n++) expect(await world.place(`s${n}`)).not.toBe(second)
    await world.ticks(1)
    expect(world.fleet.members.has(second)).toBe(false)
  })

  it('it counts an instance before it is ready', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 1 }))
    for (let n = 0; n < SLOTS; n++) await world.place(`s${n}`)
    await world.tick()
    const entry = await world.tick()
    expect(world.fleet.ids()).toHaveLength(2)
    expect(entry.observation.capacity).toMatchObject({ open: 1, pending: 1 })
    expect(entry.observation.sessions.slots).toBe(SLOTS)
    expect(await world.place('one-more')).toBeNull()
  })

  it('it blocks all decisions while an add runs', async () => {
    const world = await roomsWorld(rooms({ kind: 'slots', slots: 1 }))
    for (let n = 0; n < SLOTS; n++) await world.place(`s${n}`)
    await world.tick()
    // Still booting; the load grows, and so does what is ordered.
    world.fleet.boot()
    await world.tick()
    for (let n = SLOTS; n < 2 * SLOTS; n++) await world.place(`s${n}`)
    await world.tick()
    const ordered = world.fleet.ids().length
    expect(ordered).toBe(3)
    // Nor does a shrink wait for it: what still boots is given up.
    for (let n = 0; n < 2 * SLOTS; n++) await world.end(`s${n}`)
    await world.tick()
    await world.tick()
    expect(world.fleet.ids().length).toBeLessThan(ordered)
  })
})

/** A memory that wants so many. */
async function startWith(
  { store, clock }: SimulatedWorld,
  desired: number,
): Promise<Parameters<SimulatedWorld['store']['commit']>[0]> {
  const lease = await store.acquireLease('web', 'this process', clock.now(), 60_000)
  const memory = await store.load('web')
  return {
    fleet: 'web',
    epoch: lease?.epoch ?? 0,
    parentRevision: memory.revision,
    memory: { ...memory, revision: memory.revision + 1, owed: desired, expected: desired },
    entry: null,
    outcomes: null,
    samples: [],
  }
}
