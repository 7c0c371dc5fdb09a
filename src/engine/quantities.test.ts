/**
 * Operands that depend on counts: totals divided by the ready instances, and quantities of other fleets.
 */
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec, RULE_FRAME, type RuleWords } from '../../test/builders/spec.ts'
import { parseCondition } from '../config/expression/parse.ts'
import type { Decision } from '../model/decision.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { FleetQuantities, Observation } from '../model/observation.ts'
import type { FleetSpec, MetricSpec, TrackRule } from '../model/spec.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain.ts'

function withQueue(change: Partial<MetricSpec>, ...rules: readonly RuleWords[]): FleetSpec {
  const spec = fleetSpec({ min: 0, max: 20, metrics: { queue: { kind: 'total' } }, rules })
  const queue = { ...spec.metrics.queue, ...change } as MetricSpec
  return { ...spec, metrics: { queue } }
}

function decideOn(spec: FleetSpec, seen: Observation): Decision {
  return decide(spec, seen, EMPTY_MEMORY).decision
}

describe('a total that is divided per instance', () => {
  const rule = { name: 'Up', when: 'last(queue) >= 50', by: 1 }
  const spec = withQueue({ dividePerInstance: true }, rule)

  it.each([
    { open: 2, queue: 99, desired: 2 },
    { open: 2, queue: 100, desired: 3 },
    { open: 4, queue: 100, desired: 4 },
  ])('counts as the share of each: $queue on $open gives $desired', ({ open, queue, desired }) => {
    expect(decideOn(spec, observation({ open, values: { 'last(queue)': queue } })).desired).toBe(desired)
  })

  it('says by how many it was divided', () => {
    const decision = decideOn(spec, observation({ open: 2, values: { 'last(queue)': 100 } }))
    expect(explainDecision(decision)).toContain('last(queue) = 50 (as stated, divided by 2 ready)')
  })

  it('is a gap with nothing to divide by', () => {
    const none = decideOn(spec, observation({ open: 0, values: { 'last(queue)': 100 } }))
    expect(explainDecision(none)).toContain('last(queue) is unknown: no ready instance to divide it by')
    const unknown = {
      ...observation({ values: { 'last(queue)': 100 } }),
      capacity: null,
      capacityGap: 'no answer',
    }
    expect(explainDecision(decideOn(spec, unknown))).toContain(
      'last(queue) is unknown: the ready instances to divide it by are not known',
    )
  })

  it('grows for the flapping projection as the instances become fewer', () => {
    const down = { name: 'Down', when: 'last(queue) < 45', by: -1 }
    const both = withQueue({ dividePerInstance: true }, rule, down)
    // 40 each on 5 are 50 each on 4: held. 39 each are 48.75: allowed.
    expect(decideOn(both, observation({ open: 5, values: { 'last(queue)': 200 } })).desired).toBe(5)
    expect(decideOn(both, observation({ open: 5, values: { 'last(queue)': 195 } })).desired).toBe(4)
    const whole = withQueue(
      {},
      { ...rule, when: 'last(queue) >= 500' },
      { ...down, when: 'last(queue) < 450' },
    )
    expect(decideOn(whole, observation({ open: 5, values: { 'last(queue)': 449 } })).desired).toBe(4)
  })

  it('is tracked as what each of the ready ones has, whoever reported the total', () => {
    const spec = withQueue({ dividePerInstance: true })
    const [operand] = withQueue({}, { when: 'last(queue) > 1' }).operands
    if (operand === undefined) throw new Error('no operand')
    const track: TrackRule = {
      kind: 'track',
      name: 'Track',
      ...RULE_FRAME,
      operand,
      operandText: operand.key,
      spread: 'perInstance',
      target: 25,
      toleranceRatio: 0.1,
      toleranceInRatio: 0.1,
      wholePercents: false,
    }
    const reading = { value: 200, samples: 1, firstAt: NOON, lastAt: NOON, reporting: 1 }
    const seen = observation({ open: 4, readings: { [operand.key]: reading } })
    expect(decideOn({ ...spec, operands: [operand], rules: [track] }, seen).desired).toBe(8)
  })

  it('leaves a relative change alone', () => {
    const trend = withQueue({ dividePerInstance: true }, { when: 'trend(queue, 5m) > +50%', by: 1 })
    expect(decideOn(trend, observation({ open: 4, values: { 'trend(queue, 5m)': 0.6 } })).desired).toBe(5)
  })
})

describe('the flapping projection of a per-instance metric', () => {
  const reading = (value: number) => ({
    value,
    samples: 9,
    firstAt: NOON - 250_000,
    lastAt: NOON,
    reporting: 4,
  })

  it.each([
    ['p95(queue, 5m)', null, 4],
    ['max(queue, 5m)', null, 4],
    ['slope(queue, 5m)', null, 4],
    ['rate(queue, 5m)', null, 3],
    ['increase(queue, 5m)', null, 3],
    ['sum(queue, 5m)', null, 3],
    ['trend(queue, 5m)', null, 3],
    ['avg(queue, 5m)', 'avg', 4],
    ['avg(queue, 5m)', 'sum', 3],
  ] as const)('of %s, across %s, leads from 4 to %d', (operand, across, desired) => {
    const grain = across === null ? {} : { grainMs: 60_000, across }
    const up = { name: 'Up', when: `${operand} >= 70`, by: 1 }
    const down = { name: 'Down', when: `${operand} < 65`, by: -1 }
    const spec = withQueue({ kind: 'perInstance', unit: 'count', ...grain }, up, down)
    expect(decideOn(spec, observation({ open: 4, readings: { [operand]: reading(60) } })).desired).toBe(
      desired,
    )
  })
})

describe('quantities of other fleets', () => {
  const NOTHING: FleetQuantities = {
    instances: null,
    ready: null,
    pending: null,
    draining: null,
    sessions: null,
    slots: null,
    free_slots: null,
    lowest: null,
    highest: null,
    waiting_sessions: null,
  }

  function ruled(when: string, by: number): FleetSpec {
    const spec = fleetSpec({ min: 1, max: 20, rules: [{ name: 'Rule', when: 'at_max', by }] })
    const parsed = parseCondition(when, { metrics: new Map(), kpis: new Set(), fleets: new Set(['db']) })
    if (!parsed.ok) throw new Error('refused')
    const rules = spec.rules.map(rule =>
      rule.kind === 'when' ? { ...rule, when: parsed.value, whenText: when } : rule,
    )
    return { ...spec, rules }
  }

  const spec = ruled('fleet(db).ready * 2 > instances', 1)

  it('stand in conditions, are shown, and are named as what they are', () => {
    const seen = observation({ open: 4, fleets: { db: { ...NOTHING, ready: 3 } } })
    const decision = decideOn(spec, seen)
    expect(decision).toMatchObject({ desired: 5, because: expect.stringContaining('fleet(db).ready = 3') })
    expect(explainDecision(decision)).toContain('fleet(db).ready = 3 (as of its latest tick)')
  })

  it.each([
    [{}, 'fleet "db" has no recent tick'],
    [{ db: NOTHING }, 'fleet "db" does not know it'],
  ])('are unknown, not zero, without a word of that fleet', (fleets, gap) => {
    const down = ruled('fleet(db).ready < 2', -1)
    const decision = decideOn(down, observation({ open: 4, fleets }))
    expect(decision.desired).toBe(4)
    expect(explainDecision(decision)).toContain(`fleet(db).ready is unknown: ${gap}`)
  })

  it('do not change with the count of this fleet when a cut is weighed', () => {
    const down = ruled('fleet(db).ready < 2', -1)
    const seen = observation({ open: 4, fleets: { db: { ...NOTHING, ready: 1 } } })
    expect(decideOn(down, seen).desired).toBe(3)
  })
})
