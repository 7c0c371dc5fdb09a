/**
 * What the API is started with, and which addresses it may be started on.
 *
 * Example: `{ host: '127.0.0.1', port: 7070, token: null }` is fine; `{ host: '0.0.0.0', port: 7070, token: null }`
 * is refused with PLM-450, because anyone on the network could then push samples.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** Where failures and refusals are reported; a pino logger fits. */
export interface ApiLog {
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface ApiSettings {
  /** A name or address of this machine. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Asked for as `Authorization: Bearer`; `null` only on a loopback address. */
  readonly token: string | null
  /** Folder of the built page; default is the one in this package; `null` serves no page. */
  readonly dashboardRoot?: string | null
  /** Most evaluations of flags a client may ask for in a second; default 10,000. */
  readonly evaluationsPerSecond?: number
  readonly log?: ApiLog
}

/** 127.0.0.0/8, ::1 and `localhost`, with or without the brackets of a URL. */
export function isLoopback(host: string): boolean {
  const name = withoutBrackets(host).toLowerCase()
  if (name === 'localhost' || name === '::1') return true
  return isIPv4(name) && name.startsWith('127.')
}

/** Every address of this machine. */
export function isWildcard(host: string): boolean {
  const name = withoutBrackets(host)
  return name === '0.0.0.0' || name === '::'
}

/** The origin to type into a browser: IPv6 in brackets, a wildcard as loopback. */
export function urlOf(host: string, port: number): string {
  const name = withoutBrackets(host)
  if (name === '0.0.0.0') return `http://127.0.0.1:${port}`
  if (name === '::') return `http://[::1]:${port}`
  return isIPv6(name) ? `http://[${name}]:${port}` : `http://${name}:${port}`
}

export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
