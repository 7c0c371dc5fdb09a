/**
 * Which instances? Turns a wanted count into actions that leave nothing to choose, and the memory that makes them
 * durable intent. Pure; carrying the plan out and planning again gives an empty plan.
 *
 * Example: desired 6, five open, web-3 closed with two sessions: reopen web-3, launch nothing.
 */
import type { Decision } from '../model/decision.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Action, Plan, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'
import { checkPlan, type PlanFault, withoutDestruction } from './check-plan.ts'
import { type Draft, draftOf } from './draft.ts'
import { planDeadlines, planDrains } from './drain.ts'
import { launchesAllowed, planGrowth } from './grow.ts'
import { rememberIntent } from './intent.ts'
import { planMoves } from './moves.ts'
import { planRepairs } from './repair.ts'
import { planResize } from './resize.ts'
import { planRetirement } from './retire.ts'

export interface Planned {
  readonly plan: Plan
  /** Memory with the plan's intent in it: orders, marks, what is owed. */
  readonly memory: Memory
  /** What was wrong with it as it was made; then only what destroys nothing is left of it. */
  readonly faults: readonly PlanFault[]
}

export function plan(spec: FleetSpec, decision: Decision, inventory: Inventory, memory: Memory): Planned {
  if (decision.desired === null) return { plan: nothing(decision), memory, faults: [] }
  if (!inventory.target.choosesVictim) return countOnly(spec, decision, decision.desired, inventory, memory)
  const draft = draftOf(spec, decision.at, decision.desired, inventory, memory)
  planRepairs(draft)
  planDeadlines(draft)
  const coming = planGrowth(draft)
  planRetirement(draft)
  planDrains(draft)
  planMoves(draft)
  noteFreeze(draft)
  const fresh = draft.intents.map(
    (intent, index): Action => ({ ...intent, id: `${spec.name}/${memory.revision + 1}/${index + 1}` }),
  )
  const made: Plan = {
    fleet: spec.name,
    desired: decision.desired,
    actions: [...repeatLaunches(draft, inventory), ...fresh],
    waiting: draft.waiting,
  }
  const faults = checkPlan(spec, decision, inventory, memory, made)
  const plan = faults.length === 0 ? made : withoutDestruction(made, faults)
  if (faults.length > 0) forget(draft)
  return { plan, memory: rememberIntent(draft, plan.actions, coming), faults }
}

/** What is not carried out leaves no trace. */
function forget(draft: Draft): void {
  draft.repairs.length = 0
  draft.leaving.clear()
}

function countOnly(
  spec: FleetSpec,
  decision: Decision,
  desired: number,
  inventory: Inventory,
  memory: Memory,
): Planned {
  const id = `${spec.name}/${memory.revision + 1}/1`
  const resized = planResize({ spec, at: decision.at, desired, id }, inventory, memory)
  const { actions, waiting } = resized
  const plan: Plan = { fleet: spec.name, desired, actions, waiting }
  const faults = checkPlan(spec, decision, inventory, memory, plan)
  if (faults.length > 0) return { plan: withoutDestruction(plan, faults), memory, faults }
  return { plan, memory: resized.memory, faults }
}

/**
 * A launch whose answer never came (a crash in between, a lost reply) is asked again with the same token: a target
 * that knows the token launches nothing new.
 */
function repeatLaunches(draft: Draft, { orders }: Inventory): Action[] {
  const { at, desired, open, pending, leaving, intents } = draft
  const fresh = intents.filter(({ kind }) => kind === 'launch').length
  const arriving = pending.filter(({ id }) => !leaving.has(id)).length
  const acknowledged = orders.filter(({ instance }) => instance !== null).length
  const missing = Math.max(0, desired - open.length - arriving - acknowledged)
  const unanswered = orders.filter(order => order.instance === null && order.at < at)
  const allowed = Math.min(missing, unanswered.length) === 0 ? 0 : Math.max(0, launchesAllowed(draft) - fresh)
  return unanswered.slice(0, Math.min(missing, allowed)).map(({ token, zone }) => ({
    kind: 'launch',
    id: token,
    zone,
    because: 'ordered before, and the answer never came',
  }))
}

function noteFreeze({ frozen, memory: { freeze }, waiting }: Draft): void {
  if (!frozen || freeze === null) return
  const because = `nothing is closed, ended or restarted: ${freeze.because}`
  waiting.push({ what: 'repair', instance: null, because, until: freeze.until })
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
