/**
 * Times as a clock on the wall of a zone shows them, turned into instants: by the quarter of an hour, because no zone changes its clock
 * in between, and a record may have a hundred million of them.
 *
 * Example: on the wall of Berlin 2026-10-24 20:00 is 18:00 UTC, and 2026-10-25 20:00 is 19:00 UTC.
 */
import type { EpochMs } from '../../model/time.ts'
import { instantOf, localTime } from '../../pictures/zone-time.ts'

const QUARTER_MS = 900_000

export class LocalTimes {
  readonly timeZone: string
  #quarter = Number.NaN
  #offsetMs = 0

  constructor(timeZone: string) {
    this.timeZone = timeZone
  }

  /** `wallMs`: what the clock shows, as if it were UTC. Where it shows that twice, the first; where it is skipped, as far after. */
  instantOf(wallMs: number): EpochMs {
    if (this.timeZone === 'UTC' || Number.isNaN(wallMs)) return wallMs
    const quarter = Math.floor(wallMs / QUARTER_MS)
    if (quarter !== this.#quarter) {
      const at = quarter * QUARTER_MS
      this.#offsetMs = at - instantOf(localTime(at, 'UTC'), this.timeZone)
      this.#quarter = quarter
    }
    return wallMs - this.#offsetMs
  }
}
