/**
 * The same replay through the whole production tick: a lease, a store, a target that lists, launches and ends instances by name, a
 * source that is asked. Slower than `replay`, and its measure: where no fault plays a part, both come to the same decisions.
 *
 * Example: `await replayTicks({ ...played, fleet, feeds, calendar, schedules, store })` answers a course as `replay` does.
 */
import { ActionRuns } from '../loop/action-runs.ts'
import { Senses } from '../loop/senses.ts'
import { type Seat, tick } from '../loop/tick.ts'
import type { FleetPorts, World } from '../loop/world.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { LaunchOrder, Target, TargetInstance, Victim } from '../ports/target.ts'
import type { Seen } from './contender.ts'
import type { Course } from './course.ts'
import { Playback, type Replayed } from './replay.ts'
import type { RulesPlayed } from './rules-contender.ts'
import { Sampler } from './sampler.ts'
import type { Service } from './service.ts'

/** What the store keeps while a replay goes on: windows refill from nothing, and nobody reads the journal. */
const KEEP = { samplesMs: 60_000, samplesPerSeries: 10, journalMs: 60_000, journalEntries: 20 }
const TICKS_PER_PRUNE = 500

export interface TicksPlayed extends Replayed, RulesPlayed {
  /** Empty. */
  readonly store: StateStore
}

export async function replayTicks(played: TicksPlayed): Promise<Course> {
  const { fleet, store, startAt } = played
  const playback = new Playback(played)
  const cloud = new CountedCloud(playback.service, startAt)
  const world = worldOf(played, playback.seen, cloud)
  const seat: Seat = { senses: new Senses(world, fleet), lease: null }
  let ticks = 0
  while (playback.toNextDecision()) {
    const report = await tick(world, seat)
    if (report.outcome !== 'ticked') throw new Error(`a replayed tick ended as ${report.outcome}`)
    const { decision } = report.entry
    const there = playback.service.ready + playback.service.booting
    playback.decided(there, { bounds: decision.bounds, decision })
    ticks += 1
    if (ticks % TICKS_PER_PRUNE === 0) await store.prune(world.clock.now(), KEEP)
  }
  return playback.course(fleet.name)
}

/** The service's instances by name. */
class CountedCloud {
  readonly #service: Service
  readonly #startAt: EpochMs
  readonly #instances = new Map<
    string,
    { readonly launchedMs: number; readonly readyMs: number; readonly token: string | null }
  >()
  #launched = 0

  constructor(service: Service, startAt: EpochMs) {
    this.#service = service
    this.#startAt = startAt
    for (let left = service.ready; left > 0; left -= 1) this.#add(0, null)
  }

  readonly target: Target = {
    capabilities: {
      acts: true,
      choosesVictim: true,
      zones: [],
      idempotentLaunch: true,
      exclusive: true,
      highestCount: null,
    },
    check: async () => ({ ok: true, detail: 'replayed' }),
    close: async () => undefined,
    listInstances: async () => this.#list(),
    launch: async (orders: readonly LaunchOrder[]) =>
      orders.map(({ token }) => ({ token, ok: true, instance: this.#add(this.#service.launch(), token) })),
    terminate: async (victims: readonly Victim[]) => victims.map(({ id }) => this.#end(id)),
  }

  #add(readyMs: number, token: string | null): string {
    this.#launched += 1
    const id = `i-${String(this.#launched).padStart(7, '0')}`
    this.#instances.set(id, { launchedMs: this.#service.nowMs, readyMs, token })
    return id
  }

  #end(id: string): { readonly instance: string; readonly ok: true; readonly state: 'gone' } {
    const instance = this.#instances.get(id)
    if (instance !== undefined) this.#service.end(instance.readyMs)
    this.#instances.delete(id)
    return { instance: id, ok: true, state: 'gone' }
  }

  #list(): readonly TargetInstance[] {
    return [...this.#instances].map(([id, { launchedMs, readyMs, token }]) => {
      const isReady = readyMs <= this.#service.nowMs
      return {
        id,
        lifecycle: isReady ? 'ready' : 'booting',
        health: isReady ? 'healthy' : 'unknown',
        zone: null,
        address: null,
        launchedAt: this.#startAt + launchedMs,
        token,
        detail: null,
      }
    })
  }
}

function worldOf(played: TicksPlayed, seen: Seen, cloud: CountedCloud): World {
  const { fleet, feeds, calendar, schedules, store, startAt, stepMs } = played
  const clock: Clock = { now: () => startAt + seen.atMs, after: () => () => undefined }
  const ports: FleetPorts = { target: cloud.target, router: null }
  const spec = specOf(fleet, schedules)
  const samplers = new Map(feeds.map(feed => [feed.metric.name, new Sampler(feed, startAt, stepMs)]))
  const source: MetricSource = {
    check: async () => ({ ok: true, detail: 'replayed' }),
    close: async () => undefined,
    // Asked at every tick, and says only what is new.
    subscribe: () => () => undefined,
    read: async queries =>
      queries.map(({ metric }) => {
        const sample = samplers.get(metric.name)?.take(seen, clock.now()) ?? null
        return { samples: sample === null ? [] : [sample] }
      }),
  }
  const emit = (): void => undefined
  return {
    clock,
    calendar,
    store,
    holder: 'replay',
    spec: () => spec,
    latest: () => null,
    ports: () => ports,
    source: () => source,
    runs: new ActionRuns({ clock, action: () => null, emit, wake: () => undefined }),
    emit,
  }
}

function specOf(fleet: FleetSpec, schedules: RulesPlayed['schedules']) {
  return {
    digest: 'replay',
    fleets: { [fleet.name]: fleet },
    metrics: fleet.metrics,
    schedules,
    notifiers: {},
    actions: {},
  }
}
