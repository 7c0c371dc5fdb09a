/** The source `azure-table` on Microsoft's own emulator, over Microsoft's own client, in each of its layouts. */
import { createServer } from 'node:net'
import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { createAzureTableSource } from '../../src/plugins/sources/azure-table.ts'
import { metricSourceAcceptance } from '../../src/ports/metric-source.acceptance.ts'
import { type Azurite, startAzurite, type TableRow } from './azurite.ts'
import { accountOf, queryOf } from './storage-rig.ts'
import { analyticsRow, metricsRow, metricsTable, wadRow } from './table-rows.ts'

interface LayoutCase {
  /** The options of a metric, by its name. */
  options(metric: string): Readonly<Record<string, unknown>>
  readonly table: string
  row(metric: string, value: number, at: number): TableRow
}

const MINUTE_MS = 60_000
const RESOURCE =
  '/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web-1'

const LAYOUTS: Readonly<Record<string, LayoutCase>> = {
  'performance counters': {
    table: 'WADPerformanceCountersTable',
    options: counter => ({ layout: 'wad-counters', counter, role: null, deployment: null }),
    row: (counter, value, at) => wadRow({ at, counter, value }),
  },
  'counters by the minute': {
    table: metricsTable(Date.now()),
    options: counter => ({
      layout: 'wad-metrics',
      table: 'WADMetricsPT1MP10DV2S',
      periodMs: MINUTE_MS,
      counter,
      resource: RESOURCE,
      value: 'Average',
    }),
    // The minute that was over last.
    row: (counter, value, at) =>
      metricsRow({ at: at - (at % MINUTE_MS) - MINUTE_MS, counter, resource: RESOURCE, value }),
  },
  'storage analytics': {
    table: '$MetricsMinutePrimaryTransactionsQueue',
    options: row => ({
      layout: 'storage-analytics',
      periodMs: MINUTE_MS,
      row: `user;${row}`,
      value: 'Availability',
    }),
    row: (row, value, at) =>
      analyticsRow({ at: at - (at % MINUTE_MS) - MINUTE_MS, row: `user;${row}`, value }),
  },
  'a table of our own': {
    table: 'Load',
    options: partition => ({
      layout: 'any',
      partition,
      time: 'RowKey',
      timeAs: 'milliseconds',
      value: 'Value',
      instance: null,
    }),
    row: (partitionKey, value, at) => ({
      partitionKey,
      rowKey: `${at}`,
      Value: { value: `${value}`, type: 'Double' },
    }),
  },
}

let azurite: Azurite
const silent = createServer(socket => socket.on('error', () => {}))
let silentPort = 0

beforeAll(async () => {
  azurite = await startAzurite()
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  silentPort = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(async () => {
  silent.close()
  await azurite.stop()
})

for (const [name, layout] of Object.entries(LAYOUTS)) {
  metricSourceAcceptance(`azure-table source, ${name}`, async () => {
    const table = await azurite.tableWith(layout.table, [])
    const common = { table: layout.table, where: null, lookBackMs: 3_600_000 }
    const query = (fleet: string, metric: string) =>
      queryOf({ ...accountOf(azurite), ...common, ...layout.options(metric) }, { name: metric, fleet })
    return {
      source: createAzureTableSource({ clock: systemClock, backOffMs: 1 }),
      now: () => systemClock.now(),
      query,
      async offer(metric, value) {
        await table.upsertEntity({ ...layout.row(metric, value, Date.now()) }, 'Replace')
      },
      failing: query('web', 'nowhere'),
      hanging: queryOf({
        ...accountOf(azurite, { table: silentPort }),
        ...common,
        ...layout.options('first'),
      }),
      async cleanUp() {
        for await (const { partitionKey = '', rowKey = '' } of table.listEntities()) {
          await table.deleteEntity(partitionKey, rowKey)
        }
      },
    }
  })
}
