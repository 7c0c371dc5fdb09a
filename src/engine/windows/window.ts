/**
 * One window length over a metric: which of its samples are inside, and the aggregates asked for over them.
 * Samples enter at the new end and leave at the old one, each once, so the cost per sample does not depend
 * on the length. Several operands over the same length share one window.
 *
 * Example: a window of 60 s read at 100 s holds samples with 40 s < time <= 100 s.
 */
import type { Aggregate } from '../../model/expression.ts'
import type { EpochMs } from '../../model/time.ts'
import { Extremes } from './extremes.ts'
import { RunningSum } from './running-sum.ts'
import type { SampleSeries } from './sample-series.ts'

export class Window {
  readonly windowMs: number
  /** Position of the oldest sample inside. */
  first = 0
  readonly #sum: RunningSum | null
  readonly #largest: Extremes | null
  readonly #smallest: Extremes | null

  constructor(windowMs: number, aggregates: ReadonlySet<Aggregate>) {
    this.windowMs = windowMs
    this.#sum = aggregates.has('avg') || aggregates.has('sum') ? new RunningSum() : null
    this.#largest = aggregates.has('max') ? new Extremes('largest') : null
    this.#smallest = aggregates.has('min') ? new Extremes('smallest') : null
  }

  get sum(): number {
    return this.#sum?.total ?? Number.NaN
  }

  get largest(): number {
    return this.#largest?.value ?? Number.NaN
  }

  get smallest(): number {
    return this.#smallest?.value ?? Number.NaN
  }

  /** Takes in the samples at positions [`from`, `to`), newer than all inside. */
  enter(series: SampleSeries, from: number, to: number): void {
    const { times, values, base } = series
    const sum = this.#sum
    const largest = this.#largest
    const smallest = this.#smallest
    for (let slot = from - base; slot < to - base; slot += 1) {
      const at = times[slot] as number
      const value = values[slot] as number
      if (sum !== null) sum.add(at, value)
      if (largest !== null) largest.push(at, value)
      if (smallest !== null) smallest.push(at, value)
    }
  }

  /** Lets go of the samples with a time <= `until`; `end` is one past the newest inside. */
  leave(series: SampleSeries, until: EpochMs, end: number): void {
    const { times, values, base } = series
    const sum = this.#sum
    const stop = end - base
    let slot = this.first - base
    while (slot < stop && (times[slot] as number) <= until) {
      if (sum !== null) sum.remove(values[slot] as number)
      slot += 1
    }
    this.first = slot + base
    if (this.first === end) this.#clear()
    else {
      this.#largest?.dropUntil(until)
      this.#smallest?.dropUntil(until)
      if (sum?.mustRebuild(until) === true) this.#rebuild(sum, series, end)
    }
  }

  /**
   * A late sample was put at `position`, before the newest inside. `until` is the window's open old end: at
   * or before it the sample has come too late for this window, and only its positions move.
   */
  insert(at: EpochMs, value: number, until: EpochMs): void {
    if (at <= until) {
      this.first += 1
      return
    }
    this.#sum?.add(at, value)
    this.#largest?.insert(at, value)
    this.#smallest?.insert(at, value)
  }

  #clear(): void {
    this.#sum?.clear()
    this.#largest?.clear()
    this.#smallest?.clear()
  }

  #rebuild(sum: RunningSum, series: SampleSeries, end: number): void {
    sum.clear()
    for (let position = this.first; position < end; position += 1)
      sum.add(series.timeAt(position), series.valueAt(position))
  }
}
