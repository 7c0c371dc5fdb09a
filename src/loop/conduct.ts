/**
 * What of a decision is carried out: the mode, a pause and a person's word are enforced here, and nowhere else are
 * targets and routers told to change anything. Pure.
 *
 * - `scale`, `scale-and-notify`: all of it.
 * - `notify`: what was begun before is finished; anything new waits for a word, also the replacement of a lost instance,
 *   unless the count it keeps is the one that was approved last. The router goes on being shown what there is. A count
 *   that an operator ordered needs no other operator's word: the order is the approval.
 * - `recommend`, and a target that only advises: nothing, not even the router.
 * - paused: nothing changes; the router goes on being shown what there is, since it serves what stands.
 *
 * Example: in `notify` mode 5 -> 6 gives a plan without the launch, `approval: { id: 'web-42', state: 'waiting', ... }`
 * and the note that it is waited for.
 */

import type { PlanFault } from '../capacity/check-plan.ts'
import { begins, finishOnly, nothingNow } from '../capacity/finish.ts'
import { type Planned, plan } from '../capacity/plan.ts'
import { type ApprovalNews, type Weighed, weighApproval, withdrawApproval } from '../engine/approval.ts'
import type { Decided } from '../engine/decide.ts'
import { changedWhat } from '../engine/explain.ts'
import { rememberDecision } from '../engine/remember.ts'
import type { Approval, Verdict } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Override } from '../model/override.ts'
import type { Action, Plan, Waiting } from '../model/plan.ts'
import type { FleetSpec } from '../model/spec.ts'

export interface Circumstances {
  /** With the overrides in force. */
  readonly spec: FleetSpec
  readonly decided: Decided
  readonly inventory: Inventory
  readonly pause: Override | null
  /** The capacity an operator set by hand. */
  readonly order: Override | null
  /** The target can be told to change anything. */
  readonly targetActs: boolean
  /** The word on the approval that memory says is waited for. */
  readonly verdict: Verdict | null
  /** The revision this tick commits. */
  readonly revision: number
}

export interface Conduct {
  readonly plan: Plan
  /** What is intended, to be committed before anything is done. */
  readonly memory: Memory
  /** The plan's actions are carried out. */
  readonly acts: boolean
  /** The router is shown what there is. */
  readonly routes: boolean
  /** What was wrong with the plan as it was made. */
  readonly faults: readonly PlanFault[]
  readonly approval: Approval | null
  readonly news: readonly { readonly news: ApprovalNews; readonly approval: Approval }[]
}

export function conductOf(now: Circumstances): Conduct {
  const { spec, decided, inventory, pause, order, targetActs } = now
  const planned = plan(spec, decided.decision, inventory, decided.memory)
  if (pause !== null) return paused(now, planned, pause)
  if (!targetActs) return advise(decided, planned)
  const done = () => carryOut(now, planned, decided.decision, withdrawApproval(decided.memory.approval))
  switch (spec.mode) {
    case 'scale':
    case 'scale-and-notify':
      return done()
    case 'notify':
      return order === null ? askFirst(now, planned) : done()
    case 'recommend':
      return advise(decided, planned)
  }
}

function carryOut({ spec }: Circumstances, planned: Planned, decision: Decision, weighed: Weighed): Conduct {
  const { approval, news } = weighed
  const memory = { ...rememberDecision(spec, decision, planned.memory), approval }
  const { plan, faults } = planned
  return { plan, memory, acts: true, routes: true, faults, approval, news }
}

/** The plan is told, and nothing of it is done. */
function advise({ decision, memory }: Decided, { plan, faults }: Planned): Conduct {
  const { approval, news } = withdrawApproval(memory.approval)
  const remembered = { ...memory, expected: decision.current, approval }
  return { plan, memory: remembered, acts: false, routes: false, faults, approval, news }
}

function paused(
  { spec, decided, targetActs }: Circumstances,
  { plan, faults }: Planned,
  { change, who, until }: Override,
): Conduct {
  const { decision, memory } = decided
  const { approval, news } = withdrawApproval(memory.approval)
  const because = `${changedWhat(change)} by ${who}`
  const waiting: Waiting = { what: 'everything', instance: null, because, until }
  const held = nothingNow(plan, memory, decision.current, waiting)
  return {
    plan: held.plan,
    memory: { ...held.memory, approval },
    acts: false,
    routes: targetActs && spec.mode !== 'recommend',
    faults,
    approval,
    news,
  }
}

function askFirst(now: Circumstances, planned: Planned): Conduct {
  const { spec, decided, inventory, verdict, revision } = now
  const { decision, memory } = decided
  const fresh = begins(planned.plan, memory)
  const weighed = weighApproval(memory.approval, verdict, {
    at: decision.at,
    decision,
    because: decision.direction === 'none' ? tellFresh(fresh) : decision.because,
    begins: decision.direction !== 'none' || fresh.length > 0,
    expiresMs: spec.approvalExpiresMs,
    revision,
  })
  const { approval, count, news } = weighed
  if (count !== null) {
    const approved = { ...decision, desired: decision.desired === null ? null : count }
    const lessened = approved.desired !== decision.desired
    return carryOut(now, lessened ? plan(spec, approved, inventory, memory) : planned, approved, weighed)
  }
  const held = finishOnly(planned.plan, memory, decision.current, waitingFor(approval))
  const { faults } = planned
  return {
    plan: held.plan,
    memory: { ...held.memory, approval },
    acts: true,
    routes: true,
    faults,
    approval,
    news,
  }
}

function waitingFor(approval: Approval | null): Waiting | null {
  if (approval === null) return null
  const { id, current, desired, direction, state, expiresAt } = approval
  const wish = direction === 'none' ? `staying at ${desired}` : `${current} -> ${desired}`
  const because = state === 'rejected' ? `${wish} was rejected (${id})` : `${wish} waits for approval (${id})`
  return { what: 'everything', instance: null, because, until: expiresAt }
}

const MOST_TOLD = 3

/** Why the count stays and something is done all the same: `launch: 5 wanted; terminate web-3: lost: exited`. */
function tellFresh(fresh: readonly Action[]): string {
  const reasons = fresh
    .filter(({ kind }) => kind !== 'seal')
    .map(
      action =>
        `${'instance' in action ? `${action.kind} ${action.instance}` : action.kind}: ${action.because}`,
    )
  const more = reasons.length > MOST_TOLD ? `; and ${reasons.length - MOST_TOLD} more` : ''
  return `${reasons.slice(0, MOST_TOLD).join('; ')}${more}`
}
