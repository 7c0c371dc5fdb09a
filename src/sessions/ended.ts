/**
 * The sessions that ended lately: a bounded number, so that a repeated release is recognised and people can see what
 * became of a session.
 *
 * Example: with room for 2, after a, b and c ended, b and c are still known.
 */
import type { EndedSession } from '../ports/session-log.ts'

export class EndedSessions {
  readonly #most: number
  readonly #byId = new Map<string, EndedSession>()
  /** Written round and round: the place after the newest holds the oldest. */
  readonly #ring: EndedSession[] = []
  #next = 0

  constructor(most: number) {
    this.#most = most
  }

  get(id: string): EndedSession | undefined {
    return this.#byId.get(id)
  }

  add(ended: EndedSession): void {
    const oldest = this.#ring[this.#next]
    if (oldest !== undefined && this.#byId.get(oldest.session.id) === oldest) {
      this.#byId.delete(oldest.session.id)
    }
    this.#ring[this.#next] = ended
    this.#next = (this.#next + 1) % this.#most
    this.#byId.set(ended.session.id, ended)
  }

  /** Its id is in use again. */
  forget(id: string): void {
    this.#byId.delete(id)
  }
}
