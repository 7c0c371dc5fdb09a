import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME } from '../../test/builders/spec.ts'
import { NO_CALENDAR, type SimulatedWorld, simulatedWorld } from '../../test/simulated/world.ts'
import { decide } from '../engine/decide.ts'
import type { AggregateOperand } from '../model/expression.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { ServeOutlook } from '../model/outlook.ts'
import type { FleetSpec, ForecastRule, ReactiveRule, ServeRule } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { StateStore } from '../ports/state-store.ts'

const MINUTE = 60_000

const orders: AggregateOperand = {
  node: 'aggregate',
  key: 'last(orders)',
  aggregate: 'last',
  metric: 'orders',
  windowMs: 10 * MINUTE,
}
const frame = {
  ...RULE_FRAME,
  cooldownMs: 0,
  operand: orders,
  operandText: 'last(orders)',
  spread: 'total',
  perInstance: 100,
} as const
const serve: ServeRule = { ...frame, name: 'Serve', kind: 'serve', sloRatio: 0.99, bootMs: null }
const ahead: ForecastRule = {
  ...frame,
  name: 'Ahead',
  kind: 'forecast',
  horizonMs: null,
  quantileRatio: 0.95,
}

function fleet(rules: readonly ReactiveRule[] = [serve], more: Partial<FleetSpec> = {}): FleetSpec {
  const spec = fleetSpec({ min: 1, max: 100, metrics: { orders: { kind: 'total' } } })
  return { ...spec, rules, operands: [orders], everyMs: MINUTE, launchBatch: 100, ...more }
}

/** A tick a minute with this demand. */
async function minute(world: SimulatedWorld, demand: number | null) {
  await world.clock.advance(MINUTE - 1000)
  world.measure('orders', demand)
  const entry = await world.tick()
  world.fleet.boot()
  return entry
}

/** Up and down, by up to 100 a minute. */
const wave = (index: number): number => 500 + (index % 11) * 60 - (index % 7) * 40

async function serveOutlook(world: SimulatedWorld, demand: number): Promise<ServeOutlook> {
  const { observation } = await minute(world, demand)
  const outlook = observation.outlooks?.Serve
  if (outlook?.kind !== 'serve') throw new Error(`no outlook: ${JSON.stringify(outlook)}`)
  return outlook
}

describe('a tick of a fleet that serves', () => {
  it('journals what is expected, and decides by it', async () => {
    const spec = fleet()
    const world = simulatedWorld(spec)
    const entry = await minute(world, 540)
    expect(entry.observation.outlooks).toMatchObject({
      Serve: { kind: 'serve', demand: 540, boot: 'usual', leadMs: 4 * MINUTE, learntMs: 0 },
    })
    const outlook = entry.observation.outlooks?.Serve
    if (outlook?.kind !== 'serve') throw new Error('no outlook')
    // Before anything was learnt it is on the safe side.
    expect(outlook.capacity).toBeGreaterThan(540)
    expect(entry.decision).toMatchObject({ current: 0, desired: outlook.capacity / 100, rule: 'Serve' })
    const stored: typeof entry = JSON.parse(JSON.stringify(entry))
    expect(decide(spec, stored.observation, stored.memory).decision).toEqual(stored.decision)
  })

  it('measures how long instances boot, and counts with that', async () => {
    const world = simulatedWorld(fleet([{ ...serve, bootMs: 120_000 }]))
    expect(await serveOutlook(world, 540)).toMatchObject({ boot: 'stated', leadMs: 180_000 })
    expect(await serveOutlook(world, 540)).toMatchObject({ boot: 'measured', leadMs: 120_000 })
  })

  it('asks for room for what it has seen rise before', async () => {
    const world = simulatedWorld(fleet())
    for (let index = 0; index < 60; index += 1) await minute(world, wave(index))
    const outlook = await serveOutlook(world, 500)
    expect(outlook.capacity).toBeGreaterThan(600)
    expect(outlook.learntMs).toBeGreaterThan(0)
  })

  it('lets nothing go while the demand is not known, and says why', async () => {
    const world = simulatedWorld(fleet())
    const { desired } = (await minute(world, 900)).decision
    await world.clock.advance(20 * MINUTE)
    const entry = await minute(world, null)
    expect(entry.observation.outlooks?.Serve).toMatchObject({
      kind: 'none',
      waitsFor: expect.stringContaining('last(orders) is unknown'),
    })
    expect(entry.decision.desired).toBe(desired)
  })

  it('says which share of the demand found capacity, after an hour', async () => {
    const world = simulatedWorld(fleet())
    const first = await serveOutlook(world, 500)
    for (let index = 0; index < 61; index += 1) await minute(world, 500)
    const later = await serveOutlook(world, 500)
    expect(first.servedRatio).toBeNull()
    expect(later.servedRatio).toBe(1)
  })
})

describe('what was learnt', () => {
  const taught = async (store: StateStore, rules?: readonly ReactiveRule[]): Promise<SimulatedWorld> => {
    const world = simulatedWorld(fleet(rules), { store })
    for (let index = 0; index < 90; index += 1) await minute(world, wave(index))
    return world
  }

  it('survives a restart: the same is expected as if there had been none', async () => {
    const [steady, restarted] = [await taught(createMemoryStore()), await taught(createMemoryStore())]
    await restarted.restart()
    const [one, other] = [await serveOutlook(steady, 555), await serveOutlook(restarted, 555)]
    expect({ ...other, servedRatio: null }).toEqual({ ...one, servedRatio: null })
  })

  it('is stored by the minute under what it is the demand of, once for all rules over it', async () => {
    const store = createMemoryStore()
    await taught(store, [serve, ahead])
    const window = { from: 0, to: Number.MAX_SAFE_INTEGER }
    const metric = 'demand:total:last(orders)'
    const kept = await store.readSamples({ fleet: 'web', metric, window, limit: 1000 })
    expect(kept.map(({ value }) => value)).toEqual(Array.from({ length: 90 }, (_, index) => wave(index)))
  })

  it('begins with what the metric itself still has, where the demand was not kept yet', async () => {
    const [steady, late] = [createMemoryStore(), createMemoryStore()]
    await taught(steady)
    const tracking: ReactiveRule = {
      ...frame,
      name: 'Track',
      kind: 'track',
      target: 100,
      toleranceRatio: 0.1,
      toleranceInRatio: 0.1,
      wholePercents: false,
    }
    const before = simulatedWorld(fleet([tracking]), { store: late })
    for (let index = 0; index < 90; index += 1) await minute(before, wave(index))
    const learntMs = async (store: StateStore, clock: SimulatedWorld): Promise<number> => {
      const world = simulatedWorld(fleet(), { store })
      await world.clock.advance(clock.clock.now() - world.clock.now())
      return (await serveOutlook(world, 500)).learntMs
    }
    expect(await learntMs(late, before)).toBe(await learntMs(steady, before))
  })

  it('is learnt anew for another time to boot', async () => {
    const store = createMemoryStore()
    const world = await taught(store, [{ ...serve, bootMs: 600_000 }])
    const memory = await store.load('web')
    const slow = await serveOutlook(world, 500)
    const lease = await store.acquireLease('web', 'this process', world.clock.now(), 60_000)
    await store.commit({
      fleet: 'web',
      epoch: lease?.epoch ?? 0,
      parentRevision: (await store.load('web')).revision,
      memory: {
        ...EMPTY_MEMORY,
        ...memory,
        revision: (await store.load('web')).revision + 1,
        boots: [900_000],
      },
      entry: null,
      outcomes: null,
      samples: [],
    })
    const slower = await serveOutlook(world, 500)
    expect(slower.leadMs).toBe(960_000)
    expect(slower.learntMs).toBeGreaterThanOrEqual(slow.learntMs)
  })
})

describe('a forecast', () => {
  it('says what it waits for, and holds nothing up meanwhile', async () => {
    const world = simulatedWorld(fleet([ahead]))
    const entry = await minute(world, 500)
    expect(entry.observation.outlooks?.Ahead).toMatchObject({ kind: 'none' })
    expect(entry.decision.desired).toBe(1)
  })

  it('raises the floor once it knows enough', async () => {
    const world = simulatedWorld(fleet([ahead]))
    let entry = await minute(world, 500)
    for (let index = 0; index < 120; index += 1) entry = await minute(world, 500)
    expect(entry.observation.outlooks?.Ahead).toMatchObject({
      kind: 'forecast',
      expected: 500,
      state: 'used',
    })
    expect(entry.decision.desired).toBe(5)
  })
})

describe('a forecast of demand that follows a clock', () => {
  const HOUR = 60 * MINUTE
  const DAYS = 10
  /** Set forward by an hour, days before the end. */
  const CHANGE = NOON + (DAYS - 1) * 24 * HOUR - 12 * HOUR
  const offsetMs = (at: EpochMs): number => (at < CHANGE ? 0 : HOUR)
  const calendar: Calendar = {
    ...NO_CALENDAR,
    offsetOf: timeZone => {
      if (timeZone !== 'Europe/London') throw new Error(`the clock of ${timeZone} was asked for`)
      return offsetMs
    },
  }
  const rule: ForecastRule = { ...ahead, horizonMs: 3 * HOUR }
  /** From six to six, by that clock. */
  const demandAt = (at: EpochMs): number => {
    const hour = ((at + offsetMs(at)) / HOUR) % 24
    return hour >= 6 && hour < 18 ? 900 : 100
  }
  const spec = (timeZone?: string): FleetSpec =>
    fleet([timeZone === undefined ? rule : { ...rule, timeZone }], { everyMs: HOUR })

  async function hours(world: SimulatedWorld, count: number) {
    let entry = null
    for (let hour = 0; hour < count; hour += 1) {
      await world.clock.advance(HOUR - 1000)
      world.measure('orders', demandAt(world.clock.now() + 1000))
      entry = await world.tick()
      world.fleet.boot()
    }
    const outlook = entry?.observation.outlooks?.Ahead
    if (outlook?.kind !== 'forecast') throw new Error(`no outlook: ${JSON.stringify(outlook)}`)
    return outlook
  }

  it('expects the hour after the clock was set when it comes, the same after a restart, and else an hour late', async () => {
    // An hour after the change it is two by that clock, then three: in three hours the day begins.
    const before = DAYS * 24 - 24 - 12 + 1
    const told = simulatedWorld(spec('Europe/London'), { calendar })
    const untold = simulatedWorld(spec(), { calendar })
    await hours(told, before)
    await hours(untold, before)
    await told.restart()
    const steady = simulatedWorld(spec('Europe/London'), { calendar })
    await hours(steady, before)
    const outlook = await hours(told, 1)
    expect(outlook).toEqual(await hours(steady, 1))
    expect(demandAt(outlook.for)).toBe(900)
    expect(outlook.expected).toBeGreaterThan(800)
    expect((await hours(untold, 1)).expected).toBeLessThan(300)
  })
})

describe('ticks that come more often than minutes', () => {
  it('are one value a minute, their mean, at the last of them', async () => {
    const store = createMemoryStore()
    const world = simulatedWorld(fleet([serve], { everyMs: 15_000 }), { store })
    const began = world.clock.now()
    for (const demand of [40, 42, 44, 46, 50, 50, 50, 50, 60]) {
      await world.clock.advance(14_000)
      world.measure('orders', demand)
      await world.tick()
    }
    const window = { from: 0, to: Number.MAX_SAFE_INTEGER }
    const metric = 'demand:total:last(orders)'
    expect(await store.readSamples({ fleet: 'web', metric, window, limit: 10 })).toEqual([
      { at: began + 45_000, value: 42 },
      { at: began + 105_000, value: 49 },
    ])
  })
})
