/**
 * Places in use, each from one time to another: one per session and slot. Many of them, so two arrays of numbers and no objects.
 *
 * Example: one from 10:00 to 10:30 and one from 10:20 to 11:00: at 10:25 two are in use, at 10:30 one.
 */
import type { EpochMs, Interval } from '../../model/time.ts'
import type { PlayedSession } from '../trace.ts'
import { MOST_SESSIONS } from './session-builder.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export class Stretches {
  readonly #file: string
  readonly #most: number
  #from = new Float64Array(1024)
  #to = new Float64Array(1024)
  #count = 0

  /** @param file what the places are of, for errors */
  constructor(file: string, most = MOST_SESSIONS) {
    this.#file = file
    this.#most = most
  }

  get count(): number {
    return this.#count
  }

  /** Throws `TraceError` `tooMuch`. */
  add(from: EpochMs, to: EpochMs): void {
    if (this.#count >= this.#most) {
      const most = this.#most.toLocaleString('en')
      throw new TraceError(
        TRACE_CODES.tooMuch,
        `more than ${most} places were taken in that time, which is more than the lab plays at once. Play a part of it, with --since and --until.`,
        { file: this.#file },
      )
    }
    if (this.#count === this.#from.length) {
      this.#from = doubled(this.#from)
      this.#to = doubled(this.#to)
    }
    this.#from[this.#count] = from
    this.#to[this.#count] = to
    this.#count += 1
  }

  /** How many are in use at each of these times, which are sorted. */
  inUseAt(times: readonly EpochMs[]): Float64Array {
    const begins = this.#from.slice(0, this.#count).sort()
    const ends = this.#to.slice(0, this.#count).sort()
    let [begun, ended] = [0, 0]
    return Float64Array.from(times, at => {
      while (begun < begins.length && (begins[begun] ?? 0) <= at) begun += 1
      while (ended < ends.length && (ends[ended] ?? 0) <= at) ended += 1
      return begun - ended
    })
  }

  /** What of them lies in that time, as sessions of one slot by their beginning. */
  sessionsIn({ from, to }: Interval): PlayedSession[] {
    const [begins, ends] = [this.#from, this.#to]
    const sessions: PlayedSession[] = []
    for (let index = 0; index < this.#count; index++) {
      const begin = Math.max(from, begins[index] ?? 0)
      const end = Math.min(to, ends[index] ?? 0)
      if (begin < to && end > from) sessions.push({ atMs: begin - from, lengthMs: Math.max(0, end - begin) })
    }
    return sessions.sort((a, b) => a.atMs - b.atMs || a.lengthMs - b.lengthMs)
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2)
  larger.set(values)
  return larger
}
