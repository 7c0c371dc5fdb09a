/**
 * What happened? Folds the outcomes of a plan into memory: acknowledged closes, launched ids, failures to try again.
 *
 * Example: a launch that was refused is no longer an order; its place is owed, and the next try waits a second. One that got
 * no answer stays an order.
 */
import type { Mark, Memory } from '../model/memory.ts'
import type { Action, Outcome, Plan } from '../model/plan.ts'
import { launchFailed, troubleIn } from './launch-trouble.ts'

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
      return memory
    case 'restart':
      return restartSettled(memory, action.instance, outcome)
    case 'resize':
      return resizeSettled(memory, outcome)
  }
}

/** It comes back under its id, maybe as another incarnation. */
export const RESTARTED: Partial<Mark> = Object.freeze({
  admission: 'opening',
  closedAt: null,
  readyAt: null,
  health: null,
  incarnation: null,
})

/** Refused: it is closed as before, and sick. Without an answer it may restart all the same. */
function restartSettled(memory: Memory, instance: string, outcome: Outcome): Memory {
  if (outcome.outcome === 'done' || outcome.kind === 'unavailable')
    return withMark(memory, instance, RESTARTED)
  return withMark(memory, instance, { admission: 'closed', closedAt: outcome.at })
}

/** Without an answer the same is asked again, with the same token. */
function resizeSettled(memory: Memory, outcome: Outcome): Memory {
  const { resize = null } = memory
  if (resize === null) return memory
  if (outcome.outcome === 'done') {
    return { ...memory, resize: { ...resize, acknowledged: true }, launchTrouble: null }
  }
  const launchTrouble = launchFailed(memory.launchTrouble, outcome.error, outcome.at)
  return outcome.kind === 'unavailable'
    ? { ...memory, launchTrouble }
    : { ...memory, resize: null, launchTrouble }
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
  // No answer, and too many calls, say nothing of the zone.
  const isOfZone = kind !== 'unavailable' && kind !== 'throttled'
  const zone = isOfZone ? (memory.orders.find(order => order.token === token)?.zone ?? null) : null
  const trouble = troubleIn(memory, zone, error, at)
  if (kind === 'unavailable') return { ...memory, ...trouble }
  return {
    ...memory,
    ...trouble,
    orders: memory.orders.filter(order => order.token !== token),
    owed: memory.owed + 1,
  }
}

function withMark(memory: Memory, id: string, change: Partial<Memory['marks'][string]>): Memory {
  const known = memory.marks[id]
  return known === undefined
    ? memory
    : { ...memory, marks: { ...memory.marks, [id]: { ...known, ...change } } }
}
