/**
 * Metrics that an HTTP endpoint answers as JSON, found by a JSON Pointer.
 *
 * Example: `{ url: 'http://127.0.0.1:9000/stats', pointer: '/queue/length', headers: {}, timeoutMs: 5000 }` where the
 * endpoint answers `{"queue": {"length": 7}}` is one sample of 7 at the time of the read. A 503 is a gap: "PLM-361 GET
 * http://127.0.0.1:9000/stats answered 503 Service Unavailable: "down for maintenance"".
 *
 * What a URL may hide is not repeated: messages leave out its user, password and query.
 */
import { STATUS_CODES } from 'node:http'
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Clock, Random } from '../../ports/clock.ts'
import type { MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { quoteText } from '../command.ts'
import { optionsOf } from './options.ts'
import { poll, type Question } from './polled.ts'
import { readingOf } from './reading.ts'

const BODY_BYTES = 1024 * 1024
/** Two tries in all; the pause before the second is drawn from this range, so that many daemons do not retry in step. */
const RETRY_FROM_MS = 50
const RETRY_TO_MS = 250
const CONNECTIONS_PER_HOST = 8
/** An endpoint that closes idle connections sooner than this would make a request fail now and then. */
const KEEP_ALIVE_MS = 4_000

const optionsSchema = z.object({
  url: z.url({ protocol: /^https?$/ }),
  pointer: z.string().default(''),
  headers: z.record(z.string(), z.string()).default({}),
  timeoutMs: z.number().positive().default(5_000),
})
type Options = z.output<typeof optionsSchema>

const chance: Random = { next: () => Math.random() }

export function createHttpJsonSource(clock: Clock, random: Random = chance): MetricSource {
  const closing = new AbortController()
  const agent = new Agent({
    connections: CONNECTIONS_PER_HOST,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: BODY_BYTES,
  })
  let closed: Promise<void> | null = null

  function ask({ metric }: MetricQuery): Question<unknown> {
    const options = optionsOf(optionsSchema, metric)
    const where = `GET ${displayUrl(options.url)}`
    return {
      key: JSON.stringify([options.url, options.headers, options.timeoutMs]),
      fetch: signal => fetchJson(agent, options, where, signal, () => pause(clock, random)),
      read: (document, at) => readingOf(document, options.pointer, at, where),
    }
  }

  return {
    read(queries, window, signal) {
      const either = AbortSignal.any([signal, closing.signal])
      return poll(queries, window, either, () => clock.now(), ask)
    },
    async check() {
      return { ok: true, detail: "asks each metric's URL when the metric is read" }
    },
    close() {
      closing.abort()
      closed ??= agent.destroy()
      return closed
    },
  }
}

/** A URL without what may be secret in it. */
function displayUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return `${origin}${pathname}${search === '' ? '' : '?...'}`
}

function pause(clock: Clock, random: Random): Promise<void> {
  const ms = RETRY_FROM_MS + random.next() * (RETRY_TO_MS - RETRY_FROM_MS)
  return new Promise(resolve => {
    clock.after(ms, resolve)
  })
}

/** One try more when the connection failed; an answer, whatever it says, is not asked for again. */
async function fetchJson(
  agent: Agent,
  options: Options,
  where: string,
  signal: AbortSignal,
  pauseBeforeRetry: () => Promise<void>,
): Promise<unknown> {
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const either = AbortSignal.any([signal, deadline])
  const problem = (error: unknown) => transportProblem(error, where, options.timeoutMs, signal, deadline)
  try {
    return await once(agent, options, where, either)
  } catch (error) {
    if (error instanceof PluginError) throw error
    if (either.aborted || !isConnectionProblem(error)) throw problem(error)
  }
  await pauseBeforeRetry()
  try {
    return await once(agent, options, where, either)
  } catch (error) {
    throw error instanceof PluginError ? error : problem(error)
  }
}

async function once(agent: Agent, options: Options, where: string, signal: AbortSignal): Promise<unknown> {
  const { statusCode, headers, body } = await request(options.url, {
    dispatcher: agent,
    headers: { accept: 'application/json', ...options.headers },
    signal,
  })
  const text = await body.text()
  if (statusCode < 200 || statusCode > 299) throw statusProblem(statusCode, headers, text, where)
  try {
    return JSON.parse(text)
  } catch {
    const saw = text.trim() === '' ? 'an empty body' : quoteText(text, 'start')
    throw new PluginError('misconfigured', `PLM-362 ${where} answered ${saw}, which is not JSON`)
  }
}

function statusProblem(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
  where: string,
): PluginError {
  const answered = `${where} answered ${status} ${STATUS_CODES[status] ?? ''}`.trim()
  if (status >= 300 && status <= 399) {
    const to =
      typeof headers.location === 'string'
        ? ` to ${quoteText(headers.location.split('?')[0] ?? '', 'start')}`
        : ''
    return new PluginError(
      'misconfigured',
      `PLM-361 ${answered}${to}; redirects are not followed, set the URL to where it leads`,
    )
  }
  const said = text.trim() === '' ? '' : `: ${quoteText(text, 'start')}`
  const kind = status === 429 ? 'throttled' : status === 401 || status === 403 ? 'refused' : 'unavailable'
  return new PluginError(kind, `PLM-361 ${answered}${said}`)
}

function transportProblem(
  error: unknown,
  where: string,
  timeoutMs: number,
  signal: AbortSignal,
  deadline: AbortSignal,
): PluginError {
  if (signal.aborted) {
    return new PluginError('unavailable', `PLM-363 ${where} was called off before it was answered`)
  }
  if (deadline.aborted) {
    return new PluginError('unavailable', `PLM-363 ${where} was not answered in full within ${timeoutMs} ms`)
  }
  if (codeOf(error) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new PluginError('misconfigured', `PLM-367 ${where} answered more than ${BODY_BYTES} bytes`)
  }
  const saw = error instanceof Error ? error.message || String(codeOf(error)) : String(error)
  return new PluginError('unavailable', `PLM-360 ${where} could not be asked: ${saw}`, { cause: error })
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])

function isConnectionProblem(error: unknown): boolean {
  return CONNECTION_CODES.has(String(codeOf(error)))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
