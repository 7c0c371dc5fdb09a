/**
 * The door through which recorded load comes in: looks at what a file is and has it read by the one who knows its kind.
 *
 * Example: `await readTrace('traces/web.csv', { column: 'requests', stepMs: 300_000, aggregate: 'sum' })` is requests in five minutes.
 */
import type { EpochMs } from '../../model/time.ts'
import type { Trace } from '../trace.ts'
import type { Aggregate } from './bins.ts'
import { readCsvLoad } from './csv.ts'
import { readCsvSessions, sessionColumns } from './csv-sessions.ts'
import { type Input, openInput } from './input.ts'
import { jsonKind, readJsonArray, readJsonLines } from './json.ts'
import { layoutOf } from './layout.ts'
import { isParquet, readParquet } from './parquet.ts'
import { readPrometheus } from './prometheus.ts'
import { isPrometheusAnswer, readPrometheusAnswer } from './prometheus-file.ts'
import { PROMETHEUS_PREFIX, parseRangeQuery } from './prometheus-source.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export interface TraceOptions {
  /** The one column to read; without it all that hold numbers. */
  readonly column?: string | undefined
  /** The column that holds the time. */
  readonly time?: string | undefined
  /** Of times that name none; UTC without it. */
  readonly timeZone?: string | undefined
  /** Length of a bin; without it as far apart as the rows are. */
  readonly stepMs?: number | undefined
  /** What becomes of several rows in one bin; `avg` without it. Counts per bin are summed. */
  readonly aggregate?: Aggregate | undefined
  /** Without it, a file with columns `start` and `end` is a list of sessions, anything else load. */
  readonly kind?: 'load' | 'sessions' | undefined
  /** Of a Prometheus that wants one. */
  readonly token?: string | undefined
  /** For each question to a Prometheus; 30 s without it. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** What "7d ago" counts from. */
  readonly now?: (() => EpochMs) | undefined
}

/** `source`: a file, or `prometheus:http://...` with a range query. Throws `TraceError` with the place of what is wrong; what could be mended is in the trace's `repairs`. */
export async function readTrace(source: string, options: TraceOptions = {}): Promise<Trace> {
  checkStep(options, source)
  if (source.startsWith(PROMETHEUS_PREFIX)) {
    if (options.kind === 'sessions')
      throw new TraceError(TRACE_CODES.source, 'it has no lists of sessions.', { file: 'Prometheus' })
    return readPrometheus(parseRangeQuery(source, options.now?.() ?? Date.now(), options.stepMs), options)
  }
  if (/^https?:/i.test(source)) throw noAddress(source)
  const input = await openInput(source)
  try {
    return isParquet(input) ? await readParquet(source, options) : await readInput(input, options)
  } finally {
    await input.close()
  }
}

/** Of bytes from anywhere: standard input, a generator. */
export async function readInput(input: Input, options: TraceOptions = {}): Promise<Trace> {
  refuseBinary(input)
  if (isPrometheusAnswer(input)) return readPrometheusAnswer(input, options)
  const json = jsonKind(input)
  if (json !== null) return json === 'lines' ? readJsonLines(input, options) : readJsonArray(input, options)
  const layout = layoutOf(input)
  const isSessions =
    options.kind === 'sessions' ||
    (options.kind === undefined && options.column === undefined && sessionColumns(layout) !== null)
  return isSessions ? readCsvSessions(input, layout, options) : readCsvLoad(input, layout, options)
}

function noAddress(source: string): TraceError {
  const host = URL.canParse(source) ? new URL(source).host : '127.0.0.1:9090'
  return new TraceError(
    TRACE_CODES.source,
    `an address is no file. A Prometheus is asked with prometheus:http://${host}?query=sum(rate(http_requests_total[5m]))&from=7d&to=now&step=1m; ` +
      'anything else is fetched first (curl -o load.csv).',
    { file: source },
  )
}

function checkStep({ stepMs }: TraceOptions, file: string): void {
  if (stepMs === undefined || (Number.isSafeInteger(stepMs) && stepMs > 0)) return
  throw new TraceError(TRACE_CODES.step, `a step is a whole number of milliseconds above 0, not ${stepMs}.`, {
    file,
  })
}

const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04]],
  ['packed with zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['packed with xz', [0xfd, 0x37, 0x7a, 0x58]],
  ['packed with bzip2', [0x42, 0x5a, 0x68]],
  ['text in UTF-16; save it as UTF-8', [0xff, 0xfe]],
  ['text in UTF-16; save it as UTF-8', [0xfe, 0xff]],
]

function refuseBinary({ file, sample }: Input): void {
  if (sample.length === 0) throw new TraceError(TRACE_CODES.empty, 'it is empty.', { file })
  const known = MAGIC.find(([, bytes]) => bytes.every((byte, index) => sample[index] === byte))
  const zero = sample.indexOf(0)
  if (known === undefined && zero < 0) return
  const what = known === undefined ? `no text: byte ${zero + 1} is zero` : `${known[0]}`
  throw new TraceError(
    TRACE_CODES.notText,
    `it is ${what}. What can be read is CSV, JSON lines and Parquet, also packed with gzip.`,
    { file },
  )
}
