/**
 * The plan while it is being made: the fleet by standing, and the list of intents its parts append to.
 *
 * Example: five instances, one of them closed: `open` has four, `draining` one, and `planGrowth` may append a reopen.
 */
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Action, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { type Standing, standingOf } from './standing.ts'

export interface Draft {
  readonly spec: FleetSpec
  readonly at: EpochMs
  readonly desired: number
  readonly memory: Memory
  readonly open: readonly Instance[]
  readonly pending: readonly Instance[]
  readonly draining: readonly Instance[]
  readonly failed: readonly Instance[]
  /** Launches nobody has seen yet. */
  readonly ordered: number
  readonly intents: Intent[]
  readonly waiting: Waiting[]
}

/** An action before it has its id. */
export type Intent = Action extends infer A ? (A extends Action ? Omit<A, 'id'> : never) : never

/** The instances a list of intents seals. */
export function sealedBy(intents: readonly Intent[]): ReadonlySet<string> {
  return new Set(intents.flatMap(intent => (intent.kind === 'seal' ? [intent.instance] : [])))
}

export function draftOf(
  spec: FleetSpec,
  at: EpochMs,
  desired: number,
  { instances, orders }: Inventory,
  memory: Memory,
): Draft {
  const of = (standing: Standing): readonly Instance[] =>
    instances.filter(instance => standingOf(instance) === standing)
  return {
    spec,
    at,
    desired,
    memory,
    open: of('open'),
    pending: of('pending'),
    draining: of('draining'),
    failed: of('failed'),
    ordered: orders.length,
    intents: [],
    waiting: [],
  }
}
