import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../../test/builders/observation.ts'
import { type FleetWords, fleetSpec } from '../../../test/builders/spec.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { Launches } from '../../model/observation.ts'
import type { Override } from '../../model/override.ts'
import { comingMoments } from './moments.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const change = (minutesAgo: number, cooldownMs = 0): Change => ({
  at: NOON - minutesAgo * MINUTE,
  direction: 'out',
  rule: null,
  from: 3,
  to: 4,
  cooldownMs,
})
const override = (until: number | null): Override => ({
  id: '1',
  fleet: 'web',
  at: NOON,
  who: 'ada',
  why: '',
  until,
  change: { kind: 'pause' },
})

/** What is known to come: minutes from now, and what it is. */
function coming(words: FleetWords, seen: ObservationWords, memory: Partial<Memory> = {}) {
  return comingMoments(fleetSpec(words), observation(seen), { ...EMPTY_MEMORY, ...memory })
    .filter(({ what }) => what !== null)
    .map(({ at, what }) => [(at - (seen.at ?? NOON)) / MINUTE, what])
}

const limits = (...minutes: number[]) => ({
  limits: minutes.map(n => ({ kind: 'instances' as const, instances: 1, periodMs: n * MINUTE })),
  select: 'max' as const,
})
const rule = { when: 'last(orders) > 1', by: 1 }

describe('the moments to come', () => {
  it.each<[string, FleetWords, ObservationWords, Partial<Memory>, (readonly [number, string])[]]>([
    ['nothing', { rules: [rule], spec: { warmupMs: MINUTE } }, {}, {}, []],
    [
      'the ends of each cooldown since the last change: out, in, its own, a rule’s own',
      {
        rules: [rule, { ...rule, cooldownMs: 7 * MINUTE }],
        guards: { cooldownOutMs: 3 * MINUTE, cooldownInMs: 10 * MINUTE },
      },
      {},
      { lastChange: change(2, 5 * MINUTE) },
      [
        [1, 'the cooldown ends'],
        [3, 'the cooldown ends'],
        [5, 'the cooldown ends'],
        [8, 'the cooldown ends'],
      ],
    ],
    [
      'not those that are over',
      { guards: { cooldownOutMs: 3 * MINUTE, cooldownInMs: 4 * MINUTE } },
      {},
      { lastChange: change(3) },
      [[1, 'the cooldown ends']],
    ],
    ['not those of no change', { guards: { cooldownOutMs: 3 * MINUTE } }, {}, {}, []],
    [
      'when rules have been true for long enough, or would have been from now on',
      {
        rules: [
          { ...rule, name: 'since', forMs: 5 * MINUTE },
          { ...rule, name: 'not yet', forMs: 4 * MINUTE },
          { ...rule, name: 'at once' },
        ],
      },
      {},
      { trueSince: { since: NOON - 3 * MINUTE, 'at once': NOON } },
      [
        [2, '"since" has held for long enough'],
        [4, '"not yet" has held for long enough'],
      ],
    ],
    [
      'when recommendations leave their windows',
      { guards: { stabilizationOutMs: MINUTE, stabilizationInMs: 5 * MINUTE } },
      {},
      {
        recommendations: [
          { at: NOON - 2 * MINUTE, count: 4 },
          { at: NOON, count: 5 },
        ],
      },
      [
        [1, 'the stabilization window ends'],
        [3, 'the stabilization window ends'],
        [5, 'the stabilization window ends'],
      ],
    ],
    [
      'when changes leave the periods of rate limits',
      { guards: { rateOut: limits(2), rateIn: limits(4) } },
      {},
      { changes: [change(3), change(1)] },
      [
        [1, 'the rate limit allows more'],
        [3, 'the rate limit allows more'],
      ],
    ],
    [
      'when a warm-up is over',
      { spec: { warmupMs: 5 * MINUTE } },
      {},
      { changes: [change(3)] },
      [[2, 'the warm-up ends']],
    ],
    [
      'when the outage guard lets go',
      {},
      {},
      { load: { peaks: [], heldUntil: NOON + 9 * MINUTE } },
      [[9, 'the outage guard lets go']],
    ],
    [
      'when windows begin and end',
      {},
      {
        windows: {
          day: { from: NOON - HOUR, to: NOON + HOUR },
          night: { from: NOON + 2 * HOUR, to: NOON + 3 * HOUR },
          never: null,
        },
      },
      {},
      [
        [60, '"day" ends'],
        [120, '"night" begins'],
        [180, '"night" ends'],
      ],
    ],
    [
      'when overrides end',
      {},
      { overrides: [override(NOON + MINUTE), override(null)] },
      {},
      [[1, 'an override ends']],
    ],
    [
      'when paid hours and their last minutes begin, by the wall clock',
      { guards: { billingHour: { by: 'wall-clock', outFirstMinutes: 15, inLastMinutes: 10 } } },
      { at: NOON + 20 * MINUTE },
      {},
      [
        [30, 'the last minutes of the billing hour begin'],
        [40, 'the billing hour begins'],
        [90, 'the last minutes of the billing hour begin'],
        [100, 'the billing hour begins'],
        [150, 'the last minutes of the billing hour begin'],
      ],
    ],
    [
      'when paid hours begin, where only growing goes by them',
      { guards: { billingHour: { by: 'wall-clock', outFirstMinutes: 15, inLastMinutes: null } } },
      { at: NOON + 20 * MINUTE },
      {},
      [
        [40, 'the billing hour begins'],
        [100, 'the billing hour begins'],
      ],
    ],
  ])('%s', (_, words, seen, memory, expected) => {
    expect(coming(words, seen, memory)).toEqual(expected)
  })

  it('are when the last minutes of paid hours by age begin, of the first fifty', () => {
    const guards = { billingHour: { by: 'age' as const, outFirstMinutes: null, inLastMinutes: 10 } }
    const at = (launches: Launches) =>
      comingMoments(fleetSpec({ guards }), { ...observation(), launches }, EMPTY_MEMORY)
        .filter(({ what }) => what === "the last minutes of an instance's paid hour begin")
        .map(({ at: when }) => (when - NOON) / MINUTE)
    const launched = (...minutes: number[]) => minutes.map(age => NOON - age * MINUTE)
    expect(at({ open: launched(10, 45), booting: launched(1) })).toEqual([5, 40, 49])
    expect(at({ open: launched(50, 55), booting: [] })).toEqual([55, 60])
    const many = Array.from({ length: 60 }, (_, n) => NOON - n * 1000)
    expect(at({ open: many, booting: [] })).toHaveLength(50)
    expect(at({ open: [], booting: many })).toHaveLength(50)
  })

  it('of one time the first that says what it is', () => {
    const words: FleetWords = { guards: { cooldownOutMs: 1000 } }
    const memory = { lastChange: change(0), load: { peaks: [], heldUntil: NOON + 1000 } }
    const moments = comingMoments(fleetSpec(words), observation(), { ...EMPTY_MEMORY, ...memory })
    expect(moments.filter(({ at }) => at === NOON + 1000)).toEqual([
      { at: NOON + 1000, what: 'the cooldown ends' },
    ])
  })

  it('are, for what is not known, strides that double from a second to a little over six days', () => {
    const moments = comingMoments(fleetSpec(), observation(), EMPTY_MEMORY)
    expect(moments.slice(0, 4)).toEqual(
      [1, 2, 4, 8].map(seconds => ({ at: NOON + seconds * 1000, what: null })),
    )
    expect(moments).toHaveLength(20)
    expect(moments.at(-1)).toEqual({ at: NOON + 2 ** 19 * 1000, what: null })
  })

  it('come in order', () => {
    const words: FleetWords = { guards: { cooldownOutMs: 3 * MINUTE, cooldownInMs: 1500 } }
    const times = comingMoments(fleetSpec(words), observation(), {
      ...EMPTY_MEMORY,
      lastChange: change(0),
    }).map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times).toContain(NOON + 1500)
  })
})
