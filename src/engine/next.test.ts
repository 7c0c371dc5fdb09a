import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../test/builders/observation.ts'
import { type FleetWords, fleetSpec } from '../../test/builders/spec.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { decide } from './decide.ts'
import { Spent } from './next/outlook.ts'
import { nextSteps } from './next.ts'

const MINUTE = 60_000

const upAndDown: FleetWords = {
  min: 2,
  max: 10,
  metrics: { cpu: {}, orders: {} },
  rules: [
    { name: 'Scale up', when: 'avg(cpu, 5m) > 80%', by: 1 },
    { name: 'Scale down', when: 'avg(cpu, 5m) < 20%', by: -1 },
  ],
}

const changedAt = (at: number): Memory => {
  const lastChange: Change = { at, direction: 'out', rule: 'Scale up', from: 3, to: 4, cooldownMs: 180_000 }
  return { ...EMPTY_MEMORY, lastChange }
}

describe('the next step', () => {
  it('names the value, how far it is, and the rule, both ways', () => {
    const next = nextSteps(
      fleetSpec(upAndDown),
      observation({ values: { 'avg(cpu, 5m)': 62.1 } }),
      EMPTY_MEMORY,
    )
    expect(next.up.ways).toMatchObject([
      {
        kind: 'value',
        operand: 'avg(cpu, 5m)',
        from: 62.1,
        to: 80,
        inclusive: false,
        move: 'rise',
        desired: 5,
        rule: 'Scale up',
      },
    ])
    expect(next.up.ways[0]?.because).toBe(
      '5 as soon as avg(cpu, 5m) rises above 80 (now 62.1, 17.9 more): "Scale up"',
    )
    expect(next.down.ways).toMatchObject([
      { operand: 'avg(cpu, 5m)', to: 20, inclusive: false, move: 'fall', desired: 3, rule: 'Scale down' },
    ])
  })

  it('tells a border that belongs to it from one that does not', () => {
    const spec = fleetSpec({ ...upAndDown, rules: [{ name: 'up', when: 'avg(cpu, 5m) >= 80%', by: 1 }] })
    const { up } = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 62.1 } }), EMPTY_MEMORY)
    expect(up.ways).toMatchObject([{ to: 80, inclusive: true }])
    expect(up.ways[0]?.because).toContain('rises to 80')
  })

  it('names a time when only the cooldown stands in the way', () => {
    const spec = fleetSpec({ ...upAndDown, guards: { cooldownOutMs: 3 * MINUTE } })
    const seen = observation({ values: { 'avg(cpu, 5m)': 90 } })
    const { up } = nextSteps(spec, seen, changedAt(NOON - MINUTE))
    expect(up.ways).toMatchObject([{ kind: 'time', at: NOON + 2 * MINUTE, desired: 5, rule: 'Scale up' }])
    expect(up.ways[0]?.because).toBe('5 in 2m (the cooldown ends), with every value as it is: "Scale up"')
  })

  it('names value and time when both stand in the way', () => {
    const spec = fleetSpec({ ...upAndDown, guards: { cooldownOutMs: 3 * MINUTE } })
    const seen = observation({ values: { 'avg(cpu, 5m)': 62.1 } })
    const { up } = nextSteps(spec, seen, changedAt(NOON - MINUTE))
    expect(up.ways).toMatchObject([
      { kind: 'value', to: 80, at: NOON + 2 * MINUTE, waitsFor: 'the cooldown ends' },
    ])
    expect(up.ways[0]?.because).toContain('rises above 80 (now 62.1, 17.9 more) and stays so')
  })

  it('waits for "for"', () => {
    const rules = [{ name: 'up', when: 'avg(cpu, 5m) > 80%', by: 1, forMs: 30_000 }]
    const spec = fleetSpec({ ...upAndDown, rules })
    const since = { ...EMPTY_MEMORY, trueSince: { up: NOON - 10_000 } }
    const already = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 90 } }), since)
    expect(already.up.ways).toMatchObject([{ kind: 'time', at: NOON + 20_000 }])
    const notYet = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 50 } }), EMPTY_MEMORY)
    expect(notYet.up.ways).toMatchObject([{ kind: 'value', to: 80, at: NOON + 30_000 }])
  })

  it('waits for the stabilization window', () => {
    const spec = fleetSpec({ ...upAndDown, guards: { stabilizationInMs: 5 * MINUTE } })
    const memory = { ...EMPTY_MEMORY, recommendations: [{ at: NOON - MINUTE, count: 4 }] }
    const { down } = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 10 } }), memory)
    expect(down.ways).toMatchObject([{ kind: 'time', at: NOON + 4 * MINUTE, desired: 3 }])
  })

  it('waits for a schedule window to open', () => {
    const spec = fleetSpec({
      ...upAndDown,
      constraints: [{ name: 'Peak', rank: 100, min: 6, max: 8, schedule: 'peak' }],
    })
    const windows = { peak: { from: NOON + 30 * MINUTE, to: NOON + 60 * MINUTE } }
    const { up } = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 50 }, windows }), EMPTY_MEMORY)
    expect(up.ways[0]).toMatchObject({ kind: 'time', at: NOON + 30 * MINUTE, desired: 6, rule: 'Peak' })
  })

  it('asks the calendar, where there is one, for windows after those of the observation', () => {
    const spec = fleetSpec({
      ...upAndDown,
      constraints: [{ name: 'Peak', rank: 100, min: 6, max: 8, schedule: 'peak' }],
    })
    const opens = NOON + 24 * 60 * MINUTE + 7
    const windowsAt = () => ({ peak: { from: opens, to: opens + 240 * 60 * MINUTE } })
    const { up } = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 50 } }), EMPTY_MEMORY, windowsAt)
    expect(up.ways).toContainEqual(expect.objectContaining({ kind: 'time', at: opens, waitsFor: null }))
  })

  it('says what the value of a gap would have to be', () => {
    const seen = observation({ values: { 'avg(cpu, 5m)': null } })
    const { up, down } = nextSteps(fleetSpec(upAndDown), seen, EMPTY_MEMORY)
    expect(up.ways[0]?.because).toBe('5 as soon as avg(cpu, 5m) has data again and is above 80: "Scale up"')
    expect(down.ways[0]?.because).toContain('has data again and is below 20')
  })

  it('offers every operand, the nearest first', () => {
    const spec = fleetSpec({
      ...upAndDown,
      rules: [{ name: 'up', when: 'avg(cpu, 5m) > 80% or last(orders) > 100', by: 1 }],
    })
    const seen = observation({ values: { 'avg(cpu, 5m)': 40, 'last(orders)': 95 } })
    const { up } = nextSteps(spec, seen, EMPTY_MEMORY)
    expect(up.ways.map(({ operand }) => operand)).toEqual(['last(orders)', 'avg(cpu, 5m)'])
  })

  it.each([
    {
      why: 'the bounds leave no room',
      open: 10,
      min: 2,
      max: 10,
      side: 'up' as const,
      says: '"capacity" allows at most 10',
    },
    {
      why: 'the bounds leave no room below',
      open: 2,
      min: 2,
      max: 10,
      side: 'down' as const,
      says: '"capacity" asks for at least 2',
    },
  ])('says so when $why', ({ open, min, max, side, says }) => {
    const spec = fleetSpec({ ...upAndDown, min, max })
    const next = nextSteps(spec, observation({ open, values: { 'avg(cpu, 5m)': 50 } }), EMPTY_MEMORY)
    expect(next[side]).toEqual({ ways: [], nothing: says })
  })

  it('says so when no rule could, and when no single value would', () => {
    const growOnly = fleetSpec({ ...upAndDown, rules: [{ name: 'up', when: 'avg(cpu, 5m) > 80%', by: 1 }] })
    const seen = observation({ values: { 'avg(cpu, 5m)': 50, 'last(orders)': 50 } })
    expect(nextSteps(growOnly, seen, EMPTY_MEMORY).down.nothing).toBe('no rule asks for fewer')
    const both = fleetSpec({
      ...upAndDown,
      rules: [{ name: 'up', when: 'avg(cpu, 5m) > 80% and last(orders) > 100', by: 1 }],
    })
    expect(nextSteps(both, seen, EMPTY_MEMORY).up.nothing).toContain('several would have to change together')
  })

  it('says so when the count is not known', () => {
    const seen = { ...observation(), capacity: null, capacityGap: 'the target did not answer' }
    const next = nextSteps(fleetSpec(upAndDown), seen, EMPTY_MEMORY)
    expect(next).toMatchObject({ desired: null, up: { ways: [] }, down: { ways: [] } })
    expect(next.up.nothing).toContain('the target did not answer')
  })

  it('goes on from where the tick led: a second instance after the cooldown of the first', () => {
    const spec = fleetSpec({ ...upAndDown, guards: { cooldownOutMs: 3 * MINUTE } })
    const { up, desired } = nextSteps(spec, observation({ values: { 'avg(cpu, 5m)': 90 } }), EMPTY_MEMORY)
    expect(desired).toBe(5)
    expect(up.ways).toMatchObject([{ kind: 'time', at: NOON + 3 * MINUTE, desired: 6 }])
  })

  it('finds the edges of bands, of tolerances and of counts', () => {
    const base = fleetSpec(upAndDown)
    const [first] = base.rules
    if (first === undefined || first.kind !== 'when' || first.when.node !== 'compare')
      throw new Error('no rule')
    const { name: _, when: __, whenText: ___, scale: ____, kind: _____, ...frame } = first
    const operand = first.when.left
    const words = { ...frame, operand, operandText: 'avg(cpu, 5m)' }
    const track = {
      ...words,
      kind: 'track' as const,
      name: 'Track',
      spread: 'total' as const,
      target: 60,
      toleranceRatio: 0.1,
      toleranceInRatio: 0.1,
      wholePercents: false,
    }
    const match = {
      ...words,
      kind: 'match' as const,
      name: 'Match',
      expression: operand,
      expressionText: 'avg(cpu, 5m)',
    }
    const steps = {
      ...words,
      kind: 'steps' as const,
      name: 'Steps',
      threshold: 60,
      rounding: 'up' as const,
      bands: [{ from: 10, to: null, scale: { kind: 'by' as const, instances: 2 } }],
    }
    const seen = observation({ values: { 'avg(cpu, 5m)': 240 } })
    const at4 = (rule: typeof track | typeof match | typeof steps, value: number) => {
      const values = { 'avg(cpu, 5m)': value }
      return nextSteps({ ...base, rules: [rule] }, { ...seen, ...observation({ values }) }, EMPTY_MEMORY).up
        .ways
    }
    expect(at4(track, 240)).toMatchObject([{ to: 264, inclusive: false, desired: 5 }])
    expect(at4(match, 4)).toMatchObject([{ to: 4, inclusive: false, desired: 5 }])
    expect(at4(steps, 50)).toMatchObject([{ to: 70, inclusive: true, desired: 6 }])
  })

  it('is what decide would decide', () => {
    const spec = fleetSpec({ ...upAndDown, guards: { cooldownOutMs: 3 * MINUTE } })
    const seen = observation({ values: { 'avg(cpu, 5m)': 62.1 } })
    const [way] = nextSteps(spec, seen, EMPTY_MEMORY).up.ways
    const decided = decide(
      spec,
      observation({ values: { 'avg(cpu, 5m)': (way?.to ?? 0) + 0.001 } }),
      EMPTY_MEMORY,
    )
    expect(decided.decision.desired).toBe(way?.desired)
  })
})

describe('how the next step is said', () => {
  const cpu = (value: number | null) => observation({ values: { 'avg(cpu, 5m)': value } })
  const ofBoth = (words: FleetWords, seen = cpu(62.1), memory: Memory = EMPTY_MEMORY) => {
    const { up, down } = nextSteps(fleetSpec({ ...upAndDown, ...words }), seen, memory)
    const said = ({ ways }: typeof up) => ways.map(({ because }) => because)
    return { up: said(up), down: said(down), nothing: [up.nothing, down.nothing] }
  }
  const inclusive = [
    { name: 'Scale up', when: 'avg(cpu, 5m) >= 80%', by: 1 },
    { name: 'Scale down', when: 'avg(cpu, 5m) <= 20%', by: -1 },
  ]

  it('with how far it is, which way, and by which rule', () => {
    expect(ofBoth({})).toEqual({
      up: ['5 as soon as avg(cpu, 5m) rises above 80 (now 62.1, 17.9 more): "Scale up"'],
      down: ['3 as soon as avg(cpu, 5m) falls below 20 (now 62.1, 42.1 less): "Scale down"'],
      nothing: [null, null],
    })
    expect(ofBoth({ rules: inclusive })).toMatchObject({
      up: ['5 as soon as avg(cpu, 5m) rises to 80 (now 62.1, 17.9 more): "Scale up"'],
      down: ['3 as soon as avg(cpu, 5m) falls to 20 (now 62.1, 42.1 less): "Scale down"'],
    })
  })

  it('of a gap with what it would have to be', () => {
    expect(ofBoth({ rules: inclusive }, cpu(null))).toMatchObject({
      up: ['5 as soon as avg(cpu, 5m) has data again and is at least 80: "Scale up"'],
      down: ['3 as soon as avg(cpu, 5m) has data again and is at most 20: "Scale down"'],
    })
  })

  it('of samples that are too few as of a gap', () => {
    const reading = { value: 50, samples: 1, firstAt: NOON, lastAt: NOON, reporting: null }
    expect(ofBoth({}, observation({ readings: { 'avg(cpu, 5m)': reading } }))).toMatchObject({
      up: ['5 as soon as avg(cpu, 5m) has data again and is above 80: "Scale up"'],
    })
  })

  it('with the time, where one has to wait too', () => {
    expect(ofBoth({ guards: { cooldownOutMs: 3 * MINUTE } }, cpu(62.1), changedAt(NOON - MINUTE)).up).toEqual(
      [
        '5 in 2m (the cooldown ends), if avg(cpu, 5m) rises above 80 (now 62.1, 17.9 more) and stays so: "Scale up"',
      ],
    )
  })

  it('without a rule, where the count there is would do', () => {
    const { down } = nextSteps(fleetSpec(upAndDown), cpu(90), EMPTY_MEMORY)
    expect(down.ways).toMatchObject([{ desired: 4, rule: null }, { desired: 3 }].slice(0, down.ways.length))
    expect(down.ways[0]?.because).toBe('4 as soon as avg(cpu, 5m) falls to 80 (now 90, 10 less)')
  })

  it('without what it waits for, where only the calendar knows', () => {
    const constraints = [{ name: 'Peak', rank: 100, min: 6, max: 8, schedule: 'peak' }]
    const opens = NOON + 25 * 60 * MINUTE
    const windowsAt = () => ({ peak: { from: opens, to: opens + 240 * 60 * MINUTE } })
    const { up } = nextSteps(fleetSpec({ ...upAndDown, constraints }), cpu(50), EMPTY_MEMORY, windowsAt)
    expect(up.ways[0]).toMatchObject({
      kind: 'time',
      inclusive: true,
      because: '6 in 1d 1h, with every value as it is: "Peak"',
    })
  })
})

describe('which ways there are', () => {
  const orders = { name: 'up', when: 'avg(cpu, 5m) > 80% or last(orders) > 1000', by: 1 }
  const seen = (cpu: number | null, count: number | null) =>
    observation({ values: { 'avg(cpu, 5m)': cpu, 'last(orders)': count } })
  const operandsOf = (when: string, given: ReturnType<typeof seen>) =>
    nextSteps(fleetSpec({ ...upAndDown, rules: [{ ...orders, when }] }), given, EMPTY_MEMORY).up.ways.map(
      ({ operand }) => operand,
    )

  it('the nearest comes first, in shares of what is usual for it', () => {
    expect(operandsOf(orders.when, seen(40, 950))).toEqual(['last(orders)', 'avg(cpu, 5m)'])
  })

  it('what has no data comes last', () => {
    expect(operandsOf('last(orders) > 1000 or avg(cpu, 5m) > 80%', seen(40, null))).toEqual([
      'avg(cpu, 5m)',
      'last(orders)',
    ])
  })

  it('of a gap one each way, the border nearest to nothing for more and to a lot for fewer', () => {
    const rules = [
      { name: 'up', when: 'avg(cpu, 5m) > 80%', by: 1 },
      { name: 'down', when: 'avg(cpu, 5m) < 50%', by: -1 },
    ]
    const { up, down } = nextSteps(fleetSpec({ ...upAndDown, rules }), seen(null, null), EMPTY_MEMORY)
    expect(up.ways).toMatchObject([{ from: null, to: 80, move: 'rise' }])
    expect(down.ways).toMatchObject([{ from: null, to: 50, move: 'fall' }])
  })

  it('of a gap that may be negative too', () => {
    const rules = [{ name: 'up', when: 'slope(orders, 5m) > 3', by: 1 }]
    const given = observation({ values: { 'slope(orders, 5m)': null } })
    expect(nextSteps(fleetSpec({ ...upAndDown, rules }), given, EMPTY_MEMORY).up.ways).toMatchObject([
      { to: 3, move: 'rise' },
    ])
  })

  it('none that is later than what comes anyway', () => {
    const spec = fleetSpec({
      ...upAndDown,
      constraints: [{ name: 'Peak', rank: 100, min: 6, max: 8, schedule: 'peak' }],
      guards: { cooldownOutMs: 3 * MINUTE },
    })
    const windows = { peak: { from: NOON + MINUTE, to: NOON + 60 * MINUTE } }
    const given = observation({ values: { 'avg(cpu, 5m)': 62.1 }, windows })
    const { up } = nextSteps(spec, given, changedAt(NOON - MINUTE), () => windows)
    expect(up.ways).toMatchObject([{ kind: 'time', at: NOON + MINUTE }])
  })

  it('one that is earlier than what comes anyway', () => {
    const spec = fleetSpec({
      ...upAndDown,
      constraints: [{ name: 'Peak', rank: 100, min: 6, max: 8, schedule: 'peak' }],
      guards: { cooldownOutMs: 3 * MINUTE },
    })
    const windows = { peak: { from: NOON + 30 * MINUTE, to: NOON + 60 * MINUTE } }
    const given = observation({ values: { 'avg(cpu, 5m)': 62.1 }, windows })
    const { up } = nextSteps(spec, given, changedAt(NOON - MINUTE), () => windows)
    expect(up.ways).toMatchObject([
      { kind: 'time', at: NOON + 30 * MINUTE, desired: 6 },
      { kind: 'value', at: NOON + 2 * MINUTE, desired: 5 },
    ])
  })

  it('none that waits where a value alone would do', () => {
    const windows = { day: { from: NOON - MINUTE, to: NOON + MINUTE } }
    const given = observation({ values: { 'avg(cpu, 5m)': 62.1 }, windows })
    const { up } = nextSteps(fleetSpec(upAndDown), given, EMPTY_MEMORY, () => windows)
    expect(up.ways).toMatchObject([{ kind: 'value', at: null }])
  })
})

describe('why there is no way', () => {
  const upOnly = [{ name: 'up', when: 'avg(cpu, 5m) > 80%', by: 1 }]
  const downOnly = [{ name: 'down', when: 'avg(cpu, 5m) < 20%', by: -1 }]
  const calm = { values: { 'avg(cpu, 5m)': 50 } }
  const nothing = (words: FleetWords, seen: ObservationWords) => {
    const { up, down } = nextSteps(fleetSpec({ ...upAndDown, ...words }), observation(seen), EMPTY_MEMORY)
    return { up: up.nothing, down: down.nothing }
  }

  it.each<[string, FleetWords, ObservationWords, object]>([
    ['no rule asks for it', { rules: upOnly }, calm, { up: null, down: 'no rule asks for fewer' }],
    ['nor for more', { rules: downOnly }, calm, { up: 'no rule asks for more', down: null }],
    [
      'the one that would is disabled',
      { rules: upOnly.map(rule => ({ ...rule, enabled: false })) },
      calm,
      { up: 'no rule asks for more' },
    ],
    [
      'the upper bound, which does not hold the way down',
      { rules: upOnly },
      { ...calm, open: 10 },
      { up: '"capacity" allows at most 10', down: 'no rule asks for fewer' },
    ],
    [
      'the lower bound, which does not hold the way up',
      { rules: downOnly },
      { ...calm, open: 2 },
      { up: 'no rule asks for more', down: '"capacity" asks for at least 2' },
    ],
    [
      'what the target holds, whether it is asked for more or not',
      {},
      { ...calm, targetHighest: 4 },
      { up: 'the target holds at most 4', down: null },
    ],
    [
      'and when it is',
      {},
      { values: { 'avg(cpu, 5m)': 90 }, targetHighest: 4 },
      { up: 'the target holds at most 4' },
    ],
    [
      'what the target holds is not all: there is room, or it is the way down',
      { rules: downOnly },
      { ...calm, targetHighest: 9 },
      { up: 'no rule asks for more' },
    ],
    [
      'and does not hold the way down',
      { rules: upOnly },
      { ...calm, targetHighest: 4 },
      { down: 'no rule asks for fewer' },
    ],
    [
      'the quota, where there is room',
      { rules: downOnly, spec: { quota: 9 } },
      calm,
      { up: 'no rule asks for more' },
    ],
    [
      'the quota, on the way down',
      { rules: upOnly, spec: { quota: 4 } },
      calm,
      { down: 'no rule asks for fewer' },
    ],
    [
      'several values would have to change together, for the one rule that asks',
      {
        rules: [
          { name: 'both', when: 'avg(cpu, 5m) > 80% and last(orders) > 100', by: 1 },
          { name: 'never', when: 'at_max', by: -1 },
        ],
      },
      { values: { 'avg(cpu, 5m)': 50, 'last(orders)': 50 } },
      { up: 'no single value, and no waiting, would do it: several would have to change together' },
    ],
    ['the quota', { spec: { quota: 4 } }, calm, { up: 'the quota allows at most 4', down: null }],
    [
      'a veto',
      { rules: [...downOnly, { name: 'never', when: 'at_max', by: -1 }] },
      { values: { 'avg(cpu, 5m)': 10 } },
      {
        up: 'no rule asks for more',
        down: '"down" wants 3, but "never" does not agree (scaleIn: all)',
      },
    ],
    [
      'a pause',
      {},
      {
        ...calm,
        overrides: [
          {
            id: '1',
            fleet: 'web',
            at: NOON,
            who: 'ada',
            why: '',
            until: null,
            change: { kind: 'pause' },
          },
        ],
      },
      { up: 'paused by ada: nothing changes', down: 'paused by ada: nothing changes' },
    ],
    [
      'no constraint in force',
      { guards: { withoutConstraint: 'hold' }, spec: { constraints: [] } },
      calm,
      {
        up: 'no constraint is in force, so nothing changes',
        down: 'no constraint is in force, so nothing changes',
      },
    ],
  ])('%s', (_, words, seen, expected) => {
    expect(nothing(words, seen)).toMatchObject(expected)
  })

  it('a search that ended early, and only that', () => {
    const ask = (error: Error) =>
      nextSteps(fleetSpec(upAndDown), observation(calm), EMPTY_MEMORY, () => {
        throw error
      })
    expect(ask(new Spent('it ended early'))).toMatchObject({
      up: { ways: [], nothing: 'it ended early' },
      down: { ways: [], nothing: 'it ended early' },
    })
    expect(() => ask(new Error('the calendar is broken'))).toThrow('the calendar is broken')
  })
})
