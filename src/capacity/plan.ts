/**
 * Which instances? Turns a wanted count into actions that leave nothing to choose, and the memory that makes them
 * durable intent. Pure; carrying the plan out and planning again gives an empty plan.
 *
 * Example: desired 6, five open, web-3 closed with two sessions: reopen web-3, launch nothing.
 */
import type { Decision } from '../model/decision.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Mark, Memory } from '../model/memory.ts'
import type { Action, Plan, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import { type Draft, draftOf, sealedBy } from './draft.ts'
import { planDrains } from './drain.ts'
import { launchesAllowed, planGrowth } from './grow.ts'
import { launchFailed } from './launch-trouble.ts'
import { planRepairs } from './repair.ts'
import { planRetirement } from './retire.ts'

export interface Planned {
  readonly plan: Plan
  /** Memory with the plan's intent in it: orders, marks, what is owed. */
  readonly memory: Memory
}

export function plan(spec: FleetSpec, decision: Decision, inventory: Inventory, memory: Memory): Planned {
  if (decision.desired === null) return { plan: nothing(decision), memory }
  const draft = draftOf(spec, decision.at, decision.desired, inventory, memory)
  planRepairs(draft)
  const coming = planGrowth(draft)
  planRetirement(draft)
  planDrains(draft)
  const fresh = draft.intents.map(
    (intent, index): Action => ({ ...intent, id: `${spec.name}/${memory.revision + 1}/${index + 1}` }),
  )
  const actions = [...repeatLaunches(draft, inventory), ...fresh]
  const plan: Plan = { fleet: spec.name, desired: decision.desired, actions, waiting: draft.waiting }
  return { plan, memory: rememberIntent(draft, actions, coming) }
}

/**
 * A launch whose answer never came (a crash in between, a lost reply) is asked again with the same token: a target
 * that knows the token launches nothing new.
 */
function repeatLaunches(draft: Draft, { orders }: Inventory): Action[] {
  const { at, desired, open, pending, intents } = draft
  const arriving = pending.filter(({ id }) => !sealedBy(intents).has(id)).length
  const acknowledged = orders.filter(({ instance }) => instance !== null).length
  const missing = Math.max(0, desired - open.length - arriving - acknowledged)
  const unanswered = orders.filter(order => order.instance === null && order.at < at)
  const allowed = Math.min(missing, unanswered.length) === 0 ? 0 : launchesAllowed(draft)
  return unanswered.slice(0, Math.min(missing, allowed)).map(({ token }) => ({
    kind: 'launch',
    id: token,
    zone: null,
    because: 'ordered before, and the answer never came',
  }))
}

function nothing(decision: Decision): Plan {
  const waiting: Waiting = {
    what: 'everything',
    instance: null,
    because: decision.because,
    until: null,
  }
  return { fleet: decision.fleet, desired: null, actions: [], waiting: [waiting] }
}

/** @param coming capacity open or on its way once the plan's growth is carried out */
function rememberIntent(draft: Draft, actions: readonly Action[], coming: number): Memory {
  const { memory, at, spec, desired } = draft
  const marks: Record<string, Mark> = { ...memory.marks }
  const orders = [...memory.orders]
  let { launchTrouble } = memory
  for (const action of actions) {
    switch (action.kind) {
      case 'launch':
        if (orders.some(({ token }) => token === action.id)) break
        orders.push({
          token: action.id,
          at,
          expiresAt: at + spec.bootTimeoutMs,
          zone: action.zone,
          instance: null,
        })
        break
      case 'reopen':
        mark(marks, action.instance, { admission: 'opening' })
        break
      case 'close':
        mark(marks, action.instance, { admission: 'closing' })
        break
      case 'seal':
        mark(marks, action.instance, { seal: 'sealing' })
        if (neverReady(draft, action.instance))
          launchTrouble = launchFailed(launchTrouble, action.because, at)
        break
      case 'terminate':
      case 'restart':
      case 'resize':
        break
    }
  }
  return {
    ...memory,
    marks,
    orders,
    launchTrouble,
    owed: Math.max(0, desired - coming),
    expected: desired,
  }
}

function mark(marks: Record<string, Mark>, instance: string, change: Partial<Mark>): void {
  const known = marks[instance]
  if (known !== undefined) marks[instance] = { ...known, ...change }
}

function neverReady({ failed, pending, memory }: Draft, id: string): boolean {
  const booted = memory.marks[id]?.readyAt !== null
  return (
    !booted && [...failed, ...pending].some(instance => instance.id === id && instance.lifecycle !== 'ready')
  )
}
