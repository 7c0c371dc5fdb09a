/**
 * The broker against a model of it: any sequence of placements, ends, closes, reopens, seals, lists, time, failures of the
 * log, crashes and takeovers, one after the other and racing each other. What is checked after each step are the
 * invariants of the project, by their numbers:
 *
 * - 2: a sealed instance holds no session, and none comes; one that holds a session cannot be sealed.
 * - 16: no new session is answered on an instance whose close was answered before; the same id is answered the same.
 * - no acknowledged session is lost: it is there, where it was said to be, until its end was asked for, its lease ran out
 *   or its instance was gone; also after a crash. Its slots are part of the load, and no instance takes more than it has.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PluginError } from '../ports/plugin.ts'
import type { RoutedInstance } from '../ports/session-router.ts'
import { SPEC, seededRandom, TestClock } from './broker.fixture.ts'
import { createBroker } from './broker.ts'
import { type AppendFate, createMemorySessionLog } from './memory-log.ts'
import type { PlaceResult, SessionBroker } from './session-broker.ts'

const INSTANCES = ['a', 'b', 'c']
const SLOTS = 3
const LEASE_MS = 10_000
const signal = (): AbortSignal => AbortSignal.timeout(60_000)

/** Does what must happen "a moment later" when the race says so; in a run without races: at the next turn. */
interface Turns {
  readonly soon: (work: () => void) => void
  /** Passes when the log is to answer. */
  readonly answer: () => Promise<void>
}

interface Acknowledged {
  readonly id: string
  readonly slots: number
  readonly instance: string
  readonly incarnation: string | null
}

/** What the outside knows, and nothing else. */
class World {
  readonly clock = new TestClock()
  readonly log: ReturnType<typeof createMemorySessionLog>
  broker: SessionBroker
  /** By id: answered as placed, and nobody asked for its end. */
  readonly acknowledged = new Map<string, Acknowledged>()
  /** Ids whose end was asked for, so that nobody knows. */
  readonly leaving = new Set<string>()
  /** Closed: answered, and not reopened since. */
  readonly closed = new Set<string>()
  readonly sealed = new Set<string>()
  readonly incarnations = new Map(INSTANCES.map(id => [id, 1]))
  readonly admissions = new Map<string, 'open' | 'closed'>(INSTANCES.map(id => [id, 'open']))
  readonly under: Promise<unknown>[] = []
  fates: AppendFate[] = []
  #loop: Promise<void> = Promise.resolve()
  readonly #turns: Turns
  #starts = 0

  constructor(turns: Turns) {
    this.#turns = turns
    this.log = createMemorySessionLog({
      decide: async () => {
        await turns.answer()
        return this.fates.shift() ?? 'store'
      },
    })
    this.broker = this.start()
  }

  start(): SessionBroker {
    return createBroker({
      fleet: 'rooms',
      spec: { ...SPEC, slotsPerInstance: SLOTS, leaseMs: LEASE_MS, mostWaiting: 3 },
      log: this.log,
      clock: this.clock,
      random: seededRandom(++this.#starts),
      holder: `start ${this.#starts}`,
      soon: this.#turns.soon,
    })
  }

  list(): RoutedInstance[] {
    return INSTANCES.map(id => ({
      id,
      incarnation: `${this.incarnations.get(id)}`,
      address: `http://${id}.test`,
      zone: null,
      admission: this.admissions.get(id) ?? 'closed',
    }))
  }

  /** Expected failures are answers like others; anything else is a defect. */
  follow<T>(work: Promise<T>, done: (value: T) => void = () => undefined): Promise<void> {
    const followed = work.then(done, (error: unknown) => {
      if (!(error instanceof PluginError)) throw error
    })
    this.under.push(followed)
    return followed
  }

  /** One thing after the other, as a fleet's loop does them. */
  loops(work: (broker: SessionBroker) => Promise<void>): Promise<void> {
    const { broker } = this
    this.#loop = this.#loop.then(() => work(broker))
    return this.#loop
  }

  /** The process is gone with all it knew; what it knew of seals and closes is in the state store. */
  crash(): Promise<void> {
    this.broker = this.start()
    this.closed.clear()
    this.sealed.clear()
    this.#loop = Promise.resolve()
    return this.loops(broker => route(this, broker))
  }

  hasPlaced(broker: SessionBroker, result: PlaceResult): void {
    if (!result.placed || broker !== this.broker) return
    const { id, slots, instance, incarnation } = result.session
    if (!result.again) {
      expect(this.closed, `${id} was placed on ${instance} after its close was answered`).not.toContain(
        instance,
      )
      expect(this.sealed, `${id} was placed on ${instance}, which is sealed`).not.toContain(instance)
    }
    if (this.leaving.has(id) || incarnation !== `${this.incarnations.get(instance)}`) return
    const known = this.acknowledged.get(id)
    if (known !== undefined && result.again) expect(instance).toBe(known.instance)
    this.acknowledged.set(id, { id, slots, instance, incarnation })
  }

  /** What holds at every moment at which the broker answers at all. */
  async check(): Promise<void> {
    const { broker } = this
    const loads = await broker.readLoads(signal()).catch(() => null)
    if (loads === null || broker !== this.broker) return
    for (const [id, load] of loads) {
      const slots = load.kind === 'known' ? load.slots : 0
      const promised = [...this.acknowledged.values()].filter(({ instance }) => instance === id)
      const sum = promised.reduce((total, session) => total + session.slots, 0)
      expect(slots, `the load of ${id}`).toBeGreaterThanOrEqual(sum)
      expect(slots, `the load of ${id}`).toBeLessThanOrEqual(SLOTS)
      if (this.sealed.has(id)) expect(slots, `the load of ${id}, which is sealed`).toBe(0)
    }
    for (const { id, instance } of this.acknowledged.values()) {
      expect(broker.get(id), `the session ${id}`).toMatchObject({ instance, ended: null })
    }
  }

  /** Everything that was begun is over. */
  async settle(): Promise<void> {
    while (this.under.length > 0) await Promise.all(this.under.splice(0))
  }

  /** A new process finds all that was acknowledged. */
  async checkLog(): Promise<void> {
    const { sessions } = await this.log.open('rooms', 'checker')
    const stored = new Map(sessions.map(session => [session.id, session]))
    expect(stored.size).toBe(sessions.length)
    for (const { id, instance, slots } of this.acknowledged.values()) {
      expect(stored.get(id), `the record of ${id}`).toMatchObject({ instance, slots })
    }
  }
}

interface Model {
  readonly started: true
}

type Command = fc.AsyncCommand<Model, World>

/** In a race nothing is waited for: the next step begins while this one is under way. */
function step(name: string, racing: boolean, run: (world: World) => Promise<unknown>): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(_model, world) {
      const done = run(world)
      if (racing) {
        world.under.push(done)
        return
      }
      await done
      await world.check()
    },
  }
}

function commands(racing: boolean): fc.Arbitrary<Iterable<Command>> {
  const id = fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6')
  const instance = fc.constantFrom(...INSTANCES)
  const place = fc.record({ sessionId: id, slots: fc.integer({ min: 1, max: SLOTS }), waits: fc.boolean() })
  const clients: fc.Arbitrary<Command>[] = [
    place.map(({ sessionId, slots, waits }) =>
      step(`place ${sessionId} ${slots}${waits ? ' waiting' : ''}`, racing, async world => {
        world.leaving.delete(sessionId)
        const { broker } = world
        const placing = broker.place({ sessionId, slots, waitMs: waits ? 5_000 : 0 })
        const followed = world.follow(placing, result => world.hasPlaced(broker, result))
        if (!waits) await followed
      }),
    ),
    id.map(sessionId =>
      step(`release ${sessionId}`, racing, async world => {
        world.leaving.add(sessionId)
        world.acknowledged.delete(sessionId)
        await world.follow(world.broker.release(sessionId))
      }),
    ),
  ]
  const loop: fc.Arbitrary<Command>[] = [
    instance.map(at => step(`close ${at}`, racing, world => world.loops(broker => close(world, broker, at)))),
    instance.map(at =>
      step(`reopen ${at}`, racing, world => world.loops(broker => reopen(world, broker, at))),
    ),
    instance.map(at => step(`seal ${at}`, racing, world => world.loops(broker => seal(world, broker, at)))),
    fc.constant(step('route', racing, world => world.loops(broker => route(world, broker)))),
    instance.map(at =>
      step(`recycle ${at}`, racing, world => world.loops(broker => recycle(world, broker, at))),
    ),
  ]
  const outside: fc.Arbitrary<Command>[] = [
    id.map(sessionId =>
      step(`heartbeat ${sessionId}`, racing, world => world.follow(world.broker.heartbeat(sessionId))),
    ),
    fc.constant(
      step('leases run out', racing, async world => {
        for (const { id: expired } of world.acknowledged.values()) world.leaving.add(expired)
        world.acknowledged.clear()
        world.clock.pass(LEASE_MS + 1_000)
      }),
    ),
    fc.constant(step('the process stands still', racing, async world => world.clock.jump(3_600_000))),
    fc.constantFrom<AppendFate>('refuse', 'store-and-fail').map(fate =>
      step(`the log is to ${fate}`, racing, async world => {
        world.fates.push(fate)
      }),
    ),
    fc.constant(step('the log recovers', racing, async world => world.clock.pass(200))),
    fc.constant(step('crash', racing, world => world.crash())),
    fc.constant(step('another opens the log', racing, world => world.log.open('rooms', 'another'))),
  ]
  return fc.commands([...clients, ...clients, ...clients, ...loop, ...loop, ...outside], {
    maxCommands: 60,
    size: 'max',
  })
}

async function close(world: World, broker: SessionBroker, at: string): Promise<void> {
  world.admissions.set(at, 'closed')
  await world.follow(broker.closeInstance(at, signal()), () => {
    if (broker === world.broker) world.closed.add(at)
  })
}

async function reopen(world: World, broker: SessionBroker, at: string): Promise<void> {
  if (world.sealed.has(at)) {
    await world.follow(broker.reopenInstance(at, signal()), () => expect.unreachable(`${at} was sealed`))
    return
  }
  world.closed.delete(at)
  world.admissions.set(at, 'open')
  await world.follow(broker.reopenInstance(at, signal()))
}

async function seal(world: World, broker: SessionBroker, at: string): Promise<void> {
  await world.follow(broker.sealInstance(at, signal()), () => {
    if (broker !== world.broker) return
    const held = [...world.acknowledged.values()].filter(session => session.instance === at)
    expect(held, `sessions on ${at}, which was sealed`).toEqual([])
    world.sealed.add(at)
    world.closed.add(at)
    world.admissions.set(at, 'closed')
  })
}

async function route(world: World, broker: SessionBroker): Promise<void> {
  const list = world.list()
  await world.follow(broker.route(list, signal()), () => {
    if (broker !== world.broker) return
    for (const { id, admission } of list) if (admission === 'closed') world.closed.add(id)
  })
}

/** The provider gives the id to another. */
async function recycle(world: World, broker: SessionBroker, at: string): Promise<void> {
  world.incarnations.set(at, (world.incarnations.get(at) ?? 1) + 1)
  for (const session of [...world.acknowledged.values()]) {
    if (session.instance === at) world.acknowledged.delete(session.id)
  }
  world.sealed.delete(at)
  world.closed.delete(at)
  world.admissions.set(at, 'open')
  await route(world, broker)
}

async function begin(turns: Turns): Promise<{ model: Model; real: World }> {
  const world = new World(turns)
  await route(world, world.broker)
  return { model: { started: true }, real: world }
}

/** Nobody waits any more, and nothing is under way. */
async function end(world: World): Promise<void> {
  world.fates = []
  world.clock.pass(9_000)
  await world.settle()
  await world.check()
  await world.broker.close()
  await world.checkLog()
}

describe('the broker, against a model of it', () => {
  it('keeps its invariants in any sequence of steps', async () => {
    const turns: Turns = { soon: work => void setImmediate(work), answer: async () => undefined }
    await fc.assert(
      fc.asyncProperty(commands(false), async steps => {
        const begun = await begin(turns)
        await fc.asyncModelRun(() => begun, steps)
        await end(begun.real)
      }),
      { numRuns: 150 },
    )
  })

  it('keeps them when steps race each other and the log', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), commands(true), async (scheduler, steps) => {
        let turn = 0
        const turns: Turns = {
          soon: work => void scheduler.schedule(Promise.resolve(), `soon ${turn++}`).then(work),
          answer: () => scheduler.schedule(Promise.resolve(), `the log answers ${turn++}`),
        }
        const begun = await scheduler.waitFor(begin(turns))
        await fc.scheduledModelRun(scheduler, () => begun, steps)
        await scheduler.waitFor(end(begun.real))
      }),
      { numRuns: 300 },
    )
  })
})
