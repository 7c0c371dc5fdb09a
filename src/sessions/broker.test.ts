import { describe, expect, it } from 'vitest'
import type { SessionRecord } from '../ports/session-log.ts'
import {
  createRig,
  listOf,
  NOON,
  type RigSettings,
  SPEC,
  seededRandom,
  soonAfter,
  TestClock,
} from './broker.fixture.ts'
import { createBroker } from './broker.ts'
import { type AppendFate, createMemorySessionLog, type MemorySessionLogOptions } from './memory-log.ts'
import type { PlaceRequest, PlaceResult, SessionBroker } from './session-broker.ts'

const until = async (holds: () => boolean): Promise<void> => {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 1_000) throw new Error(`it never came about: ${holds.toString()}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Where it was placed. */
async function placeOn(broker: SessionBroker, request: PlaceRequest = {}): Promise<string> {
  const result = await broker.place(request)
  return result.placed ? result.session.instance : result.because
}

/** A log whose appends wait until they are let go, one by one. */
function heldLog(options: MemorySessionLogOptions = {}) {
  const held: ((fate: AppendFate) => void)[] = []
  const records: SessionRecord[][] = []
  const log = createMemorySessionLog({
    ...options,
    decide: (_fleet, batch) => {
      records.push([...batch])
      return new Promise(resolve => held.push(resolve))
    },
  })
  return {
    log,
    records,
    held,
    letGo: async (fate: AppendFate = 'store') => {
      await until(() => held.length > 0)
      held.shift()?.(fate)
    },
  }
}

async function openRig(
  settings: RigSettings = {},
  admissions: Parameters<ReturnType<typeof createRig>['route']>[0] = { a: 'open', b: 'open' },
) {
  const rig = createRig(settings)
  await rig.route(admissions)
  return rig
}

describe('placing a session', () => {
  it('tells where it is, how to get there, and what is known of it', async () => {
    const { broker } = await openRig({ spec: { leaseMs: 60_000 } }, { 'a/7@west': 'open' })
    const labels = { game: 'go' }
    expect(await broker.place({ sessionId: 'match-7', slots: 2, labels })).toEqual({
      placed: true,
      again: false,
      session: {
        id: 'match-7',
        number: 1,
        instance: 'a',
        incarnation: '7',
        address: 'http://a.test',
        zone: 'west',
        slots: 2,
        labels,
        leaseMs: 60_000,
        leaseLeftMs: 60_000,
        placedAt: NOON,
        ended: null,
      },
    })
  })

  it('makes up an id that nobody has', async () => {
    const { broker } = await openRig()
    const results = await broker.placeMany(Array.from({ length: 8 }, () => ({})))
    const ids = results.map(result => (result.placed ? result.session.id : ''))
    expect(new Set(ids).size).toBe(8)
    expect(ids.every(id => /^[a-z2-7]{30}$/.test(id))).toBe(true)
  })

  it('answers the same for the same id, however often and whenever it is asked', async () => {
    const { broker, load } = await openRig()
    const asked = await Promise.all([1, 2, 3].map(() => broker.place({ sessionId: 's1' })))
    const later = await broker.place({ sessionId: 's1' })
    const where = [...asked, later].map(result => (result.placed ? result.session.instance : ''))
    expect(new Set(where).size).toBe(1)
    expect([...asked, later].map(result => result.placed && result.again)).toEqual([false, true, true, true])
    expect(await load(where[0] ?? '')).toBe(1)
  })

  it('answers the same after the process was killed and another took over', async () => {
    const first = await openRig()
    const before = await first.broker.place({ sessionId: 's1', labels: { a: '1' } })
    const second = await openRig({ log: first.log })
    const after = await second.broker.place({ sessionId: 's1', labels: { a: '1' } })
    expect([before, after].map(result => result.placed && [result.again, result.session.instance])).toEqual([
      [false, before.placed && before.session.instance],
      [true, before.placed && before.session.instance],
    ])
  })

  it('refuses an id that is in use with other slots or labels, at any stage', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log })
    const placing = broker.place({ sessionId: 's1', slots: 2, labels: { game: 'go' } })
    const others: PlaceRequest[] = [{}, { slots: 2 }, { slots: 2, labels: { game: 'chess' } }]
    for (const other of others) {
      await expect(broker.place({ ...other, sessionId: 's1' })).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('PLM-433'),
      })
    }
    await held.letGo()
    await placing
    for (const other of others) {
      await expect(broker.place({ ...other, sessionId: 's1' })).rejects.toThrow(
        'PLM-433 The session "s1" is there already, with 2 slots and labels {"game":"go"}',
      )
    }
  })

  it('begins a new session where the former of that id has ended', async () => {
    const { broker } = await openRig()
    const first = await broker.place({ sessionId: 's1' })
    await broker.release('s1')
    const second = await broker.place({ sessionId: 's1', slots: 2 })
    expect(second).toMatchObject({ placed: true, again: false, session: { number: 2, slots: 2 } })
    expect(first).toMatchObject({ session: { number: 1 } })
  })

  it('waits for the end that is being stored before it begins a new one of the same id', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log })
    const placed = broker.place({ sessionId: 's1' })
    await held.letGo()
    await placed
    const released = broker.release('s1')
    const again = broker.place({ sessionId: 's1' })
    await held.letGo()
    expect(await released).toBe('released')
    await held.letGo()
    expect(await again).toMatchObject({ placed: true, again: false, session: { number: 2 } })
  })

  it('refuses at once where there is no room, and says when to ask again', async () => {
    const { broker } = await openRig({}, { a: 'open' })
    await broker.place({ slots: 3 })
    const refused = await broker.place({ slots: 2 })
    expect(refused).toEqual({
      placed: false,
      because: 'no-room',
      message: expect.stringMatching(/^PLM-434 No open instance of fleet "rooms" has room/),
      retryAfterMs: 1_000,
    })
    expect(await placeOn(broker)).toBe('a')
  })

  it.each<[string, PlaceRequest]>([
    ['no id', { sessionId: '' }],
    ['a long id', { sessionId: 'x'.repeat(201) }],
    ['an id with a blank', { sessionId: 'a b' }],
    ['no slots', { slots: 0 }],
    ['half a slot', { slots: 0.5 }],
    ['more slots than an instance has', { slots: 5 }],
    ['a wait of nothing known', { waitMs: Number.NaN }],
    ['a lease too short', { ttlMs: 1_999 }],
    ['a lease too long', { ttlMs: 31 * 86_400_000 }],
    ['a lease that is no number', { ttlMs: Number.NaN }],
    ['too many labels', { labels: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, ''])) }],
    ['a label without a name', { labels: { '': 'x' } }],
    ['a label with a strange name', { labels: { 'a b': 'x' } }],
    ['a long label', { labels: { a: 'x'.repeat(257) } }],
  ])('refuses %s', async (_what, request) => {
    const { broker } = await openRig()
    await expect(broker.place(request)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('PLM-432'),
    })
    expect(broker.counts().sessions).toBe(0)
  })

  it('takes what is just within the limits', async () => {
    const { broker } = await openRig()
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`l${n}`, 'x'.repeat(256)]))
    expect(await placeOn(broker, { sessionId: '~'.repeat(200), slots: 4, ttlMs: 2_000, labels })).toMatch(
      /[ab]/,
    )
  })

  it('keeps to the zone that is asked for', async () => {
    const { broker } = await openRig({}, { 'a@west': 'open', 'b@east': 'open', 'c@east': 'closed' })
    expect([
      await placeOn(broker, { zone: 'east', slots: 4 }),
      await placeOn(broker, { zone: 'east' }),
      await placeOn(broker, { zone: 'north' }),
      await placeOn(broker, {}),
    ]).toEqual(['b', 'no-room', 'no-room', 'a'])
  })

  it('follows an instance into another zone', async () => {
    const rig = await openRig({}, { 'a@west': 'open' })
    await rig.route({ 'a@east': 'open' })
    expect([
      await placeOn(rig.broker, { zone: 'west' }),
      await placeOn(rig.broker, { zone: 'east' }),
    ]).toEqual(['no-room', 'a'])
  })

  it('has no more sessions than it may keep', async () => {
    const { broker } = await openRig({ options: { limits: { sessions: 2 } } })
    await broker.placeMany([{}, {}])
    await expect(broker.place({})).rejects.toMatchObject({
      kind: 'throttled',
      message: expect.stringContaining('PLM-438'),
    })
  })

  it('must know how many sessions an instance holds', () => {
    const options = {
      fleet: 'rooms',
      spec: { ...SPEC, slotsPerInstance: null },
      log: createMemorySessionLog(),
      clock: new TestClock(),
      random: seededRandom(1),
      holder: 'test',
    }
    expect(() => createBroker(options)).toThrow('PLM-442')
  })

  it('goes by the specification it was given last', async () => {
    const { broker, load } = await openRig({}, { a: 'open' })
    await broker.place({ slots: 4 })
    expect(await placeOn(broker)).toBe('no-room')
    broker.configure({ ...SPEC, slotsPerInstance: 6 })
    expect(await placeOn(broker)).toBe('a')
    broker.configure({ ...SPEC, slotsPerInstance: 2 })
    expect(await placeOn(broker)).toBe('no-room')
    expect(await load('a')).toBe(5)
  })
})

describe('many at once', () => {
  it('share one append', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log, spec: { slotsPerInstance: 100 } })
    const all = broker.placeMany(Array.from({ length: 64 }, (_, n) => ({ sessionId: `s${n}` })))
    await held.letGo()
    expect((await all).every(result => result.placed)).toBe(true)
    expect(held.records.map(batch => batch.length)).toEqual([64])
    const ends = broker.releaseMany(Array.from({ length: 64 }, (_, n) => `s${n}`))
    await held.letGo()
    expect(new Set(await ends)).toEqual(new Set(['released']))
  })

  it('are stored in batches of a bounded size, in their order', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log, options: { limits: { batch: 2 } } })
    const all = broker.placeMany(Array.from({ length: 5 }, (_, n) => ({ sessionId: `s${n}` })))
    for (let n = 0; n < 3; n++) await held.letGo()
    await all
    expect(held.records.map(batch => batch.length)).toEqual([2, 2, 1])
    expect(held.records.flat().map(record => record.kind === 'placed' && record.session.id)).toEqual(
      Array.from({ length: 5 }, (_, n) => `s${n}`),
    )
  })

  it('are answered each on its own', async () => {
    const { broker } = await openRig({}, { a: 'open' })
    const results = await broker.placeMany([{ slots: 4 }, { slots: 9 }, {}])
    expect(results).toEqual([
      expect.objectContaining({ placed: true }),
      { placed: false, error: expect.objectContaining({ kind: 'refused' }) },
      expect.objectContaining({ placed: false, because: 'no-room' }),
    ])
    expect(await broker.releaseMany(['', 'nobody'])).toEqual([
      { error: expect.objectContaining({ kind: 'refused' }) },
      'unknown',
    ])
  })

  it('are bounded', async () => {
    const { broker } = await openRig()
    await expect(broker.placeMany(Array.from({ length: 1_001 }, () => ({})))).rejects.toThrow('PLM-432')
    await expect(broker.releaseMany(Array.from({ length: 1_001 }, () => 'x'))).rejects.toThrow('PLM-432')
  })
})

describe('the end of a session', () => {
  it('frees its slots once it is stored, and not before', async () => {
    const held = heldLog()
    const { broker, load } = await openRig({ log: held.log }, { a: 'open' })
    const placing = broker.place({ sessionId: 's1', slots: 4 })
    await held.letGo()
    await placing
    const ending = broker.release('s1')
    expect([await load('a'), await placeOn(broker)]).toEqual([4, 'no-room'])
    await held.letGo()
    await ending
    expect(await load('a')).toBe(0)
  })

  it('is the same when it is asked for again, at once, later, and after a restart', async () => {
    const rig = await openRig()
    await rig.broker.place({ sessionId: 's1' })
    expect(await Promise.all([rig.broker.release('s1', 'bored'), rig.broker.release('s1')])).toEqual([
      'released',
      'released',
    ])
    expect([await rig.broker.release('s1'), await rig.broker.release('s2')]).toEqual(['ended', 'unknown'])
    const { broker } = await openRig({ log: rig.log })
    expect(await broker.release('s1')).toBe('ended')
    expect(broker.get('s1')).toMatchObject({
      ended: { end: 'released', at: NOON, why: 'bored' },
      address: null,
    })
  })

  it('comes after its beginning, when both are asked for at once', async () => {
    const { broker } = await openRig()
    const [placed, released] = await Promise.all([broker.place({ sessionId: 's1' }), broker.release('s1')])
    expect([placed.placed, released, broker.counts().sessions]).toEqual([true, 'released', 0])
  })

  it('is remembered for a bounded number of sessions', async () => {
    const { broker } = await openRig({ options: { limits: { ended: 2 } } })
    for (const id of ['s1', 's2', 's3', 's1']) {
      await broker.place({ sessionId: id })
      await broker.release(id)
    }
    expect(['s1', 's2', 's3'].map(id => broker.get(id)?.ended?.end)).toEqual([
      'released',
      undefined,
      'released',
    ])
  })
})

describe('a lease', () => {
  const leased = (options: RigSettings = {}) => openRig({ spec: { leaseMs: 10_000 }, ...options })

  it('ends its session without a sign of life, and the end is recorded', async () => {
    const { broker, clock } = await leased()
    await broker.place({ sessionId: 's1' })
    clock.pass(9_999)
    expect(broker.get('s1')?.ended).toBeNull()
    clock.pass(501)
    await until(() => broker.get('s1')?.ended !== null)
    expect(broker.get('s1')?.ended).toMatchObject({
      end: 'expired',
      why: 'its lease ran out without a sign of life',
    })
    expect(await broker.heartbeat('s1')).toMatchObject({ alive: false, ended: { id: 's1' } })
    expect(await broker.heartbeat('s2')).toEqual({ alive: false, ended: null })
  })

  it('begins anew with every sign of life', async () => {
    const { broker, clock } = await leased()
    await broker.place({ sessionId: 's1' })
    for (let n = 0; n < 20; n++) {
      clock.pass(6_000)
      expect(await broker.heartbeat('s1')).toMatchObject({ alive: true, session: { leaseLeftMs: 10_000 } })
    }
    expect(broker.get('s1')?.ended).toBeNull()
  })

  it('is what the request asks for, or none', async () => {
    const { broker, clock } = await leased()
    await broker.place({ sessionId: 'short', ttlMs: 2_000 })
    await broker.place({ sessionId: 'none', ttlMs: null })
    clock.pass(60_000)
    await until(() => broker.get('short')?.ended !== null)
    expect(broker.get('none')).toMatchObject({ ended: null, leaseMs: null, leaseLeftMs: null })
  })

  it.each([
    ['the process stood still for longer', 600_000],
    ['the clock was set forward', 86_400_000],
    ['the clock was set back', -86_400_000],
  ])('gets its whole time again when %s', async (_what, ms) => {
    const { broker, clock } = await leased()
    await broker.place({ sessionId: 's1' })
    clock.pass(9_000)
    clock.jump(ms)
    clock.pass(900)
    await new Promise(resolve => setImmediate(resolve))
    expect(broker.get('s1')?.ended).toBeNull()
    clock.pass(11_000)
    await until(() => broker.get('s1')?.ended !== null)
  })

  it('gets its whole time again after a restart', async () => {
    const first = await leased()
    await first.broker.place({ sessionId: 's1' })
    first.clock.pass(9_000)
    const second = await leased({ log: first.log, clock: first.clock })
    first.clock.pass(9_000)
    await new Promise(resolve => setImmediate(resolve))
    expect(second.broker.get('s1')).toMatchObject({ ended: null, leaseLeftMs: 1_000 })
  })

  it('gets its whole time again when the log did not answer for a while', async () => {
    let fate: AppendFate = 'store'
    const log = createMemorySessionLog({ decide: () => fate, mayOpen: () => fate === 'store' })
    const { broker, clock } = await leased({ log })
    await broker.place({ sessionId: 's1' })
    fate = 'refuse'
    await expect(broker.place({})).rejects.toThrow('PLM-431')
    for (let n = 0; n < 60; n++) {
      clock.pass(1_000)
      // Somebody looks all the time: to the clock this is no gap.
      broker.get('s1')
      await new Promise(resolve => setImmediate(resolve))
    }
    fate = 'store'
    while (!(await broker.check(soonAfter())).ok) {
      clock.pass(500)
      broker.get('s1')
      await new Promise(resolve => setImmediate(resolve))
    }
    clock.pass(1_000)
    await new Promise(resolve => setImmediate(resolve))
    expect(broker.get('s1')).toMatchObject({ ended: null, leaseLeftMs: 9_000 })
  })

  it('of many runs out for many at once, a bounded number at a time', async () => {
    const { broker, clock } = await leased({
      spec: { leaseMs: 10_000, slotsPerInstance: 100 },
      options: { limits: { batch: 10 } },
    })
    await broker.placeMany(Array.from({ length: 35 }, () => ({})))
    clock.pass(10_500)
    await until(() => broker.counts().sessions === 25)
    clock.pass(1_500)
    await until(() => broker.counts().sessions === 0)
  })
})

describe('waiting for room', () => {
  const waitMs = 10_000
  const full = async (settings: RigSettings = {}) => {
    const rig = await openRig(settings, { a: 'open' })
    await rig.broker.place({ sessionId: 'full', slots: 4 })
    return rig
  }
  const order: string[] = []
  const follow = (name: string, result: Promise<PlaceResult>): Promise<PlaceResult> => {
    void result.then(() => order.push(name))
    return result
  }

  it('ends when a session does, first come first served', async () => {
    const { broker } = await full()
    order.length = 0
    const waiting = ['s1', 's2', 's3'].map(id =>
      follow(id, broker.place({ sessionId: id, slots: 2, waitMs })),
    )
    expect(broker.waiting()).toBe(3)
    await broker.release('full')
    await Promise.all(waiting.slice(0, 2))
    expect([order, broker.waiting()]).toEqual([['s1', 's2'], 1])
    await broker.release('s1')
    expect(await waiting[2]).toMatchObject({ placed: true, session: { instance: 'a' } })
  })

  it('is not cut short for who comes later and needs the same', async () => {
    const { broker } = await full()
    const first = broker.place({ sessionId: 's1', slots: 3, waitMs })
    await broker.release('full')
    await first
    const second = broker.place({ sessionId: 's2', slots: 3, waitMs })
    expect(await placeOn(broker, { slots: 3 })).toBe('no-room')
    expect(await placeOn(broker, { slots: 1 })).toBe('a')
    await broker.release('s1')
    expect(await second).toMatchObject({ placed: true })
  })

  it('does not hold up those who need another zone or fewer slots', async () => {
    const { broker, route } = await full()
    const big = broker.place({ sessionId: 'big', slots: 4, waitMs, zone: 'west' })
    const small = broker.place({ sessionId: 'small', waitMs })
    await route({ a: 'open', 'b@east': 'open' })
    expect(await small).toMatchObject({ session: { instance: 'b' } })
    await route({ a: 'open', 'b@east': 'open', 'c@west': 'open' })
    expect(await big).toMatchObject({ session: { instance: 'c' } })
  })

  it('ends when an instance is reopened, or comes', async () => {
    const { broker, route } = await openRig({}, { a: 'closed' })
    const first = broker.place({ sessionId: 's1', slots: 4, waitMs })
    const second = broker.place({ sessionId: 's2', slots: 4, waitMs })
    await broker.reopenInstance('a', soonAfter())
    expect(await first).toMatchObject({ session: { instance: 'a' } })
    await route({ a: 'open', b: 'open' })
    expect(await second).toMatchObject({ session: { instance: 'b' } })
  })

  it('has a deadline of its own, at most what the fleet allows', async () => {
    const { broker, clock } = await full({ spec: { longestWaitMs: 5_000 } })
    const short = broker.place({ waitMs: 1_000 })
    const long = broker.place({ waitMs: 99_000 })
    clock.pass(1_000)
    expect(await short).toMatchObject({ because: 'waited', message: expect.stringContaining('PLM-441') })
    expect(broker.waiting()).toBe(1)
    clock.pass(4_000)
    expect(await long).toMatchObject({ because: 'waited' })
    expect(broker.waiting()).toBe(0)
  })

  it('is for a bounded number of requests', async () => {
    const { broker } = await full({ spec: { mostWaiting: 2 } })
    const waiting = [broker.place({ waitMs }), broker.place({ waitMs })]
    expect(await broker.place({ waitMs })).toMatchObject({
      because: 'queue-full',
      message: expect.stringContaining('PLM-439'),
    })
    await broker.release('full')
    await Promise.all(waiting)
  })

  it('ends when its client leaves, and leaves no trace', async () => {
    const { broker, clock } = await full()
    const timers = clock.timers
    const leaving = new AbortController()
    const waiting = broker.place({ sessionId: 's1', waitMs }, leaving.signal)
    const gone = new Error('the client left')
    leaving.abort(gone)
    await expect(waiting).rejects.toBe(gone)
    await expect(broker.place({ waitMs }, leaving.signal)).rejects.toBe(gone)
    expect([broker.waiting(), clock.timers]).toEqual([0, timers])
  })

  it('ends when it is given up by a release', async () => {
    const { broker } = await full()
    const waiting = broker.place({ sessionId: 's1', waitMs })
    expect(await broker.release('s1')).toBe('released')
    expect(await waiting).toMatchObject({ because: 'given-up', message: expect.stringContaining('PLM-443') })
  })

  it('is shared by requests for one session, each with its own deadline', async () => {
    const { broker, clock, load } = await full()
    const impatient = broker.place({ sessionId: 's1', slots: 2, waitMs: 1_000 })
    const patient = broker.place({ sessionId: 's1', slots: 2, waitMs })
    const third = broker.place({ sessionId: 's1', slots: 2, waitMs })
    expect(await placeOn(broker, { sessionId: 's1', slots: 2 })).toBe('no-room')
    await expect(broker.place({ sessionId: 's1', waitMs })).rejects.toThrow('PLM-433')
    clock.pass(1_000)
    expect(await impatient).toMatchObject({ because: 'waited' })
    await broker.release('full')
    expect([await patient, await third].map(result => result.placed && result.again)).toEqual([false, true])
    expect(await load('a')).toBe(2)
  })

  it('wakes the tick when it begins', async () => {
    const { broker } = await full()
    let wakes = 0
    const unsubscribe = broker.subscribe(() => wakes++)
    const waiting = [broker.place({ waitMs })]
    expect(wakes).toBe(1)
    unsubscribe()
    waiting.push(broker.place({ waitMs }))
    expect(wakes).toBe(1)
    await broker.close()
    for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected')
  })
})

describe('a close', () => {
  it('returns after the placements that were being stored were answered, and the load counts them', async () => {
    const held = heldLog()
    const { broker, load } = await openRig({ log: held.log }, { a: 'open' })
    const seen: string[] = []
    const placing = broker.place({ sessionId: 's1' }).then(() => seen.push('placed'))
    await until(() => held.held.length === 1)
    const closing = broker.closeInstance('a', soonAfter()).then(() => seen.push('closed'))
    expect(await load('a')).toBe(1)
    await held.letGo()
    await Promise.all([placing, closing])
    expect(seen).toEqual(['placed', 'closed'])
    expect(await load('a')).toBe(1)
  })

  it('sends elsewhere what was decided for it and is not being stored yet', async () => {
    const { broker, load } = await openRig({}, { a: 'open', b: 'closed' })
    const placing = broker.place({ sessionId: 's1' })
    const closing = broker.closeInstance('a', soonAfter())
    await broker.reopenInstance('b', soonAfter())
    await closing
    expect(await placing).toMatchObject({ session: { instance: 'b' } })
    expect(await load('a')).toBe(0)
  })

  it('refuses what was decided for it where there is no room elsewhere, or lets it wait', async () => {
    const { broker } = await openRig({}, { a: 'open' })
    const [hasty, patient] = [
      broker.place({ sessionId: 's1' }),
      broker.place({ sessionId: 's2', waitMs: 9_000 }),
    ]
    await broker.closeInstance('a', soonAfter())
    expect(await hasty).toMatchObject({ because: 'no-room' })
    await until(() => broker.waiting() === 1)
    await broker.reopenInstance('a', soonAfter())
    expect(await patient).toMatchObject({ session: { instance: 'a' } })
    expect(broker.counts()).toMatchObject({ sessions: 1, waiting: 0 })
  })

  it('lets nobody wait on who has left, and gives them no place', async () => {
    const { broker, clock } = await openRig({}, { a: 'open' })
    const timers = clock.timers
    const leaving = new AbortController()
    const placing = broker.place({ sessionId: 's1', waitMs: 9_000 }, leaving.signal)
    const same = broker.place({ sessionId: 's1', waitMs: 9_000 })
    await broker.closeInstance('a', soonAfter())
    await until(() => broker.waiting() > 0)
    const gone = new Error('the client left')
    leaving.abort(gone)
    await expect(placing).rejects.toBe(gone)
    await until(() => broker.waiting() === 1)
    await broker.reopenInstance('a', soonAfter())
    // Who asked for the same session and stayed gets it.
    expect(await same).toMatchObject({ session: { id: 's1', instance: 'a' } })
    expect([broker.counts().sessions, clock.timers]).toEqual([1, timers])
  })

  it('lets those whom room was just found for wait again, until the last of them has left', async () => {
    const { broker, load } = await openRig({ spec: { slotsPerInstance: 1 } }, { a: 'open' })
    await broker.place({ sessionId: 'full' })
    const [one, other] = [new AbortController(), new AbortController()]
    const waiting = [one, other].map(({ signal }) => broker.place({ sessionId: 's1', waitMs: 9_000 }, signal))
    const [first] = waiting
    await broker.closeInstance('a', soonAfter())
    await broker.release('full')
    await broker.reopenInstance('a', soonAfter())
    await broker.closeInstance('a', soonAfter())
    await until(() => broker.waiting() === 1)
    one.abort(new Error('one left'))
    expect(broker.waiting()).toBe(1)
    other.abort(new Error('the other left'))
    await expect(first).rejects.toThrow('the other left')
    await Promise.allSettled(waiting)
    expect(broker.waiting()).toBe(0)
    await broker.reopenInstance('a', soonAfter())
    expect([broker.counts().sessions, await load('a')]).toEqual([0, 0])
  })

  it('by the list waits in the same way', async () => {
    const held = heldLog()
    const { broker, route, load } = await openRig({ log: held.log }, { a: 'open' })
    const placing = broker.place({ sessionId: 's1' })
    await until(() => held.held.length === 1)
    let routed = false
    const routing = route({ a: 'closed' }).then(() => {
      routed = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(routed).toBe(false)
    await held.letGo()
    await Promise.all([placing, routing])
    expect(await load('a')).toBe(1)
  })

  it('gives up waiting when its caller does', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log }, { a: 'open' })
    const placing = broker.place({ sessionId: 's1' })
    await until(() => held.held.length === 1)
    const leaving = new AbortController()
    const closing = broker.closeInstance('a', leaving.signal)
    leaving.abort(new Error('too late'))
    await expect(closing).rejects.toThrow('too late')
    await held.letGo()
    await placing
    expect(await placeOn(broker)).toBe('no-room')
  })

  it('wakes the tick once what it held is over', async () => {
    const { broker } = await openRig({}, { a: 'open' })
    await broker.place({ sessionId: 's1' })
    await broker.closeInstance('a', soonAfter())
    let wakes = 0
    broker.subscribe(() => wakes++)
    await broker.release('s1')
    expect(wakes).toBe(1)
  })
})

describe('a seal', () => {
  it('says why not', async () => {
    const { broker } = await openRig({}, { a: 'open' })
    await expect(broker.sealInstance('a', soonAfter())).rejects.toThrow(
      'PLM-436 a of fleet "rooms" cannot be sealed: it is open.',
    )
    await broker.place({ slots: 3 })
    await broker.closeInstance('a', soonAfter())
    await expect(broker.sealInstance('a', soonAfter())).rejects.toThrow('it holds 3 slots.')
    await expect(broker.sealInstance('b', soonAfter())).rejects.toThrow('PLM-435')
  })

  it('waits for the end of a session to be stored', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log }, { a: 'open' })
    const placing = broker.place({ sessionId: 's1' })
    await held.letGo()
    await placing
    await broker.closeInstance('a', soonAfter())
    const ending = broker.release('s1')
    await expect(broker.sealInstance('a', soonAfter())).rejects.toThrow('PLM-436')
    await held.letGo()
    await ending
    await broker.sealInstance('a', soonAfter())
    await expect(broker.reopenInstance('a', soonAfter())).rejects.toThrow('PLM-437')
  })
})

describe('an instance', () => {
  it('that is gone ends its sessions as lost, recorded before the list is taken', async () => {
    const rig = await openRig({}, { 'a/1': 'open', b: 'open' })
    const { broker } = rig
    await broker.placeMany([
      { sessionId: 's1', slots: 4 },
      { sessionId: 's2', slots: 4 },
    ])
    await rig.route({ 'a/1': 'gone', b: 'gone' })
    expect(['s1', 's2'].map(id => broker.get(id)?.ended)).toEqual(
      [1, 2].map(() => ({ end: 'lost', at: NOON, why: 'its instance is gone' })),
    )
    expect((await openRig({ log: rig.log })).broker.counts().sessions).toBe(0)
  })

  it('that is gone while a placement on it is being stored loses that session too', async () => {
    const held = heldLog()
    const { broker, route } = await openRig({ log: held.log }, { a: 'open' })
    const placing = broker.place({ sessionId: 's1' })
    await until(() => held.held.length === 1)
    const routing = route({ a: 'gone', b: 'open' })
    await held.letGo()
    expect(await placing).toMatchObject({ placed: true })
    await held.letGo()
    await routing
    await until(() => broker.get('s1')?.ended?.end === 'lost')
  })

  it('that has another incarnation is another: the sessions of the former are lost, also after a restart', async () => {
    const rig = await openRig({}, { 'a/1': 'open' })
    await rig.broker.place({ sessionId: 's1' })
    const second = await openRig({ log: rig.log }, { 'a/2': 'open' })
    expect(second.broker.get('s1')?.ended).toMatchObject({
      end: 'lost',
      why: 'another instance has the id of its own now',
    })
    expect(await second.load('a')).toBe(0)
  })

  it('that says nothing of its incarnation for once is still the same', async () => {
    const rig = await openRig({}, { 'a/1': 'open' })
    await rig.broker.place({ sessionId: 's1' })
    await rig.route({ a: 'open' })
    await rig.route({ 'a/1': 'open' })
    expect(rig.broker.get('s1')?.ended).toBeNull()
    await rig.route({ 'a/2': 'open' })
    expect(rig.broker.get('s1')?.ended?.end).toBe('lost')
  })

  it('that is missing is closed, keeps its sessions through a restart, and is forgotten once they are over', async () => {
    const first = await openRig({}, { a: 'open' })
    await first.broker.place({ sessionId: 's1' })
    const second = await openRig({ log: first.log }, { b: 'open' })
    expect([await second.load('a'), await second.load('b')]).toEqual([1, 0])
    expect(second.broker.get('s1')).toMatchObject({ instance: 'a', address: null, ended: null })
    expect(await placeOn(second.broker, { slots: 4 })).toBe('b')
    await second.broker.release('s1')
    expect(await second.load('a')).toBe('unknown')
  })
})

describe('the load of an instance', () => {
  it('says how much longer its sessions are expected to last, once some have ended', async () => {
    const { broker, clock } = await openRig({ spec: { slotsPerInstance: 100 } }, { a: 'open' })
    await broker.place({ sessionId: 'now' })
    const remaining = async () => {
      const load = (await broker.readLoads(soonAfter())).get('a')
      return load?.kind === 'known' ? load.remainingMs : undefined
    }
    expect(await remaining()).toBeUndefined()
    const ids = Array.from({ length: 20 }, (_, n) => `s${n}`)
    await broker.placeMany(ids.map(sessionId => ({ sessionId })))
    clock.pass(600_000)
    await broker.releaseMany(ids)
    await broker.place({ sessionId: 'young' })
    await broker.release('now')
    expect(await remaining()).toBeCloseTo(600_000, 0)
    clock.pass(300_000)
    expect(await remaining()).toBeCloseTo(300_000, 0)
    clock.pass(900_000)
    expect(await remaining()).toBeCloseTo(1_200_000, 0)
  })
})

describe('the list of sessions', () => {
  it('comes in pages, in the order they were placed, by instance and labels', async () => {
    const { broker } = await openRig({ spec: { slotsPerInstance: 2 } }, { a: 'open', b: 'open', c: 'open' })
    for (let n = 1; n <= 6; n++) {
      await broker.place({ sessionId: `s${n}`, labels: { parity: n % 2 === 0 ? 'even' : 'odd', n: `${n}` } })
    }
    const pages: string[][] = []
    let after: string | null = null
    do {
      const page = broker.list({ limit: 4, ...(after === null ? {} : { after }) })
      pages.push(page.sessions.map(({ id }) => id))
      after = page.next
    } while (after !== null)
    expect(pages).toEqual([
      ['s1', 's2', 's3', 's4'],
      ['s5', 's6'],
    ])
    const ids = (query: { instance?: string; labels?: Record<string, string> }) =>
      broker.list({ limit: 9, ...query }).sessions.map(({ id }) => id)
    expect(ids({ labels: { parity: 'even' } })).toEqual(['s2', 's4', 's6'])
    expect(ids({ labels: { parity: 'even', n: '3' } })).toEqual([])
    const first = broker.get('s1')?.instance ?? ''
    expect(ids({ instance: first })).toEqual(['s1', 's2'])
    expect(broker.list({ limit: 6 }).next).toBeNull()
  })

  it('shows nothing that was not answered yet', async () => {
    const held = heldLog()
    const { broker } = await openRig({ log: held.log })
    const placing = broker.place({ sessionId: 's1' })
    expect([broker.list({ limit: 1 }).sessions, broker.get('s1')]).toEqual([[], null])
    await held.letGo()
    await placing
    expect(broker.list({ limit: 1 }).sessions).toHaveLength(1)
  })

  it.each([
    { limit: 0 },
    { limit: 1_001 },
    { limit: 1.5 },
    { limit: 1, after: 'x' },
    { limit: 1, after: '-1' },
  ])('refuses %j', async query => {
    const { broker } = await openRig()
    expect(() => broker.list(query)).toThrow('PLM-432')
  })
})

describe('when the log fails', () => {
  const failing = (settings: RigSettings = {}) => {
    const state: { fate: AppendFate; opens: boolean } = { fate: 'store', opens: true }
    const log = createMemorySessionLog({ decide: () => state.fate, mayOpen: () => state.opens })
    return { state, rig: createRig({ log, ...settings }) }
  }

  it.each<AppendFate>(['refuse', 'store-and-fail'])(
    'to answer (%s), the placement is refused, counts until the truth is known, and no ghost remains',
    async fate => {
      const { state, rig } = failing()
      await rig.route({ a: 'open' })
      const { broker, clock, load } = rig
      await broker.place({ sessionId: 's0' })
      state.fate = fate
      await expect(broker.place({ sessionId: 's1' })).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(
          /^PLM-431 The session log of fleet "rooms" did not confirm this .*PLM-422/,
        ),
        retryAfterMs: 1_000,
      })
      expect(await load('a')).toBe(2)
      expect((await broker.check(soonAfter())).ok).toBe(false)
      await expect(broker.place({ sessionId: 's1' })).rejects.toThrow('PLM-430')
      await expect(broker.place({ sessionId: 's2' })).rejects.toThrow('PLM-430')
      await expect(broker.release('s0')).rejects.toThrow('PLM-430')
      expect(await broker.place({ sessionId: 's0' })).toMatchObject({ placed: true, again: true })
      state.fate = 'store'
      clock.pass(100)
      await until(() => broker.counts().sessions === 1)
      expect(await load('a')).toBe(1)
      expect(await broker.place({ sessionId: 's1' })).toMatchObject({ placed: true, again: false })
      expect((await broker.check(soonAfter())).ok).toBe(true)
    },
  )

  it.each<[AppendFate, string]>([
    ['refuse', 'released'],
    ['store-and-fail', 'ended'],
  ])('to answer an end (%s), asking again tells: %s or carried out since', async (fate, _before) => {
    const { state, rig } = failing()
    await rig.route({ a: 'open' })
    await rig.broker.place({ sessionId: 's1' })
    state.fate = fate
    await expect(rig.broker.release('s1')).rejects.toThrow('PLM-431')
    expect(await rig.load('a')).toBe(1)
    state.fate = 'store'
    rig.clock.pass(100)
    await until(() => rig.broker.counts().sessions === 0)
    expect(await rig.broker.release('s1')).toBe('ended')
  })

  it('what waited behind the failed append is undone at once', async () => {
    const held = heldLog()
    const { broker, load } = await openRig(
      { log: held.log, options: { limits: { batch: 1 } } },
      { a: 'open' },
    )
    const first = broker.place({ sessionId: 's1' })
    await held.letGo()
    await first
    const [doubtful, undone, kept] = [
      broker.place({ sessionId: 's2' }),
      broker.place({ sessionId: 's3' }),
      broker.release('s1'),
    ]
    await held.letGo('refuse')
    for (const work of [doubtful, undone, kept]) await expect(work).rejects.toThrow('PLM-431')
    expect(await load('a')).toBe(2)
    expect(broker.get('s1')?.ended).toBeNull()
  })

  it('again and again, it is tried less and less often, and each list tries too', async () => {
    const { state, rig } = failing()
    await rig.route({ a: 'open' })
    state.fate = 'refuse'
    state.opens = false
    await expect(rig.broker.place({ sessionId: 's1' })).rejects.toThrow('PLM-431')
    for (let n = 0; n < 100; n++) {
      rig.clock.pass(1_000)
      await new Promise(resolve => setImmediate(resolve))
    }
    await rig.route({ a: 'closed' })
    expect((await rig.broker.check(soonAfter())).ok).toBe(false)
    state.fate = 'store'
    state.opens = true
    await rig.route({ a: 'open' })
    expect(await placeOn(rig.broker, { sessionId: 's1' })).toBe('a')
  })

  it('an instance that is gone meanwhile loses its sessions as soon as it answers again', async () => {
    const { state, rig } = failing()
    await rig.route({ a: 'open', b: 'open' })
    await rig.broker.place({ sessionId: 's1' })
    const instance = rig.broker.get('s1')?.instance ?? ''
    state.fate = 'refuse'
    state.opens = false
    await expect(rig.broker.place({})).rejects.toThrow('PLM-431')
    await expect(rig.route({ [instance]: 'gone' })).rejects.toThrow('PLM-430')
    state.fate = 'store'
    state.opens = true
    await rig.route({ [instance]: 'gone' })
    await until(() => rig.broker.get('s1')?.ended?.end === 'lost')
  })

  it('to answer at all, it is given up after a while', async () => {
    const held = heldLog()
    const { broker, clock } = await openRig({ log: held.log })
    const placing = broker.place({ sessionId: 's1' })
    await until(() => held.held.length === 1)
    clock.pass(5_000)
    await expect(placing).rejects.toThrow('no answer within 5 s')
  })

  it('at the first list, the list fails and the next one tries again', async () => {
    const { state, rig } = failing()
    state.opens = false
    await expect(rig.route({ a: 'open' })).rejects.toThrow('PLM-430')
    await expect(rig.broker.place({})).rejects.toThrow('PLM-430')
    state.opens = true
    await rig.route({ a: 'open' })
    expect(await placeOn(rig.broker)).toBe('a')
  })
})

describe('a broker whose log was opened by another', () => {
  it('places nothing and knows nothing, until a list is given to it again', async () => {
    const first = await openRig()
    await first.broker.place({ sessionId: 's1' })
    const second = await openRig({ log: first.log })
    await expect(first.broker.place({ sessionId: 's2' })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('another daemon places the sessions of this fleet now'),
    })
    expect((await first.broker.check(soonAfter())).ok).toBe(false)
    await expect(first.broker.readLoads(soonAfter())).rejects.toThrow('PLM-430')
    expect(() => first.broker.get('s1')).toThrow('PLM-430')
    await second.broker.release('s1')
    await first.route({ a: 'open', b: 'open' })
    expect(first.broker.get('s1')?.ended?.end).toBe('released')
    await expect(second.broker.sealInstance('a', soonAfter())).rejects.toThrow('PLM-430')
  })

  it('lets nothing that waited be stored under its new epoch', async () => {
    const held = heldLog()
    const first = await openRig({ log: held.log, options: { limits: { batch: 1 } } }, { a: 'open' })
    const [one, two] = [first.broker.place({ sessionId: 's1' }), first.broker.place({ sessionId: 's2' })]
    await until(() => held.held.length === 1)
    await held.log.open('rooms', 'another')
    const failures = Promise.allSettled([one, two])
    await expect(first.broker.readLoads(soonAfter())).rejects.toThrow('PLM-430')
    const routing = first.route({ a: 'open' })
    await held.letGo()
    await routing
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([held.records.length, first.broker.counts().sessions, await first.load('a')]).toEqual([1, 0, 0])
  })

  it('opens it for nobody whose fleet is another’s by then, though the list still says open', async () => {
    const first = await openRig({}, { a: 'open' })
    const second = await openRig({ log: first.log }, { a: 'open' })
    const list = listOf({ a: 'open' })
    await expect(first.broker.readLoads(soonAfter())).rejects.toThrow('PLM-430')
    const late = first.broker.route(list, soonAfter(), async () => false)
    await expect(late).rejects.toThrow(/PLM-430.*another daemon/)
    await expect(first.broker.place({ sessionId: 's1' })).rejects.toThrow('PLM-430')
    const unsure = first.broker.route(list, soonAfter(), async () => {
      throw new Error('the disk is full')
    })
    await expect(unsure).rejects.toThrow(/PLM-430.*the disk is full/)
    // Whoever has the fleet opens it anew with the next list.
    await expect(second.broker.readLoads(soonAfter())).rejects.toThrow('PLM-430')
    await second.broker.route(list, soonAfter(), async () => true)
    expect(await placeOn(second.broker)).toBe('a')
  })

  it('refuses those who wait', async () => {
    const first = await openRig({}, { a: 'closed' })
    const waiting = first.broker.place({ waitMs: 9_000 })
    await openRig({ log: first.log })
    await expect(first.broker.readLoads(soonAfter())).rejects.toThrow('PLM-430')
    await expect(waiting).rejects.toThrow('PLM-430')
  })
})

describe('a broker', () => {
  it('is not ready before it was told of its instances', async () => {
    const { broker } = createRig()
    for (const call of [() => broker.place({}), () => broker.release('x'), () => broker.heartbeat('x')]) {
      await expect(call()).rejects.toThrow('PLM-430')
    }
    expect((await broker.check(soonAfter())).ok).toBe(true)
    expect(broker.counts()).toEqual({ sessions: 0, waiting: 0, epoch: null })
  })

  it('leaves nothing behind when it is closed, and answers what was being stored', async () => {
    const held = heldLog()
    const { broker, clock } = await openRig({
      log: held.log,
      spec: { leaseMs: 5_000 },
      options: { limits: { batch: 1 } },
    })
    const [sent, unsent] = [broker.place({ sessionId: 's1' }), broker.place({ sessionId: 's2' })]
    await until(() => held.held.length === 1)
    const closing = broker.close()
    await expect(unsent).rejects.toThrow('PLM-430')
    await held.letGo()
    expect(await sent).toMatchObject({ placed: true })
    await closing
    expect(clock.timers).toBe(0)
    await expect(broker.place({})).rejects.toThrow('it is ending')
    await expect(broker.route([], soonAfter())).rejects.toThrow('PLM-430')
  })
})
