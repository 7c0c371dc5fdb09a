/** What each mode lets happen outside, through whole ticks in the simulated world. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { type SimulatedWorld, simulatedWorld } from '../../test/simulated/world.ts'
import { decide } from '../engine/decide.ts'
import type { Mode } from '../model/spec.ts'
import { createOperator, type Operator } from './operate.ts'
import type { LoopEvent } from './world.ts'

const MINUTE = 60_000
const ADA = { who: 'ada', why: 'because' }
const metrics = { orders: { kind: 'total' as const } }
const rules = [
  { name: 'up', when: 'last(orders) > 100', by: 1 },
  { name: 'far up', when: 'last(orders) > 1000', by: 3 },
  { name: 'down', when: 'last(orders) < 10', by: -1 },
]

function spec(mode: Mode, min = 2) {
  return fleetSpec({ min, max: 9, metrics, rules, spec: { mode, approvalExpiresMs: 30 * MINUTE } })
}

function operatorOf({ world }: SimulatedWorld): Operator {
  return createOperator({ ...world, spec: () => world.spec(), wake: () => undefined })
}

/** Calls that change something; reading, and showing the router what there is, do not. */
function changes({ fleet }: SimulatedWorld): string[] {
  return fleet.calls.filter(call => !/^(list|loads|route)$/.test(call))
}

function news({ events }: SimulatedWorld): string[] {
  const told = new Set(['approval-wanted', 'approval-withdrawn', 'approved', 'rejected', 'expired'])
  return events.map((event: LoopEvent) => event.type).filter(type => told.has(type))
}

/** Two instances up, in the mode `scale` that an operator leaves for `mode`. */
async function standing(
  mode: Mode,
  options: Parameters<typeof simulatedWorld>[1] = {},
): Promise<SimulatedWorld> {
  const simulated = simulatedWorld(spec('scale'), options)
  await simulated.tick()
  simulated.fleet.boot()
  await simulated.tick()
  await operatorOf(simulated).set('web', { kind: 'mode', mode }, { ...ADA, forMs: null })
  simulated.fleet.calls.length = 0
  return simulated
}

/** What a world may do to a fleet between two ticks. */
type Happening = readonly ['orders', number] | readonly ['lose', number] | readonly ['boot', number]

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    fc.nat(2000).map((value): Happening => ['orders', value]),
    fc.nat(3).map((index): Happening => ['lose', index]),
    fc.constant<Happening>(['boot', 0]),
  ),
  { maxLength: 12 },
)

async function happen(simulated: SimulatedWorld, [what, number]: Happening): Promise<void> {
  const { fleet, measure, tick } = simulated
  if (what === 'orders') measure('orders', number)
  if (what === 'boot') fleet.boot()
  const id = fleet.ids()[number]
  if (what === 'lose' && id !== undefined) fleet.member(id).lifecycle = 'lost'
  await tick()
}

describe('without a word, whatever happens', () => {
  it.each(['notify', 'recommend'] as const)('%s calls nothing that changes a new fleet', async mode => {
    await fc.assert(
      fc.asyncProperty(happenings, fc.boolean(), async (all, routed) => {
        const simulated = simulatedWorld(spec(mode), { routed })
        for (const one of all) await happen(simulated, one)
        expect(changes(simulated)).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it.each(['notify', 'recommend'] as const)('%s calls nothing that changes a standing fleet', async mode => {
    await fc.assert(
      fc.asyncProperty(happenings, fc.boolean(), async (all, routed) => {
        const simulated = await standing(mode, { routed })
        for (const one of all) await happen(simulated, one)
        expect(changes(simulated)).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it('a paused fleet changes nothing either', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async all => {
        const simulated = await standing('scale')
        await operatorOf(simulated).set('web', { kind: 'pause' }, { ...ADA, forMs: null })
        for (const one of all) await happen(simulated, one)
        expect(changes(simulated)).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it('recommend does not even speak to the router', async () => {
    const simulated = await standing('recommend', { routed: true })
    simulated.measure('orders', 500)
    const entry = await simulated.tick()
    expect(entry.decision.desired).toBe(3)
    expect(entry.plan.actions).toHaveLength(1)
    expect(new Set(simulated.fleet.calls)).toEqual(new Set(['list', 'loads']))
  })

  it('recommend lets the router know who is there, where that tells nobody anything, paused or not', async () => {
    const simulated = await standing('recommend', { routed: true })
    const { router } = simulated.world.ports('web')
    const watched: string[][] = []
    if (router === null) throw new Error('it has a router')
    router.watch = instances => void watched.push(instances.map(({ id }) => id))
    await simulated.tick()
    await operatorOf(simulated).set('web', { kind: 'pause' }, { ...ADA, forMs: null })
    await simulated.tick()
    expect(watched).toEqual([simulated.fleet.ids(), simulated.fleet.ids()])
    expect(simulated.fleet.calls).not.toContain('route')
  })

  it('each tick is journalled with the mode it went by, that of an operator too', async () => {
    const simulated = await standing('notify')
    await simulated.tick()
    const entries = await simulated.store.readJournal({ fleet: 'web', limit: 9 })
    expect(entries.map(({ mode }) => mode)).toEqual(['notify', 'scale', 'scale'])
  })

  it('the same happenings do change the fleet in mode scale, so that the properties above can fail', async () => {
    const simulated = await standing('scale')
    await happen(simulated, ['orders', 500])
    expect(changes(simulated)).toEqual(['launch web/4/1'])
  })
})

describe('scale-and-notify', () => {
  it('acts like scale', async () => {
    const simulated = simulatedWorld(spec('scale-and-notify'))
    await simulated.tick()
    expect(changes(simulated)).toEqual(['launch web/1/1 web/1/2'])
  })
})

describe('notify', () => {
  it('asks, waits, and carries out what was approved at the next tick', async () => {
    const simulated = await standing('notify')
    const { measure, tick, fleet } = simulated
    const operator = operatorOf(simulated)
    measure('orders', 500)
    const asked = await tick()
    expect(asked.approval).toMatchObject({
      current: 2,
      desired: 3,
      direction: 'out',
      rule: 'up',
      state: 'waiting',
    })
    expect(asked.plan).toMatchObject({ desired: 2, actions: [], waiting: [{ what: 'everything' }] })
    const id = asked.approval?.id ?? ''
    expect(asked.plan.waiting[0]?.because).toBe(`2 -> 3 waits for approval (${id})`)
    await tick()
    expect(await operator.approvals()).toMatchObject([{ id, fleet: 'web', desired: 3 }])
    expect(await operator.answer(id, 'approved', ADA)).toMatchObject({ outcome: 'answered' })
    expect(await operator.approvals()).toEqual([])
    const done = await tick()
    expect(done.outcomes).toMatchObject([{ outcome: 'done', instance: 'web-3' }])
    expect(fleet.ids()).toHaveLength(3)
    expect(news(simulated)).toEqual(['approval-wanted', 'approved'])
  })

  it('does less where less is wanted by now, and no more than was approved where more is', async () => {
    for (const { later, count } of [
      { later: 500, count: 3 },
      { later: 5000, count: 5 },
    ]) {
      const simulated = await standing('notify')
      simulated.measure('orders', 5000)
      const asked = await simulated.tick()
      expect(asked.approval).toMatchObject({ desired: 5 })
      await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
      simulated.measure('orders', later)
      await simulated.tick()
      expect(simulated.fleet.ids()).toHaveLength(count)
    }
    const simulated = await standing('notify')
    simulated.measure('orders', 500)
    const asked = await simulated.tick()
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
    simulated.measure('orders', 5000)
    expect((await simulated.tick()).plan.desired).toBe(3)
    simulated.fleet.boot()
    // The rest is another question.
    expect((await simulated.tick()).approval).toMatchObject({ state: 'waiting', current: 3, desired: 6 })
  })

  it('does not ask the same again after a no, until something else is wanted or its time is over', async () => {
    const simulated = await standing('notify')
    const { measure, tick, clock } = simulated
    measure('orders', 500)
    const asked = await tick()
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'rejected', ADA)
    for (let n = 0; n < 3; n++)
      expect((await tick()).approval).toMatchObject({ state: 'rejected', desired: 3 })
    measure('orders', 50)
    await tick()
    measure('orders', 500)
    expect((await tick()).approval).toMatchObject({ state: 'rejected' })
    measure('orders', 5000)
    expect((await tick()).approval).toMatchObject({ state: 'waiting', desired: 5 })
    expect(news(simulated)).toEqual(['approval-wanted', 'rejected', 'approval-wanted'])
    measure('orders', 500)
    await tick()
    expect(changes(simulated)).toEqual([])
    await clock.advance(31 * MINUTE)
    measure('orders', 500)
    expect((await tick()).approval).toMatchObject({ state: 'waiting' })
  })

  it('asks again after the time to answer is over, under another name', async () => {
    const simulated = await standing('notify')
    const { measure, tick, clock } = simulated
    measure('orders', 500)
    const first = (await tick()).approval
    await clock.advance(30 * MINUTE)
    measure('orders', 500)
    const second = (await tick()).approval
    expect(second?.state).toBe('waiting')
    expect(second?.id).not.toBe(first?.id)
    expect(news(simulated)).toEqual(['approval-wanted', 'expired', 'approval-wanted'])
    expect(await operatorOf(simulated).answer(first?.id ?? '', 'approved', ADA)).toEqual({
      outcome: 'not-waiting',
    })
  })

  it('withdraws what is no longer needed, and what a change of mode settles', async () => {
    const simulated = await standing('notify')
    const { measure, tick } = simulated
    measure('orders', 500)
    await tick()
    measure('orders', 50)
    expect((await tick()).approval).toBeNull()
    measure('orders', 500)
    await tick()
    await operatorOf(simulated).set('web', { kind: 'mode', mode: 'recommend' }, { ...ADA, forMs: null })
    expect((await tick()).approval).toBeNull()
    expect(news(simulated)).toEqual([
      'approval-wanted',
      'approval-withdrawn',
      'approval-wanted',
      'approval-withdrawn',
    ])
  })

  it('asks before it replaces a lost instance, once; at an approved count it just does', async () => {
    const simulated = await standing('notify')
    const { fleet, tick } = simulated
    fleet.member('web-1').lifecycle = 'lost'
    const asked = await tick()
    expect(asked.approval).toMatchObject({ current: 2, desired: 2, direction: 'none', state: 'waiting' })
    expect(asked.approval?.because).toContain('lost: exited with code 1')
    await tick()
    expect(changes(simulated)).toEqual([])
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
    await tick()
    expect(fleet.ids()).toEqual(['web-2', 'web-3'])
    fleet.boot()
    await tick()
    fleet.member('web-2').lifecycle = 'lost'
    await tick()
    expect(fleet.ids()).toEqual(['web-3', 'web-4'])
    expect(news(simulated)).toEqual(['approval-wanted', 'approved'])
  })

  it('tries a refused launch of an approved count again without another question', async () => {
    const simulated = await standing('notify')
    const { measure, tick, fleet } = simulated
    measure('orders', 500)
    const asked = await tick()
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
    measure('orders', 50)
    measure('orders', 500)
    fleet.failNext('launch', 'quota exceeded', 'refused')
    await tick()
    measure('orders', 50)
    for (let n = 0; n < 5 && fleet.ids().length < 3; n++) await tick()
    expect(fleet.ids()).toHaveLength(3)
    expect(news(simulated)).toEqual(['approval-wanted', 'approved'])
  })

  it('finishes what was begun while something new waits: an approved close ends when its sessions do', async () => {
    const simulated = await standing('scale', { routed: true })
    const { measure, tick, fleet } = simulated
    measure('orders', 5000)
    await tick()
    fleet.boot()
    measure('orders', 50)
    await tick()
    for (const id of fleet.ids()) fleet.member(id).sessions = 2
    await operatorOf(simulated).set('web', { kind: 'mode', mode: 'notify' }, { ...ADA, forMs: null })
    measure('orders', 1)
    const asked = await tick()
    expect(asked.approval).toMatchObject({ current: 5, desired: 4, direction: 'in' })
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
    const closing = (await tick()).plan.actions
    expect(closing.map(({ kind }) => kind)).toEqual(['close'])
    expect((await tick()).approval).toMatchObject({ state: 'waiting', current: 4, desired: 3 })
    for (const id of fleet.ids()) fleet.member(id).sessions = 0
    const ended = await tick()
    expect(ended.plan.actions.map(({ kind }) => kind)).toEqual(['seal', 'terminate'])
    expect(fleet.ids()).toHaveLength(4)
    expect(ended.approval?.state).toBe('waiting')
  })

  it('goes on after a restart: the question, the word and the override are still there', async () => {
    const simulated = await standing('notify')
    const { measure, tick, restart } = simulated
    measure('orders', 500)
    const asked = await tick()
    await restart()
    measure('orders', 500)
    expect((await tick()).approval).toEqual(asked.approval)
    await operatorOf(simulated).answer(asked.approval?.id ?? '', 'approved', ADA)
    await restart()
    measure('orders', 500)
    await tick()
    expect(simulated.fleet.ids()).toHaveLength(3)
    await restart()
    await tick()
    expect(changes(simulated)).toHaveLength(1)
  })
})

describe('a count that an operator orders in mode notify', () => {
  const sale = { who: 'ada', why: 'sale', forMs: 10 * MINUTE }

  it('is made without a question, and the journal says who ordered it and why', async () => {
    const simulated = await standing('notify')
    await operatorOf(simulated).set('web', { kind: 'capacity', count: 4 }, sale)
    const entry = await simulated.tick()
    expect(simulated.fleet.ids()).toHaveLength(4)
    expect(entry.approval).toBeNull()
    expect(entry.decision).toMatchObject({ desired: 4, rule: 'set-capacity (ada)' })
    expect(entry.decision.steps).toContainEqual(
      expect.objectContaining({
        stage: 'overrides',
        who: 'ada',
        why: 'sale',
        change: { kind: 'capacity', count: 4 },
      }),
    )
    expect(await simulated.store.readActs({ fleet: 'web', limit: 1 })).toMatchObject([
      { act: 'set', who: 'ada', why: 'sale' },
    ])
    expect(news(simulated)).toEqual([])
  })

  it('is kept without a question while it stands: what is lost is replaced', async () => {
    const simulated = await standing('notify')
    const { fleet, tick } = simulated
    await operatorOf(simulated).set('web', { kind: 'capacity', count: 3 }, sale)
    await tick()
    fleet.boot()
    await tick()
    fleet.member('web-1').lifecycle = 'lost'
    await tick()
    expect(fleet.ids()).toEqual(['web-2', 'web-3', 'web-4'])
    expect(news(simulated)).toEqual([])
  })

  it('takes the place of a question that waits', async () => {
    const simulated = await standing('notify')
    simulated.measure('orders', 500)
    await simulated.tick()
    await operatorOf(simulated).set('web', { kind: 'capacity', count: 2 }, sale)
    expect((await simulated.tick()).approval).toBeNull()
    expect(changes(simulated)).toEqual([])
    expect(news(simulated)).toEqual(['approval-wanted', 'approval-withdrawn'])
  })

  it('is an order as long as it stands: to leave that count again is a question', async () => {
    const simulated = await standing('notify')
    const { measure, tick, fleet, clock } = simulated
    await operatorOf(simulated).set('web', { kind: 'capacity', count: 4 }, sale)
    await tick()
    fleet.boot()
    await clock.advance(10 * MINUTE)
    measure('orders', 1)
    const asked = await tick()
    expect(asked.approval).toMatchObject({ state: 'waiting', current: 4, desired: 3, direction: 'in' })
    expect(fleet.ids()).toHaveLength(4)
  })

  it.each(['recommend', 'pause'] as const)('changes nothing in spite of %s', async held => {
    const simulated = await standing(held === 'pause' ? 'notify' : held)
    const operator = operatorOf(simulated)
    if (held === 'pause') await operator.set('web', { kind: 'pause' }, { ...ADA, forMs: null })
    await operator.set('web', { kind: 'capacity', count: 4 }, sale)
    await simulated.tick()
    expect(changes(simulated)).toEqual([])
  })
})

describe('an override', () => {
  it('holds from the next tick on, past a restart, and ends by itself with a record of it', async () => {
    const simulated = await standing('scale')
    const { tick, clock, fleet, store, events, restart } = simulated
    const operator = operatorOf(simulated)
    await operator.clearSubject('web', { kind: 'mode', mode: 'scale' }, ADA)
    await operator.set('web', { kind: 'capacity', count: 6 }, { who: 'ada', why: 'sale', forMs: 10 * MINUTE })
    expect((await tick()).decision).toMatchObject({ desired: 6, rule: 'set-capacity (ada)' })
    await restart()
    expect((await tick()).decision.bounds).toMatchObject({ lowest: 6, highest: 6 })
    expect(fleet.ids()).toHaveLength(6)
    await clock.advance(10 * MINUTE)
    const after = await tick()
    expect(after.decision.bounds).toMatchObject({ lowest: 2, highest: 9, constraint: 'capacity' })
    expect(after.observation.overrides).toEqual([])
    expect(await store.readOverrides('web')).toEqual([])
    const acts = await store.readActs({ fleet: 'web', limit: 9 })
    expect(acts.map(({ act, who }) => `${act} by ${who}`)).toEqual([
      'ended by plimsoll',
      'set by ada',
      'cleared by ada',
      'set by ada',
    ])
    expect(events.filter(event => event.type === 'act')).toHaveLength(4)
  })

  it('is journalled with the tick, so that its decision replays', async () => {
    const simulated = await standing('scale')
    await operatorOf(simulated).set('web', { kind: 'capacity', count: 4 }, { ...ADA, forMs: MINUTE })
    const entry = await simulated.tick()
    const stored: typeof entry = JSON.parse(JSON.stringify(entry))
    const { decision } = decide(spec('scale'), stored.observation, stored.memory)
    expect(JSON.stringify(decision)).toBe(JSON.stringify(entry.decision))
    expect(decision.desired).toBe(4)
  })

  it('pauses in the middle of a drain, and the drain goes on afterwards', async () => {
    const simulated = await standing('scale', { routed: true })
    const { measure, tick, fleet } = simulated
    const operator = operatorOf(simulated)
    measure('orders', 500)
    await tick()
    fleet.boot()
    for (const id of fleet.ids()) fleet.member(id).sessions = 1
    measure('orders', 1)
    await tick()
    await operator.set('web', { kind: 'pause' }, { ...ADA, forMs: null })
    fleet.calls.length = 0
    for (const id of fleet.ids()) fleet.member(id).sessions = 0
    const paused = await tick()
    expect(paused.decision.because).toBe('paused by ada (because): nothing changes')
    expect(changes(simulated)).toEqual([])
    expect(fleet.calls).toContain('route')
    await operator.clearSubject('web', { kind: 'pause' }, ADA)
    await tick()
    expect(fleet.ids()).toHaveLength(2)
  })
})

describe('what the target keeps in order besides', () => {
  it.each([
    ['scale', 1],
    ['scale-and-notify', 1],
    ['notify', 0],
    ['recommend', 0],
  ] as const)('is left alone where nobody acts: %s, %i a tick', async (mode, times) => {
    const simulated = await standing(mode)
    let tended = 0
    Object.assign(simulated.fleet.target, {
      tend: async () => {
        tended += 1
      },
    })
    await simulated.tick()
    expect(tended).toBe(times)
    await operatorOf(simulated).set('web', { kind: 'pause' }, { ...ADA, forMs: null })
    await simulated.tick()
    expect(tended).toBe(times)
  })

  it('is told when it fails, and disturbs nothing', async () => {
    const simulated = await standing('scale')
    Object.assign(simulated.fleet.target, { tend: () => Promise.reject(new Error('no right to')) })
    const { inventory } = await simulated.tick()
    expect(inventory.instances).toHaveLength(2)
    expect(simulated.events).toContainEqual(expect.objectContaining({ type: 'trouble', what: 'no right to' }))
  })
})
