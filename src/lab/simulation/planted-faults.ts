/**
 * Mistakes made on purpose, one at a time, in what surrounds the tick: a simulator that does not find them proves nothing.
 *
 * Example: `PLANTED['unknown-as-zero']` answers 0 for every load that is not known; within a few seeds a session is cut.
 */
import type { Load } from '../../model/inventory.ts'
import type { SessionRouter } from '../../ports/session-router.ts'
import type { StateStore } from '../../ports/state-store.ts'
import type { Target } from '../../ports/target.ts'
import type { Replica } from './replica.ts'

export interface PlantedFault {
  target?(target: Target): Target
  router?(router: SessionRouter, replica: Replica): SessionRouter
  store?(store: StateStore): StateStore
  stillHolds?(): boolean
}

export const PLANTED = {
  /** A placement decided before a close is carried out after it. */
  'epoch-check-removed': () => ({ stillHolds: () => true }),
  'load-read-before-close': () => ({ router: staleLoads }),
  'unknown-as-zero': () => ({ router: zeroForUnknown }),
  'latch-never-released': () => ({ target: latching }),
  'recycled-id-trusted': () => ({ target: withoutIncarnations }),
  'drain-mark-lost': () => ({ store: forgettingMarks }),
} satisfies Readonly<Record<string, () => PlantedFault>>

export type PlantedName = keyof typeof PLANTED

/** Answers what was read two readings ago, before the tick that closed, as if it were of now. */
function staleLoads(router: SessionRouter, replica: Replica): SessionRouter {
  let oldest: ReadonlyMap<string, Load> = new Map()
  let before: ReadonlyMap<string, Load> = new Map()
  return {
    ...router,
    readLoads: async signal => {
      const at = replica.clock.now()
      const stale = oldest
      oldest = before
      before = await router.readLoads(signal)
      return new Map([...stale].map(([id, load]) => [id, load.kind === 'known' ? { ...load, at } : load]))
    },
    // What can be sealed only while it is empty would be safe all the same.
    sealInstance: async () => undefined,
  }
}

function zeroForUnknown(router: SessionRouter, replica: Replica): SessionRouter {
  const known = new Set<string>()
  return {
    ...router,
    route: (instances, signal, isOurs) => {
      for (const { id } of instances) known.add(id)
      return router.route(instances, signal, isOurs)
    },
    readLoads: async signal => {
      const at = replica.clock.now()
      const loads = await router.readLoads(signal)
      const zero: Load = { kind: 'known', slots: 0, at }
      return new Map(
        [...known].map(id => [id, loads.get(id)?.kind === 'known' ? (loads.get(id) ?? zero) : zero]),
      )
    },
    sealInstance: async () => undefined,
  }
}

/** An operation that failed leaves it "updating" for ever. */
function latching(target: Target): Target {
  let updating = false
  return {
    ...target,
    launch: async (orders, signal) => {
      if (updating)
        return orders.map(({ token }) => ({ token, ok: false, kind: 'conflict', error: 'updating' }))
      updating = true
      const results = await target.launch(orders, signal)
      updating = false
      return results
    },
  }
}

function withoutIncarnations(target: Target): Target {
  return {
    ...target,
    listInstances: async signal =>
      (await target.listInstances(signal)).map(entry => ({ ...entry, incarnation: null })),
  }
}

/** A replica that starts, and every tenth load after that, has forgotten what was closed. */
function forgettingMarks(store: StateStore): StateStore {
  let loads = 0
  return {
    ...store,
    load: async fleet => {
      const memory = await store.load(fleet)
      loads += 1
      if (loads % 10 !== 1) return memory
      const marks = Object.fromEntries(
        Object.entries(memory.marks).map(([id, mark]) => [
          id,
          { ...mark, admission: 'open' as const, closedAt: null, seal: 'none' as const },
        ]),
      )
      return { ...memory, marks }
    },
  }
}
