import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import type { Decision } from '../../model/decision.ts'
import type { AggregateOperand } from '../../model/expression.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import type { Band, FleetSpec, MatchRule, ReactiveRule, StepRule, TrackRule } from '../../model/spec.ts'
import { decide } from '../decide.ts'

const CPU: AggregateOperand = {
  node: 'aggregate',
  key: 'avg(cpu, 1m)',
  aggregate: 'avg',
  metric: 'cpu',
  windowMs: 60_000,
}

function withRules(rules: readonly ReactiveRule[], spec: Partial<FleetSpec> = {}): FleetSpec {
  return { ...fleetSpec({ min: 0, max: 1_000 }), operands: [CPU], rules, ...spec }
}

function decideAt(
  spec: FleetSpec,
  cpu: number | null,
  open: number,
  reporting: number | null = null,
): Decision {
  const reading =
    cpu === null
      ? { gap: 'no data' }
      : { value: cpu, samples: 9, firstAt: NOON - 55_000, lastAt: NOON, reporting }
  return decide(spec, observation({ open, readings: { 'avg(cpu, 1m)': reading } }), EMPTY_MEMORY).decision
}

interface GoldenBand {
  readonly from: number | null
  readonly to: number | null
  readonly by: string
}

const golden: {
  steps: {
    steps: Record<'out' | 'in', { threshold: number; bands: GoldenBand[] }>
    sequence: [number, number, number][]
  }
} = JSON.parse(readFileSync(new URL('../../../test/conformance/decide.json', import.meta.url), 'utf8'))

function bandOf({ from, to, by }: GoldenBand): Band {
  return { from, to, scale: { kind: 'percent', ratio: Number.parseFloat(by) / 100, atLeast: 1 } }
}

function steps(
  name: string,
  threshold: number,
  bands: readonly Band[],
  rounding: StepRule['rounding'],
): StepRule {
  return {
    ...RULE_FRAME,
    kind: 'steps',
    name,
    operand: CPU,
    operandText: CPU.key,
    threshold,
    bands,
    rounding,
  }
}

function track(change: Partial<TrackRule> = {}): TrackRule {
  return {
    ...RULE_FRAME,
    kind: 'track',
    name: 'track',
    operand: CPU,
    operandText: CPU.key,
    spread: 'perInstance',
    target: 60,
    toleranceRatio: 0.1,
    toleranceInRatio: 0.1,
    wholePercents: false,
    ...change,
  }
}

describe('step scaling', () => {
  const { out, in: into } = golden.steps.steps
  const spec = withRules(
    [
      steps('out', out.threshold, out.bands.map(bandOf), 'towards-zero'),
      steps('in', into.threshold, into.bands.map(bandOf), 'towards-zero'),
    ],
    { guards: { ...fleetSpec().guards, scaleIn: 'any', flapping: false } },
  )

  it.each(golden.steps.sequence)('a reading of %d at %d instances gives %d', (reading, current, expected) => {
    expect(decideAt(spec, reading, current).desired).toBe(expected)
  })

  it.each([
    [59.9, 10],
    [41, 10],
  ])('a reading of %d between the thresholds asks for nothing', (reading, current) => {
    expect(decideAt(spec, reading, current).desired).toBe(current)
  })

  it('goes as far as the band says by counts, too', () => {
    const bands: Band[] = [
      { from: 0, to: 15, scale: { kind: 'by', instances: 1 } },
      { from: 15, to: null, scale: { kind: 'to', instances: 9 } },
    ]
    const counted = withRules([steps('out', 60, bands, 'up')])
    expect(decideAt(counted, 74.9, 4).desired).toBe(5)
    expect(decideAt(counted, 75, 4).desired).toBe(9)
  })
})

describe('target tracking', () => {
  it.each([
    { why: 'more load, more instances', cpu: 90, open: 4, desired: 6 },
    { why: 'less load, fewer', cpu: 30, open: 4, desired: 2 },
    { why: 'inside the tolerance nothing', cpu: 65, open: 4, desired: 4 },
    { why: 'just at the tolerance nothing', cpu: 66, open: 4, desired: 4 },
    { why: 'just beyond it one more', cpu: 67, open: 4, desired: 5 },
    { why: 'no data, no change', cpu: null, open: 4, desired: 4 },
    { why: 'no load, none', cpu: 0, open: 4, desired: 0 },
  ])('$why: $cpu % on $open gives $desired', ({ cpu, open, desired }) => {
    expect(decideAt(withRules([track()]), cpu, open).desired).toBe(desired)
  })

  it('counts a silent instance as idle on the way out and as at its target on the way in', () => {
    // 3 of 4 report: 90 * 3 = 270 of demand needs 5; 30 * 3 + 60 * 1 = 150 needs 3.
    expect(decideAt(withRules([track()]), 90, 4, 3).desired).toBe(5)
    expect(decideAt(withRules([track()]), 30, 4, 3).desired).toBe(3)
  })

  it('never turns round because some are silent', () => {
    // 70 * 2 = 140 of demand would be met by 3, but 4 are there and the load is above target.
    expect(decideAt(withRules([track()]), 70, 4, 2).desired).toBe(4)
  })

  it('does not repeat an order for what is pending', () => {
    const reading = { value: 90, samples: 9, firstAt: NOON - 55_000, lastAt: NOON, reporting: 4 }
    const seen = observation({ open: 4, pending: 2, readings: { 'avg(cpu, 1m)': reading } })
    expect(decide(withRules([track()]), seen, EMPTY_MEMORY).decision).toMatchObject({
      current: 6,
      desired: 6,
    })
  })

  it('takes a total as it is', () => {
    const spec = withRules([track({ spread: 'total', target: 100 })])
    expect(decideAt(spec, 730, 4).desired).toBe(8)
  })

  it('compares whole percents where it is asked to, as the HPA does', () => {
    // 66.9 / 60 is beyond the tolerance; 66 / 60 is not.
    expect(decideAt(withRules([track({ wholePercents: true })]), 66.9, 4).desired).toBe(4)
  })

  it('of several the one that asks for most wins, and one that is content vetoes a cut', () => {
    const memory: AggregateOperand = { ...CPU, key: 'avg(memory, 1m)', metric: 'memory' }
    const rules = [track(), track({ name: 'memory', operand: memory, operandText: memory.key })]
    const metrics = {
      ...fleetSpec().metrics,
      memory: { ...fleetSpec({ metrics: { memory: { kind: 'perInstance' } } }).metrics.memory },
    }
    const spec = { ...withRules(rules), operands: [CPU, memory], metrics } as FleetSpec
    const desired = (cpu: number, used: number): number | null =>
      decide(
        spec,
        observation({ open: 4, values: { 'avg(cpu, 1m)': cpu, 'avg(memory, 1m)': used } }),
        EMPTY_MEMORY,
      ).decision.desired
    expect(desired(90, 75)).toBe(6)
    expect(desired(30, 60)).toBe(4)
    expect(desired(30, 15)).toBe(2)
  })

  it('lands where the load per instance is within one instance of the target', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 200, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (cpu, open) => {
          const { desired } = decideAt(
            withRules([track({ toleranceRatio: 0, toleranceInRatio: 0 })]),
            cpu,
            open,
          )
          const demand = cpu * open
          expect(desired).not.toBeNull()
          expect(demand / Math.max(1, desired ?? 0)).toBeLessThanOrEqual(60 + 1e-6)
          expect(demand / Math.max(1, (desired ?? 0) - 1)).toBeGreaterThan(desired === 1 ? 0 : 60 - 1e-6)
        },
      ),
    )
  })
})

describe('matching', () => {
  const match = (divisor: number): MatchRule => ({
    ...RULE_FRAME,
    kind: 'match',
    name: 'match',
    expression: {
      node: 'arithmetic',
      operator: '/',
      left: CPU,
      right: { node: 'number', value: divisor, text: String(divisor) },
    },
    expressionText: `avg(cpu, 1m) / ${divisor}`,
  })

  it.each([
    [250, 100, 3],
    [300, 100, 3],
    [0, 100, 0],
    [null, 100, 4],
    [250, 0, 4],
  ])('%s divided by %d wants %d', (value, divisor, desired) => {
    const { metrics } = fleetSpec({ metrics: { cpu: { kind: 'total' } } })
    expect(decideAt(withRules([match(divisor)], { metrics }), value, 4).desired).toBe(desired)
  })
})

describe('settings', () => {
  const rule = (name: string, rank: number, value: string): ReactiveRule => ({
    ...RULE_FRAME,
    kind: 'when',
    name,
    rank,
    when: { node: 'compare', operator: '>', left: CPU, right: { node: 'number', value: 80, text: '80' } },
    whenText: 'avg(cpu, 1m) > 80',
    scale: null,
    effects: { set: { quality: value }, notify: [], run: [] },
  })
  const settings = { quality: { name: 'quality', default: 'high', description: '' } }
  const spec = withRules([rule('a', 1, 'low'), rule('b', 2, 'lower'), rule('c', 2, 'lowest')], { settings })

  it('have the value of the highest rank that fires, then of the first in the file', () => {
    expect(decideAt(spec, 90, 4)).toMatchObject({ settings: { quality: 'lower' }, desired: 4 })
  })

  it('return to their default when no rule sets them any more, or its data is missing', () => {
    expect(decideAt(spec, 50, 4).settings).toEqual({ quality: 'high' })
    expect(decideAt(spec, null, 4).settings).toEqual({ quality: 'high' })
  })
})

describe('effects', () => {
  const rule: ReactiveRule = {
    ...RULE_FRAME,
    kind: 'when',
    name: 'backlog',
    when: { node: 'compare', operator: '>', left: CPU, right: { node: 'number', value: 80, text: '80' } },
    whenText: 'avg(cpu, 1m) > 80',
    scale: null,
    effects: { set: {}, notify: ['ops'], run: ['provision'] },
  }

  it('come once when the rule begins to fire, and again only after it stopped', () => {
    const spec = withRules([rule])
    let memory = EMPTY_MEMORY
    const counts = [90, 90, 50, 90].map((cpu, n) => {
      const reading = { value: cpu, samples: 9, firstAt: NOON - 55_000, lastAt: NOON, reporting: null }
      const seen = observation({ at: NOON + n * 1000, readings: { 'avg(cpu, 1m)': reading } })
      const decided = decide(spec, seen, memory)
      memory = JSON.parse(JSON.stringify(decided.memory))
      return decided.decision.effects.length
    })
    expect(counts).toEqual([2, 0, 0, 2])
  })
})

describe('the billing hour', () => {
  const rule = (by: number): ReactiveRule => ({
    ...RULE_FRAME,
    kind: 'when',
    name: 'rule',
    when: { node: 'compare', operator: '>', left: CPU, right: { node: 'number', value: 0, text: '0' } },
    whenText: 'avg(cpu, 1m) > 0',
    scale: { kind: 'by', instances: by },
  })
  const guards = {
    ...fleetSpec().guards,
    billingHour: { by: 'wall-clock' as const, outFirstMinutes: 15, inLastMinutes: 10 },
  }

  it.each([
    { by: 1, minute: 0, desired: 5 },
    { by: 1, minute: 14, desired: 5 },
    { by: 1, minute: 15, desired: 4 },
    { by: -1, minute: 49, desired: 4 },
    { by: -1, minute: 50, desired: 3 },
  ])('by $by in minute $minute gives $desired', ({ by, minute, desired }) => {
    const at = NOON + minute * 60_000
    const reading = { value: 5, samples: 9, firstAt: at - 55_000, lastAt: at, reporting: null }
    const seen = observation({ at, open: 4, readings: { 'avg(cpu, 1m)': reading } })
    expect(decide(withRules([rule(by)], { guards }), seen, EMPTY_MEMORY).decision.desired).toBe(desired)
  })
})
