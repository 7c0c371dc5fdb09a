/**
 * How much the counters of a metric grew: what `increase` and `rate` read. Each series (instance) is a counter of its own;
 * a value below the one before is a restart from zero, and the first sample of a series says nothing yet.
 *
 * Example: 100, 130, 20, 50 grew by 30 + 20 + 30 = 80: at the third sample the counter had begun anew.
 *
 * Each series keeps what it has grown since its oldest sample, beside every sample; a window's growth is the difference of
 * two of these numbers. They are kept in two parts, so that a huge counter leaves nothing behind in a small one.
 */
import type { EpochMs } from '../../model/time.ts'

export class Counters {
  readonly #windows: readonly number[]
  /** By the number of the series. */
  readonly #counters: (Counter | undefined)[] = []

  /** @param windows lengths in ms */
  constructor(windows: readonly number[]) {
    this.#windows = windows
  }

  keep(series: number, at: EpochMs, value: number): void {
    const counter = this.#counters[series] ?? new Counter(this.#windows.length)
    this.#counters[series] = counter
    counter.insert(at, value)
  }

  /** The oldest sample of the series is gone. */
  drop(series: number): void {
    const counter = this.#counters[series]
    counter?.dropFirst()
    if (counter?.isEmpty === true) this.#counters[series] = undefined
  }

  /** Over all series; NaN when none has two samples with `readAt - windowMs` < time <= `readAt`. O(series). */
  increase(windowMs: number, readAt: EpochMs): number {
    const window = this.#windows.indexOf(windowMs)
    let total = 0
    let grew = false
    for (const counter of this.#counters) {
      const growth = counter?.growth(window, readAt - windowMs, readAt) ?? Number.NaN
      if (Number.isNaN(growth)) continue
      total += growth
      grew = true
    }
    return grew ? total : Number.NaN
  }
}

/** Spent entries before the arrays are cut back, at least half of them. */
const MOST_SPENT = 64

class Counter {
  #times: number[] = []
  #values: number[] = []
  /** What it has grown up to each sample: the number, and what rounding cut off. */
  #grown: number[] = []
  #carried: number[] = []
  #head = 0
  /** One past the newest sample that a read has reached. */
  #reached = 0
  /** By window: the oldest sample inside. */
  readonly #firsts: number[]

  constructor(windows: number) {
    this.#firsts = new Array<number>(windows).fill(0)
  }

  get isEmpty(): boolean {
    return this.#head === this.#times.length
  }

  insert(at: EpochMs, value: number): void {
    let place = this.#times.length
    while (place > this.#head && (this.#times[place - 1] as number) > at) place -= 1
    if (place === this.#times.length) {
      this.#times.push(at)
      this.#values.push(value)
    } else {
      this.#times.splice(place, 0, at)
      this.#values.splice(place, 0, value)
      if (place < this.#reached) this.#reached += 1
      for (let window = 0; window < this.#firsts.length; window += 1)
        if (place < (this.#firsts[window] as number))
          this.#firsts[window] = (this.#firsts[window] as number) + 1
    }
    for (let from = place; from < this.#times.length; from += 1) this.#count(from)
  }

  dropFirst(): void {
    this.#head += 1
    if (this.#head < MOST_SPENT || this.#head * 2 < this.#times.length) return
    const spent = this.#head
    for (const list of [this.#times, this.#values, this.#grown, this.#carried]) list.splice(0, spent)
    this.#head = 0
    this.#reached = Math.max(0, this.#reached - spent)
    for (let window = 0; window < this.#firsts.length; window += 1)
      this.#firsts[window] = Math.max(0, (this.#firsts[window] as number) - spent)
  }

  /** From after `from` up to `to`; NaN for fewer than two samples. Neither ever goes back. */
  growth(window: number, from: EpochMs, to: EpochMs): number {
    const times = this.#times
    while (this.#reached < times.length && (times[this.#reached] as number) <= to) this.#reached += 1
    let first = Math.max(this.#head, this.#firsts[window] as number)
    while (first < this.#reached && (times[first] as number) <= from) first += 1
    this.#firsts[window] = first
    const last = this.#reached - 1
    if (last <= first) return Number.NaN
    const grown = (this.#grown[last] as number) - (this.#grown[first] as number)
    if (grown < 0) return Number.POSITIVE_INFINITY
    return grown + ((this.#carried[last] as number) - (this.#carried[first] as number))
  }

  #count(place: number): void {
    if (place === this.#head) {
      this.#grown[place] = 0
      this.#carried[place] = 0
      return
    }
    const value = this.#values[place] as number
    const before = this.#values[place - 1] as number
    const growth = value >= before ? value - before : Math.max(0, value)
    const sum = this.#grown[place - 1] as number
    const after = sum + growth
    if (!Number.isFinite(after)) {
      // More than a number can hold: counted anew from here, and a window across it reads as infinite.
      this.#grown[place] = 0
      this.#carried[place] = 0
      return
    }
    const taken = after - sum
    this.#grown[place] = after
    this.#carried[place] = (this.#carried[place - 1] as number) + (sum - (after - taken) + (growth - taken))
  }
}
