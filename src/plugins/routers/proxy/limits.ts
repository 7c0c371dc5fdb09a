/**
 * What bounds the proxy besides its options: every wait and every number has an end, and these are they.
 *
 * Example: an instance that says nothing for `answerTimeoutMs` (300 s) is given up, and its client gets 504.
 */
export interface ProxyLimits {
  /** For an instance to accept a connection. */
  readonly connectTimeoutMs: number
  /** For an instance to begin its answer, and between two parts of it. */
  readonly answerTimeoutMs: number
  /** For a client to take the next part of an answer; it holds a slot of the instance meanwhile. */
  readonly stalledClientMs: number
  /** WebSockets at a time, of the fleet. */
  readonly webSockets: number
  /** For requests in flight to end when the proxy closes. */
  readonly closeDeadlineMs: number
}

export const LIMITS: ProxyLimits = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 300_000,
  stalledClientMs: 60_000,
  webSockets: 10_000,
  closeDeadlineMs: 5_000,
}
