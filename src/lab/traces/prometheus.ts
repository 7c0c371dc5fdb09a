/**
 * Reads recorded load from a Prometheus server, in as many range queries as its limit of points demands.
 *
 * Example: seven days by the ten seconds are 60,480 points; the server answers at most 11,000 at once, so seven questions are asked,
 * one after the other, each tried up to three times within its deadline.
 */
import type { LoadTrace } from '../trace.ts'
import { noColumn } from './layout.ts'
import { durationText, isoText, LoadBuilder, MOST_BINS } from './load-builder.ts'
import { numberOf } from './numbers.ts'
import { Answer, type Labels, Refusal, titled } from './prometheus-answer.ts'
import type { RangeQuery } from './prometheus-source.ts'
import { usualStepAbove } from './step.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

/** The server refuses 11,000. */
export const MOST_POINTS = 10_000
const MOST_SERIES = 100
const MOST_CELLS = 40_000_000
const MOST_ANSWER_BYTES = 128 * 1024 * 1024
const TRIES = 3
const PAUSE_MS = 250
const DEFAULT_TIMEOUT_MS = 30_000

export interface PrometheusOptions {
  readonly column?: string | undefined
  /** Sent as a bearer token. */
  readonly token?: string | undefined
  /** For each question. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Series {
  readonly labels: Labels
  readonly values: Float64Array
}

/** Throws `TraceError` `unreachable`, `refused`, `series` or `tooManyBins`. */
export async function readPrometheus(range: RangeQuery, options: PrometheusOptions = {}): Promise<LoadTrace> {
  const { server, from, to, stepMs } = range
  const length = Math.floor((to - from) / stepMs) + 1
  if (length > MOST_BINS) {
    throw new TraceError(
      TRACE_CODES.tooManyBins,
      `${durationText(stepMs)} from ${isoText(from)} to ${isoText(to)} are ${length.toLocaleString('en')} bins; at most ` +
        `${MOST_BINS.toLocaleString('en')} are kept. Give --step ${durationText(usualStepAbove((to - from) / MOST_BINS))}.`,
      { file: server },
    )
  }
  const all = new Map<string, Series>()
  for (let first = 0; first < length; first += MOST_POINTS) {
    const last = Math.min(length, first + MOST_POINTS) - 1
    const answer = await ask(range, from + first * stepMs, from + last * stepMs, options)
    for (const { metric, values } of answer.data.result) take(all, metric, values, range, length)
  }
  if (all.size === 0) {
    throw new TraceError(
      TRACE_CODES.series,
      `the query ${range.query} has no data between ${isoText(from)} and ${isoText(to)}. Try it on the server's own page.`,
      { file: server },
    )
  }
  return built(titled([...all.values()]), range, length, options)
}

function take(
  all: Map<string, Series>,
  metric: Labels,
  values: readonly (readonly [number, string])[],
  { server, from, stepMs, query }: RangeQuery,
  length: number,
): void {
  const key = JSON.stringify(Object.entries(metric).sort(([one], [other]) => (one < other ? -1 : 1)))
  const known = all.get(key) ?? { labels: metric, values: new Float64Array(length).fill(Number.NaN) }
  all.set(key, known)
  if (all.size > MOST_SERIES || all.size * length > MOST_CELLS) {
    throw new TraceError(
      TRACE_CODES.series,
      `the query ${query} has more than ${all.size - 1} series, which are too many columns. Sum them: sum(${query}), or sum by (...).`,
      { file: server },
    )
  }
  for (const [second, text] of values) {
    const index = Math.round((second * 1000 - from) / stepMs)
    if (index >= 0 && index < length) known.values[index] = numberOf(text)
  }
}

function built(
  series: ReadonlyMap<string, Float64Array>,
  { server, from, stepMs }: RangeQuery,
  length: number,
  { column }: PrometheusOptions,
): LoadTrace {
  const names = column === undefined ? [...series.keys()] : [column]
  const chosen = names.map(name => {
    const values = series.get(name)
    if (values === undefined) throw noColumn(name, [...series.keys()], { file: server })
    return values
  })
  const builder = new LoadBuilder({
    file: server,
    columns: names,
    stepMs,
    aggregate: 'avg',
    binned: true,
    rowWord: 'point',
  })
  const row = new Float64Array(names.length)
  for (let bin = 0; bin < length; bin++) {
    chosen.forEach((values, index) => {
      row[index] = values[bin] ?? Number.NaN
    })
    builder.add(bin + 1, from + bin * stepMs, row)
  }
  return builder.finish(new URL(server).hostname)
}

async function ask(range: RangeQuery, from: number, to: number, options: PrometheusOptions): Promise<Answer> {
  const url = new URL(`${range.server}/api/v1/query_range`)
  url.search = new URLSearchParams({
    query: range.query,
    start: String(from / 1000),
    end: String(to / 1000),
    step: String(range.stepMs / 1000),
  }).toString()
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(url, range, options)
    } catch (error) {
      if (options.signal?.aborted === true) throw error
      if (attempt === TRIES || !isPassing(error)) throw final(error, range, attempt, options)
    }
    // Not all who were turned away come back at once.
    const pauseMs = PAUSE_MS * attempt * (0.5 + Math.random())
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/** A failure that another try may not have. */
class Passing extends Error {}

function isPassing(error: unknown): boolean {
  return error instanceof Passing || !(error instanceof TraceError)
}

function final(
  error: unknown,
  { server }: RangeQuery,
  tries: number,
  { timeoutMs }: PrometheusOptions,
): TraceError {
  if (error instanceof TraceError) return error
  const said =
    error instanceof Error && error.name === 'TimeoutError'
      ? `no answer within ${(timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000} s`
      : reasonOf(error)
  return new TraceError(
    TRACE_CODES.unreachable,
    `could not ask this Prometheus, tried ${tries} times: ${said}. Is it running there?`,
    { file: server },
    { cause: error },
  )
}

/** Of `fetch failed` the cause is what one wants to know. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}

async function once(url: URL, range: RangeQuery, options: PrometheusOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal])
  const response = await fetch(url, { signal, headers: headersOf(range, options) })
  const text = await textOf(response, range.server)
  if (response.status === 429 || response.status >= 500) {
    const said = refusalIn(text)
    // 503 with words of its own is the server saying that the query itself takes too long.
    throw new Passing(`it answered ${response.status}${said === null ? '' : `: ${said}`}`)
  }
  if (!response.ok) {
    const said = refusalIn(text) ?? text.slice(0, 200)
    throw new TraceError(
      TRACE_CODES.refused,
      `it refused the query ${range.query} (${response.status}): ${said}`,
      {
        file: range.server,
      },
    )
  }
  return understood(text, range.server)
}

function understood(text: string, server: string): Answer {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  const answer = Answer.safeParse(value)
  if (answer.success) return answer.data
  throw new TraceError(
    TRACE_CODES.refused,
    `what answered is no Prometheus, or its answer is of another form: ${text.slice(0, 80).replaceAll(/\s+/g, ' ')}`,
    { file: server },
  )
}

function headersOf({ credentials }: RangeQuery, { token }: PrometheusOptions): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  else if (credentials !== null)
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return headers
}

async function textOf(response: Response, server: string): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    length += part.length
    if (length <= MOST_ANSWER_BYTES) continue
    throw new TraceError(
      TRACE_CODES.series,
      `one answer is larger than ${MOST_ANSWER_BYTES / 1024 / 1024} MiB: too many series. Sum them in the query.`,
      { file: server },
    )
  }
  return Buffer.concat(parts).toString('utf8')
}

function refusalIn(text: string): string | null {
  try {
    const refusal = Refusal.safeParse(JSON.parse(text))
    return refusal.success ? refusal.data.error : null
  } catch {
    return null
  }
}
