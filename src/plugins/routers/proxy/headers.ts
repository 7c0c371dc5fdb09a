/**
 * Which header fields pass. Fields about one connection (hop-by-hop) end here, in both directions; what the
 * instance needs to know of the client is added: X-Forwarded-For, -Host, -Proto, and Via.
 *
 * What a client claims in X-Forwarded-* is kept only when it comes from this machine (a proxy in front of
 * ours); from anywhere else it could be invented, and is replaced.
 *
 * Example: `Connection: close, X-Trace` `X-Trace: 1` `Accept: text/html` from 10.0.0.7 becomes
 * `Accept: text/html` `x-forwarded-for: 10.0.0.7` `x-forwarded-proto: http` `via: 1.1 plimsoll`.
 */

/** Names and values in turn, as they go to the instance, and what the proxy itself needs of the request. */
export interface RequestHead {
  readonly headers: string[]
  /** All `Cookie` fields joined. */
  readonly cookie: string | null
  readonly hasBody: boolean
}

const VIA = '1.1 plimsoll'

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** A `Connection` field may name others as hop-by-hop; these it may not: they frame or address the message. */
const NEVER_DROPPED = new Set(['host', 'content-length', 'cookie', 'set-cookie'])

/** `peer` is the address the request came from; `host` replaces the Host field where the target named one. */
export function requestHead(
  raw: readonly string[],
  peer: string | undefined,
  host: string | null = null,
): RequestHead {
  const headers: string[] = []
  const fromHere = isLoopback(peer)
  let cookie: string | null = null
  let hasBody = false
  let hostField = host
  let named: Set<string> | null = null
  let forwardedFor = ''
  let forwardedHost: string | null = null
  let forwardedProto: string | null = null
  let via: string | null = null
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    switch (name.toLowerCase()) {
      case 'connection':
        named = namedBy(value, named)
        break
      case 'transfer-encoding':
        hasBody = true
        break
      case 'content-length':
        hasBody ||= Number(value) > 0
        headers.push(name, value)
        break
      case 'host':
        if (host !== null) break
        hostField = value
        headers.push(name, value)
        break
      case 'cookie':
        cookie = cookie === null ? value : `${cookie}; ${value}`
        headers.push(name, value)
        break
      case 'x-forwarded-for':
        if (fromHere) forwardedFor += `${value}, `
        break
      case 'x-forwarded-host':
        if (fromHere) forwardedHost = value
        break
      case 'x-forwarded-proto':
        if (fromHere) forwardedProto = value
        break
      case 'forwarded':
        if (fromHere) headers.push(name, value)
        break
      case 'via':
        via = via === null ? value : `${via}, ${value}`
        break
      case 'keep-alive':
      case 'proxy-connection':
      case 'proxy-authenticate':
      case 'proxy-authorization':
      case 'te':
      case 'trailer':
      case 'upgrade':
      case 'http2-settings':
      case 'expect':
        break
      default:
        headers.push(name, value)
    }
  }
  const kept = named === null ? headers : without(headers, named)
  if (host !== null) kept.push('host', host)
  kept.push('x-forwarded-for', `${forwardedFor}${peer ?? 'unknown'}`)
  const originalHost = forwardedHost ?? hostField
  if (originalHost !== null) kept.push('x-forwarded-host', originalHost)
  kept.push('x-forwarded-proto', forwardedProto ?? 'http')
  kept.push('via', via === null ? VIA : `${via}, ${VIA}`)
  return { headers: kept, cookie, hasBody }
}

/** Fields by lower-case name, as undici gives them. */
export type ResponseFields = Readonly<Record<string, string | string[] | undefined>>

/**
 * The response's fields as they go to the client, names and values in turn. `chunked` says whether the body
 * goes out in chunks: only then may trailers be announced.
 */
export function responseHeaders(
  fields: ResponseFields,
  status: number,
  chunked: boolean,
): (string | string[])[] {
  const headers: (string | string[])[] = []
  const connection = fields.connection
  const named = connection === undefined ? null : namedBy(String(connection), null)
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined || name === 'via') continue
    if (HOP_BY_HOP.has(name) && !(name === 'trailer' && chunked)) continue
    if (name === 'content-length' && status === 204) continue
    if (named?.has(name) === true) continue
    headers.push(name, value)
  }
  const via = fields.via
  headers.push('via', via === undefined ? VIA : `${String(via)}, ${VIA}`)
  return headers
}

/** Trailing fields that may pass: none that frames, addresses or authenticates a message. */
export function trailerFields(fields: ResponseFields): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined || HOP_BY_HOP.has(name) || NEVER_DROPPED.has(name)) continue
    passed[name] = String(value)
  }
  return passed
}

/** The fields a `Connection` field names; `null` in the usual case, where it names none. */
function namedBy(value: string, before: Set<string> | null): Set<string> | null {
  if (value === 'keep-alive' || value === 'close') return before
  let named = before
  for (const token of value.toLowerCase().split(',')) {
    const name = token.trim()
    if (name === '' || name === 'keep-alive' || name === 'close' || NEVER_DROPPED.has(name)) continue
    named ??= new Set()
    named.add(name)
  }
  return named
}

function without(headers: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!named.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '')
  }
  return kept
}

function isLoopback(peer: string | undefined): boolean {
  return peer !== undefined && (peer.startsWith('127.') || peer === '::1' || peer.startsWith('::ffff:127.'))
}
