/**
 * Turns the samples of one metric into what its operands read, at O(1) amortised cost per sample whatever the
 * length of the windows. It exists because `avg(cpu, 24h)` at one sample per second and instance must not cost
 * more per tick than `avg(cpu, 1h)`.
 *
 * Example: with `avg(cpu, 1m)` and samples 80 at 10 s, 90 at 40 s and 100 at 70 s, `read(70_000)` answers
 * `{ 'avg(cpu, 1m)': { value: 95, samples: 2, firstAt: 40000, lastAt: 70000, reporting: null } }`: the window is
 * open at its old end, so the sample of 10 s has just left.
 *
 * How it works: all samples lie in one series in time order; each window length remembers where it begins, keeps
 * what its aggregates need (a compensated sum, queues of its extremes, a sorted copy or buckets for percentiles, the
 * sums of a fitted line), and shares its end with the others. Counters are kept per instance. `add` only files the
 * sample; `read` moves the ends to its time. A sample that comes late is put where it belongs, and the windows
 * that hold that time take it in as if it had come in order.
 */
import { type Aggregate, type AggregateOperand, percentileRatio } from '../model/expression.ts'
import type { Gap, OperandReading } from '../model/observation.ts'
import type { Sample } from '../model/sample.ts'
import type { MetricKind } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { Counters } from './windows/counters.ts'
import { Reporters } from './windows/reporters.ts'
import { SampleSeries } from './windows/sample-series.ts'
import { Window } from './windows/window.ts'

/**
 * Samples kept per metric and fleet: 23 days at one per second, 80 MB at the very most. Past it those of the
 * oldest time are dropped, and a reading shows it by its `firstAt`.
 */
export const MOST_SAMPLES = 2_000_000

interface WindowedOperand {
  readonly operand: AggregateOperand
  readonly window: Window
  readonly empty: Gap
  readonly undefinedHere: Gap
  readonly beyond: Gap
}

/** The windows of one metric of one fleet: samples in, readings out. */
export interface Windows {
  add(sample: Sample): boolean
  /** @param readings what others read, to which its own are added */
  read(at: EpochMs, readings?: Record<string, OperandReading>): Record<string, OperandReading>
}

/** Whose samples an operand's gap speaks of, e.g. `last 45m`. */
export type Span = (operand: AggregateOperand) => string

export function lastOf({ windowMs }: AggregateOperand): string {
  return `last ${durationText(windowMs)}`
}

/** All windows of one metric of one fleet. Not for samples of several metrics. */
export class MetricWindows implements Windows {
  readonly #kind: MetricKind
  readonly #staleAfterMs: number
  readonly #mostSamples: number
  /** How far back a sample still matters to anything here. */
  readonly #horizonMs: number
  readonly #operands: readonly WindowedOperand[]
  readonly #windows: readonly Window[]
  readonly #series = new SampleSeries()
  readonly #reporters = new Reporters()
  /** Only where an aggregate asks how much something grew. */
  readonly #counters: Counters | null
  /** One past the newest sample whose time has come, i.e. is not after the last read. */
  #reached = 0
  #readAt: EpochMs = Number.NEGATIVE_INFINITY
  /** Newest time dropped because the series was full. */
  #droppedAt: EpochMs = Number.NEGATIVE_INFINITY

  /** `operands`: every aggregate over this metric. `mostSamples` is for tests; `span` words the gaps. */
  constructor(
    metric: { readonly kind: MetricKind; readonly staleAfterMs: number },
    operands: readonly AggregateOperand[],
    mostSamples: number = MOST_SAMPLES,
    span: Span = lastOf,
  ) {
    this.#kind = metric.kind
    this.#staleAfterMs = metric.staleAfterMs
    this.#mostSamples = mostSamples
    const lengths = [...new Set(operands.map(operand => operand.windowMs))]
    const byLength = new Map(lengths.map(length => [length, windowOf(length, operands)]))
    this.#windows = [...byLength.values()]
    this.#operands = operands.flatMap(operand => {
      const window = byLength.get(operand.windowMs)
      return window === undefined ? [] : [windowed(operand, window, span(operand))]
    })
    const grown = operands.filter(({ aggregate }) => asksGrowth(aggregate)).map(({ windowMs }) => windowMs)
    this.#counters = grown.length === 0 ? null : new Counters([...new Set(grown)])
    this.#horizonMs = Math.max(metric.staleAfterMs, ...lengths)
  }

  /**
   * Files a sample; order does not matter. False when it was dropped: not a finite number, the same time, instance
   * and labels as one already here (the first one stays, also when the values differ), or older than both the
   * longest window and `staleAfterMs` reach. A sample newer than the last read counts from when a read's
   * time reaches it. O(1), or O(samples that are newer) for a late one.
   */
  add(sample: Sample): boolean {
    const { at, value } = sample
    if (!Number.isFinite(value) || !Number.isFinite(at)) return false
    if (at <= this.#readAt - this.#horizonMs || at <= this.#droppedAt) return false
    const position = this.#series.positionAfter(at)
    if (this.#isDuplicate(sample, position)) return false
    if (this.#series.length >= this.#mostSamples && !this.#dropOldest(at)) return false
    // Dropping moved no position: they are sequence numbers.
    this.#file(position, sample, this.#reporters.number(sample))
    return true
  }

  /**
   * What each operand reads at `at`, by operand key; a gap where its window holds no sample. Time only moves
   * forward: an `at` before an earlier read's is answered as of that earlier one, since samples that have
   * left are gone. O(1) amortised per sample, O(instances) per window for `last` of a per-instance metric.
   */
  read(at: EpochMs, readings: Record<string, OperandReading> = {}): Record<string, OperandReading> {
    this.#readAt = Math.max(at, this.#readAt)
    this.#move()
    const namedAt = this.#reporters.newestNamedAt()
    const reporting = this.#reporters.reportingSince(this.#readAt - this.#staleAfterMs)
    for (const each of this.#operands) readings[each.operand.key] = this.#readingOf(each, namedAt, reporting)
    return readings
  }

  #isDuplicate(sample: Sample, position: number): boolean {
    const { at } = sample
    const number = this.#reporters.known(sample)
    if (number === undefined || at > this.#reporters.newestAt(number)) return false
    const series = this.#series
    for (let same = position - 1; same >= series.first && series.timeAt(same) === at; same -= 1)
      if (series.instanceAt(same) === number) return true
    return false
  }

  /** Makes room for a sample of `at` by dropping those of the oldest time; false when it is itself no newer. */
  #dropOldest(at: EpochMs): boolean {
    const oldestAt = this.#series.timeAt(this.#series.first)
    if (at <= oldestAt) return false
    this.#droppedAt = oldestAt
    for (const window of this.#windows) window.leave(this.#series, oldestAt, this.#reached)
    this.#dropUntil(oldestAt)
    return true
  }

  #file(position: number, { at, value }: Sample, number: number): void {
    this.#series.insert(position, at, value, number)
    this.#reporters.keep(number, at)
    this.#counters?.keep(number, at, value)
    if (position >= this.#reached) return
    this.#reached += 1
    this.#reporters.reach(number, at, value)
    for (const window of this.#windows) window.insert(at, value, this.#readAt - window.windowMs)
  }

  #move(): void {
    const series = this.#series
    const at = this.#readAt
    const reached = series.positionAfter(at)
    for (let position = this.#reached; position < reached; position += 1)
      this.#reporters.reach(series.instanceAt(position), series.timeAt(position), series.valueAt(position))
    for (const window of this.#windows) {
      window.enter(series, this.#reached, reached)
      window.leave(series, at - window.windowMs, reached)
    }
    this.#reached = reached
    this.#dropUntil(at - this.#horizonMs)
  }

  #dropUntil(until: EpochMs): void {
    const series = this.#series
    while (series.length > 0 && series.timeAt(series.first) <= until) {
      const number = series.instanceAt(series.first)
      this.#reporters.drop(number, series.timeAt(series.first))
      this.#counters?.drop(number)
      series.dropFirst()
    }
    this.#reached = Math.max(this.#reached, series.first)
    for (const window of this.#windows) window.first = Math.max(window.first, series.first)
  }

  /**
   * @param namedAt time of the newest sample that names an instance; minus infinity when none does
   * @param reporting instances with a sample within `staleAfterMs`
   */
  #readingOf(
    { operand, window, empty, undefinedHere, beyond }: WindowedOperand,
    namedAt: EpochMs,
    reporting: number,
  ): OperandReading {
    const samples = this.#reached - window.first
    if (samples === 0) return empty
    const named = namedAt > this.#readAt - window.windowMs
    const value = this.#valueOf(operand, window, samples, named)
    if (Number.isNaN(value)) return undefinedHere
    if (!Number.isFinite(value)) return beyond
    return {
      value,
      samples,
      firstAt: this.#series.timeAt(window.first),
      lastAt: this.#series.timeAt(this.#reached - 1),
      reporting: named ? reporting : null,
    }
  }

  #valueOf(operand: AggregateOperand, window: Window, samples: number, named: boolean): number {
    switch (operand.aggregate) {
      case 'avg':
        return window.sum / samples
      case 'sum':
        return window.sum
      case 'min':
        return window.smallest
      case 'max':
        return window.largest
      case 'count':
        return samples
      case 'last':
        return named && this.#kind === 'perInstance'
          ? this.#reporters.meanSince(this.#readAt - window.windowMs)
          : this.#newestValue()
      case 'slope':
        return window.slope
      case 'stddev':
        return window.stddev
      case 'trend':
        return window.trend(this.#series.timeAt(window.first), this.#series.timeAt(this.#reached - 1))
      case 'increase':
        return this.#increase(window)
      case 'rate':
        return this.#increase(window) / this.#coveredSeconds(window)
      default:
        return window.percentile(percentileRatio(operand.aggregate) ?? Number.NaN)
    }
  }

  #increase({ windowMs }: Window): number {
    return this.#counters?.increase(windowMs, this.#readAt) ?? Number.NaN
  }

  /** From the oldest sample inside to the newest: what the growth took. */
  #coveredSeconds({ first }: Window): number {
    return (this.#series.timeAt(this.#reached - 1) - this.#series.timeAt(first)) / 1_000
  }

  /** Of several samples of the newest time the one whose instance sorts last, so that arrival does not matter. */
  #newestValue(): number {
    const series = this.#series
    let newest = this.#reached - 1
    const at = series.timeAt(newest)
    for (let same = newest - 1; same >= series.first && series.timeAt(same) === at; same -= 1)
      if (this.#nameAt(same) > this.#nameAt(newest)) newest = same
    return series.valueAt(newest)
  }

  #nameAt(position: number): string {
    return this.#reporters.name(this.#series.instanceAt(position))
  }
}

function windowOf(windowMs: number, operands: readonly AggregateOperand[]): Window {
  const sharing = operands.filter(operand => operand.windowMs === windowMs)
  return new Window(windowMs, new Set(sharing.map(operand => operand.aggregate)))
}

function windowed(operand: AggregateOperand, window: Window, span: string): WindowedOperand {
  return {
    operand,
    window,
    empty: Object.freeze({ gap: `no samples in the ${span}` }),
    undefinedHere: Object.freeze({ gap: undefinedBecause(operand.aggregate, span) }),
    beyond: Object.freeze({ gap: `the samples of the ${span} add up to more than a number can hold` }),
  }
}

function undefinedBecause(aggregate: Aggregate, span: string): string {
  switch (aggregate) {
    case 'rate':
    case 'increase':
      return `no two samples of one instance in the ${span}`
    case 'slope':
      return `all samples of the ${span} are of one time`
    case 'trend':
      return `the line through the ${span} does not begin above zero, so there is no relative change`
    default:
      return `the samples of the ${span} add up to more than a number can hold`
  }
}

function asksGrowth(aggregate: Aggregate): boolean {
  return aggregate === 'rate' || aggregate === 'increase'
}

const DURATION_UNITS: readonly (readonly [suffix: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** `2700000` is `45m`: in the largest unit that leaves no rest, hours at most. */
function durationText(ms: number): string {
  for (const [suffix, unitMs] of DURATION_UNITS)
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs}${suffix}`
  return `${ms}ms`
}
