/**
 * Our own figures for Prometheus: counters fed by the loop's events, gauges read from the last tick when asked.
 *
 * Example: `plimsoll_fleet_desired{fleet="web"} 6`, `plimsoll_decisions_total{fleet="web",direction="out"} 3`.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Runtime } from '../loop/runtime.ts'
import type { LoopEvent } from '../loop/world.ts'
import type { Direction } from '../model/decision.ts'
import type { KpiState } from '../model/expression.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { PlaceRefusal } from '../sessions/session-broker.ts'
import type { Served } from './served.ts'

/** What came of one request for a session. */
export type PlacingOutcome = 'placed' | 'again' | PlaceRefusal | 'failed'

export interface Metrics {
  /** What the session API did. */
  placing(fleet: string, outcome: PlacingOutcome): void
  text(): Promise<string>
  readonly contentType: string
  close(): void
}

const DIRECTIONS: readonly Direction[] = ['out', 'in', 'none']
const KPI_STATES: readonly KpiState[] = ['green', 'red', 'unknown']

/** Of the process, shared by every API in it: its observers of the event loop and the collector live as long. */
let processRegistry: Registry | null = null

function processMetrics(): Registry {
  if (processRegistry === null) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry
}

/** What is read off the last tick's entry; `null` is not shown, since absence is not zero. */
const GAUGES: readonly {
  readonly name: string
  readonly help: string
  readonly read: (entry: JournalEntry) => number | null
}[] = [
  { name: 'desired', help: 'Instances the last decision wants.', read: entry => entry.decision.desired },
  {
    name: 'current',
    help: 'Instances that counted at the last tick.',
    read: entry => entry.decision.current,
  },
  {
    name: 'open',
    help: 'Instances open and ready.',
    read: entry => entry.observation.capacity?.open ?? null,
  },
  {
    name: 'pending',
    help: 'Instances ordered and not ready.',
    read: entry => entry.observation.capacity?.pending ?? null,
  },
  {
    name: 'draining',
    help: 'Instances closed and not gone.',
    read: entry => entry.observation.capacity?.draining ?? null,
  },
  {
    name: 'slots_in_use',
    help: 'Slots in use on all its instances; missing where it is not known.',
    read: entry => entry.observation.sessions.inUse,
  },
  {
    name: 'slots',
    help: 'Slots of its open instances.',
    read: entry => entry.observation.sessions.slots,
  },
  {
    name: 'waiting_sessions',
    help: 'Requests for a session that waited for room at the last tick.',
    read: entry => entry.observation.sessions.waiting,
  },
  { name: 'lowest', help: 'Lowest count allowed now.', read: entry => entry.decision.bounds.lowest },
  { name: 'highest', help: 'Highest count allowed now.', read: entry => entry.decision.bounds.highest },
]

export function createMetrics(runtime: Served): Metrics {
  const registry = new Registry()
  const registers = [registry]
  addFleetGauges(runtime, registry)
  addBrokerGauges(runtime, registry)
  const counters = {
    ticks: new Counter({
      name: 'plimsoll_ticks_total',
      help: 'Ticks by what became of them.',
      labelNames: ['fleet', 'outcome'],
      registers,
    }),
    decisions: new Counter({
      name: 'plimsoll_decisions_total',
      help: 'Decisions by direction; "none" is a decision too.',
      labelNames: ['fleet', 'direction'],
      registers,
    }),
    actions: new Counter({
      name: 'plimsoll_actions_total',
      help: 'Actions by kind and outcome.',
      labelNames: ['fleet', 'kind', 'outcome'],
      registers,
    }),
  }
  const placings = new Counter({
    name: 'plimsoll_session_placements_total',
    help: 'Requests for a session by what came of them: placed, again (it was there), or why it was refused.',
    labelNames: ['fleet', 'outcome'],
    registers,
  })
  for (const fleet of Object.keys(runtime.spec().fleets)) {
    for (const direction of DIRECTIONS) counters.decisions.inc({ fleet, direction }, 0)
  }
  const unsubscribe = runtime.subscribe(event => countEvent(event, counters))
  return {
    contentType: registry.contentType,
    placing: (fleet, outcome) => placings.inc({ fleet, outcome }),
    async text() {
      return `${await registry.metrics()}\n${await processMetrics().metrics()}`
    },
    close: unsubscribe,
  }
}

interface Counters {
  readonly ticks: Counter<'fleet' | 'outcome'>
  readonly decisions: Counter<'fleet' | 'direction'>
  readonly actions: Counter<'fleet' | 'kind' | 'outcome'>
}

function countEvent(event: LoopEvent, counters: Counters): void {
  if (event.type !== 'tick') return
  const { fleet, outcome } = event.report
  counters.ticks.inc({ fleet, outcome })
  if (event.report.outcome !== 'ticked') return
  const { decision, plan, outcomes } = event.report.entry
  counters.decisions.inc({ fleet, direction: decision.direction })
  const kinds = new Map(plan.actions.map(action => [action.id, action.kind]))
  for (const { action, outcome } of outcomes) {
    counters.actions.inc({ fleet, kind: kinds.get(action) ?? 'unknown', outcome })
  }
}

function addFleetGauges(runtime: Runtime, registry: Registry): void {
  const registers = [registry]
  for (const { name, help, read } of GAUGES) {
    new Gauge({
      name: `plimsoll_fleet_${name}`,
      help,
      labelNames: ['fleet'],
      registers,
      collect() {
        this.reset()
        for (const entry of latestEntries(runtime)) {
          const value = read(entry)
          if (value !== null) this.set({ fleet: entry.fleet }, value)
        }
      },
    })
  }
  new Gauge({
    name: 'plimsoll_kpi',
    help: '1 for the state the KPI is in, 0 for the others.',
    labelNames: ['fleet', 'kpi', 'state'],
    registers,
    collect() {
      this.reset()
      for (const { fleet, decision } of latestEntries(runtime)) {
        for (const [kpi, now] of Object.entries(decision.kpis)) {
          for (const state of KPI_STATES) this.set({ fleet, kpi, state }, state === now ? 1 : 0)
        }
      }
    },
  })
  new Gauge({
    name: 'plimsoll_tick_age_seconds',
    help: 'Seconds since the last tick that decided.',
    labelNames: ['fleet'],
    registers,
    collect() {
      this.reset()
      for (const { fleet, at } of latestEntries(runtime))
        this.set({ fleet }, (runtime.clock.now() - at) / 1000)
    },
  })
}

/** As they are now, not as the last tick saw them; nothing where no broker places sessions. */
function addBrokerGauges(runtime: Served, registry: Registry): void {
  const gauges = [
    { name: 'plimsoll_sessions', help: 'Sessions the broker holds.', of: 'sessions' },
    { name: 'plimsoll_sessions_waiting', help: 'Requests that wait for room.', of: 'waiting' },
  ] as const
  for (const { name, help, of } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['fleet'],
      registers: [registry],
      collect() {
        this.reset()
        for (const fleet of Object.keys(runtime.spec().fleets)) {
          const counts = runtime.broker(fleet)?.counts()
          // Before it has opened its log it knows of none, which is not zero.
          if (counts !== undefined && counts.epoch !== null) this.set({ fleet }, counts[of])
        }
      },
    })
  }
}

function latestEntries(runtime: Runtime): JournalEntry[] {
  return Object.keys(runtime.spec().fleets).flatMap(fleet => runtime.latest(fleet) ?? [])
}
