/**
 * Builds what a running fleet leaves behind: a fleet's spec, its instances, and journal entries. Observations and
 * inventories are made up; the decisions are real ones of `decide`, so that sentences and steps are too.
 *
 * Example: `nextEntry(webFleet(), null, { at: T0, instances: [instance('web-1')], cpu: 83.2 })` decides to grow.
 */
import { applySettings } from '../../src/engine/apply-settings.ts'
import { decide } from '../../src/engine/decide.ts'
import { NO_WAITING, PLAIN_FLEET } from '../../src/lab/simulation/plain-fleet.ts'
import type { Approval } from '../../src/model/approval.ts'
import type { AggregateOperand, Condition } from '../../src/model/expression.ts'
import type { Freeze } from '../../src/model/health.ts'
import { type Instance, PLAIN_TARGET } from '../../src/model/inventory.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import { EMPTY_MEMORY, type Memory } from '../../src/model/memory.ts'
import type { CapacityCounts, OperandReading, SessionCounts } from '../../src/model/observation.ts'
import type { Override } from '../../src/model/override.ts'
import type { Action, Outcome, Waiting } from '../../src/model/plan.ts'
import type { SettingChange } from '../../src/model/settings.ts'
import {
  type FleetSpec,
  type MetricSpec,
  type Mode,
  type Spec,
  USUAL_SESSIONS,
} from '../../src/model/spec.ts'
import type { EpochMs } from '../../src/model/time.ts'

/** 2026-11-21T12:00:00Z. */
export const T0: EpochMs = Date.UTC(2026, 10, 21, 12)

export const CPU: MetricSpec = {
  name: 'cpu',
  kind: 'perInstance',
  unit: 'percent',
  source: 'push',
  options: { password: 'hunter2' },
  everyMs: 1000,
  staleAfterMs: 30_000,
  ofFleet: null,
  grainMs: null,
  across: null,
  filter: [],
  dividePerInstance: false,
}

export const AVG_CPU: AggregateOperand = {
  node: 'aggregate',
  key: 'avg(cpu, 1m)',
  aggregate: 'avg',
  metric: 'cpu',
  windowMs: 60_000,
}

function cpuIs(operator: '>' | '<', percent: number): Condition {
  const right = { node: 'number', value: percent, text: `${percent}%` } as const
  return { node: 'compare', operator, left: AVG_CPU, right }
}

export function webFleet(overrides: Partial<FleetSpec> = {}): FleetSpec {
  const rule = {
    kind: 'when' as const,
    rank: 10,
    enabled: true,
    forMs: 0,
    during: null,
    cooldownMs: null,
    effects: { set: {}, notify: [], run: [] },
  }
  return {
    ...PLAIN_FLEET,
    target: { type: 'process', options: { env: { SECRET: 'hunter2' } } },
    routers: [{ type: 'proxy', options: { cookie: { secret: 'hunter2' } } }],
    sessions: { ...USUAL_SESSIONS, slotsPerInstance: 20 },
    constraints: [
      { name: 'capacity', rank: 0, enabled: true, min: 2, max: 8, default: 2, schedule: null },
      { name: 'Peak', rank: 100, enabled: true, min: 4, max: 12, default: null, schedule: 'peak' },
    ],
    kpis: [{ name: 'busy', goal: cpuIs('<', 80), goalText: 'avg(cpu, 1m) < 80%' }],
    rules: [
      {
        ...rule,
        name: 'Scale up',
        when: cpuIs('>', 80),
        whenText: 'avg(cpu, 1m) > 80%',
        scale: { kind: 'by', instances: 1 },
      },
      {
        ...rule,
        name: 'Scale down',
        when: cpuIs('<', 20),
        whenText: 'avg(cpu, 1m) < 20%',
        scale: { kind: 'by', instances: -1 },
      },
    ],
    metrics: { cpu: CPU },
    operands: [AVG_CPU],
    guards: { ...NO_WAITING, cooldownOutMs: 10_000, cooldownInMs: 20_000 },
    everyMs: 1000,
    bootTimeoutMs: 60_000,
    ...overrides,
  }
}

export function specOf(...fleets: readonly FleetSpec[]): Spec {
  return {
    digest: '9f2c4e1a77b0d356',
    fleets: Object.fromEntries(fleets.map(fleet => [fleet.name, fleet])),
    metrics: { cpu: CPU },
    schedules: {},
    notifiers: {},
    actions: {},
  }
}

export function instance(id: string, overrides: Partial<Instance> = {}): Instance {
  return {
    id,
    lifecycle: 'ready',
    admission: 'open',
    health: 'healthy',
    sealed: false,
    incarnation: null,
    listed: true,
    order: null,
    access: [],
    load: { kind: 'known', slots: 3, at: T0 },
    zone: null,
    address: 'http://127.0.0.1:41231',
    launchedAt: T0 - 600_000,
    readyAt: T0 - 598_000,
    closedAt: null,
    detail: null,
    ...overrides,
  }
}

export interface Seen {
  readonly at: EpochMs
  readonly instances: readonly Instance[]
  /** `null` is a gap. */
  readonly cpu: number | null
  /** What a person is asked after it. */
  readonly approval?: Approval
  readonly overrides?: readonly Override[]
  /** Seen instead of three sessions on each instance. */
  readonly sessions?: SessionCounts
  readonly freeze?: Freeze
  /** What the plan would do and does not do yet. */
  readonly waiting?: readonly Waiting[]
  /** The target could not be asked. */
  readonly blind?: boolean
  /** Journalled with the tick; an entry of before it was has none. */
  readonly mode?: Mode
  /** When the peak window ends; none in force unless said. */
  readonly peakUntil?: EpochMs
}

export interface Journalled {
  readonly entry: JournalEntry
  readonly memory: Memory
  readonly changes: readonly SettingChange[]
}

/** The entry of the tick after `before` (`null`: the first), its plan, and its outcomes, all done. */
export function nextEntry(fleet: FleetSpec, before: Memory | null, seen: Seen): Journalled {
  const memory = { ...(before ?? EMPTY_MEMORY), freeze: seen.freeze ?? null }
  const observation = {
    at: seen.at,
    fleet: fleet.name,
    capacity: seen.blind === true ? null : countsOf(seen.instances),
    capacityGap: seen.blind === true ? 'the target did not answer within 2 s' : null,
    external: null,
    sessions: seen.sessions ?? {
      inUse: seen.instances.length * 3,
      inUseOpen: seen.instances.length * 3,
      slots: seen.instances.length * 20,
      waiting: 0,
      silent: 0,
    },
    readings: { [AVG_CPU.key]: readingOf(seen) },
    windows: {
      peak: seen.peakUntil === undefined ? null : { from: seen.peakUntil - 7_200_000, to: seen.peakUntil },
    },
    targetHighest: null,
    overrides: seen.overrides ?? [],
    fleets: {},
  }
  const decided = decide(fleet, observation, memory)
  const revision = memory.revision + 1
  const { current, desired } = decided.decision
  const { settings, changes } = applySettings(fleet, fleet.mode, decided.decision, memory.settings)
  const actions = actionsFor(fleet.name, revision, seen.instances, (desired ?? 0) - (current ?? 0))
  return {
    changes,
    memory: { ...decided.memory, approval: seen.approval ?? null, settings, revision },
    entry: {
      fleet: fleet.name,
      revision,
      at: seen.at,
      specDigest: '9f2c4e1a77b0d356',
      ...(seen.mode === undefined ? {} : { mode: seen.mode }),
      observation,
      memory,
      inventory: { instances: seen.instances, orders: [], target: PLAIN_TARGET },
      decision: decided.decision,
      plan: { fleet: fleet.name, desired, actions, waiting: seen.waiting ?? [] },
      approval: seen.approval ?? null,
      outcomes: actions.map((action, index) => doneAt(action, seen.at + 10 + index)),
    },
  }
}

function countsOf(instances: readonly Instance[]): CapacityCounts {
  const open = instances.filter(one => one.lifecycle === 'ready' && one.admission === 'open').length
  const pending = instances.filter(one => one.lifecycle === 'booting').length
  return { open, pending, draining: instances.filter(one => one.admission === 'closed').length, replacing: 0 }
}

function readingOf(seen: Seen): OperandReading {
  if (seen.cpu === null) return { gap: 'no samples in the last minute' }
  const open = seen.instances.filter(one => one.lifecycle === 'ready').length
  return { value: seen.cpu, samples: open * 60, firstAt: seen.at - 60_000, lastAt: seen.at, reporting: open }
}

function actionsFor(
  fleet: string,
  revision: number,
  instances: readonly Instance[],
  change: number,
): readonly Action[] {
  const open = instances.filter(one => one.lifecycle === 'ready' && one.admission === 'open')
  return Array.from({ length: Math.abs(change) }, (_, index): Action => {
    const id = `${fleet}/${revision}/${index + 1}`
    if (change > 0) return { kind: 'launch', id, zone: null, because: 'the decision wants one more' }
    const closing = open.at(-1 - index)?.id ?? 'none'
    return { kind: 'close', id, instance: closing, because: 'the decision wants one less' }
  })
}

function doneAt(action: Action, at: EpochMs): Outcome {
  const instance = 'instance' in action ? action.instance : `web-${action.id}`
  return { action: action.id, outcome: 'done', instance, at }
}
