/**
 * Opens the file of a record: its first bytes to see what it is, then all of it in chunks. Compressed with gzip is read as well.
 *
 * Example: `openInput('web.csv.gz')` answers the first 256 KiB of the unpacked text; `chunks()` begins at the beginning again.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TRACE_CODES, TraceError } from './trace-error.ts'

const CHUNK_BYTES = 1024 * 1024
export const SAMPLE_BYTES = 256 * 1024

/** Bytes of a record, from wherever they come. */
export interface Input {
  /** As in messages. */
  readonly file: string
  /** Without folder and endings. */
  readonly name: string
  /** The first bytes, at most `SAMPLE_BYTES`. */
  readonly sample: Buffer
  /** The sample is all there is. */
  readonly whole: boolean
  /** From the beginning. Can be asked for once. */
  chunks(): AsyncIterable<Uint8Array>
  /** How much has been read, 0 to 1. */
  progress(): number
  /** Nothing more is wanted of it. */
  close(): Promise<void>
}

export async function openInput(file: string): Promise<Input> {
  const { size, head } = await lookAt(file)
  const zipped = head[0] === 0x1f && head[1] === 0x8b
  let taken = 0
  const source = async function* (): AsyncIterable<Uint8Array> {
    const raw = createReadStream(file, { highWaterMark: CHUNK_BYTES })
    const counted = async function* () {
      for await (const chunk of raw) {
        taken += chunk.length
        yield chunk
      }
    }
    if (zipped) yield* unzipped(counted())
    else yield* counted()
  }
  const progress = () => (size === 0 ? 1 : Math.min(1, taken / size))
  return inputOf(file, nameOf(file), source(), progress)
}

async function* unzipped(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const stream = createGunzip({ chunkSize: CHUNK_BYTES })
  // What goes wrong is thrown by the reading below.
  pipeline(Readable.from(packed), stream, () => {})
  for await (const chunk of stream) yield chunk
}

/** A record that comes as chunks: standard input, or a test's generator. */
export async function inputOf(
  file: string,
  name: string,
  source: AsyncIterable<Uint8Array>,
  progress: () => number = () => 1,
): Promise<Input> {
  const chunks = source[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let length = 0
  let whole = false
  while (length < SAMPLE_BYTES && !whole) {
    const { done, value } = await nextOf(chunks, file)
    if (done === true) whole = true
    else {
      first.push(value)
      length += value.length
    }
  }
  const sample = Buffer.concat(first)
  return {
    file,
    name,
    sample: sample.subarray(0, SAMPLE_BYTES),
    whole: whole && length <= SAMPLE_BYTES,
    async *chunks() {
      yield sample
      for (;;) {
        const { done, value } = await nextOf(chunks, file)
        if (done === true) return
        yield value
      }
    },
    async close() {
      await chunks.return?.()
    },
    progress,
  }
}

/** `../traces/web.csv.gz` is `web`. */
export function nameOf(file: string): string {
  return path
    .basename(file)
    .replace(/\.(gz|csv|tsv|txt|jsonl|ndjson|json|parquet)$/gi, '')
    .replace(/\.(csv|tsv|txt|jsonl|ndjson|json)$/i, '')
}

async function nextOf(chunks: AsyncIterator<Uint8Array>, file: string): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next()
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function lookAt(file: string): Promise<{ size: number; head: Buffer }> {
  try {
    const handle = await open(file, 'r')
    try {
      const stat = await handle.stat()
      if (stat.isDirectory())
        throw new TraceError(TRACE_CODES.unreadable, 'it is a folder, not a file.', { file })
      const head = Buffer.alloc(4)
      if (stat.isFile()) await handle.read(head, 0, 4, 0)
      return { size: stat.size, head }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): TraceError {
  if (error instanceof TraceError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const said = error instanceof Error ? error.message : String(error)
  return new TraceError(
    TRACE_CODES.unreadable,
    `could not read it: ${REASONS[code] ?? said}.`,
    { file },
    { cause: error },
  )
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you are not allowed to',
  EPERM: 'you are not allowed to',
  ENOTDIR: 'a part of its path is a file, not a folder',
  Z_BUF_ERROR: 'it is packed with gzip and ends too early',
  Z_DATA_ERROR: 'it is packed with gzip and damaged',
}
