/**
 * Posts JSON to somebody else's address, once, and says what came of it in a way the caller can act on. The address of a
 * webhook is often a secret itself (its path or query is the key), so messages name only its host.
 *
 * Example: `poster.post({ url: 'https://hooks.example.org/T1/B2', body: '{}', ... }, signal)` where the host answers 429
 * with `Retry-After: 5` throws `throttled` with `retryAfterMs: 5000`: "PLM-386 POST https://hooks.example.org/... answered
 * 429 Too Many Requests".
 */
import { STATUS_CODES } from 'node:http'
import { connect } from 'node:net'
import { Agent, request } from 'undici'
import type { Clock } from '../ports/clock.ts'
import { type CheckResult, PluginError, type PluginErrorKind } from '../ports/plugin.ts'
import { quoteText } from './command.ts'
import { signatureHeaders } from './signature.ts'

export interface Post {
  readonly url: string
  /** JSON. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** Signs the body; `null` sends it unsigned. */
  readonly secret: string | null
  readonly timeoutMs: number
}

export interface Poster {
  /** What it answered, at most 64 KiB of it. Throws `PluginError` unless the status is 200 to 299. */
  post(post: Post, signal: AbortSignal): Promise<string>
  /** Does anything listen there? Nothing is sent. */
  check(url: string, signal: AbortSignal): Promise<CheckResult>
  close(): Promise<void>
}

const ANSWER_BYTES = 64 * 1024
const CONNECTIONS_PER_HOST = 4
/** An endpoint that closes idle connections sooner than this would make a request fail now and then. */
const KEEP_ALIVE_MS = 2_000
const LONGEST_RETRY_AFTER_MS = 3_600_000

export function createPoster(clock: Clock): Poster {
  const closing = new AbortController()
  const agent = new Agent({ connections: CONNECTIONS_PER_HOST, keepAliveTimeout: KEEP_ALIVE_MS })
  let closed: Promise<void> | null = null

  return {
    async post(post, signal) {
      const deadline = AbortSignal.timeout(post.timeoutMs)
      const calledOff = AbortSignal.any([signal, closing.signal])
      const either = AbortSignal.any([calledOff, deadline])
      try {
        return await once(agent, post, either, clock)
      } catch (error) {
        if (error instanceof PluginError) throw error
        throw transportProblem(error, post, calledOff, deadline)
      }
    },
    check: (url, signal) => checkListens(url, AbortSignal.any([signal, closing.signal])),
    close() {
      closing.abort()
      closed ??= agent.destroy()
      return closed
    },
  }
}

/** `POST https://host/...`: the path and the query may be the key. */
export function whereOf(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return `POST ${origin}${pathname === '/' && search === '' ? '/' : '/...'}`
}

async function once(agent: Agent, post: Post, signal: AbortSignal, clock: Clock): Promise<string> {
  const { url, authorization } = splitCredentials(post.url)
  const { statusCode, headers, body } = await request(url, {
    method: 'POST',
    dispatcher: agent,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'plimsoll',
      ...authorization,
      ...post.headers,
      ...signatureHeaders(post.secret, post.body, clock.now()),
    },
    body: post.body,
    signal,
  })
  const text = await readSome(body)
  if (statusCode >= 200 && statusCode <= 299) return text
  throw statusProblem(statusCode, headers, text, post.url, clock)
}

/** A user and password in the address become a header, as `curl` has it. */
function splitCredentials(address: string): { url: string; authorization: Record<string, string> } {
  const url = new URL(address)
  if (url.username === '' && url.password === '') return { url: address, authorization: {} }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return {
    url: url.href,
    authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  }
}

/** The beginning of the answer; the rest is not waited for. */
async function readSome(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8')
}

function statusProblem(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
  url: string,
  clock: Clock,
): PluginError {
  const said = text.trim() === '' ? '' : `: ${quoteText(withoutKey(text, url), 'start')}`
  const todo =
    status >= 300 && status <= 399 ? '; redirects are not followed, give the address it leads to' : ''
  const message = `PLM-386 ${whereOf(url)} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
  const retryAfterMs = retryAfterOf(headers['retry-after'], clock)
  return new PluginError(
    kindOf(status),
    `${message}${said}${todo}`,
    retryAfterMs === null ? {} : { retryAfterMs },
  )
}

function kindOf(status: number): PluginErrorKind {
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'refused'
  if (status === 404 || status === 410) return 'not-found'
  if (status === 409) return 'conflict'
  if (status === 408 || status === 425 || status >= 500) return 'unavailable'
  return 'misconfigured'
}

/** Servers like to repeat the path they were asked for. */
function withoutKey(text: string, url: string): string {
  const { pathname, search } = new URL(url)
  return [pathname, search]
    .filter(part => part.length > 1)
    .reduce((cleaned, part) => cleaned.replaceAll(part, '/...'), text)
}

/** Seconds, or a date. */
function retryAfterOf(header: string | string[] | undefined, clock: Clock): number | null {
  if (typeof header !== 'string') return null
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS) : null
}

function transportProblem(
  error: unknown,
  { url, timeoutMs }: Post,
  calledOff: AbortSignal,
  deadline: AbortSignal,
): PluginError {
  const where = whereOf(url)
  if (calledOff.aborted) {
    return new PluginError('unavailable', `PLM-387 ${where} was called off before it was answered`)
  }
  if (deadline.aborted) {
    return new PluginError('unavailable', `PLM-387 ${where} was not answered within ${timeoutMs} ms`)
  }
  return new PluginError('unavailable', `PLM-385 ${where} could not be reached: ${sawOf(error)}`, {
    cause: error,
  })
}

/** Several addresses of one host fail as one error without words of its own. */
function sawOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(sawOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

function checkListens(address: string, signal: AbortSignal): Promise<CheckResult> {
  const url = new URL(address)
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return new Promise(resolve => {
    const socket = connect({ host, port, signal })
    const answer = (result: CheckResult): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => answer({ ok: true, detail: `${url.host} listens; nothing was sent` }))
    socket.once('error', error =>
      answer({ ok: false, detail: `PLM-385 tried to connect to ${url.host}: ${sawOf(error)}` }),
    )
  })
}
