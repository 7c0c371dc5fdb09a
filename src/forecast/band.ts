/**
 * How far above a forecast demand may be, at a quantile: from how far it was above or below forecasts lately. Demand is made of many
 * small decisions and its errors grow about with its square root, so an error of a quiet night says something of a busy noon; what
 * is little beside the mean demand counts as a tenth of it. The ranks are those of the errors in that measure.
 *
 * Example: at night 100 was forecast and 120 came: 20 / sqrt(100) = 2. Was that the 95th of a hundred errors, then at noon, with 2,500
 * forecast, demand stays at 95 % below 2,500 + 2 * sqrt(2,500) = 2,600.
 */
import type { Past } from './past.ts'
import { Residuals } from './residuals.ts'

/** The last week's, but no more than two days of bins of a minute, and enough to know a rare one. */
const MOST_KEPT = 2_880
const LEAST_KEPT = 300
const LEAST_SHARE = 0.1

export class Band {
  readonly #residuals: Residuals
  readonly #dayBins: number
  #mean = 0
  #bins = 0

  constructor(past: Past) {
    this.#residuals = new Residuals(Math.min(MOST_KEPT, Math.max(LEAST_KEPT, past.weekBins)))
    this.#dayBins = past.dayBins
  }

  /** Errors it is made of. */
  get count(): number {
    return this.#residuals.count
  }

  /** @param forecast of the newest bin, made a horizon ago; NaN: there was none */
  learn(value: number, forecast: number): void {
    if (Number.isNaN(value)) return
    this.#bins = Math.min(this.#bins + 1, this.#dayBins)
    this.#mean += (value - this.#mean) / this.#bins
    const measure = this.#measure(Math.max(forecast, value * LEAST_SHARE))
    this.#residuals.add(measure > 0 ? (value - forecast) / measure : value - forecast)
  }

  /**
   * @param share 0 to 1
   * @returns what demand stays below, in that share of the time; NaN before a first error
   */
  quantile(forecast: number, share: number): number {
    return Math.max(0, forecast + this.#residuals.quantile(share) * this.#measure(forecast))
  }

  #measure(size: number): number {
    return Math.sqrt(Math.max(size, this.#mean * LEAST_SHARE, 0))
  }
}
