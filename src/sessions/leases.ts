/**
 * When leases run out, by the time that really passed here. A clock that is set forward, a laptop that slept or a process
 * that was stopped is no time that clients could have used: after any long gap in our own time, and at the start, every
 * lease begins anew; so it does when the broker could not take signs of life for a while. A clock set back takes nothing away and adds nothing.
 *
 * Example: a lease of 120 s, last sign of life at 12:00:00; the process is stopped from 12:00:30 to 12:05:00: it runs out
 * at 12:07:00 and not before.
 *
 * Leases lie in a wheel: one row per half second, looked at when its time comes. A sign of life only writes down a
 * number; the lease moves to its later row when its old row is looked at.
 */
import type { EpochMs } from '../model/time.ts'

/** How often rows are looked at. */
export const LOOK_EVERY_MS = 500
/** Longer between two readings of the clock, and it is a gap, not time that passed. */
const GAP_MS = 1_500

export interface Leased {
  readonly leaseMs: number | null
  /** By the time that passed here; `leases.begin` and `renew` write it. */
  seenAt: number
  row: number
  atRow: number
}

export class Leases<T extends Leased> {
  readonly #rows = new Map<number, T[]>()
  #lastNow: EpochMs
  /** Time that passed here. */
  #passedMs = 0
  /** Signs of life older than this count as given then. */
  #freshAt = 0
  #looked = 0

  constructor(now: EpochMs) {
    this.#lastNow = now
  }

  begin(leased: T, now: EpochMs): void {
    leased.seenAt = this.#read(now)
    if (leased.leaseMs !== null) this.#enter(leased, leased.seenAt + leased.leaseMs)
  }

  renew(leased: T, now: EpochMs): void {
    leased.seenAt = this.#read(now)
  }

  /** Every lease begins anew. */
  freshen(now: EpochMs): void {
    this.#freshAt = this.#read(now)
  }

  end(leased: T): void {
    if (leased.row < 0) return
    const row = this.#rows.get(leased.row)
    const last = row?.pop()
    if (row !== undefined && last !== undefined && last !== leased) {
      row[leased.atRow] = last
      last.atRow = leased.atRow
    }
    if (row?.length === 0) this.#rows.delete(leased.row)
    leased.row = -1
  }

  leftMs(leased: Leased, now: EpochMs): number | null {
    const passed = this.#read(now)
    return leased.leaseMs === null ? null : Math.max(0, this.#endOf(leased, leased.leaseMs) - passed)
  }

  /** Those that ran out, at most so many; they are out of the wheel. */
  expired(now: EpochMs, most: number): T[] {
    const passed = this.#read(now)
    const found: T[] = []
    const until = Math.floor(passed / LOOK_EVERY_MS)
    for (; this.#looked <= until; this.#looked++) {
      for (let row = this.#rows.get(this.#looked); row !== undefined && row.length > 0; ) {
        const leased = row.at(-1)
        if (leased === undefined || leased.leaseMs === null) break
        const end = this.#endOf(leased, leased.leaseMs)
        if (end <= passed && found.length === most) return found
        this.end(leased)
        if (end <= passed) found.push(leased)
        else this.#enter(leased, end)
      }
    }
    // The row of this moment may fill up again.
    this.#looked = until
    return found
  }

  #endOf(leased: Leased, leaseMs: number): number {
    return Math.max(leased.seenAt, this.#freshAt) + leaseMs
  }

  /** The row that begins once it has run out. */
  #enter(leased: T, end: number): void {
    const row = Math.max(Math.ceil(end / LOOK_EVERY_MS), this.#looked)
    let members = this.#rows.get(row)
    if (members === undefined) {
      members = []
      this.#rows.set(row, members)
    }
    leased.row = row
    leased.atRow = members.push(leased) - 1
  }

  #read(now: EpochMs): number {
    const gap = now - this.#lastNow
    this.#lastNow = now
    if (gap > GAP_MS) {
      this.#passedMs += LOOK_EVERY_MS
      this.#freshAt = this.#passedMs
    } else if (gap > 0) {
      this.#passedMs += gap
    }
    return this.#passedMs
  }
}
