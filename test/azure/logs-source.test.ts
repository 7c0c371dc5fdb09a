/**
 * The source `azure-log-analytics`: which columns it takes, which rows count, and how it says what is wrong with an answer, over Microsoft's own client
 * and real TLS.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfigObject } from '../../src/config/load.ts'
import type { MetricSpec } from '../../src/model/spec.ts'
import { type AzureLogsContext, createAzureLogsSource } from '../../src/plugins/sources/azure-logs.ts'
import { metricSourceAcceptance } from '../../src/ports/metric-source.acceptance.ts'
import type { MetricAnswer, MetricSource } from '../../src/ports/metric-source.ts'
import { ANY_CREDENTIAL } from './fake-azure.ts'
import { COMPONENT, FakeLogs, WORKSPACE } from './logs.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const MINUTE = 60_000
const COUNT = 'requests | summarize n = count() by bin(timestamp, 1m)'
const TIMED = [
  ['timestamp', 'datetime'],
  ['n', 'long'],
] as const

type Keys = Readonly<Record<string, unknown>>

interface Rig {
  readonly logs: FakeLogs
  readonly source: MetricSource
  readonly clock: { at: number }
  spec(keys: Keys, name?: string): MetricSpec
  read(keys: Keys, spanMs?: number): Promise<MetricAnswer>
  stop(): Promise<void>
}

async function logsRig(context: Partial<AzureLogsContext> = {}): Promise<Rig> {
  const clock = { at: NOON }
  const logs = await FakeLogs.start()
  const source = createAzureLogsSource({
    clock: { now: () => clock.at },
    credential: ANY_CREDENTIAL,
    client: { tlsOptions: { ca: logs.cert } },
    backOffMs: 1,
    ...context,
  })
  const spec = (keys: Keys, name = 'n'): MetricSpec => {
    const place = 'resource' in keys || 'workspace' in keys ? {} : { workspace: WORKSPACE }
    const metric = {
      source: 'azure-log-analytics',
      endpoint: logs.endpoint,
      query: COUNT,
      delay: '0s',
      ...place,
      ...keys,
    }
    const rules = [{ name: 'Up', when: `last(${name}) > 1`, scale: { by: 1 } }]
    const fleet = { target: { type: 'none', count: '2' }, capacity: { min: 1, max: 2 }, rules }
    const result = parseConfigObject({ plimsoll: 1, metrics: { [name]: metric }, fleets: { web: fleet } })
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'))
    const read = result.loaded.spec.metrics[name]
    if (read === undefined) throw new Error('no metric')
    return read
  }
  return {
    logs,
    source,
    clock,
    spec,
    async read(keys, spanMs = 10 * MINUTE) {
      const query = { fleet: 'web', metric: spec(keys) }
      const window = { from: clock.at - spanMs, to: clock.at }
      const [answer] = await source.read([query], window, AbortSignal.timeout(20_000))
      if (answer === undefined) throw new Error('no answer')
      return answer
    },
    async stop() {
      await source.close()
      await logs.stop()
    },
  }
}

const iso = (at: number) => new Date(at).toISOString()

metricSourceAcceptance('the azure-log-analytics source', async () => {
  const rig = await logsRig()
  const query = (fleet: string, metric: string) => ({ fleet, metric: rig.spec({ query: metric }, metric) })
  rig.logs.faults.push({ method: 'POST', path: /components/, what: 'silent', times: 99 })
  const offered = new Map<string, [string, number][]>()
  return {
    source: rig.source,
    now: () => NOON,
    query,
    offer(metric, value) {
      const rows = offered.get(metric) ?? []
      rows.push([iso(NOON - 1_000 + rows.length), value])
      offered.set(metric, rows)
      rig.logs.put(metric, TIMED, rows)
    },
    failing: query('web', 'foo'),
    hanging: { fleet: 'web', metric: rig.spec({ resource: COMPONENT }) },
    cleanUp: () => rig.stop(),
  }
})

describe('the azure-log-analytics source', () => {
  let rig: Rig

  beforeEach(async () => {
    rig = await logsRig()
  })
  afterEach(() => rig.stop())

  it('takes the only column of numbers, and the usual column of time', async () => {
    rig.logs.put(
      COUNT,
      [
        ['name', 'string'],
        ['TimeGenerated', 'datetime'],
        ['n', 'real'],
      ],
      [
        ['b', iso(NOON - MINUTE), 2.5],
        ['a', iso(NOON - 2 * MINUTE), 1],
      ],
    )
    expect(await rig.read({})).toEqual({
      samples: [
        { at: NOON - 2 * MINUTE, value: 1 },
        { at: NOON - MINUTE, value: 2.5 },
      ],
    })
  })

  it('asks a resource as it asks a workspace', async () => {
    rig.logs.put(COUNT, TIMED, [[iso(NOON - MINUTE), 7]])
    expect(await rig.read({ resource: COMPONENT })).toEqual({ samples: [{ at: NOON - MINUTE, value: 7 }] })
    expect(rig.logs.spans).toEqual([`${iso(NOON - 10 * MINUTE)}/${iso(NOON)}`])
  })

  it('takes times of bins for their beginnings, and only bins that are whole and old enough', async () => {
    rig.clock.at = NOON + 20_000
    rig.logs.put(
      COUNT,
      TIMED,
      [0, 1, 2, 3, 4, 5, 9, 10].map(ago => [iso(NOON - ago * MINUTE), ago]),
    )
    const answer = await rig.read({ interval: '1m', delay: '2m' }, 5 * MINUTE)
    expect(rig.logs.spans).toEqual([`${iso(NOON - 5 * MINUTE)}/${iso(NOON + 20_000)}`])
    expect(answer).toEqual({
      samples: [5, 4, 3].map(ago => ({ at: NOON - ago * MINUTE + MINUTE - 1, value: ago })),
    })
  })

  it('tells instances and labels apart, and asks once for two columns of one query', async () => {
    rig.logs.put(
      COUNT,
      [...TIMED, ['ms', 'real'], ['who', 'string'], ['code', 'int']],
      [
        [iso(NOON - MINUTE), 3, 12.5, 'web-1', 200],
        [iso(NOON - MINUTE), 4, 20, 'web-2', 500],
      ],
    )
    const keys = { instance: 'who', labels: ['code'] }
    const queries = [rig.spec({ ...keys, value: 'n' }), rig.spec({ ...keys, value: 'ms' })].map(metric => ({
      fleet: 'web',
      metric,
    }))
    const window = { from: NOON - 10 * MINUTE, to: NOON }
    const of = (value: number, instance: string, code: string) => ({
      at: NOON - MINUTE,
      value,
      instance,
      labels: { code },
    })
    expect(await rig.source.read(queries, window, AbortSignal.timeout(20_000))).toEqual([
      { samples: [of(3, 'web-1', '200'), of(4, 'web-2', '500')] },
      { samples: [of(12.5, 'web-1', '200'), of(20, 'web-2', '500')] },
    ])
    expect(rig.logs.spans).toHaveLength(1)
  })

  it('knows no zero where a row is empty, and reads decimals that are texts', async () => {
    rig.logs.put(
      COUNT,
      [
        ['timestamp', 'datetime'],
        ['n', 'decimal'],
      ],
      [
        [iso(NOON - 5 * MINUTE), null],
        [iso(NOON - 4 * MINUTE), 'NaN'],
        [iso(NOON - 3 * MINUTE), '12.50'],
        [iso(NOON - 2 * MINUTE), ''],
      ],
    )
    expect(await rig.read({})).toEqual({ samples: [{ at: NOON - 3 * MINUTE, value: 12.5 }] })
  })

  it.each<
    [string, Keys, readonly (readonly [string, string])[], readonly (string | number | null)[], RegExp]
  >([
    [
      'no time',
      {},
      [['n', 'long']],
      [1],
      /^PLM-792 the query has no column TimeGenerated or timestamp for the time; it has n \(long\)$/,
    ],
    [
      'another time than it said',
      { time: 'when' },
      TIMED,
      [iso(NOON), 1],
      /^PLM-792 the query has no column when for the time; it has timestamp \(datetime\), n \(long\)$/,
    ],
    [
      'a time that is a text',
      {},
      [
        ['timestamp', 'string'],
        ['n', 'long'],
      ],
      ['noon', 1],
      /^PLM-792 the column timestamp is no time but string/,
    ],
    [
      'no number',
      {},
      [['timestamp', 'datetime']],
      [iso(NOON)],
      /^PLM-792 the query has no column with numbers; name/,
    ],
    [
      'several numbers',
      {},
      [...TIMED, ['m', 'real']],
      [iso(NOON), 1, 2],
      /^PLM-792 the query has 2 columns with numbers; name the one that counts with `value`/,
    ],
    [
      'a value that is a text',
      { value: 'n' },
      [
        ['timestamp', 'datetime'],
        ['n', 'string'],
      ],
      [iso(NOON), '1'],
      /^PLM-792 the column n is no number but string; make it one with toreal\(\)/,
    ],
    ['no such instance', { instance: 'who' }, TIMED, [iso(NOON), 1], /^PLM-792 the query has no column who/],
    [
      'an instance without a name',
      { instance: 'who' },
      [...TIMED, ['who', 'string']],
      [iso(NOON), 1, null],
      /^PLM-793 row 1 of the query: its instance is null, not a text/,
    ],
    [
      'a label that is too long',
      { labels: ['who'] },
      [...TIMED, ['who', 'string']],
      [iso(NOON), 1, 'w'.repeat(201)],
      /^PLM-793 row 1 of the query: its who is "www/,
    ],
    ['a time that is none', {}, TIMED, ['soon', 1], /^PLM-793 row 1 of the query: its time is null/],
    [
      'a value of another type',
      {},
      TIMED,
      [iso(NOON), 'many'],
      /^PLM-793 row 1 of the query: its value is "many", not a number/,
    ],
  ])('makes a gap that says where of %s', async (_, keys, columns, row, message) => {
    rig.logs.put(COUNT, columns, [row])
    expect(await rig.read(keys)).toEqual({ gap: expect.stringMatching(message) })
  })

  it('makes a gap of rows that cannot be told apart', async () => {
    rig.logs.put(COUNT, TIMED, [
      [iso(NOON - MINUTE), 1],
      [iso(NOON - MINUTE), 2],
    ])
    expect(await rig.read({})).toEqual({
      gap: expect.stringMatching(/^PLM-793 row 2 of the query is of the same time and series/),
    })
  })

  it('counts no part of an answer for the whole', async () => {
    rig.logs.put(COUNT, TIMED, [[iso(NOON - MINUTE), 1]])
    rig.logs.partial = { code: 'PartialError', message: 'There were some errors\nwhen processing' }
    expect(await rig.read({})).toEqual({
      gap: expect.stringMatching(
        /^PLM-788 .* in part only: PartialError, There were some errors when processing\./,
      ),
    })
  })

  it('reads no more rows than it can hold', async () => {
    const small = await logsRig({ mostRows: 2 })
    small.logs.put(
      COUNT,
      TIMED,
      [1, 2, 3].map(ago => [iso(NOON - ago * MINUTE), ago]),
    )
    expect(await small.read({})).toEqual({ gap: expect.stringMatching(/^PLM-791 the query has 3 rows/) })
    await small.stop()
  })

  it('tells what is wrong with a query in the words that say where', async () => {
    expect(await rig.read({ query: 'requests | foo' })).toEqual({
      gap: expect.stringMatching(
        /^PLM-765 tried to query the workspace 5f1c.* BadArgumentError, .*Query could not be parsed at "foo" on line \[1,12\]/,
      ),
    })
  })

  it('is called off in the middle of a call, and gives up in time by itself', async () => {
    const calledOff = new AbortController()
    const also = () => calledOff.abort()
    rig.logs.faults.push({ method: 'POST', path: /./, what: 'silent', times: 99, also })
    const reading = rig.source.read(
      [{ fleet: 'web', metric: rig.spec({ timeout: '60s' }) }],
      { from: NOON - MINUTE, to: NOON },
      calledOff.signal,
    )
    expect(await reading).toEqual([{ gap: expect.stringMatching(/^PLM-768 /) }])
    expect(await rig.read({ timeout: '100ms' })).toEqual({
      gap: expect.stringMatching(/^PLM-761 .*no answer in time/),
    })
  })

  it('asks nothing while Azure wants to be left alone', async () => {
    rig.logs.faults.push({
      method: 'POST',
      path: /./,
      what: { status: 429, headers: { 'retry-after': '30' } },
    })
    expect(await rig.read({})).toEqual({ gap: expect.stringMatching(/^PLM-762 /) })
    expect(await rig.read({})).toEqual({ gap: expect.stringMatching(/^PLM-762 .* asked again in 30 s/) })
    expect(rig.logs.count('POST', /query/)).toBe(1)
  })

  it('says which packages to install, and what a check found', async () => {
    const bare = await logsRig({ loadSdk: () => Promise.reject(new Error('Cannot find package')) })
    expect(await bare.read({})).toEqual({
      gap: expect.stringMatching(
        /^PLM-760 the source azure-log-analytics .*@azure\/monitor-query-logs @azure\/identity`/,
      ),
    })
    await bare.stop()
    const checked: Rig = await logsRig({ metrics: () => [checked.spec({})] })
    checked.logs.put(COUNT, TIMED, [[iso(NOON - 90_000), 4]])
    const check = () => checked.source.check(AbortSignal.timeout(20_000))
    expect(await check()).toEqual({
      ok: true,
      detail: 'n: 1 values in the last 30 minutes, the newest of 90s ago',
    })
    checked.logs.put(COUNT, TIMED, [])
    expect(await check()).toEqual({ ok: true, detail: 'n: no row in the last 30 minutes' })
    await checked.stop()
  })
})
