/**
 * One window length over a metric: which of its samples are inside, and the aggregates asked for over them.
 * Samples enter at the new end and leave at the old one, each once, so the cost per sample does not depend
 * on the length. Several operands over the same length share one window.
 *
 * Example: a window of 60 s read at 100 s holds samples with 40 s < time <= 100 s.
 */
import { type Aggregate, percentileRatio } from '../../model/expression.ts'
import type { EpochMs } from '../../model/time.ts'
import { Distribution } from './distribution.ts'
import { Extremes } from './extremes.ts'
import { Fit } from './fit.ts'
import { RunningSum } from './running-sum.ts'
import type { SampleSeries } from './sample-series.ts'

export class Window {
  readonly windowMs: number
  /** Position of the oldest sample inside. */
  first = 0
  readonly #sum: RunningSum | null
  readonly #largest: Extremes | null
  readonly #smallest: Extremes | null
  readonly #distribution: Distribution | null
  readonly #fit: Fit | null

  constructor(windowMs: number, aggregates: ReadonlySet<Aggregate>) {
    this.windowMs = windowMs
    this.#sum = aggregates.has('avg') || aggregates.has('sum') ? new RunningSum() : null
    this.#largest = aggregates.has('max') ? new Extremes('largest') : null
    this.#smallest = aggregates.has('min') ? new Extremes('smallest') : null
    const asksShares = [...aggregates].some(aggregate => percentileRatio(aggregate) !== null)
    this.#distribution = asksShares ? new Distribution() : null
    const asksLine = aggregates.has('slope') || aggregates.has('trend') || aggregates.has('stddev')
    this.#fit = asksLine ? new Fit() : null
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

  get slope(): number {
    return this.#fit?.slope ?? Number.NaN
  }

  get stddev(): number {
    return this.#fit?.stddev ?? Number.NaN
  }

  trend(from: EpochMs, to: EpochMs): number {
    return this.#fit?.trend(from, to) ?? Number.NaN
  }

  percentile(ratio: number): number {
    return this.#distribution?.percentile(ratio) ?? Number.NaN
  }

  /** Takes in the samples at positions [`from`, `to`), newer than all inside. */
  enter(series: SampleSeries, from: number, to: number): void {
    const { times, values, base } = series
    const sum = this.#sum
    const largest = this.#largest
    const smallest = this.#smallest
    const distribution = this.#distribution
    const fit = this.#fit
    for (let slot = from - base; slot < to - base; slot += 1) {
      const at = times[slot] as number
      const value = values[slot] as number
      if (sum !== null) sum.add(at, value)
      if (largest !== null) largest.push(at, value)
      if (smallest !== null) smallest.push(at, value)
      if (distribution !== null) distribution.add(value)
      if (fit !== null) fit.add(at, value)
    }
  }

  /** Lets go of the samples with a time <= `until`; `end` is one past the newest inside. */
  leave(series: SampleSeries, until: EpochMs, end: number): void {
    const { times, values, base } = series
    const sum = this.#sum
    const distribution = this.#distribution
    const fit = this.#fit
    const stop = end - base
    let slot = this.first - base
    while (slot < stop && (times[slot] as number) <= until) {
      const value = values[slot] as number
      if (sum !== null) sum.remove(value)
      if (distribution !== null) distribution.remove(value)
      if (fit !== null) fit.remove(times[slot] as number, value)
      slot += 1
    }
    this.first = slot + base
    if (this.first === end) this.#clear()
    else {
      this.#largest?.dropUntil(until)
      this.#smallest?.dropUntil(until)
      if (sum?.mustRebuild(until) === true) this.#rebuildSum(sum, series, end)
      if (fit?.mustRebuild(until) === true) this.#rebuildFit(fit, series, end)
      if (distribution?.mustSort === true) distribution.sort(series.valuesOf(this.first, end))
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
    this.#distribution?.add(value)
    this.#fit?.add(at, value)
  }

  #clear(): void {
    this.#sum?.clear()
    this.#largest?.clear()
    this.#smallest?.clear()
    this.#distribution?.clear()
    this.#fit?.clear()
  }

  #rebuildSum(sum: RunningSum, series: SampleSeries, end: number): void {
    sum.clear()
    for (let position = this.first; position < end; position += 1)
      sum.add(series.timeAt(position), series.valueAt(position))
  }

  /** Around the mean of what is there, which is summed first: the present centre may be too far to tell it. */
  #rebuildFit(fit: Fit, series: SampleSeries, end: number): void {
    let mean = 0
    const size = end - this.first
    for (let position = this.first; position < end; position += 1) mean += series.valueAt(position) / size
    const middle = this.first + Math.floor(size / 2)
    fit.centre(series.timeAt(middle), Number.isFinite(mean) ? mean : series.valueAt(middle))
    for (let position = this.first; position < end; position += 1)
      fit.add(series.timeAt(position), series.valueAt(position))
    fit.settle()
  }
}
