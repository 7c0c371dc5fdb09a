/**
 * The sessions that ended, as samples: with them a fleet that goes by sessions can be replayed. The router tells them in groups, a tick
 * stores what it was told in its own commit, and what could not be stored is stored with the next one that can, as it was. Ticks that
 * come soon after one another share a telling, so that a fleet keeps no more of them than one that ticks every 10 s.
 *
 * Example: 17 sessions of one slot that lasted 251 s in the mean and ended between 12:00:03 and 12:00:14 become the sample 251000 at
 * 12:00:14 with the labels `{ sessions: '17', slots: '1', overMs: '11000' }`.
 */
import type { Memory } from '../model/memory.ts'
import type { Labels, Sample } from '../model/sample.ts'
import type { EpochMs } from '../model/time.ts'
import type { EndedGroup, SessionRouter } from '../ports/session-router.ts'
import { ENDED_SERIES, type SeriesSamples, type StateStore } from '../ports/state-store.ts'

const TOLD_EVERY_MS = 10_000
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER }

export class EndedSeries {
  /** What ended up to then is stored, or in `#unsaved`. */
  #since: EpochMs = Number.POSITIVE_INFINITY
  #toldAt: EpochMs = Number.NEGATIVE_INFINITY
  #unsaved: readonly Sample[] = []

  /**
   * Another process may have had the fleet: what it told is in the store, and what ended since is in the log of the router. Where
   * nothing was told, nothing is told of what ended before the last tick; nor before the first.
   */
  async takeOver(store: StateStore, fleet: string, { revision, at }: Memory, now: EpochMs): Promise<void> {
    this.#unsaved = []
    const [newest] = await store.readSamples({ fleet, metric: ENDED_SERIES, window: EVER, limit: 1 })
    this.#since = newest?.at ?? (revision === 0 ? now : at)
  }

  /** What was taken and could not be stored comes first; the router goes on counting meanwhile. */
  take(router: SessionRouter | null, at: EpochMs): void {
    if (this.#unsaved.length > 0 || Math.abs(at - this.#toldAt) < TOLD_EVERY_MS) return
    const groups = router?.takeEnded?.(this.#since) ?? []
    if (groups.length === 0) return
    this.#toldAt = at
    this.#unsaved = groups.map(sampleOf)
    this.#since = groups.reduce((latest, { lastAt }) => Math.max(latest, lastAt), this.#since)
  }

  fresh(): readonly SeriesSamples[] {
    return this.#unsaved.length === 0 ? [] : [{ metric: ENDED_SERIES, samples: this.#unsaved }]
  }

  /** The commit that held them is durable. */
  saved(): void {
    this.#unsaved = []
  }
}

function sampleOf({ sessions, slots, lengthMs, firstAt, lastAt, lost }: EndedGroup): Sample {
  const labels: Labels = {
    sessions: String(sessions),
    slots: String(slots),
    ...(lastAt === firstAt ? {} : { overMs: String(lastAt - firstAt) }),
    ...(lost ? { end: 'lost' } : {}),
  }
  return { at: lastAt, value: lengthMs, labels }
}

/** The reverse; `null`: it is none of ours. */
export function groupOf({ at, value, labels }: Sample): EndedGroup | null {
  const [sessions, slots, overMs] = [labels?.sessions, labels?.slots, labels?.overMs ?? '0'].map(Number)
  if (!isCount(sessions) || !isCount(slots) || overMs === undefined || !(overMs >= 0) || !(value >= 0))
    return null
  return {
    sessions,
    slots,
    lengthMs: value,
    firstAt: at - overMs,
    lastAt: at,
    lost: labels?.end === 'lost',
  }
}

function isCount(number: number | undefined): number is number {
  return number !== undefined && Number.isSafeInteger(number) && number > 0
}
