/**
 * Reads a delimited file row by row into bins, or into a list of sessions.
 *
 * Example: `readCsvLoad(input, {}, ...)` of `timestamp,value` over 1440 rows by the minute is a load trace of a day with the column `value`.
 */
import type { LoadTrace } from '../trace.ts'
import type { Aggregate } from './bins.ts'
import type { Input } from './input.ts'
import { type Asked, columnTitle, isBlank, type Layout, valueColumns, withoutMark } from './layout.ts'
import { LoadBuilder } from './load-builder.ts'
import { decimalCommaIn, isMissing, numberIn, textIn } from './numbers.ts'
import { partsOf } from './parts.ts'
import { RecordCutter, type Row } from './records.ts'
import { counted, type RepairNotes } from './repair-notes.ts'
import { RowTimes } from './row-times.ts'
import type { TimeReader } from './times.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export interface LoadAsked extends Asked {
  readonly stepMs?: number | undefined
  readonly aggregate?: Aggregate | undefined
  readonly timeZone?: string | undefined
}

export async function readCsvLoad(input: Input, layout: Layout, asked: LoadAsked): Promise<LoadTrace> {
  const { file } = input
  const rowTimes = new RowTimes(layout, asked, file)
  const indexes = valueColumns(layout, asked, rowTimes.index, file).filter(index => index !== rowTimes.clock)
  const columns = indexes.map(index => columnTitle(layout, index, indexes.length))
  const builder = new LoadBuilder({
    file,
    columns,
    stepMs: asked.stepMs ?? null,
    aggregate: asked.aggregate ?? 'avg',
    progress: () => input.progress(),
  })
  const bad = new BadRows(file, builder.notes)
  const values = new Float64Array(indexes.length)
  const read = layout.decimalComma ? decimalCommaIn : numberIn
  const least = Math.max(rowTimes.index, rowTimes.clock ?? 0, indexes[0] ?? 0) + 1

  const cutter = await eachRow(input, layout, row => {
    const { bytes, starts, ends, count, line } = row
    if (count < least || hasMore(row, layout.names.length)) {
      bad.fields(row, layout.names.length)
      return
    }
    const at = rowTimes.read(row)
    if (Number.isNaN(at)) {
      bad.time(row, rowTimes.troubleIn(row))
      return
    }
    for (let column = 0; column < indexes.length; column++) {
      const index = indexes[column] ?? 0
      const [start, end] = index < count ? [starts[index] ?? 0, ends[index] ?? 0] : [0, 0]
      const value = end > start ? read(bytes, start, end) : Number.NaN
      if (end > start && Number.isNaN(value)) noteWord(row, index, columns[column] ?? '', builder.notes)
      values[column] = value
    }
    bad.good()
    builder.add(line, at, values)
  })
  bad.settle()
  const remarks = [
    ...(layout.remarks ?? []),
    ...rowTimes.remarks,
    ...(asked.aggregate === undefined ? partsOf(layout, rowTimes.index) : []),
  ]
  sayAssumed(builder.notes, rowTimes.reader, cutter, { ...layout, remarks })
  builder.notes.settle(
    'absurd',
    'word',
    (n, first) => `${counted(n, 'value')} not a number, first ${first}; taken as gaps`,
  )
  return builder.finish(input.name)
}

/** Calls for every row of data; answers the cutter, which knows of line ends. */
export async function eachRow(input: Input, layout: Layout, take: (row: Row) => void): Promise<RecordCutter> {
  const cutter = new RecordCutter(input.file, layout.delimiter, row => {
    if (row.line < layout.firstLine || isBlank(row) || row.bytes[row.starts[0] ?? 0] === 35) return
    take(row)
  })
  let first = true
  for await (const chunk of input.chunks()) {
    cutter.push(first ? withoutMark(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)) : chunk)
    first = false
  }
  cutter.end()
  return cutter
}

/** Of the rows at the beginning, before it is said that the whole file is of another kind. */
const EARLY = 1000
const MOST_BAD_SHARE = 0.1

/** Rows that cannot be read are left out and counted; too many of them are an error. */
export class BadRows {
  readonly #file: string
  readonly #notes: RepairNotes
  #good = 0
  #bad = 0
  #first: TraceError | null = null
  #last: { readonly line: number; readonly complete: boolean } | null = null

  constructor(file: string, notes: RepairNotes) {
    this.#file = file
    this.#notes = notes
  }

  good(): void {
    this.#good++
  }

  /** Too few or too many. */
  fields(row: Row, width: number): void {
    this.#note(row, `has ${row.count} of ${width} fields`)
  }

  time(row: Row, index: number): void {
    const field = textIn(row.bytes, row.starts[index] ?? 0, row.ends[index] ?? 0).slice(0, 60)
    this.#note(row, `has "${field}" for a time`, index + 1)
  }

  other(row: Pick<Row, 'line' | 'complete'>, what: string): void {
    this.#note(row, what)
  }

  /** Throws `TraceError` `brokenRows` where more than a tenth of the rows is bad. */
  settle(): void {
    if (this.#last !== null && !this.#last.complete) {
      this.#bad--
      this.#notes.say('cut', `the last line, ${this.#last.line}, ends too early; left out`, 1)
    }
    if (this.#first !== null && this.#bad > (this.#bad + this.#good) * MOST_BAD_SHARE) throw this.#first
    if (this.#bad <= 0) return
    this.#notes.settle(
      'cut',
      'row',
      (_, first) => `${counted(this.#bad, 'row')} cannot be read, first line ${first}; left out`,
    )
  }

  #note({ line, complete }: Pick<Row, 'line' | 'complete'>, what: string, column?: number): void {
    this.#bad++
    this.#last = { line, complete }
    this.#notes.note('cut', 'row', () => `${line}, which ${what}`)
    this.#first ??= new TraceError(
      TRACE_CODES.brokenRows,
      `this row ${what}, and more than a tenth of the rows cannot be read.`,
      column === undefined ? { file: this.#file, line } : { file: this.#file, line, column },
    )
    if (this.#bad > EARLY && this.#bad > this.#good) throw this.#first
  }
}

/** A value is more than the header names; spreadsheets may end every row with empty ones. */
export function hasMore({ bytes, starts, ends, count }: Row, width: number): boolean {
  for (let index = width; index < count; index++) {
    if (textIn(bytes, starts[index] ?? 0, ends[index] ?? 0).trim() !== '') return true
  }
  return false
}

function noteWord(
  { bytes, starts, ends, line }: Row,
  index: number,
  column: string,
  notes: RepairNotes,
): void {
  const text = textIn(bytes, starts[index] ?? 0, ends[index] ?? 0)
  if (isMissing(text)) return
  notes.note('absurd', 'word', () => `"${text.slice(0, 60)}" at line ${line}, column "${column}"`)
}

export function sayAssumed(
  notes: RepairNotes,
  times: TimeReader,
  cutter?: RecordCutter,
  layout?: Layout,
): void {
  for (const { detail, count } of layout?.remarks ?? []) notes.say('assumed', detail, count)
  if (times.zoneless > 0) {
    notes.say(
      'assumed',
      `${counted(times.zoneless, 'time')} without a zone; taken as ${times.timeZone}`,
      times.zoneless,
    )
  }
  if (times.relative)
    notes.say('assumed', 'times are small numbers; taken as seconds since the beginning (1970)', 1)
  const ends = cutter?.lineEnds
  if (ends?.mixedAt === undefined || ends.mixedAt === null) return
  const kinds = [ends.lf > 0 ? 'LF' : '', ends.crlf > 0 ? 'CR LF' : '', ends.cr > 0 ? 'CR' : ''].filter(
    k => k !== '',
  )
  const rarest = ends.lf + ends.crlf + ends.cr - Math.max(ends.lf, ends.crlf, ends.cr)
  notes.say(
    'assumed',
    `line ends are mixed (${kinds.join(', ')}), first at line ${ends.mixedAt}; each ends a row`,
    rarest,
  )
}
