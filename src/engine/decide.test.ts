import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec, type RuleWords } from '../../test/builders/spec.ts'
import type { Step } from '../model/decision.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { Override } from '../model/override.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain.ts'

const MINUTE = 60_000

interface ReconciliationCase {
  readonly name: string
  readonly current: number
  readonly min: number
  readonly max: number
  readonly fired: readonly (readonly [string, number])[]
  readonly expected: number
}

interface FlappingCase {
  readonly current: number
  readonly wanted: number
  readonly observed: number
  readonly growWhen: string
  readonly expected: number
  readonly projected?: readonly number[]
}

const golden: { reconciliation: ReconciliationCase[]; flapping: FlappingCase[] } = JSON.parse(
  readFileSync(new URL('../../test/conformance/decide.json', import.meta.url), 'utf8'),
)

const signal = { signal: { kind: 'independent' as const } }

/** A rule that fires whenever `signal` is above 0, asking for "+1", "-20%" and the like. */
function firing([change, rank]: readonly [string, number], index: number): RuleWords {
  const amount = Number.parseFloat(change)
  const scale = change.endsWith('%') ? { percent: amount } : { by: amount }
  return { name: `${change} #${index}`, rank, when: 'last(signal) > 0', ...scale }
}

describe('reconciling proposals', () => {
  it.each(golden.reconciliation)(
    '$name: $current becomes $expected',
    ({ current, min, max, fired, expected }) => {
      const spec = fleetSpec({ min, max, metrics: signal, rules: fired.map(firing) })
      const seen = observation({ open: current, values: { 'last(signal)': 1 } })
      expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(expected)
    },
  )

  it('counts pending and replacing instances as current', () => {
    const spec = fleetSpec({ metrics: signal, rules: [{ when: 'last(signal) > 0', by: 1 }] })
    const seen = observation({ open: 2, pending: 1, replacing: 1, values: { 'last(signal)': 1 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision).toMatchObject({ current: 4, desired: 5 })
  })

  it('keeps the count when a higher rank wants just what there is', () => {
    const rules: RuleWords[] = [
      { name: 'hold at four', rank: 2, when: 'last(signal) > 0', to: 4 },
      { name: 'down', rank: 1, when: 'last(signal) > 0', by: -1 },
    ]
    const spec = fleetSpec({ metrics: signal, rules })
    const { decision } = decide(spec, observation({ open: 4, values: { 'last(signal)': 1 } }), EMPTY_MEMORY)
    expect(decision.desired).toBe(4)
    expect(decision.because).toContain('hold at four')
  })
})

describe('vetoes on shrinking', () => {
  const metrics = { a: {}, b: {} }
  const down = (name: string, when: string, rank = 0): RuleWords => ({ name, when, rank, by: -1 })

  it.each([
    { scaleIn: 'all' as const, b: 50, expected: 4, why: 'another shrink rule did not fire' },
    { scaleIn: 'all' as const, b: null, expected: 4, why: 'another shrink rule is unknown' },
    { scaleIn: 'all' as const, b: 5, expected: 3, why: 'every shrink rule fired' },
    { scaleIn: 'any' as const, b: 50, expected: 3, why: 'any one is enough' },
    { scaleIn: 'any' as const, b: null, expected: 3, why: 'unknown shrink evidence does not veto' },
  ])('with scaleIn: $scaleIn gives $expected when $why', ({ scaleIn, b, expected }) => {
    const rules = [down('a low', 'last(a) < 10'), down('b low', 'last(b) < 10')]
    const spec = fleetSpec({ metrics, rules, guards: { scaleIn } })
    const seen = observation({ open: 4, values: { 'last(a)': 5, 'last(b)': b } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(expected)
  })

  it.each(['all', 'any'] as const)('never shrinks past a grow rule without data (scaleIn: %s)', scaleIn => {
    const rules = [down('a low', 'last(a) < 10'), { name: 'b high', when: 'last(b) > 90', by: 1 }]
    const spec = fleetSpec({ metrics, rules, guards: { scaleIn } })
    const { decision } = decide(
      spec,
      observation({ values: { 'last(a)': 5, 'last(b)': null } }),
      EMPTY_MEMORY,
    )
    expect(decision.desired).toBe(4)
    expect(decision.because).toContain('unknown never shrinks')
  })

  it('lets no rule of a lower rank veto', () => {
    const rules = [down('a low', 'last(a) < 10', 2), down('b low', 'last(b) < 10', 1)]
    const spec = fleetSpec({ metrics, rules })
    const seen = observation({ values: { 'last(a)': 5, 'last(b)': 50 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(3)
  })

  it('lets neither a disabled rule nor one outside its schedule veto', () => {
    const rules = [
      down('a low', 'last(a) < 10'),
      { ...down('off', 'last(b) < 10'), enabled: false },
      { ...down('night only', 'last(b) < 10'), during: 'night' },
    ]
    const spec = fleetSpec({ metrics, rules })
    const night = { night: { from: NOON + MINUTE, to: NOON + 2 * MINUTE } }
    const seen = observation({ values: { 'last(a)': 5, 'last(b)': 50 }, windows: night })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(3)
  })
})

describe('missing data', () => {
  const spec = fleetSpec({ min: 2, max: 10, default: 5, rules: [{ when: 'avg(cpu, 5m) > 80%', by: 1 }] })

  it('goes to the default when every rule is blind and there are fewer', () => {
    const { decision } = decide(
      spec,
      observation({ open: 3, values: { 'avg(cpu, 5m)': null } }),
      EMPTY_MEMORY,
    )
    expect(decision).toMatchObject({ desired: 5, direction: 'out' })
  })

  it('never shrinks to the default', () => {
    const { decision } = decide(
      spec,
      observation({ open: 8, values: { 'avg(cpu, 5m)': null } }),
      EMPTY_MEMORY,
    )
    expect(decision).toMatchObject({ desired: 8, direction: 'none' })
  })

  it('changes nothing when the count itself is unknown', () => {
    const seen = {
      ...observation({ values: { 'avg(cpu, 5m)': 99 } }),
      capacity: null,
      capacityGap: 'no answer',
    }
    const { decision } = decide(spec, seen, EMPTY_MEMORY)
    expect(decision).toMatchObject({ current: null, desired: null, direction: 'none' })
    expect(decision.because).toContain('no answer')
  })

  it('remembers since when an operand has been a gap, and forgets it when it returns', () => {
    const gap = (at: number): ReturnType<typeof observation> =>
      observation({ at, values: { 'avg(cpu, 5m)': null } })
    const first = decide(spec, gap(NOON), EMPTY_MEMORY)
    const second = decide(spec, gap(NOON + MINUTE), first.memory)
    expect(second.memory.gaps).toEqual({ 'avg(cpu, 5m)': NOON })
    const back = observation({ at: NOON + 2 * MINUTE, values: { 'avg(cpu, 5m)': 50 } })
    expect(decide(spec, back, second.memory).memory.gaps).toEqual({})
  })
})

describe('coverage of windows', () => {
  const spec = fleetSpec({ rules: [{ when: 'avg(cpu, 45m) > 80%', by: 1 }] })
  const reading = { value: 90, samples: 9, firstAt: NOON - 40 * MINUTE, lastAt: NOON - MINUTE, reporting: 4 }

  it.each([
    { why: 'covered at both ends', change: {}, desired: 5 },
    { why: 'one sample only', change: { samples: 1 }, desired: 4 },
    { why: 'nothing in the first 40 %', change: { firstAt: NOON - 20 * MINUTE }, desired: 4 },
    { why: 'nothing in the last 40 %', change: { lastAt: NOON - 20 * MINUTE }, desired: 4 },
    { why: 'fewer than half of the instances reported', change: { reporting: 1 }, desired: 4 },
    { why: 'not a number', change: { value: Number.NaN }, desired: 4 },
  ])('$why: desired $desired', ({ change, desired }) => {
    const seen = observation({ open: 4, readings: { 'avg(cpu, 45m)': { ...reading, ...change } } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(desired)
  })

  it('asks only for two samples of a window shorter than ten minutes', () => {
    const short = fleetSpec({ rules: [{ when: 'avg(cpu, 9m) > 80%', by: 1 }] })
    const late = { ...reading, samples: 2, firstAt: NOON - 2 * MINUTE, lastAt: NOON - MINUTE }
    const seen = observation({ open: 4, readings: { 'avg(cpu, 9m)': late } })
    expect(decide(short, seen, EMPTY_MEMORY).decision.desired).toBe(5)
  })
})

describe('the flapping projection', () => {
  it.each(golden.flapping)(
    '$observed at $current, $wanted wanted, grow when $growWhen: $expected',
    ({ current, wanted, observed, growWhen, expected, projected }) => {
      const metrics = { m: { kind: 'perInstance' as const }, ...signal }
      const rules: RuleWords[] = [
        { name: 'grow', when: `avg(m, 5m) ${growWhen}`, by: 1 },
        { name: 'shrink', when: 'last(signal) > 0', to: wanted },
      ]
      const spec = fleetSpec({ min: 0, max: 100, metrics, rules })
      const seen = observation({ open: current, values: { 'avg(m, 5m)': observed, 'last(signal)': 1 } })
      const { decision } = decide(spec, seen, EMPTY_MEMORY)
      expect(decision.desired).toBe(expected)
      if (projected !== undefined) {
        expect(flappingStep(decision.steps).projections.map(({ value }) => value)).toEqual(projected)
      }
    },
  )

  it.each([
    {
      when: 'last(t) / instances > 100',
      kind: 'total' as const,
      value: 350,
      desired: 4,
      why: 'a total is divided by fewer',
    },
    {
      when: 'last(t) > 400',
      kind: 'total' as const,
      value: 350,
      desired: 3,
      why: 'a total itself does not change',
    },
    {
      when: 'last(t) > 400',
      kind: 'independent' as const,
      value: 350,
      desired: 3,
      why: 'an independent metric does not change',
    },
    {
      when: 'sum(t, 5m) > 400',
      kind: 'perInstance' as const,
      value: 350,
      desired: 3,
      why: 'a sum over instances does not change',
    },
    {
      when: 'max(t, 5m) > 400',
      kind: 'perInstance' as const,
      value: 350,
      desired: 4,
      why: 'a maximum rises',
    },
  ])('$why ($when): $desired', ({ when, kind, value, desired }) => {
    const rules: RuleWords[] = [
      { name: 'grow', when, by: 1 },
      { name: 'shrink', when: 'last(signal) > 0', by: -1 },
    ]
    const spec = fleetSpec({ metrics: { t: { kind }, ...signal }, rules })
    const key = /^\w+\(t[^)]*\)/.exec(when)?.[0] ?? ''
    const seen = observation({ open: 4, values: { [key]: value, 'last(signal)': 1 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(desired)
  })

  it('follows a KPI to the operands of its goal', () => {
    const spec = fleetSpec({
      metrics: { m: { kind: 'perInstance' }, ...signal },
      kpis: { busy: 'avg(m, 5m) < 80%' },
      rules: [
        { name: 'grow', when: 'busy is red', by: 1 },
        { name: 'shrink', when: 'last(signal) > 0', by: -1 },
      ],
    })
    const seen = observation({ open: 3, values: { 'avg(m, 5m)': 60, 'last(signal)': 1 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(3)
  })

  it('never leaves a load without any instance', () => {
    const spec = fleetSpec({
      min: 0,
      metrics: { m: { kind: 'perInstance' }, ...signal },
      rules: [
        { name: 'grow', when: 'avg(m, 5m) > 80%', by: 1 },
        { name: 'shrink', when: 'last(signal) > 0', to: 0 },
      ],
    })
    const seen = observation({ open: 1, values: { 'avg(m, 5m)': 10, 'last(signal)': 1 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(1)
  })
})

function flappingStep(steps: readonly Step[]): Extract<Step, { guard: 'flapping' }> {
  const step = steps.find(candidate => candidate.stage === 'guards' && candidate.guard === 'flapping')
  if (step?.stage !== 'guards' || step.guard !== 'flapping') throw new Error('no flapping step')
  return step
}

describe('the cooldown', () => {
  const up: RuleWords = { name: 'up', when: 'last(signal) > 0', by: 1 }
  const changed = (agoMs: number, cooldownMs = 60 * MINUTE): Memory => ({
    ...EMPTY_MEMORY,
    lastChange: { at: NOON - agoMs, direction: 'in', rule: 'other', from: 5, to: 4, cooldownMs },
  })

  it.each([
    { why: 'still cooling', agoMs: 2 * MINUTE, guards: {}, rule: {}, desired: 4 },
    { why: 'just over', agoMs: 3 * MINUTE, guards: {}, rule: {}, desired: 5 },
    {
      why: "the rule's own is longer",
      agoMs: 4 * MINUTE,
      guards: {},
      rule: { cooldownMs: 5 * MINUTE },
      desired: 4,
    },
    {
      why: 'counted from the rule that acted last',
      agoMs: 4 * MINUTE,
      guards: { cooldownFrom: 'last' as const },
      rule: {},
      desired: 4,
    },
  ])('$why: desired $desired', ({ agoMs, guards, rule, desired }) => {
    const spec = fleetSpec({
      metrics: signal,
      rules: [{ ...up, ...rule }],
      guards: { cooldownOutMs: 3 * MINUTE, ...guards },
    })
    const seen = observation({ open: 4, values: { 'last(signal)': 1 } })
    expect(decide(spec, seen, changed(agoMs)).decision.desired).toBe(desired)
  })

  it('starts when another actor changes the count', () => {
    const spec = fleetSpec({ metrics: signal, rules: [up], guards: { cooldownOutMs: 3 * MINUTE } })
    const seen = observation({ open: 4, values: { 'last(signal)': 1 }, external: { from: 6, to: 4 } })
    const { decision, memory } = decide(spec, seen, EMPTY_MEMORY)
    expect(decision.desired).toBe(4)
    expect(memory.lastChange).toMatchObject({ at: NOON, direction: 'in', rule: null, from: 6, to: 4 })
  })

  it('yields to the bounds', () => {
    const spec = fleetSpec({ min: 6, metrics: signal, rules: [up], guards: { cooldownOutMs: 3 * MINUTE } })
    const { decision } = decide(spec, observation({ open: 4, values: { 'last(signal)': 0 } }), changed(0))
    expect(decision).toMatchObject({ desired: 6, rule: 'capacity' })
  })
})

describe('the stabilization window', () => {
  const spec = fleetSpec({
    metrics: signal,
    rules: [{ name: 'down', when: 'last(signal) > 0', by: -1 }],
    guards: { stabilizationInMs: 5 * MINUTE },
  })
  const seen = observation({ open: 6, values: { 'last(signal)': 1 } })
  const remembering = (recommendations: Memory['recommendations']): Memory => ({
    ...EMPTY_MEMORY,
    recommendations,
  })

  it.each([
    { why: 'nothing remembered', recommendations: [], desired: 5 },
    { why: 'more was wanted a minute ago', recommendations: [{ at: NOON - MINUTE, count: 6 }], desired: 6 },
    {
      why: 'that was longer ago than the window',
      recommendations: [{ at: NOON - 5 * MINUTE, count: 6 }],
      desired: 5,
    },
    {
      why: 'even more was wanted: held, never reversed',
      recommendations: [{ at: NOON - MINUTE, count: 9 }],
      desired: 6,
    },
  ])('$why: desired $desired', ({ recommendations, desired }) => {
    expect(decide(spec, seen, remembering(recommendations)).decision.desired).toBe(desired)
  })

  it('remembers a bounded number of recommendations', () => {
    let memory: Memory = EMPTY_MEMORY
    for (let n = 0; n < 1000; n++) {
      const at = NOON + n * 1000
      memory = decide(spec, observation({ at, open: 6, values: { 'last(signal)': n % 2 } }), memory).memory
    }
    expect(memory.recommendations.length).toBeLessThanOrEqual(300)
  })
})

describe('for', () => {
  const spec = fleetSpec({
    metrics: signal,
    rules: [{ name: 'up', when: 'last(signal) > 0', by: 1, forMs: 5 * MINUTE }],
  })
  const run = (values: readonly (number | null)[]): (number | null)[] => {
    let memory: Memory = EMPTY_MEMORY
    return values.map((value, minute) => {
      const seen = observation({ at: NOON + minute * MINUTE, open: 4, values: { 'last(signal)': value } })
      const decided = decide(spec, seen, memory)
      memory = decided.memory
      return decided.decision.desired
    })
  }

  it('fires once the condition has held long enough', () => {
    expect(run([1, 1, 1, 1, 1, 1])).toEqual([4, 4, 4, 4, 4, 5])
  })

  it('starts anew after one false or unknown tick', () => {
    expect(run([1, 1, 1, 0, 1, 1, 1])).toEqual([4, 4, 4, 4, 4, 4, 4])
    expect(run([1, 1, 1, null, 1, 1, 1])).toEqual([4, 4, 4, 4, 4, 4, 4])
  })
})

describe('bounds', () => {
  const window = { from: NOON - 60 * MINUTE, to: NOON + 60 * MINUTE }
  const peak = { name: 'Peak', rank: 100, min: 4, max: 6, schedule: 'peak' }

  it.each([
    {
      why: 'the higher rank wins whole inside its window',
      windows: { peak: window },
      constraints: [peak],
      bounds: [4, 6],
    },
    {
      why: 'at the end of the half-open window it no longer does',
      windows: { peak: { from: 0, to: NOON } },
      constraints: [peak],
      bounds: [2, 5],
    },
    {
      why: 'a schedule without windows never does',
      windows: { peak: null },
      constraints: [peak],
      bounds: [2, 5],
    },
    {
      why: 'ranges are never intersected',
      windows: { peak: window },
      constraints: [{ ...peak, min: 1, max: 9 }],
      bounds: [1, 9],
    },
    {
      why: 'a disabled constraint is ignored',
      windows: { peak: window },
      constraints: [{ ...peak, enabled: false }],
      bounds: [2, 5],
    },
    {
      why: 'of equal rank the first in the file wins',
      windows: {},
      constraints: [
        { name: 'a', rank: 1, min: 3, max: 3 },
        { name: 'b', rank: 1, min: 4, max: 4 },
      ],
      bounds: [3, 3],
    },
  ])('$why', ({ windows, constraints, bounds: [lowest, highest] }) => {
    const spec = fleetSpec({ min: 2, max: 5, constraints })
    const { decision } = decide(spec, observation({ open: 4, windows }), EMPTY_MEMORY)
    expect(decision.bounds).toMatchObject({ lowest, highest })
  })

  it('stops at what the target holds', () => {
    const spec = fleetSpec({ max: 20, metrics: signal, rules: [{ when: 'last(signal) > 0', by: 9 }] })
    const seen = observation({ open: 4, values: { 'last(signal)': 1 }, targetHighest: 10 })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(10)
  })

  it('names the constraint, not the rule, when the bound alone changes the count', () => {
    const spec = fleetSpec({ min: 2, max: 3, metrics: signal, rules: [{ when: 'last(signal) > 0', by: 1 }] })
    const { decision } = decide(spec, observation({ open: 4, values: { 'last(signal)': 1 } }), EMPTY_MEMORY)
    expect(decision).toMatchObject({ desired: 3, direction: 'in', rule: 'capacity' })
  })
})

/** Random fleets: a grow and a shrink rule, bounds, and what they see. */
const situation = fc.record({
  open: fc.nat(20),
  pending: fc.nat(3),
  // Not `fc.double`, of which most are next to zero.
  cpu: fc.option(
    fc.nat(2000).map(n => n / 10),
    { nil: null, freq: 8 },
  ),
  orders: fc.option(fc.nat(1000), { nil: null, freq: 8 }),
  min: fc.nat(5),
  span: fc.nat(15),
  growBy: fc.integer({ min: 1, max: 5 }),
  shrinkBy: fc.integer({ min: 1, max: 5 }),
  cooldownMs: fc.constantFrom(0, 10 * MINUTE),
  changedAgoMs: fc.option(fc.nat(20 * MINUTE), { nil: null }),
  recommendations: fc.array(fc.record({ ago: fc.nat(10 * MINUTE), count: fc.nat(20) }), { maxLength: 5 }),
})
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never

function decideIn(s: Situation): ReturnType<typeof decide> {
  const spec = fleetSpec({
    min: s.min,
    max: s.min + s.span,
    rules: [
      { name: 'up', when: 'avg(cpu, 5m) > 80% or last(orders) / instances > 50', by: s.growBy },
      { name: 'down', when: 'avg(cpu, 5m) < 30%', by: -s.shrinkBy },
    ],
    guards: { cooldownOutMs: s.cooldownMs, cooldownInMs: s.cooldownMs, stabilizationInMs: 5 * MINUTE },
  })
  const memory: Memory = {
    ...EMPTY_MEMORY,
    lastChange:
      s.changedAgoMs === null
        ? null
        : {
            at: NOON - s.changedAgoMs,
            direction: 'out',
            rule: null,
            from: 1,
            to: 2,
            cooldownMs: s.cooldownMs,
          },
    recommendations: s.recommendations
      .map(({ ago, count }) => ({ at: NOON - ago, count }))
      .sort((a, b) => a.at - b.at),
  }
  const values = { 'avg(cpu, 5m)': s.cpu, 'last(orders)': s.orders }
  return decide(spec, observation({ open: s.open, pending: s.pending, values }), memory)
}

describe('whatever is observed', () => {
  it('desired stays within the bounds (invariant 1)', () => {
    fc.assert(
      fc.property(situation, s => {
        const { desired } = decideIn(s).decision
        expect(desired).toBeGreaterThanOrEqual(s.min)
        expect(desired).toBeLessThanOrEqual(s.min + s.span)
      }),
    )
  })

  it('guards never reverse or enlarge a change (invariant 4)', () => {
    fc.assert(
      fc.property(situation, s => {
        for (const step of decideIn(s).decision.steps) {
          if (step.stage !== 'guards') continue
          const current = s.open + s.pending
          const asked = step.from - current
          const left = step.to - current
          expect(Math.abs(left)).toBeLessThanOrEqual(Math.abs(asked))
          expect(left * asked).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  it('a gap in the evidence never shrinks the fleet, bounds apart (invariant 3)', () => {
    fc.assert(
      fc.property(situation, s => {
        fc.pre(s.cpu === null && s.open + s.pending <= s.min + s.span)
        const { desired, current } = decideIn(s).decision
        expect(desired).toBeGreaterThanOrEqual(current ?? 0)
      }),
    )
  })

  it('more load never asks for fewer', () => {
    fc.assert(
      fc.property(situation, fc.nat(1000), (s, tenths) => {
        fc.pre(s.cpu !== null)
        const loaded = { ...s, cpu: (s.cpu ?? 0) + tenths / 10 }
        expect(decideIn(loaded).decision.desired).toBeGreaterThanOrEqual(decideIn(s).decision.desired ?? 0)
      }),
    )
  })

  it('the same input gives the same decision, byte for byte, also from its journalled form (invariant 10)', () => {
    fc.assert(
      fc.property(situation, s => {
        const once = JSON.stringify(decideIn(s))
        expect(JSON.stringify(decideIn(JSON.parse(JSON.stringify(s))))).toBe(once)
      }),
    )
  })

  it('every decision has steps and says why (invariant 12)', () => {
    fc.assert(
      fc.property(situation, s => {
        const { decision } = decideIn(s)
        expect(decision.because).not.toBe('')
        expect(explainDecision(decision).every(sentence => sentence.length > 0)).toBe(true)
      }),
    )
  })
})

describe('the order of rules', () => {
  it('does not matter for the count', () => {
    const rule = fc.record({
      rank: fc.nat(2),
      when: fc.constantFrom('last(signal) > 0', 'last(signal) > 1'),
      by: fc.integer({ min: -3, max: 3 }).filter(by => by !== 0),
    })
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), fc.nat(10), (rules, open) => {
        const named = rules.map((words, index) => ({ ...words, name: `r${index}` }))
        const count = (list: RuleWords[]): number | null => {
          const spec = fleetSpec({ metrics: signal, rules: list })
          return decide(spec, observation({ open, values: { 'last(signal)': 1 } }), EMPTY_MEMORY).decision
            .desired
        }
        expect(count([...named].reverse())).toBe(count(named))
      }),
    )
  })
})

describe('a decision', () => {
  const rule = (name: string, change: Partial<RuleWords>): RuleWords => ({
    name,
    when: 'last(signal) > 0',
    ...change,
  })
  const limits = {
    limits: [{ kind: 'instances' as const, instances: 1, periodMs: MINUTE }],
    select: 'max' as const,
  }
  const everyGuard = {
    guards: {
      cooldownOutMs: MINUTE,
      cooldownInMs: MINUTE,
      stabilizationOutMs: MINUTE,
      stabilizationInMs: MINUTE,
      rateOut: limits,
      rateIn: limits,
      billingHour: { by: 'wall-clock' as const, outFirstMinutes: 1, inLastMinutes: 1 },
      growDuringWarmup: false,
    },
    spec: {
      warmupMs: MINUTE,
      outageGuard: {
        operand: { node: 'number' as const, value: 1, text: '1' },
        operandText: '1',
        dropRatio: 0.5,
        withinMs: MINUTE,
        holdMs: MINUTE,
      },
    },
  }
  const firing = observation({ open: 4, values: { 'last(signal)': 1 } })
  const guardsOf = (spec: ReturnType<typeof fleetSpec>, memory = EMPTY_MEMORY) =>
    decide(spec, firing, memory).decision.steps.flatMap(step => (step.stage === 'guards' ? [step.guard] : []))

  it.each([
    ['nothing fires', { when: 'last(signal) > 9', by: 1 }],
    ['a rule wants just what there is', { to: 4 }],
  ])('that changes nothing asks no guard: %s', (_, words) => {
    expect(guardsOf(fleetSpec({ metrics: signal, rules: [rule('rule', words)], ...everyGuard }))).toEqual([])
  })

  it('that grows, or shrinks, asks the guards of its direction in their order', () => {
    const wanting = (by: number) =>
      fleetSpec({
        metrics: signal,
        rules: [rule('rule', { by })],
        ...everyGuard,
        guards: {
          ...everyGuard.guards,
          billingHour: { by: 'wall-clock', outFirstMinutes: 60, inLastMinutes: 60 },
        },
      })
    const others = ['cooldown', 'stabilization', 'rate-limit', 'billing-hour']
    expect(guardsOf(wanting(1))).toEqual(['warm-up', ...others])
    expect(guardsOf(wanting(-1))).toEqual(['outage', 'flapping', ...others])
  })

  it.each([
    ['the lowest bound', { min: 6 }, 6],
    ['the highest bound', { min: 1, max: 3 }, 3],
  ])('owes its change to %s where a rule only wants what there is', (_, bounds, desired) => {
    const spec = fleetSpec({ ...bounds, metrics: signal, rules: [rule('keep', { to: 4 })] })
    expect(decide(spec, firing, EMPTY_MEMORY).decision).toMatchObject({ desired, rule: 'capacity' })
  })

  it('remembers the newest time, also when the clock goes back', () => {
    const before = { ...EMPTY_MEMORY, at: NOON + MINUTE }
    expect(decide(fleetSpec(), observation(), before).memory.at).toBe(NOON + MINUTE)
    expect(decide(fleetSpec(), observation(), EMPTY_MEMORY).memory.at).toBe(NOON)
  })

  it('remembers a pause as wanting just what there is', () => {
    const pause: Override = {
      id: '1',
      fleet: 'web',
      at: NOON,
      who: 'ada',
      why: '',
      until: null,
      change: { kind: 'pause' },
    }
    const spec = fleetSpec({ guards: { stabilizationInMs: MINUTE } })
    const { memory } = decide(spec, { ...firing, overrides: [pause] }, EMPTY_MEMORY)
    expect(memory).toMatchObject({ recommendations: [{ at: NOON, count: 4 }], desired: 4 })
  })
})
