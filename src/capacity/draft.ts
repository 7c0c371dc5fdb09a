/**
 * The plan while it is being made: the fleet by standing, and the list of intents its parts append to.
 *
 * Example: five instances, one of them closed: `open` has four, `draining` one, and `planGrowth` may append a reopen.
 */
import type { Instance, Inventory, TargetTraits } from '../model/inventory.ts'
import type { Memory, Repair } from '../model/memory.ts'
import type { Action, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { goesSlowly, isFrozen } from './brake.ts'
import { movingOf } from './repairs.ts'
import { standingOf } from './standing.ts'
import { ZoneTally } from './zones.ts'

export interface Draft {
  readonly spec: FleetSpec
  readonly at: EpochMs
  readonly desired: number
  readonly memory: Memory
  readonly target: TargetTraits
  readonly byId: ReadonlyMap<string, Instance>
  readonly open: readonly Instance[]
  /** Open, and to be closed once their successors in another zone are open. */
  readonly moving: readonly Instance[]
  readonly pending: readonly Instance[]
  readonly draining: readonly Instance[]
  readonly failed: readonly Instance[]
  /** Launches nobody has seen yet. */
  readonly ordered: number
  /** Nothing destructive may be done. */
  readonly frozen: boolean
  /** Destructive things are done one at a time. */
  readonly slow: boolean
  /** Of what is open or on its way. */
  readonly zones: ZoneTally
  readonly intents: Intent[]
  readonly waiting: Waiting[]
  /** Mending that this plan begins. */
  readonly repairs: Repair[]
  /** Given up, closed, reopened and restarted by this plan, and what is to be restarted once it is empty. */
  readonly leaving: Set<string>
  readonly reopened: Set<string>
  readonly restarting: Set<string>
  /** Open instances beyond the desired count that stay for now. */
  standing: number
  /** The moves under way are off: what was to go is needed. */
  movesOff: boolean
}

/** An action before it has its id. */
export type Intent = Action extends infer A ? (A extends Action ? Omit<A, 'id'> : never) : never

export function draftOf(
  spec: FleetSpec,
  at: EpochMs,
  desired: number,
  { instances, orders, target }: Inventory,
  memory: Memory,
): Draft {
  const by = {
    open: [] as Instance[],
    pending: [] as Instance[],
    draining: [] as Instance[],
    failed: [] as Instance[],
  }
  const moving: Instance[] = []
  const zones = new ZoneTally(target.zones)
  const moves = movingOf(memory)
  for (const instance of instances) {
    const standing = standingOf(instance)
    if (standing === 'open' && moves.has(instance.id)) moving.push(instance)
    else by[standing].push(instance)
    if (standing === 'pending' || (standing === 'open' && !moves.has(instance.id))) zones.add(instance.zone)
  }
  for (const { zone } of orders) zones.add(zone)
  return {
    spec,
    at,
    desired,
    memory,
    target,
    byId: new Map(instances.map(instance => [instance.id, instance])),
    ...by,
    moving,
    ordered: orders.length,
    frozen: isFrozen(memory.freeze, at),
    slow: goesSlowly(memory.freeze, at),
    zones,
    intents: [],
    waiting: [],
    repairs: [],
    leaving: new Set(),
    reopened: new Set(),
    restarting: new Set(),
    standing: 0,
    movesOff: false,
  }
}

/** It is known to be there, and no operator wants it kept. */
export function mayGo({ listed, order }: Instance): boolean {
  return listed && order !== 'keep'
}

export function closeIt(draft: Draft, { id }: Pick<Instance, 'id'>, because: string): void {
  draft.intents.push({ kind: 'close', instance: id, because })
  draft.leaving.add(id)
}

export function reopenIt(draft: Draft, { id }: Instance, because: string): void {
  draft.intents.push({ kind: 'reopen', instance: id, because })
  draft.reopened.add(id)
}

export function sealAndTerminate(
  draft: Draft,
  { id }: Pick<Instance, 'id'>,
  because: string,
  force = false,
): void {
  draft.intents.push({ kind: 'seal', instance: id, because, ...(force ? { force: true as const } : {}) })
  draft.intents.push({ kind: 'terminate', instance: id, because })
  draft.leaving.add(id)
}

/** One that still boots, or is lost: it holds no session. */
export function giveUp(draft: Draft, instance: Instance, because: string): void {
  if (draft.pending.includes(instance)) draft.zones.add(instance.zone, -1)
  sealAndTerminate(draft, instance, because)
}

export function restartIt(draft: Draft, { id }: Instance, because: string): void {
  draft.intents.push({ kind: 'restart', instance: id, because })
  draft.repairs.push({ at: draft.at, instance: id, how: 'restart', because })
}
