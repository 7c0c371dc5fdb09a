/**
 * The count the guard leaves and the instances the planner chooses, together: with paid hours by age nobody goes who has just
 * been paid for, unless a bound asks for it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { launchesOf } from '../src/capacity/launches.ts'
import { plan } from '../src/capacity/plan.ts'
import { countCapacity } from '../src/capacity/standing.ts'
import { decide } from '../src/engine/decide.ts'
import { type Instance, type Inventory, PLAIN_TARGET } from '../src/model/inventory.ts'
import { EMPTY_MEMORY, type Memory } from '../src/model/memory.ts'
import { NOON, observation } from './builders/observation.ts'
import { fleetSpec } from './builders/spec.ts'

const MINUTE = 60_000
const LAST_MINUTES = 10

const spec = (by: number, max = 50) =>
  fleetSpec({
    min: 0,
    max,
    metrics: { cpu: {} },
    // What takes too long to boot is given up for that, whatever it was paid for.
    spec: { bootTimeoutMs: 300 * MINUTE },
    rules: [{ name: 'Scale down', when: 'avg(cpu, 5m) > 0', by }],
    guards: {
      flapping: false,
      billingHour: { by: 'age', outFirstMinutes: null, inLastMinutes: LAST_MINUTES },
    },
  })

const instance: fc.Arbitrary<Omit<Instance, 'id'>> = fc
  .record({
    lifecycle: fc.constantFrom(...Array<'ready'>(9).fill('ready'), 'booting' as const),
    admission: fc.constantFrom(...Array<'open'>(9).fill('open'), 'opening' as const),
    load: fc.oneof(
      fc.constant({ kind: 'untracked' as const }),
      fc.nat(3).map(slots => ({ kind: 'known' as const, slots, at: NOON })),
    ),
    age: fc.oneof(
      fc.nat(240 * MINUTE),
      fc.nat(4 * LAST_MINUTES).map(n => ((n % 4) * 60 + 60 - LAST_MINUTES + Math.floor(n / 4)) * MINUTE),
    ),
  })
  .map(({ age, ...parts }) => ({
    ...parts,
    health: 'healthy',
    sealed: false,
    incarnation: null,
    listed: true,
    order: null,
    access: [],
    zone: null,
    address: null,
    launchedAt: NOON - age,
    readyAt: parts.lifecycle === 'ready' ? NOON - age : null,
    closedAt: null,
    detail: null,
  }))

const fleet = fc.record({
  instances: fc.array(instance, { maxLength: 12 }),
  orders: fc.constantFrom(0, 0, 0, 1, 2),
  by: fc.integer({ min: -12, max: -1 }),
})

function cut(
  { instances, orders, by }: { instances: readonly Omit<Instance, 'id'>[]; orders: number; by: number },
  max?: number,
) {
  const inventory: Inventory = {
    instances: instances.map((parts, index) => ({ ...parts, id: `web-${10 + index}` })),
    orders: Array.from({ length: orders }, (_, n) => ({
      token: `web/1/${n}`,
      at: NOON - MINUTE,
      expiresAt: NOON + MINUTE,
      zone: null,
      instance: `new-${n}`,
    })),
    target: PLAIN_TARGET,
  }
  const marks: Memory['marks'] = Object.fromEntries(
    inventory.instances.map(({ id, admission, readyAt }) => [
      id,
      {
        admission,
        closedAt: null,
        seal: 'none' as const,
        readyAt,
        seenAt: NOON - MINUTE,
        incarnation: null,
        health: null,
        missingSince: null,
        goneAt: null,
        zone: null,
      },
    ]),
  )
  const memory: Memory = { ...EMPTY_MEMORY, marks, orders: inventory.orders }
  const fleetOf = spec(by, max)
  const seen = {
    ...observation({ values: { 'avg(cpu, 5m)': 50 } }),
    capacity: countCapacity(inventory, memory),
    ...launchesOf(fleetOf, inventory, NOON),
  }
  const decided = decide(fleetOf, seen, memory)
  const { actions } = plan(fleetOf, decided.decision, inventory, decided.memory).plan
  const gone = actions.flatMap(action =>
    action.kind === 'close' || action.kind === 'seal' ? [action.instance] : [],
  )
  return { gone: inventory.instances.filter(({ id }) => gone.includes(id)), decision: decided.decision }
}

const intoTheHour = ({ launchedAt }: Instance) => ((NOON - (launchedAt ?? 0)) % (60 * MINUTE)) / MINUTE

describe('paid hours by age', () => {
  it('give up nobody who is not in the last minutes of the hour paid for', () => {
    let someoneWent = 0
    fc.assert(
      fc.property(fleet, given => {
        const { gone } = cut(given)
        someoneWent += gone.length
        for (const instance of gone) expect(intoTheHour(instance)).toBeGreaterThanOrEqual(60 - LAST_MINUTES)
      }),
      { numRuns: 500 },
    )
    expect(someoneWent).toBeGreaterThan(50)
  })

  it('of several in their last minutes take the cheapest to close', () => {
    const aged = (minutes: number, slots: number): Omit<Instance, 'id'> => ({
      lifecycle: 'ready',
      admission: 'open',
      load: { kind: 'known', slots, at: NOON },
      health: 'healthy',
      sealed: false,
      incarnation: null,
      listed: true,
      order: null,
      access: [],
      zone: null,
      address: null,
      launchedAt: NOON - minutes * MINUTE,
      readyAt: NOON - minutes * MINUTE,
      closedAt: null,
      detail: null,
    })
    const instances = [aged(30, 0), aged(55, 3), aged(52, 1), aged(5, 0)]
    expect(cut({ instances, orders: 0, by: -1 }).gone).toMatchObject([{ id: 'web-12' }])
    expect(cut({ instances, orders: 0, by: -3 })).toMatchObject({
      decision: { desired: 2 },
      gone: [{ id: 'web-11' }, { id: 'web-12' }],
    })
    // A bound asks for it: first those whose hour is used up, then the cheapest of the others.
    expect(cut({ instances, orders: 0, by: -1 }, 1)).toMatchObject({
      decision: { desired: 1 },
      gone: [{ id: 'web-11' }, { id: 'web-12' }, { id: 'web-13' }],
    })
  })
})
