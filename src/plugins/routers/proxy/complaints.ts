/**
 * What goes wrong with instances, for the operator's log: at most one line per kind of trouble and second, since
 * a crashed instance under load would otherwise fill the log faster than anyone reads.
 *
 * Example: 400 requests fail on web-3 within a second: one line now, and the next one ends "(and 399 times before)".
 */
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'

const EVERY_MS = 1_000
const MOST_KINDS = 1_000

export class Complaints {
  readonly #clock: Clock
  readonly #log: (line: string) => void
  readonly #said = new Map<string, { readonly at: EpochMs; unsaid: number }>()

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock
    this.#log = log
  }

  say(what: string, detail: string): void {
    const now = this.#clock.now()
    const last = this.#said.get(what)
    if (last !== undefined && now - last.at < EVERY_MS) {
      last.unsaid += 1
      return
    }
    const more = last !== undefined && last.unsaid > 0 ? ` (and ${last.unsaid} times before)` : ''
    if (this.#said.size >= MOST_KINDS) this.#said.clear()
    this.#said.set(what, { at: now, unsaid: 0 })
    this.#log(`${what}: ${detail}${more}`)
  }
}
