/**
 * What is there now? Asks the target, the router and the sources, and puts the answers together as the numbers that
 * `decide` and `plan` work on. What could not be had is a gap with its reason.
 *
 * Example: the target does not answer: `capacity` is null, `capacityGap` says why, and nothing will change.
 */
import { takeInventory } from '../capacity/inventory.ts'
import { launchesOf } from '../capacity/launches.ts'
import { sawNothing } from '../capacity/roll-call.ts'
import { countSessions } from '../capacity/session-counts.ts'
import { countCapacity } from '../capacity/standing.ts'
import { compileFleet } from '../engine/compile.ts'
import { currentOf } from '../engine/decide.ts'
import { countFromReadings } from '../engine/operands.ts'
import {
  type Instance,
  type InstanceOrder,
  type Inventory,
  type Load,
  PLAIN_TARGET,
  type TargetTraits,
} from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { CapacityCounts, Observation } from '../model/observation.ts'
import type { Override } from '../model/override.ts'
import type { Sample } from '../model/sample.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { TargetCapabilities, TargetInstance } from '../ports/target.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import { otherFleets } from './other-fleets.ts'
import type { Senses } from './senses.ts'
import { isSameIncarnation, standingOverrides } from './standing-overrides.ts'
import type { FleetPorts, World } from './world.ts'

/** Longer than a target's own deadline may be set by default. */
const LIST_DEADLINE_MS = 45_000
const LOADS_DEADLINE_MS = 5_000

export interface Observed {
  readonly observation: Observation
  readonly inventory: Inventory
  /** Memory with what the inventory showed: new marks, seen orders, vanished instances. */
  readonly memory: Memory
  readonly lost: readonly string[]
}

type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly because: string }

export async function observe(world: World, senses: Senses, memory: Memory, at: EpochMs): Promise<Observed> {
  const { spec } = senses
  const ports = world.ports(spec.name)
  const [listed, loads] = await Promise.all([
    listInstances(world, spec, ports),
    readLoads(world, spec, ports),
    senses.ask(at),
  ])
  // The world answered by now; what it said is judged at this instant.
  // Overrides are read after the target answered, so that a word said while it was slow is heard.
  const overrides = await standingOverrides(world, spec.name, at, senses.overrides, memory.marks)
  senses.overrides = overrides
  const { capabilities } = ports.target
  const taken = listed.ok
    ? takeInventory(
        {
          at,
          listed: listed.value,
          loads,
          exclusive: capabilities.exclusive,
          listingLagMs: capabilities.listingLagMs ?? 0,
          target: traitsOf(capabilities),
          health: spec.health,
          probes: ports.health?.readings() ?? null,
          repair: spec.repair,
          asked: askedOfInstances(overrides, listed.value),
          unfreeze: overrides.some(({ change }) => change.kind === 'unfreeze'),
        },
        memory,
      )
    : { inventory: EMPTY_INVENTORY, memory: sawNothing(memory, at), lost: [] }
  if (listed.ok) ports.health?.watch(readyOf(listed.value, taken.inventory))
  senses.take(sample => isWarm(sample, taken.memory, spec))
  const readings = senses.read(at)
  const fleets = otherFleets(world, compileFleet(spec).fleets, at)
  const capacity = capacityOf(spec, ports, listed, taken, { readings, fleets }, at)
  const observation: Observation = {
    at,
    fleet: spec.name,
    capacity: capacity.ok ? capacity.value : null,
    capacityGap: capacity.ok ? null : capacity.because,
    ...launchesOf(spec, taken.inventory, at),
    external: capacity.ok ? externalChange(ports, taken.memory, capacity.value) : null,
    sessions: countSessions(spec, taken.inventory.instances, ports.router?.waiting?.() ?? 0),
    readings,
    windows: windowsOf(world, spec, at),
    targetHighest: ports.target.capabilities.highestCount,
    overrides,
    fleets,
  }
  const ahead = await senses.lookAhead(observation, taken.memory.boots)
  return { ...taken, observation: { ...observation, ...ahead } }
}

const EMPTY_INVENTORY: Inventory = { instances: [], orders: [], target: PLAIN_TARGET }

function traitsOf({ choosesVictim, restarts, zones, highestCount }: TargetCapabilities): TargetTraits {
  return { choosesVictim, restarts: restarts ?? false, zones, highest: highestCount }
}

/** By the target's word: one that says of itself that it still starts goes on being asked. */
function readyOf(listed: readonly TargetInstance[], { instances }: Inventory): readonly Instance[] {
  const ready = new Set(listed.flatMap(({ id, lifecycle }) => (lifecycle === 'ready' ? [id] : [])))
  return instances.filter(({ id, listed: isListed }) => isListed && ready.has(id))
}

/** Not of another instance that has the id of the one that was meant. */
function askedOfInstances(
  overrides: readonly Override[],
  listed: readonly TargetInstance[],
): ReadonlyMap<string, InstanceOrder> {
  const orders = new Map<string, InstanceOrder>()
  for (const { change } of overrides) {
    if (change.kind !== 'instance') continue
    const there = listed.find(({ id }) => id === change.instance)
    if (isSameIncarnation(change.incarnation, there?.incarnation)) orders.set(change.instance, change.order)
  }
  return orders
}

async function asked<T>(call: Promise<T>): Promise<Asked<T>> {
  try {
    return { ok: true, value: await call }
  } catch (error) {
    return { ok: false, because: reasonOf(error) }
  }
}

function listInstances(
  world: World,
  spec: FleetSpec,
  { target }: FleetPorts,
): Promise<Asked<readonly TargetInstance[]>> {
  const what = `list the instances of ${spec.name}`
  return asked(withDeadline(world.clock, LIST_DEADLINE_MS, what, signal => target.listInstances(signal)))
}

/** `null` without a router. A router that fails leaves every load unknown, which is never zero. */
async function readLoads(
  world: World,
  spec: FleetSpec,
  { router }: FleetPorts,
): Promise<ReadonlyMap<string, Load> | null> {
  if (router === null) return null
  const what = `read the loads of ${spec.name}`
  const loads = await asked(
    withDeadline(world.clock, LOADS_DEADLINE_MS, what, signal => router.readLoads(signal)),
  )
  return loads.ok ? loads.value : new Map()
}

/** Samples of an instance that is booting or warming up say nothing about the load of the fleet. */
function isWarm(sample: Sample, memory: Memory, spec: FleetSpec): boolean {
  if (sample.instance === undefined) return true
  const mark = memory.marks[sample.instance]
  if (mark === undefined) return true
  return mark.readyAt !== null && sample.at >= mark.readyAt + spec.warmupMs
}

function capacityOf(
  spec: FleetSpec,
  { target }: FleetPorts,
  listed: Asked<readonly TargetInstance[]>,
  { inventory, memory }: { inventory: Inventory; memory: Memory },
  { readings, fleets }: Pick<Observation, 'readings' | 'fleets'>,
  at: EpochMs,
): Asked<CapacityCounts> {
  if (!listed.ok) return listed
  if (target.capabilities.acts || spec.count === null) {
    return target.capabilities.acts
      ? { ok: true, value: countCapacity(inventory, memory, target.capabilities.exclusive) }
      : { ok: false, because: 'the target has no instances to count, and no `count` says how many there are' }
  }
  const count = countFromReadings(spec, compileFleet(spec), readings, at, fleets)
  if (count === null) return { ok: false, because: 'the metric that gives the count has no data' }
  return { ok: true, value: { open: count, pending: 0, draining: 0, replacing: 0 } }
}

/** On a target that others act on too, a count other than expected is their change. */
function externalChange(
  { target }: FleetPorts,
  { expected }: Memory,
  capacity: CapacityCounts,
): Observation['external'] {
  const current = currentOf(capacity)
  if (target.capabilities.exclusive || expected === null || expected === current) return null
  return { from: expected, to: current }
}

function windowsOf(world: World, spec: FleetSpec, at: EpochMs): Record<string, Interval | null> {
  const windows: Record<string, Interval | null> = {}
  const named = [...spec.constraints.map(rule => rule.schedule), ...spec.rules.map(rule => rule.during)]
  const { schedules } = world.spec()
  for (const name of named) {
    const schedule = name === null ? undefined : schedules[name]
    if (name !== null && schedule !== undefined) windows[name] = world.calendar.window(schedule, at)
  }
  return windows
}
