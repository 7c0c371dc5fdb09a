import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Decision } from '../model/decision.ts'
import { USUAL_REPAIR } from '../model/health.ts'
import { type Instance, type Inventory, type Load, type Order, PLAIN_TARGET } from '../model/inventory.ts'
import { EMPTY_MEMORY, type Mark, type Memory } from '../model/memory.ts'
import type { Action, Outcome } from '../model/plan.ts'
import { plan } from './plan.ts'
import { settle } from './settle.ts'
import { countCapacity, standingOf } from './standing.ts'

/** Everything at once, so that one plan says all. */
const spec = fleetSpec({
  min: 0,
  max: 50,
  spec: { launchBatch: 100, bootTimeoutMs: 300_000, repair: { ...USUAL_REPAIR, atOnce: 100 } },
})

function decision(desired: number, current = desired): Decision {
  return {
    fleet: 'web',
    at: NOON,
    current,
    desired,
    direction: desired > current ? 'out' : desired < current ? 'in' : 'none',
    rule: null,
    bounds: { lowest: 0, highest: 50, default: 0, constraint: 'capacity', until: null },
    because: 'a test',
    kpis: {},
    settings: {},
    effects: [],
    steps: [],
  }
}

const BEFORE = NOON - 60_000

const NOTHING_THERE: Inventory = { instances: [], orders: [], target: PLAIN_TARGET }

const load: fc.Arbitrary<Load> = fc.oneof(
  fc.record({ kind: fc.constant('known' as const), slots: fc.nat(3), at: fc.constantFrom(BEFORE - 1, NOON) }),
  fc.constant<Load>({ kind: 'unknown', because: 'silent' }),
  fc.constant<Load>({ kind: 'untracked' }),
)

const instance: fc.Arbitrary<Omit<Instance, 'id'>> = fc
  .record({
    lifecycle: fc.constantFrom('booting', 'ready', 'ready', 'ready', 'lost', 'terminating'),
    admission: fc.constantFrom('open', 'open', 'closed', 'closing', 'opening'),
    health: fc.constantFrom('healthy', 'healthy', 'healthy', 'unknown', 'unhealthy'),
    sealed: fc.constantFrom(false, false, false, true),
    load,
    launchedAt: fc.constantFrom(BEFORE, NOON - 600_000),
  })
  .map(parts => ({
    ...parts,
    incarnation: null,
    listed: true,
    order: null,
    access: [],
    zone: null,
    address: null,
    readyAt: parts.lifecycle === 'booting' ? null : BEFORE,
    closedAt: parts.admission === 'closed' ? BEFORE : null,
    detail: null,
  }))

const order: fc.Arbitrary<Omit<Order, 'token'>> = fc.record({
  at: fc.constantFrom(BEFORE, NOON),
  zone: fc.constant(null),
  expiresAt: fc.constant(NOON + 60_000),
  instance: fc.constantFrom(null, 'web-late'),
})

const situation = fc
  .record({
    instances: fc.array(instance, { maxLength: 8 }),
    orders: fc.array(order, { maxLength: 3 }),
    desired: fc.nat(10),
  })
  .map(({ instances, orders, desired }) => {
    const inventory: Inventory = {
      instances: instances.map((parts, index) => ({ id: `web-${index}`, ...parts })),
      orders: orders.map((parts, index) => ({ token: `web/0/${index}`, ...parts })),
      target: PLAIN_TARGET,
    }
    return { inventory, desired, memory: memoryOf(inventory) }
  })

function memoryOf(inventory: Inventory): Memory {
  const marks = Object.fromEntries(
    inventory.instances.map(({ id, admission, closedAt, sealed, readyAt, launchedAt }): [string, Mark] => [
      id,
      {
        admission,
        closedAt,
        seal: sealed ? 'sealed' : 'none',
        readyAt,
        seenAt: launchedAt ?? BEFORE,
        incarnation: null,
        health: null,
        missingSince: null,
        goneAt: null,
        zone: null,
      },
    ]),
  )
  return { ...EMPTY_MEMORY, revision: 41, marks, orders: inventory.orders }
}

function instanceOf(inventory: Inventory, id: string): Instance {
  const found = inventory.instances.find(candidate => candidate.id === id)
  if (found === undefined) throw new Error(`no instance ${id}`)
  return found
}

/** The fleet as it is after every action succeeded at once. */
function carryOut(inventory: Inventory, actions: readonly Action[], memory: Memory): Inventory {
  const gone = new Set(actions.flatMap(action => (action.kind === 'terminate' ? [action.instance] : [])))
  const kept = inventory.instances
    .filter(({ id }) => !gone.has(id))
    .map((entry): Instance => {
      const mark = memory.marks[entry.id]
      return mark === undefined
        ? entry
        : { ...entry, admission: mark.admission, closedAt: mark.closedAt, sealed: mark.seal !== 'none' }
    })
  const orders = inventory.orders.map(
    entry => memory.orders.find(({ token }) => token === entry.token) ?? entry,
  )
  const fresh = memory.orders.filter(({ token }) => !orders.some(entry => entry.token === token))
  return { ...inventory, instances: kept, orders: [...orders, ...fresh] }
}

function allDone(actions: readonly Action[]): Outcome[] {
  return actions.map(action => ({
    action: action.id,
    outcome: 'done',
    instance: action.kind === 'launch' ? `new-${action.id}` : null,
    at: NOON + 1,
  }))
}

describe('a plan', () => {
  it('terminates only what is sealed (invariant 2)', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const { actions } = plan(spec, decision(desired), inventory, memory).plan
        const sealed = new Set(actions.flatMap(action => (action.kind === 'seal' ? [action.instance] : [])))
        for (const action of actions) {
          if (action.kind !== 'terminate') continue
          expect(sealed.has(action.instance) || instanceOf(inventory, action.instance).sealed).toBe(true)
        }
      }),
    )
  })

  it('seals a ready instance only when it was seen empty after its close took effect (invariant 2)', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        for (const action of plan(spec, decision(desired), inventory, memory).plan.actions) {
          if (action.kind !== 'seal') continue
          const { lifecycle, load: seen, closedAt } = instanceOf(inventory, action.instance)
          if (lifecycle !== 'ready' || seen.kind === 'untracked') continue
          expect(seen).toMatchObject({ kind: 'known', slots: 0 })
          expect(seen.kind === 'known' && closedAt !== null && seen.at > closedAt).toBe(true)
        }
      }),
    )
  })

  it('yields what was desired, or keeps what is missing as owed (invariant 5)', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const planned = plan(spec, decision(desired), inventory, memory)
        const after = settle(planned.memory, planned.plan, allDone(planned.plan.actions))
        const counts = countCapacity(carryOut(inventory, planned.plan.actions, after), after)
        const surplusOrders = inventory.orders.length
        expect(counts.open + counts.pending + counts.replacing).toBeGreaterThanOrEqual(desired)
        expect(counts.open + counts.pending).toBeLessThanOrEqual(
          desired + surplusOrders + waitingUnhealthy(inventory),
        )
      }),
    )
  })

  it('launches only when nothing healthy is left to reopen (invariant 6)', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const { actions } = plan(spec, decision(desired), inventory, memory).plan
        if (!actions.some(action => action.kind === 'launch' && action.id.startsWith('web/42/'))) return
        const reopened = new Set(
          actions.flatMap(action => (action.kind === 'reopen' ? [action.instance] : [])),
        )
        const left = inventory.instances.filter(
          entry =>
            standingOf(entry) === 'draining' &&
            entry.lifecycle === 'ready' &&
            entry.health !== 'unhealthy' &&
            !entry.sealed &&
            !reopened.has(entry.id),
        )
        expect(left).toEqual([])
      }),
    )
  })

  it('never closes an open instance because of one that boots', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const open = inventory.instances.filter(entry => standingOf(entry) === 'open')
        const openIds = new Set(open.map(({ id }) => id))
        const closed = plan(spec, decision(desired), inventory, memory).plan.actions.filter(
          action => action.kind === 'close' && openIds.has(action.instance),
        )
        expect(closed.length).toBe(Math.max(0, open.length - desired))
      }),
    )
  })

  it('is empty once it was carried out (invariant 11)', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const first = plan(spec, decision(desired), inventory, memory)
        const after = settle(first.memory, first.plan, allDone(first.plan.actions))
        const next = carryOut(inventory, first.plan.actions, after)
        const second = plan(spec, decision(desired), next, after)
        expect(second.plan.actions.filter(({ kind }) => kind !== 'seal' && kind !== 'terminate')).toEqual([])
      }),
    )
  })

  it('has one id per action, made of fleet, revision and number', () => {
    fc.assert(
      fc.property(situation, ({ inventory, desired, memory }) => {
        const ids = plan(spec, decision(desired), inventory, memory).plan.actions.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
        for (const id of ids) expect(id).toMatch(/^web\/(42|0)\/\d+$/)
      }),
    )
  })

  it('does nothing when the count is unknown', () => {
    const unknown = { ...decision(3), desired: null, current: null }
    const { plan: planned } = plan(spec, unknown, NOTHING_THERE, EMPTY_MEMORY)
    expect(planned).toMatchObject({ actions: [], waiting: [{ what: 'everything' }] })
  })
})

it('says of one that is sealed while nothing is ended that it waits for that, whatever its load is', () => {
  const inventory: Inventory = {
    ...NOTHING_THERE,
    instances: [
      {
        ...{
          id: 'web-1',
          incarnation: null,
          listed: true,
          order: null,
          access: [],
          zone: null,
          address: null,
        },
        ...{ lifecycle: 'ready', admission: 'closed', health: 'unhealthy', sealed: true, detail: null },
        ...{ launchedAt: BEFORE, readyAt: BEFORE, closedAt: BEFORE },
        // A router is not shown what is sealed.
        load: { kind: 'unknown', because: 'the router does not know this instance' },
      },
    ],
  }
  const freeze = { cause: 'unhealthy', because: 'too many', since: BEFORE, until: NOON + 60_000 } as const
  const planned = plan(spec, decision(0), inventory, { ...memoryOf(inventory), freeze })
  expect(planned.plan.actions).toEqual([])
  expect(planned.plan.waiting).toContainEqual({
    what: 'terminate',
    instance: 'web-1',
    because: 'it is sealed, and ended once the repair is no longer held back',
    until: freeze.until,
  })
})

/** Unhealthy instances that wait for the end of what looks like a shared cause still stand beside replacements. */
function waitingUnhealthy({ instances }: Inventory): number {
  return instances.filter(entry => standingOf(entry) === 'failed').length
}

describe('launches', () => {
  it('are held back while the last ones failed, and then tried one at a time', () => {
    const trouble = { failures: 3, retryAt: NOON + 4_000, error: 'quota exceeded' }
    const held = plan(spec, decision(5, 0), NOTHING_THERE, { ...EMPTY_MEMORY, launchTrouble: trouble })
    expect(held.plan.actions).toEqual([])
    expect(held.memory.owed).toBe(5)
    const due = { ...EMPTY_MEMORY, launchTrouble: { ...trouble, retryAt: NOON } }
    const tried = plan(spec, decision(5, 0), NOTHING_THERE, due)
    expect(tried.plan.actions).toHaveLength(1)
    expect(tried.memory.owed).toBe(4)
  })

  it('are at most launchBatch at a time', () => {
    const small = fleetSpec({ spec: { launchBatch: 3 } })
    const { plan: planned } = plan(small, decision(10, 0), NOTHING_THERE, EMPTY_MEMORY)
    expect(planned.actions).toHaveLength(3)
    expect(planned.waiting[0]?.because).toContain('7 more')
  })

  it('are at most launchBatch at a time, those that are asked again included', () => {
    const small = fleetSpec({ spec: { launchBatch: 3 } })
    const unanswered = ['web/0/1', 'web/0/2'].map(token => {
      return { token, at: NOON - 1, expiresAt: NOON + 60_000, zone: null, instance: null }
    })
    const inventory = { ...NOTHING_THERE, orders: unanswered }
    const { actions } = plan(small, decision(4, 2), inventory, { ...EMPTY_MEMORY, orders: unanswered }).plan
    expect(actions.map(({ id }) => id)).toEqual(['web/0/1', 'web/1/1', 'web/1/2'])
  })

  it('that never became ready are given up and count as failed', () => {
    const stuck: Instance = {
      id: 'web-1',
      lifecycle: 'booting',
      admission: 'open',
      health: 'unknown',
      incarnation: null,
      listed: true,
      order: null,
      access: [],
      sealed: false,
      load: { kind: 'untracked' },
      zone: null,
      address: null,
      launchedAt: NOON - 300_000,
      readyAt: null,
      closedAt: null,
      detail: null,
    }
    const inventory = { ...NOTHING_THERE, instances: [stuck] }
    const { plan: planned, memory } = plan(spec, decision(1), inventory, memoryOf(inventory))
    expect(planned.actions.map(({ kind }) => kind)).toEqual(['seal', 'terminate', 'launch'])
    expect(memory.launchTrouble?.failures).toBe(1)
  })
})
