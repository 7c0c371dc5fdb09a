/**
 * What every adapter shares: a check, a close, and one kind of error for what the outside world does to us.
 *
 * Example: a metric endpoint that answers 503 with `Retry-After: 5` becomes
 * `new PluginError('throttled', 'GET http://127.0.0.1:9/cpu answered 503', { retryAfterMs: 5000 })`.
 */

/** Only what a caller can act on. */
export type PluginErrorKind =
  | 'unavailable'
  | 'refused'
  | 'not-found'
  | 'conflict'
  | 'misconfigured'
  | 'throttled'

export interface PluginErrorDetails {
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** An expected failure of a port. Anything else thrown by an adapter is a defect in it. */
export class PluginError extends Error {
  readonly kind: PluginErrorKind
  readonly retryAfterMs: number | undefined

  constructor(kind: PluginErrorKind, message: string, details: PluginErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'PluginError'
    this.kind = kind
    this.retryAfterMs = details.retryAfterMs
  }
}

/** `detail` says in words what was reached, or what was tried, seen, and what the operator can do. */
export interface CheckResult {
  readonly ok: boolean
  readonly detail: string
}

export interface Plugin {
  /** Can it do its work now (reachable, credentials accepted)? Reports rather than throws. */
  check(signal: AbortSignal): Promise<CheckResult>
  /** Releases everything it holds. Idempotent. */
  close(): Promise<void>
}
