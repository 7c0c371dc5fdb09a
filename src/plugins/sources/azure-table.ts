/**
 * Measurements in Azure's tables: performance counters that diagnostics wrote, what storage accounts write of themselves, and any
 * table whose columns hold time and value.
 *
 * Example: `{ layout: 'wad-counters', table: 'WADPerformanceCountersTable', counter: '\\Processor(_Total)\\% Processor Time', ... }` gives, read
 * at 11:05, two samples a minute of each instance up to about 11:03: diagnostics write a minute or two later. Where there is none
 * in the window, the gap says how old the newest is.
 */
import type { TableClient } from '@azure/data-tables'
import { z } from 'zod'
import type { Sample } from '../../model/sample.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { answeredBy } from '../azure/failure.ts'
import { storageAccountShape } from '../azure/storage-account.ts'
import { patiently, StorageCalls, type StorageThing } from '../azure/storage-calls.ts'
import { anyTable, anyTableSchema } from './azure-table/any-table.ts'
import { type AzureTableContext, connectTable } from './azure-table/connect.ts'
import type { Asked, Layout, Row } from './azure-table/layout.ts'
import { readRows } from './azure-table/read-rows.ts'
import { storageAnalytics, storageAnalyticsSchema } from './azure-table/storage-analytics.ts'
import { wadCounters, wadCountersSchema } from './azure-table/wad-counters.ts'
import { wadMetrics, wadMetricsSchema } from './azure-table/wad-metrics.ts'
import { checkedBy } from './checked.ts'
import { optionsOf } from './options.ts'
import { poll, type Question } from './polled.ts'

const ownSchema = z.object({ ...storageAccountShape, lookBackMs: z.number().positive() })
const layoutSchema = z.discriminatedUnion('layout', [
  wadCountersSchema,
  wadMetricsSchema,
  storageAnalyticsSchema,
  anyTableSchema,
])

/** A check looks as far back as each metric does. */
const CHECKED_MS = 30 * 86_400_000
/** Metrics whose newest sample is remembered. */
const MOST_REMEMBERED = 500

export function createAzureTableSource(context: AzureTableContext): MetricSource {
  const { clock } = context
  const calls = new StorageCalls('table', context, (options, table) => connectTable(options, table, context))
  /** By metric: the time of its newest sample. */
  const newest = new Map<string, EpochMs>()
  let isClosed = false

  function remember(metric: string, samples: readonly Sample[]): void {
    const at = samples.at(-1)?.at
    if (at === undefined) return
    newest.delete(metric)
    newest.set(metric, at)
    const [oldest] = newest.keys()
    if (newest.size > MOST_REMEMBERED && oldest !== undefined) newest.delete(oldest)
  }

  function answerOf(metric: string, asked: Asked, rows: readonly Row[], window: Interval): MetricAnswer {
    const read = rows.map(row => asked.sampleOf(row))
    const good = read.filter(sample => typeof sample !== 'string')
    const samples = good
      .filter(({ at }) => window.from < at && at <= window.to)
      .sort((one, other) => one.at - other.at)
    remember(metric, samples)
    if (samples.length > 0) return { samples }
    const flaw = read.find(sample => typeof sample === 'string')
    const [table = ''] = asked.tables.toReversed()
    if (flaw !== undefined && good.length === 0) {
      return {
        gap: `PLM-797 ${rows.length} rows of the table ${table}, and none can be used: ${flaw}. Look at a row there, and name its columns as they are.`,
      }
    }
    return { gap: noRow(table, window, newest.get(metric)) }
  }

  const source: MetricSource = {
    read(queries, window, signal) {
      const ask = ({ metric }: MetricQuery): Question<{ asked: Asked; rows: readonly Row[] }> => {
        const account = optionsOf(ownSchema, metric)
        const layout = layoutOf(optionsOf(layoutSchema, metric))
        const near = { from: Math.max(window.from, window.to - account.lookBackMs), to: window.to }
        return {
          key: JSON.stringify(metric.options),
          fetch: async within => {
            const asked = layout.ask(near)
            return { asked, rows: await rowsOf(asked, table => calls.of(account, table), within) }
          },
          read: ({ asked, rows }) => answerOf(metric.name, asked, rows, near),
        }
      }
      return poll(queries, window, patiently(signal), () => clock.now(), ask)
    },

    async check(signal) {
      if (isClosed) return { ok: false, detail: 'closed' }
      const metrics = context.metrics?.() ?? []
      if (metrics.length === 0)
        return { ok: true, detail: "asks each metric's table when the metric is read" }
      const tell = (samples: readonly Sample[], now: EpochMs) =>
        `${samples.length} rows, the newest ${ago(now - (samples.at(-1)?.at ?? 0))} old`
      const now = clock.now()
      return await checkedBy({ read: source.read, metrics, now, lookBackMs: CHECKED_MS, signal, tell })
    },

    async close() {
      isClosed = true
      calls.close()
    },
  }
  return source
}

function layoutOf(options: z.output<typeof layoutSchema>): Layout {
  switch (options.layout) {
    case 'wad-counters':
      return wadCounters(options)
    case 'wad-metrics':
      return wadMetrics(options)
    case 'storage-analytics':
      return storageAnalytics(options)
    case 'any':
      return anyTable(options)
  }
}

async function rowsOf(
  { tables, filter, columns }: Asked,
  tableOf: (name: string) => StorageThing<TableClient>,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  let missing: PluginError | null = null
  let found = 0
  for (const table of tables) {
    try {
      const what = `read the table ${table}`
      rows.push(
        ...(await tableOf(table).reading(what, signal, (client, within) =>
          readRows(client, filter, columns, within),
        )),
      )
      found += 1
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      if (error.kind !== 'not-found') throw understood(error, filter)
      missing = error
    }
  }
  if (found === 0 && missing !== null) throw missing
  return rows
}

/** Azure's words say that a filter is wrong, and not which. */
function understood(error: PluginError, filter: string): PluginError {
  if (answeredBy(error.cause).status !== 400) return error
  return new PluginError(
    'misconfigured',
    `PLM-797 the table service does not understand the filter ${filter}; no row was read. Is \`where\` a condition of OData, such as Region eq 'eu'?`,
    { cause: error.cause },
  )
}

function noRow(table: string, { from, to }: Interval, newest: EpochMs | undefined): string {
  const seen =
    newest === undefined
      ? ''
      : `; the newest that was read is of ${clockTime(newest)}, ${ago(to - newest)} ago`
  return `PLM-798 the table ${table} has no row for this from ${clockTime(from)} to ${clockTime(to)} UTC${seen}. Diagnostics write with a delay: give the metric a \`delay\`, or a longer window. Are the names spelled as they are in the table?`
}

function clockTime(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

function ago(ms: number): string {
  return ms < 120_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`
}
