/**
 * An operator's rules in a replay: the windows, `decide` and the memory of production, over instances that are counted rather than
 * named. `tick-replay.ts` plays the same through the whole production tick; a test holds the two against each other.
 *
 * Example: `rulesContender({ fleet, feeds, calendar, schedules, startAt })` answers 44 where the fleet's rules decide on 44.
 */
import { decideUntold, tell } from '../engine/decide.ts'
import { isStillQuiet, type QuietDecision, quietOf, rememberQuiet } from '../engine/quiet.ts'
import { rememberDecision } from '../engine/remember.ts'
import { windowsOf } from '../engine/windows/of-metric.ts'
import type { Windows } from '../engine/windows.ts'
import { Outlooks } from '../loop/outlooks.ts'
import type { Bounds, Decision } from '../model/decision.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { NO_SESSIONS, type Observation, type OperandReading } from '../model/observation.ts'
import { NO_OVERRIDES } from '../model/override.ts'
import type { Sample } from '../model/sample.ts'
import type { Schedule } from '../model/schedule.ts'
import { type FleetSpec, looksAhead } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import { DEMAND_KEPT_MS } from '../ports/state-store.ts'
import type { Contender, Seen } from './contender.ts'
import type { Feed } from './feeds.ts'
import { Sampler } from './sampler.ts'

/** As many as memory keeps. */
const MOST_BOOTS = 50

export interface RulesPlayed {
  readonly fleet: FleetSpec
  readonly feeds: readonly Feed[]
  readonly calendar: Calendar
  readonly schedules: Readonly<Record<string, Schedule>>
  readonly startAt: EpochMs
  readonly stepMs: number
}

export function rulesContender(played: RulesPlayed): RulesContender {
  return new RulesContender(played)
}

export class RulesContender implements Contender {
  readonly name: string
  bounds: Bounds | null = null
  decision: Decision | null = null
  readonly #fleet: FleetSpec
  readonly #startAt: EpochMs
  readonly #metrics: readonly FedMetric[]
  readonly #schedules: ScheduleWindows
  /** What decisions go by; nothing here is committed, so its revision stays. */
  #memory: Memory = EMPTY_MEMORY
  /** Decided on and not ordered yet, since so many may be launched at a time. */
  #owed = 0
  /** While nothing fires, the last decision that was worked out; what has passed since then is not in memory yet. */
  #quiet: QuietDecision | null = null
  #quietAt: EpochMs = 0
  readonly #ahead: Ahead | null
  readonly #orders = new OrderTimes()

  constructor({ fleet, feeds, calendar, schedules, startAt, stepMs }: RulesPlayed) {
    this.name = fleet.name
    this.#fleet = fleet
    this.#startAt = startAt
    this.#metrics = feeds.map(feed => new FedMetric(fleet, feed, startAt, stepMs))
    this.#schedules = new ScheduleWindows(fleet, calendar, schedules)
    this.#ahead = fleet.rules.some(looksAhead) ? new Ahead(fleet, calendar) : null
  }

  tell(): Decision | null {
    return this.decision === null ? null : tell(this.decision)
  }

  next(seen: Seen): number {
    const at = this.#startAt + seen.atMs
    this.#orders.see(seen, at)
    const observed = this.#observe(seen, at)
    const observation = this.#ahead === null ? observed : this.#ahead.look(observed, this.#orders.boots)
    const there = seen.ready + seen.booting
    if (this.#quiet !== null && isStillQuiet(this.#fleet, this.#quiet, observation)) {
      this.#quietAt = at
      return there
    }
    const before =
      this.#quiet === null
        ? this.#memory
        : rememberQuiet(this.#fleet, this.#quiet, this.#quietAt, this.#memory)
    const { decision, memory } = decideUntold(this.#fleet, observation, before)
    this.#memory = rememberDecision(this.#fleet, decision, memory)
    this.decision = decision
    this.bounds = decision.bounds
    const desired = decision.desired ?? there
    const ordered = Math.min(desired, there + this.#fleet.launchBatch)
    this.#owed = desired - ordered
    this.#orders.note(ordered - there, at)
    this.#quiet = this.#owed > 0 ? null : quietOf(this.#fleet, observation, decision, this.#memory)
    this.#quietAt = at
    return ordered
  }

  #observe(seen: Seen, at: EpochMs): Observation {
    const readings: Record<string, OperandReading> = {}
    for (const metric of this.#metrics) metric.read(seen, at, readings)
    return {
      at,
      fleet: this.#fleet.name,
      capacity: { open: seen.ready, pending: seen.booting, draining: 0, replacing: this.#owed },
      capacityGap: null,
      external: null,
      sessions: NO_SESSIONS,
      readings,
      windows: this.#schedules.at(at),
      targetHighest: null,
      overrides: NO_OVERRIDES,
      fleets: NO_FLEETS,
    }
  }
}

const NO_FLEETS: Observation['fleets'] = Object.freeze({})

/** What rules that look ahead expect; the demand they learn from is kept here instead of in a store. */
class Ahead {
  readonly #outlooks: Outlooks
  readonly #kept = new Map<string, Sample[]>()

  constructor(fleet: FleetSpec, calendar: Calendar) {
    this.#outlooks = new Outlooks(fleet, calendar)
  }

  look(observation: Observation, boots: readonly number[]): Observation {
    this.#outlooks.recallFrom(series => this.#kept.get(series) ?? [], boots)
    const outlooks = this.#outlooks.look(observation, boots)
    for (const { metric, samples } of this.#outlooks.fresh()) this.#keep(metric, samples, observation.at)
    this.#outlooks.saved()
    return { ...observation, ...outlooks }
  }

  #keep(series: string, samples: readonly Sample[], at: EpochMs): void {
    const kept = this.#kept.get(series) ?? []
    kept.push(...samples)
    // Now and then is enough; what is too old is not learnt from either way.
    if ((kept[0]?.at ?? at) < at - 2 * DEMAND_KEPT_MS) {
      const first = kept.findIndex(sample => sample.at >= at - DEMAND_KEPT_MS)
      kept.splice(0, first)
    }
    this.#kept.set(series, kept)
  }
}

/** When what still boots was ordered, oldest first, and how long the last ones took: they come in the order they were made. */
class OrderTimes {
  readonly #pending: EpochMs[] = []
  boots: readonly number[] = []

  see({ booting }: Seen, at: EpochMs): void {
    if (this.#pending.length <= booting) return
    const came = this.#pending.splice(0, this.#pending.length - booting)
    this.boots = [...this.boots, ...came.map(orderedAt => at - orderedAt)].slice(-MOST_BOOTS)
  }

  /** @param change what was ordered; what is given up first is what was ordered last */
  note(change: number, at: EpochMs): void {
    for (let left = change; left > 0; left -= 1) this.#pending.push(at)
    if (change < 0) this.#pending.splice(Math.max(0, this.#pending.length + change))
  }
}

/** A metric and its windows. */
class FedMetric {
  readonly #windows: Windows
  readonly #sampler: Sampler

  constructor(fleet: FleetSpec, feed: Feed, startAt: EpochMs, stepMs: number) {
    const operands = fleet.operands.filter(({ metric }) => metric === feed.metric.name)
    this.#windows = windowsOf(feed.metric, operands)
    this.#sampler = new Sampler(feed, startAt, stepMs)
  }

  read(seen: Seen, at: EpochMs, readings: Record<string, OperandReading>): void {
    const sample = this.#sampler.take(seen, at)
    if (sample !== null) this.#windows.add(sample)
    this.#windows.read(at, readings)
  }
}

/** The window in force of each schedule, looked up once per window. */
class ScheduleWindows {
  readonly #calendar: Calendar
  readonly #schedules: ReadonlyMap<string, Schedule>
  #known: Record<string, Interval | null> = {}
  #until: EpochMs = Number.NEGATIVE_INFINITY

  constructor(fleet: FleetSpec, calendar: Calendar, schedules: Readonly<Record<string, Schedule>>) {
    const named = [...fleet.constraints.map(rule => rule.schedule), ...fleet.rules.map(rule => rule.during)]
    const used = [...new Set(named)].flatMap((name): [string, Schedule][] => {
      const schedule = name === null ? undefined : schedules[name]
      return name === null || schedule === undefined ? [] : [[name, schedule]]
    })
    this.#calendar = calendar
    this.#schedules = new Map(used)
  }

  at(at: EpochMs): Record<string, Interval | null> {
    if (at < this.#until) return this.#known
    const known: Record<string, Interval | null> = {}
    let until = Number.POSITIVE_INFINITY
    for (const [name, schedule] of this.#schedules) {
      const window = this.#calendar.window(schedule, at)
      known[name] = window
      if (window !== null) until = Math.min(until, window.to)
    }
    this.#known = known
    this.#until = until
    return known
  }
}
