/**
 * One seed's story: a fleet with sessions, two replicas of the daemon, a cloud that misbehaves and a crowd that comes and goes.
 * First the safety phase, with faults: nothing that must never happen happens. Then the liveness phase, without: within a
 * bounded time everything is as it should be. The same seed gives the same log.
 *
 * Example: `await simulate({ seed: 7, ... })` answers `{ violations: [], ticks: 214, faults: { pause: 2, ... }, log: [...] }`.
 */
import { ActionRuns } from '../../loop/action-runs.ts'
import { Controller } from '../../loop/controller.ts'
import type { FleetPorts, LoopEvent, World } from '../../loop/world.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Memory } from '../../model/memory.ts'
import type { FleetSpec, Spec } from '../../model/spec.ts'
import type { SessionLog } from '../../ports/session-log.ts'
import type { SessionRouter } from '../../ports/session-router.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { createBroker } from '../../sessions/broker.ts'
import type { SessionBroker } from '../../sessions/session-broker.ts'
import { Checker } from './checker.ts'
import { Cloud, type CloudOptions, type Host, type SimulatedCloud } from './cloud.ts'
import { Crowd, type Door } from './crowd.ts'
import { logFor, storeFor } from './durable.ts'
import { type FaultCounts, Faults } from './faults.ts'
import { FrontDoor } from './front-door.ts'
import type { PlantedFault } from './planted-faults.ts'
import { Replica } from './replica.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { simulatedFleet } from './simulated-fleet.ts'
import { Timeline } from './timeline.ts'

export interface SimulationOptions {
  readonly seed: number
  /** What lies on disk; empty. */
  readonly store: StateStore
  readonly log: SessionLog
  readonly planted?: PlantedFault
  /** Another one than the simulated. */
  readonly cloud?: (options: CloudOptions) => SimulatedCloud
}

export interface Violation {
  /** The number of the invariant in ARCHITECTURE.md, or `acknowledged` for a session that was promised. */
  readonly invariant: string
  readonly what: string
  /** Since the simulation began. */
  readonly atMs: number
}

export interface Simulated {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly ticks: number
  readonly faults: FaultCounts
  /** Sessions acknowledged. */
  readonly sessions: number
  readonly launched: number
  readonly terminated: number
  /** One line per thing that happened. */
  readonly log: readonly string[]
}

const SAFETY_MS = 900_000
const LIVENESS_MS = 2_400_000
const STEP_MS = 5_000
/** So long the crowd stays as dense as it is. */
const TIDE_MS = 90_000
const QUIET_MS = 3_600_000
/** So long it must stay as it should be. */
const CALM_MS = 30_000
const RESTART_MS = 8_000
const MOST_VIOLATIONS = 20

export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const story = new Simulation(options)
  return story.run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: SeededRandom
  readonly #timeline = new Timeline()
  readonly #faults: Faults
  readonly #spec: FleetSpec
  readonly #cloud: SimulatedCloud
  readonly #crowd: Crowd | null
  readonly #frontDoor: FrontDoor | null
  readonly #checker: Checker
  readonly #meanSessionMs: number
  readonly #log: string[] = []
  readonly #violations: Violation[] = []
  readonly #doors = new Map<string, Door>()
  readonly #replicas = new Map<string, Replica>()
  #lives = 0
  #ticks = 0
  #terminated = 0
  #latest: JournalEntry | null = null

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#faults = new Faults(this.#random.fork())
    const zones = this.#random.chance(0.6) ? ['a', 'b', 'c'] : []
    this.#spec = simulatedFleet(this.#random)
    this.#checker = new Checker(this.#spec, (invariant, what) => this.#violate(invariant, what))
    const cloud = options.cloud ?? ((given: CloudOptions) => new Cloud(given))
    this.#cloud = cloud({
      timeline: this.#timeline,
      faults: this.#faults,
      random: this.#random.fork(),
      zones,
      onTerminate: (host, replica) => this.#onTerminate(host, replica),
      onMutation: () => undefined,
      onEnd: host => this.#onEnd(host),
      epochOf: ms => 1_772_452_800_000 + ms,
    })
    const meanSessionMs = this.#random.pick([20_000, 60_000, 180_000])
    this.#meanSessionMs = meanSessionMs
    const common = {
      timeline: this.#timeline,
      faults: this.#faults,
      cloud: this.#cloud,
      meanSessionMs,
    }
    const brokered = this.#random.chance(0.6)
    this.#crowd = brokered
      ? new Crowd({
          ...common,
          random: this.#random.fork(),
          doors: () => [...this.#doors.values()].filter(({ replica }) => replica.isAlive),
          violate: (invariant, what) => this.#violate(invariant, what),
          note: note => this.#note(note),
        })
      : null
    this.#frontDoor = brokered
      ? null
      : new FrontDoor({
          ...common,
          random: this.#random.fork(),
          slotsPerInstance: this.#spec.sessions.slotsPerInstance ?? 1,
        })
  }

  async run(): Promise<Simulated> {
    this.#start('a')
    this.#start('b')
    await this.#safety()
    await this.#liveness()
    for (const replica of this.#replicas.values()) replica.die('the end')
    const { seed } = this.#options
    return {
      seed,
      violations: this.#violations,
      ticks: this.#ticks,
      faults: this.#faults.counts,
      sessions: this.#crowd?.placed ?? this.#frontDoor?.placed ?? 0,
      launched: this.#cloud.hosts.length,
      terminated: this.#terminated,
      log: this.#log,
    }
  }

  async #safety(): Promise<void> {
    const tide = this.#random.fork()
    for (let ms = 0; ms < SAFETY_MS && !this.#isHopeless; ms += STEP_MS) {
      if (ms % TIDE_MS === 0) this.#demand = tide.pick([0, 0.1, 0.4, 0.7, 1.1])
      this.#cloud.weather()
      await this.#timeline.advance(STEP_MS)
    }
  }

  async #liveness(): Promise<void> {
    this.#faults.end()
    this.#cloud.calm()
    this.#demand = 0.3
    let calmMs = 0
    let because: string | null = 'nothing was seen'
    for (let ms = 0; ms < LIVENESS_MS && !this.#isHopeless; ms += STEP_MS) {
      await this.#timeline.advance(STEP_MS)
      because = this.#unrest()
      calmMs = because === null ? calmMs + STEP_MS : 0
      if (calmMs >= CALM_MS) return
    }
    if (because !== null) this.#violate('17', because)
  }

  /** Why the fleet has not come to rest; `null` when it has. */
  #unrest(): string | null {
    const entry = this.#latest
    const memory = this.#checker.memory
    if (entry === null || memory === null) return 'no tick was seen'
    const { desired } = entry.decision
    const ready = this.#cloud.ready()
    const orphan = this.#cloud.living().find(({ id }) => isForgotten(memory, id))
    if (orphan !== undefined) return `${orphan.id} (${orphan.incarnation}) is there and nobody knows`
    const open = ready.filter(({ id }) => memory.marks[id]?.admission === 'open')
    if (open.length !== desired) return `${open.length} open, ${desired} desired`
    if (memory.freeze !== null) return `frozen: ${memory.freeze.because}`
    if (memory.orders.length > 0) return `${memory.orders.length} orders`
    const booting = this.#cloud.living().filter(({ state }) => state === 'booting')
    if (booting.length > 0) return `${booting.length} still booting`
    const idle = ready.filter(
      host => memory.marks[host.id]?.admission !== 'open' && this.#sessionsOn(host) === 0,
    )
    if (idle.length > 0) return `${idle.map(({ id }) => id).join(', ')} closed, idle and still there`
    return this.#cloud.unrest?.() ?? null
  }

  get #isHopeless(): boolean {
    return this.#violations.length >= MOST_VIOLATIONS
  }

  /** As a share of all the slots the fleet may have. */
  set #demand(share: number) {
    const { sessions, constraints } = this.#spec
    const most = (sessions.slotsPerInstance ?? 1) * (constraints[0]?.max ?? 1)
    const meanGapMs = share === 0 ? QUIET_MS : this.#meanSessionMs / (share * most)
    if (this.#crowd !== null) this.#crowd.meanGapMs = meanGapMs
    if (this.#frontDoor !== null) this.#frontDoor.meanGapMs = meanGapMs
  }

  // ---- replicas

  #start(name: string): void {
    this.#lives += 1
    const replica: Replica = new Replica({
      name: `${name}${this.#lives}`,
      timeline: this.#timeline,
      faults: this.#faults,
      random: this.#random.fork(),
      onDeath: what => {
        this.#note(`${replica.name} dies ${what}`)
        this.#doors.delete(name)
        if (what !== 'the end') this.#timeline.after(RESTART_MS, () => this.#start(name))
      },
      onNote: note => this.#note(note),
    })
    this.#replicas.set(name, replica)
    const { world, controller } = this.#process(replica, name)
    void controller.apply(world.spec())
  }

  #process(replica: Replica, name: string): { world: World; controller: Controller } {
    const { planted } = this.#options
    const store = storeFor(replica, this.#options.store, this.#faults, committed =>
      this.#checker.committed(committed),
    )
    const target = this.#cloud.targetFor(replica)
    const router = this.#frontDoor?.routerFor(replica) ?? this.#brokerOf(replica, name)
    const ports: FleetPorts = {
      target: planted?.target?.(target) ?? target,
      router: planted?.router?.(router, replica) ?? router,
    }
    const spec: Spec = {
      digest: 'simulated',
      fleets: { [this.#spec.name]: this.#spec },
      metrics: {},
      schedules: {},
      notifiers: {},
      actions: {},
    }
    const emit = (event: LoopEvent): void => this.#onEvent(replica, event)
    const runs = new ActionRuns({
      clock: replica.clock,
      action: () => null,
      emit,
      wake: () => undefined,
    })
    const world: World = {
      clock: replica.clock,
      calendar: { window: () => null, windows: () => [], offsetOf: () => () => 0, timeZoneDatabase: 'none' },
      store: planted?.store?.(store) ?? store,
      holder: replica.name,
      spec: () => spec,
      ports: () => ports,
      latest: () => null,
      source: () => {
        throw new Error('there is no metric')
      },
      runs,
      emit,
    }
    const controller = new Controller(world)
    ports.router?.subscribe?.(() => {
      if (!this.#faults.strikes('missed-wake')) controller.wake(null)
    })
    return { world, controller }
  }

  #brokerOf(replica: Replica, name: string): SessionRouter {
    const random = this.#random.fork()
    const closed = new Set<string>()
    const broker: SessionBroker = createBroker({
      fleet: this.#spec.name,
      spec: this.#spec.sessions,
      log: logFor(replica, this.#options.log, this.#faults),
      clock: replica.clock,
      random,
      holder: replica.name,
      soon: work => void replica.clock.after(0, work),
      ...(this.#options.planted?.stillHolds === undefined
        ? {}
        : { stillHolds: this.#options.planted.stillHolds }),
    })
    this.#doors.set(name, { replica, broker, closed })
    return this.#watched(broker, replica, closed)
  }

  /** The broker as the tick sees it: over calls that may fail, and with what it acknowledged written down. */
  #watched(broker: SessionBroker, replica: Replica, closed: Set<string>): SessionRouter {
    const incarnationOf = (id: string): string => this.#cloud.find(id, null)?.incarnation ?? ''
    return {
      check: signal => broker.check(signal),
      close: async () => undefined,
      waiting: () => broker.waiting(),
      takeEnded: since => broker.takeEnded(since),
      subscribe: wake => broker.subscribe(wake),
      route: (instances, signal, isOurs) =>
        replica.call('route', async () => {
          for (const { id, admission } of instances)
            if (admission === 'open') closed.delete(incarnationOf(id))
          await broker.route(instances, signal, isOurs)
          for (const { id, admission } of instances) if (admission === 'closed') closed.add(incarnationOf(id))
        }),
      readLoads: signal => replica.call('loads', () => broker.readLoads(signal)),
      closeInstance: (id, signal) =>
        replica.call('close', async () => {
          await broker.closeInstance(id, signal)
          closed.add(incarnationOf(id))
        }),
      reopenInstance: (id, signal) =>
        replica.call('reopen', async () => {
          closed.delete(incarnationOf(id))
          await broker.reopenInstance(id, signal)
        }),
      sealInstance: (id, signal) => replica.call('seal', () => broker.sealInstance(id, signal)),
    }
  }

  // ---- what happens

  #onEvent(replica: Replica, event: LoopEvent): void {
    if (event.type !== 'tick') {
      if (event.type === 'trouble') this.#note(`${replica.name}: ${event.what}`)
      return
    }
    const { report } = event
    if (report.outcome === 'failed') this.#note(`${replica.name}: ${report.error}`)
    if (report.outcome !== 'ticked') return
    this.#ticks += 1
    this.#latest = report.entry
    const { decision, plan, revision } = report.entry
    const actions = plan.actions.map(action =>
      'instance' in action ? `${action.kind} ${action.instance}` : action.kind,
    )
    this.#note(
      `${replica.name} ${revision}: ${decision.current} -> ${decision.desired} ${actions.join(', ')} ` +
        `(${this.#cloud.ready().length} ready, ${this.#sessions} sessions)`,
    )
  }

  #onTerminate(host: Host, replica: Replica): void {
    this.#terminated += 1
    const sessions = this.#sessionsOn(host)
    if (sessions > 0) {
      this.#violate('2', `${replica.name} ends ${host.id} (${host.incarnation}) with ${sessions} sessions`)
    }
    const mark = this.#checker.memory?.marks[host.id]
    if (mark === undefined || mark.seal === 'none') {
      this.#violate('2', `${replica.name} ends ${host.id}, which is not sealed`)
    }
  }

  #onEnd(host: Host): void {
    this.#note(`${host.id} (${host.incarnation}) ${host.ended}`)
    this.#crowd?.hostEnded(host)
    this.#frontDoor?.hostEnded(host)
  }

  #sessionsOn(host: Host): number {
    return this.#crowd?.on(host).length ?? this.#frontDoor?.on(host) ?? 0
  }

  get #sessions(): number {
    return this.#crowd?.size ?? this.#frontDoor?.size ?? 0
  }

  #violate(invariant: string, what: string): void {
    this.#violations.push({ invariant, what, atMs: this.#timeline.now })
    this.#note(`VIOLATION ${invariant}: ${what}`)
  }

  #note(note: string): void {
    this.#log.push(`${(this.#timeline.now / 1000).toFixed(3)} ${note}`)
  }
}

function isForgotten({ marks }: Memory, id: string): boolean {
  const mark = marks[id]
  return mark === undefined || (mark.goneAt !== null && mark.seal === 'none')
}
