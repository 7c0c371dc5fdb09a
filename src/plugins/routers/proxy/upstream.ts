/**
 * One instance as the proxy sees it: its connections, what is in flight to it, and which sessions it holds.
 *
 * Example: web-3, closed, with one request in flight, no WebSocket and two sessions seen lately, holds 3 slots.
 */
import { Pool } from 'undici'
import type { EpochMs } from '../../../model/time.ts'
import type { Candidate } from './balance.ts'
import type { ProxyLimits } from './limits.ts'
import { Meter } from './meter.ts'
import type { SessionBook } from './sessions.ts'

/** A connection needs a moment between two requests; a few spare ones keep a full instance busy meanwhile. */
const SPARE_CONNECTIONS = 4

export class Upstream implements Candidate {
  readonly id: string
  readonly address: string
  readonly pool: Pool
  readonly meter: Meter
  /** `null`: the fleet has no sticky sessions. */
  readonly book: SessionBook | null
  incarnation: string | null
  /** What cookies call it: another incarnation under the same id is not who they mean. */
  readonly cookieName: string
  admission: 'open' | 'closed' = 'closed'
  /** Closed, empty, and never used again. */
  sealed = false
  inFlight = 0
  webSockets = 0
  avoidUntil: EpochMs = 0

  constructor(
    instance: { readonly id: string; readonly incarnation: string | null; readonly address: string },
    concurrency: number,
    limits: ProxyLimits,
    book: SessionBook | null,
    now: EpochMs,
  ) {
    this.id = instance.id
    this.address = instance.address
    this.incarnation = instance.incarnation
    this.cookieName = instance.incarnation === null ? instance.id : `${instance.id}\n${instance.incarnation}`
    this.book = book
    this.meter = new Meter(now)
    this.pool = new Pool(instance.address, {
      connections: concurrency + SPARE_CONNECTIONS,
      connectTimeout: limits.connectTimeoutMs,
      headersTimeout: limits.answerTimeoutMs,
      bodyTimeout: limits.answerTimeoutMs,
      pipelining: 1,
    })
  }

  /** Requests, WebSockets and live sessions: what must be over before it may be terminated. */
  slots(now: EpochMs): number {
    return this.inFlight + this.webSockets + (this.book?.live(now) ?? 0)
  }
}
