/**
 * Percentiles of a sliding window. While it holds at most `EXACT_SAMPLES` they are exact, from a sorted copy; beyond, they
 * are told from buckets to within 1 % of the value, at a cost that does not grow with the window.
 *
 * A percentile lies between two samples as on a ruler: of 10, 20, 30 and 40 the median is 25 and p75 is 32.5 (the way
 * spreadsheets and numpy do it).
 */
import { Buckets } from './buckets.ts'

export const EXACT_SAMPLES = 1_000

/** The sorted copy is kept a little longer than it is read, so that a window about that size does not rebuild it all the time. */
const SORTED_SAMPLES = 2 * EXACT_SAMPLES

export class Distribution {
  readonly #below = new Buckets()
  readonly #above = new Buckets()
  #zeros = 0
  /** The first `size` are the samples in order, unless it was given up. */
  readonly #sorted = new Float64Array(SORTED_SAMPLES)
  #isSorted = true

  get size(): number {
    return this.#below.total + this.#zeros + this.#above.total
  }

  clear(): void {
    this.#below.clear()
    this.#above.clear()
    this.#zeros = 0
    this.#isSorted = true
  }

  add(value: number): void {
    const size = this.size
    if (value > 0) this.#above.add(value)
    else if (value < 0) this.#below.add(-value)
    else this.#zeros += 1
    if (!this.#isSorted) return
    if (size === SORTED_SAMPLES) {
      this.#isSorted = false
      return
    }
    const place = this.#placeOf(value, size)
    if (place < size) this.#sorted.copyWithin(place + 1, place, size)
    this.#sorted[place] = value
  }

  remove(value: number): void {
    const size = this.size
    if (value > 0) this.#above.remove(value)
    else if (value < 0) this.#below.remove(-value)
    else this.#zeros -= 1
    if (!this.#isSorted) return
    const place = this.#placeOf(value, size)
    this.#sorted.copyWithin(place, place + 1, size)
  }

  /** Whether the sorted copy was given up and is needed again: then `sort` it from the samples that are there. */
  get mustSort(): boolean {
    return !this.#isSorted && this.size <= EXACT_SAMPLES
  }

  /** @param values all of them, `size` in number */
  sort(values: Float64Array): void {
    this.#sorted.set(values)
    this.#sorted.subarray(0, values.length).sort()
    this.#isSorted = true
  }

  /** @param ratio 0.95 for the 95th percentile */
  percentile(ratio: number): number {
    const size = this.size
    const place = (size - 1) * ratio
    const lower = Math.floor(place)
    const low = this.#valueAt(lower, size)
    const share = place - lower
    if (share === 0) return low
    const high = this.#valueAt(lower + 1, size)
    return low === high ? low : low * (1 - share) + high * share
  }

  #valueAt(rank: number, size: number): number {
    if (size <= EXACT_SAMPLES) return this.#sorted[rank] as number
    const below = this.#below.total
    if (rank < below) return -this.#below.at(below - 1 - rank)
    return rank < below + this.#zeros ? 0 : this.#above.at(rank - below - this.#zeros)
  }

  /** The first place whose value is not below. */
  #placeOf(value: number, size: number): number {
    const sorted = this.#sorted
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle] as number) < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
