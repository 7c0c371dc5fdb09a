import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME, type RuleWords } from '../../../test/builders/spec.ts'
import type { Expression } from '../../model/expression.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { ReactiveRule } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain.ts'
import { rememberDecision } from '../remember.ts'

const MINUTE = 60_000

function fleet(rule: Partial<RuleWords>) {
  return fleetSpec({
    max: 1000,
    rules: [{ when: 'last(orders) > 1', ...rule }],
    guards: { growDuringWarmup: false },
    spec: { warmupMs: 5 * MINUTE },
  })
}

function operand(key: string): Expression {
  const found = fleet({}).operands.find(each => each.key === key)
  if (found === undefined) throw new Error(`no operand ${key}`)
  return found
}

function grown(from: number, to: number, minutesAgo: number): Change {
  return { at: NOON - minutesAgo * MINUTE, direction: 'out', rule: null, from, to, cooldownMs: 0 }
}

function desired(rule: Partial<RuleWords>, current: number, ...changes: Change[]): number | null {
  const seen = observation({ open: current, values: { 'last(orders)': 9 } })
  return decide(fleet(rule), seen, { ...EMPTY_MEMORY, changes }).decision.desired
}

describe('growing during a warm-up', () => {
  it.each([
    ['counts from before it, so nothing is ordered twice', { by: 2 }, 12, [grown(10, 12, 1)], 12],
    ['orders what is asked beyond it', { by: 4 }, 12, [grown(10, 12, 1)], 14],
    ['takes a percentage of the count before it', { percent: 30 }, 130, [grown(100, 130, 1)], 130],
    ['forgets what is older', { by: 2 }, 12, [grown(10, 12, 5)], 14],
    ['adds up several changes', { by: 2 }, 13, [grown(10, 12, 3), grown(12, 13, 2)], 13],
    ['never counts a cut as growth', { by: 2 }, 8, [grown(10, 8, 1)], 10],
    ['leaves a rule alone that says a count', { to: 20 }, 12, [grown(10, 12, 1)], 20],
  ] as const)('%s', (_case, rule, current, changes, expected) => {
    expect(desired(rule, current, ...changes)).toBe(expected)
  })

  it('takes nothing from a rule that asks for less, and has not ordered it yet', () => {
    const wanted = (orders: number): number | null => {
      const rules = [
        { name: 'enough', when: 'last(orders) > 1', to: 14 },
        { name: 'more', when: 'last(orders) > 5', by: 3 },
      ]
      const spec = fleetSpec({
        max: 1000,
        rules,
        guards: { growDuringWarmup: false },
        spec: { warmupMs: 5 * MINUTE },
      })
      const seen = observation({ open: 12, values: { 'last(orders)': orders } })
      return decide(spec, seen, { ...EMPTY_MEMORY, changes: [grown(10, 12, 1)] }).decision.desired
    }
    // "more" wants 15, of which 2 are on their way: 13, while "enough" asks for 14 all along.
    expect(wanted(2)).toBe(14)
    expect(wanted(9)).toBe(14)
  })

  it.each([
    ['is overruled by rank', { rank: -1 }],
    ['is not true for long enough', { forMs: MINUTE }],
    ['is disabled', { enabled: false }],
  ])('orders nothing again for a rule that asks for more, but %s', (_case, change) => {
    const spec = fleetSpec({
      max: 1000,
      rules: [
        { name: 'two', when: 'last(orders) > 1', by: 2 },
        { name: 'fourteen', when: 'last(orders) > 1', to: 14, ...change },
      ],
      guards: { growDuringWarmup: false },
      spec: { warmupMs: 5 * MINUTE },
    })
    const seen = observation({ open: 12, values: { 'last(orders)': 9 } })
    const memory = { ...EMPTY_MEMORY, changes: [grown(10, 12, 1)] }
    expect(decide(spec, seen, memory).decision.desired).toBe(12)
  })

  it('nor from one that matches, and counts what is on its way itself', () => {
    const rules: ReactiveRule[] = [
      ...fleet({ by: 3 }).rules,
      {
        name: 'as many as orders',
        kind: 'match',
        expression: operand('last(orders)'),
        expressionText: 'last(orders)',
        ...RULE_FRAME,
      },
    ]
    const seen = observation({ open: 12, values: { 'last(orders)': 14 } })
    const memory = { ...EMPTY_MEMORY, changes: [grown(10, 12, 1)] }
    expect(decide({ ...fleet({ by: 3 }), rules }, seen, memory).decision.desired).toBe(14)
  })

  it('says why', () => {
    const seen = observation({ open: 12, values: { 'last(orders)': 9 } })
    const { decision } = decide(fleet({ by: 2 }), seen, { ...EMPTY_MEMORY, changes: [grown(10, 12, 1)] })
    expect(explainDecision(decision)).toContain('warm-up: held, it is ordered already (2 came within 5m)')
  })

  it('remembers its own changes for as long as it needs them', () => {
    const spec = fleet({ by: 2 })
    let memory: Memory = EMPTY_MEMORY
    const counts: (number | null)[] = []
    let open = 4
    for (let minute = 0; minute < 12; minute += 1) {
      const seen = observation({ at: NOON + minute * MINUTE, open, values: { 'last(orders)': 9 } })
      const decided = decide(spec, seen, memory)
      memory = rememberDecision(spec, decided.decision, decided.memory)
      open = decided.decision.desired ?? open
      counts.push(open)
    }
    expect(counts).toEqual([6, 6, 6, 6, 6, 8, 8, 8, 8, 8, 10, 10])
  })
})
