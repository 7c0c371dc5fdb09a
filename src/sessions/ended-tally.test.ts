import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndedSession, SessionEnd } from '../ports/session-log.ts'
import type { EndedGroup } from '../ports/session-router.ts'
import { createRig, NOON, soonAfter } from './broker.fixture.ts'
import { EndedTally } from './ended-tally.ts'
import { createMemorySessionLog } from './memory-log.ts'

const SECOND = 1_000

interface Ended {
  readonly lengthMs: number
  readonly atMs?: number
  readonly slots?: number
  readonly end?: SessionEnd
}

function ended({ lengthMs, atMs = 0, slots = 1, end = 'released' }: Ended): EndedSession {
  const at = NOON + atMs
  const session = { id: 's', number: 1, instance: 'a', incarnation: null, labels: {}, leaseMs: null }
  return { session: { ...session, slots, placedAt: at - lengthMs }, end, at, why: '' }
}

function tallyOf(...all: readonly Ended[]): readonly EndedGroup[] {
  const tally = new EndedTally()
  for (const one of all) tally.add(ended(one))
  return tally.take()
}

describe('a tally of sessions that ended', () => {
  it('keeps of those about as long how many, their mean, and when the first and the last ended', () => {
    const groups = tallyOf(
      { lengthMs: 240 * SECOND, atMs: 3_000 },
      { lengthMs: 1_200 * SECOND, atMs: 5_000 },
      { lengthMs: 251 * SECOND, atMs: 11_000 },
      { lengthMs: 262 * SECOND, atMs: 7_000 },
    )
    expect(groups).toEqual([
      {
        sessions: 3,
        slots: 1,
        lengthMs: 251 * SECOND,
        firstAt: NOON + 3_000,
        lastAt: NOON + 11_000,
        lost: false,
      },
      {
        sessions: 1,
        slots: 1,
        lengthMs: 1_200 * SECOND,
        firstAt: NOON + 5_000,
        lastAt: NOON + 5_000,
        lost: false,
      },
    ])
  })

  it('keeps apart what takes other slots, and what was lost with its instance', () => {
    const groups = tallyOf(
      { lengthMs: SECOND },
      { lengthMs: SECOND, slots: 2 },
      { lengthMs: SECOND, end: 'lost' },
      { lengthMs: SECOND, end: 'expired' },
    )
    expect(groups.map(({ sessions, slots, lost }) => [sessions, slots, lost])).toEqual([
      [2, 1, false],
      [1, 2, false],
      [1, 1, true],
    ])
  })

  it('is empty once it was taken', () => {
    const tally = new EndedTally()
    tally.add(ended({ lengthMs: SECOND }))
    expect(tally.take()).toHaveLength(1)
    expect(tally.take()).toEqual([])
  })

  it('takes a clock that was set back for no time at all', () => {
    expect(tallyOf({ lengthMs: -5 * SECOND })).toMatchObject([{ sessions: 1, lengthMs: 0 }])
  })

  it('has a bounded number of groups, and the same time of the same places in them', () => {
    const some = fc.record({
      lengthMs: fc.integer({ min: 0, max: 1e9 }),
      atMs: fc.integer({ min: 0, max: 60_000 }),
      slots: fc.integer({ min: 1, max: 40 }),
      end: fc.constantFrom<SessionEnd>('released', 'expired', 'lost'),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 2_000, size: 'max' }), all => {
        const groups = tallyOf(...all)
        expect(groups.length).toBeLessThanOrEqual(480)
        const placeMs = groups.reduce((sum, one) => sum + one.sessions * one.slots * one.lengthMs, 0)
        const wanted = all.reduce((sum, one) => sum + one.slots * one.lengthMs, 0)
        expect(Math.abs(placeMs - wanted)).toBeLessThan(1e-9 * wanted + 1)
        const slots = (these: readonly { slots: number; sessions?: number }[]) =>
          these.reduce((sum, one) => sum + one.slots * (one.sessions ?? 1), 0)
        expect(slots(groups)).toBe(slots(all.map(one => ({ slots: one.slots }))))
        for (const { firstAt, lastAt } of groups) {
          expect(firstAt).toBeLessThanOrEqual(lastAt)
          expect(lastAt).toBeLessThanOrEqual(NOON + 60_000)
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('what ended, as a broker tells it', () => {
  async function openRig(settings: Parameters<typeof createRig>[0] = {}) {
    const rig = createRig(settings)
    await rig.route({ a: 'open', b: 'open' })
    return rig
  }

  const told = (groups: readonly EndedGroup[]) =>
    groups.map(({ sessions, lengthMs, lost }) => [sessions, lengthMs / SECOND, lost])

  it('is told once, with its length, however it ended', async () => {
    const { broker, clock, route } = await openRig({ spec: { leaseMs: 30 * SECOND, placement: 'spread' } })
    for (const sessionId of ['released', 'expired', 'lost']) await broker.place({ sessionId, ttlMs: null })
    const lost = broker.get('lost')?.instance ?? ''
    clock.pass(10 * SECOND)
    await broker.release('released')
    await broker.release('expired', 'in place of a lease')
    clock.pass(10 * SECOND)
    await route({ [lost]: 'gone' })
    expect(told(broker.takeEnded(NOON))).toEqual([
      [2, 10, false],
      [1, 20, true],
    ])
    expect(broker.takeEnded(NOON)).toEqual([])
  })

  it('is not told before its end is stored', async () => {
    const { broker } = await openRig()
    await broker.place({ sessionId: 's1' })
    const releasing = broker.release('s1')
    expect(broker.takeEnded(NOON)).toEqual([])
    await releasing
    expect(broker.takeEnded(NOON)).toHaveLength(1)
  })

  it('is told by whoever takes over where nobody told it, and not where somebody did', async () => {
    const first = await openRig()
    for (const sessionId of ['s1', 's2']) await first.broker.place({ sessionId })
    first.clock.pass(10 * SECOND)
    await first.broker.release('s1')
    expect(told(first.broker.takeEnded(NOON))).toEqual([[1, 10, false]])
    first.clock.pass(10 * SECOND)
    await first.broker.release('s2')
    // It ends without having told of s2.
    const second = await openRig({ log: first.log, clock: first.clock })
    expect(told(second.broker.takeEnded(NOON + 10 * SECOND))).toEqual([[1, 20, false]])
    expect(second.broker.takeEnded(NOON + 10 * SECOND)).toEqual([])

    // The one before learns that it is not asked any more, and has nothing of its own left when it comes back.
    await first.broker.readLoads(soonAfter()).catch(() => undefined)
    expect(first.broker.takeEnded(NOON)).toEqual([])
    await first.route({ a: 'open', b: 'open' })
    expect(first.broker.takeEnded(NOON + 20 * SECOND)).toEqual([])
  })

  it('is told once where the log failed and was opened anew', async () => {
    let fate: 'store' | 'store-and-fail' = 'store'
    const log = createMemorySessionLog({ decide: () => fate })
    const { broker, clock, route } = await openRig({ log })
    for (const sessionId of ['s1', 's2']) await broker.place({ sessionId })
    clock.pass(10 * SECOND)
    await broker.release('s1')
    fate = 'store-and-fail'
    await expect(broker.release('s2')).rejects.toMatchObject({ kind: 'unavailable' })
    fate = 'store'
    await route({ a: 'open', b: 'open' })
    expect(told(broker.takeEnded(NOON))).toEqual([[2, 10, false]])
    expect(broker.takeEnded(NOON)).toEqual([])
  })

  it('is nothing before it was told of its instances', () => {
    expect(createRig().broker.takeEnded(0)).toEqual([])
  })
})
