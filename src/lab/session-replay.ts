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
import type { EpochMs } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { SessionLog } from '../ports/session-log.ts'
import type { StateStore } from '../ports/state-store.ts'
import { createBroker } from '../sessions/broker.ts'
import type { Course } from './course.ts'
import { Decisions } from './replay.ts'
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
  /** Empty. It and the log answer without anything outside of this process: no file, no network. */
  readonly store: StateStore
  readonly log: SessionLog
  /** Of the first session's clock; a day in spring unless said. */
  readonly startAt?: EpochMs
  readonly drawBootMs?: () => number
  /** Instances that are ready at the beginning; none unless said. */
  readonly initial?: number
  /** It goes on for so long at least; to the end of the last session unless said. */
  readonly lengthMs?: number
  readonly calendar?: Calendar
  readonly schedules?: Spec['schedules']
  /** Told now and then how many sessions have begun, and which share of the time is over. */
  readonly onProgress?: (begun: number, share: number) => void
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
  /** By the minute. Load, served and refused are slots: what is in use counts as served. */
  readonly course: Course
}

const SAMPLE_MS = 15_000
const BIN_MS = 60_000
/** A loop turns for the first time so soon after it was begun, or sooner. */
const FIRST_TICK_MS = 100
const SAMPLES_PER_BIN = BIN_MS / SAMPLE_MS
/** 2026-03-02 12:00 UTC. */
const USUAL_START: EpochMs = 1_772_452_800_000
const NO_CALENDAR: Calendar = {
  window: () => null,
  windows: () => [],
  offsetOf: () => () => 0,
  timeZoneDatabase: 'none',
}
const KEEP = { samplesMs: 60_000, samplesPerSeries: 10, journalMs: 60_000, journalEntries: 20 }

export async function replaySessions(options: ReplayOptions): Promise<ReplayScore> {
  return new SessionReplay(options).run()
}

class SessionReplay {
  readonly #options: ReplayOptions
  readonly #timeline = new Timeline('promises')
  readonly #cloud: Cloud
  readonly #replica: Replica
  readonly #broker
  readonly #on = new Map<string, number>()
  readonly #drainsMs: number[] = []
  readonly #closedAt = new Map<string, EpochMs>()
  #latest: JournalEntry | null = null
  #lost = 0
  #refused = 0
  #placed = 0
  #closes = 0
  #reopens = 0
  #instanceMs = 0
  #boundMs = 0
  #ticks = 0
  readonly #begun = performance.now()
  readonly #decisions: Decisions
  readonly #endMs: number
  readonly #bins: Bins

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
      exact: true,
      beginning: options.startAt ?? USUAL_START,
    })
    this.#decisions = new Decisions(options.startAt ?? USUAL_START)
    this.#endMs = Math.max(lastEnd(options.sessions), options.lengthMs ?? 0)
    this.#bins = newBins(Math.ceil(this.#endMs / BIN_MS))
    this.#cloud = new Cloud({
      timeline: this.#timeline,
      faults,
      random: random.fork(),
      zones: [],
      ...(options.drawBootMs === undefined ? {} : { drawBootMs: options.drawBootMs }),
      initial: options.initial ?? 0,
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
    // The first tick tells the broker what there is: who is there at the beginning finds a place.
    await this.#timeline.advance(FIRST_TICK_MS)
    const endMs = this.#endMs
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
      await this.#timeline.advance(ms + SAMPLE_MS - this.#timeline.now)
      this.#measure(Math.floor(ms / BIN_MS))
      if (ms % 900_000 === 0) {
        await this.#options.store.prune(this.#replica.clock.now(), KEEP)
        this.#options.onProgress?.(next, ms / endMs)
      }
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
      course: this.#course(),
    }
  }

  #course(): Course {
    const { spec, startAt = USUAL_START } = this.#options
    const { inUse, waiting, refused, ...record } = this.#bins
    return {
      name: spec.name,
      startAt,
      stepMs: BIN_MS,
      length: inUse.length,
      ...record,
      load: inUse.map((slots, bin) => slots + (refused[bin] ?? 0)),
      served: inUse,
      refused,
      lost: new Float64Array(inUse.length),
      backlog: waiting,
      decisions: this.#decisions.kept,
      censored: [],
      doubtful: [],
      ticks: this.#ticks,
      elapsedMs: performance.now() - this.#begun,
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
      const bin = Math.min(this.#bins.refused.length - 1, Math.floor(this.#timeline.now / BIN_MS))
      this.#bins.refused[bin] = (this.#bins.refused[bin] ?? 0) + 1
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

  #measure(bin: number): void {
    const paid = this.#cloud.living().length
    const bound = this.#bound()
    this.#instanceMs += paid * SAMPLE_MS
    this.#boundMs += bound * SAMPLE_MS
    const { sessions, waiting } = this.#broker.counts()
    const decision = this.#latest?.decision ?? null
    const bins = this.#bins
    const add = (line: Float64Array, value: number): void => {
      line[bin] = (line[bin] ?? 0) + value / SAMPLES_PER_BIN
    }
    add(bins.inUse, sessions)
    add(bins.paid, paid)
    add(bins.ready, this.#cloud.ready().length)
    bins.needed[bin] = Math.max(bins.needed[bin] ?? 0, bound)
    bins.waiting[bin] = waiting
    bins.desired[bin] = decision?.desired ?? Number.NaN
    bins.lowest[bin] = decision?.bounds.lowest ?? Number.NaN
    bins.highest[bin] = decision?.bounds.highest ?? Number.NaN
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
    const closedAt = this.#closedAt.get(id)
    if (closedAt !== undefined) this.#drainsMs.push(Math.max(0, this.#replica.clock.now() - closedAt))
    this.#closedAt.delete(id)
  }

  #startTicks(): void {
    const { spec, store } = this.#options
    const ports: FleetPorts = { target: this.#cloud.targetFor(this.#replica), router: this.#broker }
    const whole: Spec = {
      digest: 'replay',
      fleets: { [spec.name]: spec },
      metrics: {},
      schedules: this.#options.schedules ?? {},
      notifiers: {},
      actions: {},
    }
    const emit = (event: LoopEvent): void => this.#onEvent(event)
    const world: World = {
      clock: this.#replica.clock,
      calendar: this.#options.calendar ?? NO_CALENDAR,
      store,
      holder: 'replay',
      spec: () => whole,
      ports: () => ports,
      latest: () => null,
      source: () => NO_SOURCE,
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
    this.#ticks += 1
    const { current, desired } = entry.decision
    this.#decisions.note(this.#timeline.now, current ?? 0, desired ?? current ?? 0, entry)
    const closed = doneOf(entry, 'close')
    const reopened = doneOf(entry, 'reopen')
    for (const id of closed) this.#closedAt.set(id, entry.at)
    for (const id of reopened) this.#closedAt.delete(id)
    this.#closes += closed.length
    this.#reopens += reopened.length
  }
}

/** Ids of the instances with which that was done. */
function doneOf({ plan, outcomes }: JournalEntry, kind: 'close' | 'reopen'): readonly string[] {
  const done = new Set(outcomes.flatMap(({ action, outcome }) => (outcome === 'done' ? [action] : [])))
  return plan.actions.flatMap(action =>
    action.kind === kind && done.has(action.id) ? [action.instance] : [],
  )
}

function lastEnd(sessions: readonly PlayedSession[]): number {
  return sessions.reduce((latest, { atMs, lengthMs }) => Math.max(latest, atMs + lengthMs), 0)
}

type Bins = ReturnType<typeof newBins>

function newBins(length: number) {
  const empty = (): Float64Array => new Float64Array(length)
  return {
    inUse: empty(),
    refused: empty(),
    waiting: empty(),
    needed: empty(),
    ready: empty(),
    paid: empty(),
    desired: empty(),
    lowest: empty(),
    highest: empty(),
  }
}

/** A list of sessions says nothing else. */
const NO_SOURCE: MetricSource = {
  check: async () => ({ ok: true, detail: 'replayed' }),
  close: async () => undefined,
  read: async queries => queries.map(() => ({ gap: 'a list of sessions holds no metric' })),
}
