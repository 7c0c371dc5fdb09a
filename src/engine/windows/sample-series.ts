/**
 * The samples of one metric in time order, in flat arrays: what every window of that metric reads from.
 * It exists so that ten windows over one metric keep one copy of its samples, and so that walking them is
 * a walk through adjacent memory whatever the length of the window.
 *
 * A position is a sequence number: the first sample ever is 0, and dropping old ones does not renumber the
 * rest. Only an insertion in the middle moves the later ones up by one. Example: after appends at 10 s, 20 s
 * and 40 s, `insert(2, 30_000, 7, 0)` puts a late sample at position 2 and the one of 40 s at position 3.
 *
 * Memory: 20 bytes per slot; at most half of the slots are empty once it has grown, so 40 bytes per sample.
 */
import type { EpochMs } from '../../model/time.ts'

const SMALLEST_CAPACITY = 256

export class SampleSeries {
  /** Slot `position - base` of each array belongs to `position`. */
  times = new Float64Array(SMALLEST_CAPACITY)
  values = new Float64Array(SMALLEST_CAPACITY)
  instances = new Int32Array(SMALLEST_CAPACITY)
  base = 0
  /** Position of the oldest sample kept. */
  first = 0
  /** One past the newest. */
  next = 0

  get length(): number {
    return this.next - this.first
  }

  timeAt(position: number): EpochMs {
    return this.times[position - this.base] as number
  }

  valueAt(position: number): number {
    return this.values[position - this.base] as number
  }

  instanceAt(position: number): number {
    return this.instances[position - this.base] as number
  }

  /** Those at positions [`from`, `to`). */
  valuesOf(from: number, to: number): Float64Array {
    return this.values.subarray(from - this.base, to - this.base)
  }

  /** The position behind the last sample with a time <= `at`. O(log lateness): it looks from the new end. */
  positionAfter(at: EpochMs): number {
    if (this.next === this.first || this.timeAt(this.next - 1) <= at) return this.next
    let newer = this.next - 1
    let step = 1
    while (newer - step >= this.first && this.timeAt(newer - step) > at) {
      newer -= step
      step *= 2
    }
    let notNewer = Math.max(newer - step, this.first - 1)
    while (newer - notNewer > 1) {
      const middle = Math.floor((newer + notNewer) / 2)
      if (this.timeAt(middle) > at) newer = middle
      else notNewer = middle
    }
    return newer
  }

  /** Puts a sample at `position`; those from there on move up by one. O(samples behind it). */
  insert(position: number, at: EpochMs, value: number, instance: number): void {
    if (this.next - this.base === this.times.length) this.#makeRoom()
    const slot = position - this.base
    const end = this.next - this.base
    if (slot < end) {
      this.times.copyWithin(slot + 1, slot, end)
      this.values.copyWithin(slot + 1, slot, end)
      this.instances.copyWithin(slot + 1, slot, end)
    }
    this.times[slot] = at
    this.values[slot] = value
    this.instances[slot] = instance
    this.next += 1
  }

  dropFirst(): void {
    this.first += 1
  }

  /**
   * Slides the samples to the front when at least half of the slots are spent, else doubles the arrays (and
   * halves them when a flood has passed). Either way it moves at most one sample per sample added since.
   */
  #makeRoom(): void {
    const from = this.first - this.base
    const end = this.next - this.base
    const capacity = this.times.length
    const live = this.length
    if (live * 2 > capacity) this.#resize(capacity * 2, from, end)
    else if (live * 8 <= capacity && capacity > SMALLEST_CAPACITY) this.#resize(capacity / 2, from, end)
    else {
      this.times.copyWithin(0, from, end)
      this.values.copyWithin(0, from, end)
      this.instances.copyWithin(0, from, end)
    }
    this.base = this.first
  }

  #resize(capacity: number, from: number, end: number): void {
    const times = new Float64Array(capacity)
    const values = new Float64Array(capacity)
    const instances = new Int32Array(capacity)
    times.set(this.times.subarray(from, end))
    values.set(this.values.subarray(from, end))
    instances.set(this.instances.subarray(from, end))
    this.times = times
    this.values = values
    this.instances = instances
  }
}
