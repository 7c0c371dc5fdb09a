/** What the source `azure-table` makes of real tables, and of what goes wrong on the way to them. */
import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import type { AzureTableContext } from '../../src/plugins/sources/azure-table/connect.ts'
import { createAzureTableSource } from '../../src/plugins/sources/azure-table.ts'
import type { MetricAnswer, MetricSource } from '../../src/ports/metric-source.ts'
import { type Azurite, startAzurite, type TableRow } from './azurite.ts'
import { type Between, openBetween, type Trouble } from './between.ts'
import { accountOf, NO_ACCOUNT, names, queryOf } from './storage-rig.ts'
import {
  analyticsRow,
  metricsRow,
  metricsRowByName,
  metricsTable,
  ticks,
  type WadReading,
  wadRow,
} from './table-rows.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Read then, as if it were now. */
const NOON = Date.parse('2026-11-22T12:00:00Z')
const CPU = '\\Processor(_Total)\\% Processor Time'
const RESOURCE =
  '/subscriptions/s1/resourceGroups/web-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web'

let azurite: Azurite
let between: Between
let source: MetricSource
const sources: MetricSource[] = []
const nextName = names('Table')
const clock = { ...systemClock, now: () => NOON }

beforeAll(async () => {
  azurite = await startAzurite()
  between = await openBetween(azurite.ports.table)
})
afterAll(async () => {
  between.close()
  await azurite.stop()
})
beforeEach(() => {
  source = open()
})
afterEach(async () => {
  for (const each of sources.splice(0)) await each.close()
})

function open(context: Partial<AzureTableContext> = {}): MetricSource {
  const opened = createAzureTableSource({ clock, backOffMs: 1, ...context })
  sources.push(opened)
  return opened
}

type Options = Readonly<Record<string, unknown>>

async function ask(options: Options, lookMs = 10 * MINUTE_MS): Promise<MetricAnswer> {
  const all = {
    ...accountOf(azurite, { table: between.port }),
    where: null,
    lookBackMs: 30 * DAY_MS,
    ...options,
  }
  const window = { from: NOON - lookMs, to: NOON }
  const [answer] = await source.read([queryOf(all, { name: 'cpu' })], window, AbortSignal.timeout(20_000))
  if (answer === undefined) throw new Error('no answer')
  return answer
}

/** `web-1 11:59:00 83.2`, or the gap. */
async function told(options: Options, lookMs?: number): Promise<string | string[]> {
  const answer = await ask(options, lookMs)
  if ('gap' in answer) return answer.gap
  return answer.samples.map(({ at, value, instance }) => {
    const time = new Date(at).toISOString()
    return `${instance === undefined ? '' : `${instance} `}${lookMs === undefined ? time.slice(11, 19) : time.slice(5, 16)} ${value}`
  })
}

const minutes = (count: number) => NOON - count * MINUTE_MS

describe('performance counters of diagnostics', () => {
  const reading = (before: number, value: number, more: Partial<WadReading> = {}) =>
    wadRow({ at: NOON - before, counter: CPU, value, ...more })
  const counters = { layout: 'wad-counters', counter: CPU, role: null, deployment: null }
  const tableOf = async (...rows: readonly TableRow[]) => {
    const table = nextName()
    await azurite.tableWith(table, rows)
    return table
  }

  it('are samples of each instance, at the time of each', async () => {
    const table = await tableOf(
      reading(60_500, 83.25, { instance: 'Web_IN_0' }),
      reading(90_000, 12, { instance: 'Web_IN_1' }),
      reading(30_000, 0, { instance: 'Web_IN_1' }),
    )
    expect(await told({ ...counters, table })).toEqual([
      'Web_IN_1 11:58:30 12',
      'Web_IN_0 11:58:59 83.25',
      'Web_IN_1 11:59:30 0',
    ])
  })

  it('are of one counter, and of one role or deployment where that is said', async () => {
    const table = await tableOf(
      reading(60_000, 1, { role: "O'Hara", deployment: 'd1', instance: 'a' }),
      reading(60_000, 2, { role: "O'Hara", deployment: 'd2', instance: 'b' }),
      reading(60_000, 3, { role: 'Other', deployment: 'd2', instance: 'c' }),
      reading(60_000, 4, { counter: "\\It's\\another", instance: 'd' }),
    )
    const of = (more: Options) => told({ ...counters, table, ...more })
    expect(await of({})).toEqual(['a 11:59:00 1', 'b 11:59:00 2', 'c 11:59:00 3'])
    expect(await of({ role: "O'Hara" })).toEqual(['a 11:59:00 1', 'b 11:59:00 2'])
    expect(await of({ role: "O'Hara", deployment: 'd2' })).toEqual(['b 11:59:00 2'])
    expect(await of({ counter: "\\It's\\another" })).toEqual(['d 11:59:00 4'])
    expect(await of({ where: "RoleInstance ne 'a' and Role eq 'O''Hara'" })).toEqual(['b 11:59:00 2'])
    // No condition of ours ends where a name wants it to.
    expect(await of({ role: "x' or Role ne 'x" })).toMatch(/^PLM-798 /)
  })

  it('end and begin where the window does', async () => {
    const table = await tableOf(
      reading(0, 1),
      reading(-1, 2),
      reading(10 * MINUTE_MS, 3),
      reading(10 * MINUTE_MS - 1, 4),
    )
    expect(await told({ ...counters, table })).toEqual(['Web_IN_0 11:50:00 4', 'Web_IN_0 12:00:00 1'])
  })

  it('are asked for by their partitions and columns, no further back than is said', async () => {
    const table = await tableOf(reading(60_000, 5))
    await told({ ...counters, table, lookBackMs: 5 * MINUTE_MS }, HOUR_MS)
    const asked = between.seen.findLast(line => line.includes(table))
    const from = `0${ticks(minutes(6))}`
    expect(asked).toContain(`(PartitionKey ge '${from}' and PartitionKey le '0${ticks(NOON)}')`)
    expect(asked).toContain('$select=PartitionKey,EventTickCount,RoleInstance,CounterValue')
  })

  it('are all read where they are many, page by page', async () => {
    const table = nextName()
    const client = await azurite.tableWith(table, [])
    const partitionKey = `0${ticks(minutes(1))}`
    for (let batch = 0; batch < 22; batch += 1) {
      await client.submitTransaction(
        Array.from({ length: 100 }, (_, n) => {
          const instance = `Web_IN_${batch * 100 + n}`
          return ['create', { ...reading(60_000, 1, { instance }), partitionKey, rowKey: instance }]
        }),
      )
    }
    const before = between.seen.length
    const answer = await ask({ ...counters, table })
    expect('samples' in answer && new Set(answer.samples.map(({ instance }) => instance)).size).toBe(2_200)
    expect(between.seen.length - before).toBe(3)
  })

  it('that are late are a gap which says how late', async () => {
    const table = await tableOf(reading(8 * MINUTE_MS, 7))
    expect(await told({ ...counters, table })).toEqual(['Web_IN_0 11:52:00 7'])
    const options = { ...accountOf(azurite), where: null, lookBackMs: HOUR_MS, ...counters, table }
    const { metric } = queryOf(options, { name: 'cpu' })
    expect(await open({ metrics: () => [metric] }).check(AbortSignal.timeout(10_000))).toEqual({
      ok: true,
      detail: 'cpu: 1 rows, the newest 8 min old',
    })
    expect(await told({ ...counters, table, lookBackMs: 5 * MINUTE_MS })).toBe(
      `PLM-798 the table ${table} has no row for this from 2026-11-22 11:55:00 to 2026-11-22 12:00:00 UTC; the newest that was read is of 2026-11-22 11:52:00, 8 min ago. Diagnostics write with a delay: give the metric a \`delay\`, or a longer window. Are the names spelled as they are in the table?`,
    )
  })
})

describe('metrics of diagnostics, by the minute and the hour', () => {
  const options = {
    layout: 'wad-metrics',
    table: 'WADMetricsPT1MP10DV2S',
    periodMs: MINUTE_MS,
    counter: CPU,
    resource: RESOURCE,
    value: 'Average',
  }
  const reading = (at: number, value: number, more: { host?: string; resource?: string } = {}) => ({
    at,
    counter: CPU,
    resource: RESOURCE,
    value,
    ...more,
  })

  it('are samples of the end of their minute, once each, by host', async () => {
    const own = reading(minutes(3), 40, { host: 'web000001' })
    await azurite.tableWith(metricsTable(NOON), [
      metricsRow(own),
      metricsRowByName(own),
      metricsRow(reading(minutes(3), 50, { host: 'web000002' })),
      metricsRow(reading(minutes(2), 60)),
      metricsRow(reading(minutes(2), 70, { resource: `${RESOURCE}-2` })),
      metricsRow(reading(minutes(11), 80)),
      metricsRow(reading(minutes(12), 90)),
      metricsRow(reading(minutes(0), 95)),
    ])
    expect(await told(options)).toEqual(['web000001 11:57:59 40', 'web000002 11:57:59 50', '11:58:59 60'])
    expect(await told({ ...options, value: 'Maximum' })).toContain('11:58:59 61')
    expect(await told({ ...options, value: 'Count' })).toContain('11:58:59 4')
    const filter = between.seen.findLast(line => line.includes('WADMetrics'))
    expect(filter).toContain("(PartitionKey eq ':002Fsubscriptions:002Fs1:002FresourceGroups:002Fweb:002Drg")
    expect(filter).toMatch(/\(RowKey ge '\d{19}' and RowKey lt '\d{19}'\)/)
  })

  it('are read from both tables where ten days end, and from the one there is', async () => {
    const roll = Date.parse('2026-11-19T00:00:00Z')
    const look = NOON - roll + 5 * HOUR_MS
    const hours = { ...options, table: 'WADMetricsPT1HP10DV2S', periodMs: HOUR_MS }
    const tableOfHour = (at: number) => metricsTable(at, 'WADMetricsPT1HP10DV2S')
    await azurite.tableWith(tableOfHour(roll), [metricsRow(reading(roll, 2))])
    expect(await told(hours, look)).toEqual(['11-19T00:59 2'])
    await azurite.tableWith(tableOfHour(roll - 1), [metricsRow(reading(roll - HOUR_MS, 1))])
    expect(await told(hours, look)).toEqual(['11-18T23:59 1', '11-19T00:59 2'])
    expect(await told({ ...hours, table: tableOfHour(roll - 1) }, look)).toEqual(['11-18T23:59 1'])
    expect(await told({ ...hours, lookBackMs: 60 * DAY_MS }, 60 * DAY_MS)).toMatch(
      /^PLM-796 the window reaches over 7 tables of ten days/,
    )
  })

  it('of a table that is nowhere are a gap that says so', async () => {
    const nowhere = { ...options, table: 'WADMetricsPT1MP10DV2S20010101' }
    expect(await told(nowhere)).toMatch(
      /^PLM-764 tried to read the table WADMetricsPT1MP10DV2S20010101 .* Are account, cloud and table right\?$/,
    )
  })
})

describe('what a storage account writes of itself', () => {
  const MINUTES = '$MetricsMinutePrimaryTransactionsQueue'
  const options = { layout: 'storage-analytics', row: 'user;All', value: 'TotalRequests' }

  it('by the minute is a sample of the end of the minute', async () => {
    await azurite.tableWith(MINUTES, [
      analyticsRow({ at: minutes(3), row: 'user;All', value: 42 }),
      analyticsRow({ at: minutes(3), row: 'user;GetMessages', value: 40 }),
      analyticsRow({ at: minutes(3), row: 'system;All', value: 2 }),
      analyticsRow({ at: minutes(11), row: 'user;All', value: 7 }),
      analyticsRow({ at: minutes(0), row: 'user;All', value: 9 }),
    ])
    const minute = { ...options, table: MINUTES, periodMs: MINUTE_MS }
    expect(await told(minute)).toEqual(['11:57:59 42'])
    expect(await told({ ...minute, row: 'user;GetMessages' })).toEqual(['11:57:59 40'])
    expect(await told({ ...minute, value: 'AverageE2ELatency' })).toMatch(
      /^PLM-797 \d rows of the table \$Metrics.* none can be used: its column AverageE2ELatency is not there\./,
    )
  })

  it('by the hour, of the end of the hour; capacity, of when it was taken', async () => {
    const hours = '$MetricsHourPrimaryTransactionsBlob'
    await azurite.tableWith(hours, [analyticsRow({ at: NOON - 2 * HOUR_MS, row: 'user;All', value: 3 })])
    const ofHour = { ...options, table: hours, periodMs: HOUR_MS }
    expect(await told(ofHour, 6 * HOUR_MS)).toEqual(['11-22T10:59 3'])
    const capacity = '$MetricsCapacityBlob'
    await azurite.tableWith(capacity, [
      { partitionKey: '20261122T0000', rowKey: 'data', Capacity: { value: '5000000000', type: 'Int64' } },
    ])
    const ofDay = { ...options, table: capacity, periodMs: 0, row: 'data', value: 'Capacity' }
    expect(await told(ofDay, 3 * DAY_MS)).toEqual(['11-22T00:00 5000000000'])
  })
})

describe('any table', () => {
  const options = {
    layout: 'any',
    partition: 'shop',
    time: 'At',
    timeAs: 'date',
    value: 'Orders',
    instance: null,
  }
  const AT = minutes(4)
  const STAMP = ticks(AT)

  it.each<[string, Options, Record<string, unknown>]>([
    ['a date', { timeAs: 'date' }, { At: new Date(AT) }],
    ['text of a date, with its offset', { timeAs: 'iso' }, { At: '2026-11-22T12:56:00.000+01:00' }],
    ['ticks', { timeAs: 'ticks' }, { At: { value: `${STAMP}`, type: 'Int64' } }],
    ['ticks as text', { timeAs: 'ticks' }, { At: `0${STAMP}` }],
    ['a minute', { timeAs: 'minute' }, { At: '20261122T1156' }],
    ['seconds', { timeAs: 'seconds' }, { At: AT / 1000 }],
    ['milliseconds', { timeAs: 'milliseconds' }, { At: { value: `${AT}`, type: 'Int64' } }],
    ['text of milliseconds', { timeAs: 'milliseconds' }, { At: `${AT}` }],
    [
      'ticks of the key, counted down',
      { time: 'RowKey', timeAs: 'descending-ticks' },
      {
        rowKey: `${3_155_378_975_999_999_999n - STAMP}_abc`,
      },
    ],
    ['ticks of the key', { time: 'RowKey', timeAs: 'ticks' }, { rowKey: `0${STAMP}` }],
    ['a minute of the key', { time: 'RowKey', timeAs: 'minute' }, { rowKey: '20261122T1156-7' }],
    ['a date of the key', { time: 'RowKey', timeAs: 'iso' }, { rowKey: '2026-11-22T11:56:00Z' }],
    ['seconds of the key', { time: 'RowKey', timeAs: 'seconds' }, { rowKey: `${AT / 1000}` }],
    ['milliseconds of the key', { time: 'RowKey', timeAs: 'milliseconds' }, { rowKey: `${AT}|x` }],
    [
      'ticks of the partition',
      { time: 'PartitionKey', timeAs: 'ticks', partition: null },
      {
        partitionKey: `0${STAMP}`,
      },
    ],
  ])('has its time as %s', async (_, more, columns) => {
    const table = nextName()
    const row = { partitionKey: 'shop', rowKey: 'r1', Orders: 42, ...columns }
    await azurite.tableWith(table, [row])
    expect(await told({ ...options, table, ...more })).toEqual(['11:56:00 42'])
    // And not where the window is over before.
    source = open({ clock: { ...clock, now: () => NOON } })
    const late = { ...accountOf(azurite), where: null, lookBackMs: HOUR_MS, ...options, table, ...more }
    const window = { from: NOON - MINUTE_MS, to: NOON }
    const [answer] = await source.read([queryOf(late)], window, AbortSignal.timeout(10_000))
    expect(answer).toEqual({ gap: expect.stringMatching(/^PLM-798 /) })
  })

  it('has the time at which its rows were written, if nothing is said', async () => {
    const table = nextName()
    source = open({ clock: systemClock })
    await azurite.tableWith(table, [{ partitionKey: 'shop', rowKey: 'r', Orders: 6 }])
    const query = queryOf({
      ...accountOf(azurite),
      ...options,
      table,
      time: 'Timestamp',
      where: null,
      lookBackMs: HOUR_MS,
    })
    const to = Date.now() + 2_000
    source = open({ clock: { ...systemClock, now: () => to } })
    const window = { from: to - MINUTE_MS, to }
    expect(await source.read([query], window, AbortSignal.timeout(10_000))).toEqual([
      { samples: [{ at: expect.any(Number), value: 6 }] },
    ])
  })

  it('has instances, and rows that cannot be read are silent ones', async () => {
    const table = nextName()
    const at = new Date(AT)
    await azurite.tableWith(table, [
      { partitionKey: 'shop', rowKey: '1', At: at, Machine: 'web-1', Orders: 1 },
      { partitionKey: 'shop', rowKey: '2', At: at, Machine: 'web-2', Orders: '2' },
      { partitionKey: 'shop', rowKey: '3', At: at, Machine: 'web-3' },
      { partitionKey: 'shop', rowKey: '4', At: at, Machine: 'x'.repeat(201), Orders: 4 },
      { partitionKey: 'other', rowKey: '5', At: at, Machine: 'web-5', Orders: 5 },
    ])
    expect(await told({ ...options, table, instance: 'Machine' })).toEqual(['web-1 11:56:00 1'])
    expect(await told({ ...options, table, instance: 'Machine', where: "Machine eq 'web-2'" })).toMatch(
      /^PLM-797 1 rows of the table .* none can be used: its column Orders is a text, not a number\./,
    )
    expect(await told({ ...options, table, timeAs: 'minute', time: 'Machine' })).toMatch(
      /^PLM-797 4 rows .*: its time cannot be read\. Look at a row/,
    )
    expect(await told({ ...options, table, where: 'Orders is many' })).toMatch(
      /^PLM-797 the table service does not understand the filter .*Orders is many.* Is `where` a condition of OData/,
    )
  })

  it('is not read without a partition', async () => {
    expect(await told({ ...options, table: 'Load', partition: null })).toMatch(
      /^PLM-366 .*without a partition the whole table would be read/,
    )
  })

  it('of which there is too much is not read to its end', async () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ Orders: n, At: '2026-11-22T11:56:00Z' }))
    let pages = 0
    const endless = createServer((_, response) => {
      pages += 1
      const headers = {
        'x-ms-continuation-NextPartitionKey': 'shop',
        'x-ms-continuation-NextRowKey': `${pages}`,
      }
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ value: rows }))
    })
    await new Promise<void>(resolve => endless.listen(0, '127.0.0.1', resolve))
    const address = endless.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const connection = azurite.connection({ table: port })
    const gap = await told({ ...options, table: 'Load', connection })
    endless.close()
    endless.closeAllConnections()
    expect(gap).toMatch(/^PLM-796 the table Load has more than 21000 rows in 21 pages .* none is used/)
    expect(pages).toBe(21)
  })
})

describe('what goes wrong on the way to a table', () => {
  const options = {
    layout: 'any',
    partition: 'shop',
    time: 'At',
    timeAs: 'date',
    value: 'Orders',
    instance: null,
  }
  const filled = async () => {
    const table = nextName()
    await azurite.tableWith(table, [
      { partitionKey: 'shop', rowKey: '1', At: new Date(minutes(1)), Orders: 8 },
    ])
    return table
  }

  it('is tried again at once where a connection breaks, also in the middle of an answer', async () => {
    const table = await filled()
    const times: Trouble[][] = [
      ['cut'],
      ['cut-answer', 'cut'],
      [{ status: 503, headers: { 'retry-after': '0' } }],
    ]
    for (const troubles of times) {
      between.meets(...troubles)
      expect(await told({ ...options, table })).toEqual(['11:59:00 8'])
    }
  })

  it('in the middle of many rows leaves none of them, and no average of a part', async () => {
    const table = nextName()
    const client = await azurite.tableWith(table, [])
    for (let batch = 0; batch < 11; batch += 1) {
      await client.submitTransaction(
        Array.from({ length: 100 }, (_, n) => {
          const row = { partitionKey: 'shop', rowKey: `${batch}-${n}`, At: new Date(minutes(1)), Orders: n }
          return ['create', row]
        }),
      )
    }
    between.always('NextRowKey', 'cut')
    const gap = await told({ ...options, table })
    between.always('NextRowKey', null)
    expect(gap).toMatch(/^PLM-761 tried to read the table/)
    const whole = await ask({ ...options, table })
    expect('samples' in whole && whole.samples.length).toBe(1_100)
  })

  it('is a gap of one table where it lasts, and of no other', async () => {
    const [good, bad] = [await filled(), await filled()]
    between.always(`/${bad}`, { status: 503, headers: { 'retry-after': '30' } })
    const both = [bad, good].map(table =>
      queryOf({
        ...accountOf(azurite, { table: between.port }),
        where: null,
        lookBackMs: HOUR_MS,
        ...options,
        table,
      }),
    )
    const window = { from: NOON - HOUR_MS, to: NOON }
    const answers = await source.read(both, window, AbortSignal.timeout(20_000))
    between.always(`/${bad}`, null)
    expect(answers).toEqual([
      { gap: expect.stringMatching(/^PLM-762 .*read the table Table\d+/) },
      { samples: [{ at: minutes(1), value: 8 }] },
    ])
  })

  it('takes no longer than the deadline of a call', async () => {
    const table = await filled()
    between.meets('hang')
    expect(await told({ ...options, table, timeoutMs: 50 })).toMatch(/^PLM-761 .*no answer in time/)
  })

  it('by a wrong key is told, and nothing of it repeated', async () => {
    const table = await filled()
    const connection = azurite.connection().replace('Eby8', 'Ebz8')
    const gap = await told({ ...options, table, connection })
    expect(gap).toMatch(/^PLM-799 tried to read the table .* does not accept the key or signature/)
    expect(gap).not.toContain('Ebz8')
  })

  it.each([
    ['a secret that is no connection', { connection: 'this-is-no-connection' }, /^PLM-794 /],
    [
      'a connection string without a key',
      { connection: 'AccountName=shopdata;TableEndpoint=what' },
      /^PLM-794 /,
    ],
    ['nobody who signs in', { ...NO_ACCOUNT, account: 'shopdata' }, /^PLM-76[13] .*\(account shopdata\)/],
  ])('by %s is told', async (_, more, gap) => {
    source = open({ credential: { getToken: () => Promise.reject(new Error('nobody has signed in')) } })
    expect(await told({ ...options, table: 'Load', ...more })).toMatch(gap)
  })

  it('without the clients says how to install them', async () => {
    source = open({ loadSdk: () => Promise.reject(new Error("Cannot find package '@azure/data-tables'")) })
    const said = /^PLM-760 the source azure-table .*`npm install @azure\/data-tables @azure\/identity`/
    expect(await told({ ...options, table: 'Load' })).toMatch(said)
  })
})
