import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { MetricKind, MetricUnit } from '../model/spec.ts'
import type { Seen } from './contender.ts'
import { type FeedOptions, feedsOf } from './feeds.ts'
import type { LoadTrace } from './trace.ts'

const MINUTE = 60_000
const NOTHING_SAID: FeedOptions = { loadColumn: null, instancesColumn: null, sources: {} }

function trace(columns: Readonly<Record<string, readonly number[]>>): LoadTrace {
  const entries = Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values)] as const)
  const length = entries[0]?.[1].length ?? 0
  return {
    kind: 'load',
    name: 'made up',
    startAt: 0,
    stepMs: MINUTE,
    length,
    columns: Object.fromEntries(entries),
    repairs: [],
  }
}

function fleet(metrics: Readonly<Record<string, { kind: MetricKind; unit?: MetricUnit }>>) {
  const rules = Object.keys(metrics).map(name => ({ when: `last(${name}) > 1`, by: 1 }))
  return fleetSpec({ metrics, rules })
}

const seen = (change: Partial<Seen>): Seen => ({
  atMs: MINUTE,
  bin: 0,
  load: 400,
  utilizationRatio: 0.8,
  backlog: 7,
  ready: 5,
  booting: 0,
  ...change,
})

describe('what a metric reads in a replay', () => {
  it.each<
    [
      string,
      { kind: MetricKind; unit?: MetricUnit },
      Record<string, number[]>,
      Partial<FeedOptions>,
      Partial<Seen>,
      number,
    ]
  >([
    ['a total is replayed as it was', { kind: 'total' }, { m: [400] }, {}, {}, 400],
    ['an independent one too', { kind: 'independent' }, { m: [12], load: [1] }, {}, {}, 12],
    [
      'per instance it is shared by those there are',
      { kind: 'perInstance', unit: 'percent' },
      { m: [80], instances: [4] },
      {},
      {},
      64,
    ],
    [
      'and never reads more than it can',
      { kind: 'perInstance', unit: 'percent' },
      { m: [80], instances: [4] },
      {},
      { ready: 2 },
      100,
    ],
    [
      'the recorded count may have another name',
      { kind: 'perInstance', unit: 'percent' },
      { m: [80], up: [4] },
      { instancesColumn: 'up', loadColumn: 'm' },
      {},
      64,
    ],
    [
      'without a column a percentage is the share of the capacity in use',
      { kind: 'perInstance', unit: 'percent' },
      { value: [400] },
      {},
      {},
      80,
    ],
    [
      'and reads no more than all of it',
      { kind: 'perInstance', unit: 'percent' },
      { value: [400] },
      {},
      { utilizationRatio: 1.7 },
      100,
    ],
    ['a ratio likewise', { kind: 'perInstance', unit: 'ratio' }, { value: [400] }, {}, {}, 0.8],
    [
      'any other is the load per instance',
      { kind: 'perInstance', unit: 'count' },
      { value: [400] },
      {},
      {},
      80,
    ],
    ['a total without a column is the load', { kind: 'total' }, { value: [400] }, {}, {}, 400],
    [
      'it may be said to be what waits',
      { kind: 'total' },
      { value: [400] },
      { sources: { m: 'backlog' } },
      {},
      7,
    ],
    [
      'or another column',
      { kind: 'total' },
      { value: [400], queue: [3] },
      { sources: { m: { column: 'queue' } }, loadColumn: 'value' },
      {},
      3,
    ],
    ['a gap stays a gap', { kind: 'total' }, { m: [Number.NaN, 3] }, {}, {}, Number.NaN],
    ['before the first bin nothing is known', { kind: 'total' }, { m: [400] }, {}, { bin: -1 }, Number.NaN],
  ])('%s', (_, metric, columns, options, moment, expected) => {
    const { feeds } = feedsOf(trace(columns), fleet({ m: metric }), { ...NOTHING_SAID, ...options })
    expect(feeds.map(feed => feed.read(seen(moment)))).toEqual([expected])
  })
})

describe('the demand of a record', () => {
  it.each<[string, Record<string, number[]>, { kind: MetricKind; unit?: MetricUnit }, number[]]>([
    ['is the only column', { anything: [1, 2] }, { kind: 'total' }, [1, 2]],
    ['or the one a total metric is named after', { a: [1, 2], m: [3, 4] }, { kind: 'total' }, [3, 4]],
    ['or one with a name that says so', { a: [1, 2], requests: [3, 4] }, { kind: 'total' }, [3, 4]],
    [
      'or the utilisation times the recorded instances',
      { m: [50, 100], instances: [4, 2] },
      { kind: 'perInstance', unit: 'percent' },
      [200, 200],
    ],
  ])('%s', (_, columns, metric, expected) => {
    const { load } = feedsOf(trace(columns), fleet({ m: metric }), NOTHING_SAID)
    expect([...load]).toEqual(expected)
  })

  it('is not known where utilisation stood at its ceiling, only that it was at least so much', () => {
    const recorded = trace({ m: [50, 100, 99.9, 40], instances: [2, 2, 2, 2] })
    const { censored, perInstance } = feedsOf(
      recorded,
      fleet({ m: { kind: 'perInstance', unit: 'percent' } }),
      NOTHING_SAID,
    )
    expect(censored).toEqual([{ from: MINUTE, to: 3 * MINUTE }])
    expect(perInstance).toBe(100)
  })

  it.each<
    [string, string, Record<string, number[]>, { kind: MetricKind; unit?: MetricUnit }, Partial<FeedOptions>]
  >([
    ['PLM-720', 'cannot be told from several columns', { a: [1], b: [2] }, { kind: 'total' }, {}],
    ['PLM-721', 'is in no such column', { a: [1] }, { kind: 'total' }, { loadColumn: 'b' }],
    ['PLM-722', 'says nothing about an independent metric', { value: [1] }, { kind: 'independent' }, {}],
    ['PLM-723', 'per instance needs the recorded count', { m: [1] }, { kind: 'perInstance' }, {}],
  ])('%s: it %s', (code, _, columns, metric, options) => {
    const asked = () => feedsOf(trace(columns), fleet({ m: metric }), { ...NOTHING_SAID, ...options })
    expect(asked).toThrow(expect.objectContaining({ code }))
  })

  it('names the first columns of a record that has thousands', () => {
    const columns = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`c${index}`, [1]]))
    for (const options of [{}, { loadColumn: 'd1' }]) {
      const asked = () =>
        feedsOf(trace(columns), fleet({ m: { kind: 'total' } }), { ...NOTHING_SAID, ...options })
      expect(asked).toThrow(/"c0", "c1", .* and 2980 more/)
      expect(asked).not.toThrow(/c21/)
    }
  })
})
