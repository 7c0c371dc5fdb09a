/**
 * `WADMetricsPT1MP10DV2S...` and `...PT1H...`: counters of one resource, taken together by the minute or hour, a new table
 * every ten days. Each row is there twice, once by time and once by name; it is asked for by time.
 *
 * Example: the table `WADMetricsPT1MP10DV2S` is, on 2026-11-22, `WADMetricsPT1MP10DV2S20261119`; the row of 11:04 has a `RowKey` that
 * begins with `2516069553599999999__`, and is a sample of the last millisecond of that minute.
 */
import { z } from 'zod'
import type { EpochMs, Interval } from '../../../model/time.ts'
import { PluginError } from '../../../ports/plugin.ts'
import { cell, type Layout, type Row, sampleFrom, textIn } from './layout.ts'
import { both, is, literal } from './odata.ts'
import { descendingKey, encodedKey, ROLL_MS, rollDate, timeOfDescendingKey } from './stamps.ts'

export const wadMetricsSchema = z.object({
  layout: z.literal('wad-metrics'),
  /** With a date, or without: then those of the time that is read. */
  table: z.string(),
  periodMs: z.number().positive(),
  counter: z.string(),
  resource: z.string(),
  value: z.string(),
  where: z.string().nullable(),
})

const MOST_TABLES = 4

export function wadMetrics(options: z.output<typeof wadMetricsSchema>): Layout {
  const { table, periodMs, counter, resource, value, where } = options
  // The last millisecond is still in the grain of the period.
  const lengthMs = periodMs - 1
  return {
    ask(window) {
      const begun = { from: window.from - lengthMs, to: window.to - lengthMs }
      return {
        tables: tablesOf(table, begun),
        filter: both(
          is('PartitionKey', encodedKey(resource)),
          // After the ticks the name of the counter follows, so a key is more than its ticks alone.
          `RowKey ge ${literal(descendingKey(begun.to))} and RowKey lt ${literal(descendingKey(begun.from))}`,
          is('CounterName', counter),
          where,
        ),
        columns: ['RowKey', 'TIMESTAMP', value, 'RoleInstance', 'Host'],
        sampleOf(row) {
          const begin = beginOf(row)
          const at = begin === null ? null : begin + lengthMs
          return sampleFrom(row, value, at, textIn(row, 'RoleInstance') ?? textIn(row, 'Host'))
        },
      }
    },
  }
}

function tablesOf(table: string, { from, to }: Interval): readonly string[] {
  if (/S\d{8}$/.test(table)) return [table]
  const tables = new Set<string>()
  for (let at = from; at < to + ROLL_MS; at += ROLL_MS) tables.add(`${table}${rollDate(Math.min(at, to))}`)
  if (tables.size <= MOST_TABLES) return [...tables]
  throw new PluginError(
    'misconfigured',
    `PLM-796 the window reaches over ${tables.size} tables of ten days, and at most ${MOST_TABLES} are read; nothing was asked. Give it a \`lookBack\` of at most 30d.`,
  )
}

function beginOf(row: Row): EpochMs | null {
  const [ticks] = /^\d{19}/.exec(textIn(row, 'RowKey') ?? '') ?? []
  if (ticks !== undefined) return timeOfDescendingKey(ticks)
  const begin = cell(row, 'TIMESTAMP')
  return begin instanceof Date ? begin.getTime() : null
}
