/**
 * What an operator says of the HAProxy in front of a fleet, in code units.
 *
 * Example: `{ socket: '/run/haproxy/admin.sock', backend: 'rooms', load: 'stick-table', hardStopAfterMs: 60_000, ... }`
 * counts the entries of the stick table `rooms`, and waits a minute after each reload before it calls anything empty.
 */
import type { Clock } from '../../../ports/clock.ts'

export interface CheckOptions {
  /** `null`: the port the instance serves on. */
  readonly port: number | null
  readonly everyMs: number
  /** Good answers in a row until an instance gets work again, and bad ones until it gets none. */
  readonly rise: number
  readonly fall: number
}

export interface HaproxyRouterOptions {
  /** The runtime socket, at level admin: a path, or `127.0.0.1:9999`. */
  readonly socket: string
  /** The socket of the master process (`haproxy -W -S`): what old processes still hold after a reload is then counted. */
  readonly masterSocket: string | null
  /** As `hard-stop-after` in HAProxy's configuration: the longest an old process lives on after a reload. */
  readonly hardStopAfterMs: number | null
  readonly backend: string
  /** What the names of our servers begin with; `null`: the fleet's name and a colon. Two fleets never share one. */
  readonly prefix: string | null
  /** Key of `cookie ... dynamic`; `null` where HAProxy keeps users by a stick table alone. */
  readonly cookieKey: string | null
  /** What a session is: a live connection, or an entry of a stick table. */
  readonly load: 'connections' | 'stick-table'
  /** `null`: the one declared in the backend, which has the backend's name. */
  readonly table: string | null
  /** HAProxy's own health checks; `null` for none. */
  readonly check: CheckOptions | null
  /** What else `add server` is given, such as `maxconn 20` or `ssl verify none`. */
  readonly serverOptions?: string | null
  /** HAProxy says nothing for so long: the exchange is given up. */
  readonly timeoutMs: number
}

/** What bounds it besides its options. */
export interface HaproxyLimits {
  readonly answerBytes: number
  /** After a reload the new process is taught the stick table by the old one; nothing is believed before this. */
  readonly resyncMs: number
}

export const LIMITS: HaproxyLimits = { answerBytes: 64 * 1024 * 1024, resyncMs: 10_000 }

export interface HaproxyContext {
  readonly fleet: string
  readonly clock: Clock
  log(line: string): void
  readonly limits?: Partial<HaproxyLimits>
}
