import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Decision } from '../model/decision.ts'
import { USUAL_REPAIR } from '../model/health.ts'
import { type Instance, type Inventory, PLAIN_TARGET } from '../model/inventory.ts'
import { EMPTY_MEMORY, type Mark, type Memory } from '../model/memory.ts'
import type { Action, Plan } from '../model/plan.ts'
import { checkPlan, faultsText, withoutDestruction } from './check-plan.ts'

function instance(id: string, more: Partial<Instance> = {}): Instance {
  return {
    id,
    incarnation: null,
    lifecycle: 'ready',
    admission: 'open',
    health: 'healthy',
    sealed: false,
    listed: true,
    order: null,
    load: { kind: 'known', slots: 0, at: NOON },
    zone: null,
    address: null,
    launchedAt: NOON - 3_600_000,
    readyAt: NOON - 3_500_000,
    closedAt: null,
    detail: null,
    access: [],
    ...more,
  }
}

const closed = { admission: 'closed', closedAt: NOON - 60_000 } as const
const spec = fleetSpec({ min: 0, spec: { launchBatch: 2, repair: { ...USUAL_REPAIR, atOnce: 1 } } })

interface Scene {
  readonly desired?: number
  readonly instances: readonly Instance[]
  readonly inventory?: Partial<Inventory>
  readonly memory?: Partial<Memory>
  readonly marks?: Readonly<Record<string, Partial<Mark>>>
  readonly actions: readonly Partial<Action>[]
}

function planOf(actions: readonly Partial<Action>[], desired: number): Plan {
  const numbered = actions.map((action, index) => ({
    id: `web/1/${index + 1}`,
    because: 'planted',
    ...(action.kind === 'launch' ? { zone: null } : {}),
    ...action,
  })) as Action[]
  return { fleet: 'web', desired, actions: numbered, waiting: [] }
}

function rulesBroken({ desired = 1, instances, inventory, memory, marks, actions }: Scene): string[] {
  const known = instances.map(({ id, admission, closedAt, sealed, readyAt, zone }): [string, Mark] => [
    id,
    {
      admission,
      closedAt,
      seal: sealed ? 'sealed' : 'none',
      readyAt,
      seenAt: 0,
      incarnation: null,
      health: null,
      missingSince: null,
      goneAt: null,
      zone,
      ...marks?.[id],
    },
  ])
  const decision: Decision = {
    fleet: 'web',
    at: NOON,
    current: desired,
    desired,
    direction: 'none',
    rule: null,
    bounds: { lowest: 0, highest: 9, default: 0, constraint: 'capacity', until: null },
    because: 'a test',
    kpis: {},
    settings: {},
    effects: [],
    steps: [],
  }
  const faults = checkPlan(
    spec,
    decision,
    { instances, orders: [], target: PLAIN_TARGET, ...inventory },
    { ...EMPTY_MEMORY, marks: Object.fromEntries(known), ...memory },
    planOf(actions, desired),
  )
  return faults.map(({ rule, text }) => `${rule}: ${text}`)
}

const end = (id: string): Partial<Action>[] => [
  { kind: 'seal', instance: id },
  { kind: 'terminate', instance: id },
]

describe('a planted fault is found:', () => {
  it.each<[string, Scene, RegExp]>([
    [
      'terminating what nobody sealed',
      { instances: [instance('a'), instance('b', closed)], actions: [{ kind: 'terminate', instance: 'b' }] },
      /invariant 2: terminates b, which is not sealed/,
    ],
    [
      'terminating what may not have been sealed',
      {
        instances: [instance('a'), instance('b', { ...closed, sealed: true })],
        marks: { b: { seal: 'sealing' } },
        actions: [{ kind: 'terminate', instance: 'b' }],
      },
      /invariant 2: terminates b/,
    ],
    [
      'a load read before the close',
      {
        instances: [
          instance('a'),
          instance('b', { ...closed, load: { kind: 'known', slots: 0, at: NOON - 60_000 } }),
        ],
        actions: end('b'),
      },
      /invariant 2: seals b, which was not seen empty/,
    ],
    [
      'unknown taken for zero',
      {
        instances: [
          instance('a'),
          instance('b', { ...closed, load: { kind: 'unknown', because: 'silent' } }),
        ],
        actions: end('b'),
      },
      /invariant 2: seals b, which was not seen empty/,
    ],
    [
      'an open one',
      { desired: 0, instances: [instance('a')], actions: end('a') },
      /invariant 2: seals a, which is open/,
    ],
    [
      'force that nobody wrote',
      {
        instances: [instance('a'), instance('b', { ...closed, load: { kind: 'known', slots: 2, at: NOON } })],
        actions: [{ kind: 'seal', instance: 'b', force: true }],
      },
      /invariant 2: seals b by force/,
    ],
    [
      'a sealed one reopened',
      {
        desired: 2,
        instances: [instance('a'), instance('b', { ...closed, sealed: true })],
        actions: [{ kind: 'reopen', instance: 'b' }],
      },
      /invariant 2: reopens b, which is sealed/,
    ],
    [
      'one that was gone, reopened',
      {
        desired: 2,
        instances: [instance('a'), instance('b', closed)],
        marks: { b: { goneAt: NOON - 1 } },
        actions: [{ kind: 'reopen', instance: 'b' }],
      },
      /invariant 15: reopens b/,
    ],
    [
      'ending what is missing from the list',
      { instances: [instance('a'), instance('b', { ...closed, listed: false })], actions: end('b') },
      /invariant 15: seals b, which is missing/,
    ],
    [
      'a close too many',
      { desired: 2, instances: [instance('a'), instance('b')], actions: [{ kind: 'close', instance: 'a' }] },
      /invariant 5: closes 1 of 2 open ones/,
    ],
    [
      'a launch that is missing, unexplained',
      { desired: 2, instances: [instance('a')], actions: [] },
      /invariant 5: leaves 1 of 2/,
    ],
    [
      'a launch while one could be reopened',
      { desired: 2, instances: [instance('a'), instance('b', closed)], actions: [{ kind: 'launch' }] },
      /invariant 6: launches another while b/,
    ],
    [
      'orders that do not count',
      {
        desired: 2,
        instances: [instance('a')],
        inventory: {
          orders: [{ token: 'web/0/1', at: NOON, expiresAt: NOON + 1, zone: null, instance: null }],
        },
        actions: [{ kind: 'launch' }],
      },
      /invariant 7: launches 1 with 2 there or on their way/,
    ],
    [
      'more launches than allowed at once',
      { desired: 3, instances: [], actions: [{ kind: 'launch' }, { kind: 'launch' }, { kind: 'launch' }] },
      /invariant 14: launches 3 at once/,
    ],
    [
      'one that is kept, closed',
      {
        desired: 0,
        instances: [instance('a', { order: 'keep' })],
        actions: [{ kind: 'close', instance: 'a' }],
      },
      /order: closes a/,
    ],
    [
      'anything destructive while frozen',
      {
        desired: 0,
        instances: [instance('a')],
        memory: { freeze: { since: NOON - 1, until: NOON + 1, cause: 'silent', because: 'all are silent' } },
        actions: [{ kind: 'close', instance: 'a' }],
      },
      /brake: closes a/,
    ],
    [
      'more repairs than the budget allows',
      {
        desired: 0,
        instances: [instance('a', { health: 'unhealthy' }), instance('b', { health: 'suspect' })],
        actions: [
          { kind: 'close', instance: 'a' },
          { kind: 'close', instance: 'b' },
        ],
      },
      /budget: begins 2 repairs/,
    ],
    [
      'a launch in the fuller zone',
      {
        desired: 3,
        instances: [instance('a', { zone: 'x' }), instance('b', { zone: 'x' })],
        inventory: { target: { ...PLAIN_TARGET, zones: ['x', 'y'] } },
        actions: [{ kind: 'launch', zone: 'x' }],
      },
      /zones: launches in x/,
    ],
    [
      'a restart with sessions on it',
      {
        instances: [instance('a'), instance('b', { ...closed, load: { kind: 'known', slots: 1, at: NOON } })],
        inventory: { target: { ...PLAIN_TARGET, restarts: true } },
        actions: [{ kind: 'restart', instance: 'b' }],
      },
      /invariant 2: restarts b/,
    ],
    [
      'sessions left to a target that chooses',
      {
        instances: [instance('a'), instance('b', { load: { kind: 'known', slots: 1, at: NOON } })],
        inventory: { target: { ...PLAIN_TARGET, choosesVictim: false } },
        actions: [{ kind: 'resize', count: 1 }],
      },
      /invariant 2: lets the target choose/,
    ],
  ])('%s', (_, scene, found) => {
    expect(rulesBroken(scene).join('\n')).toMatch(found)
  })

  it('and what is right is not', () => {
    expect(rulesBroken({ instances: [instance('a'), instance('b', closed)], actions: end('b') })).toEqual([])
  })
})

describe('a plan with faults', () => {
  it('keeps what destroys nothing, and says why the rest is left out', () => {
    const plan = planOf([...end('a'), { kind: 'launch' }, { kind: 'reopen', instance: 'b' }], 1)
    const faults = [{ rule: 'invariant 2', text: 'seals a, which is open' }]
    const left = withoutDestruction(plan, faults)
    expect(left.actions.map(({ kind }) => kind)).toEqual(['launch', 'reopen'])
    expect(left.waiting.at(-1)).toMatchObject({
      what: 'everything',
      because: expect.stringContaining(faultsText(faults)),
    })
  })

  it('launches nothing when it would launch too many', () => {
    const plan = planOf([{ kind: 'launch' }], 1)
    expect(withoutDestruction(plan, [{ rule: 'invariant 7', text: 'launches too many' }]).actions).toEqual([])
  })
})
