import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { simulatedWorld } from '../../test/simulated/world.ts'
import { decide } from '../engine/decide.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { PluginError } from '../ports/plugin.ts'
import type { StateStore } from '../ports/state-store.ts'
import { Senses } from './senses.ts'
import { planTrouble, tick as runTick, type Seat } from './tick.ts'

const metrics = { orders: { kind: 'total' as const } }
const rules = [
  { name: 'up', when: 'last(orders) > 100', by: 1 },
  { name: 'down', when: 'last(orders) < 10', by: -1 },
]

describe('a tick', () => {
  it('brings a new fleet up to its lowest bound', async () => {
    const { fleet, tick } = simulatedWorld(fleetSpec({ min: 2, metrics, rules }))
    const entry = await tick()
    expect(entry.decision).toMatchObject({ current: 0, desired: 2, rule: 'capacity' })
    expect(fleet.ids()).toEqual(['web-1', 'web-2'])
    expect(entry.outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  })

  it('orders nothing twice while instances boot', async () => {
    const { fleet, tick } = simulatedWorld(fleetSpec({ min: 2, metrics, rules }))
    await tick()
    const second = await tick()
    expect(second.plan.actions).toEqual([])
    expect(second.decision).toMatchObject({ current: 2, desired: 2 })
    expect(fleet.ids()).toHaveLength(2)
  })

  it('grows and shrinks with the load, and says which rule asked', async () => {
    const { fleet, measure, tick } = simulatedWorld(fleetSpec({ min: 1, max: 5, metrics, rules }))
    await tick()
    fleet.boot()
    measure('orders', 500)
    expect((await tick()).decision).toMatchObject({ current: 1, desired: 2, rule: 'up' })
    fleet.boot()
    measure('orders', 1)
    expect((await tick()).decision).toMatchObject({ current: 2, desired: 1, rule: 'down' })
    expect(fleet.ids()).toHaveLength(1)
  })

  it('gives up those in the last minutes of their own paid hour, and journals when all were launched', async () => {
    const guards = { billingHour: { by: 'age' as const, outFirstMinutes: null, inLastMinutes: 10 } }
    const grow = [rules[0], { name: 'down', when: 'last(orders) < 10', by: -2 }].flatMap(rule => rule ?? [])
    const { clock, fleet, measure, tick, store } = simulatedWorld(
      fleetSpec({ min: 1, max: 5, metrics, rules: grow, guards }),
    )
    await tick()
    fleet.boot()
    await clock.advance(20 * 60_000)
    measure('orders', 500)
    await tick()
    fleet.boot()
    await clock.advance(32 * 60_000)
    measure('orders', 1)
    const launched = [...fleet.members.values()].map(({ launchedAt }) => launchedAt)
    // web-1 is 52 minutes old and web-2 is 32; one is the lowest bound.
    expect((await tick()).decision).toMatchObject({ current: 2, desired: 1, rule: 'down' })
    expect(fleet.ids()).toEqual(['web-2'])
    const [stored] = await store.readJournal({ fleet: 'web', limit: 1 })
    expect(stored?.observation.launches).toEqual({ open: launched, booting: [] })
    measure('orders', 500)
    await tick()
    fleet.boot()
    await clock.advance(10 * 60_000)
    measure('orders', 1)
    expect((await tick()).decision.because).toContain('billing hour: held')
  })

  it('commits the intent before it acts, and the outcomes after', async () => {
    const recording = recordCommits(createMemoryStore())
    const { fleet, tick } = simulatedWorld(fleetSpec({ min: 1, metrics }), { store: recording.store })
    recording.onCommit = revision => fleet.calls.push(`commit ${revision}`)
    await tick()
    expect(fleet.calls).toEqual(['list', 'commit 1', 'launch web/1/1', 'commit 2'])
  })

  it('does nothing outside when the intent cannot be made durable', async () => {
    const recording = recordCommits(createMemoryStore())
    const { fleet, tick } = simulatedWorld(fleetSpec({ min: 1, metrics }), { store: recording.store })
    recording.onCommit = () => {
      throw new PluginError('unavailable', 'disk full')
    }
    await expect(tick()).rejects.toThrow('disk full')
    expect(fleet.calls).toEqual(['list'])
  })

  it('journals what replays to the identical decision', async () => {
    const spec = fleetSpec({ min: 1, max: 5, metrics, rules })
    const { measure, tick, store } = simulatedWorld(spec)
    measure('orders', 500)
    await tick()
    await tick()
    for (const entry of await store.readJournal({ fleet: 'web', limit: 10 })) {
      const stored: typeof entry = JSON.parse(JSON.stringify(entry))
      const { decision } = decide(spec, stored.observation, stored.memory)
      expect(JSON.stringify(decision)).toBe(JSON.stringify(entry.decision))
    }
  })

  it('stands by while another process holds the lease', async () => {
    const { world, clock } = simulatedWorld(fleetSpec({ metrics }))
    await world.store.acquireLease('web', 'another process', clock.now(), 60_000)
    const seat = { senses: new Senses(world, fleetSpec({ metrics })), lease: null }
    expect(await runTick(world, seat)).toMatchObject({ outcome: 'standby' })
  })
})

describe('a tick that is overtaken', () => {
  const spec = fleetSpec({ min: 1, metrics, rules })

  /** After the first commit so much time passes, and somebody else may have come. */
  async function lateBy(ms: number, comes: string | null) {
    const memory = createMemoryStore()
    const store: StateStore = {
      ...memory,
      commit: async commit => {
        await memory.commit(commit)
        if (commit.memory.revision > 1) return
        await clock.advance(ms)
        if (comes !== null) await memory.acquireLease('web', comes, clock.now(), 60_000)
      },
    }
    const { fleet, clock, world } = simulatedWorld(spec, { store, routed: true })
    const seat: Seat = { senses: new Senses(world, spec), lease: null }
    return { fleet, ticked: runTick(world, seat) }
  }

  it('does nothing outside when another process took the fleet over while it stood still (PLM-611)', async () => {
    const { fleet, ticked } = await lateBy(120_000, 'another process')
    await expect(ticked).rejects.toThrow('PLM-611')
    expect(fleet.calls.filter(call => call === 'route' || call.startsWith('launch'))).toEqual([])
  })

  it('goes on when it was only slow, and nobody else came', async () => {
    const { fleet, ticked } = await lateBy(120_000, null)
    expect((await ticked).outcome).toBe('ticked')
    expect(fleet.calls.filter(call => call === 'route' || call.startsWith('launch'))).toEqual([
      'route',
      'launch web/1/1',
    ])
  })
})

describe('a plan that breaks what is promised', () => {
  it('is told with its code and in words (PLM-610)', () => {
    const faults = [{ rule: 'invariant 2', text: 'terminates web-3, which is not sealed' }]
    expect(planTrouble('web', faults)).toMatch(
      /^PLM-610: .* it terminates web-3, which is not sealed \(invariant 2\)/,
    )
  })
})

describe('in recommend mode', () => {
  it('decides and records, and calls nothing that changes the fleet', async () => {
    const spec = fleetSpec({ min: 2, metrics, rules, spec: { mode: 'recommend' } })
    const { fleet, tick } = simulatedWorld(spec, { routed: true })
    const entry = await tick()
    expect(entry.decision).toMatchObject({ current: 0, desired: 2 })
    expect(entry.plan.actions.map(({ kind }) => kind)).toEqual(['launch', 'launch'])
    expect(new Set(fleet.calls)).toEqual(new Set(['list', 'loads']))
  })
})

describe('when the world misbehaves', () => {
  const spec = fleetSpec({ min: 2, max: 6, metrics, rules })

  it('holds everything while the target does not answer, and says so', async () => {
    const { fleet, tick } = simulatedWorld(spec)
    await tick()
    fleet.failNext('list', 'connection refused')
    const entry = await tick()
    expect(entry.decision.desired).toBeNull()
    expect(entry.decision.because).toContain('connection refused')
    expect(entry.plan.waiting[0]?.what).toBe('everything')
    expect((await tick()).decision).toMatchObject({ current: 2, desired: 2 })
  })

  it('tries a refused launch again after a growing pause, and keeps the place', async () => {
    const { fleet, tick } = simulatedWorld(spec)
    fleet.failNext('launch', 'quota exceeded', 'refused')
    await tick()
    const second = await tick()
    expect(second.decision).toMatchObject({ current: 2, desired: 2 })
    expect(second.plan.waiting).toMatchObject([
      { what: 'launch', because: expect.stringContaining('quota exceeded') },
    ])
    for (let n = 0; n < 4 && fleet.ids().length < 1; n++) await tick()
    expect(fleet.ids()).toHaveLength(1)
    fleet.boot()
    await tick()
    expect(fleet.ids()).toHaveLength(2)
  })

  it('launches nothing twice when a launch succeeded and its answer was lost', async () => {
    const { fleet, tick } = simulatedWorld(spec)
    fleet.loseNextAnswer()
    const first = await tick()
    expect(first.outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
    for (let n = 0; n < 5; n++) await tick()
    expect(fleet.ids()).toHaveLength(2)
  })

  it('asks again with the same token when a crash lost the answer', async () => {
    const recording = recordCommits(createMemoryStore())
    const { fleet, tick, restart } = simulatedWorld(spec, { store: recording.store })
    recording.onCommit = revision => {
      if (revision === 2) throw new PluginError('unavailable', 'crashed before the outcomes')
    }
    await expect(tick()).rejects.toThrow('crashed')
    recording.onCommit = () => undefined
    await restart()
    for (const id of fleet.ids()) fleet.members.delete(id)
    const entry = await tick()
    expect(entry.plan.actions.map(({ id }) => id)).toEqual(['web/1/1', 'web/1/2'])
  })

  it('asks again for what an earlier run was answered and nobody has listed', async () => {
    const { fleet, tick, restart } = simulatedWorld(spec)
    await tick()
    fleet.members.clear()
    await restart()
    const entry = await tick()
    expect(entry.plan.actions.map(({ kind, id }) => [kind, id])).toEqual([
      ['launch', 'web/1/1'],
      ['launch', 'web/1/2'],
    ])
    expect(entry.observation.capacity).toMatchObject({ open: 0, pending: 2 })
  })

  it('asks again for nothing that an earlier run was answered where that would launch it twice', async () => {
    const { fleet, tick, restart } = simulatedWorld(spec, { capabilities: { idempotentLaunch: false } })
    await tick()
    fleet.members.clear()
    await restart()
    expect((await tick()).plan.actions).toEqual([])
  })

  it('notices a lost instance, clears it away and replaces it', async () => {
    const { fleet, tick, events } = simulatedWorld(spec)
    await tick()
    fleet.boot()
    await tick()
    fleet.member('web-1').lifecycle = 'lost'
    const entry = await tick()
    expect(entry.decision).toMatchObject({ current: 2, desired: 2, direction: 'none' })
    expect(fleet.ids()).toEqual(['web-2', 'web-3'])
    expect(events.filter(({ type }) => type === 'lost')).toHaveLength(1)
  })

  it('replaces an instance that vanished from a target nobody else acts on', async () => {
    const { fleet, tick } = simulatedWorld(spec)
    await tick()
    fleet.boot()
    await tick()
    fleet.members.delete('web-1')
    await tick()
    expect(fleet.ids()).toEqual(['web-2', 'web-3'])
  })

  describe('and an instance is missing from a list that may be late', () => {
    const lagging = { capabilities: { listingLagMs: 60_000 } } as const
    const hidden = async () => {
      const simulated = simulatedWorld(fleetSpec({ min: 2, metrics, rules }), lagging)
      await simulated.tick()
      simulated.fleet.boot()
      await simulated.tick()
      simulated.fleet.member('web-1').hidden = true
      return simulated
    }

    it('counts the looks anew when another process takes over, whatever its clock says', async () => {
      const { clock, events, tick, restart, fleet } = await hidden()
      for (let n = 0; n < 8; n++) {
        await tick()
        await clock.advance(40_000)
        await restart()
      }
      expect(events.filter(event => event.type === 'lost')).toEqual([])
      expect((await tick()).decision).toMatchObject({ current: 2, desired: 2 })
      expect(fleet.calls.filter(call => call.startsWith('launch'))).toHaveLength(1)
    })

    it('goes on counting after a tick of its own that failed', async () => {
      const { clock, fleet, world, tick, events } = await hidden()
      const seat: Seat = { senses: new Senses(world, fleetSpec({ min: 2, metrics, rules })), lease: null }
      await tick()
      for (let n = 0; n < 6; n++) {
        await clock.advance(15_000)
        await runTick(world, seat)
        // As the loop does it after a tick that failed.
        seat.lease = null
      }
      expect(fleet.ids()).toHaveLength(3)
      expect(events.filter(event => event.type === 'lost')).toMatchObject([{ instance: 'web-1' }])
    })

    it('does not count the time in which nobody could look', async () => {
      const { clock, fleet, tick, events } = await hidden()
      await tick()
      for (let n = 0; n < 12; n++) {
        fleet.failNext('list', 'throttled')
        await clock.advance(10_000)
        await tick()
      }
      await tick()
      expect(events.filter(event => event.type === 'lost')).toEqual([])
    })
  })

  it('does not call lost what ended with the run that had launched it, and keeps its places', async () => {
    const { fleet, events, tick, restart } = simulatedWorld(fleetSpec({ min: 2, metrics, rules }))
    await tick()
    fleet.boot()
    await tick()
    fleet.members.clear()
    await restart()
    const entry = await tick()
    expect(entry.decision).toMatchObject({ current: 2, desired: 2 })
    expect(fleet.ids()).toHaveLength(2)
    expect(events.filter(event => event.type === 'lost')).toEqual([])
  })

  it('takes it for another actor’s change where others act too, and starts the cooldown', async () => {
    const cooling = fleetSpec({ min: 1, max: 6, metrics, rules, guards: { cooldownOutMs: 60_000 } })
    const { fleet, tick, measure } = simulatedWorld(cooling, { capabilities: { exclusive: false } })
    await tick()
    fleet.boot()
    await tick()
    fleet.addFromOutside()
    measure('orders', 500)
    const entry = await tick()
    expect(entry.observation.external).toEqual({ from: 1, to: 2 })
    expect(entry.decision).toMatchObject({ current: 2, desired: 2 })
    expect(entry.decision.because).toContain('cooldown')
  })

  it('replaces an unhealthy instance but launches no second replacement for it', async () => {
    const { fleet, tick } = simulatedWorld(spec, { routed: true })
    await tick()
    fleet.boot()
    await tick()
    fleet.member('web-1').health = 'unhealthy'
    fleet.member('web-1').sessions = 3
    for (let n = 0; n < 5; n++) await tick()
    expect(fleet.ids()).toEqual(['web-1', 'web-2', 'web-3'])
    fleet.member('web-1').sessions = 0
    fleet.boot()
    await tick()
    await tick()
    expect(fleet.ids()).toEqual(['web-2', 'web-3'])
  })

  it('closes nothing when most instances are unhealthy at once', async () => {
    const { fleet, tick } = simulatedWorld(fleetSpec({ min: 5, metrics }), { routed: true })
    await tick()
    fleet.boot()
    await tick()
    for (const id of ['web-1', 'web-2', 'web-3']) fleet.member(id).health = 'unhealthy'
    const ticks = [await tick(), await tick(), await tick()]
    expect(ticks.flatMap(({ plan }) => plan.actions).filter(({ kind }) => kind === 'close')).toEqual([])
    expect(ticks[0]?.plan.waiting[0]?.because).toContain('shared cause')
    expect(fleet.ids()).toHaveLength(8)
  })

  it('tells when a gap lasts and when it ends, once each, and is silent about a short one', async () => {
    const { measure, tick, events, clock } = simulatedWorld(spec)
    const gaps = (): string[] =>
      events.flatMap(({ type }) => (type === 'gap-began' || type === 'gap-ended' ? [type] : []))
    await tick()
    measure('orders', 50)
    await tick()
    expect(gaps()).toEqual([])
    measure('orders', null)
    await clock.advance(61_000)
    for (let n = 0; n < 20; n++) await tick()
    expect(gaps()).toEqual(['gap-began'])
    expect(events.at(-1)).toMatchObject({ gap: expect.stringContaining('the source is down') })
    measure('orders', 50)
    await tick()
    expect(gaps()).toEqual(['gap-began', 'gap-ended'])
    const [began, ended] = events.filter(({ type }) => type === 'gap-began' || type === 'gap-ended')
    expect(began?.type === 'gap-began' && ended?.type === 'gap-ended' && ended.since === began.at).toBe(true)
  })
})

describe('draining', () => {
  const spec = fleetSpec({ min: 1, max: 5, metrics, rules })

  async function twoWithSessions(): Promise<ReturnType<typeof simulatedWorld>> {
    const simulated = simulatedWorld(spec, { routed: true })
    const { fleet, measure, tick } = simulated
    await tick()
    fleet.boot()
    measure('orders', 500)
    await tick()
    fleet.boot()
    measure('orders', 50)
    await tick()
    fleet.member('web-1').sessions = 5
    fleet.member('web-2').sessions = 2
    return simulated
  }

  it('closes the cheapest, waits for its sessions, and terminates only after it was seen empty', async () => {
    const { fleet, measure, tick } = await twoWithSessions()
    measure('orders', 1)
    const closing = await tick()
    expect(closing.plan.actions).toMatchObject([{ kind: 'close', instance: 'web-2' }])
    const waiting = await tick()
    expect(waiting.plan.waiting).toMatchObject([
      { what: 'terminate', instance: 'web-2', because: '2 in use' },
    ])
    fleet.member('web-2').sessions = 0
    expect((await tick()).plan.actions.map(({ kind }) => kind)).toEqual(['seal', 'terminate'])
    expect(fleet.ids()).toEqual(['web-1'])
  })

  it('reopens a draining instance instead of launching when load returns', async () => {
    const { fleet, measure, tick } = await twoWithSessions()
    measure('orders', 1)
    await tick()
    measure('orders', 500)
    expect((await tick()).plan.actions).toMatchObject([{ kind: 'reopen', instance: 'web-2' }])
    expect(fleet.ids()).toHaveLength(2)
    expect(fleet.member('web-2').admission).toBe('open')
  })

  it('never takes an unknown load for zero', async () => {
    const { fleet, measure, tick } = await twoWithSessions()
    measure('orders', 1)
    await tick()
    fleet.member('web-2').sessions = 0
    fleet.failNext('loads', 'the balancer is down')
    expect((await tick()).plan.waiting[0]?.because).toContain('unknown is never zero')
    expect(fleet.ids()).toHaveLength(2)
  })

  it('closes again when the close was not acknowledged', async () => {
    const { fleet, measure, tick } = await twoWithSessions()
    measure('orders', 1)
    fleet.failNext('close', 'the balancer is down')
    await tick()
    fleet.member('web-2').sessions = 0
    const again = await tick()
    expect(again.plan.actions).toMatchObject([{ kind: 'close', instance: 'web-2' }])
    expect(fleet.ids()).toHaveLength(2)
  })

  it('keeps closed marks across a restart', async () => {
    const { measure, tick, restart } = await twoWithSessions()
    measure('orders', 1)
    await tick()
    await restart()
    const entry = await tick()
    expect(entry.inventory.instances.find(({ id }) => id === 'web-2')?.admission).toBe('closed')
  })
})

describe('across a restart', () => {
  it('windows, cooldowns and the wanted count survive', async () => {
    const spec = fleetSpec({ min: 1, max: 5, metrics, rules, guards: { cooldownOutMs: 10_000 } })
    const { fleet, measure, tick, restart } = simulatedWorld(spec)
    await tick()
    measure('orders', 500)
    for (let n = 0; n < 12; n++) {
      fleet.boot()
      await tick()
    }
    expect(fleet.ids()).toHaveLength(2)
    for (const id of fleet.ids()) fleet.members.delete(id)
    await restart()
    const entry = await tick()
    expect(entry.observation.readings['last(orders)']).toMatchObject({ value: 500 })
    expect(entry.decision).toMatchObject({ current: 2, desired: 2 })
    expect(entry.decision.because).toContain('cooldown')
    expect(fleet.ids()).toHaveLength(2)
  })
})

interface Recording {
  readonly store: StateStore
  onCommit: (revision: number) => void
}

/** A store whose commits a test can watch or refuse. */
function recordCommits(store: StateStore): Recording {
  const recording: Recording = {
    onCommit: () => undefined,
    store: {
      ...store,
      commit: async commit => {
        recording.onCommit(commit.memory.revision)
        await store.commit(commit)
      },
    },
  }
  return recording
}
