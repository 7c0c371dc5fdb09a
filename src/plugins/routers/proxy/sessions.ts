/**
 * Remembers which sticky sessions an instance holds: those whose cookie made a request within the idle time.
 * It exists so that a closed instance is known to be empty only when nobody is still at work on it.
 *
 * Example: idle time 30 s; session `a` asked at 12:00:00 and 12:00:20, `b` at 12:00:05. At 12:00:40 one is
 * live (`a`); at 12:00:50 none.
 */
import type { EpochMs } from '../../../model/time.ts'

/** About 100 bytes each: 20 MB for one instance at the very most. */
const MOST_SESSIONS = 200_000

export class SessionBook {
  readonly #idleMs: number
  readonly #limit: number
  /** Oldest request first: a session asked again moves to the end. */
  readonly #lastSeen = new Map<string, EpochMs>()
  /** Sessions forgotten for want of room still count, until even the youngest of them must have ended. */
  #forgotten = 0
  #forgottenUntil: EpochMs = 0

  constructor(idleMs: number, limit = MOST_SESSIONS) {
    this.#idleMs = idleMs
    this.#limit = limit
  }

  touch(session: string, now: EpochMs): void {
    this.#lastSeen.delete(session)
    this.#lastSeen.set(session, now)
    if (this.#lastSeen.size > this.#limit) this.#forgetOldest()
  }

  /** Never less than the sessions that are really live. Amortised constant time. */
  live(now: EpochMs): number {
    for (const [session, seen] of this.#lastSeen) {
      if (now - seen < this.#idleMs) break
      this.#lastSeen.delete(session)
    }
    if (now >= this.#forgottenUntil) this.#forgotten = 0
    return this.#lastSeen.size + this.#forgotten
  }

  #forgetOldest(): void {
    for (const [session, seen] of this.#lastSeen) {
      this.#lastSeen.delete(session)
      this.#forgotten += 1
      this.#forgottenUntil = Math.max(this.#forgottenUntil, seen + this.#idleMs)
      return
    }
  }
}
