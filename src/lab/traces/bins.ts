/**
 * The bins of a record's grid, filled row by row: what several rows of one bin come to, in room that grows on the side it is needed,
 * with repeats and rows beside the grid counted.
 *
 * Example: by the minute from 12:00, rows at 12:00 (4) and 12:02 (6), and 12:02 (8) again, are the bins 4, none and 7.
 */
import type { EpochMs } from '../../model/time.ts'
import type { RepairNotes } from './repair-notes.ts'
import type { GridShape } from './step.ts'
import type { TraceError } from './trace-error.ts'

/** What becomes of several values in one bin. */
export type Aggregate = 'avg' | 'sum' | 'max'

interface BinsVoice {
  readonly tooMany: (line: number, at: EpochMs) => TraceError
  readonly word: string
}

export class Bins {
  /** Rows that do not lie on the beginning of a bin, and those that share one with a row of another time. */
  moved = 0
  merged = 0
  furthestMs = 0
  readonly #shape: GridShape
  readonly #width: number
  readonly #aggregate: Aggregate
  readonly #most: number
  readonly #notes: RepairNotes
  readonly #voice: BinsVoice
  readonly #sums: Float64Array[]
  readonly #counts: Uint32Array[]
  /** Grid index of the first place in the arrays; NaN before the first row. */
  #base = Number.NaN
  #room = 0
  #first = Infinity
  #last = -Infinity
  /** The row before. */
  #at = Number.NaN
  readonly #before: Float64Array

  constructor(
    shape: GridShape,
    width: number,
    aggregate: Aggregate,
    most: number,
    notes: RepairNotes,
    voice: BinsVoice,
  ) {
    this.#shape = shape
    this.#width = width
    this.#aggregate = aggregate
    this.#most = most
    this.#notes = notes
    this.#voice = voice
    this.#sums = Array.from({ length: width }, () => new Float64Array(0))
    this.#counts = Array.from({ length: width }, () => new Uint32Array(0))
    this.#before = new Float64Array(width)
  }

  add(line: number, at: EpochMs, values: Float64Array): void {
    const { stepMs, originAt, placing } = this.#shape
    const exact = (at - originAt) / stepMs
    const index = placing === 'floor' ? Math.floor(exact) : Math.round(exact)
    const sameTime = at === this.#at
    if (sameTime && this.#isRepeat(values)) {
      this.#notes.note('duplicate', 'same', () => `${this.#voice.word} ${line}`)
      return
    }
    const isNew = this.#reach(index, line, at)
    const place = index - this.#base
    const shared = !isNew && this.#isTaken(place)
    const awayMs = Math.abs(at - (originAt + index * stepMs))
    if (awayMs > 0) {
      this.moved++
      this.furthestMs = Math.max(this.furthestMs, awayMs)
    }
    if (sameTime || (shared && awayMs === 0 && this.#shape.even)) {
      this.#notes.note('duplicate', 'other', () => `${this.#voice.word} ${line}`)
    } else if (shared) this.merged++
    for (let column = 0; column < this.#width; column++)
      this.#put(column, place, values[column] ?? Number.NaN)
    this.#at = at
    this.#before.set(values)
  }

  extent(): { startAt: EpochMs; length: number; stepMs: number } {
    const { stepMs, originAt } = this.#shape
    return { startAt: originAt + this.#first * stepMs, length: this.#last - this.#first + 1, stepMs }
  }

  column(index: number): Float64Array {
    const [sums, counts] = [this.#sums[index], this.#counts[index]]
    const from = this.#first - this.#base
    const length = this.#last - this.#first + 1
    const values = new Float64Array(length)
    for (let bin = 0; bin < length; bin++) {
      const count = counts?.[from + bin] ?? 0
      const sum = sums?.[from + bin] ?? 0
      values[bin] = count === 0 ? Number.NaN : this.#aggregate === 'avg' && count > 1 ? sum / count : sum
    }
    return values
  }

  #isRepeat(values: Float64Array): boolean {
    for (let column = 0; column < this.#width; column++) {
      if (!Object.is(values[column], this.#before[column])) return false
    }
    return true
  }

  #isTaken(place: number): boolean {
    return this.#counts.some(counts => (counts[place] ?? 0) > 0)
  }

  #put(column: number, place: number, value: number): void {
    if (Number.isNaN(value)) return
    const [sums, counts] = [this.#sums[column], this.#counts[column]]
    if (sums === undefined || counts === undefined) return
    const count = counts[place] ?? 0
    const known = sums[place] ?? 0
    sums[place] = count === 0 ? value : this.#aggregate === 'max' ? Math.max(known, value) : known + value
    counts[place] = count + 1
  }

  /** Makes room for it; true where no row was as early or as late yet. */
  #reach(index: number, line: number, at: EpochMs): boolean {
    if (index >= this.#first && index <= this.#last) return false
    const first = Math.min(this.#first, index)
    const last = Math.max(this.#last, index)
    if (last - first + 1 > this.#most) throw this.#voice.tooMany(line, at)
    if (Number.isNaN(this.#base) || index < this.#base || index >= this.#base + this.#room)
      this.#grow(first, last)
    this.#first = first
    this.#last = last
    return true
  }

  /** Room to spare on the side it grew to. */
  #grow(first: number, last: number): void {
    const length = last - first + 1
    const room = Math.min(Math.max(1024, length * 2), this.#most * 2)
    const base = first < this.#first && this.#first !== Infinity ? last - room + 1 : first
    const shift = Number.isNaN(this.#base) ? 0 : this.#base - base
    for (let column = 0; column < this.#width; column++) {
      this.#sums[column] = moved(new Float64Array(room), this.#sums[column], shift)
      this.#counts[column] = moved(new Uint32Array(room), this.#counts[column], shift)
    }
    this.#base = base
    this.#room = room
  }
}

/** Copies old places to where they are now; those that fall off an end were never used. */
function moved<T extends Float64Array | Uint32Array>(into: T, from: T | undefined, shift: number): T {
  if (from === undefined) return into
  const start = Math.max(0, -shift)
  const end = Math.min(from.length, into.length - shift)
  if (end > start) into.set(from.subarray(start, end), start + shift)
  return into
}
