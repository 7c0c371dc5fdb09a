/**
 * The rows a query answered, as samples: which column is the time, the value, the instance, and what stands where something else should.
 *
 * Example: columns `timestamp` (datetime) and `n` (long) with the row `12:06, 41` and bins of a minute are the sample 41 at 12:06:59.999.
 * A row whose value is empty says nothing, and is no zero; one whose value is a text is a gap that names the row and the column.
 */
import type { LogsTable } from '@azure/monitor-query-logs'
import { LONGEST_LABEL, type Sample } from '../../../model/sample.ts'
import type { EpochMs, Interval } from '../../../model/time.ts'
import type { MetricAnswer } from '../../../ports/metric-source.ts'

export interface Columns {
  readonly time: string | null
  readonly value: string | null
  readonly instance: string | null
  readonly labels: readonly string[]
  readonly intervalMs: number | null
}

interface Found {
  readonly time: number
  readonly value: number
  readonly instance: number | null
  readonly labels: readonly (readonly [string, number])[]
}

type Row = LogsTable['rows'][number]

export const MOST_ROWS = 50_000
const USUAL_TIMES = ['TimeGenerated', 'timestamp']
const NUMBERS = new Set(['int', 'long', 'real', 'decimal'])
const QUOTED = 60

/** @param times of samples: after `from`, up to `to` */
export function samplesIn(
  { columnDescriptors, rows }: LogsTable,
  columns: Columns,
  times: Interval,
  most: number = MOST_ROWS,
): MetricAnswer {
  if (rows.length > most) {
    return {
      gap: `PLM-791 the query has ${rows.length} rows, more than the ${most} that are read at once; summarize in it: ... by bin(TimeGenerated, 1m)`,
    }
  }
  const found = columnsIn(columnDescriptors, columns)
  if (typeof found === 'string') return { gap: `PLM-792 ${found}` }
  const samples = new Map<string, Sample>()
  for (const [index, row] of rows.entries()) {
    const sample = sampleOf(row, found, columns.intervalMs)
    if (typeof sample === 'string') return { gap: `PLM-793 row ${index + 1} of the query: ${sample}` }
    if (sample === null || sample.at <= times.from || sample.at > times.to) continue
    const key = JSON.stringify([sample.at, sample.instance, sample.labels])
    if (samples.has(key)) {
      return {
        gap: `PLM-793 row ${index + 1} of the query is of the same time and series as one before it; summarize in the query, or name what tells them apart with \`instance\` or \`labels\``,
      }
    }
    samples.set(key, sample)
  }
  return { samples: [...samples.values()].sort((a, b) => a.at - b.at) }
}

type Descriptors = LogsTable['columnDescriptors']

/** By name; or what is wrong with them. */
function columnsIn(all: Descriptors, { time, value, instance, labels }: Columns): Found | string {
  const there = `it has ${all.map(({ name, type }) => `${name} (${type})`).join(', ') || 'none'}`
  const indexOf = (name: string): number => all.findIndex(column => column.name === name)
  const timeIndex =
    time === null ? indexOf(USUAL_TIMES.find(name => indexOf(name) >= 0) ?? '') : indexOf(time)
  if (timeIndex < 0)
    return `the query has no column ${time ?? USUAL_TIMES.join(' or ')} for the time; ${there}`
  if (all[timeIndex]?.type !== 'datetime')
    return `the column ${all[timeIndex]?.name} is no time but ${all[timeIndex]?.type}; ${there}`
  const wanted = [instance, ...labels].filter(name => name !== null)
  const missing = [...wanted, ...(value === null ? [] : [value])].find(name => indexOf(name) < 0)
  if (missing !== undefined) return `the query has no column ${missing}; ${there}`
  const numbers = all.flatMap(({ name, type }, index) =>
    NUMBERS.has(String(type)) && !wanted.includes(name) ? [index] : [],
  )
  const [only, other] = numbers
  const valueIndex = value === null ? (other === undefined ? only : undefined) : indexOf(value)
  if (valueIndex === undefined) {
    return `the query has ${numbers.length === 0 ? 'no column' : `${numbers.length} columns`} with numbers; name the one that counts with \`value\`; ${there}`
  }
  if (!NUMBERS.has(String(all[valueIndex]?.type))) {
    return `the column ${all[valueIndex]?.name} is no number but ${all[valueIndex]?.type}; make it one with toreal() in the query`
  }
  return {
    time: timeIndex,
    value: valueIndex,
    instance: instance === null ? null : indexOf(instance),
    labels: labels.map(name => [name, indexOf(name)]),
  }
}

/** `null`: it says nothing. */
function sampleOf(row: Row, found: Found, intervalMs: number | null): Sample | string | null {
  const at = timeOf(row[found.time])
  if (at === null) return `its time is ${quoted(row[found.time])}`
  const value = numberOf(row[found.value])
  if (typeof value === 'string') return value
  if (value === null) return null
  const labels: Record<string, string> = {}
  for (const [name, index] of found.labels) {
    const label = textOf(row[index])
    if (label === null)
      return `its ${name} is ${quoted(row[index])}, not a text of up to ${LONGEST_LABEL} characters`
    labels[name] = label
  }
  const instance = found.instance === null ? undefined : textOf(row[found.instance])
  if (instance === null)
    return `its instance is ${quoted(row[found.instance ?? 0])}, not a text of 1 to ${LONGEST_LABEL} characters`
  return {
    at: intervalMs === null ? at : at + intervalMs - 1,
    value,
    ...(instance === undefined ? {} : { instance }),
    ...(found.labels.length === 0 ? {} : { labels }),
  }
}

function timeOf(cell: Row[number] | undefined): EpochMs | null {
  const at = cell instanceof Date ? cell.getTime() : Number.NaN
  return Number.isNaN(at) ? null : at
}

/** A decimal is told as a text; what is no finite number (NaN, infinity, nothing) says nothing. */
function numberOf(cell: Row[number] | undefined): number | string | null {
  if (cell === null || cell === undefined || cell === '') return null
  const value = typeof cell === 'string' ? numberIn(cell) : cell
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return `its value is ${quoted(cell)}, not a number`
}

function numberIn(text: string): number | null {
  if (/^-?(?:nan|inf(?:inity)?)$/i.test(text)) return Number.NaN
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : null
}

function textOf(cell: Row[number] | undefined): string | null {
  const text = typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : cell
  return typeof text === 'string' && text !== '' && text.length <= LONGEST_LABEL ? text : null
}

function quoted(cell: unknown): string {
  const text = JSON.stringify(cell) ?? 'nothing'
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}...` : text
}
