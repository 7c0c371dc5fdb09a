/**
 * A whole world in memory around the production `tick`: clock, store, fleet and one metric source that a test sets.
 *
 * Example: `const world = simulatedWorld(fleetSpec({ min: 2 }))`, then `await world.tick()` launches two.
 */

import { ActionRuns } from '../../src/loop/action-runs.ts'
import { Senses } from '../../src/loop/senses.ts'
import { type Seat, tick } from '../../src/loop/tick.ts'
import type { LoopEvent, World } from '../../src/loop/world.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import type { FleetSpec } from '../../src/model/spec.ts'
import { createMemoryStore } from '../../src/plugins/stores/memory.ts'
import type { Calendar } from '../../src/ports/calendar.ts'
import type { HealthWatch } from '../../src/ports/health-probe.ts'
import type { MetricSource } from '../../src/ports/metric-source.ts'
import type { ScalingAction } from '../../src/ports/scaling-action.ts'
import type { SessionRouter } from '../../src/ports/session-router.ts'
import type { StateStore } from '../../src/ports/state-store.ts'
import type { TargetCapabilities } from '../../src/ports/target.ts'
import { NOON } from '../builders/observation.ts'
import { SimulatedClock } from './clock.ts'
import { SimulatedFleet } from './fleet.ts'

export interface SimulatedWorld {
  readonly world: World
  readonly clock: SimulatedClock
  readonly fleet: SimulatedFleet
  readonly events: LoopEvent[]
  readonly store: StateStore
  /** What the metric reads from now on; `null` makes its source answer a gap. */
  measure(metric: string, value: number | null): void
  /** One tick a second later; the entry it journalled. */
  tick(): Promise<JournalEntry>
  /** As a new process would: a new seat, new windows, the same store and fleet. */
  restart(): Promise<void>
}

export interface WorldOptions {
  readonly routed?: boolean
  /** Instead of the fleet's own; made anew by a restart. */
  readonly router?: (clock: SimulatedClock) => SessionRouter
  readonly capabilities?: Partial<TargetCapabilities>
  readonly store?: StateStore
  /** Instead of one without windows, whose clocks are never set. */
  readonly calendar?: Calendar
  readonly actions?: Readonly<Record<string, ScalingAction>>
  /** Latest entries of other fleets, by name. */
  readonly others?: Readonly<Record<string, JournalEntry>>
  /** Made with the world's own clock. */
  readonly health?: (clock: SimulatedClock) => HealthWatch
}

export const NO_CALENDAR: Calendar = {
  window: () => null,
  windows: () => [],
  offsetOf: () => () => 0,
  timeZoneDatabase: 'none',
}

export function simulatedWorld(spec: FleetSpec, options: WorldOptions = {}): SimulatedWorld {
  const clock = new SimulatedClock(NOON)
  const fleet = new SimulatedFleet(clock, options.capabilities)
  const events: LoopEvent[] = []
  const health = options.health?.(clock) ?? null
  const values = new Map<string, number | null>()
  const store = options.store ?? createMemoryStore()
  const world: World = {
    clock,
    calendar: options.calendar ?? NO_CALENDAR,
    store,
    holder: 'this process',
    spec: () => ({
      digest: 'd1',
      fleets: { [spec.name]: spec },
      metrics: spec.metrics,
      schedules: {},
      notifiers: {},
      actions: {},
    }),
    latest: name => options.others?.[name] ?? null,
    ports: () => ({ target: fleet.target, router, health }),
    source: () => sourceOf(values, clock),
    emit: event => events.push(event),
    get runs() {
      return runs
    },
  }
  const startRouter = (): SessionRouter | null =>
    options.router?.(clock) ?? (options.routed === true ? fleet.router : null)
  let router = startRouter()
  const startRuns = (): ActionRuns =>
    new ActionRuns({
      clock,
      action: name => options.actions?.[name] ?? null,
      emit: event => events.push(event),
      wake: () => undefined,
    })
  let runs = startRuns()
  let seat: Seat = { senses: new Senses(world, spec), lease: null }
  return {
    world,
    clock,
    fleet,
    events,
    store,
    measure: (metric, value) => values.set(metric, value),
    tick: async () => {
      await clock.advance(1_000)
      const report = await tick(world, seat)
      if (report.outcome !== 'ticked') throw new Error(`the tick ended as ${report.outcome}`)
      return report.entry
    },
    restart: async () => {
      runs.close()
      runs = startRuns()
      router = startRouter()
      seat = { senses: new Senses(world, spec), lease: null }
      await seat.senses.refill(clock.now())
    },
  }
}

function sourceOf(values: ReadonlyMap<string, number | null>, clock: SimulatedClock): MetricSource {
  return {
    check: async () => ({ ok: true, detail: 'simulated' }),
    close: async () => undefined,
    subscribe: () => () => undefined,
    read: async queries =>
      queries.map(({ metric }) => {
        const value = values.get(metric.name)
        if (value === undefined) return { samples: [] }
        return value === null ? { gap: 'the source is down' } : { samples: [{ at: clock.now(), value }] }
      }),
  }
}
