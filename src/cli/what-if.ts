/**
 * What would be decided and planned, if this were what a tick saw. Touches nothing: the same `decide` and `plan` as the
 * loop's, around an observation made of what was stated.
 *
 * Example: four open, `avg(cpu, 45m)` stated as 83.2, "Scale up" above 80: 4 -> 5, and the plan launches one.
 */

import { launchesOf } from '../capacity/launches.ts'
import { plan } from '../capacity/plan.ts'
import { countSessions } from '../capacity/session-counts.ts'
import { countCapacity } from '../capacity/standing.ts'
import { boundsAt } from '../engine/bounds.ts'
import { compileFleet } from '../engine/compile.ts'
import { decide } from '../engine/decide.ts'
import { cooldownOf } from '../engine/guards/cooldown.ts'
import { countFromReadings, fleetQuantities } from '../engine/operands.ts'
import type { Decision } from '../model/decision.ts'
import type { Instance, Inventory } from '../model/inventory.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import {
  type CapacityCounts,
  type FleetQuantities,
  NO_SESSIONS,
  type Observation,
  type SessionCounts,
} from '../model/observation.ts'
import type { Plan } from '../model/plan.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import { type FleetWhatIf, pathOf, type WhatIf } from './what-if-input.ts'
import { inventoryOf, marksOf } from './what-if-inventory.ts'
import { outlookProblems, outlooksOf } from './what-if-outlooks.ts'
import { readingsOf } from './what-if-readings.ts'

export type Imagined =
  | {
      readonly ok: true
      readonly decision: Decision
      readonly plan: Plan
      readonly remarks: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly string[] }

export function imagine(
  spec: Spec,
  fleet: FleetSpec,
  given: FleetWhatIf,
  at: EpochMs,
  calendar: Calendar,
  others: WhatIf['fleets'] = {},
): Imagined {
  const { readings, problems, remarks } = readingsOf(spec, fleet, given, at)
  const clashes = [...problems, ...contradictions(fleet, given, at), ...outlookProblems(fleet, given)]
  if (clashes.length > 0) return { ok: false, problems: clashes }

  const fleets = otherFleets(spec, fleet, others, at, calendar)
  const { observation, inventory, memory } = picture(spec, fleet, given, at, calendar, { readings, fleets })
  const decided = decide(fleet, observation, memory)
  const planned = plan(fleet, decided.decision, inventory, decided.memory)
  return { ok: true, decision: decided.decision, plan: planned.plan, remarks }
}

interface Picture {
  readonly observation: Observation
  readonly inventory: Inventory
  readonly memory: Memory
}

/** What a tick would have seen. */
function picture(
  spec: Spec,
  fleet: FleetSpec,
  given: FleetWhatIf,
  at: EpochMs,
  calendar: Calendar,
  { readings, fleets }: Pick<Observation, 'readings' | 'fleets'>,
): Picture {
  const open =
    given.open === undefined
      ? countFromReadings(fleet, compileFleet(fleet), readings, at, fleets)
      : given.open
  const inventory = inventoryOf(fleet, given, open ?? 0, at)
  const isCounted = given.instances !== undefined || open !== null
  const memory: Memory = {
    ...EMPTY_MEMORY,
    lastChange: changeOf(fleet, given, open ?? 0),
    changes: inOrder(given.changes).map(({ at: when, from, to }) => changedAt(fleet, when, from, to)),
    recommendations: inOrder(given.recommendations),
    desired: given.desired,
    trueSince: given.trueSince,
    marks: marksOf(inventory, at),
    owed: given.replacing ?? 0,
  }
  const capacity: CapacityCounts | null = isCounted ? countCapacity(inventory, memory) : null
  const observation: Observation = {
    at,
    fleet: fleet.name,
    capacity,
    capacityGap: capacity === null ? 'stated as unknown' : null,
    ...launchesOf(fleet, inventory, at),
    external: null,
    sessions: sessionsOf(fleet, given, inventory.instances),
    readings,
    windows: windowsOf(spec, fleet, at, calendar),
    targetHighest: given.targetHighest,
    overrides: [],
    fleets,
  }
  return { observation: { ...observation, ...outlooksOf(fleet, given, observation) }, inventory, memory }
}

/** Quantities of the other fleets its rules name, from what is stated of them in the same file. */
function otherFleets(
  spec: Spec,
  fleet: FleetSpec,
  given: WhatIf['fleets'],
  at: EpochMs,
  calendar: Calendar,
): Record<string, FleetQuantities> {
  const known: Record<string, FleetQuantities> = {}
  for (const name of compileFleet(fleet).fleets) {
    const other = Object.hasOwn(spec.fleets, name) ? spec.fleets[name] : undefined
    const stated = Object.hasOwn(given, name) ? given[name] : undefined
    if (other === undefined || stated === undefined) continue
    const { readings } = readingsOf(spec, other, stated, at)
    const { observation } = picture(spec, other, stated, at, calendar, { readings, fleets: {} })
    known[name] = fleetQuantities(observation, boundsAt(other, at, observation.windows))
  }
  return known
}

function contradictions(fleet: FleetSpec, given: FleetWhatIf, at: EpochMs): string[] {
  const path = (...steps: (string | number)[]) => pathOf(['fleets', fleet.name, ...steps])
  const problems: string[] = []
  const counts = (['open', 'pending', 'draining', 'replacing'] as const).filter(
    key => given[key] !== undefined,
  )
  if (given.instances === undefined) {
    if (given.open === undefined && fleet.count === null) {
      problems.push(`${path()}: how many are there? Give "open" (null is unknown), or a list of "instances"`)
    }
  } else {
    if (counts.length > 0) problems.push(`${path(counts[0] ?? 'open')}: give counts or "instances", not both`)
    if (given.ages !== undefined)
      problems.push(`${path('ages')}: say "launchedAt" at the "instances" instead`)
    const seen = new Set<string>()
    given.instances.forEach(({ id }, index) => {
      if (seen.has(id)) problems.push(`${path('instances', index, 'id')}: "${id}" is listed twice`)
      seen.add(id)
    })
  }
  const { ages = [], open, pending = 0 } = given
  if (typeof open === 'number' && ages.length > open + pending) {
    problems.push(
      `${path('ages')}: more ages than instances (${ages.length}, and ${open + pending} instances)`,
    )
  }
  if (given.lastChange !== null && given.lastChange.at > at) {
    problems.push(`${path('lastChange', 'at')}: is after "at", the time of the observation`)
  }
  for (const key of ['recommendations', 'changes'] as const) {
    for (const [index, { at: when }] of given[key].entries()) {
      if (when > at) problems.push(`${path(key, index, 'at')}: is after "at", the time of the observation`)
    }
  }
  return problems
}

function changeOf(fleet: FleetSpec, { lastChange }: FleetWhatIf, open: number): Change | null {
  if (lastChange === null) return null
  const { at, direction, rule } = lastChange
  const asked = fleet.rules.find(candidate => candidate.name === rule) ?? null
  const to = lastChange.to ?? open
  const from = lastChange.from ?? Math.max(0, direction === 'out' ? to - 1 : to + 1)
  return { at, direction, rule, from, to, cooldownMs: cooldownOf(fleet, asked, direction) }
}

/** Oldest first, as memory keeps them. */
function inOrder<T extends { readonly at: EpochMs }>(given: readonly T[]): readonly T[] {
  return [...given].sort((a, b) => a.at - b.at)
}

/** A change nobody is named for counts against rate limits; a cooldown runs from `lastChange`. */
function changedAt(fleet: FleetSpec, at: EpochMs, from: number, to: number): Change {
  const direction = to >= from ? 'out' : 'in'
  return { at, direction, rule: null, from, to, cooldownMs: cooldownOf(fleet, null, direction) }
}

function windowsOf(
  spec: Spec,
  fleet: FleetSpec,
  at: EpochMs,
  calendar: Calendar,
): Record<string, Interval | null> {
  const windows: Record<string, Interval | null> = {}
  for (const name of [
    ...fleet.constraints.map(rule => rule.schedule),
    ...fleet.rules.map(rule => rule.during),
  ]) {
    const schedule = name === null ? undefined : spec.schedules[name]
    if (name !== null && schedule !== undefined) windows[name] = calendar.window(schedule, at)
  }
  return windows
}

/** As stated (all of them on open instances), else as the listed instances say. */
function sessionsOf(
  fleet: FleetSpec,
  { sessions, instances }: FleetWhatIf,
  imagined: readonly Instance[],
): SessionCounts {
  if (sessions === undefined) {
    return instances === undefined ? NO_SESSIONS : countSessions(fleet, imagined, 0)
  }
  const { slots } = countSessions(fleet, imagined, 0)
  return { ...sessions, inUseOpen: sessions.inUse, slots: sessions.slots ?? slots }
}
