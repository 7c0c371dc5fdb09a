import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../../test/builders/observation.ts'
import { type FleetWords, fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import type { AggregateOperand } from '../../model/expression.ts'
import { EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { ForecastOutlook, Outlook, ServeOutlook } from '../../model/outlook.ts'
import type { FleetSpec, ForecastRule, ReactiveRule, ServeRule } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { demandsOf } from '../demands.ts'
import { explainDecision } from '../explain.ts'
import { nextSteps } from '../next.ts'
import { whyNot } from '../why-not.ts'

const MINUTE = 60_000

const orders: AggregateOperand = {
  node: 'aggregate',
  key: 'last(orders)',
  aggregate: 'last',
  metric: 'orders',
  windowMs: MINUTE,
}
const cpu: AggregateOperand = { ...orders, key: 'last(cpu)', metric: 'cpu' }

const frame = {
  ...RULE_FRAME,
  cooldownMs: 0,
  operand: orders,
  operandText: 'last(orders)',
  spread: 'total',
  perInstance: 100,
} as const

const serve: ServeRule = { ...frame, name: 'Serve', kind: 'serve', sloRatio: 0.995, bootMs: null }
const forecast: ForecastRule = {
  ...frame,
  name: 'Ahead',
  kind: 'forecast',
  horizonMs: null,
  quantileRatio: 0.95,
}

const served = (demand: number, capacity: number, more: Partial<ServeOutlook> = {}): ServeOutlook => ({
  kind: 'serve',
  demand,
  capacity,
  leadMs: 195_000,
  boot: 'measured',
  sloRatio: 0.995,
  servedRatio: 0.9961,
  learntMs: 86_400_000,
  ...more,
})
const expected = (atMost: number, more: Partial<ForecastOutlook> = {}): ForecastOutlook => ({
  kind: 'forecast',
  demand: 4000,
  for: NOON + 15 * MINUTE,
  expected: 5200,
  atMost,
  by: 'seasonal profile',
  errorRatio: 0.7,
  state: 'used',
  ...more,
})

function fleet(rules: readonly ReactiveRule[], words: FleetWords = {}): FleetSpec {
  const spec = fleetSpec({ min: 1, max: 100, ...words })
  const keys = new Set(spec.operands.map(({ key }) => key))
  const operands = [orders, cpu].filter(({ key }) => !keys.has(key))
  return {
    ...spec,
    rules: [...spec.rules, ...rules],
    operands: [...spec.operands, ...operands].sort((a, b) => (a.key < b.key ? -1 : 1)),
  }
}

function decided(
  spec: FleetSpec,
  outlooks: Readonly<Record<string, Outlook>>,
  seen: ObservationWords = {},
  memory: Memory = EMPTY_MEMORY,
) {
  return decide(spec, observation({ open: 41, ...seen, outlooks }), memory).decision
}

describe('a rule that serves', () => {
  it.each([
    { demand: 4100, capacity: 4650, open: 41, desired: 47 },
    { demand: 4100, capacity: 4100, open: 41, desired: 41 },
    { demand: 4100, capacity: 3750, open: 41, desired: 38 },
    { demand: 0, capacity: 0, open: 41, desired: 1 },
    { demand: 4100, capacity: 4100.00000001, open: 41, desired: 41 },
    { demand: 9000, capacity: 20_000, open: 41, desired: 100 },
  ])('has $desired at a capacity of $capacity', ({ demand, capacity, open, desired }) => {
    expect(decided(fleet([serve]), { Serve: served(demand, capacity) }, { open }).desired).toBe(desired)
  })

  it('says in numbers what is needed, what may come, and where it knows the time from', () => {
    const told = explainDecision(decided(fleet([serve]), { Serve: served(4100, 4650) }))
    expect(told).toContain(
      '"Serve" needs 41 now, may rise by 6 before a new instance is ready (3m 15s, as measured) at 99.5 %: 47; 99.61 % found capacity lately',
    )
  })

  it.each<[Partial<ServeOutlook>, string]>([
    [{ boot: 'stated' }, '(3m 15s, as stated, none measured yet)'],
    [{ boot: 'usual' }, '(3m 15s, a usual time, none measured or stated yet)'],
    [{ capacity: 4100, learntMs: 0, servedRatio: null }, 'at 99.5 %: 41; nothing learnt yet of how it rises'],
    [{ capacity: 3900 }, 'needs 41 now, falls by 2 before'],
    [{ capacity: 4100 }, 'is content: it needs 41 now, stays so before'],
  ])('says so: %o', (more, said) => {
    const told = explainDecision(decided(fleet([serve]), { Serve: served(4100, 4650, more) }))
    expect(told.join('\n')).toContain(said)
  })

  it.each<[string, Readonly<Record<string, Outlook>>]>([
    ['the demand is not known', { Serve: { kind: 'none', waitsFor: 'last(orders), which is a gap' } }],
    ['nobody looked yet', {}],
    ['what is expected is no number', { Serve: served(4100, Number.NaN) }],
    ['the outlook is of another kind', { Serve: expected(100) }],
  ])('lets nothing go while %s', (_, outlooks) => {
    const down = { name: 'Down', when: 'last(cpu) < 20', by: -5, rank: 10 }
    const decision = decided(fleet([serve], { rules: [down] }), outlooks, { values: { 'last(cpu)': 10 } })
    expect(decision.desired).toBe(41)
    expect(decision.steps.filter(({ stage }) => stage === 'floors')).toMatchObject([
      { rule: 'Serve', reason: 'unknown', from: 36, to: 41 },
    ])
  })

  it('is a floor under a rule of a higher rank', () => {
    const down = { name: 'Down', when: 'last(cpu) < 20', to: 10, rank: 10 }
    const decision = decided(
      fleet([serve], { rules: [down] }),
      { Serve: served(3500, 3900) },
      { values: { 'last(cpu)': 10 } },
    )
    expect(decision.desired).toBe(39)
    expect(decision.because).toContain('"Serve" is a floor')
  })

  it('grows through a cooldown of the fleet, and lets go at once', () => {
    const memory: Memory = {
      ...EMPTY_MEMORY,
      lastChange: { at: NOON - 1000, direction: 'out', rule: 'Serve', from: 40, to: 41, cooldownMs: 0 },
    }
    const spec = fleet([serve], { guards: { cooldownOutMs: 180_000, cooldownInMs: 600_000 } })
    expect(decided(spec, { Serve: served(4100, 4650) }, {}, memory).desired).toBe(47)
    expect(decided(spec, { Serve: served(3100, 3200) }, {}, memory).desired).toBe(32)
  })

  it('asks for nothing while it is switched off', () => {
    expect(decided(fleet([{ ...serve, enabled: false }]), { Serve: served(4100, 9000) }).desired).toBe(41)
  })

  it('may bear the name of something every object has', () => {
    const spec = fleet([{ ...serve, name: 'constructor' }])
    expect(decided(spec, {}).desired).toBe(41)
    expect(decided(spec, { constructor: served(4100, 4650) }).desired).toBe(47)
  })

  it('tells why it did not win, and how much more it would have to expect', () => {
    const spec = fleet([serve])
    const seen = observation({ open: 41, outlooks: { Serve: served(4100, 4100) } })
    const { decision } = decide(spec, seen, EMPTY_MEMORY)
    const answer = whyNot(spec, { observation: seen, memory: EMPTY_MEMORY, decision }, 'Serve')
    expect(answer?.reasons).toMatchObject([
      { reason: 'content', because: expect.stringContaining('needs 41') },
    ])
    expect(nextSteps(spec, seen, EMPTY_MEMORY).up.ways).toMatchObject([
      { operand: 'the capacity that "Serve" expects to need', from: 4100, desired: 42, rule: 'Serve' },
    ])
  })

  it('tells that it does not know', () => {
    const spec = fleet([serve])
    const seen = observation({ open: 41, outlooks: { Serve: { kind: 'none', waitsFor: 'an answer' } } })
    const { decision } = decide(spec, seen, EMPTY_MEMORY)
    expect(decision.because).toBe('"Serve" waits for an answer')
    const values = { ...seen, readings: { 'last(orders)': { stated: 1 } } }
    const again = decide(spec, values, EMPTY_MEMORY).decision
    expect(
      whyNot(spec, { observation: values, memory: EMPTY_MEMORY, decision: again }, 'Serve')?.reasons,
    ).toMatchObject([{ reason: 'unknown', because: '"Serve" waits for an answer' }])
  })
})

describe('a forecast', () => {
  it.each([
    { atMost: 5900, open: 41, desired: 59 },
    { atMost: 3000, open: 41, desired: 41 },
  ])(
    'of at most $atMost makes $open to $desired: it raises, and never lowers',
    ({ atMost, open, desired }) => {
      expect(decided(fleet([forecast]), { Ahead: expected(atMost) }, { open }).desired).toBe(desired)
    },
  )

  it('says what it expects, when, and by whom', () => {
    const decision = decided(fleet([forecast]), { Ahead: expected(5900) })
    expect(explainDecision(decision)).toContain(
      '"Ahead" expects 5200, at most 5900, in 15m by seasonal profile: 59',
    )
    expect(decision).toMatchObject({ rule: 'Ahead', direction: 'out' })
  })

  it('stops a cut at what it expects, and vetoes none above that', () => {
    const down = { name: 'Down', when: 'last(cpu) < 20', to: 10 }
    const spec = fleet([forecast], { rules: [down] })
    const values = { 'last(cpu)': 10 }
    expect(decided(spec, { Ahead: expected(2950) }, { values }).desired).toBe(30)
    expect(decided(spec, { Ahead: expected(500) }, { values }).desired).toBe(10)
  })

  it.each<[string, Readonly<Record<string, Outlook>>, string]>([
    [
      'waits for history',
      { Ahead: { kind: 'none', waitsFor: '21h more of history' } },
      '"Ahead" waits for 21h more of history',
    ],
    [
      'was switched off',
      { Ahead: expected(9000, { state: 'off', errorRatio: 1.12 }) },
      '"Ahead" is switched off: its error was 1.12 of a simpler one\'s (seasonal profile)',
    ],
    ['has not looked yet', {}, '"Ahead" waits for the first look at the demand'],
  ])('that %s asks for nothing and stops no cut', (_, outlooks, said) => {
    const down = { name: 'Down', when: 'last(cpu) < 20', by: -1 }
    const decision = decided(fleet([forecast], { rules: [down] }), outlooks, { values: { 'last(cpu)': 10 } })
    expect(decision.desired).toBe(40)
    expect(explainDecision(decision)).toContain(said)
  })

  it('that knows nothing does not hide that the others know nothing either', () => {
    const up = { name: 'Up', when: 'last(cpu) > 80', by: 1 }
    const spec = fleet([forecast], { rules: [up], default: 60 })
    const values = { 'last(cpu)': null }
    expect(decided(spec, {}, { values })).toMatchObject({ desired: 60 })
  })

  it.each<[Partial<ForecastOutlook>, number, string]>([
    [{ atMost: 5900 }, 41, 'won'],
    [{ atMost: 3000 }, 41, 'wants-what-there-is'],
    [{ state: 'off' }, 41, 'false'],
  ])('tells why it did not raise: %o at %i', (more, open, reason) => {
    const spec = fleet([forecast])
    const seen = observation({ open, outlooks: { Ahead: expected(5900, more) } })
    const { decision } = decide(spec, seen, EMPTY_MEMORY)
    const answer = whyNot(spec, { observation: seen, memory: EMPTY_MEMORY, decision }, 'Ahead')
    expect(answer?.reasons).toMatchObject([{ reason }])
  })

  it('that only stopped a cut says so', () => {
    const rules = [{ name: 'Down', when: 'last(cpu) < 20', to: 10 }]
    const spec = fleet([forecast], { rules, guards: { flapping: false } })
    const outlooks = { Ahead: expected(2950) }
    const seen = observation({ open: 41, outlooks, values: { 'last(cpu)': 10 } })
    const { decision } = decide(spec, seen, EMPTY_MEMORY)
    const answer = whyNot(spec, { observation: seen, memory: EMPTY_MEMORY, decision }, 'Ahead')
    expect(answer?.reasons).toMatchObject([{ reason: 'floor', found: { want: 30 } }])
  })
})

describe('the demand', () => {
  const perInstance: ServeRule = {
    ...serve,
    operand: cpu,
    operandText: 'last(cpu)',
    spread: 'perInstance',
    perInstance: 60,
  }
  const reading = (value: number, reporting: number | null) => ({
    value,
    samples: 5,
    firstAt: NOON - 1000,
    lastAt: NOON - 1000,
    reporting,
  })

  it.each<[string, ServeRule, ObservationWords, unknown]>([
    ['of a total is its value', serve, { values: { 'last(orders)': 4100 } }, { value: 4100 }],
    ['is never negative', serve, { values: { 'last(orders)': -3 } }, { value: 0 }],
    [
      'is a gap with its reason',
      serve,
      { values: { 'last(orders)': null } },
      { gap: 'last(orders) is unknown: stated as a gap' },
    ],
    [
      'of each instance is its value times those ready',
      perInstance,
      { open: 5, values: { 'last(cpu)': 60 } },
      { value: 300 },
    ],
    [
      'of each instance counts the silent like the others',
      perInstance,
      { open: 5, readings: { 'last(cpu)': reading(60, 4) } },
      { value: 300 },
    ],
    [
      'of each instance counts those that report while they drain',
      perInstance,
      { open: 5, readings: { 'last(cpu)': reading(60, 6) } },
      { value: 360 },
    ],
  ])('%s', (_, rule, seen, demand) => {
    expect(demandsOf(fleet([rule]), observation(seen))).toEqual({ Serve: demand })
  })

  it('is asked of no other rule', () => {
    const spec = fleet([], { rules: [{ when: 'last(cpu) > 80', by: 1 }] })
    expect(demandsOf(spec, observation())).toEqual({})
  })
})
