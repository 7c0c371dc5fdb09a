/**
 * The wall clock of one time zone as a table of its changes of offset, so that turning a local time into an instant
 * is a binary search and an addition, not a question to the time-zone database. Temporal fills the table.
 *
 * A local time is written as the number of milliseconds it would be at in UTC. Example for Europe/London in 2026:
 * 08:00 on 1 July is 07:00Z; 01:30 on 29 March, skipped by the change to summer time, is 01:00Z, the first instant
 * after the gap; 01:30 on 25 October, which comes twice, is the first of the two, 00:30Z.
 */
import { Temporal } from 'temporal-polyfill'
import type { EpochMs } from '../../model/time.ts'
import { PluginError } from '../../ports/plugin.ts'

/** Milliseconds since 1970-01-01T00:00 on the local clock. */
export type LocalMs = number

const DAY_MS = 86_400_000
/** No offset, and no change of one, reaches further than this; the whole day Apia left out included. */
const MARGIN_MS = 3 * DAY_MS
/** What a table that must grow takes in besides: what the next question is likely to be about. */
const AHEAD_MS = 3 * 366 * DAY_MS
const BEHIND_MS = 366 * DAY_MS

export class LocalClock {
  readonly #timeZone: string
  /** Stretch `k` of one offset begins at the instant `#starts[k]` and ends at the local time `#localEnds[k]`. */
  #starts: EpochMs[] = []
  #offsets: number[] = []
  #localEnds: LocalMs[] = []
  #from = Number.POSITIVE_INFINITY
  #to = Number.NEGATIVE_INFINITY
  /** The stretch that was asked about last: the next question is mostly about the same. */
  #askedFrom = Number.POSITIVE_INFINITY
  #askedTo = Number.NEGATIVE_INFINITY
  #askedOffset = 0

  /** Throws `PluginError('misconfigured')` when this system knows no such zone. */
  constructor(timeZone: string) {
    this.#timeZone = timeZone
    this.#at(0)
  }

  /** The first instant at which the clock shows `local` or, where it skips it, anything later. */
  instantOf(local: LocalMs): EpochMs {
    this.#reach(local)
    const stretch = firstAbove(this.#localEnds, local)
    return Math.max(local - (this.#offsets[stretch] as number), this.#starts[stretch] as number)
  }

  /** What the clock shows at `at`. */
  localOf(at: EpochMs): LocalMs {
    return at + this.offsetAt(at)
  }

  /** How far it is ahead of UTC at `at`. */
  offsetAt(at: EpochMs): number {
    if (at >= this.#askedFrom && at < this.#askedTo) return this.#askedOffset
    this.#reach(at)
    const stretch = Math.max(0, firstAbove(this.#starts, at) - 1)
    this.#askedFrom = this.#starts[stretch] as number
    this.#askedTo = this.#starts[stretch + 1] ?? this.#to
    this.#askedOffset = this.#offsets[stretch] as number
    return this.#askedOffset
  }

  #reach(around: number): void {
    if (around - MARGIN_MS >= this.#from && around + MARGIN_MS <= this.#to) return
    const from = around - MARGIN_MS < this.#from ? around - MARGIN_MS - BEHIND_MS : this.#from
    const to = around + MARGIN_MS > this.#to ? around + MARGIN_MS + AHEAD_MS : this.#to
    this.#cover(Math.min(from, this.#from), Math.max(to, this.#to))
  }

  #cover(from: EpochMs, to: EpochMs): void {
    let time = this.#at(from)
    this.#starts = [from]
    this.#offsets = [offsetOf(time)]
    this.#localEnds = []
    while (true) {
      const change = time.getTimeZoneTransition('next')
      if (change === null || change.epochMilliseconds > to) break
      this.#localEnds.push(change.epochMilliseconds + offsetOf(time))
      this.#starts.push(change.epochMilliseconds)
      this.#offsets.push(offsetOf(change))
      time = change
    }
    this.#localEnds.push(Number.POSITIVE_INFINITY)
    this.#from = from
    this.#to = to
  }

  #at(instant: EpochMs): Temporal.ZonedDateTime {
    try {
      return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(this.#timeZone)
    } catch (cause) {
      const tried = `the time zone "${this.#timeZone}" is not known to this system (database ${process.versions.tz})`
      throw new PluginError('misconfigured', `${tried}; use an IANA name or an offset such as +02:00`, {
        cause,
      })
    }
  }
}

function offsetOf(time: Temporal.ZonedDateTime): number {
  return time.offsetNanoseconds / 1_000_000
}

/** Index of the first number above `bound` in an ascending list; its length when there is none. */
function firstAbove(ascending: readonly number[], bound: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as number) > bound) high = middle
    else low = middle + 1
  }
  return low
}
