/**
 * The demand of a fleet, minute by minute: what rules that look ahead learn from, and what is stored so that they learn the same
 * again after a restart. A minute is the mean of its ticks and ends with the last tick that is expected in it, so that nobody waits
 * for news; where that tick is late, missed or unknown, with the next one that comes. It is kept under what it is the demand of, not under the rule that asked, so that a rule may change and rules may share.
 *
 * Example, ticks every 15 s: 40, 42, 44 and 46 at 10:00:05, :20, :35 and :50 become the sample 43 at 10:00:50 of the series
 * `demand:total:last(requests)`.
 */
import type { Sample } from '../model/sample.ts'
import type { OutlookRule } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { DEMAND_SERIES, type SeriesSamples } from '../ports/state-store.ts'

const MINUTE_MS = 60_000
/** While the store refuses commits, at most this many wait for it. */
const MOST_UNSAVED = 10_000

export function demandSeriesOf({ spread, operandText }: OutlookRule): string {
  return `${DEMAND_SERIES}${spread}:${operandText}`
}

/** How far apart the values of a fleet's series are. */
export function demandStepMs(everyMs: number): number {
  return Math.max(MINUTE_MS, everyMs)
}

export class DemandSeries {
  readonly name: string
  readonly #everyMs: number
  readonly #stepMs: number
  #minute = Number.NaN
  #ended = Number.NaN
  #lastAt = Number.NaN
  #sum = 0
  #count = 0
  #fresh: Sample[] = []

  /** @param everyMs how far apart ticks are */
  constructor(name: string, everyMs: number) {
    this.name = name
    this.#everyMs = everyMs
    this.#stepMs = demandStepMs(everyMs)
  }

  /** The minute of the newest sample that is stored has ended. */
  resume(lastAt: EpochMs): void {
    this.#ended = Math.floor(lastAt / this.#stepMs)
  }

  /** @returns the samples of the minutes that ended with it: none, one, or also the one before */
  add(at: EpochMs, demand: number): readonly Sample[] {
    if (!Number.isFinite(demand)) return []
    const minute = Math.floor(at / this.#stepMs)
    if (minute === this.#ended) return []
    const before = minute === this.#minute ? [] : this.#end()
    this.#minute = minute
    this.#lastAt = at
    this.#sum += demand
    this.#count += 1
    const isLast = at + this.#everyMs >= (minute + 1) * this.#stepMs
    return isLast ? [...before, ...this.#end()] : before
  }

  /** The minute so far is the whole of it. */
  #end(): readonly Sample[] {
    if (this.#count === 0) return []
    const sample = { at: this.#lastAt, value: this.#sum / this.#count }
    this.#ended = this.#minute
    this.#sum = 0
    this.#count = 0
    this.#fresh.push(sample)
    if (this.#fresh.length > MOST_UNSAVED) this.#fresh.shift()
    return [sample]
  }

  fresh(): readonly SeriesSamples[] {
    return this.#fresh.length === 0 ? [] : [{ metric: this.name, samples: this.#fresh }]
  }

  saved(): void {
    this.#fresh = []
  }
}
