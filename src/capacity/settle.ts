/**
 * What happened? Folds the outcomes of a plan into memory: acknowledged closes, launched ids, failures to try again.
 *
 * Example: a launch that was refused is no longer an order; its place is owed, and the next try waits a second. One that got
 * no answer stays an order.
 */
import type { Memory } from '../model/memory.ts'
import type { Action, Outcome, Plan } from '../model/plan.ts'
import { launchFailed } from './launch-trouble.ts'

export function settle(memory: Memory, plan: Plan, outcomes: readonly Outcome[]): Memory {
  const actions = new Map(plan.actions.map(action => [action.id, action]))
  return outcomes.reduce((settled, outcome) => {
    const action = actions.get(outcome.action)
    return action === undefined ? settled : settleOne(settled, action, outcome)
  }, memory)
}

function settleOne(memory: Memory, action: Action, outcome: Outcome): Memory {
  switch (action.kind) {
    case 'launch':
      return outcome.outcome === 'done'
        ? withOrder(memory, action.id, outcome.instance)
        : launchNotDone(memory, action.id, outcome)
    case 'close':
      return outcome.outcome === 'done'
        ? withMark(memory, action.instance, { admission: 'closed', closedAt: outcome.at })
        : memory
    case 'reopen':
      return outcome.outcome === 'done'
        ? withMark(memory, action.instance, { admission: 'open', closedAt: null })
        : memory
    case 'seal':
      return sealSettled(memory, action.instance, outcome)
    case 'terminate':
    case 'restart':
    case 'resize':
      return memory
  }
}

/** Refused is not sealed: a session is there after all. Without an answer it is asked again. */
function sealSettled(memory: Memory, instance: string, outcome: Outcome): Memory {
  if (outcome.outcome === 'done') return withMark(memory, instance, { seal: 'sealed' })
  return outcome.kind === 'conflict' ? withMark(memory, instance, { seal: 'none' }) : memory
}

function withOrder(memory: Memory, token: string, instance: string | null): Memory {
  return {
    ...memory,
    orders: memory.orders.map(order => (order.token === token ? { ...order, instance } : order)),
  }
}

/**
 * Refused is not launched: the place is owed again. But no answer may mean that it was launched all the same, so the
 * order stays, and the same token is asked for again.
 */
function launchNotDone(
  memory: Memory,
  token: string,
  { kind, error, at }: Extract<Outcome, { outcome: 'failed' }>,
): Memory {
  const launchTrouble = launchFailed(memory.launchTrouble, error, at)
  if (kind === 'unavailable') return { ...memory, launchTrouble }
  return {
    ...memory,
    orders: memory.orders.filter(order => order.token !== token),
    owed: memory.owed + 1,
    launchTrouble,
  }
}

function withMark(memory: Memory, id: string, change: Partial<Memory['marks'][string]>): Memory {
  const known = memory.marks[id]
  return known === undefined
    ? memory
    : { ...memory, marks: { ...memory.marks, [id]: { ...known, ...change } } }
}
