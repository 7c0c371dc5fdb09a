/**
 * `$Metrics...`: what a storage account writes of itself, by the minute, by the hour, or (capacity) once a day.
 *
 * Example: the row `20261122T1104`, `user;All` of `$MetricsMinutePrimaryTransactionsQueue` with `TotalRequests` 42 is a sample of 42 in
 * the last millisecond of that minute. `$MetricsCapacityBlob` measures at the time it names.
 */
import { z } from 'zod'
import { type Layout, sampleFrom, textIn } from './layout.ts'
import { both, is, within } from './odata.ts'
import { minuteKey, timeOfMinuteKey } from './stamps.ts'

export const storageAnalyticsSchema = z.object({
  layout: z.literal('storage-analytics'),
  table: z.string(),
  /** What a row is about; 0: an instant. */
  periodMs: z.number().min(0),
  row: z.string(),
  value: z.string(),
  where: z.string().nullable(),
})

export function storageAnalytics(options: z.output<typeof storageAnalyticsSchema>): Layout {
  const { table, periodMs, row: rowKey, value, where } = options
  // The last millisecond is still in the grain of the period.
  const lengthMs = Math.max(0, periodMs - 1)
  return {
    ask: ({ from, to }) => ({
      tables: [table],
      filter: both(
        within('PartitionKey', minuteKey(from - lengthMs), minuteKey(to - lengthMs)),
        is('RowKey', rowKey),
        where,
      ),
      columns: ['PartitionKey', value],
      sampleOf(row) {
        const begin = timeOfMinuteKey(textIn(row, 'PartitionKey') ?? '')
        return sampleFrom(row, value, begin === null ? null : begin + lengthMs, null)
      },
    }),
  }
}
