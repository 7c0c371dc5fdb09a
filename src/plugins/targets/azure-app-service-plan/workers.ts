/**
 * The instances of a plan, as Azure tells them: by name where it does, by number where it does not. What the plan was asked for and
 * does not have yet is booting, so that nobody asks for it again.
 *
 * Example: capacity 5, and three names are told: those three as Azure calls their state, and `shop+4` and `shop+5` as booting.
 * Without names, capacity 5 and 3 there: `shop-1` to `shop-3` are ready, `shop-4` and `shop-5` boot.
 */
import type { TargetInstance } from '../../../ports/target.ts'

/** As Azure lists it. */
export interface Worker {
  readonly name: string
  /** Whatever word Azure has for it; `null`: none. */
  readonly status: string | null
  readonly ip: string | null
}

export interface Counted {
  readonly name: string
  /** What was asked of it. */
  readonly capacity: number
  /** How many are there; `null`: not said. */
  readonly there: number | null
}

type State = Pick<TargetInstance, 'lifecycle' | 'health' | 'detail'>

const NOTHING_SAID = {
  health: 'unknown',
  zone: null,
  address: null,
  launchedAt: null,
  token: null,
  detail: null,
} as const
const NOT_THERE = 'asked for, and not there yet'

export function namedInstances(workers: readonly Worker[], { name, capacity }: Counted): TargetInstance[] {
  const named = [...new Map(workers.map(worker => [worker.name.toLowerCase(), worker])).values()]
  const missing = Math.max(0, capacity - named.length)
  return [
    ...named.map(
      (worker): TargetInstance => ({
        ...NOTHING_SAID,
        id: worker.name.toLowerCase(),
        ...stateOf(worker.status),
        access: worker.ip === null ? [] : [{ name: 'ip', address: worker.ip }],
      }),
    ),
    ...Array.from({ length: missing }, (_, index) => booting(`${name}+${named.length + index + 1}`)),
  ]
}

export function countedInstances({ name, capacity, there }: Counted): TargetInstance[] {
  return Array.from({ length: capacity }, (_, index): TargetInstance => {
    const id = `${name}-${index + 1}`
    return index < (there ?? capacity) ? { ...NOTHING_SAID, id, lifecycle: 'ready' } : booting(id)
  })
}

function booting(id: string): TargetInstance {
  return { ...NOTHING_SAID, id, lifecycle: 'booting', detail: NOT_THERE }
}

/** Azure does not say which words it has: one that is not known here is taken for ready, and shown. */
function stateOf(status: string | null): State {
  const word = status?.toLowerCase() ?? ''
  const state = (lifecycle: State['lifecycle'], detail: string | null = null): State => ({
    lifecycle,
    health: 'unknown',
    detail,
  })
  if (word === '' || /^(ready|running|active|healthy|succeeded)$/.test(word)) return state('ready')
  const said = `Azure calls it ${status}`
  if (/unhealthy|fail|error/.test(word)) return { ...state('ready', said), health: 'unhealthy' }
  if (/creat|start|pend|provision|initializ|allocat|updat|recycl/.test(word)) return state('booting', said)
  if (/stop|delet|remov|drain|terminat/.test(word)) return state('terminating', said)
  return state('ready', said)
}
