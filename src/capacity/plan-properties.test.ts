import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyFleet, DEADLINE_MS, fleets } from '../../test/arbitraries/inventory.ts'
import { NOON } from '../../test/builders/observation.ts'
import type { Decision } from '../model/decision.ts'
import type { Instance, Inventory } from '../model/inventory.ts'
import type { Memory } from '../model/memory.ts'
import type { Action, Outcome } from '../model/plan.ts'
import { type Planned, plan } from './plan.ts'
import { settle } from './settle.ts'
import { countCapacity, standingOf } from './standing.ts'

const RUNS = { numRuns: 1_000 }

function decisionOf(desired: number, at = NOON): Decision {
  return {
    fleet: 'web',
    at,
    current: desired,
    desired,
    direction: 'none',
    rule: null,
    bounds: { lowest: 0, highest: 50, default: 0, constraint: 'capacity', until: null },
    because: 'a test',
    kpis: {},
    settings: {},
    effects: [],
    steps: [],
  }
}

function planOf({ spec, inventory, memory, desired }: AnyFleet): Planned {
  return plan(spec, decisionOf(desired), inventory, memory)
}

function the(inventory: Inventory, id: string): Instance {
  const found = inventory.instances.find(instance => instance.id === id)
  if (found === undefined) throw new Error(`no instance ${id}`)
  return found
}

function of<K extends Action['kind']>(
  { plan: { actions } }: Planned,
  kind: K,
): Extract<Action, { kind: K }>[] {
  return actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind)
}

const DESTRUCTIVE = ['close', 'seal', 'terminate', 'restart'] as const

function destroys(planned: Planned): { readonly instance: string; readonly kind: string }[] {
  return DESTRUCTIVE.flatMap(kind => of(planned, kind))
}

/** The fleet as it is when every action succeeded at once. */
function carryOut({ inventory }: AnyFleet, { plan: { actions } }: Planned, memory: Memory): Inventory {
  const gone = new Set(actions.flatMap(action => (action.kind === 'terminate' ? [action.instance] : [])))
  const instances = inventory.instances
    .filter(({ id }) => !gone.has(id))
    .map((instance): Instance => {
      const mark = memory.marks[instance.id]
      if (mark === undefined) return instance
      const { admission, closedAt, readyAt } = mark
      const restarted = actions.some(
        ({ kind, ...action }) =>
          kind === 'restart' && 'instance' in action && action.instance === instance.id,
      )
      const next = { ...instance, admission, closedAt, readyAt, sealed: mark.seal !== 'none' }
      return restarted ? { ...next, lifecycle: 'booting', health: 'unknown' } : next
    })
  return { ...inventory, instances, orders: memory.orders }
}

function allDone({ plan: { actions } }: Planned): Outcome[] {
  return actions.map(action => ({
    action: action.id,
    outcome: 'done',
    instance: action.kind === 'launch' ? `new-${action.id}` : null,
    at: NOON + 1,
  }))
}

describe('whatever the fleet is like, a plan', () => {
  it('breaks nothing that is promised', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        expect(planOf(fleet).faults).toEqual([])
      }),
      { numRuns: 3_000 },
    )
  })

  it('terminates only what is sealed, and seals only what holds nothing, is lost, or is past a deadline that forces it (invariant 2)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        const sealed = new Set(of(planned, 'seal').map(({ instance }) => instance))
        for (const { instance } of of(planned, 'terminate')) {
          expect(sealed.has(instance) || fleet.memory.marks[instance]?.seal === 'sealed').toBe(true)
        }
        for (const { instance: id, force } of of(planned, 'seal')) {
          const { lifecycle, readyAt, load, closedAt, sealed: before } = the(fleet.inventory, id)
          if (lifecycle === 'lost' || before || load.kind === 'untracked') continue
          if (force === true) {
            expect(fleet.spec.sessions.drain.pastDeadline).toBe('force')
            expect(NOON - (closedAt ?? NOON)).toBeGreaterThanOrEqual(DEADLINE_MS)
          } else if (readyAt !== null) {
            expect(load).toMatchObject({ kind: 'known', slots: 0 })
            expect(load.kind === 'known' && closedAt !== null && load.at > closedAt).toBe(true)
          }
        }
      }),
      RUNS,
    )
  })

  it('restarts only what was seen empty since its close (invariant 2)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        for (const { instance: id } of of(planOf(fleet), 'restart')) {
          const { load, closedAt } = the(fleet.inventory, id)
          if (load.kind !== 'untracked')
            expect(load.kind === 'known' && load.slots === 0 && load.at > (closedAt ?? NOON)).toBe(true)
        }
      }),
      RUNS,
    )
  })

  it('ends nothing whose load is unknown (invariant 3)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        for (const { instance: id, force } of of(planned, 'seal')) {
          const { lifecycle, readyAt, load, sealed } = the(fleet.inventory, id)
          if (load.kind === 'unknown')
            expect(lifecycle === 'lost' || readyAt === null || sealed || force === true).toBe(true)
        }
      }),
      RUNS,
    )
  })

  it('gives what was wanted, or says why not (invariant 5)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        const after = settle(planned.memory, planned.plan, allDone(planned))
        const { open, pending, replacing } = countCapacity(carryOut(fleet, planned, after), after)
        expect(open + pending + replacing).toBeGreaterThanOrEqual(fleet.desired)
        if (open + pending < fleet.desired) {
          const restarts = fleet.spec.repair.how === 'restart' && fleet.inventory.target.restarts
          expect(restarts || planned.plan.waiting.some(({ what }) => what === 'launch')).toBe(true)
        }
        const openNow = fleet.inventory.instances.filter(instance => standingOf(instance) === 'open')
        const closed = of(planned, 'close').filter(
          ({ instance }) => standingOf(the(fleet.inventory, instance)) === 'open',
        )
        const left = openNow.length - closed.length + of(planned, 'reopen').length
        expect(left).toBeGreaterThanOrEqual(Math.min(fleet.desired, openNow.length))
      }),
      RUNS,
    )
  })

  it('launches only when nothing is left to reopen (invariant 6)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        if (!of(planned, 'launch').some(({ id }) => id.startsWith('web/42/'))) return
        const reopened = new Set(of(planned, 'reopen').map(({ instance }) => instance))
        const left = fleet.inventory.instances.filter(
          instance =>
            standingOf(instance) === 'draining' &&
            instance.lifecycle === 'ready' &&
            instance.health !== 'unhealthy' &&
            instance.health !== 'suspect' &&
            instance.listed &&
            !instance.sealed &&
            instance.order !== 'drain' &&
            fleet.memory.marks[instance.id]?.goneAt === null &&
            !reopened.has(instance.id),
        )
        expect(left).toEqual([])
      }),
      RUNS,
    )
  })

  it('never launches beyond what is wanted, whatever was ordered before (invariant 7)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        const fresh = of(planned, 'launch').filter(({ id }) => id.startsWith('web/42/')).length
        if (fresh === 0) return
        const { open, pending } = countCapacity(fleet.inventory, { ...fleet.memory, owed: 0 })
        const givenUp = of(planned, 'seal').filter(
          ({ instance }) => standingOf(the(fleet.inventory, instance)) === 'pending',
        )
        const isMove = planned.memory.repairs.some(({ how, at }) => how === 'move' && at === NOON)
        expect(open + pending - givenUp.length + fresh).toBeLessThanOrEqual(
          fleet.desired + (isMove ? 1 : 0) + of(planned, 'close').length,
        )
      }),
      RUNS,
    )
  })

  it('does nothing to what is missing from the list, and never brings back what was gone or sealed (invariant 15)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        for (const { instance } of destroys(planned)) expect(the(fleet.inventory, instance).listed).toBe(true)
        for (const { instance } of of(planned, 'reopen')) {
          expect(fleet.memory.marks[instance]).toMatchObject({ goneAt: null, seal: 'none' })
        }
      }),
      RUNS,
    )
  })

  it('heeds what operators asked: what is kept stays, what is to be drained never comes back', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const planned = planOf(fleet)
        for (const { instance } of destroys(planned)) {
          const { order, lifecycle } = the(fleet.inventory, instance)
          expect(order === 'keep' && lifecycle !== 'lost').toBe(false)
        }
        for (const { instance } of of(planned, 'reopen'))
          expect(the(fleet.inventory, instance).order).not.toBe('drain')
      }),
      RUNS,
    )
  })

  it('destroys nothing while the brake is on, and goes on adding', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const { freeze } = fleet.memory
        if (freeze === null || freeze.until <= NOON) return
        const planned = planOf(fleet)
        expect(destroys(planned)).toEqual([])
        expect(
          planned.plan.waiting.some(({ what, until }) => what === 'repair' && until === freeze.until),
        ).toBe(true)
      }),
      RUNS,
    )
  })

  it('begins no more repairs than its budget allows', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        const { inventory, spec, desired } = fleet
        const begun = of(planOf(fleet), 'close').filter(({ instance }) => {
          const { health, order, admission, lifecycle } = the(inventory, instance)
          return (
            order === null &&
            lifecycle === 'ready' &&
            admission !== 'closing' &&
            (health === 'suspect' || health === 'unhealthy')
          )
        })
        expect(begun.length).toBeLessThanOrEqual(Math.max(spec.repair.atOnce, Math.floor(0.05 * desired)))
      }),
      RUNS,
    )
  })

  it('leaves zones within one of each other, where they were and launches go well', () => {
    const spread = (counts: readonly number[]): number => Math.max(...counts) - Math.min(...counts)
    fc.assert(
      fc.property(fleets(), fleet => {
        const { zones } = fleet.inventory.target
        if (zones.length === 0 || Object.keys(fleet.memory.zoneTrouble).length > 0) return
        if (fleet.memory.repairs.length > 0 || fleet.inventory.orders.length > 0) return
        const counted = (inventory: Inventory): number[] =>
          zones.map(
            zone =>
              inventory.instances.filter(
                instance => instance.zone === zone && ['open', 'pending'].includes(standingOf(instance)),
              ).length + inventory.orders.filter(order => order.zone === zone).length,
          )
        const planned = planOf(fleet)
        const after = settle(planned.memory, planned.plan, allDone(planned))
        const before = spread(counted(fleet.inventory))
        // Reopening and what an operator keeps go before balance.
        const free = fleet.inventory.instances.every(
          ({ order, listed, zone, lifecycle }) =>
            order === null && listed && zone !== null && lifecycle === 'ready',
        )
        if (!free || of(planned, 'reopen').length > 0 || of(planned, 'restart').length > 0) return
        expect(spread(counted(carryOut(fleet, planned, after)))).toBeLessThanOrEqual(Math.max(1, before))
      }),
      RUNS,
    )
  })

  it('is empty once it was carried out (invariant 11)', () => {
    fc.assert(
      fc.property(fleets(), fleet => {
        // One at a time and by budget, there is more to do afterwards.
        const { spec, memory } = fleet
        if (fleet.inventory.target.highest !== null) return
        const atOnce = { ...spec, launchBatch: 100, repair: { ...spec.repair, atOnce: 100 } }
        if (memory.freeze !== null || Object.keys(memory.zoneTrouble).length > 0 || memory.repairs.length > 0)
          return
        const whole: AnyFleet = { ...fleet, spec: atOnce }
        const first = planOf(whole)
        const after = { ...settle(first.memory, first.plan, allDone(first)), revision: 43 }
        const next: AnyFleet = { ...whole, inventory: carryOut(whole, first, after), memory: after }
        const second = planOf(next)
        expect(second.faults).toEqual([])
        const again = second.plan.actions.filter(
          ({ kind }) => kind === 'launch' || kind === 'reopen' || kind === 'close',
        )
        const isMove = ({ plan: { actions } }: Planned): boolean =>
          actions.some(({ because }) => because.includes('in zone'))
        if (!isMove(first) && !isMove(second)) expect(again).toEqual([])
      }),
      RUNS,
    )
  })
})
