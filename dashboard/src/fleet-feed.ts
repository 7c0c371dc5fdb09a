/**
 * Everything the page knows of the fleet it shows: asked for once, then kept up to date by events. What an event
 * does not carry (instances, steps) is asked for again, at most once a second, however fast the fleet ticks.
 *
 * Example: a tick event adds its point to the timeline at once; the decision behind it follows with the next question.
 */
import { ask, TokenWanted } from './connection.ts'
import { type Count, Demand, SessionLine, Timeline, type Use } from './series.ts'
import type {
  Decision,
  DeliveryEvent,
  Fleet,
  FleetSettings,
  FreezeEvent,
  GapEvent,
  Instances,
  KpiHistory,
  LostEvent,
  RunEvent,
  Sample,
  SamplesEvent,
  SettingsEvent,
  TickEvent,
  Time,
  TimelinePoint,
  TroubleEvent,
} from './wire.ts'

const MOST_DECISIONS = 200
const MOST_NOTES = 30
const MOST_REMEMBERED = 1000
const ASK_AGAIN_MS = 1000
/** Shares move slowly; a change of state is asked for at once. */
const ASK_KPIS_AGAIN_MS = 10_000
/** More intervals than this cannot be seen in a strip. */
const MOST_INTERVALS = 300
const MOST_POINTS_ASKED = 10_000
const MOST_SAMPLES_ASKED = 20_000
/** A chart is about this many pixels wide; more spans than this cannot be seen. */
const SPANS_SHOWN = 900

/** Something that happened and is not a decision. */
export interface Note {
  readonly at: Time
  readonly text: string
}

export class FleetFeed {
  readonly name: string
  readonly windowMs: number
  fleet: Fleet | null = null
  instances: Instances | null = null
  settings: FleetSettings | null = null
  kpis: readonly KpiHistory[] = []
  /** Newest first. */
  decisions: readonly Decision[] = []
  /** Newest first. */
  notes: readonly Note[] = []
  timeline = new Timeline()
  /** Empty for a fleet without slots. */
  sessions = new SessionLine()
  demand: ReadonlyMap<string, Demand> = new Map()
  failure: string | null = null
  readonly #onChange: () => void
  #closed = false
  #askAgain: ReturnType<typeof setTimeout> | null = null
  #asking = false
  #askOnceMore = false
  #lastAskedAt = 0
  #loads = 0
  #kpisAskedAt = 0
  #kpisSeen = ''
  /** What was told while an answer was on its way, which may be older; `null` when none is. */
  #meanwhile: (() => void)[] | null = null

  constructor(name: string, windowMs: number, onChange: () => void) {
    this.name = name
    this.windowMs = windowMs
    this.#onChange = onChange
  }

  close(): void {
    this.#closed = true
    if (this.#askAgain !== null) clearTimeout(this.#askAgain)
  }

  /** Asks for everything anew: at first, and after the connection was lost. */
  async load(): Promise<void> {
    this.#loads += 1
    const load = this.#loads
    this.#meanwhile = []
    const since = `since=${Date.now() - this.windowMs}`
    await this.#trying(async () => {
      const [fleet, instances, settings, { decisions }, { points }] = await Promise.all([
        this.#ask<Fleet>(''),
        this.#ask<Instances>('/instances'),
        this.#askSettings(),
        this.#ask<{ decisions: Decision[] }>('/decisions?limit=50'),
        this.#ask<{ points: TimelinePoint[] }>(`/timeline?${since}&limit=${MOST_POINTS_ASKED}`),
      ])
      const series = await Promise.all(
        fleet.metrics.map(metric =>
          this.#ask<{ samples: Sample[] }>(
            `/metrics/${encodeURIComponent(metric.name)}/samples?${since}&limit=${MOST_SAMPLES_ASKED}`,
          ),
        ),
      )
      const kpis = await this.#askKpis(fleet)
      if (load !== this.#loads) return
      this.fleet = fleet
      this.instances = instances
      this.settings = settings
      this.kpis = kpis
      this.decisions = decisions
      this.timeline = new Timeline()
      this.sessions = new SessionLine()
      for (const point of points) this.#draw(point)
      this.demand = new Map(
        fleet.metrics.map((metric, index) => {
          const demand = new Demand(Math.max(metric.everyMs, this.windowMs / SPANS_SHOWN) / 1000)
          for (const sample of series[index]?.samples ?? []) demand.push(secondsOf(sample.at), sample.value)
          return [metric.name, demand]
        }),
      )
    })
    if (load !== this.#loads) return
    const told = this.#meanwhile ?? []
    this.#meanwhile = null
    for (const tell of told) tell()
  }

  #remember(tell: () => void): void {
    if (this.#meanwhile !== null && this.#meanwhile.length < MOST_REMEMBERED) this.#meanwhile.push(tell)
  }

  onTick(event: TickEvent): void {
    this.#remember(() => this.onTick(event))
    if (event.point !== null) this.#draw(event.point)
    if (this.fleet !== null) this.fleet = { ...this.fleet, ...event.fleet }
    this.#askSoon()
    this.#onChange()
  }

  #draw(point: TimelinePoint): void {
    this.timeline.push(countOf(point))
    const use = useOf(point)
    if (use !== null || this.sessions.length > 0) {
      this.sessions.push(use ?? { at: secondsOf(point.at), slots: null, asked: null, inUse: null })
    }
  }

  onSamples(event: SamplesEvent): void {
    this.#remember(() => this.onSamples(event))
    const demand = this.demand.get(event.metric)
    for (const sample of event.samples) demand?.push(secondsOf(sample.at), sample.value)
    this.#onChange()
  }

  onSettings(event: SettingsEvent): void {
    this.#remember(() => this.#settle(event))
    this.#settle(event)
    for (const { setting, from, to, rule } of event.changed) {
      const why = rule === null ? 'back to its default' : `by "${rule}"`
      this.#note(event.at, `setting ${setting}: ${from} → ${to}, ${why}`)
    }
  }

  #settle(event: SettingsEvent): void {
    this.settings = event
    this.#onChange()
  }

  onLost(event: LostEvent): void {
    this.#note(event.at, `${event.instance} was lost: ${event.detail}`)
  }

  onFreeze({ at, state, because }: FreezeEvent): void {
    this.#note(at, state === 'froze' ? `frozen: ${because}` : 'no longer frozen')
  }

  onTrouble(event: TroubleEvent): void {
    this.#note(event.at, event.what)
  }

  onRun({ at, action, rule, state, said }: RunEvent): void {
    const [first = ''] = said.split('\n')
    this.#note(at, `${action} (by "${rule}") ${state}${first === '' ? '' : `: ${first}`}`)
  }

  onDelivery({ at, notifier, title, state, detail }: DeliveryEvent): void {
    if (state === 'sent') this.#note(at, `told ${notifier}: ${title}`)
    else if (state === 'failed') this.#note(at, `${notifier} was not told "${title}": ${detail}`)
    else this.#note(at, `could not tell ${notifier} yet: ${detail}`)
  }

  onGap(event: GapEvent): void {
    const text = event.state === 'began' ? `is unknown: ${event.gap ?? 'no reason given'}` : 'is known again'
    this.#note(event.at, `${event.operand} ${text}`)
  }

  #note(at: Time, text: string): void {
    this.notes = [{ at, text }, ...this.notes].slice(0, MOST_NOTES)
    this.#askSoon()
    this.#onChange()
  }

  /** At once when the last question is a second old, else when it will be. */
  #askSoon(): void {
    if (this.#askAgain !== null || this.#closed) return
    if (this.#asking) {
      // The answer on its way may be from before: it is asked once more when it is there.
      this.#askOnceMore = true
      return
    }
    const waitMs = Math.max(0, this.#lastAskedAt + ASK_AGAIN_MS - Date.now())
    this.#askAgain = setTimeout(() => {
      this.#askAgain = null
      void this.#refresh()
    }, waitMs)
  }

  async #refresh(): Promise<void> {
    this.#asking = true
    this.#lastAskedAt = Date.now()
    await this.#trying(async () => {
      const [fleet, instances, settings, { decisions }] = await Promise.all([
        this.#ask<Fleet>(''),
        this.#ask<Instances>('/instances'),
        this.#askSettings(),
        this.#ask<{ decisions: Decision[] }>('/decisions?limit=10'),
      ])
      this.fleet = fleet
      this.instances = instances
      if (settings.version >= (this.settings?.version ?? 0)) this.settings = settings
      this.decisions = merged(decisions, this.decisions)
      const isOld = Date.now() - this.#kpisAskedAt > ASK_KPIS_AGAIN_MS
      if (isOld || JSON.stringify(fleet.kpis) !== this.#kpisSeen) this.kpis = await this.#askKpis(fleet)
    })
    this.#asking = false
    if (!this.#askOnceMore) return
    this.#askOnceMore = false
    this.#askSoon()
  }

  async #askKpis({ kpis }: Fleet): Promise<readonly KpiHistory[]> {
    this.#kpisAskedAt = Date.now()
    this.#kpisSeen = JSON.stringify(kpis)
    const query = `since=${Date.now() - this.windowMs}&limit=${MOST_INTERVALS}`
    return Promise.all(
      Object.keys(kpis).map(kpi =>
        this.#ask<KpiHistory>(`/kpis/${encodeURIComponent(kpi)}/history?${query}`),
      ),
    )
  }

  #askSettings(): Promise<FleetSettings> {
    return ask<FleetSettings>(`v1/settings/${encodeURIComponent(this.name)}`)
  }

  #ask<Answer>(path: string): Promise<Answer> {
    return ask<Answer>(`v1/fleets/${encodeURIComponent(this.name)}${path}`)
  }

  async #trying(questions: () => Promise<void>): Promise<void> {
    try {
      await questions()
      this.failure = null
    } catch (error) {
      if (error instanceof TokenWanted) return
      this.failure = error instanceof Error ? error.message : String(error)
    }
    if (!this.#closed) this.#onChange()
  }
}

function merged(newer: readonly Decision[], known: readonly Decision[]): readonly Decision[] {
  const oldest = newer.at(-1)?.revision ?? Number.POSITIVE_INFINITY
  return [...newer, ...known.filter(decision => decision.revision < oldest)].slice(0, MOST_DECISIONS)
}

function countOf(point: TimelinePoint): Count {
  return {
    at: secondsOf(point.at),
    open: point.open,
    total: point.open === null || point.pending === null ? null : point.open + point.pending,
    desired: point.desired,
    lowest: point.lowest,
    highest: point.highest,
  }
}

function useOf({ at, sessions }: TimelinePoint): Use | null {
  if (sessions === null) return null
  const { inUse, slots, waiting } = sessions
  return { at: secondsOf(at), slots, asked: inUse === null ? null : inUse + waiting, inUse }
}

function secondsOf(at: Time): number {
  return Date.parse(at) / 1000
}
