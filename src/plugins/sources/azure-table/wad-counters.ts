/**
 * `WADPerformanceCountersTable`: every value that Azure's diagnostics took of a performance counter, in a partition for each
 * minute.
 *
 * Example: from 11:00 to 11:05 the rows with `PartitionKey` from `0639309419400000000` to `0639309423000000000` are asked for, of the
 * counter `\Processor(_Total)\% Processor Time` and, where it is said, of one role.
 */
import { z } from 'zod'
import type { EpochMs } from '../../../model/time.ts'
import { cell, type Layout, type Row, sampleFrom, textIn } from './layout.ts'
import { both, is, within } from './odata.ts'
import { ticksKey, timeOfTicks, timeOfTicksKey } from './stamps.ts'

export const wadCountersSchema = z.object({
  layout: z.literal('wad-counters'),
  table: z.string(),
  counter: z.string(),
  role: z.string().nullable(),
  deployment: z.string().nullable(),
  where: z.string().nullable(),
})

const MINUTE_MS = 60_000

export function wadCounters(options: z.output<typeof wadCountersSchema>): Layout {
  const { table, counter, role, deployment, where } = options
  return {
    ask: ({ from, to }) => ({
      tables: [table],
      // A partition begins up to a minute before what is in it.
      filter: both(
        within('PartitionKey', ticksKey(from - MINUTE_MS), ticksKey(to)),
        is('CounterName', counter),
        role === null ? null : is('Role', role),
        deployment === null ? null : is('DeploymentId', deployment),
        where,
      ),
      columns: ['PartitionKey', 'EventTickCount', 'RoleInstance', 'CounterValue'],
      sampleOf: row => sampleFrom(row, 'CounterValue', timeOf(row), textIn(row, 'RoleInstance')),
    }),
  }
}

function timeOf(row: Row): EpochMs | null {
  const ticks = cell(row, 'EventTickCount')
  if (typeof ticks === 'bigint') return timeOfTicks(ticks)
  return timeOfTicksKey(textIn(row, 'PartitionKey') ?? '')
}
