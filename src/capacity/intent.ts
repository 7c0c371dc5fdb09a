/**
 * The memory of a plan that is about to be carried out: orders, marks, what is mended and what is owed. It is made durable
 * first, so that a crash half-way is found by the next tick.
 *
 * Example: a plan that launches one leaves the order `web/42/1`, and owes nothing more.
 */
import type { Mark, Memory, Repair } from '../model/memory.ts'
import type { Action } from '../model/plan.ts'
import type { Draft } from './draft.ts'
import { type Troubles, troubleIn } from './launch-trouble.ts'
import { keepRepairs } from './repairs.ts'
import { RESTARTED } from './settle.ts'

/** @param coming capacity open or on its way once the plan's growth is carried out */
export function rememberIntent(draft: Draft, actions: readonly Action[], coming: number): Memory {
  const { memory, at, spec, desired } = draft
  const marks: Record<string, Mark> = { ...memory.marks }
  const orders = [...memory.orders]
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
        mark(marks, action.instance, { seal: 'sealing', ...closingIfOpen(marks[action.instance]) })
        break
      case 'restart':
        mark(marks, action.instance, RESTARTED)
        break
      case 'terminate':
      case 'resize':
        break
    }
  }
  return {
    ...memory,
    ...troublesOf(draft),
    marks,
    orders,
    repairs: repairsAfter(draft),
    owed: Math.max(0, desired - coming + stillToRestart(draft, actions)),
    expected: desired,
    ...besideOf(draft),
  }
}

/** Should the seal be refused, it is on its way out all the same, and its place is another's by then. */
function closingIfOpen(known: Mark | undefined): Partial<Mark> {
  const isOpen = known?.admission === 'open' || known?.admission === 'opening'
  return isOpen ? { admission: 'closing', closedAt: null } : {}
}

/** Nobody decided on these: they stay for now, or may turn out well after all. */
function besideOf({ standing, failed, moving, leaving, memory }: Draft): Pick<Memory, 'beside'> {
  const beside = standing + [...failed, ...moving].filter(({ id }) => !leaving.has(id)).length
  return beside === 0 && memory.beside === undefined ? {} : { beside }
}

/** Places of those that are closed now, and come back after a restart that a later plan begins. */
function stillToRestart({ restarting }: Draft, actions: readonly Action[]): number {
  return restarting.size - actions.filter(({ kind }) => kind === 'restart').length
}

function mark(marks: Record<string, Mark>, instance: string, change: Partial<Mark>): void {
  const known = marks[instance]
  if (known !== undefined) marks[instance] = { ...known, ...change }
}

/** A move is over when what moves is closed, gone or needed after all. */
function repairsAfter({ memory, repairs, leaving, moving, movesOff, spec, at }: Draft): readonly Repair[] {
  const still = new Set(movesOff ? [] : moving.flatMap(({ id }) => (leaving.has(id) ? [] : [id])))
  const known = memory.repairs.filter(({ how, instance }) => how !== 'move' || still.has(instance))
  if (repairs.length === 0 && known.length === memory.repairs.length)
    return keepRepairs(spec, memory.repairs, at)
  return keepRepairs(spec, [...known, ...repairs], at)
}

function troublesOf({ memory, repairs, byId, target, at }: Draft): Troubles {
  let troubles: Troubles = memory
  for (const { how, instance, because } of repairs) {
    if (how !== 'never-ready') continue
    const zone = byId.get(instance)?.zone ?? null
    troubles = troubleIn(troubles, zone !== null && target.zones.includes(zone) ? zone : null, because, at)
  }
  return { launchTrouble: troubles.launchTrouble, zoneTrouble: troubles.zoneTrouble }
}
