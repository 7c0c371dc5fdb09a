import { describe, expect, it } from 'vitest'
import { USUAL_REPAIR } from '../src/model/health.ts'
import type { JournalEntry } from '../src/model/journal.ts'
import type { OverrideChange } from '../src/model/override.ts'
import type { FleetSpec, SessionsSpec } from '../src/model/spec.ts'
import { USUAL_SESSIONS } from '../src/model/spec.ts'
import type { TargetCapabilities } from '../src/ports/target.ts'
import { fleetSpec } from './builders/spec.ts'
import { type SimulatedWorld, simulatedWorld } from './simulated/world.ts'

const metrics = { orders: { kind: 'total' as const } }
const rules = [
  { name: 'up', when: 'last(orders) > 100', by: 1 },
  { name: 'down', when: 'last(orders) < 10', by: -1 },
]

/** A fleet of so many that are ready, and hold nothing. */
async function fleetOf(
  count: number,
  more: { spec?: Partial<FleetSpec>; capabilities?: Partial<TargetCapabilities>; routed?: boolean } = {},
): Promise<SimulatedWorld> {
  const spec = fleetSpec({ min: 1, default: count, max: 12, metrics, rules, spec: more.spec ?? {} })
  const constraints = spec.constraints.map(constraint => ({ ...constraint, min: count }))
  const world = simulatedWorld(
    { ...spec, constraints },
    { routed: more.routed ?? true, capabilities: more.capabilities ?? {} },
  )
  world.measure('orders', 50)
  await world.tick()
  world.fleet.boot()
  await world.tick()
  await world.tick()
  return world
}

/** Ticks until it is so, and answers the entries on the way. */
async function ticksUntil(world: SimulatedWorld, isSo: () => boolean, most = 60): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  while (!isSo()) {
    if (entries.length >= most)
      throw new Error(`not so after ${most} ticks: ${JSON.stringify(entries.at(-1)?.plan)}`)
    entries.push(await world.tick())
    world.fleet.boot()
  }
  return entries
}

async function order(
  world: SimulatedWorld,
  change: OverrideChange,
  until: number | null = null,
): Promise<void> {
  const { store } = world.world
  const frame = { fleet: 'web', at: world.clock.now(), who: 'ada', why: '' }
  const override = { id: `o-${JSON.stringify(change)}`, ...frame, until, change }
  await store.saveOverride(override, { act: 'set', ...frame, override })
}

const kinds = (entries: readonly JournalEntry[]): string[] =>
  entries.flatMap(({ plan }) =>
    plan.actions.map(action => ('instance' in action ? `${action.kind} ${action.instance}` : action.kind)),
  )

describe('zones', () => {
  const capabilities = { zones: ['a', 'b', 'c'] }

  it('are filled evenly, and emptied evenly', async () => {
    const world = await fleetOf(7, { capabilities })
    expect(world.fleet.byZone()).toEqual({ a: 3, b: 2, c: 2 })
  })

  it('that are lost are replaced in the others, and evened out later without cutting a session', async () => {
    const world = await fleetOf(6, { capabilities })
    const { fleet } = world
    for (const member of fleet.members.values()) member.sessions = 1
    fleet.loseZone('c')
    await ticksUntil(world, () => (fleet.byZone().a ?? 0) + (fleet.byZone().b ?? 0) === 6)
    expect(fleet.byZone()).toEqual({ a: 3, b: 3 })
    for (let n = 0; n < 30; n++) {
      await world.tick()
      fleet.boot()
    }
    expect(fleet.byZone()).toMatchObject({ a: 3, b: 3 })

    fleet.downZones.clear()
    const holding = [...fleet.members.values()].filter(({ sessions }) => sessions > 0).map(({ id }) => id)
    const entries = await ticksUntil(world, () => fleet.byZone().c === 2, 400)
    expect(entries.every(({ decision }) => decision.current === 6 && decision.desired === 6)).toBe(true)
    for (const id of holding) expect(fleet.members.has(id)).toBe(true)
    for (let n = 0; n < 5; n++) await world.tick()
    for (const member of fleet.members.values()) member.sessions = 0
    await ticksUntil(world, () => fleet.members.size === 6)
    expect(fleet.byZone()).toEqual({ a: 2, b: 2, c: 2 })
  })
})

describe('a drain that takes too long', () => {
  const drain = (pastDeadline: SessionsSpec['drain']['pastDeadline']): { sessions: SessionsSpec } => ({
    sessions: { ...USUAL_SESSIONS, drain: { deadlineMs: 10_000, pastDeadline } },
  })

  /** Three of four are wanted; the one closed never gets empty. */
  async function closing(pastDeadline: SessionsSpec['drain']['pastDeadline']): Promise<SimulatedWorld> {
    const world = simulatedWorld(
      fleetSpec({ min: 3, default: 4, max: 6, metrics, rules, spec: drain(pastDeadline) }),
      {
        routed: true,
      },
    )
    world.measure('orders', 500)
    await ticksUntil(world, () => world.fleet.ids().length === 4)
    world.measure('orders', 50)
    await world.tick()
    await world.tick()
    for (const [index, member] of [...world.fleet.members.values()].entries()) member.sessions = index + 1
    world.measure('orders', 1)
    await world.tick()
    world.measure('orders', 50)
    expect(world.fleet.member('web-1').admission).toBe('closed')
    return world
  }

  it('is kept, and said to be late (keep)', async () => {
    const world = await closing('keep')
    for (let n = 0; n < 20; n++) await world.tick()
    const entry = await world.tick()
    expect(world.fleet.ids()).toHaveLength(4)
    expect(entry.plan.waiting[0]).toMatchObject({
      instance: 'web-1',
      because: expect.stringContaining('longer than the 10 s'),
    })
  })

  it('is ended with its sessions only where that was written, which is told and journalled (force)', async () => {
    const world = await closing('force')
    const entries = await ticksUntil(world, () => !world.fleet.members.has('web-1'))
    const last = entries.at(-1)
    expect(last?.plan.actions).toMatchObject([
      { kind: 'seal', instance: 'web-1', force: true, because: expect.stringContaining('1 in use') },
      { kind: 'terminate', instance: 'web-1' },
    ])
    expect(entries.length).toBeGreaterThanOrEqual(9)
  })

  it('is undone, another takes its place, and the same is not chosen again and again (reopen)', async () => {
    const world = await closing('reopen')
    const entries: JournalEntry[] = []
    for (let n = 0; n < 60; n++) entries.push(await world.tick())
    const reopened = kinds(entries).filter(what => what.startsWith('reopen'))
    expect(reopened[0]).toBe('reopen web-1')
    expect(kinds(entries)).toContain('close web-2')
    expect(reopened.filter(what => what === 'reopen web-1').length).toBeLessThanOrEqual(3)
    expect(world.fleet.ids()).toHaveLength(4)
    expect(entries.every(({ decision }) => decision.desired === 3)).toBe(true)
  })
})

describe('what operators ask', () => {
  it('keep: it is never closed nor replaced, until that is over', async () => {
    const world = await fleetOf(3)
    const { fleet } = world
    await order(world, { kind: 'instance', instance: 'web-1', order: 'keep' }, world.clock.now() + 20_000)
    fleet.member('web-1').health = 'unhealthy'
    for (let n = 0; n < 10; n++) {
      await world.tick()
      fleet.boot()
    }
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3', 'web-4'])
    await ticksUntil(world, () => !fleet.members.has('web-1'))
  })

  it('drain: it is closed, replaced, emptied and let go, with its sessions ended by nobody', async () => {
    const world = await fleetOf(3)
    const { fleet } = world
    fleet.member('web-2').sessions = 2
    await order(world, { kind: 'instance', instance: 'web-2', order: 'drain' })
    await world.tick()
    expect(fleet.member('web-2').admission).toBe('closed')
    for (let n = 0; n < 10; n++) {
      await world.tick()
      fleet.boot()
    }
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3', 'web-4'])
    fleet.member('web-2').sessions = 0
    await ticksUntil(world, () => !fleet.members.has('web-2'))
    expect(fleet.ids()).toEqual(['web-1', 'web-3', 'web-4'])
  })
})

describe('the brake', () => {
  const repair = { ...USUAL_REPAIR, freezeMs: 600_000 }

  it('holds through seven minutes in which every probe fails for one cause, and no instance is gone for it', async () => {
    const world = await fleetOf(5, { spec: { repair } })
    const { fleet } = world
    const before = fleet.ids()
    for (const id of before) {
      fleet.member(id).health = 'unhealthy'
      fleet.member(id).sessions = 3
    }
    const entries: JournalEntry[] = []
    for (let n = 0; n < 7 * 60; n++) {
      entries.push(await world.tick())
      for (const member of fleet.members.values()) {
        if (member.lifecycle === 'booting') {
          member.lifecycle = 'ready'
          member.health = 'unhealthy'
        }
      }
    }
    expect(kinds(entries).filter(what => /close|seal|terminate|restart/.test(what))).toEqual([])
    expect(before.every(id => fleet.member(id).admission === 'open')).toBe(true)
    expect(fleet.ids().length).toBeLessThanOrEqual(10)
    for (const member of fleet.members.values()) member.health = 'healthy'
    await ticksUntil(world, () => fleet.ids().length === 5)
    expect((await world.tick()).decision).toMatchObject({ current: 5, desired: 5 })
    expect(before.every(id => fleet.members.has(id))).toBe(true)
    const told = world.events.flatMap(({ type }) => (type === 'froze' || type === 'thawed' ? [type] : []))
    expect(told[0]).toBe('froze')
    expect(told.at(-1)).toBe('thawed')
  })

  it('holds while all loads are unknown at once, and is lifted when they are back', async () => {
    const world = await fleetOf(4)
    const { fleet, measure } = world
    for (const member of fleet.members.values()) member.silent = true
    const frozen = await world.tick()
    expect(frozen.memory.freeze?.cause).toBe('silent')
    expect(frozen.plan.waiting.at(-1)?.because).toContain('nothing is closed')
    measure('orders', 1)
    expect(kinds([await world.tick()])).toEqual([])
    for (const member of fleet.members.values()) member.silent = false
    expect((await world.tick()).memory.freeze).toBeNull()
    // A short silence is no news.
    expect(world.events.filter(({ type }) => type === 'froze')).toEqual([])
  })

  it('is lifted by an operator, and one at a time when its time is over', async () => {
    const slow = await fleetOf(5, { spec: { repair: { ...repair, freezeMs: 5_000, atOnce: 3 } } })
    for (const id of ['web-1', 'web-2', 'web-3']) slow.fleet.member(id).health = 'unhealthy'
    const entries: JournalEntry[] = []
    for (let n = 0; n < 8; n++) entries.push(await slow.tick())
    const closes = entries.map(entry => kinds([entry]).filter(what => what.startsWith('close')).length)
    expect(closes.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
    expect(Math.max(...closes)).toBe(1)

    const lifted = await fleetOf(5, { spec: { repair: { ...repair, atOnce: 3 } } })
    for (const id of ['web-1', 'web-2', 'web-3']) lifted.fleet.member(id).health = 'unhealthy'
    expect(kinds([await lifted.tick()]).filter(what => what.startsWith('close'))).toEqual([])
    await order(lifted, { kind: 'unfreeze' })
    expect(kinds([await lifted.tick()]).filter(what => what.startsWith('close'))).toHaveLength(3)
  })

  it('stops launching when nothing that is launched ever becomes ready, says so, and tries again later', async () => {
    const world = simulatedWorld(
      fleetSpec({
        min: 2,
        max: 4,
        metrics,
        spec: { bootTimeoutMs: 3_000, repair: { ...repair, freezeMs: 600_000 } },
      }),
      { routed: true },
    )
    const entries: JournalEntry[] = []
    for (let n = 0; n < 300; n++) entries.push(await world.tick())
    const stopped = entries.find(({ memory }) => memory.freeze !== null)
    expect(stopped?.memory.freeze).toMatchObject({
      cause: 'replacements-fail',
      because: expect.stringContaining('in a row'),
    })
    expect(world.events.some(({ type }) => type === 'froze')).toBe(true)
    await ticksUntil(
      world,
      () => [...world.fleet.members.values()].filter(({ lifecycle }) => lifecycle === 'ready').length === 2,
      600,
    )
  })
})

describe('repair', () => {
  const restart = {
    spec: { repair: { ...USUAL_REPAIR, how: 'restart' as const } },
    capabilities: { restarts: true },
  }

  it('gives each its time to boot, also where the clock of its provider is an hour behind', async () => {
    const world = await fleetOf(2, { spec: { bootTimeoutMs: 5_000 } })
    const { fleet, clock } = world
    const launches = (): number => fleet.calls.filter(call => call.startsWith('launch')).length
    fleet.members.delete('web-2')
    await world.tick()
    fleet.members.set('web-3', { ...fleet.member('web-3'), launchedAt: clock.now() - 3_600_000 })
    const before = launches()
    for (let n = 0; n < 4; n++) await world.tick()
    expect([fleet.ids(), launches()]).toEqual([['web-1', 'web-3'], before])
    for (let n = 0; n < 4; n++) await world.tick()
    expect(fleet.ids()).toEqual(['web-1', 'web-4'])
  })

  it('restarts an unhealthy instance once it is empty, under its own id and without another one', async () => {
    const world = await fleetOf(3, restart)
    const { fleet } = world
    fleet.member('web-2').health = 'unhealthy'
    const entries = await ticksUntil(world, () => fleet.calls.some(call => call.startsWith('restart')))
    entries.push(...(await ticksUntil(world, () => fleet.member('web-2').admission === 'open')))
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3'])
    expect(kinds(entries).filter(what => what === 'launch')).toEqual([])
    expect(entries.every(({ decision }) => decision.current === 3)).toBe(true)
  })

  it('keeps the place of one that is suspect first, and launches for it where it has sessions', async () => {
    const world = await fleetOf(3, restart)
    const { fleet } = world
    fleet.member('web-2').health = 'suspect'
    await world.tick()
    expect(fleet.member('web-2').admission).toBe('closed')
    const meanwhile = [await world.tick(), await world.tick()]
    expect(kinds(meanwhile)).toEqual([])
    expect(meanwhile.map(({ decision }) => decision.current)).toEqual([3, 3])
    fleet.member('web-2').health = 'unhealthy'
    await ticksUntil(world, () => fleet.calls.includes('restart web-2'))
    await ticksUntil(world, () => fleet.member('web-2').admission === 'open')
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3'])

    Object.assign(fleet.member('web-3'), { health: 'suspect', sessions: 1 })
    await ticksUntil(world, () => fleet.ids().includes('web-4'))
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3', 'web-4'])
  })

  it('replaces one that had to be restarted again and again', async () => {
    const world = await fleetOf(3, restart)
    const { fleet } = world
    for (let n = 0; n < 60 && fleet.members.has('web-2'); n++) {
      const member = fleet.member('web-2')
      if (member.lifecycle === 'ready' && member.admission === 'open') member.health = 'unhealthy'
      await world.tick()
      fleet.boot()
    }
    expect(fleet.calls.filter(call => call === 'restart web-2')).toHaveLength(3)
    await ticksUntil(world, () => fleet.ids().length === 3 && !fleet.members.has('web-2'))
  })

  it('closes what is suspect, and opens it again when it recovers', async () => {
    const world = await fleetOf(3)
    const { fleet } = world
    fleet.member('web-1').health = 'suspect'
    await world.tick()
    expect(fleet.member('web-1').admission).toBe('closed')
    fleet.member('web-1').health = 'healthy'
    await ticksUntil(
      world,
      () => fleet.members.get('web-1')?.admission === 'open' || !fleet.members.has('web-1'),
    )
    expect(fleet.ids()).toHaveLength(3)
  })
})

describe('a target that cannot choose a victim', () => {
  const capabilities = { choosesVictim: false }

  it('is told how many, and no more than once', async () => {
    const world = await fleetOf(3, { capabilities, routed: false })
    expect(world.fleet.calls.filter(call => call.startsWith('resize'))).toEqual(['resize 3'])
    world.measure('orders', 500)
    const grown = await world.tick()
    expect(kinds([grown])).toEqual(['resize'])
    expect(grown.decision).toMatchObject({ current: 3, desired: 4 })
  })

  it('is not made smaller while sessions are in use anywhere', async () => {
    const world = simulatedWorld(fleetSpec({ min: 1, default: 3, max: 4, metrics, rules }), {
      routed: true,
      capabilities,
    })
    world.measure('orders', 500)
    for (let n = 0; n < 5; n++) await world.tick()
    expect(world.fleet.ids()).toHaveLength(4)
    world.fleet.member('web-2').sessions = 1
    world.measure('orders', 1)
    const held = await world.tick()
    expect(held.plan).toMatchObject({
      actions: [],
      waiting: [{ what: 'resize', because: expect.stringContaining('1 hold sessions') }],
    })
    world.fleet.member('web-2').sessions = 0
    expect(kinds([await world.tick()])).toEqual(['resize'])
    expect(world.fleet.ids()).toHaveLength(3)
  })
})

describe('a router', () => {
  it('is told which instances are gone, and keeps the sessions of one that is only missing from the list', async () => {
    const world = await fleetOf(3, { capabilities: { listingLagMs: 5_000 } })
    const { fleet } = world
    const told = (): Record<string, string> =>
      Object.fromEntries(fleet.routed.map(({ id, admission }) => [id, admission]))
    fleet.member('web-1').hidden = true
    await world.tick()
    expect(told()).toEqual({ 'web-2': 'open', 'web-3': 'open' })
    for (let n = 0; n < 6; n++) await world.tick()
    expect(told()['web-1']).toBe('gone')
    fleet.member('web-2').lifecycle = 'lost'
    await world.tick()
    expect(told()['web-2']).toBe('gone')
  })

  it('is told the incarnation of each, and a target the one it shall end', async () => {
    const world = await fleetOf(2)
    world.fleet.reuse('web-1', 'vm-b')
    await world.tick()
    expect(world.fleet.routed.find(({ id }) => id === 'web-1')).toMatchObject({
      incarnation: 'vm-b',
      admission: 'open',
    })
  })
})
