import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import type { Decision } from '../../model/decision.ts'
import { EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { SessionCounts } from '../../model/observation.ts'
import type { FleetSpec, ReactiveRule, ReserveRule } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain.ts'
import { nextSteps } from '../next.ts'
import { whyNot } from '../why-not.ts'

function reserve(reserve: ReserveRule['reserve'], slotsPerInstance: number, more: Partial<ReserveRule> = {}) {
  return {
    kind: 'reserve',
    name: 'Room',
    ...RULE_FRAME,
    reserve,
    slotsPerInstance,
    ...more,
  } satisfies ReserveRule
}

const SLOTS = (slots: number): ReserveRule['reserve'] => ({ kind: 'slots', slots })
const RATIO = (ratio: number): ReserveRule['reserve'] => ({ kind: 'ratio', ratio })

function fleet(rule: ReactiveRule, more: Partial<FleetSpec> = {}): FleetSpec {
  const words = fleetSpec({ min: 0, max: 1_000 })
  return { ...words, ...more, rules: [...(more.rules ?? []), rule] }
}

function seen(inUseOpen: number | null, more: Partial<SessionCounts> = {}): Partial<SessionCounts> {
  return { inUse: inUseOpen, inUseOpen, ...more }
}

function decideWith(
  spec: FleetSpec,
  open: number,
  sessions: Partial<SessionCounts>,
  memory: Memory = EMPTY_MEMORY,
  more: { pending?: number; replacing?: number } = {},
): Decision {
  return decide(spec, observation({ open, sessions, ...more }), memory).decision
}

const golden: {
  reserve: { sessions: number; instances: number; slots: number; threshold: number; expected: string }[]
} = JSON.parse(readFileSync(new URL('../../../test/conformance/decide.json', import.meta.url), 'utf8'))

describe('sessions that draining instances still hold', () => {
  const spec = fleet(reserve(SLOTS(20), 20))

  it.each([
    // Open: 4 of 20 slots, 38 used: 2.9 would do, with one instance's worth to spare 3.9.
    { open: 5, inUseOpen: 38, inUse: 38, desired: 4 },
    // 20 more drain elsewhere: others will come in their place.
    { open: 5, inUseOpen: 38, inUse: 58, desired: 5 },
    { open: 6, inUseOpen: 38, inUse: 58, desired: 5 },
    // What drains is not known: not fewer.
    { open: 6, inUseOpen: 38, inUse: null, desired: 6 },
    // For growth they have no part: they have their place.
    { open: 3, inUseOpen: 38, inUse: 78, desired: 3 },
  ])('count on the way down only: $open open, $inUseOpen of $inUse on them gives $desired', given => {
    const { open, inUseOpen, inUse, desired } = given
    expect(decideWith(spec, open, seen(inUseOpen, { inUse })).desired).toBe(desired)
  })
})

describe('the worked cases of a reserve', () => {
  it.each(golden.reserve)(
    '$sessions sessions on $instances instances of $slots slots, of which $threshold may be used: $expected',
    ({ sessions, instances, slots, threshold, expected }) => {
      const spec = fleet(reserve(RATIO(1 - threshold), slots))
      const change = (decideWith(spec, instances, seen(sessions)).desired ?? 0) - instances
      if (expected === 'add') expect(change).toBeGreaterThanOrEqual(1)
      else expect(change).toBe(expected === 'none' ? 0 : -1)
    },
  )
})

describe('a reserve of slots', () => {
  it.each([
    { used: 0, open: 1, desired: 1, why: 'just the reserve' },
    { used: 1, open: 1, desired: 2, why: 'one short' },
    { used: 20, open: 2, desired: 2, why: 'free equals the reserve exactly, which is enough' },
    { used: 61, open: 2, desired: 5, why: 'as many as the shortage is large' },
    { used: 20, open: 3, desired: 3, why: 'one over is not let go while it is what is left over' },
    { used: 20, open: 4, desired: 3, why: 'the second one over is' },
    { used: 20, open: 9, desired: 3, why: 'all at once' },
    { used: 0, open: 9, desired: 1, why: 'without a session nothing is left over' },
  ])('of 20 on instances of 20: $used used on $open gives $desired: $why', ({ used, open, desired }) => {
    expect(decideWith(fleet(reserve(SLOTS(20), 20)), open, seen(used)).desired).toBe(desired)
  })

  it('counts those that wait for room as if they had it', () => {
    const spec = fleet(reserve(SLOTS(5), 5))
    expect(decideWith(spec, 2, seen(5)).desired).toBe(2)
    expect(decideWith(spec, 2, seen(5, { waiting: 6 })).desired).toBe(4)
  })

  it('counts what is ordered as empty, so that an order is not repeated', () => {
    const spec = fleet(reserve(SLOTS(5), 5))
    expect(decideWith(spec, 2, seen(10), EMPTY_MEMORY, { pending: 1 }).desired).toBe(3)
  })

  it('looks at open instances alone: what drains has room for nobody', () => {
    const spec = fleet(reserve(SLOTS(5), 5))
    expect(decideWith(spec, 2, { inUse: 500, inUseOpen: 5 }).desired).toBe(2)
  })
})

describe('an unknown load', () => {
  const spec = fleet(reserve(SLOTS(5), 5))

  it('changes nothing, and says so', () => {
    const decision = decideWith(spec, 9, seen(null, { silent: 5 }))
    expect(decision.desired).toBe(9)
    expect(decision.because).toContain('"Room" is unknown')
  })

  it('of a few may ask for more, and never for fewer', () => {
    expect(decideWith(spec, 2, { inUse: null, inUseOpen: 10, silent: 1 }).desired).toBe(3)
    expect(decideWith(spec, 9, { inUse: null, inUseOpen: 5, silent: 1 }).desired).toBe(9)
  })

  it('lets no other rule take an instance, whatever its rank', () => {
    const down = fleetSpec({ rules: [{ name: 'Down', rank: 10, when: 'ready > 0', by: -3 }] })
    const decision = decideWith(fleet(reserve(SLOTS(5), 5), { rules: down.rules }), 6, seen(null))
    expect(decision.desired).toBe(6)
    expect(explainDecision(decision)).toContain(
      '"Room" has no data, and unknown never shrinks: 6 instead of 3',
    )
  })
})

describe('a reserve as a floor', () => {
  const down = fleetSpec({ rules: [{ name: 'Down', rank: 10, when: 'ready > 0', by: -3 }] }).rules
  const ruled = fleet(reserve(SLOTS(5), 5), { rules: down })

  it('holds what a rule of a higher rank would take from sessions', () => {
    const decision = decideWith(ruled, 6, seen(12))
    expect(decision).toMatchObject({ desired: 5, direction: 'in', rule: 'Down' })
    expect(decision.steps).toContainEqual({
      stage: 'floors',
      outcome: 'raised',
      rule: 'Room',
      reason: 'room',
      from: 3,
      to: 5,
    })
    expect(decision.because).toMatch(/^"Down" fired.*; "Room" is a floor/)
    expect(explainDecision(decision)).toContain(
      '"Room" is a floor, whatever the ranks and guards say: 5 instead of 3',
    )
  })

  it('turns such a rule round where there is too little room already', () => {
    const decision = decideWith(ruled, 6, seen(29))
    expect(decision).toMatchObject({ desired: 7, direction: 'out', rule: 'Room' })
    expect(decision.because).toBe(
      '"Room" asks for 7: sessions = 29, free slots = 1 against 5; "Room" is a floor, whatever the ranks and guards say: 7 instead of 3',
    )
  })

  it('waits for no cooldown and no rate limit', () => {
    const guards = {
      ...ruled.guards,
      cooldownOutMs: 600_000,
      rateOut: {
        limits: [{ kind: 'instances' as const, instances: 1, periodMs: 60_000 }],
        select: 'min' as const,
      },
    }
    const change = {
      at: NOON - 1_000,
      direction: 'out' as const,
      rule: 'Room',
      from: 1,
      to: 2,
      cooldownMs: 600_000,
    }
    const memory: Memory = { ...EMPTY_MEMORY, lastChange: change, changes: [change] }
    const spec = fleet(reserve(SLOTS(5), 5), { guards })
    expect(decideWith(spec, 2, seen(30), memory)).toMatchObject({ desired: 7, rule: 'Room' })
    // Its own way down does.
    const cooling = fleet(reserve(SLOTS(5), 5), { guards: { ...guards, cooldownInMs: 600_000 } })
    expect(decideWith(cooling, 9, seen(5), memory).desired).toBe(9)
  })

  it('is below the bounds, which have the last word', () => {
    const spec = fleet(reserve(SLOTS(5), 5), { constraints: fleetSpec({ min: 1, max: 4 }).constraints })
    expect(decideWith(spec, 4, seen(30)).desired).toBe(4)
  })

  it('is none while its rule is switched off', () => {
    const spec = fleet(reserve(SLOTS(5), 5, { enabled: false }), { rules: down })
    expect(decideWith(spec, 6, seen(29)).desired).toBe(3)
  })

  it('does not act where no constraint is in force and nothing may change', () => {
    const spec = fleet(reserve(SLOTS(5), 5), {
      constraints: [],
      guards: { ...ruled.guards, withoutConstraint: 'hold' },
    })
    expect(decideWith(spec, 2, seen(30)).desired).toBe(2)
  })
})

describe('what is said of a reserve', () => {
  const spec = fleet(reserve(RATIO(0.25), 20))

  it('has the numbers it went by', () => {
    expect(decideWith(spec, 4, seen(58, { waiting: 3 })).because).toBe(
      '"Room" asks for 5: sessions = 58, waiting_sessions = 3, free slots = 19 against 20',
    )
  })

  it('tells what would have to change: the sessions', () => {
    const looked = observation({ open: 4, sessions: seen(58) })
    const { up, down } = nextSteps(spec, looked, EMPTY_MEMORY)
    expect(up.ways).toMatchObject([{ operand: 'sessions', from: 58, to: 60, inclusive: false, desired: 5 }])
    expect(down.ways).toMatchObject([
      { operand: 'sessions', move: 'fall', to: 30, inclusive: true, desired: 3 },
    ])
  })

  it('tells why it did not win', () => {
    const looked = observation({ open: 4, sessions: seen(null) })
    const { decision } = decide(spec, looked, EMPTY_MEMORY)
    const past = { observation: looked, memory: EMPTY_MEMORY, decision }
    expect(whyNot(spec, past, 'Room')?.reasons).toMatchObject([{ reason: 'unknown' }])
    const content = observation({ open: 4, sessions: seen(50) })
    const held = { ...past, observation: content, decision: decide(spec, content, EMPTY_MEMORY).decision }
    expect(whyNot(spec, held, 'Room')?.reasons).toMatchObject([
      { reason: 'content', because: 'it asks for just what there is: sessions is 50, free slots is 30' },
    ])
  })

  it('tells another rule that the floor stood in its way', () => {
    const down = fleetSpec({ rules: [{ name: 'Down', rank: 10, when: 'ready > 0', by: -3 }] }).rules
    const both = fleet(reserve(SLOTS(5), 5), { rules: down })
    const looked = observation({ open: 6, sessions: seen(12) })
    const { decision } = decide(both, looked, EMPTY_MEMORY)
    const found = whyNot(both, { observation: looked, memory: EMPTY_MEMORY, decision }, 'Down')
    expect(found?.reasons).toMatchObject([{ reason: 'won' }, { reason: 'floor', by: 'Room' }])
  })
})

const anyReserve = fc.oneof(
  fc.integer({ min: 1, max: 200 }).map(SLOTS),
  fc.double({ min: 0.01, max: 0.95, noNaN: true }).map(RATIO),
)

describe('whatever the reserve', () => {
  it('more sessions never ask for fewer instances', () => {
    fc.assert(
      fc.property(
        anyReserve,
        fc.integer({ min: 1, max: 64 }),
        fc.nat(60),
        fc.nat(800),
        fc.nat(200),
        fc.nat(3),
        (kept, slots, open, used, more, silent) => {
          const spec = fleet(reserve(kept, slots), {
            constraints: fleetSpec({ min: 0, max: 1e9 }).constraints,
          })
          const few = decideWith(spec, open, seen(used, { silent })).desired ?? 0
          const many = decideWith(spec, open, seen(used + more, { silent })).desired ?? 0
          const waiting = decideWith(spec, open, seen(used, { waiting: more, silent })).desired ?? 0
          expect(many).toBeGreaterThanOrEqual(few)
          expect(waiting).toBe(many)
        },
      ),
    )
  })

  it('it is kept by what was decided, and what was decided is wanted again', () => {
    fc.assert(
      fc.property(
        anyReserve,
        fc.integer({ min: 1, max: 64 }),
        fc.nat(60),
        fc.nat(800),
        (kept, slots, open, used) => {
          const spec = fleet(reserve(kept, slots), {
            constraints: fleetSpec({ min: 0, max: 1e9 }).constraints,
          })
          const desired = decideWith(spec, open, seen(used)).desired ?? 0
          const free = desired * slots - used
          expect(free).toBeGreaterThanOrEqual(
            (kept.kind === 'slots' ? kept.slots : kept.ratio * desired * slots) - 1e-6,
          )
          expect(decideWith(spec, desired, seen(used)).desired).toBe(desired)
        },
      ),
    )
  })

  it('one session more or fewer never brings back what was just let go', () => {
    fc.assert(
      fc.property(
        anyReserve,
        fc.integer({ min: 2, max: 64 }),
        fc.nat(60),
        fc.integer({ min: 2, max: 800 }),
        (kept, slots, open, used) => {
          fc.pre(kept.kind === 'slots' || (1 - kept.ratio) * slots >= 1)
          const spec = fleet(reserve(kept, slots), {
            constraints: fleetSpec({ min: 0, max: 1e9 }).constraints,
          })
          const desired = decideWith(spec, open, seen(used)).desired ?? 0
          fc.pre(desired < open)
          expect(decideWith(spec, desired, seen(used + 1)).desired).toBe(desired)
        },
      ),
    )
  })
})
