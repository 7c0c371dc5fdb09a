/**
 * What do the rules that look ahead have to expect? Keeps a learner for each beside the sample windows, tells it the demand minute
 * by minute, and asks it at every tick. The answers enter with the observation, so that a decision stays a function of what is
 * journalled. A learner is a function of what it was told: after a restart it is told the stored minutes again.
 *
 * Example: "Serve" over `last(requests)`, 4,100 now, boot time measured as 180 s, ticks every 15 s:
 * `{ Serve: { kind: 'serve', demand: 4100, capacity: 4650, leadMs: 195000, boot: 'measured', ... } }`.
 */
import { bootTimeOf } from '../capacity/boot-times.ts'
import { type Demand, demandsOf } from '../engine/demands.ts'
import { passes } from '../engine/windows/of-metric.ts'
import { createDemandForecast, type DemandForecast } from '../forecast/demand-forecast.ts'
import { createHeadroom, type Headroom } from '../forecast/headroom.ts'
import { ServedShare } from '../forecast/served-share.ts'
import type { Observation } from '../model/observation.ts'
import type { BootKnown, Outlook } from '../model/outlook.ts'
import type { Sample } from '../model/sample.ts'
import {
  type FleetSpec,
  type ForecastRule,
  looksAhead,
  type OutlookRule,
  type ServeRule,
} from '../model/spec.ts'
import type { ClockOffset, EpochMs } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import { DEMAND_KEPT_MS, type SeriesSamples, type StateStore } from '../ports/state-store.ts'
import { DemandSeries, demandSeriesOf, demandStepMs } from './demand-series.ts'

/** Where nobody stated a boot time and none was measured. */
export const USUAL_BOOT_MS = 180_000
/** A measured boot time that moves by less changes nothing that was learnt. */
const SAME_LEAD_SHARE = 0.2
/** Of the metric itself, where the demand was not kept yet: at most this many samples are read back. */
const MOST_OLDER_SAMPLES = 200_000

/** Measured boot times of the fleet, as memory has them. */
export type Boots = readonly number[] | undefined

interface Lead {
  readonly leadMs: number
  readonly boot: BootKnown
}

interface Watched {
  readonly rule: OutlookRule
  readonly series: DemandSeries
  readonly served: ServedShare
  /** The lead it has learnt for. */
  lead: Lead
  learner: Learner
}

export class Outlooks {
  readonly #spec: FleetSpec
  readonly #calendar: Calendar
  readonly #series = new Map<string, DemandSeries>()
  readonly #watched: readonly Watched[]
  #isStale = true

  /** @param calendar has the clocks of the time zones that rules name */
  constructor(spec: FleetSpec, calendar: Calendar) {
    this.#spec = spec
    this.#calendar = calendar
    this.#watched = spec.rules.filter(looksAhead).map(rule => {
      const lead = leadOf(rule, undefined, spec.everyMs)
      const served = new ServedShare()
      const learner = this.#learnerOf(rule, lead, served)
      return { rule, series: this.#seriesOf(rule), served, lead, learner }
    })
  }

  /** Another process may have gone on: what is stored is read anew at the next look. */
  forget(): void {
    this.#isStale = true
  }

  /** Reads back what is stored, where that is due: at first, after another process held the fleet, when the boot time changed. */
  async recall(store: StateStore, at: EpochMs, boots: Boots): Promise<void> {
    for (const watched of this.#due(boots)) {
      this.#learnAnew(watched, await storedDemand(store, this.#spec, watched, at), boots)
    }
    this.#isStale = false
  }

  /** The same where the minutes are at hand, by the name of their series: in a replay. */
  recallFrom(kept: (series: string) => readonly Sample[], boots: Boots): void {
    for (const watched of this.#due(boots)) this.#learnAnew(watched, kept(watched.series.name), boots)
    this.#isStale = false
  }

  #due(boots: Boots): readonly Watched[] {
    return this.#watched.filter(({ rule, lead }) => this.#isStale || hasMoved(rule, lead, boots, this.#spec))
  }

  #learnAnew(watched: Watched, stored: readonly Sample[], boots: Boots): void {
    const { rule, series, served } = watched
    watched.lead = leadOf(rule, boots, this.#spec.everyMs)
    watched.learner = this.#learnerOf(rule, watched.lead, served)
    for (const sample of stored) watched.learner.learn(sample.at, sample.value)
    const newest = stored.at(-1)
    if (newest !== undefined) series.resume(newest.at)
  }

  /** Learns the demand of this tick, and says what to expect; nothing where no rule asks. */
  look(observation: Observation, boots: Boots): Pick<Observation, 'outlooks'> {
    if (this.#watched.length === 0) return {}
    const { at, capacity } = observation
    const demands = demandsOf(this.#spec, observation)
    const outlooks: Record<string, Outlook> = {}
    const ended = this.#endedMinutes(at, demands)
    for (const { rule, series, learner } of this.#watched) {
      for (const minute of ended.get(series) ?? []) learner.learn(minute.at, minute.value)
      const demand = demands[rule.name] ?? NOT_READ
      outlooks[rule.name] = learner.outlook({
        at,
        demand,
        capacity: (capacity?.open ?? Number.NaN) * rule.perInstance,
        lead: leadOf(rule, boots, this.#spec.everyMs),
      })
    }
    return { outlooks }
  }

  /** Minutes that ended since the last commit. */
  fresh(): readonly SeriesSamples[] {
    return [...this.#series.values()].flatMap(series => series.fresh())
  }

  saved(): void {
    for (const series of this.#series.values()) series.saved()
  }

  #learnerOf(rule: OutlookRule, lead: Lead, served: ServedShare): Learner {
    const { timeZone } = rule
    const clock = timeZone === undefined ? {} : { offsetMs: this.#calendar.offsetOf(timeZone) }
    const pace = { stepMs: demandStepMs(this.#spec.everyMs), ...clock }
    return rule.kind === 'serve'
      ? new ServeLearner(rule, createHeadroom({ ...rule, ...pace, leadMs: lead.leadMs }), served)
      : new ForecastLearner(rule, lead, pace)
  }

  #seriesOf(rule: OutlookRule): DemandSeries {
    const name = demandSeriesOf(rule)
    const known = this.#series.get(name) ?? new DemandSeries(name, this.#spec.everyMs)
    this.#series.set(name, known)
    return known
  }

  #endedMinutes(
    at: EpochMs,
    demands: Readonly<Record<string, Demand>>,
  ): ReadonlyMap<DemandSeries, readonly Sample[]> {
    const ended = new Map<DemandSeries, readonly Sample[]>()
    for (const { rule, series } of this.#watched) {
      const demand = demands[rule.name] ?? NOT_READ
      if (ended.has(series) || 'gap' in demand) continue
      ended.set(series, series.add(at, demand.value))
    }
    return ended
  }
}

const NOT_READ: Demand = Object.freeze({ gap: 'it was not read' })

/** From an order until what was ordered helps. */
function leadOf(rule: OutlookRule, boots: Boots, everyMs: number): Lead {
  const measured = bootTimeOf(boots)
  if (measured !== null) return { leadMs: measured + everyMs, boot: 'measured' }
  const stated = rule.kind === 'serve' ? rule.bootMs : null
  if (stated !== null) return { leadMs: stated + everyMs, boot: 'stated' }
  return { leadMs: USUAL_BOOT_MS + everyMs, boot: 'usual' }
}

function hasMoved(rule: OutlookRule, learnt: Lead, boots: Boots, { everyMs }: FleetSpec): boolean {
  if (rule.kind === 'forecast' && rule.horizonMs !== null) return false
  const { leadMs } = leadOf(rule, boots, everyMs)
  const moved = Math.abs(leadMs - learnt.leadMs)
  return moved > SAME_LEAD_SHARE * learnt.leadMs && moved > demandStepMs(everyMs) / 2
}

interface Look {
  readonly at: EpochMs
  readonly demand: Demand
  /** Of what is ready; NaN is unknown. */
  readonly capacity: number
  readonly lead: Lead
}

interface Learner {
  learn(at: EpochMs, demand: number): void
  outlook(look: Look): Outlook
}

interface Pace {
  readonly stepMs: number
  readonly offsetMs?: ClockOffset
}

class ServeLearner implements Learner {
  readonly #rule: ServeRule
  readonly #headroom: Headroom
  readonly #served: ServedShare

  constructor(rule: ServeRule, headroom: Headroom, served: ServedShare) {
    this.#rule = rule
    this.#headroom = headroom
    this.#served = served
  }

  learn(at: EpochMs, demand: number): void {
    this.#headroom.learn(at, demand)
  }

  outlook({ at, demand, capacity, lead }: Look): Outlook {
    if ('gap' in demand) return { kind: 'none', waitsFor: `the demand (${demand.gap})` }
    this.#served.see(at, demand.value, capacity)
    return {
      kind: 'serve',
      demand: demand.value,
      capacity: this.#headroom.want(demand.value),
      ...lead,
      sloRatio: this.#rule.sloRatio,
      servedRatio: this.#served.ratio,
      learntMs: this.#headroom.learntMs,
    }
  }
}

class ForecastLearner implements Learner {
  readonly #forecast: DemandForecast

  constructor({ horizonMs, quantileRatio }: ForecastRule, { leadMs }: Lead, pace: Pace) {
    this.#forecast = createDemandForecast({
      ...pace,
      horizonMs: horizonMs ?? leadMs,
      quantile: quantileRatio,
    })
  }

  learn(at: EpochMs, demand: number): void {
    this.#forecast.learn(at, demand)
  }

  outlook({ at }: Look): Outlook {
    return this.#forecast.outlook(at)
  }
}

/** The minutes that are stored, and before them what the metric itself still has. */
async function storedDemand(
  store: StateStore,
  spec: FleetSpec,
  { rule, series }: Watched,
  at: EpochMs,
): Promise<readonly Sample[]> {
  const fleet = spec.name
  const stepMs = demandStepMs(spec.everyMs)
  const window = { from: at - DEMAND_KEPT_MS, to: at + 1 }
  const limit = Math.ceil(DEMAND_KEPT_MS / stepMs)
  const kept = await store.readSamples({ fleet, metric: series.name, window, limit })
  const until = kept[0]?.at ?? at + 1
  return [...(await olderDemand(store, spec, rule, { from: window.from, to: until })), ...kept]
}

/** From the samples of a metric that is the demand just as it was read. */
async function olderDemand(
  store: StateStore,
  { name: fleet, metrics, everyMs }: FleetSpec,
  { operand, spread }: OutlookRule,
  window: { readonly from: EpochMs; readonly to: EpochMs },
): Promise<readonly Sample[]> {
  const metric = operand.node === 'aggregate' ? metrics[operand.metric] : undefined
  if (operand.node !== 'aggregate' || metric === undefined || spread !== 'total') return []
  if (operand.aggregate !== 'last' && operand.aggregate !== 'avg') return []
  if (metric.kind === 'perInstance' || metric.grainMs !== null || metric.dividePerInstance) return []
  const query = { fleet, metric: metric.name, window, limit: MOST_OLDER_SAMPLES }
  const samples = await store.readSamples(query)
  const binned = new DemandSeries('', everyMs)
  const older: Sample[] = []
  for (const sample of samples) {
    if (!passes(metric.filter, sample)) continue
    older.push(...binned.add(sample.at, sample.value))
  }
  return older
}
