/**
 * Reads JSON lines, one object each, or an array of such objects. Objects in objects are columns by their path: `{"cpu":{"avg":5}}` has
 * the column `cpu.avg`.
 *
 * Example: `{"ts":1795262640,"users":5}` is a row at 12:04 with the column `users`.
 */
import type { Trace } from '../trace.ts'
import { BadRows } from './csv.ts'
import { type FieldSource, type FieldTaker, fieldAsText, takerFor } from './field-rows.ts'
import type { Input } from './input.ts'
import { isBlank, type Layout, withoutMark } from './layout.ts'
import type { TraceOptions } from './read-trace.ts'
import { RecordCutter, type Row } from './records.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'
import { wholeText } from './whole-text.ts'

const SAMPLE_ROWS = 200
const OPEN_BRACE = 123
const OPEN_BRACKET = 91

type Fields = Readonly<Record<string, unknown>>

export function jsonKind({ sample }: Input): 'lines' | 'array' | null {
  const first = withoutMark(sample).find(byte => byte > 32)
  if (first === OPEN_BRACE) return 'lines'
  return first === OPEN_BRACKET ? 'array' : null
}

export async function readJsonLines(input: Input, options: TraceOptions): Promise<Trace> {
  const { file } = input
  const rows: { readonly line: number; readonly fields: Fields }[] = []
  const sampling = new RecordCutter(file, 0, row => {
    const fields = isBlank(row) || rows.length >= SAMPLE_ROWS ? null : objectIn(row)
    if (fields !== null) rows.push({ line: row.line, fields })
  })
  sampling.push(withoutMark(input.sample))
  if (input.whole) sampling.end()
  const layout = layoutOfObjects(rows)
  if (layout === null) {
    throw new TraceError(
      TRACE_CODES.brokenRows,
      'it begins like JSON lines, but no line holds a whole object of its own.',
      { file, line: 1 },
    )
  }
  const source: FieldSource = { file, name: input.name, rowWord: 'line', progress: () => input.progress() }
  const taker = takerFor(source, layout, options)
  const bad = new BadRows(file, taker.notes)
  const pick = pickerFor(layout, taker, options)
  const cutter = new RecordCutter(file, 0, row => {
    if (isBlank(row)) return
    const fields = objectIn(row)
    const trouble =
      fields === null ? 'holds no whole JSON object' : taker.add(row.line, pick(row.line, fields))
    if (trouble === null) bad.good()
    else bad.other(row, trouble)
  })
  let first = true
  for await (const chunk of input.chunks()) {
    cutter.push(first ? withoutMark(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)) : chunk)
    first = false
  }
  cutter.end()
  bad.settle()
  settlePicker(taker)
  return taker.finish()
}

export async function readJsonArray(input: Input, options: TraceOptions): Promise<Trace> {
  const { file } = input
  const text = await wholeText(input, 'a JSON array', 'Write one object a line instead (jq -c ".[]").')
  const objects = objectsOf(text, file)
  const rows = objects.map((fields, index) => ({ line: index + 1, fields }))
  const layout = layoutOfObjects(rows.slice(0, SAMPLE_ROWS))
  if (layout === null) throw new TraceError(TRACE_CODES.empty, 'the array is empty.', { file })
  const source: FieldSource = { file, name: input.name, rowWord: 'element', progress: () => 1 }
  const taker = takerFor(source, layout, options)
  const bad = new BadRows(file, taker.notes)
  const pick = pickerFor(layout, taker, options)
  for (const { line, fields } of rows) {
    const trouble = taker.add(line, pick(line, fields))
    if (trouble === null) bad.good()
    else bad.other({ line, complete: true }, trouble)
  }
  bad.settle()
  settlePicker(taker)
  return taker.finish()
}

function objectsOf(text: string, file: string): Fields[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const line = lineOf(said, text)
    throw new TraceError(
      TRACE_CODES.brokenRows,
      `it is no whole JSON array: ${said}.`,
      { file, line },
      { cause: error },
    )
  }
  if (!Array.isArray(parsed)) {
    throw new TraceError(TRACE_CODES.brokenRows, 'it is no JSON array of objects.', { file, line: 1 })
  }
  return parsed.map((element: unknown, index) => {
    if (isObject(element)) return flat(element)
    throw new TraceError(TRACE_CODES.brokenRows, `element ${index + 1} of the array is no object.`, { file })
  })
}

function lineOf(said: string, text: string): number {
  const [, position] = /position (\d+)/.exec(said) ?? []
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length
}

function objectIn({ bytes, starts, ends }: Row): Fields | null {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8', starts[0], ends[0]))
    return isObject(parsed) ? flat(parsed) : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const DEEPEST = 4

/** Objects inside by their path; most have none and stay as they are. */
function flat(fields: Record<string, unknown>): Fields {
  return Object.values(fields).some(isObject) ? Object.fromEntries(paths(fields, '', DEEPEST)) : fields
}

function paths(fields: Record<string, unknown>, prefix: string, deeper: number): [string, unknown][] {
  return Object.entries(fields).flatMap(([name, value]): [string, unknown][] =>
    isObject(value) && deeper > 0
      ? paths(value, `${prefix}${name}.`, deeper - 1)
      : [[`${prefix}${name}`, value]],
  )
}

function layoutOfObjects(rows: readonly { readonly line: number; readonly fields: Fields }[]): Layout | null {
  const [first] = rows
  if (first === undefined) return null
  const names = [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))]
  return {
    delimiter: 0,
    firstLine: first.line,
    hasHeader: true,
    names,
    decimalComma: false,
    rows: rows.map(({ line, fields }) => ({ line, fields: names.map(name => fieldAsText(fields[name])) })),
  }
}

/** The fields in the order of the layout; a column that turns up later is not read, and said to be so. */
function pickerFor(layout: Layout, { notes, wanted }: FieldTaker, { column }: TraceOptions) {
  const known = new Set(layout.names)
  const fields: unknown[] = layout.names.map(() => undefined)
  return (line: number, object: Fields): readonly unknown[] => {
    for (const index of wanted) fields[index] = object[layout.names[index] ?? '']
    if (column !== undefined) return fields
    for (const name of Object.keys(object)) {
      if (!known.has(name)) notes.note('cut', 'column', () => `"${name}" at ${line}`)
    }
    return fields
  }
}

function settlePicker({ notes }: FieldTaker): void {
  notes.settle(
    'cut',
    'column',
    (count, first) =>
      `${count} fields are of columns that the first ${SAMPLE_ROWS} rows do not have, first ${first}; not read (name one with --column)`,
  )
}
