/**
 * Reads a Parquet file, group of rows by group of rows, only the columns that are wanted.
 *
 * Example: a file with `ts: TIMESTAMP` and `users: INT64` in two groups of 100,000 rows is a trace with the column `users`; no more than
 * one group is in memory at a time.
 */
import { type FileHandle, open } from 'node:fs/promises'
import type { AsyncBuffer, FileMetaData } from 'hyparquet'
import type { Trace } from '../trace.ts'
import { BadRows } from './csv.ts'
import { type FieldSource, fieldAsText, takerFor } from './field-rows.ts'
import { type Input, nameOf } from './input.ts'
import type { Layout } from './layout.ts'
import type { TraceOptions } from './read-trace.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const SAMPLE_ROWS = 200
/** Groups longer than this are read in parts. */
const MOST_ROWS_AT_ONCE = 500_000
/** The file's own description of itself; larger ones are not of a table of load. */
const MOST_FOOTER_BYTES = 64 * 1024 * 1024

export function isParquet({ sample }: Input): boolean {
  return sample.toString('latin1', 0, 4) === 'PAR1'
}

export async function readParquet(file: string, options: TraceOptions): Promise<Trace> {
  const handle = await open(file, 'r')
  try {
    const table = await openTable(file, handle)
    const sample = await table.rows(0, Math.min(table.total, SAMPLE_ROWS), table.names)
    return await readRows(table, layoutOf(table.names, sample), options)
  } finally {
    await handle.close()
  }
}

interface Table {
  readonly file: string
  readonly names: readonly string[]
  /** How many rows there are, and which of them are read at once. */
  readonly total: number
  readonly stretches: Iterable<readonly [from: number, to: number]>
  rows(from: number, to: number, columns: readonly string[]): Promise<readonly TableRow[]>
}

type TableRow = Readonly<Record<string, unknown>>

async function openTable(file: string, handle: FileHandle): Promise<Table> {
  // Loaded only when there is such a file.
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const buffer = bufferOf(handle, (await handle.stat()).size)
  await checkFooter(buffer, file)
  const metadata = await parsed(file, () => parquetMetadataAsync(buffer))
  const total = Number(metadata.num_rows)
  if (total === 0) throw new TraceError(TRACE_CODES.empty, 'it has columns and no row.', { file })
  return {
    file,
    total,
    names: columnsOf(metadata),
    stretches: stretchesOf(metadata),
    rows: (rowStart, rowEnd, columns) =>
      parsed(file, () =>
        parquetReadObjects({
          file: buffer,
          metadata,
          compressors,
          columns: [...columns],
          rowStart,
          rowEnd,
        }),
      ),
  }
}

/** The file as the parser asks for it: a slice here, a slice there. */
function bufferOf(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, end - start))
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
        if (bytesRead === 0)
          throw new Error(`it ends at byte ${start + filled}, before what it says is there`)
        filled += bytesRead
      }
      return bytes.buffer
    },
  }
}

function layoutOf(names: readonly string[], sample: readonly TableRow[]): Layout {
  return {
    delimiter: 0,
    firstLine: 1,
    hasHeader: true,
    names,
    decimalComma: false,
    rows: sample.map((row, index) => ({
      line: index + 1,
      fields: names.map(name => fieldAsText(row[name])),
    })),
  }
}

async function readRows(table: Table, layout: Layout, options: TraceOptions): Promise<Trace> {
  const { file, names, total } = table
  let done = 0
  const source: FieldSource = { file, name: nameOf(file), rowWord: 'row', progress: () => done / total }
  const taker = takerFor(source, layout, options)
  const bad = new BadRows(file, taker.notes)
  const columns = taker.wanted.map(index => names[index] ?? '')
  const fields: unknown[] = names.map(() => undefined)
  for (const [from, to] of table.stretches) {
    for (const row of await table.rows(from, to, columns)) {
      done++
      for (const index of taker.wanted) fields[index] = row[names[index] ?? '']
      const trouble = taker.add(done, fields)
      if (trouble === null) bad.good()
      else bad.other({ line: done, complete: true }, trouble)
    }
  }
  bad.settle()
  return taker.finish()
}

/** Columns of plain values; lists and maps are left aside. */
function columnsOf({ schema }: FileMetaData): string[] {
  const names: string[] = []
  let skip = 0
  for (const element of schema.slice(1)) {
    const children = element.num_children ?? 0
    if (skip > 0) skip += children - 1
    else if (children > 0) skip = children
    else names.push(element.name)
  }
  return names
}

function* stretchesOf({ row_groups }: FileMetaData): Iterable<readonly [number, number]> {
  let from = 0
  for (const { num_rows } of row_groups) {
    const end = from + Number(num_rows)
    for (; from < end; from = Math.min(end, from + MOST_ROWS_AT_ONCE)) {
      yield [from, Math.min(end, from + MOST_ROWS_AT_ONCE)]
    }
  }
}

async function checkFooter(buffer: AsyncBuffer, file: string): Promise<void> {
  const size = buffer.byteLength
  const tail = Buffer.from(await buffer.slice(Math.max(0, size - 8)))
  if (tail.toString('latin1', 4, 8) !== 'PAR1') {
    throw broken(file, 'its last four bytes are not "PAR1": it is cut off, or damaged')
  }
  const length = tail.readUInt32LE(0)
  if (length + 12 > size || length > MOST_FOOTER_BYTES) {
    throw broken(file, `it says its description is ${length} bytes long, of ${size} in all`)
  }
}

async function parsed<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw broken(file, error instanceof Error ? error.message : String(error), error)
  }
}

function broken(file: string, said: string, cause?: unknown): TraceError {
  return new TraceError(TRACE_CODES.parquet, `its Parquet cannot be read: ${said}.`, { file }, { cause })
}
