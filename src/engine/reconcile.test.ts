import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec, type RuleWords } from '../../test/builders/spec.ts'
import type { Decision } from '../model/decision.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
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
