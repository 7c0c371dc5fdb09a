import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import type { Expression } from '../../model/expression.ts'
import { EMPTY_MEMORY, type LoadMemory, type Memory } from '../../model/memory.ts'
import type { OutageGuard } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain.ts'
import { watchLoad } from './outage.ts'

const MINUTE = 60_000
const LOAD: Expression = {
  node: 'aggregate',
  key: 'last(orders)',
  aggregate: 'last',
  metric: 'orders',
  windowMs: MINUTE,
} as Expression

/** 80 % within five minutes holds for fifteen. */
const GUARD: OutageGuard = {
  operand: LOAD,
  operandText: 'last(orders)',
  dropRatio: 0.8,
  withinMs: 5 * MINUTE,
  holdMs: 15 * MINUTE,
}

const spec = fleetSpec({
  min: 1,
  max: 20,
  rules: [{ name: 'Down', when: 'last(orders) < 500', by: -1 }],
  spec: { outageGuard: GUARD },
})

function at(minutes: number, orders: number | null, memory: Memory) {
  const seen = observation({ at: NOON + minutes * MINUTE, open: 8, values: { 'last(orders)': orders } })
  return decide(spec, seen, memory)
}

/** One tick per minute over these values. */
function ticks(...orders: (number | null)[]) {
  let memory = EMPTY_MEMORY
  let decision = null
  for (const [minute, value] of orders.entries()) {
    const decided = at(minute, value, memory)
    memory = decided.memory
    decision = decided.decision
  }
  if (decision === null) throw new Error('no tick')
  return { decision, memory }
}

describe('the outage guard', () => {
  it('holds shrinking when the load vanishes at once', () => {
    const { decision } = ticks(1000, 1000, 150)
    expect(decision).toMatchObject({ desired: 8, direction: 'none' })
    expect(explainDecision(decision)).toContain(
      'outage: held for another 15m, the load vanished at once (last(orders) = 150)',
    )
    expect(decision.because).toContain('outage: held for another 15m')
  })

  it.each([
    [1000, 200],
    [100, 20],
    [3, 0.6],
  ])('takes a drop of just so much for one: %d to %d', (before, now) => {
    expect(ticks(before, now).memory.load.heldUntil).toBe(NOON + 16 * MINUTE)
    expect(ticks(before, now + 0.01).memory.load.heldUntil).toBeNull()
  })

  it('lets a slow fall shrink', () => {
    const { decision } = ticks(1000, 800, 640, 512, 410, 330, 260)
    expect(decision).toMatchObject({ desired: 7, direction: 'in' })
    expect(explainDecision(decision)).toContain(
      'outage: no sudden drop (last(orders) = 260, at most 640 lately)',
    )
  })

  it('forgets a peak older than its time', () => {
    expect(ticks(1000, null, null, null, null, 100).decision).toMatchObject({ direction: 'in' })
    expect(ticks(1000, null, null, null, 100).decision).toMatchObject({ direction: 'none' })
  })

  it('holds for the time set, from the drop on, and no longer', () => {
    const { memory } = ticks(1000, 100)
    expect(at(15, 100, memory).decision.direction).toBe('none')
    expect(at(16, 100, memory).decision.direction).toBe('in')
  })

  it('takes missing data for no drop, and keeps a hold over it', () => {
    expect(ticks(1000, null).memory.load.heldUntil).toBeNull()
    expect(ticks(1000, 100, null).memory.load.heldUntil).toBe(NOON + 16 * MINUTE)
  })

  it('counts a fall to nothing as a drop of 100 %', () => {
    const all = { ...GUARD, dropRatio: 1 }
    const { memory } = watchLoad(all, EMPTY_MEMORY.load, NOON, 5)
    expect(watchLoad(all, memory, NOON + 1, 0).memory.heldUntil).toBe(NOON + 1 + 15 * MINUTE)
    expect(watchLoad(all, memory, NOON + 1, 0.1).memory.heldUntil).toBeNull()
  })

  it('takes no load at all for no drop', () => {
    const { decision, memory } = ticks(0, 0, 0)
    expect(memory.load.heldUntil).toBeNull()
    expect(decision.desired).toBe(7)
  })

  it('begins another hold when what was left vanishes too', () => {
    expect(ticks(1000, 100, 50).memory.load.heldUntil).toBe(NOON + 16 * MINUTE)
    expect(ticks(1000, 100, 20).memory.load.heldUntil).toBe(NOON + 17 * MINUTE)
  })

  it('falls from the highest value of its time, not from the first', () => {
    expect(ticks(300, 1000, 150).memory.load.heldUntil).toBe(NOON + 17 * MINUTE)
    expect(ticks(300, 150).memory.load.heldUntil).toBeNull()
  })

  it('tells what was highest, also while there is no data', () => {
    const { memory } = ticks(1000, 900)
    expect(watchLoad(GUARD, memory.load, NOON + 2 * MINUTE, Number.NaN)).toMatchObject({
      value: null,
      peak: 1000,
    })
    expect(watchLoad(GUARD, EMPTY_MEMORY.load, NOON, Number.NaN)).toMatchObject({ value: null, peak: null })
  })

  it('lets go of a hold when it is taken out of the file', () => {
    const without = { ...spec, outageGuard: null }
    const { memory } = ticks(1000, 100)
    const seen = observation({ at: NOON + 2 * MINUTE, open: 8, values: { 'last(orders)': 100 } })
    const decided = decide(without, seen, memory)
    expect(decided.decision.desired).toBe(7)
    expect(decided.memory.load).toEqual({ peaks: [], heldUntil: null })
  })

  describe('remembers', () => {
    const peaksOf = (stepMs: number, values: readonly number[]) => {
      let load: LoadMemory = EMPTY_MEMORY.load
      for (const [n, value] of values.entries()) {
        load = watchLoad(GUARD, load, NOON + n * stepMs, value).memory
      }
      return load.peaks.map(({ at, value }) => [(at - NOON) / 1000, value])
    }
    /** Too slow a fall to be a drop. */
    const falling = (count: number) => Array.from({ length: count }, (_, n) => 10_000 - n)

    it('only what may yet be the highest: not what a later value reaches', () => {
      expect(peaksOf(MINUTE, [700, 500, 600])).toEqual([
        [0, 700],
        [120, 600],
      ])
      expect(peaksOf(MINUTE, [500, 500, 500])).toEqual([[120, 500]])
    })

    it('a value for each 32nd part of its time, of those that come faster', () => {
      expect(peaksOf(1000, falling(300))).toHaveLength(30)
      const part = GUARD.withinMs / 32
      expect(peaksOf(part, falling(100))).toHaveLength(32)
      expect(peaksOf(part - 1, falling(100))).toHaveLength(16)
    })
  })

  it('never stands in the way of growth', () => {
    const growing = fleetSpec({
      max: 20,
      rules: [{ when: 'last(orders) < 500', by: 2 }],
      spec: { outageGuard: GUARD },
    })
    const held: Memory = { ...EMPTY_MEMORY, load: { peaks: [], heldUntil: NOON + MINUTE } }
    const seen = observation({ open: 8, values: { 'last(orders)': 1 } })
    expect(decide(growing, seen, held).decision.desired).toBe(10)
  })

  it('remembers a few dozen values at most, and finds the drops that all of them would show', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 1000 })), {
          maxLength: 400,
        }),
        walk => {
          let memory: LoadMemory = { peaks: [], heldUntil: null }
          let now = NOON
          let seen: { at: number; value: number }[] = []
          for (const [stepMs, value] of walk) {
            now += stepMs
            const before = memory.heldUntil
            const { memory: next, peak } = watchLoad(GUARD, memory, now, value)
            expect(next.peaks.length).toBeLessThanOrEqual(40)
            seen = [...seen, { at: now, value }].filter(each => each.at > now - GUARD.withinMs)
            const truth = Math.max(...seen.map(each => each.value))
            // Never higher than there was; and a highest value of the older part is never missed.
            expect(peak ?? 0).toBeLessThanOrEqual(truth)
            const began = next.heldUntil !== null && next.heldUntil !== before
            if (began) {
              expect(value).toBeLessThanOrEqual(truth * 0.2)
              seen = [{ at: now, value }]
            }
            memory = next
          }
        },
      ),
    )
  })
})

describe('the quota', () => {
  it('is the last word, and says so', () => {
    const capped = fleetSpec({
      min: 1,
      max: 50,
      rules: [{ when: 'last(orders) > 1', by: 5 }],
      spec: { quota: 10 },
    })
    const { decision } = decide(capped, observation({ open: 8, values: { 'last(orders)': 9 } }), EMPTY_MEMORY)
    expect(decision.desired).toBe(10)
    expect(explainDecision(decision)).toContain('at most 10: the quota allows no more')
  })
})
