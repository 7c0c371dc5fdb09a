/**
 * What the numbers are that rules are asked over, and what is a gap.
 */
import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { parseExpression } from '../config/expression/parse.ts'
import type { Step } from '../model/decision.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import {
  type FleetQuantities,
  NO_SESSIONS,
  type Observation,
  type OperandReading,
} from '../model/observation.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import { compileFleet } from './compile.ts'
import { decide } from './decide.ts'
import { countFromReadings, fleetQuantities } from './operands.ts'

const MINUTE = 60_000

function operandSteps(spec: FleetSpec, seen: Observation): Step[] {
  return decide(spec, seen, EMPTY_MEMORY).decision.steps.filter(({ stage }) => stage === 'operands')
}

/** The one gap of a rule over `operand`; null where it reads a value. */
function gapOf(operand: string, reading: OperandReading | undefined, words: ObservationWords = {}) {
  const spec = fleetSpec({ rules: [{ when: `${operand} > 1`, by: 1 }] })
  const readings = reading === undefined ? {} : { [operand]: reading }
  const [step] = operandSteps(spec, observation({ ...words, readings }))
  if (step?.stage !== 'operands') throw new Error('no operand')
  return step.outcome === 'gap' ? step.gap : null
}

const reading = (change: Partial<Extract<OperandReading, { value: number }>> = {}) => ({
  value: 5,
  samples: 9,
  firstAt: NOON - 4 * MINUTE,
  lastAt: NOON,
  reporting: null,
  ...change,
})

describe('an operand', () => {
  it('covers a long window up to where its metric is known', () => {
    const known = reading({ firstAt: NOON - 9 * MINUTE, lastAt: NOON - 5 * MINUTE })
    const spec = fleetSpec({ rules: [{ when: 'avg(cpu, 10m) > 80%', by: 1 }] })
    const gapAfter = (delayMs: number) => {
      const metrics = Object.fromEntries(
        Object.entries(spec.metrics).map(([name, metric]) => [name, { ...metric, delayMs }]),
      )
      const seen = observation({ readings: { 'avg(cpu, 10m)': known } })
      const [step] = operandSteps({ ...spec, metrics }, seen)
      return step?.stage === 'operands' && step.outcome === 'gap' ? step.gap : null
    }
    expect(gapAfter(0)).toBe('no samples in the last 40 % of the window')
    expect(gapAfter(3 * MINUTE)).toBeNull()
  })

  it('is told with what it rests on', () => {
    const spec = fleetSpec({
      rules: [{ when: 'avg(cpu, 5m) > 80% or last(orders) > 1 or max(cpu, 5m) > 90%', by: 1 }],
    })
    const readings = { 'avg(cpu, 5m)': reading({ reporting: 3 }), 'last(orders)': { stated: 7 } }
    expect(operandSteps(spec, observation({ readings }))).toEqual([
      {
        stage: 'operands',
        outcome: 'value',
        operand: 'avg(cpu, 5m)',
        value: 5,
        samples: 9,
        reporting: 3,
        dividedBy: null,
      },
      {
        stage: 'operands',
        outcome: 'value',
        operand: 'last(orders)',
        value: 7,
        samples: null,
        reporting: null,
        dividedBy: null,
      },
      { stage: 'operands', outcome: 'gap', operand: 'max(cpu, 5m)', gap: 'no data' },
    ])
  })

  it.each<[string, OperandReading | undefined, string | null]>([
    ['last(orders)', undefined, 'no data'],
    ['last(orders)', { gap: 'the source did not answer' }, 'the source did not answer'],
    ['last(orders)', { stated: 0 }, null],
    ['last(orders)', { stated: Number.NaN }, 'not a finite number'],
    ['last(orders)', { stated: Number.POSITIVE_INFINITY }, 'not a finite number'],
    ['last(orders)', reading({ value: Number.NEGATIVE_INFINITY }), 'not a finite number'],
    ['last(orders)', reading({ value: Number.NaN }), 'not a finite number'],
    ['last(orders)', reading({ samples: 1 }), null],
    ['count(orders, 30m)', reading({ samples: 1 }), null],
    ['avg(orders, 5m)', reading({ samples: 1 }), 'only 1 sample in the window'],
    ['avg(orders, 5m)', reading({ samples: 2, firstAt: NOON, lastAt: NOON }), null],
    ['avg(orders, 10m)', reading({ firstAt: NOON - 6 * MINUTE, lastAt: NOON - 4 * MINUTE }), null],
    [
      'avg(orders, 10m)',
      reading({ firstAt: NOON - 6 * MINUTE + 1 }),
      'no samples in the first 40 % of the window',
    ],
    [
      'avg(orders, 10m)',
      reading({ firstAt: NOON - 9 * MINUTE, lastAt: NOON - 4 * MINUTE - 1 }),
      'no samples in the last 40 % of the window',
    ],
  ])('%s of %j: %s', (operand, given, gap) => {
    expect(gapOf(operand, given)).toBe(gap)
  })

  it.each([
    [2, 4, null],
    [1, 4, 'only 1 of 4 instances reported'],
    [2, 5, 'only 2 of 5 instances reported'],
    [0, 0, null],
    [null, 4, null],
  ])('of %s reporting instances of %i is a gap below half: %s', (reporting, open, gap) => {
    expect(gapOf('avg(cpu, 5m)', reading({ reporting }), { open })).toBe(gap)
  })

  it('of a total needs no quorum', () => {
    expect(gapOf('avg(orders, 5m)', reading({ reporting: 1 }), { open: 9 })).toBeNull()
  })
})

describe('a metric of another fleet', () => {
  const ofDb = (change: Partial<MetricSpec>): FleetSpec => {
    const spec = fleetSpec({
      metrics: { queue: { kind: 'perInstance' } },
      rules: [{ name: 'rule', when: 'last(queue) > 50', by: 1 }],
    })
    const queue = { ...spec.metrics.queue, ofFleet: 'db', ...change } as MetricSpec
    return { ...spec, metrics: { queue } }
  }
  const db = (ready: number | null): Observation['fleets'] => ({ db: { ...NOTHING_KNOWN, ready } })

  it('needs no quorum of this one', () => {
    const readings = { 'last(queue)': reading({ value: 60, reporting: 1 }) }
    const { decision } = decide(ofDb({}), observation({ open: 9, readings }), EMPTY_MEMORY)
    expect(decision.desired).toBe(10)
  })

  it('is divided by the ready instances of that one', () => {
    const spec = ofDb({ kind: 'total', dividePerInstance: true })
    const at = (fleets: Observation['fleets']) =>
      operandSteps(spec, observation({ open: 4, values: { 'last(queue)': 120 }, fleets }))
    expect(at(db(2))).toMatchObject([{ outcome: 'value', value: 60, dividedBy: 2 }])
    expect(at(db(0))).toMatchObject([{ outcome: 'gap', gap: 'no ready instance to divide it by' }])
    const unknown = { outcome: 'gap', gap: 'the ready instances to divide it by are not known' }
    expect(at(db(null))).toMatchObject([unknown])
    expect(at({})).toMatchObject([unknown])
  })
})

const NOTHING_KNOWN: FleetQuantities = {
  instances: null,
  ready: null,
  pending: null,
  draining: null,
  sessions: null,
  slots: null,
  free_slots: null,
  waiting_sessions: null,
  lowest: null,
  highest: null,
}

describe('the quantities of a fleet', () => {
  const seen = {
    ...observation({ open: 4, pending: 2, draining: 3, replacing: 1 }),
    sessions: { ...NO_SESSIONS, inUse: 30, inUseOpen: 30, slots: 80, waiting: 5 },
  }
  const known: FleetQuantities = {
    instances: 7,
    ready: 4,
    pending: 2,
    draining: 3,
    sessions: 30,
    slots: 80,
    free_slots: 50,
    waiting_sessions: 5,
    lowest: 2,
    highest: 9,
  }

  it('are its counts, its sessions and its bounds', () => {
    expect(fleetQuantities(seen, { lowest: 2, highest: 9 })).toEqual(known)
  })

  it.each(Object.entries(known))('stand in conditions: %s is %i', (quantity, value) => {
    const rules = [{ name: 'rule', when: `${quantity} == ${value}`, by: 1 }]
    const { decision } = decide(fleetSpec({ min: 2, max: 9, rules }), seen, EMPTY_MEMORY)
    expect(decision.desired).toBe(8)
  })

  it('are unknown, not zero, without a count and without sessions to ask', () => {
    const blind = { ...observation(), capacity: null, capacityGap: 'no answer' }
    expect(fleetQuantities(blind, { lowest: 0, highest: 9 })).toEqual({
      ...NOTHING_KNOWN,
      // Nobody can wait where nobody places sessions.
      waiting_sessions: 0,
      lowest: 0,
      highest: 9,
    })
  })

  it('of other fleets have places of their own behind the operands', () => {
    const rules = [
      { name: 'rule', when: 'last(orders) > 1 and fleet(a).ready > 2 and fleet(b).ready > 3', by: 1 },
    ]
    const spec = fleetSpec({ rules, others: ['a', 'b'] })
    const at = (orders: number, a: number, b: number) => {
      const fleets = { a: { ...NOTHING_KNOWN, ready: a }, b: { ...NOTHING_KNOWN, ready: b } }
      const found = observation({ open: 4, values: { 'last(orders)': orders }, fleets })
      return decide(spec, found, EMPTY_MEMORY).decision.desired
    }
    expect([at(2, 3, 4), at(1, 3, 4), at(2, 2, 4), at(2, 3, 3)]).toEqual([5, 4, 4, 4])
  })

  it('of other fleets are unknown in entries written before fleets saw each other, and by names of every object', () => {
    const spec = fleetSpec({ rules: [{ when: 'fleet(toString).ready > 0', by: 1 }], others: ['toString'] })
    const { fleets: _, ...old } = observation()
    for (const seen of [observation(), old as Observation]) {
      expect(operandSteps(spec, seen)).toEqual([
        {
          stage: 'operands',
          outcome: 'gap',
          operand: 'fleet(toString).ready',
          gap: 'fleet "toString" has no recent tick',
        },
      ])
    }
  })
})

describe('a count that an expression says', () => {
  function counted(text: string | null): FleetSpec {
    const spec = fleetSpec({
      metrics: { queue: { kind: 'total' } },
      rules: [{ when: 'last(queue) > 1', by: 1 }],
    })
    if (text === null) return spec
    const context = {
      metrics: new Map([['queue', { unit: null, staleAfterMs: 60_000 }]]),
      kpis: new Set<string>(),
      fleets: new Set(['db']),
    }
    const parsed = parseExpression(text, context)
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
    return { ...spec, count: parsed.value }
  }
  const count = (text: string | null, queue: OperandReading, fleets?: Observation['fleets']) => {
    const spec = counted(text)
    return countFromReadings(spec, compileFleet(spec), { 'last(queue)': queue }, NOON, fleets)
  }

  it.each<[string | null, OperandReading, number | null]>([
    ['last(queue)', { stated: 7 }, 7],
    ['last(queue) / 10', { stated: 14 }, 1],
    ['last(queue) / 10', { stated: 15 }, 2],
    ['last(queue) - 9', { stated: 7 }, 0],
    ['last(queue)', { gap: 'no data' }, null],
    ['last(queue) / 0', { stated: 7 }, null],
    ['last(queue) + ready', { stated: 7 }, null],
    ['last(queue) + lowest', { stated: 7 }, null],
    ['last(queue) + sessions', { stated: 7 }, null],
    [null, { stated: 7 }, null],
  ])('%s at %j is %s', (text, queue, expected) => {
    expect(count(text, queue)).toBe(expected)
  })

  it('may be that of another fleet', () => {
    const text = 'fleet(db).ready * 2'
    expect(count(text, { stated: 0 }, { db: { ...NOTHING_KNOWN, ready: 3 } })).toBe(6)
    expect(count(text, { stated: 0 })).toBeNull()
  })
})
