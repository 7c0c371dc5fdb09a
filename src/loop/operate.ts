/**
 * What an operator does to running fleets: overrides and words on approvals, each made durable together with the record
 * of who did it and why, before the fleet is woken to go by it.
 *
 * Example: `await operator.set('web', { kind: 'pause' }, { who: 'ada', why: 'moving disks', forMs: 7_200_000 })`: from the
 * next tick on nothing of web changes, for two hours.
 */
import type { Approval } from '../model/approval.ts'
import {
  type NewAct,
  type OperatorAct,
  type Override,
  type OverrideChange,
  subjectOf,
} from '../model/override.ts'
import type { Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { LoopEvent } from './world.ts'

export interface By {
  readonly who: string
  readonly why: string
}

export interface Order extends By {
  /** How long it is in force; `null` until it is cleared. */
  readonly forMs: number | null
}

/** An approval that is waited for, with the fleet it is of. */
export interface AskedApproval extends Approval {
  readonly fleet: string
}

export type Answered =
  | { readonly outcome: 'answered'; readonly approval: AskedApproval }
  /** No such approval, or it is not waited for any more (expired, no longer needed, answered). */
  | { readonly outcome: 'not-waiting' }

export interface Operator {
  /** In place of the override on the same subject, if there is one. */
  set(fleet: string, change: OverrideChange, order: Order): Promise<Override>
  /** `null` when there is no such override. */
  clear(fleet: string, id: string, by: By): Promise<Override | null>
  /** The override on the subject of `change`, whatever it says. */
  clearSubject(fleet: string, change: OverrideChange, by: By): Promise<Override | null>
  /** In force now, in the order they were set. */
  overrides(fleet: string): Promise<readonly Override[]>
  /** Every approval that is waited for, by fleet. */
  approvals(): Promise<readonly AskedApproval[]>
  /** Throws `PluginError('conflict')` when somebody else was faster. */
  answer(approval: string, verdict: 'approved' | 'rejected', by: By): Promise<Answered>
}

export interface OperatorWorld {
  readonly clock: Clock
  readonly store: StateStore
  spec(): Spec
  wake(fleet: string | null): void
  emit(event: LoopEvent): void
}

export function createOperator(world: OperatorWorld): Operator {
  const { clock, store } = world

  function told(fleet: string, act: OperatorAct): void {
    world.emit({ type: 'act', act })
    world.wake(fleet)
  }

  async function overrides(fleet: string): Promise<readonly Override[]> {
    const now = clock.now()
    return (await store.readOverrides(fleet)).filter(({ until }) => until === null || now < until)
  }

  async function clearOne(fleet: string, override: Override | undefined, by: By): Promise<Override | null> {
    if (override === undefined) return null
    const act: NewAct = { act: 'cleared', fleet, at: clock.now(), ...by, override }
    const recorded = await store.deleteOverride(fleet, override.id, act)
    if (recorded === null) return null
    told(fleet, recorded)
    return override
  }

  async function waiting(fleet: string): Promise<AskedApproval | null> {
    const { approval } = await store.load(fleet)
    if (approval?.state !== 'waiting' || clock.now() >= approval.expiresAt) return null
    return (await store.readVerdict(approval.id)) === null ? { ...approval, fleet } : null
  }

  return {
    async set(fleet, change, { forMs, ...by }) {
      const at = clock.now()
      const until: EpochMs | null = forMs === null ? null : at + forMs
      const override: Override = { id: newId(), fleet, at, ...by, until, change }
      told(fleet, await store.saveOverride(override, { act: 'set', fleet, at, ...by, override }))
      return override
    },

    async clear(fleet, id, by) {
      return clearOne(
        fleet,
        (await overrides(fleet)).find(override => override.id === id),
        by,
      )
    },

    async clearSubject(fleet, change, by) {
      const subject = subjectOf(change)
      const standing = await overrides(fleet)
      return clearOne(
        fleet,
        standing.find(override => subjectOf(override.change) === subject),
        by,
      )
    },

    overrides,

    async approvals() {
      const asked = await Promise.all(Object.keys(world.spec().fleets).map(waiting))
      return asked.filter(approval => approval !== null)
    },

    async answer(id, verdict, by) {
      const fleet = id.slice(0, Math.max(0, id.lastIndexOf('-')))
      const approval = Object.hasOwn(world.spec().fleets, fleet) ? await waiting(fleet) : null
      if (approval?.id !== id) return { outcome: 'not-waiting' }
      told(fleet, await store.recordAct({ act: verdict, fleet, at: clock.now(), ...by, approval: id }))
      return { outcome: 'answered', approval: { ...approval, state: verdict } }
    },
  }
}

const ID_LENGTH = 8

/** Short enough to type; it has to differ only from the few others of its fleet. */
function newId(): string {
  return crypto.randomUUID().slice(0, ID_LENGTH)
}
