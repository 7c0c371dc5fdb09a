/**
 * Two-stage aggregation: all samples of a grain of time become one value (the average, least, most, sum or number of
 * them, whichever instance they come from), and aggregates are over the grains that lie wholly in the window. It is how
 * Azure Monitor measures, and it keeps an instance that reports often from outweighing one that does not.
 *
 * Example: grains of 1 min, `across: sum`; web-1 says 10 and web-2 says 30 in the minute of 12:00, and 20 and 40 in that of
 * 12:01. At 12:02:30 `avg(requests, 5m)` is (40 + 60) / 2 = 50: the minute of 12:02 is not complete, so it does not count yet.
 *
 * A grain begins at a multiple of its length since the epoch and does not hold its end. A sample that comes late changes
 * its grain, also one that was read before; then the second stage is computed anew, O(grains).
 */
import type { AggregateOperand } from '../../model/expression.ts'
import type { OperandReading } from '../../model/observation.ts'
import type { Sample } from '../../model/sample.ts'
import type { Across, MetricKind } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import { lastOf, MetricWindows, type Windows } from '../windows.ts'
import { Compensated } from './compensated.ts'

export interface GrainedMetric {
  readonly kind: MetricKind
  readonly staleAfterMs: number
  readonly grainMs: number
  readonly across: Across
}

const SAMPLES_OF_STAGE_ONE = 'samples'

export class GrainedWindows implements Windows {
  readonly #metric: GrainedMetric
  readonly #operands: readonly AggregateOperand[]
  readonly #fitting: readonly AggregateOperand[]
  /** Knows duplicates, what comes too late, and who reports. */
  readonly #samples: MetricWindows
  readonly #horizonMs: number
  /** By begin, in order of time. */
  #grains: Grain[] = []
  /** Over the values of the grains before `#fedUntil`. */
  #values: MetricWindows
  #fedUntil: EpochMs = Number.NEGATIVE_INFINITY
  #mustFeedAnew = false
  #readAt: EpochMs = Number.NEGATIVE_INFINITY

  constructor(metric: GrainedMetric, operands: readonly AggregateOperand[]) {
    this.#metric = metric
    this.#operands = operands
    // A window holds the grain that ends `windowMs - grainMs` ago, and begins just when the window does.
    this.#fitting = operands
      .filter(({ windowMs }) => windowMs >= metric.grainMs)
      .map(operand => ({ ...operand, windowMs: operand.windowMs - metric.grainMs + 1 }))
    const longest = Math.max(...operands.map(({ windowMs }) => windowMs))
    this.#horizonMs = Math.max(longest, metric.staleAfterMs) + metric.grainMs
    this.#samples = new MetricWindows(metric, [
      {
        node: 'aggregate',
        key: SAMPLES_OF_STAGE_ONE,
        aggregate: 'count',
        metric: '',
        windowMs: this.#horizonMs,
      },
    ])
    this.#values = this.#newValues()
  }

  add(sample: Sample): boolean {
    if (!this.#samples.add(sample)) return false
    const begin = Math.floor(sample.at / this.#metric.grainMs) * this.#metric.grainMs
    this.#grainOf(begin).add(sample.value)
    if (begin < this.#fedUntil) this.#mustFeedAnew = true
    return true
  }

  read(at: EpochMs, readings: Record<string, OperandReading> = {}): Record<string, OperandReading> {
    this.#readAt = Math.max(at, this.#readAt)
    const reporting = this.#reporting()
    this.#feed()
    const grained = this.#values.read(this.#readAt)
    for (const { key } of this.#operands) {
      const reading = grained[key] ?? { gap: 'the window is shorter than a grain' }
      readings[key] = 'value' in reading ? { ...reading, reporting } : reading
    }
    return readings
  }

  #reporting(): number | null {
    const reading = this.#samples.read(this.#readAt)[SAMPLES_OF_STAGE_ONE]
    return reading !== undefined && 'value' in reading ? reading.reporting : null
  }

  /** Hands the complete grains on, and forgets those no window reaches. */
  #feed(): void {
    const { grainMs, across } = this.#metric
    const complete = Math.floor(this.#readAt / grainMs) * grainMs
    if (this.#mustFeedAnew) {
      this.#values = this.#newValues()
      this.#fedUntil = Number.NEGATIVE_INFINITY
      this.#mustFeedAnew = false
    }
    const from = this.#placeOf(this.#fedUntil)
    const to = this.#placeOf(complete)
    for (const grain of this.#grains.slice(from, to))
      this.#values.add({ at: grain.begin + grainMs, value: grain.value(across) })
    this.#fedUntil = Math.max(this.#fedUntil, complete)
    const spent = this.#placeOf(this.#readAt - this.#horizonMs - grainMs)
    if (spent > 0) this.#grains.splice(0, spent)
  }

  #newValues(): MetricWindows {
    const spans = new Map(
      this.#operands.map(operand => [operand.key, `complete grains of the ${lastOf(operand)}`]),
    )
    const { staleAfterMs } = this.#metric
    const metric = { kind: 'independent', staleAfterMs } as const
    return new MetricWindows(metric, this.#fitting, undefined, ({ key }) => spans.get(key) ?? 'window')
  }

  #grainOf(begin: EpochMs): Grain {
    const place = this.#placeOf(begin)
    const known = this.#grains[place]
    if (known?.begin === begin) return known
    const fresh = new Grain(begin)
    this.#grains.splice(place, 0, fresh)
    return fresh
  }

  /** The first place whose grain does not begin before `at`. */
  #placeOf(at: EpochMs): number {
    let low = 0
    let high = this.#grains.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#grains[middle]?.begin ?? at) < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

class Grain {
  readonly begin: EpochMs
  readonly #sum = new Compensated()
  #count = 0
  #least = Number.POSITIVE_INFINITY
  #most = Number.NEGATIVE_INFINITY

  constructor(begin: EpochMs) {
    this.begin = begin
  }

  add(value: number): void {
    this.#sum.add(value)
    this.#count += 1
    this.#least = Math.min(this.#least, value)
    this.#most = Math.max(this.#most, value)
  }

  value(across: Across): number {
    switch (across) {
      case 'avg':
        return this.#sum.total / this.#count
      case 'sum':
        return this.#sum.total
      case 'min':
        return this.#least
      case 'max':
        return this.#most
      case 'count':
        return this.#count
    }
  }
}
