/**
 * Rows whose fields are values rather than bytes (JSON, Parquet), put into bins or into a list of sessions.
 *
 * Example: the fields `['2026-11-21T12:04:00Z', 5]` under the columns `at` and `users` add 5 to the bin of 12:04.
 */
import type { Trace } from '../trace.ts'
import { sayAssumed } from './csv.ts'
import { noSessions, sessionColumns } from './csv-sessions.ts'
import { columnNamed, columnTitle, type Layout, timeColumn, valueColumns } from './layout.ts'
import { LoadBuilder } from './load-builder.ts'
import { isMissing, numberOf } from './numbers.ts'
import type { TraceOptions } from './read-trace.ts'
import { counted, type RepairNotes } from './repair-notes.ts'
import { SessionBuilder } from './session-builder.ts'
import { TimeReader } from './times.ts'

export interface FieldSource {
  readonly file: string
  readonly name: string
  readonly rowWord: string
  readonly progress: () => number
}

/** What takes rows of fields, in the order of the layout's columns. */
export interface FieldTaker {
  readonly notes: RepairNotes
  /** Indexes of the columns that are looked at. */
  readonly wanted: readonly number[]
  /** What is wrong with the time of a row; `null` when it was taken. */
  add(line: number, fields: readonly unknown[]): string | null
  finish(): Trace
}

export function takerFor(source: FieldSource, layout: Layout, options: TraceOptions): FieldTaker {
  const sessions = sessionColumns(layout)
  const isSessions =
    options.kind === 'sessions' ||
    (options.kind === undefined && options.column === undefined && sessions !== null)
  return isSessions ? sessionTaker(source, layout, options) : loadTaker(source, layout, options)
}

function loadTaker(source: FieldSource, layout: Layout, options: TraceOptions): FieldTaker {
  const { file, name, rowWord, progress } = source
  const timeIndex = timeColumn(layout, options, file)
  const indexes = valueColumns(layout, options, timeIndex, file)
  const columns = indexes.map(index => columnTitle(layout, index, indexes.length))
  const builder = new LoadBuilder({
    file,
    columns,
    stepMs: options.stepMs ?? null,
    aggregate: options.aggregate ?? 'avg',
    rowWord,
    progress,
  })
  const { notes } = builder
  const times = new TimeReader({ timeZone: options.timeZone })
  const values = new Float64Array(indexes.length)
  return {
    notes,
    wanted: [timeIndex, ...indexes],
    add(line, fields) {
      const at = timeOf(fields[timeIndex], times)
      if (Number.isNaN(at)) return `has ${shown(fields[timeIndex])} for a time`
      indexes.forEach((index, column) => {
        const value = valueIn(fields[index])
        if (Number.isNaN(value) && !isAbsent(fields[index])) {
          notes.note(
            'absurd',
            'word',
            () => `${shown(fields[index])} at ${rowWord} ${line}, column "${columns[column] ?? ''}"`,
          )
        }
        values[column] = value
      })
      builder.add(line, at, values)
      return null
    },
    finish() {
      sayAssumed(notes, times)
      sayWords(notes)
      return builder.finish(name)
    },
  }
}

export function sayWords(notes: RepairNotes): void {
  notes.settle(
    'absurd',
    'word',
    (n, first) => `${counted(n, 'value')} not a number, first ${first}; taken as gaps`,
  )
}

function sessionTaker(
  { file, name, rowWord }: FieldSource,
  layout: Layout,
  options: TraceOptions,
): FieldTaker {
  const found = sessionColumns(layout)
  if (found === null) throw noSessions(layout, file)
  const start = options.time === undefined ? found.start : columnNamed(layout, options.time, file)
  const builder = new SessionBuilder(file, rowWord)
  const times = new TimeReader({ timeZone: options.timeZone })
  return {
    notes: builder.notes,
    wanted: [start, found.end],
    add(line, fields) {
      const from = timeOf(fields[start], times)
      if (Number.isNaN(from)) return `has ${shown(fields[start])} for a start`
      const to = timeOf(fields[found.end], times)
      if (Number.isNaN(to) && !isAbsent(fields[found.end]))
        return `has ${shown(fields[found.end])} for an end`
      builder.add(line, from, to)
      return null
    },
    finish() {
      sayAssumed(builder.notes, times)
      return builder.finish(name)
    },
  }
}

function timeOf(value: unknown, times: TimeReader): number {
  if (typeof value === 'string') return times.ofText(value)
  if (typeof value === 'number') return times.ofNumber(value)
  if (typeof value === 'bigint') return times.ofNumber(Number(value))
  return value instanceof Date ? value.getTime() : Number.NaN
}

function valueIn(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return numberOf(value)
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  return Number.NaN
}

function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'number' ? Number.isNaN(value) : typeof value === 'string' && isMissing(value)
}

function shown(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 60)
}

/** A field as the layout looks at it. */
export function fieldAsText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  if (typeof value === 'boolean') return value ? '1' : '0'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
