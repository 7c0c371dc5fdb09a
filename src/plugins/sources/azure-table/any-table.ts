/**
 * Any other table, by the columns that hold time, value and instance. It must say in which partitions to look.
 *
 * Example: `{ table: 'Load', partition: 'shop', time: 'RowKey', timeAs: 'descending-ticks', value: 'Orders', instance: 'Machine' }` asks for
 * `(PartitionKey eq 'shop') and (RowKey ge '2516069552999999999' and RowKey lt '2516069555999999999')`.
 */
import { z } from 'zod'
import type { EpochMs, Interval } from '../../../model/time.ts'
import { cell, type Layout, sampleFrom, textIn } from './layout.ts'
import { both, instant, is, literal } from './odata.ts'
import {
  descendingKey,
  minuteKey,
  ticksKey,
  timeOfDescendingKey,
  timeOfMinuteKey,
  timeOfTicks,
  timeOfTicksKey,
} from './stamps.ts'

export const TIMES_AS = [
  'date',
  'iso',
  'ticks',
  'descending-ticks',
  'minute',
  'seconds',
  'milliseconds',
] as const
export type TimeAs = (typeof TIMES_AS)[number]

export const anyTableSchema = z
  .object({
    layout: z.literal('any'),
    table: z.string(),
    partition: z.string().nullable(),
    time: z.string(),
    timeAs: z.enum(TIMES_AS),
    value: z.string(),
    instance: z.string().nullable(),
    where: z.string().nullable(),
  })
  .refine(isBounded, { error: 'without a partition the whole table would be read', path: ['partition'] })

/** So that a read never goes through the whole table. */
function isBounded({
  partition,
  time,
  where,
}: {
  readonly partition: string | null
  readonly time: string
  readonly where: string | null
}): boolean {
  return partition !== null || time === 'PartitionKey' || /\bPartitionKey\s+(eq|ge|gt)\s/.test(where ?? '')
}

export function anyTable(options: z.output<typeof anyTableSchema>): Layout {
  const { table, partition, time, timeAs, value, instance, where } = options
  return {
    ask: window => ({
      tables: [table],
      filter: both(
        partition === null ? null : is('PartitionKey', partition),
        rangeOf(time, timeAs, window),
        where,
      ),
      columns: [...new Set([time, value, ...(instance === null ? [] : [instance])])],
      sampleOf: row =>
        sampleFrom(
          row,
          value,
          timeOf(cell(row, time), timeAs),
          instance === null ? null : textIn(row, instance),
        ),
    }),
  }
}

const MINUTE_MS = 60_000

/** `null`: columns of numbers or texts may be of any type there, so they are compared here. */
function rangeOf(column: string, timeAs: TimeAs, { from, to }: Interval): string | null {
  if (timeAs === 'date') return `${column} gt ${instant(from)} and ${column} le ${instant(to)}`
  if (column !== 'PartitionKey' && column !== 'RowKey') return null
  // Something may follow the time in a key, so the upper end is the first key that is too late.
  const [first, beyond] = keysOf(timeAs, from, to)
  return `${column} ge ${literal(first)} and ${column} lt ${literal(beyond)}`
}

function keysOf(timeAs: Exclude<TimeAs, 'date'>, from: EpochMs, to: EpochMs): readonly [string, string] {
  switch (timeAs) {
    case 'iso':
      return [isoMinute(from), isoMinute(to + MINUTE_MS)]
    case 'minute':
      return [minuteKey(from), minuteKey(to + MINUTE_MS)]
    case 'ticks':
      return [ticksKey(from), ticksKey(to + 1)]
    case 'descending-ticks':
      return [descendingKey(to), descendingKey(from)]
    case 'seconds':
      return [String(Math.floor(from / 1000)), String(Math.floor(to / 1000) + 1)]
    case 'milliseconds':
      return [String(Math.floor(from)), String(Math.floor(to) + 1)]
  }
}

function isoMinute(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 16)
}

function timeOf(value: unknown, timeAs: TimeAs): EpochMs | null {
  if (value instanceof Date) return finite(value.getTime())
  const text = typeof value === 'string' ? value : ''
  switch (timeAs) {
    case 'date':
    case 'iso':
      return finite(Date.parse(/^[\d-]+T[\d:.]+(?:Z|[+-]\d\d:\d\d)/.exec(text)?.[0] ?? ''))
    case 'minute':
      return timeOfMinuteKey(text.slice(0, 13))
    case 'ticks':
      return typeof value === 'bigint' ? timeOfTicks(value) : timeOfTicksKey(leadingDigits(text))
    case 'descending-ticks':
      return typeof value === 'bigint'
        ? timeOfDescendingKey(`${value}`)
        : timeOfDescendingKey(leadingDigits(text))
    case 'seconds':
      return scaled(value, text, 1000)
    case 'milliseconds':
      return scaled(value, text, 1)
  }
}

function leadingDigits(text: string): string {
  return /^\d+/.exec(text)?.[0] ?? ''
}

function scaled(value: unknown, text: string, factor: number): EpochMs | null {
  const digits = leadingDigits(text)
  if (typeof value === 'number' || typeof value === 'bigint') return finite(Number(value) * factor)
  return digits === '' ? null : finite(Number(digits) * factor)
}

function finite(at: number): EpochMs | null {
  return Number.isFinite(at) ? at : null
}
