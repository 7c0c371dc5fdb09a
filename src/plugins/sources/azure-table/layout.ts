/**
 * The ways in which Azure's tables hold measurements, as one: which rows to ask for, and what each of them measured when.
 *
 * Example: a row of `WADPerformanceCountersTable` with `EventTickCount` 639309422705000000, `RoleInstance` `Web_IN_0` and
 * `CounterValue` 83.2 is the sample `{ at: 11:04:30.5, value: 83.2, instance: 'Web_IN_0' }`.
 */
import type { Sample } from '../../../model/sample.ts'
import type { EpochMs, Interval } from '../../../model/time.ts'

/** As the client gives it: keys as `partitionKey`, `rowKey` and `timestamp`, 64-bit integers as `bigint`. */
export type Row = Readonly<Record<string, unknown>>

export interface Asked {
  /** Where rows may be; those that are not there are left out, unless all are. */
  readonly tables: readonly string[]
  readonly filter: string
  readonly columns: readonly string[]
  /** The sample, or in words what is wrong with the row. */
  sampleOf(row: Row): Sample | string
}

/** What a metric wants of a table. */
export interface Layout {
  /** Never without a range of keys: a whole table can be years. */
  ask(window: Interval): Asked
}

/** Instances and labels have names of at most so many characters. */
const LONGEST_NAME = 200

const OF_CLIENT: Readonly<Record<string, string>> = {
  PartitionKey: 'partitionKey',
  RowKey: 'rowKey',
  Timestamp: 'timestamp',
}

export function cell(row: Row, column: string): unknown {
  return row[OF_CLIENT[column] ?? column]
}

export function textIn(row: Row, column: string): string | null {
  const value = cell(row, column)
  return typeof value === 'string' && value !== '' ? value : null
}

/** @param instance a name, or null for a measurement of the whole */
export function sampleFrom(
  row: Row,
  column: string,
  at: EpochMs | null,
  instance: string | null,
): Sample | string {
  if (at === null) return 'its time cannot be read'
  const value = numberIn(cell(row, column))
  if (typeof value === 'string') return `its column ${column} ${value}`
  if (instance === null) return { at, value }
  if (instance.length <= LONGEST_NAME) return { at, value, instance }
  return `the name of its instance has ${instance.length} characters; at most ${LONGEST_NAME} are taken`
}

/** A text that looks like a number stays a text. */
function numberIn(value: unknown): number | string {
  if (value === undefined || value === null) return 'is not there'
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : `is ${value}, not a finite number`
  return typeof value === 'string' ? 'is a text, not a number' : 'is not a number'
}
