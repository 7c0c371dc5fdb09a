/**
 * What a `forecast` rule asks: how large will demand be when what is ordered now helps? Several forecasters are asked and their
 * answers combined by how right each was lately; the quantile comes from the combination's own recent errors. Those that lose
 * against the last value or against yesterday are switched off, and so is the whole when it loses.
 *
 * Example: `createDemandForecast({ stepMs: 15_000, horizonMs: 240_000, quantile: 0.95 })`, told of the demand at every tick. At
 * 09:00 `outlook(at)` is `{ kind: 'forecast', demand: 4100, for: 09:04, expected: 4320, atMost: 4650, by: 'ridge 61 %, typical day
 * 28 %, last value 11 %', errorRatio: 0.71, state: 'used' }`. In its first minutes it is `{ kind: 'none', waitsFor: '28 min more ...' }`.
 *
 * It is a function of what it learnt: told of the same history again, it says the same again. So there is nothing to save but the
 * history; two weeks of it are learnt in well under a second.
 */
import type { ForecastOutlook, NoOutlook } from '../model/outlook.ts'
import type { EpochMs } from '../model/time.ts'
import { Binning, binOf } from './binning.ts'
import { combine } from './combination.ts'
import { Contest } from './contest.ts'
import { createDampedSmoothing, QUICK, SLOW } from './damped-smoothing.ts'
import { type Forecaster, inWords } from './forecaster.ts'
import { createLastValue } from './last-value.ts'
import { Past } from './past.ts'
import { Residuals } from './residuals.ts'
import { createRidge } from './ridge.ts'
import { createSeasonalNaive } from './seasonal-naive.ts'
import { createSeasonalProfile } from './seasonal-profile.ts'

export interface DemandForecastOptions {
  /** How far apart ticks are. */
  readonly stepMs: number
  /** How far ahead: measured boot time + one tick. */
  readonly horizonMs: number
  /** Share of the time demand is to stay below `atMost`, e.g. 0.95. */
  readonly quantile: number
}

export interface DemandForecast {
  /** Of the whole fleet, in order of time. What is older than what came before, not finite or negative is left out. */
  learn(at: EpochMs, demand: number): void
  outlook(at: EpochMs): ForecastOutlook | NoOutlook
  /** What it could say more of with more history, in words; `null` when it lacks nothing. */
  waitsFor(): string | null
  /** How everyone stands at this horizon; the first three are the yardsticks, the last is the combination. */
  standings(): readonly Standing[]
}

export interface Standing {
  readonly name: string
  /** Newest forecast; `null`: cannot say yet. */
  readonly forecast: number | null
  /** Mean absolute error lately; `null` before there is enough. */
  readonly error: number | null
  /** `error` as a share of the better yardstick's. */
  readonly errorRatio: number | null
  readonly state: 'used' | 'off'
}

const YARDSTICKS = 3
/** Errors that a quantile is taken from. */
const MOST_RESIDUALS = 2_880
const LEAST_RESIDUALS = 30
/** Older than so many bins, the last value says nothing of now. */
const STALE_BINS = 5

export function createDemandForecast(options: DemandForecastOptions): DemandForecast {
  return new CombinedForecast(options)
}

class CombinedForecast implements DemandForecast {
  readonly #options: DemandForecastOptions
  readonly #past: Past
  readonly #horizonBins: number
  readonly #forecasters: readonly Forecaster[]
  readonly #contest: Contest
  readonly #residuals: Residuals
  readonly #enoughResiduals: number
  readonly #binning: Binning
  /** Newest forecast of each, the combination last. */
  readonly #forecasts: Float64Array
  readonly #errors: Float64Array
  #demand = Number.NaN

  constructor(options: DemandForecastOptions) {
    this.#options = options
    const binMs = binOf(options.stepMs)
    this.#past = new Past(binMs)
    this.#horizonBins = Math.max(1, Math.ceil(options.horizonMs / binMs))
    this.#forecasters = forecastersOf(this.#past, this.#horizonBins)
    const count = this.#forecasters.length
    this.#contest = new Contest(this.#past, this.#horizonBins, count + 1, YARDSTICKS)
    this.#residuals = new Residuals(MOST_RESIDUALS)
    this.#enoughResiduals = Math.max(LEAST_RESIDUALS, Math.min(300, Math.ceil(1 / (1 - options.quantile))))
    this.#forecasts = new Float64Array(count + 1).fill(Number.NaN)
    this.#errors = new Float64Array(count)
    this.#binning = new Binning(options.stepMs, binMs, value => this.#learnBin(value))
  }

  learn(at: EpochMs, demand: number): void {
    if (this.#binning.add(at, demand)) this.#demand = demand
  }

  outlook(at: EpochMs): ForecastOutlook | NoOutlook {
    const missing = this.#missing(at)
    if (missing !== null) return { kind: 'none', waitsFor: missing }
    const combination = this.#forecasters.length
    const expected = Math.max(0, this.#forecasts[combination] ?? 0)
    const residual = this.#residuals.quantile(this.#options.quantile)
    return {
      kind: 'forecast',
      demand: this.#demand,
      for: at + this.#options.horizonMs,
      expected,
      atMost: Math.max(0, expected + residual),
      by: this.#by(),
      errorRatio: this.#contest.errorRatio(combination),
      state: this.#contest.isOff(combination) ? 'off' : 'used',
    }
  }

  waitsFor(): string | null {
    for (const forecaster of this.#forecasters) {
      const lacking = forecaster.waitsFor()
      if (lacking !== null) return lacking
    }
    return null
  }

  standings(): readonly Standing[] {
    const names = [...this.#forecasters.map(({ name }) => name), 'combination']
    return names.map((name, index) => {
      return {
        name,
        forecast: numberOrNull(this.#forecasts[index] ?? Number.NaN),
        error: numberOrNull(this.#contest.error(index)),
        errorRatio: this.#contest.errorRatio(index),
        state: this.#contest.isOff(index) ? 'off' : 'used',
      }
    })
  }

  #missing(at: EpochMs): string | null {
    if (Number.isNaN(this.#demand)) return 'a first value of the demand'
    const sinceMs = at - this.#binning.lastAt
    if (sinceMs > STALE_BINS * this.#past.stepMs) {
      return `a value of the demand: the last came ${inWords(sinceMs)} ago`
    }
    const lacking = this.#enoughResiduals - this.#residuals.count
    if (lacking <= 0) return null
    const bins =
      this.#residuals.count > 0 ? lacking : lacking + Math.max(0, this.#horizonBins + 1 - this.#past.length)
    return `${inWords(bins * this.#past.stepMs)} more of history for how wrong its forecasts are`
  }

  #learnBin(value: number): void {
    const combination = this.#forecasters.length
    this.#past.push(value)
    this.#residuals.add(value - this.#contest.due(combination))
    this.#contest.settle(value)
    for (let index = 0; index < combination; index += 1) {
      const forecaster = this.#forecasters[index]
      forecaster?.learn(value)
      this.#forecasts[index] = forecaster?.forecast(this.#horizonBins) ?? Number.NaN
      this.#errors[index] = this.#contest.error(index)
    }
    this.#forecasts[combination] = combine(this.#forecasts, this.#errors, index => this.#contest.isOff(index))
    this.#contest.enter(this.#forecasts)
  }

  #by(): string {
    return 'combination'
  }
}

function forecastersOf(past: Past, horizonBins: number): readonly Forecaster[] {
  return [
    createLastValue(),
    createSeasonalNaive(past, 'day'),
    createSeasonalNaive(past, 'week'),
    createSeasonalProfile(past, 'day'),
    createSeasonalProfile(past, 'week'),
    createDampedSmoothing(past, SLOW),
    createDampedSmoothing(past, QUICK),
    createRidge(past, { name: 'slow regression', horizonBins, halfLifeDays: 7 }),
    createRidge(past, { name: 'quick regression', horizonBins, halfLifeDays: 1.5 }),
  ]
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
