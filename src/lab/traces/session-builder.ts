/**
 * Collects sessions, puts them in order, and says which could not be as they were written.
 *
 * Example: 10:00 to 10:30, then 09:00 to nothing, then 11:00 to 10:00: two sessions, of which the first (09:00) lasts to the end of the
 * record (11:00), and one that ended before it began and is left out.
 */
import type { EpochMs } from '../../model/time.ts'
import type { PlayedSession, SessionTrace } from '../trace.ts'
import { counted, RepairNotes } from './repair-notes.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export const MOST_SESSIONS = 5_000_000
/** Nobody has a session for longer: a year. */
const LONGEST_MS = 366 * 86_400_000

export class SessionBuilder {
  readonly notes = new RepairNotes()
  readonly #file: string
  readonly #rowWord: string
  readonly #most: number
  #starts = new Float64Array(1024)
  /** NaN: it has no end. */
  #ends = new Float64Array(1024)
  #count = 0
  #lastAt = Number.NEGATIVE_INFINITY
  #latest = Number.NEGATIVE_INFINITY
  #rows = 0

  constructor(file: string, rowWord = 'line', most = MOST_SESSIONS) {
    this.#file = file
    this.#rowWord = rowWord
    this.#most = most
  }

  /** `to` is NaN where the session has no end. */
  add(line: number, from: EpochMs, to: EpochMs): void {
    this.#rows++
    const place = () => `${this.#rowWord} ${line}`
    if (from < this.#lastAt) this.notes.note('disorder', '', place)
    this.#lastAt = from
    if (to < from) this.notes.note('negative', '', place)
    else if (to - from > LONGEST_MS) this.notes.note('absurd', 'long', place)
    else {
      if (Number.isNaN(to)) this.notes.note('cut', 'end', place)
      this.#latest = Math.max(this.#latest, from, Number.isNaN(to) ? from : to)
      this.#keep(line, from, to)
    }
  }

  /** Throws `TraceError` `empty` where there is none. */
  finish(name: string): SessionTrace {
    const { notes } = this
    notes.settle(
      'disorder',
      '',
      (n, first) => `${counted(n, 'session')} out of order, first at ${first}; sorted`,
    )
    notes.settle(
      'negative',
      '',
      (n, first) => `${counted(n, 'session')} ended before the start, first at ${first}; left out`,
    )
    notes.settle(
      'absurd',
      'long',
      (n, first) => `${counted(n, 'session')} longer than a year, first at ${first}; left out`,
    )
    notes.settle(
      'cut',
      'end',
      (n, first) =>
        `${counted(n, 'session')} without an end, first at ${first}; lasting to the end of the record`,
    )
    if (this.#count === 0) {
      const detail = this.#rows === 0 ? 'there is no session in it.' : 'none of its sessions can be used.'
      throw new TraceError(TRACE_CODES.empty, detail, { file: this.#file })
    }
    const sessions = this.#sorted()
    const startAt = this.#starts.subarray(0, this.#count).reduce((least, at) => Math.min(least, at), Infinity)
    return { kind: 'sessions', name, startAt, sessions: sessions(startAt), repairs: notes.list }
  }

  #keep(line: number, from: EpochMs, to: EpochMs): void {
    if (this.#count >= this.#most) {
      throw new TraceError(
        TRACE_CODES.tooMuch,
        `more than ${this.#most.toLocaleString('en')} sessions; that is more than the lab plays at once. Give a part of it.`,
        { file: this.#file, line },
      )
    }
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts)
      this.#ends = doubled(this.#ends)
    }
    this.#starts[this.#count] = from
    this.#ends[this.#count] = to
    this.#count++
  }

  #sorted(): (startAt: EpochMs) => PlayedSession[] {
    const [starts, ends, latest] = [this.#starts, this.#ends, this.#latest]
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index)
    order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || (ends[a] ?? 0) - (ends[b] ?? 0) || a - b)
    return startAt =>
      Array.from(order, index => {
        const [from, to] = [starts[index] ?? 0, ends[index] ?? 0]
        return { atMs: from - startAt, lengthMs: (Number.isNaN(to) ? latest : to) - from }
      })
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2)
  larger.set(values)
  return larger
}
