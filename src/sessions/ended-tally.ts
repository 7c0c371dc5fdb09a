/**
 * What ended since it was last asked, in groups: sessions of the same number of slots whose lengths fall into the same row of `lengths.ts`,
 * each row a fifth longer than the one before. So much is kept of each group, however many sessions it has: how many, how long they
 * lasted together, and when the first and the last of them ended.
 *
 * Example: three sessions of 240, 251 and 262 s that ended at 12:00:03, :07 and :11 are one group: 3 sessions of 251 s, from 12:00:03 to
 * 12:00:11. One of 20 minutes at 12:00:05 is another.
 */
import type { EpochMs } from '../model/time.ts'
import type { EndedSession } from '../ports/session-log.ts'
import type { EndedGroup } from '../ports/session-router.ts'
import { ROWS, rowOf } from './lengths.ts'

interface Tallied {
  readonly slots: number
  readonly lost: boolean
  sessions: number
  sumMs: number
  firstAt: EpochMs
  lastAt: EpochMs
}

/** Above it, sessions of several slots join the groups of one slot, of which there are at most two a row. */
const MOST_OF_SEVERAL_SLOTS = 240

export class EndedTally {
  readonly #groups = new Map<number, Tallied>()

  add({ session, end, at }: EndedSession): void {
    // A clock that was set back makes nobody's session shorter than nothing.
    const lengthMs = Math.max(0, at - session.placedAt)
    this.#count(lengthMs, session.slots, at, end === 'lost')
  }

  take(): readonly EndedGroup[] {
    if (this.#groups.size === 0) return []
    const groups = [...this.#groups.values()].map(({ sumMs, ...group }) => ({
      ...group,
      lengthMs: sumMs / group.sessions,
    }))
    this.#groups.clear()
    return groups
  }

  #count(lengthMs: number, slots: number, at: EpochMs, lost: boolean): void {
    const kind = 2 * slots + (lost ? 1 : 0)
    const key = kind * ROWS + rowOf(lengthMs)
    const group = this.#groups.get(key)
    if (group !== undefined) {
      join(group, lengthMs, at)
      return
    }
    if (slots > 1 && this.#groups.size >= MOST_OF_SEVERAL_SLOTS) {
      // As many places for as long: n sessions of one slot each.
      for (let slot = 0; slot < slots; slot++) this.#count(lengthMs, 1, at, lost)
      return
    }
    this.#groups.set(key, { slots, lost, sessions: 1, sumMs: lengthMs, firstAt: at, lastAt: at })
  }
}

function join(group: Tallied, lengthMs: number, at: EpochMs): void {
  group.sessions += 1
  group.sumMs += lengthMs
  if (at < group.firstAt) group.firstAt = at
  if (at > group.lastAt) group.lastAt = at
}
