/**
 * What a session broker does: it places sessions on instances, knows each of them until it ends, and is the fleet's
 * session router besides.
 *
 * Example: `place({ sessionId: 'match-7', slots: 2 })` answers `{ placed: true, session: { id: 'match-7', instance: 'web-3',
 * address: 'http://127.0.0.1:41231', ... } }`; the same again answers the same and places nothing.
 */
import type { SessionsSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { SessionEnd } from '../ports/session-log.ts'
import type { EndedGroup, SessionRouter } from '../ports/session-router.ts'

export interface PlaceRequest {
  /** 1 to 200 visible ASCII characters; one is made up where it is left out. */
  readonly sessionId?: string
  /** Room it takes, 1 when left out. */
  readonly slots?: number
  /** Its lease; the fleet's own when left out, `null` for none. */
  readonly ttlMs?: number | null
  /** Kept, listed and filtered by; they have no part in the choice of an instance. */
  readonly labels?: Readonly<Record<string, string>>
  /** Only an instance of this zone will do. Not part of the session: a repeated request may say another. */
  readonly zone?: string
  /** Waits so long for room, at most as long as the fleet allows; 0 when left out. */
  readonly waitMs?: number
}

export interface SessionView {
  readonly id: string
  /** The order in which they were placed. */
  readonly number: number
  readonly instance: string
  readonly incarnation: string | null
  /** `null`: its instance is not known (any more). */
  readonly address: string | null
  readonly zone: string | null
  readonly slots: number
  readonly labels: Readonly<Record<string, string>>
  readonly leaseMs: number | null
  /** What is left of its lease. */
  readonly leaseLeftMs: number | null
  readonly placedAt: EpochMs
  /** `null`: it goes on. */
  readonly ended: { readonly end: SessionEnd; readonly at: EpochMs; readonly why: string } | null
}

/**
 * `no-room`: no open instance has the slots. `queue-full`: as many wait as may. `waited`: room did not come in time. `given-up`: it
 * was released while it waited.
 */
export type PlaceRefusal = 'no-room' | 'queue-full' | 'waited' | 'given-up'

export type PlaceResult =
  | {
      readonly placed: true
      /** It was there already. */
      readonly again: boolean
      readonly session: SessionView
    }
  | {
      readonly placed: false
      readonly because: PlaceRefusal
      /** With its code, for people. */
      readonly message: string
      readonly retryAfterMs: number
    }

/** One of many: what `place` would have thrown is `error`. */
export type PlaceOutcome = PlaceResult | { readonly placed: false; readonly error: unknown }

/** `released`: it ended now. `ended`: it had ended before. `unknown`: never heard of it, or too long ago. */
export type ReleaseResult = 'released' | 'ended' | 'unknown'
export type ReleaseOutcome = ReleaseResult | { readonly error: unknown }

export type HeartbeatResult =
  | { readonly alive: true; readonly session: SessionView }
  | { readonly alive: false; readonly ended: SessionView | null }

export interface SessionQuery {
  /** `next` of the page before. */
  readonly after?: string
  /** 1 to 1,000. */
  readonly limit: number
  readonly instance?: string
  /** Sessions that have all of these. */
  readonly labels?: Readonly<Record<string, string>>
}

export interface SessionPage {
  /** In the order in which they were placed. */
  readonly sessions: readonly SessionView[]
  /** `null`: there are no more. */
  readonly next: string | null
}

export interface BrokerCounts {
  readonly sessions: number
  readonly waiting: number
  /** `null` before the log was opened. */
  readonly epoch: number | null
}

/**
 * Every method may throw `PluginError`: `unavailable` (PLM-430 not ready, PLM-431 the log failed; ask again with the same
 * session id), `refused` (PLM-432 the request itself is wrong), `conflict` (PLM-433 the id is in use for something else),
 * `throttled` (PLM-438).
 */
export interface SessionBroker extends SessionRouter {
  /** Durable when it is answered. Idempotent by session id. `signal`: nobody waits for room any more. */
  place(request: PlaceRequest, signal?: AbortSignal): Promise<PlaceResult>
  /** Up to 1,000, each on its own, answered in their order. */
  placeMany(requests: readonly PlaceRequest[], signal?: AbortSignal): Promise<readonly PlaceOutcome[]>
  /** Durable when it is answered. Idempotent. */
  release(sessionId: string, why?: string): Promise<ReleaseResult>
  releaseMany(sessionIds: readonly string[], why?: string): Promise<readonly ReleaseOutcome[]>
  /** A sign of life: the lease begins anew. */
  heartbeat(sessionId: string): Promise<HeartbeatResult>
  /** Also one that ended not long ago; `null`: unknown. */
  get(sessionId: string): SessionView | null
  list(query: SessionQuery): SessionPage
  counts(): BrokerCounts
  /** What holds from now on; sessions stay where they are. */
  configure(spec: SessionsSpec): void
  waiting(): number
  takeEnded(since: EpochMs): readonly EndedGroup[]
  subscribe(wake: () => void): () => void
}
