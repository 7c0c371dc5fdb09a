/**
 * A made-up week of a fleet that recommends while another autoscaler scales it: made-up load, counts of a slow autoscaler that now and
 * then forgets itself, and the real decisions of the fleet's rules beside it. Seeded by nothing: it is the same every time.
 *
 * Example: `weekBeside(spec, 'web', monday)` yields 2016 ticks, one every five minutes, each with its entry and the samples of that time.
 */
import { decide } from '../../src/engine/decide.ts'
import type { Instance } from '../../src/model/inventory.ts'
import { PLAIN_TARGET } from '../../src/model/inventory.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import { EMPTY_MEMORY, type Memory } from '../../src/model/memory.ts'
import { NO_SESSIONS } from '../../src/model/observation.ts'
import type { Sample } from '../../src/model/sample.ts'
import type { FleetSpec, Spec } from '../../src/model/spec.ts'
import type { EpochMs, Interval } from '../../src/model/time.ts'
import { createCalendar } from '../../src/plugins/calendars/temporal.ts'
import type { Commit } from '../../src/ports/state-store.ts'
import { instance } from './journal.ts'

const MINUTE = 60_000
export const STEP_MS = 5 * MINUTE
const DAY_MS = 1440 * MINUTE
/** Of one instance. */
const FULL = 100
/** The other one looks back so far, and so late. */
const LOOKS_AT = 4
/** On the third day at 13:00 UTC a campaign, for an hour; the last evening nobody takes away what is too many. */
const CAMPAIGN: Interval = { from: 2 * DAY_MS + 13 * 60 * MINUTE, to: 2 * DAY_MS + 14 * 60 * MINUTE }
const FORGOTTEN: Interval = { from: 6 * DAY_MS + 19 * 60 * MINUTE, to: 7 * DAY_MS }
/** The daemon was not running for so long. */
const AWAY: Interval = { from: 4 * DAY_MS + 2 * 60 * MINUTE, to: 4 * DAY_MS + 4 * 60 * MINUTE }

export function* weekBeside(spec: Spec, name: string, startAt: EpochMs): Generator<Commit> {
  const fleet = spec.fleets[name]
  const metric = Object.keys(fleet?.metrics ?? {})[0]
  if (fleet === undefined || metric === undefined) throw new Error(`no fleet ${name} that reads a metric`)
  const windowsAt = windowsOf(spec, fleet)
  const past: number[] = []
  let memory: Memory = EMPTY_MEMORY
  let theirs = 3
  let before = theirs
  let changedAt = 0
  for (let afterMs = 0; afterMs < 7 * DAY_MS; afterMs += STEP_MS) {
    const at = startAt + afterMs
    const wanted = Math.max(fewestAt(afterMs), theirNext(past, theirs, isIn(afterMs, FORGOTTEN)))
    if (wanted !== theirs && afterMs - changedAt >= 25 * MINUTE) {
      theirs = wanted
      changedAt = afterMs
    }
    const cpu = Math.min(100, loadAt(afterMs) / theirs)
    past.push(cpu)
    if (isIn(afterMs, AWAY)) continue
    const instances = Array.from({ length: theirs }, (_, n) => plainInstance(n, at))
    const samples = instances.map((each, n): Sample => ({ at, value: round(cpu + n - 1), instance: each.id }))
    const reading = mean(past.slice(-2))
    const commit = tickOf(
      { fleet, metric, at, instances, cpu: reading, before, memory, windows: windowsAt(at) },
      samples,
    )
    memory = commit.memory
    before = theirs
    yield commit
  }
}

function isIn(at: number, { from, to }: Interval): boolean {
  return at >= from && at < to
}

/** Busy by day, quieter at the weekend, uneven by the quarter of an hour. */
function loadAt(afterMs: number): number {
  const day = Math.floor(afterMs / DAY_MS)
  const hour = (afterMs % DAY_MS) / (60 * MINUTE)
  const daily = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI))
  const weekend = day >= 5 ? 0.45 : 1
  const uneven = 1 + 0.06 * Math.sin(afterMs / (17 * MINUTE)) + 0.04 * Math.sin(afterMs / (47 * MINUTE))
  const campaign = isIn(afterMs, CAMPAIGN) ? 1.7 : 1
  return FULL * (0.6 + 2.5 * daily * weekend) * uneven * campaign
}

/** Three in working hours in Berlin, where it is an hour later. */
function fewestAt(afterMs: number): number {
  const hour = (afterMs % DAY_MS) / (60 * MINUTE) + 1
  return afterMs < 5 * DAY_MS && hour >= 8 && hour < 18 ? 3 : 2
}

/** Of an autoscaler that looks at twenty minutes which ended ten minutes ago. */
function theirNext(past: readonly number[], count: number, forgets: boolean): number {
  const seen = mean(past.slice(-LOOKS_AT - 2, -2))
  if (seen > 70) return Math.min(6, count + 1)
  return seen < 30 && !forgets ? Math.max(2, count - 1) : count
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 50 : round(values.reduce((sum, value) => sum + value, 0) / values.length)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function plainInstance(n: number, at: EpochMs): Instance {
  return instance(`web_${n}`, { load: { kind: 'untracked' }, launchedAt: at - DAY_MS, readyAt: at - DAY_MS })
}

function windowsOf(spec: Spec, fleet: FleetSpec): (at: EpochMs) => Record<string, Interval | null> {
  const calendar = createCalendar()
  const names = [
    ...fleet.constraints.map(({ schedule }) => schedule),
    ...fleet.rules.map(({ during }) => during),
  ]
  return at =>
    Object.fromEntries(
      [...new Set(names)].flatMap(name => {
        const schedule = name === null ? undefined : spec.schedules[name]
        return name === null || schedule === undefined ? [] : [[name, calendar.window(schedule, at)]]
      }),
    )
}

interface Now {
  readonly fleet: FleetSpec
  readonly metric: string
  readonly at: EpochMs
  readonly instances: readonly Instance[]
  readonly cpu: number
  /** As many as there were at the tick before. */
  readonly before: number
  readonly memory: Memory
  readonly windows: Readonly<Record<string, Interval | null>>
}

function tickOf(now: Now, samples: readonly Sample[]): Commit {
  const { fleet, metric, at, instances, cpu, before, memory, windows } = now
  const count = instances.length
  const reading = { value: cpu, samples: count * 10, firstAt: at - 10 * MINUTE, lastAt: at, reporting: count }
  const observation = {
    at,
    fleet: fleet.name,
    capacity: { open: count, pending: 0, draining: 0, replacing: 0 },
    capacityGap: null,
    external: before === count ? null : { from: before, to: count },
    sessions: NO_SESSIONS,
    readings: Object.fromEntries(fleet.operands.map(({ key }) => [key, reading])),
    windows,
    targetHighest: null,
    overrides: [],
    fleets: {},
  }
  const decided = decide(fleet, observation, memory)
  const revision = memory.revision + 1
  const entry: JournalEntry = {
    fleet: fleet.name,
    revision,
    at,
    specDigest: '9f2c4e1a77b0d356',
    mode: 'recommend',
    observation,
    memory,
    inventory: { instances, orders: [], target: PLAIN_TARGET },
    decision: decided.decision,
    plan: { fleet: fleet.name, desired: decided.decision.desired, actions: [], waiting: [] },
    approval: null,
    outcomes: [],
  }
  return {
    fleet: fleet.name,
    epoch: 1,
    parentRevision: memory.revision,
    memory: { ...decided.memory, revision },
    entry,
    outcomes: null,
    samples: [{ metric, samples }],
  }
}
