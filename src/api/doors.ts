/**
 * Who may come in: the Host header (against rebinding), the Origin (against other sites' pages) and the token.
 * Asked before anything of a request is read.
 *
 * Example: on 127.0.0.1:7070 a request for `Host: evil.example` is refused with 421, a POST with
 * `Origin: http://evil.example` with 403, and both never reach a route.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { crossOrigin, hostNotAllowed, tokenWanted } from './failure.ts'
import { isLoopback, isWildcard, withoutBrackets } from './settings.ts'

/**
 * Throws PLM-453 unless the Host header is a loopback name or the configured host. Listening on every address,
 * the names it is reached by are not known; there a token is required, which a rebound page does not have.
 */
export function askHost(request: FastifyRequest, configuredHost: string): void {
  const header = request.headers.host
  const name = header === undefined ? null : hostName(header)
  if (name === null) throw hostNotAllowed(header)
  if (isLoopback(name) || isWildcard(configuredHost)) return
  if (name === withoutBrackets(configuredHost).toLowerCase()) return
  throw hostNotAllowed(header)
}

/** Throws PLM-454 when a page of another origin asks for a change, or to follow the events. */
export function askOrigin(request: FastifyRequest, follows: boolean): void {
  const { origin, host } = request.headers
  if (origin === undefined) return
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (reads && !follows) return
  const from = authorityOf(origin)
  if (from === null || host === undefined || from !== authorityOf(`http://${host}`)) throw crossOrigin(origin)
}

/** A test of the Authorization header whose time says nothing about the token. */
export function tokenDoor(token: string): (request: FastifyRequest) => void {
  const expected = digest(token)
  return request => {
    const header = request.headers.authorization
    const given = header === undefined ? null : /^bearer +(.+)$/i.exec(header)?.[1]?.trim()
    if (given === null || given === undefined) throw tokenWanted(header !== undefined)
    if (!timingSafeEqual(digest(given), expected)) throw tokenWanted(true)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function hostName(header: string): string | null {
  try {
    const url = new URL(`http://${header}`)
    const plain = url.pathname === '/' && url.username === '' && url.search === '' && url.hash === ''
    return plain ? withoutBrackets(url.hostname).toLowerCase() : null
  } catch {
    return null
  }
}

/** Scheme left out: the page knows us as https where a proxy in front ends TLS. */
function authorityOf(origin: string): string | null {
  try {
    const url = new URL(origin)
    const port = url.port === '' ? '80' : url.port
    return `${url.hostname.toLowerCase()}:${port}`
  } catch {
    return null
  }
}
