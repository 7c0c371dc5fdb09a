/**
 * What of a plan only ends what was begun before: it goes on in any case, also while something new waits for a word.
 * Everything else begins something.
 *
 * Example: web-3 was closed an hour ago and is empty now, and 6 instances are wanted of 5: sealing and terminating web-3
 * ends what was begun; the launch begins something.
 */
import type { Mark, Memory } from '../model/memory.ts'
import type { Action, Plan, Waiting } from '../model/plan.ts'
import type { Planned } from './plan.ts'

type Held = Pick<Planned, 'plan' | 'memory'>

/** The actions that begin something. */
export function begins(plan: Plan, memory: Memory): readonly Action[] {
  return plan.actions.filter(action => !ends(action, memory))
}

/**
 * The plan without what it begins, and the memory of only that.
 *
 * @param current the count as it stands, which nobody changes now; `null` when it is not known
 */
export function finishOnly(
  plan: Plan,
  memory: Memory,
  current: number | null,
  waiting: Waiting | null,
): Held {
  const actions = plan.actions.filter(action => ends(action, memory))
  const marks: Record<string, Mark> = { ...memory.marks }
  for (const action of actions) {
    const mark = action.kind === 'seal' ? marks[action.instance] : undefined
    if (action.kind === 'seal' && mark !== undefined) marks[action.instance] = { ...mark, seal: 'sealing' }
  }
  return {
    plan: {
      ...plan,
      desired: current,
      actions,
      waiting: waiting === null ? plan.waiting : [...plan.waiting, waiting],
    },
    memory: { ...memory, marks, expected: current ?? memory.expected },
  }
}

/** No action at all, for the reason given. */
export function nothingNow(plan: Plan, memory: Memory, current: number | null, waiting: Waiting): Held {
  return {
    plan: { ...plan, desired: current, actions: [], waiting: [waiting] },
    memory: { ...memory, expected: current ?? memory.expected },
  }
}

function ends(action: Action, { marks, orders }: Memory): boolean {
  switch (action.kind) {
    case 'launch':
      return orders.some(({ token }) => token === action.id)
    case 'reopen':
      return marks[action.instance]?.admission === 'opening'
    case 'close':
      return isLeaving(marks[action.instance])
    case 'seal':
    case 'terminate':
      return isLeaving(marks[action.instance])
    case 'restart':
    case 'resize':
      return false
  }
}

function isLeaving(mark: Mark | undefined): boolean {
  return (
    mark !== undefined &&
    (mark.seal !== 'none' || mark.admission === 'closing' || mark.admission === 'closed')
  )
}
