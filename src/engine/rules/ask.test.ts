import { describe, expect, it } from 'vitest'
import { RULE_FRAME } from '../../../test/builders/spec.ts'
import type { AggregateOperand, Expression } from '../../model/expression.ts'
import { NO_SESSIONS } from '../../model/observation.ts'
import type { Band, ReactiveRule, ScaleAction, StepRule, TrackRule } from '../../model/spec.ts'
import type { Question } from './answer.ts'
import { canGrow, canShrink, compileAsk } from './ask.ts'

const operand = (key: string): AggregateOperand => ({
  node: 'aggregate',
  key,
  aggregate: 'avg',
  metric: key,
  windowMs: 60_000,
})
const slots = new Map([
  ['a', 0],
  ['b', 1],
])
const frame = {
  name: 'rule',
  ...RULE_FRAME,
}
const track = (change: Partial<TrackRule> = {}): TrackRule => ({
  ...frame,
  kind: 'track',
  operand: operand('a'),
  operandText: 'a',
  spread: 'perInstance',
  target: 60,
  toleranceRatio: 0.1,
  toleranceInRatio: 0.1,
  wholePercents: false,
  ...change,
})
const steps = (bands: readonly Band[], rounding: StepRule['rounding'] = 'up'): StepRule => ({
  ...frame,
  kind: 'steps',
  operand: operand('a'),
  operandText: 'a',
  threshold: 60,
  bands,
  rounding,
})
const band = (from: number | null, to: number | null, scale: ScaleAction): Band => ({ from, to, scale })
const by = (instances: number): ScaleAction => ({ kind: 'by', instances })
const percent = (percents: number): ScaleAction => ({ kind: 'percent', ratio: percents / 100, atLeast: 1 })
const when = (scale: ScaleAction | null): ReactiveRule => ({
  ...frame,
  kind: 'when',
  when: { node: 'truth', truth: 'at_max' },
  whenText: 'at_max',
  scale,
})
const match: ReactiveRule = { ...frame, kind: 'match', expression: operand('a'), expressionText: 'a' }

interface Asked {
  readonly a?: number
  readonly b?: number
  readonly current?: number
  readonly ready?: number
  readonly reporting?: readonly [number, number]
}

function ask(
  rule: ReactiveRule,
  { a = Number.NaN, b = Number.NaN, current = 4, ready = current, reporting }: Asked,
) {
  const question: Question = {
    evidence: { operands: [a, b], quantities: [] },
    sessions: NO_SESSIONS,
    outlooks: {},
    current,
    ready,
    reporting: Float64Array.from(reporting ?? [Number.NaN, Number.NaN]),
  }
  const answer = compileAsk(rule, null, slots)(question)
  return answer.kind === 'want' ? answer.count : answer.kind
}

describe('a tracking rule', () => {
  it.each<[string, Asked, number | string]>([
    ['without data', {}, 'unknown'],
    ['more load', { a: 90 }, 6],
    ['at the upper end of its tolerance', { a: 66, current: 40 }, 'hold'],
    ['beyond it', { a: 66.1, current: 40 }, 45],
    ['at the lower end of its tolerance', { a: 54, current: 40 }, 'hold'],
    ['below it', { a: 53.9, current: 40 }, 36],
    ['at its target, and more ordered than that needs', { a: 60, current: 6, ready: 4 }, 4],
    ['silent ones are idle on the way out', { a: 90, reporting: [3, 9] }, 5],
    ['and at the target on the way in', { a: 30, reporting: [3, 9] }, 3],
    ['more reported than are ready: nobody is silent', { a: 30, ready: 4, reporting: [6, 9] }, 3],
    ['silent ones do not turn growing round', { a: 70, reporting: [2, 9] }, 'hold'],
    ['nor shrinking', { a: 50, current: 2, ready: 8, reporting: [4, 9] }, 'hold'],
    ['none there and none needed', { a: 0, current: 0 }, 'hold'],
    ['none open, and those that drain still have load', { a: 90, current: 0, reporting: [2, 9] }, 3],
  ])('%s: %j', (_, asked, expected) => {
    expect(ask(track(), asked)).toBe(expected)
  })

  it.each<[string, number, number, number | string]>([
    ['more', 401, 4, 5],
    ['none but the rounding', 400.000_000_000_1, 4, 'hold'],
    ['as many as there are', 395, 4, 'hold'],
    ['none at all, of none', 0, 0, 'hold'],
    ['some, of none', 5, 0, 1],
    ['none any more', 0, 4, 0],
  ])('of a total without tolerance asks for %s: %d at %i', (_, a, current, expected) => {
    const rule = track({ spread: 'total', target: 100, toleranceRatio: 0, toleranceInRatio: 0 })
    expect(ask(rule, { a, current })).toBe(expected)
  })

  it('over more than one operand does not know who reported: the ready ones stand for all', () => {
    const sum: Expression = { node: 'arithmetic', operator: '+', left: operand('a'), right: operand('b') }
    expect(ask(track({ operand: sum }), { a: 15, b: 15, reporting: [2, 2] })).toBe(2)
  })
})

describe('a step rule', () => {
  it.each<[string, StepRule, Asked, number | string]>([
    ['without data', steps([band(0, null, by(1))]), {}, 'unknown'],
    ['in no band', steps([band(0, null, by(1))]), { a: 59 }, 'nothing'],
    ['in a band from below without an end', steps([band(-10, null, by(1))]), { a: 500 }, 5],
    ['not at the lower end of a band from below', steps([band(-10, null, by(1))]), { a: 50 }, 'nothing'],
    ['rounds a share up', steps([band(0, null, percent(30))]), { a: 90, current: 9 }, 12],
    ['or towards zero', steps([band(0, null, percent(30))], 'towards-zero'), { a: 90, current: 9 }, 11],
    [
      'or towards zero, at least by one',
      steps([band(0, null, percent(30))], 'towards-zero'),
      { a: 90, current: 2 },
      3,
    ],
    ['also on the way in', steps([band(null, 0, percent(-30))], 'towards-zero'), { a: 10, current: 9 }, 7],
    ['from none to one', steps([band(0, null, percent(30))], 'towards-zero'), { a: 90, current: 0 }, 1],
    ['not below none', steps([band(null, 0, percent(-30))], 'towards-zero'), { a: 10, current: 0 }, 0],
    [
      'a share that is whole but for the rounding',
      steps([band(0, null, percent(29))], 'towards-zero'),
      { a: 90, current: 100 },
      129,
    ],
    ['counts are not rounded', steps([band(0, null, by(3))], 'towards-zero'), { a: 90 }, 7],
    [
      'nor is a count outright',
      steps([band(0, null, { kind: 'to', instances: 9 })], 'towards-zero'),
      { a: 90 },
      9,
    ],
  ])('%s', (_, rule, asked, expected) => {
    expect(ask(rule, asked)).toBe(expected)
  })
})

describe('a matching rule', () => {
  it.each<[number, number | string]>([
    [Number.NaN, 'unknown'],
    [Number.POSITIVE_INFINITY, 'unknown'],
    [4, 'hold'],
    [4.000_000_000_1, 'hold'],
    [4.1, 5],
    [-3, 0],
  ])('at %d of 4 asks for %s', (a, expected) => {
    expect(ask(match, { a })).toBe(expected)
  })
})

describe('whatever its operands read, a rule', () => {
  const both = [band(0, null, by(2)), band(null, 0, by(-1))]
  it.each<[string, ReactiveRule, number, boolean, boolean]>([
    ['that adds', when(by(1)), 4, true, false],
    ['that takes', when(by(-1)), 4, false, true],
    ['that takes from none', when(by(-1)), 0, false, false],
    ['to a count above', when({ kind: 'to', instances: 5 }), 4, true, false],
    ['to the count there is', when({ kind: 'to', instances: 4 }), 4, false, false],
    ['to a count below', when({ kind: 'to', instances: 3 }), 4, false, true],
    ['that asks for no count', when(null), 4, false, false],
    ['with bands both ways', steps(both), 4, true, true],
    ['with bands out', steps([band(0, null, by(2))]), 4, true, false],
    ['with bands in', steps([band(null, 0, by(-1))]), 4, false, true],
    ['with bands to just that', steps([band(0, null, { kind: 'to', instances: 4 })]), 4, false, false],
    ['that tracks', track(), 4, true, true],
    ['that tracks none', track(), 0, true, false],
    ['that matches', match, 4, true, true],
    ['that matches none', match, 0, true, false],
  ])('%s can grow or shrink', (_, rule, current, grows, shrinks) => {
    expect([canGrow(rule, current), canShrink(rule, current)]).toEqual([grows, shrinks])
  })
})
