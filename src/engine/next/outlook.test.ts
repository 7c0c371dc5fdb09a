import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../../test/builders/observation.ts'
import { type FleetWords, fleetSpec } from '../../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import type { Observation } from '../../model/observation.ts'
import type { FleetSpec } from '../../model/spec.ts'
import { Outlook, Spent } from './outlook.ts'

const MINUTE = 60_000
const rule = (by: number) => ({ name: 'rule', when: 'last(orders) > 100', by })
const busy = { 'last(orders)': 500 }

function outlookOf(words: FleetWords, seen: Observation): Outlook {
  return new Outlook(fleetSpec({ min: 0, max: 99, ...words }), seen, EMPTY_MEMORY, () => ({}))
}
const outlook = (words: FleetWords, seen: ObservationWords) =>
  outlookOf(words, observation({ values: busy, ...seen }))

describe('how it stands after the tick', () => {
  it.each<[string, number, ObservationWords, object]>([
    ['more are ordered', 3, { open: 4, pending: 1 }, { open: 4, pending: 4, replacing: 0 }],
    [
      'fewer are first places of lost ones',
      -2,
      { open: 4, pending: 2, replacing: 3 },
      { open: 4, pending: 2, replacing: 1 },
    ],
    [
      'then those that are ordered',
      -4,
      { open: 4, pending: 2, replacing: 3 },
      { open: 4, pending: 1, replacing: 0 },
    ],
    ['then open ones', -7, { open: 4, pending: 2, replacing: 3 }, { open: 2, pending: 0, replacing: 0 }],
    ['down to none', -9, { open: 4, pending: 2, replacing: 3 }, { open: 0, pending: 0, replacing: 0 }],
  ])('%s', (_, by, seen, expected) => {
    const { after, base } = outlook(
      { rules: [rule(by)] },
      { draining: 5, external: { from: 9, to: 8 }, ...seen },
    )
    expect(after.observation).toMatchObject({ capacity: { ...expected, draining: 5 }, external: null })
    expect(after.memory.lastChange).toMatchObject({ at: NOON, from: base.current, to: base.desired })
  })

  it.each<[string, FleetWords, Observation]>([
    ['nothing was wanted', { rules: [rule(1)] }, observation({ values: { 'last(orders)': 1 } })],
    [
      'it was only recommended',
      { rules: [rule(1)], spec: { mode: 'recommend' } },
      observation({ values: busy }),
    ],
    [
      'a person is asked first',
      { rules: [rule(1)], spec: { mode: 'notify' } },
      observation({ values: busy }),
    ],
    [
      'the count is not known',
      { rules: [rule(1)] },
      { ...observation({ values: busy }), capacity: null, capacityGap: 'no answer' },
    ],
  ])('as before, where %s', (_, words, seen) => {
    const { after } = outlookOf(words, seen)
    expect(after.observation).toEqual(seen)
    expect(after.memory.lastChange).toBeNull()
  })

  it('changed, in a mode that tells too', () => {
    const spec: Partial<FleetSpec> = { mode: 'scale-and-notify' }
    expect(outlook({ rules: [rule(1)], spec }, {}).after.observation.capacity).toMatchObject({ pending: 1 })
  })

  const launches = {
    open: [NOON - 9 * MINUTE, NOON - 8 * MINUTE, NOON - 7 * MINUTE],
    booting: [NOON - MINUTE, NOON - 1],
  }
  it.each([
    [2, { open: launches.open, booting: [...launches.booting, NOON, NOON] }],
    [-1, { open: launches.open, booting: [NOON - 1] }],
    [-3, { open: launches.open.slice(1), booting: [] }],
  ])('with the paid hours of those that are left, changed by %i', (by, expected) => {
    const seen = { ...observation({ open: 3, pending: 2, values: busy }), launches }
    expect(outlookOf({ rules: [rule(by)] }, seen).after.observation.launches).toEqual(expected)
    expect(outlook({ rules: [rule(by)] }, {}).after.observation).not.toHaveProperty('launches')
  })
})

describe('a decision asked for at a later time', () => {
  const reading = { value: 90, samples: 9, firstAt: NOON - 9 * MINUTE, lastAt: NOON, reporting: null }
  const words = { rules: [{ name: 'up', when: 'avg(orders, 10m) > 80', by: 1, forMs: 20 * MINUTE }] }
  const sampled = () => outlook(words, { values: {}, readings: { 'avg(orders, 10m)': reading } })

  it('finds the readings as fresh as they were', () => {
    const decision = sampled().later(NOON + 20 * MINUTE)
    expect(decision).toMatchObject({ at: NOON + 20 * MINUTE, desired: 5 })
    expect(decision.steps).toContainEqual(
      expect.objectContaining({ stage: 'operands', outcome: 'value', value: 90 }),
    )
  })

  it('takes a number that is turned to be so from this tick on', () => {
    const knob = {
      name: 'last(orders)',
      value: 1,
      search: { worthTrying: [], scale: 1, lowest: 0 },
      set: (seen: Observation, value: number): Observation => ({
        ...seen,
        readings: { 'last(orders)': { stated: value } },
      }),
    }
    const rules = [{ ...rule(1), forMs: 5 * MINUTE }]
    const quiet = outlook({ rules }, { values: { 'last(orders)': 1 } })
    expect(quiet.later(NOON + 5 * MINUTE, { knob, value: 500 }).desired).toBe(5)
    expect(quiet.later(NOON + 5 * MINUTE - 1, { knob, value: 500 }).desired).toBe(4)
    expect(quiet.later(NOON + 5 * MINUTE).desired).toBe(4)
    expect(quiet.now({ knob, value: 500 }).desired).toBe(4)
  })

  it('ends when too many have been asked for', () => {
    const asked = outlook({}, {})
    const many = (): void => {
      for (let n = 0; n < 12_000; n++) asked.later(NOON + n)
    }
    expect(many).not.toThrow()
    expect(() => asked.later(NOON)).toThrow(Spent)
    expect(() => asked.later(NOON)).toThrow('the search ended before everything was tried')
  })
})
