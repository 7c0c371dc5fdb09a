/**
 * The sentences are the product here: each kind of step with its words, and which of them the headline takes.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../test/builders/observation.ts'
import { type FleetWords, fleetSpec, RULE_FRAME } from '../../test/builders/spec.ts'
import { runs } from '../../test/seed.ts'
import type { Step } from '../model/decision.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { Override, OverrideChange } from '../model/override.ts'
import type { ReactiveRule } from '../model/spec.ts'
import { decide } from './decide.ts'
import {
  changedWhat,
  describeRule,
  explainDecision,
  explainStep,
  formatNumber,
  formatSpan,
} from './explain.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const sentence = (step: Step): string => explainStep(step, NOON)

describe('an operand', () => {
  const value = {
    stage: 'operands',
    outcome: 'value',
    operand: 'avg(cpu, 5m)',
    value: 83.2,
    samples: 9,
    reporting: 4,
    dividedBy: null,
  } as const

  it.each([
    [{}, 'avg(cpu, 5m) = 83.2 (9 samples, 4 instances)'],
    [{ samples: 1, reporting: 1 }, 'avg(cpu, 5m) = 83.2 (1 sample, 1 instance)'],
    [{ reporting: null }, 'avg(cpu, 5m) = 83.2 (9 samples)'],
    [{ reporting: null, dividedBy: 3 }, 'avg(cpu, 5m) = 83.2 (9 samples, divided by 3 ready)'],
    [{ samples: null, reporting: null }, 'avg(cpu, 5m) = 83.2 (as stated)'],
    [{ samples: null, reporting: null, dividedBy: 2 }, 'avg(cpu, 5m) = 83.2 (as stated, divided by 2 ready)'],
    [
      { operand: 'avg(web/queue, 5m)', reporting: null, dividedBy: 3 },
      'avg(web/queue, 5m) = 83.2 (9 samples, divided by 3 ready of "web")',
    ],
    [{ operand: 'fleet(db).ready', samples: null }, 'fleet(db).ready = 83.2 (as of its latest tick)'],
  ])('%j', (change, expected) => {
    expect(sentence({ ...value, ...change })).toBe(expected)
  })

  it('that is a gap', () => {
    const gap: Step = { stage: 'operands', outcome: 'gap', operand: 'last(orders)', gap: 'no data' }
    expect(sentence(gap)).toBe('last(orders) is unknown: no data')
  })
})

describe('a KPI, a condition and a demand', () => {
  const condition = {
    stage: 'conditions',
    rule: 'up',
    condition: 'avg(cpu, 5m) > 80%',
    found: { 'avg(cpu, 5m)': 83.2 },
    since: null,
  } as const
  const demand = {
    stage: 'demand',
    rule: 'track',
    operand: 'avg(cpu, 5m)',
    against: 60,
    want: null,
    found: { 'avg(cpu, 5m)': 61.5 },
  } as const

  it.each<[Step, string]>([
    [
      {
        stage: 'kpis',
        outcome: 'red',
        kpi: 'busy',
        goal: 'avg(cpu, 5m) < 75%',
        found: { 'avg(cpu, 5m)': 83.2 },
      },
      'busy is red: avg(cpu, 5m) = 83.2 against avg(cpu, 5m) < 75%',
    ],
    [{ ...condition, outcome: 'true' }, '"up" holds: avg(cpu, 5m) = 83.2 (avg(cpu, 5m) > 80%)'],
    [
      { ...condition, outcome: 'true', since: NOON - 90_000 },
      '"up" holds: avg(cpu, 5m) = 83.2 (avg(cpu, 5m) > 80%), for 1m 30s now',
    ],
    [
      { ...condition, outcome: 'false', found: { a: 1, b: 2 } },
      '"up" did not fire: a = 1, b = 2 (avg(cpu, 5m) > 80%)',
    ],
    [
      { ...condition, outcome: 'unknown', found: { a: null } },
      '"up" is unknown: a is unknown (avg(cpu, 5m) > 80%)',
    ],
    [
      { ...condition, outcome: 'false', condition: 'at_max', found: {} },
      '"up" did not fire: no operands (at_max)',
    ],
    [{ ...demand, outcome: 'want', want: 6 }, '"track" asks for 6: avg(cpu, 5m) = 61.5 against 60'],
    [{ ...demand, outcome: 'hold' }, '"track" is content: avg(cpu, 5m) = 61.5 against 60'],
    [{ ...demand, outcome: 'nothing' }, '"track" asks for nothing: avg(cpu, 5m) = 61.5 against 60'],
    [{ ...demand, outcome: 'unknown', against: null }, '"track" is unknown: avg(cpu, 5m) = 61.5'],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })
})

describe('a proposal', () => {
  const abstain = { stage: 'proposals', outcome: 'abstain', rule: 'up', until: null } as const

  it.each<[Step, string]>([
    [{ stage: 'proposals', outcome: 'want', rule: 'up', rank: 10, want: 5 }, '"up" wants 5 (rank 10)'],
    [{ ...abstain, reason: 'disabled' }, '"up" abstains: it is disabled'],
    [{ ...abstain, reason: 'outside-schedule' }, '"up" abstains: outside its schedule'],
    [{ ...abstain, reason: 'false' }, '"up" abstains: its condition is false'],
    [{ ...abstain, reason: 'unknown' }, '"up" abstains: its condition is unknown'],
    [{ ...abstain, reason: 'holds' }, '"up" abstains: the count is what it asks for'],
    [
      { ...abstain, reason: 'not-long-enough', until: NOON + 2 * MINUTE },
      '"up" abstains: true, but not for long enough (another 2m)',
    ],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })
})

describe('bounds and limits', () => {
  const bounds = {
    stage: 'bounds',
    outcome: 'set',
    constraint: 'Peak',
    rank: 100,
    lowest: 4,
    highest: 6,
    default: 4,
    schedule: null,
    until: null,
    over: [],
    tied: [],
  } as const
  const limit = { stage: 'limits', outcome: 'lowered', from: 9, to: 6 } as const

  it.each<[Step, string]>([
    [bounds, 'bounds 4..6 from "Peak" (rank 100)'],
    [{ ...bounds, until: NOON + HOUR }, 'bounds 4..6 from "Peak" (rank 100, for another 1h)'],
    [{ ...bounds, highest: Number.MAX_SAFE_INTEGER }, 'bounds 4 or more from "Peak" (rank 100)'],
    [
      { ...bounds, over: ['capacity', 'Night'], tied: ['Sale', 'Fair'] },
      'bounds 4..6 from "Peak" (rank 100) over "capacity", "Night"; same rank, later in the file: "Sale", "Fair"',
    ],
    [{ ...limit, outcome: 'raised', limit: 'lowest', from: 1 }, 'at least 6: the lowest bound'],
    [{ ...limit, limit: 'highest' }, 'at most 6: the highest bound'],
    [{ ...limit, limit: 'target' }, 'at most 6: the target holds no more'],
    [{ ...limit, limit: 'quota' }, 'at most 6: the quota allows no more'],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })
})

describe('a reconciliation', () => {
  const wins = { stage: 'reconciliation', rule: 'up', rank: 1, want: 5, over: [] } as const
  const vetoed = { stage: 'reconciliation', outcome: 'vetoed', rule: 'down', want: 3, by: 'quiet' } as const

  it.each<[Step, string]>([
    [{ ...wins, outcome: 'grow' }, '"up" wins with 5'],
    [{ ...wins, outcome: 'shrink', over: ['a', 'b'] }, '"up" wins with 5 over "a", "b"'],
    [{ ...wins, outcome: 'keep' }, '"up" wants just what there is (5)'],
    [{ ...vetoed, reason: 'unknown' }, '"down" wants 3, but "quiet" has no data, and unknown never shrinks'],
    [{ ...vetoed, reason: 'did-not-fire' }, '"down" wants 3, but "quiet" does not agree (scaleIn: all)'],
    [
      { ...vetoed, reason: 'holds' },
      '"down" wants 3, but "quiet" is content with what there is (scaleIn: all)',
    ],
    [
      { stage: 'reconciliation', outcome: 'default', want: 5 },
      'every rule is without data: the default of 5',
    ],
    [{ stage: 'reconciliation', outcome: 'nothing-fired' }, 'no rule fired'],
    [{ stage: 'reconciliation', outcome: 'no-constraint' }, 'no constraint is in force, so nothing changes'],
    [
      { stage: 'reconciliation', outcome: 'count-unknown', gap: 'no answer' },
      'the count is unknown (no answer), so nothing changes',
    ],
    [
      { stage: 'reconciliation', outcome: 'paused', who: 'ada', why: 'sale', until: NOON + HOUR },
      'paused by ada (sale), for another 1h: nothing changes',
    ],
    [
      { stage: 'reconciliation', outcome: 'paused', who: 'ada', why: '', until: null },
      'paused by ada: nothing changes',
    ],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })
})

describe('a guard', () => {
  const guard = { stage: 'guards', from: 9, to: 7 } as const
  const projection = { instances: 2, rule: 'up', operand: 'avg(cpu, 5m)', value: 90.123 }
  const flapping = { ...guard, guard: 'flapping', projections: [projection] } as const
  const cooldown = { ...guard, guard: 'cooldown', cooldownMs: 3 * MINUTE } as const
  const window = { ...guard, guard: 'stabilization', windowMs: 5 * MINUTE } as const
  const rate = { ...guard, guard: 'rate-limit', allowed: 7 } as const
  const outage = {
    ...guard,
    guard: 'outage',
    operand: 'last(orders)',
    value: 150,
    peak: 1000,
    until: null,
  } as const
  const hour = { ...guard, guard: 'billing-hour' } as const
  const ages = { lastMinutes: 10, mayGo: 2, waitsFor: 'last-minutes' } as const
  const warmUp = { ...guard, guard: 'warm-up', warming: 2, warmupMs: 5 * MINUTE } as const

  it.each<[Step, string]>([
    [
      { ...flapping, outcome: 'passed' },
      'flapping: 7 would not grow back (avg(cpu, 5m) would be 90.12 at 2)',
    ],
    [{ ...flapping, outcome: 'passed', projections: [] }, 'flapping: 7 would not grow back'],
    [
      { ...flapping, outcome: 'held', projections: [projection, { ...projection, instances: 3, value: 60 }] },
      'flapping: held, it would grow back at once (avg(cpu, 5m) would be 90.12 at 2, avg(cpu, 5m) would be 60 at 3)',
    ],
    [{ ...flapping, outcome: 'lessened' }, 'flapping: 7 instead of 9 (avg(cpu, 5m) would be 90.12 at 2)'],
    [
      { ...cooldown, outcome: 'passed', lastChangeAt: null, until: null },
      'cooldown: over (no change yet, cooldown 3m)',
    ],
    [
      { ...cooldown, outcome: 'held', lastChangeAt: NOON - MINUTE, until: NOON + 2 * MINUTE },
      'cooldown: held for another 2m (last change 1m ago, cooldown 3m)',
    ],
    [{ ...window, outcome: 'passed', until: null }, 'stabilization: asked for throughout (window 5m)'],
    [{ ...window, outcome: 'held', until: NOON + MINUTE }, 'stabilization: held for another 1m (window 5m)'],
    [
      { ...window, outcome: 'lessened', until: NOON + MINUTE },
      'stabilization: 7 instead of 9 for another 1m (window 5m)',
    ],
    [{ ...rate, outcome: 'passed' }, 'rate limit: not reached (7 allowed now)'],
    [{ ...rate, outcome: 'held' }, "rate limit: held, this period's changes are used up (7 allowed now)"],
    [{ ...rate, outcome: 'lessened' }, 'rate limit: 7 instead of 9 (7 allowed now)'],
    [{ ...outage, outcome: 'passed' }, 'outage: no sudden drop (last(orders) = 150, at most 1000 lately)'],
    [
      { ...outage, outcome: 'passed', value: null, peak: null },
      'outage: no sudden drop (last(orders) is unknown)',
    ],
    [
      { ...outage, outcome: 'held', until: NOON + MINUTE },
      'outage: held for another 1m, the load vanished at once (last(orders) = 150)',
    ],
    [{ ...hour, outcome: 'passed', until: null }, 'billing hour: a good moment'],
    [{ ...hour, outcome: 'held', until: NOON + 10 * MINUTE }, 'billing hour: held for another 10m'],
    [
      { ...hour, outcome: 'passed', until: null, ages },
      'billing hour: 2 may go, each in the last 10m of its paid hour or not there yet',
    ],
    [
      { ...hour, outcome: 'held', until: NOON + 10 * MINUTE, ages: { ...ages, mayGo: 0 } },
      'billing hour: held, no instance is in the last 10m of its paid hour, the next in 10m',
    ],
    [
      { ...hour, outcome: 'lessened', until: null, ages },
      'billing hour: 7 instead of 9, no other instance is in the last 10m of its paid hour',
    ],
    [
      { ...hour, outcome: 'held', until: null, ages: { ...ages, waitsFor: 'booting' } },
      'billing hour: held, what is booting goes before an open instance, and has just been paid for',
    ],
    [{ ...warmUp, outcome: 'passed' }, 'warm-up: not ordered yet (2 came within 5m)'],
    [{ ...warmUp, outcome: 'held' }, 'warm-up: held, it is ordered already (2 came within 5m)'],
    [{ ...warmUp, outcome: 'lessened' }, 'warm-up: 7 instead of 9 (2 came within 5m)'],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })
})

describe('settings, effects and overrides', () => {
  const set = { stage: 'settings', outcome: 'set', setting: 'quality', value: 'low', rule: 'shed' } as const
  it.each<[Step, string]>([
    [{ ...set, over: [] }, '"shed" sets quality to low'],
    [{ ...set, over: ['a', 'b'] }, '"shed" sets quality to low over "a", "b"'],
    [{ stage: 'effects', outcome: 'notify', rule: 'up', name: 'ops' }, '"up" begins to fire: notify ops'],
    [{ stage: 'effects', outcome: 'run', rule: 'up', name: 'warm' }, '"up" begins to fire: run warm'],
    [
      {
        stage: 'overrides',
        outcome: 'in-force',
        who: 'ada',
        why: 'sale',
        until: NOON + HOUR,
        change: { kind: 'capacity', count: 12 },
      },
      'capacity set to 12 by ada (sale), for another 1h',
    ],
  ])('%j', (step, expected) => {
    expect(sentence(step)).toBe(expected)
  })

  it.each<[OverrideChange, string]>([
    [{ kind: 'pause' }, 'paused'],
    [{ kind: 'mode', mode: 'notify' }, 'mode notify'],
    [{ kind: 'capacity', count: 0 }, 'capacity set to 0'],
    [{ kind: 'rule-enabled', rule: 'up', enabled: true }, '"up" is switched on'],
    [{ kind: 'rule-enabled', rule: 'up', enabled: false }, '"up" is switched off'],
    [{ kind: 'rule-rank', rule: 'up', rank: 7 }, '"up" has rank 7'],
  ])('%j is "%s"', (change, expected) => {
    expect(changedWhat(change)).toBe(expected)
  })
})

describe('what a rule looks at', () => {
  const frame = {
    name: 'rule',
    ...RULE_FRAME,
  }
  const operand = {
    node: 'aggregate',
    key: 'avg(cpu, 5m)',
    aggregate: 'avg',
    metric: 'cpu',
    windowMs: 300_000,
  } as const

  it.each<[ReactiveRule, string]>([
    [
      {
        ...frame,
        kind: 'when',
        when: { node: 'truth', truth: 'at_max' },
        whenText: 'at_max',
        scale: null,
      },
      'at_max',
    ],
    [
      {
        ...frame,
        kind: 'steps',
        operand,
        operandText: 'avg(cpu, 5m)',
        threshold: 60.5,
        bands: [],
        rounding: 'up',
      },
      'avg(cpu, 5m) in steps from 60.5',
    ],
    [
      {
        ...frame,
        kind: 'track',
        operand,
        operandText: 'avg(cpu, 5m)',
        spread: 'perInstance',
        target: 60.5,
        toleranceRatio: 0.1,
        toleranceInRatio: 0.1,
        wholePercents: false,
      },
      'avg(cpu, 5m) near 60.5',
    ],
    [
      { ...frame, kind: 'match', expression: operand, expressionText: 'queue / 100' },
      'as many as queue / 100',
    ],
  ])('%j', (rule, expected) => {
    expect(describeRule(rule)).toBe(expected)
  })
})

describe('a number', () => {
  it.each([
    [0, '0'],
    [62.1, '62.1'],
    [83.256, '83.26'],
    [1, '1'],
    [-1.005, '-1'],
    [-12.345, '-12.34'],
    [0.123456, '0.1235'],
    [-0.000123456, '-0.0001235'],
    [1_234_567.891, '1234567.89'],
    [Number.POSITIVE_INFINITY, 'without limit'],
    [80, '80'],
    [80.1, '80.1'],
    [80.01, '80.01'],
    [-80.1, '-80.1'],
  ])('%f is "%s"', (value, expected) => {
    expect(formatNumber(value)).toBe(expected)
  })

  it('of one and above is written as the language writes it, rounded to hundredths', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15 }), fc.boolean(), (size, isNegative) => {
        const value = isNegative ? -size : size
        expect(formatNumber(value)).toBe(String(Math.round(value * 100) / 100))
      }),
      { numRuns: runs(2_000) },
    )
  })
})

describe('a span', () => {
  it.each([
    [0, '0ms'],
    [-5, '0ms'],
    [1, '1ms'],
    [999, '999ms'],
    [999.2, '1000ms'],
    [1000, '1s'],
    [1001, '2s'],
    [60_000, '1m'],
    [95_000, '1m 35s'],
    [3_600_000, '1h'],
    [3_661_000, '1h 1m'],
    [3_601_000, '1h 1s'],
    [90_061_000, '1d 1h'],
    [172_800_000, '2d'],
  ])('of %i ms is "%s"', (span, expected) => {
    expect(formatSpan(span)).toBe(expected)
  })
})

describe('the headline', () => {
  const up = { name: 'up', when: 'last(orders) > 100', by: 2 }
  const down = { name: 'down', when: 'last(orders) < 10', by: -2 }
  const because = (words: FleetWords, seen: ObservationWords, memory: Memory = EMPTY_MEMORY) =>
    decide(fleetSpec({ max: 20, rules: [up, down], ...words }), observation({ open: 8, ...seen }), memory)
      .decision.because
  const busy = { values: { 'last(orders)': 500 } }
  const quiet = { values: { 'last(orders)': 1 } }
  const fired = '"up" fired: last(orders) = 500 (last(orders) > 100)'
  const rate = (instances: number) => ({
    select: 'max' as const,
    limits: [{ kind: 'instances' as const, instances, periodMs: MINUTE }],
  })
  const changed = (at: number): Memory => ({
    ...EMPTY_MEMORY,
    lastChange: { at, direction: 'in', rule: null, from: 9, to: 8, cooldownMs: 0 },
  })
  const cooling = { guards: { cooldownOutMs: 3 * MINUTE, cooldownInMs: 3 * MINUTE } }

  it.each<[string, string, FleetWords, ObservationWords, Memory?]>([
    ['the rule that fired', fired, {}, busy],
    ['likewise on the way in', '"down" fired: last(orders) = 1 (last(orders) < 10)', {}, quiet],
    ['what a guard left of it', `${fired}; rate-limit allows 9`, { guards: { rateOut: rate(1) } }, busy],
    ['what a bound left of it', `${fired}; at most 9: the highest bound`, { max: 9 }, busy],
    [
      'what the target left of it',
      `${fired}; at most 9: the target holds no more`,
      {},
      { ...busy, targetHighest: 9 },
    ],
    [
      'the last of what bounded it',
      `${fired}; at most 8: the quota allows no more`,
      { max: 9, spec: { quota: 8 } },
      { ...busy, open: 7 },
    ],
    ['the bound alone', '"capacity" asks for at least 10', { min: 10 }, { values: { 'last(orders)': 50 } }],
    [
      'the bound, when a guard held the rule',
      '"capacity" asks for at least 9',
      { ...cooling, min: 9 },
      busy,
      changed(NOON),
    ],
    ['the upper bound alone', '"capacity" allows at most 6', { max: 6 }, { values: { 'last(orders)': 50 } }],
    [
      'what the target holds alone',
      'the target holds at most 6',
      {},
      { values: { 'last(orders)': 50 }, targetHighest: 6 },
    ],
    [
      'the quota alone',
      'the quota allows at most 6',
      { spec: { quota: 6 } },
      { values: { 'last(orders)': 50 } },
    ],
    [
      'the default where everything is blind',
      'every rule is without data, so the default of 12',
      { default: 12 },
      { values: { 'last(orders)': null } },
    ],
  ])('of a change says %s', (_, expected, words, seen, memory) => {
    expect(because(words, seen, memory)).toBe(expected)
  })

  it.each<[string, string, FleetWords, ObservationWords, Memory?]>([
    [
      'each rule and what it saw',
      '"up" did not fire: last(orders) = 50 (last(orders) > 100); "down" did not fire: last(orders) = 50 (last(orders) < 10)',
      {},
      { values: { 'last(orders)': 50 } },
    ],
    [
      'each rule that is unknown',
      '"up" is unknown: last(orders) is unknown (last(orders) > 100)',
      { rules: [up] },
      { values: { 'last(orders)': null } },
    ],
    ['that there is none', 'there is no rule to ask', { rules: [] }, {}],
    [
      'who is switched off, and who is out of season',
      '"up" abstains: it is disabled; "down" abstains: outside its schedule',
      {
        rules: [
          { ...up, enabled: false },
          { ...down, during: 'night' },
        ],
      },
      busy,
    ],
    [
      'who must be true for longer',
      '"up" abstains: true, but not for long enough (another 1m)',
      { rules: [{ ...up, forMs: MINUTE }] },
      busy,
    ],
    [
      'which guard holds',
      `${fired}; cooldown: held for another 2m (last change 1m ago, cooldown 3m)`,
      cooling,
      busy,
      changed(NOON - MINUTE),
    ],
    ['which bound is reached', `${fired}; "capacity" allows at most 8`, { max: 8 }, busy],
    [
      'which bound is reached on the way in',
      '"down" fired: last(orders) = 1 (last(orders) < 10); "capacity" asks for at least 8',
      { min: 8 },
      quiet,
    ],
    [
      'who vetoes',
      '"down" wants 6, but "more" does not agree (scaleIn: all)',
      { rules: [down, { name: 'more', when: 'last(orders) < 0', by: -1 }] },
      quiet,
    ],
    [
      'who wants just that',
      '"up" wants just what there is (8)',
      { rules: [{ name: 'up', when: up.when, to: 8 }] },
      busy,
    ],
    [
      'that the default is bounded',
      'every rule is without data, so the default of 12; "capacity" allows at most 8',
      { default: 12, max: 8 },
      { values: { 'last(orders)': null } },
    ],
  ])('of no change says %s', (_, expected, words, seen, memory) => {
    expect(because(words, seen, memory)).toBe(expected)
  })

  it('of no change says what a rule without a condition saw', () => {
    const match: ReactiveRule = {
      kind: 'match',
      name: 'queue',
      ...RULE_FRAME,
      expression: { node: 'number', value: 8, text: '8' },
      expressionText: '8',
    }
    expect(because({ rules: [], spec: { rules: [match] } }, {})).toBe('"queue" is content: no operands')
    expect(because({ rules: [], spec: { rules: [match] } }, { open: 7 })).toBe(
      '"queue" asks for 8: no operands',
    )
    const twelve = {
      ...match,
      name: 'twelve',
      expression: { node: 'number' as const, value: 12, text: '12' },
    }
    expect(because({ rules: [], spec: { rules: [match, twelve] } }, { open: 7 })).toBe(
      '"twelve" asks for 12: no operands',
    )
    expect(because({ rules: [], spec: { rules: [{ ...match, forMs: MINUTE }] } }, { open: 7 })).toBe(
      '"queue" abstains: true, but not for long enough (another 1m)',
    )
  })

  it('of a pause and of a count that is not known says just that', () => {
    const pause: Override = {
      id: '1',
      fleet: 'web',
      at: NOON,
      who: 'ada',
      why: '',
      until: null,
      change: { kind: 'pause' },
    }
    expect(because({}, { ...busy, overrides: [pause] })).toBe('paused by ada: nothing changes')
    const blind = { ...observation(busy), capacity: null, capacityGap: 'no answer' }
    const { decision } = decide(fleetSpec({ rules: [up] }), blind, EMPTY_MEMORY)
    expect(decision.because).toBe('the count is unknown (no answer), so nothing changes')
    const untold = decide(fleetSpec({ rules: [up] }), { ...blind, capacityGap: null }, EMPTY_MEMORY)
    expect(untold.decision.because).toBe('the count is unknown (the count is not known), so nothing changes')
  })
})

describe('a decision', () => {
  it('is a sentence for each step, in the order decided', () => {
    const spec = fleetSpec({ rules: [{ name: 'up', when: 'last(orders) > 100', by: 1 }] })
    const { decision } = decide(spec, observation({ values: { 'last(orders)': 500 } }), EMPTY_MEMORY)
    expect(explainDecision(decision)).toEqual([
      'bounds 1..10 from "capacity" (rank 0)',
      'last(orders) = 500 (as stated)',
      '"up" holds: last(orders) = 500 (last(orders) > 100)',
      '"up" wants 5 (rank 0)',
      '"up" wins with 5',
      'cooldown: over (no change yet, cooldown 0ms)',
    ])
  })
})
