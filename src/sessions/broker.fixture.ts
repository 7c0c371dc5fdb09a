/**
 * For tests: a broker on a clock of the test's own, in front of instances that only have names.
 *
 * Example: `const rig = await startBroker({ slots: 2 })`, `rig.route({ a: 'open', b: 'closed' })`, `rig.clock.pass(500)`.
 */
import type { SessionsSpec } from '../model/spec.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { SessionLog } from '../ports/session-log.ts'
import type { RoutedInstance } from '../ports/session-router.ts'
import { type BrokerOptions, createBroker } from './broker.ts'
import { createMemorySessionLog } from './memory-log.ts'
import type { SessionBroker } from './session-broker.ts'

export const NOON = Date.UTC(2026, 10, 21, 12)

export const SPEC: SessionsSpec = {
  slotsPerInstance: 4,
  placement: 'pack',
  leaseMs: null,
  mostWaiting: 100,
  longestWaitMs: 30_000,
  drain: { deadlineMs: null, pastDeadline: 'keep' },
  mayCut: false,
}

/** Moves when it is told; what is due is done in order. */
export class TestClock implements Clock {
  #now = NOON
  #timers: { at: number; order: number; wake: () => void }[] = []
  #order = 0

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, wake }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Time passes, and what becomes due on the way is done at its time. */
  pass(ms: number): void {
    const until = this.#now + ms
    for (let next = this.#due(until); next !== null; next = this.#due(until)) {
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = until
  }

  /** The clock is set, or the process stood still: nothing is done on the way. What is due then is done late. */
  jump(ms: number): void {
    if (ms < 0) for (const timer of this.#timers) timer.at += ms
    this.#now += ms
    this.pass(0)
  }

  #due(until: number): { at: number; wake: () => void } | null {
    const due = this.#timers
      .filter(({ at }) => at <= until)
      .sort((a, b) => a.at - b.at || a.order - b.order)[0]
    if (due === undefined) return null
    this.#timers = this.#timers.filter(timer => timer !== due)
    return due
  }
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
    },
  }
}

export interface BrokerRig {
  readonly broker: SessionBroker
  readonly clock: TestClock
  readonly log: SessionLog
  /** Tells it of these instances; `a/2` is incarnation 2 of a. */
  route(admissions: Record<string, RoutedInstance['admission']>): Promise<void>
  load(id: string): Promise<number | 'unknown'>
}

export interface RigSettings {
  readonly spec?: Partial<SessionsSpec>
  readonly log?: SessionLog
  readonly clock?: TestClock
  readonly options?: Partial<BrokerOptions>
}

export const soonAfter = (): AbortSignal => AbortSignal.timeout(10_000)

export function createRig(settings: RigSettings = {}): BrokerRig {
  const clock = settings.clock ?? new TestClock()
  const log = settings.log ?? createMemorySessionLog()
  const broker = createBroker({
    fleet: 'rooms',
    spec: { ...SPEC, ...settings.spec },
    log,
    clock,
    random: seededRandom(7),
    holder: 'test',
    ...settings.options,
  })
  return {
    broker,
    clock,
    log,
    route: admissions => broker.route(listOf(admissions), soonAfter()),
    load: async id => {
      const load = (await broker.readLoads(soonAfter())).get(id)
      return load?.kind === 'known' ? load.slots : 'unknown'
    },
  }
}

/** `b@west` is in zone west. */
export function listOf(admissions: Record<string, RoutedInstance['admission']>): RoutedInstance[] {
  return Object.entries(admissions).map(([name, admission]) => {
    const [instance = '', zone = null] = name.split('@')
    const [id = '', incarnation = null] = instance.split('/')
    return { id, incarnation, zone, admission, address: `http://${id}.test` }
  })
}
