/**
 * Metrics that a query in KQL makes of logs: of a Log Analytics workspace, or of what logs into one (Application Insights). The window is
 * given with the query as its timespan; what is younger than the metric's `delay` is left for later, since logs come in by and by.
 *
 * Example: `requests | summarize n = count() by bin(timestamp, 1m)` with `interval: 1m`, read at 12:10:20 with `delay: 3m` and a window
 * of ten minutes, is asked from 11:57 to 12:10:20, and its newest sample is that of 12:06, at 12:06:59.999.
 */
import type { LogsQueryResult, LogsTable } from '@azure/monitor-query-logs'
import { z } from 'zod'
import type { MetricSpec } from '../../model/spec.ts'
import type { Interval } from '../../model/time.ts'
import type { MetricAnswer, MetricSource } from '../../ports/metric-source.ts'
import { LogsApi, type LogsApiContext } from '../azure/logs/logs-api.ts'
import { MOST_ROWS, samplesIn } from '../azure/logs/rows.ts'
import { checkedBy } from './checked.ts'
import { optionsOf } from './options.ts'
import { poll } from './polled.ts'

const optionsSchema = z.object({
  workspace: z.string().nullable(),
  resource: z.string().nullable(),
  query: z.string().min(1),
  time: z.string().nullable(),
  value: z.string().nullable(),
  instance: z.string().nullable(),
  labels: z.array(z.string()),
  intervalMs: z.number().nullable(),
  endpoint: z.url({ protocol: /^https$/ }),
  audience: z.string(),
  authorityHost: z.string().nullable(),
  timeoutMs: z.number().positive(),
})

export interface AzureLogsContext extends LogsApiContext {
  /** What `check` tries to read. */
  readonly metrics?: () => readonly MetricSpec[]
  /** Of one query. */
  readonly mostRows?: number
}

/** A query over more is asked in Azure, not every minute from here. */
const LONGEST_MS = 24 * 3_600_000
const CHECKED_MS = 30 * 60_000

export function createAzureLogsSource(context: AzureLogsContext): MetricSource {
  const { clock } = context
  const closing = new AbortController()
  const api = new LogsApi(context)

  const source: MetricSource = {
    read(queries, window, signal) {
      const either = AbortSignal.any([signal, closing.signal])
      return poll(
        queries,
        window,
        either,
        () => clock.now(),
        ({ metric }) => {
          const options = optionsOf(optionsSchema, metric)
          const span = spanOf(options.intervalMs, window, clock.now())
          const times = { from: Math.max(window.from, span.from - 1), to: span.to - (metric.delayMs ?? 0) }
          const { workspace, resource, query, endpoint, audience, authorityHost, timeoutMs } = options
          const question = { workspace, resource, query, endpoint, audience, authorityHost, timeoutMs }
          return {
            key: JSON.stringify([question, span]),
            fetch: within => api.run(question, span, within),
            read: result =>
              answerOf(result, table => samplesIn(table, options, times, context.mostRows ?? MOST_ROWS)),
          }
        },
      )
    },
    async check(signal) {
      const metrics = context.metrics?.() ?? []
      if (metrics.length === 0) return { ok: true, detail: 'asks Azure Monitor Logs when a metric is read' }
      return checkedBy({
        read: source.read,
        metrics,
        now: clock.now(),
        lookBackMs: CHECKED_MS,
        signal,
        tell(samples, now) {
          const last = samples.at(-1)
          if (last === undefined) return 'no row in the last 30 minutes'
          return `${samples.length} values in the last 30 minutes, the newest of ${Math.round((now - last.at) / 1000)}s ago`
        },
      })
    },
    async close() {
      closing.abort()
      api.close()
    },
  }
  return source
}

/** From the begin of a bin on: of one that is cut, the query would tell a part. */
function spanOf(intervalMs: number | null, window: Interval, now: number): Interval {
  const to = Math.min(now, window.to)
  const from = Math.max(window.from, to - LONGEST_MS)
  return { from: intervalMs === null ? from : Math.floor((from + 1) / intervalMs) * intervalMs, to }
}

function answerOf(result: LogsQueryResult, read: (table: LogsTable) => MetricAnswer): MetricAnswer {
  if ('partialError' in result) {
    const { code, message } = result.partialError
    return {
      gap: `PLM-788 Azure Monitor Logs answered the query in part only: ${code}, ${message.replace(/\s+/g, ' ')}. A part is not counted; make the query smaller.`,
    }
  }
  const [first] = result.tables
  const table = result.tables.find(({ name }) => name === 'PrimaryResult') ?? first
  return table === undefined ? { gap: 'PLM-789 Azure Monitor Logs answered without a table' } : read(table)
}
