/**
 * A range query written as one line, and what it means.
 *
 * Example: `prometheus:http://127.0.0.1:9090?query=sum(rate(http_requests_total[5m]))&from=7d&to=now&step=1m` asks the server there for
 * the last seven days by the minute. Everything is taken as it is written; `%26` stands for `&`.
 */
import { nearest } from '../../config/expression/nearest.ts'
import { parseDuration } from '../../config/expression/units.ts'
import type { EpochMs } from '../../model/time.ts'
import { TimeReader } from './times.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export interface RangeQuery {
  /** Of the server, without a slash at its end, without user and password. */
  readonly server: string
  /** `user:password` from the address; never shown. */
  readonly credentials: string | null
  readonly query: string
  readonly from: EpochMs
  readonly to: EpochMs
  readonly stepMs: number
}

export const PROMETHEUS_PREFIX = 'prometheus:'

const FORM = `${PROMETHEUS_PREFIX}http://127.0.0.1:9090?query=sum(rate(http_requests_total[5m]))&from=7d&to=now&step=1m`
const PARAMETERS = ['query', 'from', 'to', 'step']
const DEFAULT_STEP_MS = 60_000

/** Throws `TraceError` `source` or `step`. */
export function parseRangeQuery(source: string, now: EpochMs, stepMs?: number): RangeQuery {
  const rest = source.slice(PROMETHEUS_PREFIX.length)
  const cut = rest.indexOf('?')
  const address = cut < 0 ? rest : rest.slice(0, cut)
  const url = addressOf(address)
  const server = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
  const given = parametersOf(cut < 0 ? '' : rest.slice(cut + 1), server)
  const query = given.get('query')?.trim() ?? ''
  if (query === '') throw wrong(server, 'it has no query')
  const fromText = given.get('from')
  if (fromText === undefined) throw wrong(server, 'it does not say from when')
  const from = instantIn(fromText, now, server)
  const to = instantIn(given.get('to') ?? 'now', now, server)
  if (from >= to) throw wrong(server, `it ends (${iso(to)}) before it begins (${iso(from)})`)
  const step = stepMs ?? stepIn(given.get('step'), server)
  // The same question later answers the same points.
  return {
    server,
    credentials: url.username === '' ? null : `${decoded(url.username)}:${decoded(url.password)}`,
    query,
    from: Math.ceil(from / step) * step,
    to,
    stepMs: step,
  }
}

function addressOf(address: string): URL {
  try {
    const url = new URL(address)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch {
    // Said below.
  }
  throw wrong(PROMETHEUS_PREFIX, `"${address.replace(/\/\/[^@/]*@/, '//')}" is no http address`)
}

function parametersOf(text: string, server: string): Map<string, string> {
  const given = new Map<string, string>()
  for (const part of text.split('&').filter(part => part !== '')) {
    const cut = part.indexOf('=')
    const name = cut < 0 ? part : part.slice(0, cut)
    if (!PARAMETERS.includes(name)) {
      const close = nearest(name, PARAMETERS)
      throw wrong(
        server,
        `it has a parameter "${name}"${close === null ? '' : ` (did you mean "${close}"?)`}`,
      )
    }
    given.set(name, decoded(cut < 0 ? '' : part.slice(cut + 1)))
  }
  return given
}

/** A plus stays a plus: queries add. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function stepIn(text: string | undefined, server: string): number {
  if (text === undefined) return DEFAULT_STEP_MS
  const ms = parseDuration(text) ?? (/^\d+$/.test(text) ? Number(text) * 1000 : 0)
  if (ms > 0) return ms
  throw new TraceError(TRACE_CODES.step, `"${text}" is no step. Give one as 30s or 5m.`, { file: server })
}

function instantIn(text: string, now: EpochMs, server: string): EpochMs {
  if (text === 'now') return now
  const ago = parseDuration(text.replace(/^-/, '').replace(/\s+ago$/, ''))
  if (ago !== null) return now - ago
  const at = new TimeReader().ofText(text)
  if (!Number.isNaN(at)) return at
  throw wrong(server, `"${text}" is no time (2026-11-21T12:04:00Z, 7d for seven days ago, now)`)
}

function wrong(file: string, what: string): TraceError {
  return new TraceError(TRACE_CODES.source, `the source cannot be used: ${what}. Write it as ${FORM}`, {
    file,
  })
}

function iso(at: EpochMs): string {
  return new Date(at).toISOString()
}
