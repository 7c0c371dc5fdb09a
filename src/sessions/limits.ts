/**
 * What bounds a broker besides its specification: every number, text and wait has an end, and these are they.
 *
 * Example: a session id of 200 characters is taken, one of 201 is refused.
 */
export interface BrokerLimits {
  /** Sessions of the fleet at a time. */
  readonly sessions: number
  /** Records stored in one go; more wait for the next. */
  readonly batch: number
  /** For the log to answer; then nobody knows whether it stored. */
  readonly logDeadlineMs: number
  /** Sessions that ended and can still be asked for. */
  readonly ended: number
}

export const LIMITS: BrokerLimits = {
  sessions: 1_000_000,
  batch: 512,
  logDeadlineMs: 5_000,
  ended: 10_000,
}

export const MOST_ID_CHARACTERS = 200
export const MOST_LABELS = 16
export const MOST_LABEL_NAME_CHARACTERS = 63
export const MOST_LABEL_VALUE_CHARACTERS = 256
/** Requests in one `placeMany`, ids in one `releaseMany`. */
export const MOST_AT_ONCE = 1_000
export const MOST_PER_PAGE = 1_000
/** A shorter lease could run out while we look the other way. */
export const SHORTEST_LEASE_MS = 2_000
export const LONGEST_LEASE_MS = 30 * 86_400_000
