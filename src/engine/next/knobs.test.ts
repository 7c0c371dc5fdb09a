import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { type FleetWords, fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'

import { NO_SESSIONS, type Observation, type OperandReading } from '../../model/observation.ts'
import type { ReactiveRule } from '../../model/spec.ts'

import { knobsOf } from './knobs.ts'

const NO_GAPS: ReadonlySet<string> = new Set()

function knobs(words: FleetWords, seen: Observation, gaps = NO_GAPS) {
  return knobsOf(fleetSpec({ metrics: { cpu: {}, orders: {} }, ...words }), seen, gaps)
}

const one = (when: string, reading: OperandReading | undefined, gaps = NO_GAPS) => {
  const key = /^-?\(?(\w+\([^)]*\))/.exec(when)?.[1] ?? ''
  const seen = observation({ readings: reading === undefined ? {} : { [key]: reading } })
  const [knob] = knobs({ rules: [{ when, by: 1 }] }, seen, gaps)
  if (knob === undefined) throw new Error('no knob')
  return { knob, seen, set: (value: number) => knob.set(seen, value).readings[key] }
}

const sampled = { value: 62, samples: 9, firstAt: NOON - 1000, lastAt: NOON, reporting: 3 }

describe('the numbers that could be otherwise', () => {
  it('are the operands of the rules that are enabled, each once', () => {
    const rules = [
      { when: 'last(cpu) > 80%', by: 1 },
      { when: 'last(cpu) < 20% and last(orders) < 5', by: -1 },
      { when: 'max(cpu, 5m) > 99%', by: 1, enabled: false },
    ]
    const found = knobs({ rules }, observation({ values: { 'last(cpu)': 50, 'last(orders)': null } }))
    expect(found.map(({ name, value }) => [name, value])).toEqual([
      ['last(cpu)', 50],
      ['last(orders)', null],
    ])
    expect(found.map(({ search }) => search.worthTrying)).toEqual([
      [80, 20, 5],
      [20, 5],
    ])
  })

  it.each<[string, OperandReading | undefined, ReadonlySet<string>, number | null]>([
    ['as it was stated', { stated: 7 }, NO_GAPS, 7],
    ['as it was read', sampled, NO_GAPS, 62],
    ['unknown where it is a gap', { gap: 'no data' }, NO_GAPS, null],
    ['unknown where there is nothing', undefined, NO_GAPS, null],
    ['unknown where what was read did not count', sampled, new Set(['last(cpu)']), null],
  ])('stand %s', (_, reading, gaps, value) => {
    expect(one('last(cpu) > 80%', reading, gaps).knob.value).toBe(value)
  })

  it.each<[string, OperandReading | undefined, ReadonlySet<string>, OperandReading]>([
    ['a stated one', { stated: 7 }, NO_GAPS, { stated: 90 }],
    ['one that was read, and who reported stays', sampled, NO_GAPS, { ...sampled, value: 90 }],
    ['a gap', { gap: 'no data' }, NO_GAPS, { stated: 90 }],
    ['one that is not there', undefined, NO_GAPS, { stated: 90 }],
    ['one that did not count', sampled, new Set(['last(cpu)']), { stated: 90 }],
  ])('are set to another: %s', (_, reading, gaps, expected) => {
    const { knob, seen, set } = one('last(cpu) > 80%', reading, gaps)
    expect(set(90)).toEqual(expected)
    expect(knob.set(seen, 90)).toMatchObject({ at: seen.at, capacity: seen.capacity })
  })

  it.each([
    ['last(cpu) > 80%', 62, { scale: 80, lowest: 0 }],
    ['last(cpu) > 80%', 950, { scale: 950, lowest: 0 }],
    ['last(cpu) > 80%', -5, { scale: 80, lowest: Number.NEGATIVE_INFINITY }],
    ['last(cpu) > 0', 0, { scale: 1, lowest: 0 }],
    ['last(cpu) > 0', null, { scale: 1, lowest: 0 }],
    ['last(cpu) > -20 or last(cpu) > 80%', 5, { scale: 80, lowest: Number.NEGATIVE_INFINITY }],
    ['slope(orders, 5m) > 3', 1, { scale: 3, lowest: Number.NEGATIVE_INFINITY }],
    ['trend(orders, 5m) > 3', 1, { scale: 3, lowest: Number.NEGATIVE_INFINITY }],
  ])('are searched as far as they can go: %s at %s', (when, value, expected) => {
    const reading = value === null ? { gap: 'no data' } : { stated: value }
    expect(one(when, reading).knob.search).toMatchObject(expected)
  })

  it('may be negative only where they are slopes, whatever stands beside them', () => {
    const rules = [{ when: 'slope(orders, 5m) > 3 and last(cpu) > 80% and trend(orders, 5m) > 1', by: 1 }]
    const found = knobs({ rules }, observation())
    expect(found.map(({ name, search }) => [name, search.lowest])).toEqual([
      ['slope(orders, 5m)', Number.NEGATIVE_INFINITY],
      ['last(cpu)', 0],
      ['trend(orders, 5m)', Number.NEGATIVE_INFINITY],
    ])
  })

  describe('of sessions', () => {
    const withSessions = (inUse: number | null): Observation => ({
      ...observation({ values: { 'last(cpu)': 50 } }),
      sessions: { ...NO_SESSIONS, inUse, inUseOpen: inUse, slots: 80 },
    })
    const namesOf = (when: string, inUse: number | null = 30) =>
      knobs({ rules: [{ when, by: 1 }], others: ['db'] }, withSessions(inUse)).map(({ name }) => name)

    it.each([
      ['free_slots < 10', ['sessions']],
      ['sessions > 10', ['sessions']],
      ['last(cpu) > 5 and not sessions > 10', ['last(cpu)', 'sessions']],
      ['last(cpu) > 5 or -sessions < 10', ['last(cpu)', 'sessions']],
      ['last(cpu) / (1 + sessions) > 10', ['last(cpu)', 'sessions']],
      ['slots > 10 and at_max', []],
      ['instances > 3', []],
    ])('are those a rule asks about: %s', (when, names) => {
      expect(namesOf(when)).toEqual(names)
    })

    it('are none where nobody counts them, or they are another fleet’s', () => {
      expect(namesOf('free_slots < 10', null)).toEqual([])
      expect(namesOf('fleet(db).sessions > 10')).not.toContain('sessions')
    })

    it('are those any kind of rule asks about', () => {
      const operand = { node: 'quantity', quantity: 'free_slots', fleet: null } as const
      const frame = {
        name: 'rule',
        ...RULE_FRAME,
      }
      const of: ReactiveRule[] = [
        { ...frame, kind: 'match', expression: operand, expressionText: 'free_slots' },
        {
          ...frame,
          kind: 'steps',
          operand,
          operandText: 'free_slots',
          threshold: 10,
          bands: [],
          rounding: 'up',
        },
        {
          ...frame,
          kind: 'track',
          operand,
          operandText: 'free_slots',
          spread: 'total',
          target: 10,
          toleranceRatio: 0.1,
          toleranceInRatio: 0.1,
          wholePercents: false,
        },
      ]
      for (const rule of of) {
        expect(knobs({ spec: { rules: [rule] } }, withSessions(30)).map(({ name }) => name)).toEqual([
          'sessions',
        ])
      }
    })

    it('are set to another', () => {
      const seen = withSessions(30)
      const [knob] = knobs({ rules: [{ when: 'free_slots < 10', by: 1 }] }, seen)
      expect(knob).toMatchObject({
        name: 'sessions',
        value: 30,
        search: { worthTrying: [10], scale: 30, lowest: 0 },
      })
      expect(knob?.set(seen, 75)).toEqual({
        ...seen,
        sessions: { ...seen.sessions, inUse: 75, inUseOpen: 75 },
      })
    })
  })
})
