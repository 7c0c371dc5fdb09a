/**
 * How a delimited file is laid out, seen from its first rows: delimiter, header, which column holds the time and which hold numbers.
 *
 * Example: `at;users;host` over `2026-11-21 12:04;1,5;web-1` is delimited by `;`, has a header, its time in `at`, and numbers with decimal
 * commas in `users`; `host` holds words and is left aside.
 */
import { nearest } from '../../config/expression/nearest.ts'
import { type Input, SAMPLE_BYTES } from './input.ts'
import { decimalCommaIn, isMissing, numberOf } from './numbers.ts'
import { fieldText, isInUtf8, RecordCutter, type Row } from './records.ts'
import { counted } from './repair-notes.ts'
import { TimeReader } from './times.ts'
import { type Place, TRACE_CODES, TraceError } from './trace-error.ts'

export interface Asked {
  /** Column to read; several at most by reading all. */
  readonly column?: string | undefined
  /** Column that holds the time. */
  readonly time?: string | undefined
}

export interface Layout {
  readonly delimiter: number
  /** Line of the first row of data. */
  readonly firstLine: number
  readonly hasHeader: boolean
  readonly names: readonly string[]
  readonly decimalComma: boolean
  /** Rows of the sample as text, header aside. */
  readonly rows: readonly TextRow[]
  /** What was assumed of the names. */
  readonly remarks?: readonly Remark[]
}

export interface Remark {
  readonly detail: string
  readonly count: number
}

export interface TextRow {
  readonly line: number
  readonly fields: readonly string[]
  /** Left out: it is. */
  readonly isUtf8?: boolean
}

const DELIMITERS = [',', ';', '\t', '|'] as const
const SAMPLE_ROWS = 200
/** Of these names a column holds the time, where it can be read as one; the sooner the better. */
const TIME_NAMES = [
  'timestamp',
  'time',
  'ts',
  'at',
  'datetime',
  'date',
  '_time',
  'date_time',
  'epoch',
  'start',
  'hour',
  'day',
]
/** A number that is no date below this: the year 1973 in seconds. */
const LEAST_EPOCH = 1e8

export function layoutOf(input: Input): Layout {
  const { file } = input
  const best = DELIMITERS.map(delimiter => ({ delimiter, ...sampled(input, delimiter) })).reduce(
    (one, other) => (merit(other.rows) > merit(one.rows) ? other : one),
  )
  const rows = best.rows.filter(({ fields }) => !isRemark(fields))
  const [first, second] = rows
  if (first === undefined) {
    if (best.trouble !== null) throw best.trouble
    throw input.whole ? new TraceError(TRACE_CODES.empty, 'it is empty.', { file }) : tooLong(file, 1)
  }
  const hasHeader = !first.fields.some(field => isTime(field) || !Number.isNaN(numberOf(field)))
  const data = hasHeader ? rows.slice(1) : rows
  const firstLine = (hasHeader ? second?.line : first.line) ?? first.line + 1
  if (data.length === 0) {
    throw input.whole
      ? new TraceError(TRACE_CODES.empty, 'it has a header and no row.', { file, line: first.line })
      : tooLong(file, first.line + 1)
  }
  return {
    delimiter: best.delimiter.charCodeAt(0),
    firstLine,
    hasHeader,
    names: hasHeader ? named(first.fields) : first.fields.map((_, index) => `column${index + 1}`),
    decimalComma:
      best.delimiter !== ',' &&
      data.some(({ fields }) => fields.some(field => /^-?\d+,\d+$/.test(field.trim()))),
    rows: data,
    remarks: hasHeader ? remarksOn(first) : [],
  }
}

function tooLong(file: string, line: number): TraceError {
  const said = `the line is longer than ${SAMPLE_BYTES / 1024} KiB, which no row is.`
  return new TraceError(TRACE_CODES.brokenRows, said, { file, line })
}

/** Its index. Throws `TraceError` `noColumn` or `noTime`. */
export function timeColumn(layout: Layout, asked: Asked, file: string): number {
  if (asked.time !== undefined) {
    const index = columnNamed(layout, asked.time, file)
    if (readsAsTime(layout, index, 0)) return index
    throw noTime(layout, index, file)
  }
  const known = TIME_NAMES.map(name => layout.names.findIndex(given => given.toLowerCase() === name)).filter(
    index => index >= 0,
  )
  const readable = known.find(index => readsAsTime(layout, index, 0))
  if (readable !== undefined) return readable
  const all = layout.names.map((_, index) => index)
  const found = all.find(index => readsAsTime(layout, index, LEAST_EPOCH))
  if (found !== undefined) return found
  throw noTime(layout, known[0] ?? 0, file)
}

/** Throws `TraceError` `noColumn` with the nearest name, or with all of them. */
export function columnNamed({ names, firstLine, hasHeader }: Layout, name: string, file: string): number {
  const index = names.indexOf(name)
  if (index >= 0) return index
  throw noColumn(name, names, hasHeader ? { file, line: Math.max(1, firstLine - 1) } : { file })
}

export function noColumn(name: string, names: readonly string[], place: Place): TraceError {
  const close = nearest(name, names)
  const meant = close === null ? '' : ` Did you mean "${close}"?`
  return new TraceError(
    TRACE_CODES.noColumn,
    `there is no column "${name}".${meant} The columns are ${listed(names)}.`,
    place,
  )
}

/** The columns to read: the one that was asked for, else all that hold numbers. */
export function valueColumns(layout: Layout, asked: Asked, timeIndex: number, file: string): number[] {
  if (asked.column !== undefined) {
    const index = columnNamed(layout, asked.column, file)
    if (holdsNumbers(layout, index)) return [index]
    const row = rowWithoutNumber(layout, index) ?? layout.rows[0]
    throw new TraceError(
      TRACE_CODES.notNumbers,
      `column "${asked.column}" holds "${row?.fields[index] ?? ''}", which is no number.`,
      { file, line: row?.line ?? layout.firstLine, column: index + 1 },
    )
  }
  const found = layout.names.flatMap((_, index) =>
    index !== timeIndex && holdsNumbers(layout, index) ? [index] : [],
  )
  if (found.length > 0) return found
  throw new TraceError(
    TRACE_CODES.notNumbers,
    `no column holds numbers beside the time.${instead(layout, timeIndex)} The columns are ${listed(layout.names)}.`,
    { file, line: layout.firstLine },
  )
}

/** ` Column "cost" holds "1,234" at line 2.`, of the first that holds something. */
function instead(layout: Layout, timeIndex: number): string {
  for (const [index, name] of layout.names.entries()) {
    const row = rowWithoutNumber(layout, index)
    if (index === timeIndex || row === undefined) continue
    return ` Column "${name}" holds "${(row.fields[index] ?? '').slice(0, 60)}" at line ${row.line}.`
  }
  return ''
}

function rowWithoutNumber({ rows, decimalComma }: Layout, index: number): TextRow | undefined {
  return rows.find(({ fields }) => {
    const field = (fields[index] ?? '').trim()
    return !isMissing(field) && Number.isNaN(valueIn(field, decimalComma))
  })
}

/** A file without a header has one column of values most of the time: it is `value`. */
export function columnTitle(layout: Layout, index: number, count: number): string {
  return !layout.hasHeader && count === 1 ? 'value' : (layout.names[index] ?? `column${index + 1}`)
}

export function readsAsTime({ rows }: Layout, index: number, leastNumber: number): boolean {
  const reader = new TimeReader()
  const fields = rows.map(({ fields }) => fields[index] ?? '').filter(field => field.trim() !== '')
  const good = fields.filter(field => {
    const number = numberOf(field)
    return !Number.isNaN(reader.ofText(field)) && !(number < leastNumber)
  })
  return good.length > 0 && good.length >= fields.length / 2
}

function holdsNumbers({ rows, decimalComma }: Layout, index: number): boolean {
  const fields = rows.map(({ fields }) => (fields[index] ?? '').trim()).filter(field => !isMissing(field))
  const numbers = fields.filter(field => !Number.isNaN(valueIn(field, decimalComma)))
  return numbers.length > 0 && numbers.length >= fields.length / 2
}

function valueIn(field: string, decimalComma: boolean): number {
  if (!decimalComma) return numberOf(field)
  const bytes = Buffer.from(field)
  return decimalCommaIn(bytes, 0, bytes.length)
}

function noTime({ names, rows, firstLine }: Layout, index: number, file: string): TraceError {
  const row = rows.find(({ fields }) => (fields[index] ?? '').trim() !== '')
  return new TraceError(
    TRACE_CODES.noTime,
    `no time can be read: column "${names[index] ?? ''}" holds "${row?.fields[index] ?? ''}". A time is 2026-11-21T12:04:00Z, ` +
      `2026-11-21 12:04 (taken as UTC), or a number of seconds, ms, us or ns since 1970. Name its column with --time; ` +
      `the columns are ${listed(names)}.`,
    { file, line: row?.line ?? firstLine, column: index + 1 },
  )
}

function isTime(field: string): boolean {
  return !Number.isNaN(new TimeReader().ofText(field))
}

const MOST_LISTED = 20

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map(name => `"${name}"`)
  const more = names.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Rows with the same number of fields as the first, and more than one. */
function merit(rows: readonly TextRow[]): number {
  const data = rows.filter(({ fields }) => !isRemark(fields))
  const width = data[0]?.fields.length ?? 0
  if (width < 2) return 0
  const same = data.filter(({ fields }) => fields.length === width).length
  return same / data.length + Math.min(width, 10) / 1000
}

interface Sampled {
  readonly rows: readonly TextRow[]
  /** Why there are no more of them, where that is the file's fault. */
  readonly trouble: TraceError | null
}

/** The first rows of the sample, the last one not, where it may be cut off. */
function sampled({ file, sample, whole }: Input, delimiter: string): Sampled {
  const rows: TextRow[] = []
  const cutter = new RecordCutter(file, delimiter.charCodeAt(0), row => {
    if (rows.length >= SAMPLE_ROWS || isBlank(row)) return
    rows.push({ line: row.line, fields: fieldsOf(row), isUtf8: isInUtf8(row) })
  })
  try {
    cutter.push(withoutMark(sample))
    if (whole) cutter.end()
  } catch (error) {
    // Under this delimiter; the reading itself says what is wrong under the best one.
    if (!(error instanceof TraceError)) throw error
    return { rows, trouble: error }
  }
  return { rows, trouble: null }
}

export function isBlank({ count, starts, ends }: Row): boolean {
  return count === 1 && starts[0] === ends[0]
}

/** `# made by ...`, and the `sep=;` of spreadsheets. */
function isRemark(fields: readonly string[]): boolean {
  const first = fields[0] ?? ''
  return first.startsWith('#') || /^sep=/i.test(first)
}

/** Without the mark of UTF-8 at its beginning. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function fieldsOf(row: Row): string[] {
  return Array.from({ length: row.count }, (_, index) => fieldText(row, index))
}

function remarksOn({ fields, isUtf8 = true }: TextRow): readonly Remark[] {
  const names = named(fields)
  const renamed = names.filter(
    (name, index) => fields[index]?.trim() !== '' && name !== fields[index]?.trim(),
  )
  const first = fields.find((_, index) => renamed.includes(names[index] ?? ''))?.trim() ?? ''
  const same = {
    detail: `${counted(renamed.length, 'column')} ${renamed.length === 1 ? 'has' : 'have'} the name of another ("${first}"); called ${listed(renamed)}`,
    count: renamed.length,
  }
  const odd = { detail: 'names of columns that are no UTF-8; taken as Latin-1', count: 1 }
  return [...(renamed.length > 0 ? [same] : []), ...(isUtf8 ? [] : [odd])]
}

/** Every column by a name of its own. */
function named(fields: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return fields.map((field, index) => {
    const name = field.trim() === '' ? `column${index + 1}` : field.trim()
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}
