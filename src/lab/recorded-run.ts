/**
 * A run of the daemon, from its own journal, through the production tick again: the same ticks at the same times, the same samples
 * and overrides, instances that boot as they did. With the rules it had it decides as it did, entry by entry; with others it goes
 * its own way, and what was measured per instance is shared by the instances it has then.
 *
 * Example: `await replayRun({ run: await readRun(store, 'web', range), spec, fleet: 'web', ... })` answers one replayed decision
 * per tick of that range.
 */
import { ActionRuns } from '../loop/action-runs.ts'
import { demandSeriesOf } from '../loop/demand-series.ts'
import { Senses } from '../loop/senses.ts'
import { type Seat, tick } from '../loop/tick.ts'
import type { FleetPorts, World } from '../loop/world.ts'
import type { Decision } from '../model/decision.ts'
import type { Load } from '../model/inventory.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Sample } from '../model/sample.ts'
import { type FleetSpec, looksAhead, type MetricSpec, type Spec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import { type Commit, DEMAND_KEPT_MS, type StateStore } from '../ports/state-store.ts'
import type { LaunchOrder, Target, TargetInstance, Victim } from '../ports/target.ts'
import { LabError } from './lab-error.ts'

export interface RecordedRun {
  readonly fleet: string
  /** Oldest first. */
  readonly entries: readonly JournalEntry[]
  /** By metric, sorted by time; from before the first entry on, as far as windows look back. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>
}

export interface RunReplayOptions {
  readonly run: RecordedRun
  readonly spec: Spec
  readonly fleet: FleetSpec
  readonly calendar: Calendar
}

export interface ReplayedTick {
  readonly at: EpochMs
  /** As it was decided then. */
  readonly recorded: Decision
  /** As these rules decide. */
  readonly replayed: Decision
}

const MOST_SAMPLES = 2_000_000
const ENTRIES_PER_PAGE = 1_000
const MOST_ENTRIES = 500_000
/** Windows look back no further than this, nor do those who learn from the past. */
const LOOK_BACK_MS = DEMAND_KEPT_MS

/** What a fleet's rules read: its metrics, and the demand that rules which look ahead have learnt from. */
export function seriesRead(fleet: FleetSpec): readonly string[] {
  return [...Object.keys(fleet.metrics), ...new Set(fleet.rules.filter(looksAhead).map(demandSeriesOf))]
}

/** Pages back through the journal. @throws LabError PLM-726 where nothing was recorded */
export async function readRun(
  store: Pick<StateStore, 'readJournal' | 'readSamples'>,
  fleet: string,
  metrics: readonly string[],
  range: Interval,
): Promise<RecordedRun> {
  const entries: JournalEntry[] = []
  let before: number | undefined
  while (entries.length < MOST_ENTRIES) {
    const page = await store.readJournal({
      fleet,
      since: range.from,
      at: range.to,
      limit: ENTRIES_PER_PAGE,
      ...(before === undefined ? {} : { before }),
    })
    entries.push(...page)
    before = page.at(-1)?.revision
    if (page.length < ENTRIES_PER_PAGE) break
  }
  if (entries.length === 0) {
    throw new LabError('PLM-726', `nothing was recorded of fleet ${fleet} in that time.`)
  }
  const window = { from: range.from - LOOK_BACK_MS, to: range.to + 1 }
  const samples: Record<string, readonly Sample[]> = {}
  for (const metric of metrics) {
    samples[metric] = await store.readSamples({ fleet, metric, window, limit: MOST_SAMPLES })
  }
  return { fleet, entries: entries.reverse(), samples }
}

export async function replayRun(options: RunReplayOptions): Promise<readonly ReplayedTick[]> {
  const { run, spec } = options
  const first = run.entries[0]
  if (first === undefined) return []
  const fleet: FleetSpec = { ...options.fleet, health: null, mode: 'scale' }
  const moment = new Moment(first)
  const cloud = new RecordedCloud(run, moment)
  const store = replayStore(run, moment, first)
  const clock: Clock = { now: () => moment.entry.at, after: () => () => undefined }
  const emit = (): void => undefined
  const ports: FleetPorts = { target: cloud.target, router: fleet.routers.length === 0 ? null : cloud.router }
  const source = recordedSource(run, moment, cloud)
  const world: World = {
    clock,
    calendar: options.calendar,
    store,
    holder: 'replay',
    spec: () => spec,
    latest: () => null,
    ports: () => ports,
    source: () => source,
    runs: new ActionRuns({ clock, action: () => null, emit, wake: () => undefined }),
    emit,
  }
  const seat: Seat = { senses: new Senses(world, fleet), lease: null, target: cloud.target }
  await seat.senses.refill(first.at - 1)
  const replayed: ReplayedTick[] = []
  for (const entry of run.entries) {
    moment.goTo(entry)
    const report = await tick(world, seat)
    if (report.outcome !== 'ticked') throw new Error(`a replayed tick ended as ${report.outcome}`)
    replayed.push({ at: entry.at, recorded: entry.decision, replayed: report.entry.decision })
  }
  return replayed
}

/** Where in the record the replay stands. */
class Moment {
  entry: JournalEntry
  /** Samples up to here have been given. */
  givenUntil: EpochMs

  constructor(first: JournalEntry) {
    this.entry = first
    this.givenUntil = first.at - 1
  }

  goTo(entry: JournalEntry): void {
    this.entry = entry
  }
}

interface Member {
  /** Listed since then. */
  readonly launchedAt: EpochMs
  readonly token: string | null
  /** `null`: as the record says of the instance of that id. */
  readonly readyAt: EpochMs | null
}

/** Instances of the record as it says of them, and those it does not know, which boot as long as the others did. */
class RecordedCloud {
  readonly #moment: Moment
  readonly #members = new Map<string, Member>()
  readonly #ended = new Set<string>()
  /** Of what was launched with a token: the id that came of it, then. */
  readonly #idOfToken = new Map<string, string>()
  readonly #known = new Set<string>()
  readonly #bootMs: number
  #unknown = 0

  constructor({ entries }: RecordedRun, moment: Moment) {
    this.#moment = moment
    const boots: number[] = []
    const launched = new Map<string, EpochMs>()
    for (const { at, plan, outcomes, inventory } of entries) {
      for (const action of plan.actions) if (action.kind === 'launch') launched.set(action.id, at)
      for (const outcome of outcomes) {
        if (outcome.outcome !== 'done' || outcome.instance === null) continue
        if (launched.has(outcome.action)) this.#idOfToken.set(outcome.action, outcome.instance)
      }
      for (const { id, launchedAt, readyAt } of inventory.instances) {
        if (readyAt !== null && launchedAt !== null && !this.#known.has(`ready ${id}`)) {
          this.#known.add(`ready ${id}`)
          boots.push(Math.max(0, readyAt - launchedAt))
        }
        this.#known.add(id)
      }
    }
    boots.sort((a, b) => a - b)
    this.#bootMs = boots[Math.floor(boots.length / 2)] ?? 0
    for (const { id, launchedAt } of entries[0]?.inventory.instances ?? []) {
      this.#members.set(id, { launchedAt: launchedAt ?? 0, token: null, readyAt: null })
    }
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
    check: async () => ({ ok: true, detail: 'recorded' }),
    close: async () => undefined,
    listInstances: async () => this.#list(),
    launch: async (orders: readonly LaunchOrder[]) =>
      orders.map(({ token }) => ({ token, ok: true, instance: this.#launch(token) })),
    terminate: async (victims: readonly Victim[]) =>
      victims.map(({ id }) => {
        this.#members.delete(id)
        this.#ended.add(id)
        return { instance: id, ok: true, state: 'gone' }
      }),
  }

  /** Sessions stay where they were recorded; an instance that was not there then has none. */
  readonly router: SessionRouter = {
    check: async () => ({ ok: true, detail: 'recorded' }),
    close: async () => undefined,
    route: async () => undefined,
    readLoads: async () => {
      const { at, inventory } = this.#moment.entry
      const recorded = new Map(inventory.instances.map(({ id, load }) => [id, load]))
      const loads = new Map<string, Load>()
      for (const id of this.#members.keys())
        loads.set(id, recorded.get(id) ?? { kind: 'known', slots: 0, at })
      return loads
    },
    closeInstance: async () => undefined,
    sealInstance: async () => undefined,
    reopenInstance: async () => undefined,
    waiting: () => this.#moment.entry.observation.sessions.waiting,
  }

  /** How many serve now, in the replay. */
  get ready(): number {
    return this.#list().filter(({ lifecycle }) => lifecycle === 'ready').length
  }

  #launch(token: string): string {
    const { at } = this.#moment.entry
    const recorded = this.#idOfToken.get(token)
    if (recorded !== undefined) {
      this.#members.set(recorded, { launchedAt: at, token, readyAt: null })
      return recorded
    }
    this.#unknown += 1
    const id = `replayed-${this.#unknown}`
    this.#members.set(id, { launchedAt: at, token, readyAt: at + this.#bootMs })
    return id
  }

  #list(): readonly TargetInstance[] {
    const { at, inventory } = this.#moment.entry
    const recorded = new Map(inventory.instances.map(instance => [instance.id, instance]))
    // What others launched, or what is there without our asking, is there in the replay too.
    for (const { id, launchedAt } of inventory.instances) {
      const isOurs = [...this.#idOfToken.values()].includes(id)
      if (this.#members.has(id) || this.#ended.has(id) || isOurs) continue
      this.#members.set(id, { launchedAt: launchedAt ?? at, token: null, readyAt: null })
    }
    return [...this.#members].flatMap(([id, { launchedAt, token, readyAt }]): TargetInstance[] => {
      const then = recorded.get(id)
      if (then !== undefined && readyAt === null) {
        const { lifecycle } = then
        if (lifecycle === 'gone') return []
        const { incarnation, health, zone, address, detail, access } = then
        return [
          {
            id,
            incarnation,
            lifecycle: lifecycle === 'requested' ? 'booting' : lifecycle,
            health,
            zone,
            address,
            launchedAt: then.launchedAt,
            token,
            detail,
            access,
          },
        ]
      }
      const isReady = at >= (readyAt ?? launchedAt + this.#bootMs)
      return [
        {
          id,
          lifecycle: isReady ? 'ready' : 'booting',
          health: isReady ? 'healthy' : 'unknown',
          zone: null,
          address: null,
          launchedAt,
          token,
          detail: null,
        },
      ]
    })
  }
}

/** Remembers what the next tick needs, and nothing else. */
function replayStore(run: RecordedRun, moment: Moment, first: JournalEntry): StateStore {
  let memory = { ...first.memory, revision: first.revision - 1 }
  const unused = async (): Promise<never> => {
    throw new Error('a replay has no such record')
  }
  return {
    check: async () => ({ ok: true, detail: 'replayed' }),
    close: async () => undefined,
    load: async () => memory,
    commit: async (commit: Commit) => {
      memory = commit.memory
    },
    acquireLease: async (fleet, holder, now, ttlMs) => ({ fleet, holder, epoch: 1, expiresAt: now + ttlMs }),
    releaseLease: async () => undefined,
    readOverrides: async () => moment.entry.observation.overrides,
    readVerdict: async () => null,
    readSamples: async ({ metric, window, limit }) =>
      (run.samples[metric] ?? []).filter(({ at }) => at >= window.from && at < window.to).slice(-limit),
    readNotices: async () => [],
    deleteOverride: async () => null,
    listFleets: async () => [run.fleet],
    prune: async () => 0,
    saveSpec: unused,
    readSpec: unused,
    listSpecs: unused,
    saveOverride: unused,
    recordAct: unused,
    readActs: unused,
    saveNotice: unused,
    claimNotice: unused,
    deleteNotice: unused,
    readJournal: unused,
    readTimeline: unused,
    readSettingChanges: unused,
  }
}

function recordedSource(run: RecordedRun, moment: Moment, cloud: RecordedCloud): MetricSource {
  const positions = new Map<string, number>()
  return {
    check: async () => ({ ok: true, detail: 'recorded' }),
    close: async () => undefined,
    // Asked at every tick, and says what came in since the last one.
    subscribe: () => () => undefined,
    read: async queries =>
      queries.map(({ metric }) => {
        const samples = run.samples[metric.name] ?? []
        let position = positions.get(metric.name) ?? samples.findIndex(({ at }) => at > moment.givenUntil)
        if (position < 0) position = samples.length
        const from = position
        while (position < samples.length && (samples[position]?.at ?? 0) <= moment.entry.at) position += 1
        positions.set(metric.name, position)
        return { samples: shared(metric, samples.slice(from, position), moment.entry, cloud) }
      }),
  }
}

/** What the recorded instances measured, as the simulated ones would have: each its share of the same demand. */
function shared(
  { kind, unit }: MetricSpec,
  samples: readonly Sample[],
  { inventory }: JournalEntry,
  cloud: RecordedCloud,
): readonly Sample[] {
  if (kind !== 'perInstance') return samples
  const recorded = inventory.instances.filter(({ lifecycle }) => lifecycle === 'ready').length
  const simulated = cloud.ready
  if (recorded === simulated || recorded === 0 || simulated === 0) return samples
  const ceiling = unit === 'percent' ? 100 : unit === 'ratio' ? 1 : Number.POSITIVE_INFINITY
  return samples.map(({ at, value }) => ({ at, value: Math.min(ceiling, (value * recorded) / simulated) }))
}
