/**
 * The keys of the source `azure-table`. What a table is like is known by its name; any other is described by its columns.
 *
 * Example: `{ table: WADPerformanceCountersTable, counter: '\Processor(_Total)\% Processor Time' }` reads as `wad-counters`;
 * `{ table: Load, partition: shop, value: Orders }` as `any`, whose time is the column `Timestamp`.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { azureStorageShape, storageOptions } from './schema-azure-storage.ts'
import { duration, refusal } from './values.ts'

export const AZURE_TABLE_MEANING =
  "Measurements in a table of an Azure storage account: of Azure's diagnostics, of the account itself, or of your own."

export const TABLE_LAYOUTS = ['wad-counters', 'wad-metrics', 'storage-analytics', 'any'] as const
export type TableLayout = (typeof TABLE_LAYOUTS)[number]

/** Keys that each needs, and those it may have besides; `where` and `lookBack` may stand everywhere. */
export const LAYOUT_KEYS: Readonly<
  Record<TableLayout, { readonly needs: readonly string[]; readonly may: readonly string[] }>
> = {
  'wad-counters': { needs: ['counter'], may: ['role', 'deployment'] },
  'wad-metrics': { needs: ['counter', 'resource'], may: ['value'] },
  'storage-analytics': { needs: ['value'], may: ['row'] },
  any: { needs: ['value'], may: ['partition', 'time', 'timeAs', 'instance'] },
}

export const TIMES_AS = [
  'date',
  'iso',
  'ticks',
  'descending-ticks',
  'minute',
  'seconds',
  'milliseconds',
] as const

export const TABLE_NAME = /^\$?[A-Za-z][A-Za-z0-9]{2,62}$|\$\{/

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export function layoutOfTable(table: string): TableLayout {
  if (/^WADPerformanceCountersTable$/i.test(table)) return 'wad-counters'
  if (/^WADMetricsPT1[MH]P10DV2S(\d{8})?$/i.test(table)) return 'wad-metrics'
  return table.startsWith('$Metrics') ? 'storage-analytics' : 'any'
}

/** What a row is about. */
function periodOf(table: string): number {
  if (/^WADMetricsPT1H|^\$MetricsHour|^\$MetricsTransactions/i.test(table)) return HOUR_MS
  return /^\$MetricsCapacity/.test(table) ? 0 : MINUTE_MS
}

function lookBackOf(table: string): number {
  const period = periodOf(table)
  if (period === 0) return 3 * DAY_MS
  return period === HOUR_MS ? 6 * HOUR_MS : HOUR_MS
}

const column = z
  .string()
  .max(255)
  .regex(/^[\p{L}_][\p{L}\p{N}_]*$|\$\{/u, {
    error: refusal(CODES.malformed, '{value} is not the name of a column', 'write it as it is in the table'),
  })

/** Something in the table, compared to the letter. */
const exact = z.string().min(1).max(1000)

/** A condition that could end ours, or begin a text of its own, is none. */
const condition = z
  .string()
  .min(1)
  .max(2000)
  .refine(isWhole, {
    error: refusal(
      CODES.malformed,
      '{value} is not a condition of OData: a quote or parenthesis is open',
      "write e.g. Region eq 'eu' and Kind ne 'test'; a quote inside a text is written twice",
    ),
  })

export const azureTableShape = {
  table: key(
    z
      .string()
      .max(200)
      .regex(TABLE_NAME, {
        error: refusal(
          CODES.malformed,
          '{value} is not the name of a table',
          'it has 3 to 63 letters and digits; of a table of WADMetrics the date may be left out',
        ),
      }),
    'Name of the table. Its kind is known by it: WADPerformanceCountersTable, WADMetricsPT1MP10DV2S (the date may be left out), $Metrics...; any other is described by the keys below.',
    'WADPerformanceCountersTable',
  ),
  counter: key(
    exact.optional(),
    'WAD tables: the performance counter, as diagnostics were told it.',
    '\\Processor(_Total)\\% Processor Time',
  ),
  role: key(exact.optional(), 'WADPerformanceCountersTable: only this role.', 'Shop.Web'),
  deployment: key(exact.optional(), 'WADPerformanceCountersTable: only this deployment, by its id.', '1f0c'),
  resource: key(
    exact.optional(),
    'WADMetrics: full id of the resource, in the letters that its diagnostics were told it in.',
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web',
  ),
  row: key(
    exact.optional(),
    '$Metrics: which row of each time. Default: `user;All`; of $MetricsCapacityBlob `data`.',
    'user;GetMessages',
  ),
  partition: key(
    exact.optional(),
    'Any other table: the partition, by its key. Without it `time` is PartitionKey, or `where` says which partitions.',
    'shop',
  ),
  time: key(
    column.optional(),
    'Any other table: the column that says when. Default: Timestamp, when the row was written.',
    'MeasuredAt',
  ),
  timeAs: key(
    z.enum(TIMES_AS).optional(),
    'Any other table: how that column says it. iso is text; ticks are of .NET; minute is 20261122T1104. Default: date.',
    'ticks',
  ),
  value: key(
    column.optional(),
    'The column with the number. Default, of WADMetrics: Average.',
    'TotalRequests',
  ),
  instance: key(
    column.optional(),
    'Any other table: the column with the name of the instance; without it a sample is of the whole.',
    'Machine',
  ),
  where: key(condition.optional(), 'A further condition, in the words of OData.', "Region eq 'eu'"),
  lookBack: key(
    duration({ min: MINUTE_MS, max: 30 * DAY_MS }).optional(),
    'Rows are looked for so far back, or as far as the longest window of a rule, whichever is less. Default: 1h; of hourly rows 6h, of daily ones 3d.',
    '2h',
  ),
  ...azureStorageShape('10s'),
}

export const azureTableSource = z
  .strictObject(azureTableShape)
  .transform(({ account, cloud, endpoint, connection, authorityHost, timeout, ...written }) => ({
    ...storageOptions({ account, cloud, endpoint, connection, authorityHost, timeout }),
    ...layoutOptions(written),
    table: written.table,
    where: written.where ?? null,
    lookBackMs: written.lookBack ?? lookBackOf(written.table),
  }))

interface Described {
  readonly table: string
  readonly counter?: string | undefined
  readonly role?: string | undefined
  readonly deployment?: string | undefined
  readonly resource?: string | undefined
  readonly row?: string | undefined
  readonly partition?: string | undefined
  readonly time?: string | undefined
  readonly timeAs?: (typeof TIMES_AS)[number] | undefined
  readonly value?: string | undefined
  readonly instance?: string | undefined
}

function layoutOptions(written: Described) {
  const { table, counter, value } = written
  const layout = layoutOfTable(table)
  switch (layout) {
    case 'wad-counters':
      return { layout, counter, role: written.role ?? null, deployment: written.deployment ?? null }
    case 'wad-metrics': {
      const { resource } = written
      return { layout, counter, resource, value: value ?? 'Average', periodMs: periodOf(table) }
    }
    case 'storage-analytics': {
      const row = written.row ?? (periodOf(table) === 0 ? 'data' : 'user;All')
      return { layout, value, row, periodMs: periodOf(table) }
    }
    case 'any':
      return {
        layout,
        value,
        partition: written.partition ?? null,
        time: written.time ?? 'Timestamp',
        timeAs: written.timeAs ?? 'date',
        instance: written.instance ?? null,
      }
  }
}

/** Every text is ended, and every parenthesis closed after it was opened. */
function isWhole(text: string): boolean {
  const bare = text.replace(/'(?:[^']|'')*'/g, '')
  if (bare.includes("'")) return false
  let depth = 0
  for (const character of bare) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}
