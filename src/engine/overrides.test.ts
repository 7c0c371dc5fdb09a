import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { Override, OverrideChange } from '../model/override.ts'
import { compileFleet } from './compile.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain.ts'
import { applyOverrides, orderOf, overrideSteps, pauseOf } from './overrides.ts'

const MINUTE = 60_000
const spec = fleetSpec({
  min: 2,
  max: 10,
  metrics: { orders: { kind: 'total' } },
  rules: [
    { name: 'up', when: 'last(orders) > 100', by: 1, rank: 10 },
    { name: 'down', when: 'last(orders) < 10', by: -1, rank: 10 },
  ],
})

function override(change: OverrideChange, parts: Partial<Override> = {}): Override {
  return {
    id: 'o1',
    fleet: 'web',
    at: NOON,
    who: 'ada',
    why: '',
    until: NOON + 60 * MINUTE,
    change,
    ...parts,
  }
}

function decideWith(overrides: readonly Override[], { at = NOON, orders = 500, open = 4 } = {}) {
  const seen = observation({ at, open, values: { 'last(orders)': orders }, overrides })
  return decide(spec, seen, EMPTY_MEMORY).decision
}

describe('what an operator changed', () => {
  it('sets the capacity above every constraint and every guard, and tells who, why and until when', () => {
    const set = override({ kind: 'capacity', count: 12 }, { why: 'sale' })
    const decision = decideWith([set], { orders: 1 })
    expect(decision).toMatchObject({
      desired: 12,
      rule: 'set-capacity (ada)',
      bounds: { lowest: 12, highest: 12, constraint: 'set-capacity (ada)', until: NOON + 60 * MINUTE },
    })
    expect(explainDecision(decision)[0]).toBe('capacity set to 12 by ada (sale), for another 1h')
  })

  it('sets the capacity to none', () => {
    expect(decideWith([override({ kind: 'capacity', count: 0 })]).desired).toBe(0)
  })

  it('pauses: nothing changes, not even for the bounds, and the reason says so', () => {
    for (const open of [0, 4, 50]) {
      const decision = decideWith([override({ kind: 'pause' }, { why: 'moving disks' })], { open })
      expect(decision).toMatchObject({ current: open, desired: open, direction: 'none', rule: null })
      expect(decision.because).toBe('paused by ada (moving disks), for another 1h: nothing changes')
    }
  })

  it('pauses a fleet whose capacity is set, too', () => {
    const set = override({ kind: 'capacity', count: 12 })
    expect(decideWith([set, override({ kind: 'pause' }, { id: 'o2' })]).desired).toBe(4)
  })

  it('switches a rule off, and another on', () => {
    expect(decideWith([]).desired).toBe(5)
    const off = decideWith([override({ kind: 'rule-enabled', rule: 'up', enabled: false })])
    expect(off.desired).toBe(4)
    expect(explainDecision(off)[0]).toBe('"up" is switched off by ada, for another 1h')
  })

  it('gives a rule another rank', () => {
    const both = fleetSpec({
      max: 10,
      metrics: { orders: { kind: 'total' } },
      rules: [
        { name: 'up', when: 'last(orders) > 100', by: 1, rank: 10 },
        { name: 'more', when: 'last(orders) > 100', by: 3, rank: 5 },
      ],
    })
    const overrides = [override({ kind: 'rule-rank', rule: 'more', rank: 20 })]
    const seen = observation({ open: 4, values: { 'last(orders)': 500 }, overrides })
    expect(decide(both, seen, EMPTY_MEMORY).decision).toMatchObject({ desired: 7, rule: 'more' })
  })

  it('says nothing about a rule that is not in the file any more', () => {
    const gone = override({ kind: 'rule-enabled', rule: 'gone', enabled: false })
    expect(decideWith([gone])).toMatchObject({ desired: 5, rule: 'up' })
  })

  it.each([
    { until: NOON + 1, at: NOON, desired: 12 },
    { until: NOON, at: NOON, desired: 5 },
    { until: NOON - 1, at: NOON, desired: 5 },
    { until: null, at: NOON + 1_000_000 * MINUTE, desired: 12 },
  ])('ends before $until, not at it', ({ until, at, desired }) => {
    expect(decideWith([override({ kind: 'capacity', count: 12 }, { until })], { at }).desired).toBe(desired)
  })
})

describe('the steps of overrides', () => {
  it('are those in force, with who, why and until when', () => {
    const set = override({ kind: 'capacity', count: 3 }, { why: 'sale' })
    const ended = override({ kind: 'mode', mode: 'notify' }, { until: NOON })
    expect(overrideSteps([ended, set], NOON)).toEqual([
      {
        stage: 'overrides',
        outcome: 'in-force',
        who: 'ada',
        why: 'sale',
        until: NOON + 60 * MINUTE,
        change: { kind: 'capacity', count: 3 },
      },
    ])
    expect(overrideSteps([], NOON)).toEqual([])
  })

  it('name the pause, and the count that was ordered, while they are in force', () => {
    const pause = override({ kind: 'pause' })
    const order = override({ kind: 'capacity', count: 3 })
    const all = [override({ kind: 'mode', mode: 'notify' }), order, pause]
    expect([pauseOf(all, NOON), orderOf(all, NOON)]).toEqual([pause, order])
    const over = NOON + 60 * MINUTE
    expect([pauseOf(all, over), orderOf(all, over)]).toEqual([null, null])
    expect([pauseOf([order], NOON), orderOf([pause], NOON)]).toEqual([null, null])
  })
})

describe('applying overrides', () => {
  it('leaves the specification of a paused fleet as it is', () => {
    expect(applyOverrides(spec, [override({ kind: 'pause' })], NOON)).toEqual(spec)
  })

  it('ranks a capacity that was set above all constraints, and among those below zero too', () => {
    const rankOf = (...ranks: number[]) => {
      const constraints = ranks.map(rank => ({ name: `of ${rank}`, rank }))
      const of = fleetSpec({ constraints })
      return applyOverrides(of, [override({ kind: 'capacity', count: 3 })], NOON).constraints.at(-1)?.rank
    }
    expect([rankOf(), rankOf(5, 100, 7), rankOf(-5)]).toEqual([1, 101, 1])
  })

  it('is done once for each time in which the same ones are in force', () => {
    const overrides = [
      override({ kind: 'mode', mode: 'notify' }, { until: NOON }),
      override({ kind: 'capacity', count: 3 }),
    ]
    const first = applyOverrides(spec, overrides, NOON)
    expect(applyOverrides(spec, overrides, NOON)).toBe(first)
    expect(applyOverrides(spec, overrides, NOON + 1)).toBe(first)
    expect(applyOverrides(spec, overrides, NOON - 1)).not.toBe(first)
  })

  it('gives the specification itself where there is nothing to apply', () => {
    expect(applyOverrides(spec, [], NOON)).toBe(spec)
  })

  it('gives the same object for as long as the same ones are in force, so that it is compiled once', () => {
    const overrides = [
      override({ kind: 'mode', mode: 'notify' }, { until: NOON + MINUTE }),
      override({ kind: 'capacity', count: 3 }, { id: 'o2', until: NOON + 2 * MINUTE }),
    ]
    const first = applyOverrides(spec, overrides, NOON)
    expect(applyOverrides(spec, overrides, NOON + MINUTE - 1)).toBe(first)
    expect(compileFleet(applyOverrides(spec, overrides, NOON))).toBe(compileFleet(first))
    expect(first.mode).toBe('notify')
    const second = applyOverrides(spec, overrides, NOON + MINUTE)
    expect(second.mode).toBe('scale')
    expect(second.constraints).toHaveLength(2)
    expect(applyOverrides(spec, overrides, NOON + 2 * MINUTE)).toStrictEqual(spec)
    // A replay goes back in time.
    expect(applyOverrides(spec, overrides, NOON).mode).toBe('notify')
  })

  it('replays: a decision read back from JSON comes out again, byte for byte', () => {
    const changes = fc.oneof(
      fc.constant<OverrideChange>({ kind: 'pause' }),
      fc.nat(20).map((count): OverrideChange => ({ kind: 'capacity', count })),
      fc.boolean().map((enabled): OverrideChange => ({ kind: 'rule-enabled', rule: 'up', enabled })),
      fc
        .integer({ min: -5, max: 20 })
        .map((rank): OverrideChange => ({ kind: 'rule-rank', rule: 'down', rank })),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(changes, fc.integer({ min: -2, max: 2 })), { maxLength: 4 }),
        fc.nat(600),
        (drawn, orders) => {
          const overrides = drawn.map(([change, minutes], index) =>
            override(change, { id: `o${index}`, until: NOON + minutes * MINUTE }),
          )
          const seen = observation({ open: 4, values: { 'last(orders)': orders }, overrides })
          const once = decide(spec, seen, EMPTY_MEMORY).decision
          const again = decide(spec, JSON.parse(JSON.stringify(seen)), EMPTY_MEMORY).decision
          expect(JSON.stringify(again)).toBe(JSON.stringify(once))
        },
      ),
    )
  })
})
