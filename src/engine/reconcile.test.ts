import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { type FleetWords, fleetSpec, RULE_FRAME, type RuleWords } from '../../test/builders/spec.ts'
import type { Decision } from '../model/decision.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { ReactiveRule } from '../model/spec.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain.ts'

const MINUTE = 60_000
const metrics = {
  cpu: { kind: 'perInstance' as const },
  orders: { kind: 'total' as const },
  signal: { kind: 'independent' as const },
}
const down: RuleWords = { name: 'down', when: 'last(signal) > 0', by: -1 }

interface Row {
  readonly scaleIn?: 'all' | 'any'
  readonly up: RuleWords
  readonly cpu: number | null
  readonly orders?: number
  readonly trueForMs?: number
}

function decideRow({ scaleIn = 'all', up, cpu, orders = 0, trueForMs = 0 }: Row): Decision {
  const spec = fleetSpec({
    metrics,
    rules: [down, { ...up, name: 'up' }],
    // Without the flapping projection, so that only reconciliation speaks.
    guards: { scaleIn, flapping: false },
  })
  const values = { 'avg(cpu, 5m)': cpu, 'last(orders)': orders, 'last(signal)': 1 }
  const memory = { ...EMPTY_MEMORY, trueSince: { up: NOON - trueForMs } }
  return decide(spec, observation({ open: 4, values }), memory).decision
}

describe('a rule that asks for more, and is not yet true for long enough', () => {
  const waits = { when: 'avg(cpu, 5m) > 80 or last(orders) > 100', by: 1, forMs: MINUTE }

  it.each([
    { why: 'unknown vetoes the cut', row: { up: waits, cpu: null }, desired: 4 },
    {
      why: 'more load makes it true: the cut is not let through by that',
      row: { up: waits, cpu: null, orders: 101 },
      desired: 4,
    },
    { why: 'true by its data alone', row: { up: waits, cpu: 90 }, desired: 4 },
    {
      why: 'with one shrink rule being enough, too',
      row: { scaleIn: 'any', up: waits, cpu: 90 },
      desired: 4,
    },
    { why: 'false: the cut goes through', row: { up: waits, cpu: 50 }, desired: 3 },
    { why: 'true for long enough: it grows', row: { up: waits, cpu: 90, trueForMs: MINUTE }, desired: 5 },
    {
      why: 'one that would set a count asks for more only above what there is',
      row: { scaleIn: 'any', up: { when: 'avg(cpu, 5m) > 80', to: 4, forMs: MINUTE }, cpu: 90 },
      desired: 3,
    },
    {
      why: 'a rank below that of the cut vetoes nothing',
      row: { up: { ...waits, rank: -1 }, cpu: 90 },
      desired: 3,
    },
  ] satisfies { why: string; row: Row; desired: number }[])('$why: $desired', ({ row, desired }) => {
    expect(decideRow(row).desired).toBe(desired)
  })

  it('says so', () => {
    const decision = decideRow({ up: waits, cpu: 90 })
    expect(decision.steps).toContainEqual({
      stage: 'reconciliation',
      outcome: 'vetoed',
      rule: 'down',
      want: 3,
      by: 'up',
      reason: 'waits-to-grow',
    })
    expect(explainDecision(decision)).toContain(
      '"down" wants 3, but "up" asks for more as soon as it is true for long enough',
    )
  })
})

describe('a reconciliation', () => {
  const rule = (name: string, change: Partial<RuleWords> = {}): RuleWords => ({
    name,
    when: 'last(signal) > 0',
    by: 1,
    ...change,
  })
  const reconciled = (words: FleetWords, values: Record<string, number | null> = {}, open = 4) => {
    const seen = observation({ open, values: { 'last(signal)': 1, ...values } })
    const { decision } = decide(
      fleetSpec({ metrics, guards: { flapping: false }, ...words }),
      seen,
      EMPTY_MEMORY,
    )
    return decision.steps.find(({ stage }) => stage === 'reconciliation')
  }

  it.each([
    ['grow', { rules: [rule('a', { by: 2 })] }, 'a', 6, []],
    ['shrink', { rules: [rule('a', { by: -1 })] }, 'a', 3, []],
    ['keep', { rules: [rule('a', { to: 4 })] }, 'a', 4, []],
    ['grow', { rules: [rule('a'), rule('b', { by: 3 }), rule('c', { by: -1 })] }, 'b', 7, ['a', 'c']],
  ] as const)('%s of %j: "%s" wins with %i', (outcome, words, winner, want, over) => {
    expect(reconciled(words)).toEqual({
      stage: 'reconciliation',
      outcome,
      rule: winner,
      rank: 0,
      want,
      over,
    })
  })

  const blind = { 'last(orders)': null, 'avg(cpu, 5m)': null }
  const unknown = rule('unknown', { when: 'last(orders) > 0' })
  it.each<[string, FleetWords, string]>([
    ['every rule is without data', { rules: [unknown] }, 'default'],
    [
      'those that are asked are, others being disabled or out of season',
      { rules: [unknown, rule('off', { enabled: false }), rule('night', { during: 'night' })] },
      'default',
    ],
    [
      'one has data, and is false',
      { rules: [unknown, rule('false', { when: 'last(signal) > 9' })] },
      'nothing-fired',
    ],
    [
      'one is only not true for long enough',
      { rules: [unknown, rule('waits', { forMs: MINUTE })] },
      'nothing-fired',
    ],
    ['there is no rule', { rules: [] }, 'nothing-fired'],
    ['none is asked', { rules: [rule('off', { enabled: false })] }, 'nothing-fired'],
    ['there are as many already', { default: 4, rules: [unknown] }, 'nothing-fired'],
  ])('goes to the default when all are blind: %s', (_, words, outcome) => {
    expect(reconciled({ default: 6, ...words }, blind)).toMatchObject({ outcome })
  })

  it.each([
    ['did-not-fire', rule('other', { when: 'last(orders) > 0', by: -1 }), 0],
    ['unknown', rule('other', { when: 'last(orders) > 0', by: -1 }), null],
    ['unknown', rule('other', { when: 'last(orders) > 0', by: 1 }), null],
    ['did-not-fire', rule('other', { when: 'last(orders) > 0', by: -1, forMs: MINUTE }), 1],
  ] as const)('is vetoed because of %s: %j', (reason, other, value) => {
    expect(reconciled({ rules: [down, other] }, { 'last(orders)': value })).toEqual({
      stage: 'reconciliation',
      outcome: 'vetoed',
      rule: 'down',
      want: 3,
      by: 'other',
      reason,
    })
  })

  it.each([
    ['all', 'vetoed'],
    ['any', 'shrink'],
  ] as const)('with scaleIn %s and a rule that is content: %s', (scaleIn, outcome) => {
    const spec = fleetSpec({ metrics, rules: [down], guards: { scaleIn, flapping: false } })
    const content: ReactiveRule = {
      kind: 'match',
      name: 'content',
      ...RULE_FRAME,
      expression: { node: 'number', value: 4, text: '4' },
      expressionText: '4',
    }
    const { decision } = decide(
      { ...spec, rules: [...spec.rules, content] },
      observation({ open: 4, values: { 'last(signal)': 1 } }),
      EMPTY_MEMORY,
    )
    const step = decision.steps.find(({ stage }) => stage === 'reconciliation')
    expect(step).toMatchObject({ outcome, rule: 'down', want: 3 })
    if (outcome === 'vetoed') expect(step).toMatchObject({ by: 'content', reason: 'holds' })
  })

  it.each<[string, FleetWords]>([
    [
      'one that is not true for long enough, where any is enough',
      { guards: { scaleIn: 'any', flapping: false } },
    ],
    [
      'one that could only ask for more, and does not yet',
      { rules: [down, rule('other', { to: 4, forMs: MINUTE })] },
    ],
  ])('is not vetoed by %s', (_, words) => {
    const rules = [down, rule('other', { by: -1, forMs: MINUTE })]
    expect(reconciled({ rules, ...words })).toMatchObject({ outcome: 'shrink', want: 3 })
  })
})
