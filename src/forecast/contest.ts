/**
 * Who forecasts best at one horizon, judged only by what came after: every forecast is kept until its moment has come and is then
 * held against what was there (rolling origin; Tashman 2000). Errors are mean absolute errors of about the last day: what is twelve
 * hours old counts half. A contestant's `errorRatio` is its error as a share of that of the better yardstick (last value, yesterday,
 * last week) over the bins that both forecast. Above 1.10 it is switched off, below 1.02 on again, so that it does not flicker.
 *
 * Example: over the last day the ridge was wrong by 8, the last value by 10, yesterday by 12: 8 / 10 = 0.80, on. On a day that
 * is like no other it is wrong by 12 and the last value by 10: 1.20, off.
 */
import type { Past } from './past.ts'

const HALF_LIFE_MINUTES = 720
/** Bins both must have been judged on, before one is compared with the other. */
const ENOUGH_BINS = 30
const OFF_ABOVE = 1.1
const ON_BELOW = 1.02
/** To be wrong by so little of the demand is no reason to be switched off, even against one that is never wrong. */
const NEGLIGIBLE_SHARE = 0.005
/** Errors below this share of the demand are as good as none: two without error are alike. */
const NO_ERROR_SHARE = 1e-6

export class Contest {
  readonly #count: number
  readonly #yardsticks: number
  readonly #kept: number
  /** Forecasts that wait for their moment: one row of all contestants for each bin of the horizon. */
  readonly #waiting: Float64Array
  readonly #horizonBins: number
  /** Error and weight of each contestant, newest heaviest. */
  readonly #error: Float64Array
  readonly #weight: Float64Array
  /** Of contestant i against yardstick j at i * yardsticks + j, where both forecast: errors of either, and how many bins. */
  readonly #own: Float64Array
  readonly #other: Float64Array
  readonly #bins: Float64Array
  readonly #off: Uint8Array
  #row = 0
  #size = 0

  /** @param contestants how many, of which the first `yardsticks` are what the others are held against; those are never off */
  constructor(past: Past, horizonBins: number, contestants: number, yardsticks: number) {
    this.#count = contestants
    this.#yardsticks = yardsticks
    this.#horizonBins = horizonBins
    this.#kept = 0.5 ** (past.stepMs / 60_000 / HALF_LIFE_MINUTES)
    this.#waiting = new Float64Array(horizonBins * contestants).fill(Number.NaN)
    this.#error = new Float64Array(contestants)
    this.#weight = new Float64Array(contestants)
    this.#own = new Float64Array(contestants * yardsticks)
    this.#other = new Float64Array(contestants * yardsticks)
    this.#bins = new Float64Array(contestants * yardsticks)
    this.#off = new Uint8Array(contestants)
  }

  /** What the contestant said, a horizon ago, of the bin that is to be settled next. */
  due(contestant: number): number {
    return this.#waiting[this.#row * this.#count + contestant] ?? Number.NaN
  }

  /** What came in the newest bin. A gap judges nobody. */
  settle(value: number): void {
    if (Number.isNaN(value)) return
    this.#size =
      this.#size === 0 ? Math.abs(value) : this.#size + (1 - this.#kept) * (Math.abs(value) - this.#size)
    for (let contestant = 0; contestant < this.#count; contestant += 1) {
      const error = Math.abs(value - this.due(contestant))
      if (Number.isNaN(error)) continue
      this.#error[contestant] = (this.#error[contestant] ?? 0) * this.#kept + error
      this.#weight[contestant] = (this.#weight[contestant] ?? 0) * this.#kept + 1
      this.#compare(contestant, error, value)
      this.#judge(contestant)
    }
  }

  /** Enters forecasts made now, in the place of those that were due. After `settle`. */
  enter(forecasts: Float64Array): void {
    this.#waiting.set(forecasts, this.#row * this.#count)
    this.#row = this.#row + 1 === this.#horizonBins ? 0 : this.#row + 1
  }

  /** Mean absolute error lately; NaN before there is enough. */
  error(contestant: number): number {
    const weight = this.#weight[contestant] ?? 0
    return weight < ENOUGH_BINS * 0.5 ? Number.NaN : (this.#error[contestant] ?? 0) / weight + this.#noError
  }

  /** Against the better yardstick; `null` before there is enough. */
  errorRatio(contestant: number): number | null {
    let worst: number | null = null
    for (let yardstick = 0; yardstick < this.#yardsticks; yardstick += 1) {
      const pair = contestant * this.#yardsticks + yardstick
      if ((this.#bins[pair] ?? 0) < ENOUGH_BINS) continue
      const weight = this.#weight[contestant] ?? 1
      const ratio =
        ((this.#own[pair] ?? 0) / weight + this.#noError) /
        ((this.#other[pair] ?? 0) / weight + this.#noError)
      if (worst === null || ratio > worst) worst = ratio
    }
    return worst
  }

  isOff(contestant: number): boolean {
    return this.#off[contestant] === 1
  }

  get #noError(): number {
    return NO_ERROR_SHARE * this.#size
  }

  #compare(contestant: number, error: number, value: number): void {
    for (let yardstick = 0; yardstick < this.#yardsticks; yardstick += 1) {
      const other = Math.abs(value - this.due(yardstick))
      if (Number.isNaN(other)) continue
      const pair = contestant * this.#yardsticks + yardstick
      this.#own[pair] = (this.#own[pair] ?? 0) * this.#kept + error
      this.#other[pair] = (this.#other[pair] ?? 0) * this.#kept + other
      this.#bins[pair] = (this.#bins[pair] ?? 0) + 1
    }
  }

  #judge(contestant: number): void {
    if (contestant < this.#yardsticks) return
    const isOff = this.#off[contestant] === 1
    this.#off[contestant] = this.#loses(contestant, isOff ? ON_BELOW : OFF_ABOVE) ? 1 : 0
  }

  /** Against any yardstick, by more than `ratio` and by more than matters. */
  #loses(contestant: number, ratio: number): boolean {
    const weight = this.#weight[contestant] ?? 1
    const negligible = NEGLIGIBLE_SHARE * this.#size * weight
    for (let yardstick = 0; yardstick < this.#yardsticks; yardstick += 1) {
      const pair = contestant * this.#yardsticks + yardstick
      if ((this.#bins[pair] ?? 0) < ENOUGH_BINS) continue
      if ((this.#own[pair] ?? 0) > ratio * (this.#other[pair] ?? 0) + negligible) return true
    }
    return false
  }
}
