/**
 * Plays recorded or made-up sessions one by one through the session broker and the production tick, over a cloud without
 * faults, and says what keeping every session cost.
 *
 * Example: 60 sessions at once on 20 slots each with a reserve of 5 are bound to 4 instances; 5 were paid for: 25 % waste.
 */
import { ActionRuns } from '../loop/action-runs.ts'
import { Controller } from '../loop/controller.ts'
import type { FleetPorts, LoopEvent, World } from '../loop/world.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { FleetSpec, ReserveRule, Spec } from '../model/spec.ts'
import type { SessionLog } from '../ports/session-log.ts'
import type { StateStore } from '../ports/state-store.ts'
import { createBroker } from '../sessions/broker.ts'
import { Cloud, type Host } from './simulation/cloud.ts'
import { Faults } from './simulation/faults.ts'
import { Replica } from './simulation/replica.ts'
import { seededRandom } from './simulation/seeded-random.ts'
import { Timeline } from './simulation/timeline.ts'
import type { PlayedSession } from './trace.ts'

export type { PlayedSession }

export interface ReplayOptions {
  readonly spec: FleetSpec
  /** Sorted by their beginning. */
  readonly sessions: readonly PlayedSession[]
  readonly seed: number
  /** Empty. */
  readonly store: StateStore
  readonly log: SessionLog
}

export interface ReplayScore {
  readonly sessions: number
  /** Asked for and had no place within the time they wait. */
  readonly refused: number
  /** Ended by the end of their instance. */
  readonly lost: number
  readonly instanceHours: number
  /** The least that could hold the sessions and the reserve, and never fewer than the lowest count. */
  readonly boundHours: number
  /** Of instances that were closed and let go, sorted. */
  readonly drainsMs: readonly number[]
  readonly closes: number
  readonly reopens: number
}

const SAMPLE_MS = 15_000
const KEEP = { samplesMs: 60_000, samplesPerSeries: 10, journalMs: 60_000, journalEntries: 20 }

export async function replaySessions(options: ReplayOptions): Promise<ReplayScore> {
  return new SessionReplay(options).run()
}

class SessionReplay {
  readonly #options: ReplayOptions
  readonly #timeline = new Timeline()
  readonly #cloud: Cloud
  readonly #replica: Replica
  readonly #broker
  readonly #on = new Map<string, number>()
  readonly #drainsMs: number[] = []
  #latest: JournalEntry | null = null
  #lost = 0
  #refused = 0
  #placed = 0
  #closes = 0
  #reopens = 0
  #instanceMs = 0
  #boundMs = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    const random = seededRandom(options.seed)
    const faults = new Faults(random.fork())
    faults.end()
    this.#replica = new Replica({
      name: 'replay',
      timeline: this.#timeline,
      faults,
      random: random.fork(),
      onDeath: () => undefined,
      onNote: () => undefined,
    })
    this.#cloud = new Cloud({
      timeline: this.#timeline,
      faults,
      random: random.fork(),
      zones: [],
      onTerminate: host => this.#onTerminate(host),
      onMutation: () => undefined,
      onEnd: () => undefined,
      epochOf: ms => this.#replica.clock.now() - this.#timeline.now + ms,
    })
    this.#broker = createBroker({
      fleet: options.spec.name,
      spec: options.spec.sessions,
      log: options.log,
      clock: this.#replica.clock,
      random: random.fork(),
      holder: 'replay',
      soon: work => void this.#timeline.after(0, work),
    })
  }

  async run(): Promise<ReplayScore> {
    const { sessions } = this.#options
    this.#startTicks()
    const endMs = sessions.reduce((latest, { atMs, lengthMs }) => Math.max(latest, atMs + lengthMs), 0)
    let next = 0
    for (let ms = 0; ms < endMs; ms += SAMPLE_MS) {
      for (
        let session = sessions[next];
        session !== undefined && session.atMs < ms + SAMPLE_MS;
        session = sessions[next]
      ) {
        this.#play(session, next)
        next += 1
      }
      await this.#timeline.advance(SAMPLE_MS)
      this.#measure()
      if (ms % 900_000 === 0) await this.#options.store.prune(this.#replica.clock.now(), KEEP)
    }
    return {
      sessions: this.#placed,
      refused: this.#refused,
      lost: this.#lost,
      instanceHours: this.#instanceMs / 3_600_000,
      boundHours: this.#boundMs / 3_600_000,
      drainsMs: this.#drainsMs.sort((a, b) => a - b),
      closes: this.#closes,
      reopens: this.#reopens,
    }
  }

  #play({ atMs, lengthMs }: PlayedSession, number: number): void {
    this.#timeline.after(atMs - this.#timeline.now, () => void this.#visit(`s-${number}`, lengthMs))
  }

  async #visit(sessionId: string, lengthMs: number): Promise<void> {
    const { longestWaitMs } = this.#options.spec.sessions
    const result = await this.#broker.place({ sessionId, waitMs: longestWaitMs }).catch(() => null)
    if (result === null || !result.placed) {
      this.#refused += 1
      return
    }
    const { instance } = result.session
    this.#placed += 1
    this.#on.set(instance, (this.#on.get(instance) ?? 0) + 1)
    this.#timeline.after(lengthMs, () => {
      this.#on.set(instance, (this.#on.get(instance) ?? 0) - 1)
      void this.#broker.release(sessionId).catch(() => undefined)
    })
  }

  #measure(): void {
    this.#instanceMs += this.#cloud.living().length * SAMPLE_MS
    this.#boundMs += this.#bound() * SAMPLE_MS
  }

  #bound(): number {
    const { constraints, rules, sessions } = this.#options.spec
    const inUse = this.#broker.counts().sessions
    const room = sessions.slotsPerInstance ?? 1
    const reserves = rules.filter((rule): rule is ReserveRule => rule.kind === 'reserve')
    const needed = reserves.map(({ reserve }) =>
      reserve.kind === 'slots' ? (inUse + reserve.slots) / room : inUse / (room * (1 - reserve.ratio)),
    )
    return Math.max(constraints[0]?.min ?? 0, ...needed.map(count => Math.ceil(count)))
  }

  #onTerminate({ id }: Host): void {
    this.#lost += this.#on.get(id) ?? 0
    const closedAt = this.#latest?.memory.marks[id]?.closedAt ?? null
    if (closedAt !== null) this.#drainsMs.push(Math.max(0, this.#replica.clock.now() - closedAt))
  }

  #startTicks(): void {
    const { spec, store } = this.#options
    const ports: FleetPorts = { target: this.#cloud.targetFor(this.#replica), router: this.#broker }
    const whole: Spec = {
      digest: 'replay',
      fleets: { [spec.name]: spec },
      metrics: {},
      schedules: {},
      notifiers: {},
      actions: {},
    }
    const emit = (event: LoopEvent): void => this.#onEvent(event)
    const world: World = {
      clock: this.#replica.clock,
      calendar: { window: () => null, windows: () => [], timeZoneDatabase: 'none' },
      store,
      holder: 'replay',
      spec: () => whole,
      ports: () => ports,
      latest: () => null,
      source: () => {
        throw new Error('there is no metric')
      },
      runs: new ActionRuns({ clock: this.#replica.clock, action: () => null, emit, wake: () => undefined }),
      emit,
    }
    const controller = new Controller(world)
    this.#broker.subscribe(() => controller.wake(null))
    void controller.apply(whole)
  }

  #onEvent(event: LoopEvent): void {
    if (event.type !== 'tick' || event.report.outcome !== 'ticked') return
    const { entry } = event.report
    this.#latest = entry
    this.#closes += doneOf(entry, 'close')
    this.#reopens += doneOf(entry, 'reopen')
  }
}

function doneOf({ plan, outcomes }: JournalEntry, kind: 'close' | 'reopen'): number {
  const done = new Set(outcomes.flatMap(({ action, outcome }) => (outcome === 'done' ? [action] : [])))
  return plan.actions.filter(action => action.kind === kind && done.has(action.id)).length
}
