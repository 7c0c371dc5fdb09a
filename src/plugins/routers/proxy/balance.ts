/**
 * Chooses the instance for a new session: the open one with the fewest requests in flight, ties in turn.
 * An instance that just refused a connection is left out for a moment, as long as another one is open: it
 * fails fast, so by count alone it would look like the idlest of all.
 *
 * Example: in flight web-1: 3, web-2: 1, web-3: 1, two choices one after the other: web-2, then web-3.
 */
import type { EpochMs } from '../../../model/time.ts'

export interface Candidate {
  readonly inFlight: number
  /** Left out before this time. */
  readonly avoidUntil: EpochMs
}

/** `full`: an instance is open, but each has its share in flight already; `none`: no instance is open. */
export type Choice<T> =
  | { readonly kind: 'chosen'; readonly candidate: T }
  | { readonly kind: 'full' }
  | { readonly kind: 'none' }

const FULL = { kind: 'full' } as const
const NONE = { kind: 'none' } as const

export class Balance {
  #turn = 0

  /** `open` is every open instance; `limit` the most requests in flight on one; `except` was tried already. */
  choose<T extends Candidate>(open: readonly T[], limit: number, now: EpochMs, except: T | null): Choice<T> {
    const avoid = open.some(candidate => candidate !== except && candidate.avoidUntil <= now)
    let best: T | null = null
    let usable = false
    this.#turn += 1
    for (let i = 0; i < open.length; i++) {
      const candidate = open[(this.#turn + i) % open.length]
      if (candidate === undefined || candidate === except) continue
      if (avoid && candidate.avoidUntil > now) continue
      usable = true
      if (candidate.inFlight < limit && (best === null || candidate.inFlight < best.inFlight))
        best = candidate
    }
    if (best !== null) return { kind: 'chosen', candidate: best }
    return usable ? FULL : NONE
  }
}
