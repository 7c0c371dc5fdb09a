/**
 * The largest (or smallest) value of a sliding window in O(1) amortised: a queue that keeps only samples no
 * newer one outdoes. It holds times and values of its own, so an insertion elsewhere renumbers nothing here.
 *
 * Example (largest): values 5, 9, 3, 4 leave 9, 4 in the queue: 5 fell to 9, and 3 to 4. When the 9 has left
 * the window the largest is 4. A late 7 between the 9 and the 3 makes it 9, 7, 4.
 */
import type { EpochMs } from '../../model/time.ts'

const SMALLEST_CAPACITY = 16

export class Extremes {
  /** 1 for the largest, -1 for the smallest: values are kept times this, so that larger always wins. */
  readonly #sign: 1 | -1
  #times = new Float64Array(SMALLEST_CAPACITY)
  #ranks = new Float64Array(SMALLEST_CAPACITY)
  /** Slots wrap around: entry `n` is in slot `n & #mask`. */
  #mask = SMALLEST_CAPACITY - 1
  #head = 0
  #length = 0

  constructor(which: 'largest' | 'smallest') {
    this.#sign = which === 'largest' ? 1 : -1
  }

  /** Undefined meaning when empty: ask only while the window holds a sample. */
  get value(): number {
    return this.#sign * (this.#ranks[this.#head] as number)
  }

  clear(): void {
    this.#head = 0
    this.#length = 0
  }

  /** A sample at least as new as all before it. */
  push(at: EpochMs, value: number): void {
    const rank = this.#sign * value
    const mask = this.#mask
    let length = this.#length
    while (length > 0 && (this.#ranks[(this.#head + length - 1) & mask] as number) <= rank) length -= 1
    if (length > mask) this.#grow()
    this.#set(length, at, rank)
    this.#length = length + 1
  }

  /** A sample that may be older than some: O(entries newer than it). */
  insert(at: EpochMs, value: number): void {
    const rank = this.#sign * value
    let place = this.#length
    while (place > 0 && this.#time(place - 1) > at) {
      if (this.#rank(place - 1) >= rank) return
      place -= 1
    }
    let outdone = place
    while (outdone > 0 && this.#rank(outdone - 1) <= rank) outdone -= 1
    this.#replace(outdone, place, at, rank)
  }

  /** Forgets samples with a time <= `until`. */
  dropUntil(until: EpochMs): void {
    while (this.#length > 0 && (this.#times[this.#head] as number) <= until) {
      this.#head = (this.#head + 1) & this.#mask
      this.#length -= 1
    }
  }

  #time(entry: number): EpochMs {
    return this.#times[(this.#head + entry) & this.#mask] as number
  }

  #rank(entry: number): number {
    return this.#ranks[(this.#head + entry) & this.#mask] as number
  }

  #set(entry: number, at: EpochMs, rank: number): void {
    const slot = (this.#head + entry) & this.#mask
    this.#times[slot] = at
    this.#ranks[slot] = rank
  }

  /** Puts one entry in the place of those in [`from`, `to`). */
  #replace(from: number, to: number, at: EpochMs, rank: number): void {
    const before = this.#length
    const after = before - (to - from) + 1
    if (after > this.#mask + 1) this.#grow()
    if (after > before) for (let entry = before; entry > to; entry -= 1) this.#move(entry - 1, entry)
    else for (let entry = to; entry < before; entry += 1) this.#move(entry, entry - before + after)
    this.#set(from, at, rank)
    this.#length = after
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#time(from), this.#rank(from))
  }

  #grow(): void {
    const times = new Float64Array((this.#mask + 1) * 2)
    const ranks = new Float64Array(times.length)
    for (let entry = 0; entry < this.#length; entry += 1) {
      times[entry] = this.#time(entry)
      ranks[entry] = this.#rank(entry)
    }
    this.#times = times
    this.#ranks = ranks
    this.#mask = times.length - 1
    this.#head = 0
  }
}
