/**
 * What a `forecast` rule asks: how large will demand be when what is ordered now helps? Several forecasters are asked and their
 * answers combined by how right each was lately; the quantile comes from the combination's own recent errors. Those that lose
 * against the last value or against yesterday are switched off, and so is the whole when it loses.
 *
 * Example: `createDemandForecast({ stepMs: 15_000, horizonMs: 240_000, quantile: 0.95 })`, told of the demand at every tick. At 09:00
 * `outlook(at)` is `{ kind: 'forecast', demand: 4100, for: 09:04, expected: 4320, atMost: 4650, by: 'slow regression 61 %, typical
 * day 28 %', errorRatio: 0.71, state: 'used' }`. In its first minutes it is `{ kind: 'none', waitsFor: '28 min more of history for ...' }`.
 *
 * It is a function of what it learnt: told of the same history again, it says the same again. So there is nothing to save but the
 * history; two weeks of minutes are learnt in well under a second. It takes about 0.5 MB with bins of a minute.
 */
import type { ForecastOutlook, NoOutlook } from '../model/outlook.ts'
import type { ClockOffset, EpochMs } from '../model/time.ts'
import { Band } from './band.ts'
import { Binning, binOf } from './binning.ts'
import { type Candidates, combine } from './combination.ts'
import { Contest } from './contest.ts'
import { createDampedSmoothing, QUICK, SLOW } from './damped-smoothing.ts'
import { type Forecaster, inWords } from './forecaster.ts'
import { createLastValue } from './last-value.ts'
import { Past } from './past.ts'
import { createRidge } from './ridge.ts'
import { createSeasonalNaive } from './seasonal-naive.ts'
import { createSeasonalProfile } from './seasonal-profile.ts'

export interface DemandForecastOptions {
  /** How far apart ticks are. */
  readonly stepMs: number
  /** How far ahead: measured boot time + one tick. More than a day counts as a day. */
  readonly horizonMs: number
  /** Share of the time demand is to stay below `atMost`, e.g. 0.95. */
  readonly quantile: number
  /** Of the clock that days and weeks follow; without it they are of 24 and 168 hours. */
  readonly offsetMs?: ClockOffset
}

export interface DemandForecast {
  /** Of the whole fleet, in order of time. What is older than what came before, not finite or negative is left out. */
  learn(at: EpochMs, demand: number): void
  outlook(at: EpochMs): ForecastOutlook | NoOutlook
  /** What it could say more of with more history, in words; `null` when it lacks nothing. */
  waitsFor(): string | null
  /** How everyone stands at this horizon: first the yardsticks, last the combination. */
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
  /** How much it counts in the combination, 0 to 1. */
  readonly weight: number
  readonly state: 'used' | 'off'
}

/** The first so many are what the others are held against. */
const YARDSTICKS = 3
/** Errors to know before a quantile means anything: so many beyond it, and not too few nor too many in all. */
const LEAST_ERRORS = 30
const MOST_NEEDED_ERRORS = 300
/** Older than so many bins, the last value says nothing of now. */
const STALE_BINS = 5
/** Who counts for less is not named. */
const NAMED_ABOVE = 0.1

export function createDemandForecast(options: DemandForecastOptions): DemandForecast {
  return new CombinedForecast(options)
}

class CombinedForecast implements DemandForecast {
  readonly #options: DemandForecastOptions
  readonly #past: Past
  readonly #horizonBins: number
  readonly #forecasters: readonly Forecaster[]
  /** Its number as a contestant: after the forecasters. */
  readonly #combination: number
  readonly #contest: Contest
  readonly #band: Band
  readonly #enoughErrors: number
  readonly #binning: Binning
  /** Newest forecast of each, the combination last. */
  readonly #forecasts: Float64Array
  readonly #weights: Float64Array
  readonly #candidates: Candidates & { readonly errors: Float64Array }
  #demand = Number.NaN

  constructor(options: DemandForecastOptions) {
    this.#options = options
    const binMs = binOf(options.stepMs)
    this.#past = new Past(binMs, options.offsetMs)
    this.#horizonBins = Math.min(this.#past.dayBins, Math.max(1, Math.ceil(options.horizonMs / binMs)))
    this.#forecasters = forecastersOf(this.#past, this.#horizonBins)
    this.#combination = this.#forecasters.length
    this.#contest = new Contest(this.#past, this.#horizonBins, this.#combination + 1, YARDSTICKS)
    this.#band = new Band(this.#past)
    const needed = Math.ceil(1 / (1 - Math.min(options.quantile, 0.9999)))
    this.#enoughErrors = Math.min(MOST_NEEDED_ERRORS, Math.max(LEAST_ERRORS, needed))
    this.#forecasts = new Float64Array(this.#combination + 1).fill(Number.NaN)
    this.#weights = new Float64Array(this.#combination)
    this.#candidates = {
      forecasts: this.#forecasts,
      errors: new Float64Array(this.#combination),
      isOff: index => this.#contest.isOff(index),
    }
    this.#binning = new Binning(options.stepMs, binMs, (value, bin) => this.#learnBin(value, bin))
  }

  learn(at: EpochMs, demand: number): void {
    if (this.#binning.add(at, demand)) this.#demand = demand
  }

  outlook(at: EpochMs): ForecastOutlook | NoOutlook {
    const missing = this.#missing(at)
    if (missing !== null) return { kind: 'none', waitsFor: missing }
    const expected = Math.max(0, this.#forecasts[this.#combination] ?? 0)
    return {
      kind: 'forecast',
      demand: this.#demand,
      for: at + Math.min(this.#options.horizonMs, this.#horizonBins * this.#past.stepMs),
      expected,
      atMost: this.#band.quantile(expected, this.#options.quantile),
      by: this.#by(),
      errorRatio: this.#contest.errorRatio(this.#combination),
      state: this.#contest.isOff(this.#combination) ? 'off' : 'used',
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
        weight: this.#weights[index] ?? 1,
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
    const lacking = this.#enoughErrors - this.#band.count
    if (lacking <= 0) return null
    const untilFirst = Math.max(0, this.#horizonBins - Math.max(0, this.#past.length - 1))
    return `${inWords((lacking + untilFirst) * this.#past.stepMs)} more of history for the errors of its forecasts`
  }

  #learnBin(value: number, bin: number): void {
    this.#past.push(value, bin)
    this.#band.learn(value, this.#contest.due(this.#combination))
    this.#contest.settle(value)
    for (let index = 0; index < this.#combination; index += 1) {
      const forecaster = this.#forecasters[index]
      forecaster?.learn(value)
      this.#forecasts[index] = forecaster?.forecast(this.#horizonBins) ?? Number.NaN
      this.#candidates.errors[index] = this.#contest.error(index)
    }
    this.#forecasts[this.#combination] = combine(this.#candidates, this.#weights)
    this.#contest.enter(this.#forecasts)
  }

  /** Who counts most, and what more history would bring. */
  #by(): string {
    const named = this.#forecasters
      .map(({ name }, index) => ({ name, weight: this.#weights[index] ?? 0 }))
      .filter(({ weight }) => weight >= NAMED_ABOVE)
      .sort((a, b) => b.weight - a.weight)
      .map(({ name, weight }) => `${name} ${Math.round(weight * 100)} %`)
    const who = named.length === 0 ? 'combination' : named.join(', ')
    const lacking = this.waitsFor()
    return lacking === null ? who : `${who} (${lacking})`
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
