/**
 * A regression on what demand was lately and at the same time on past days and weeks, fitted anew as it goes and for one horizon
 * directly, not step by step. Most of the time the best of the forecasters. (Hoerl & Kennard 1970, ridge regression; direct
 * multi-step forecasts: Marcellino, Stock & Watson 2006.)
 *
 * Example: it has learnt that three fifths of yesterday's step come again, and little else. Now is 100, yesterday had 40 more an
 * hour later: an hour ahead it says 100 + 0.6 * 40 = 124.
 */
import { type Forecaster, historyLacking } from './forecaster.ts'
import { INPUTS, Lags } from './lags.ts'
import { NormalEquations } from './normal-equations.ts'
import type { Past } from './past.ts'

export interface RidgeOptions {
  readonly name: string
  readonly horizonBins: number
  /** What is so old counts half. */
  readonly halfLifeDays: number
}

const IMAGINED_ROWS = 50
/** Before so many outcomes it would say what chance says. */
const LEAST_ROWS = 60
/** Coefficients hardly change from bin to bin. */
const SOLVED_EVERY = 5

export function createRidge(past: Past, { name, horizonBins, halfLifeDays }: RidgeOptions): Forecaster {
  const lags = new Lags(past, horizonBins)
  const equations = new NormalEquations({
    inputs: INPUTS,
    kept: 0.5 ** (1 / (halfLifeDays * past.dayBins)),
    imaginedRows: IMAGINED_ROWS,
  })
  // What it saw in each bin of the last horizon, and where demand was then: waits for its outcome.
  const seen = new Float64Array(horizonBins * INPUTS)
  const seenAt = new Float64Array(horizonBins).fill(Number.NaN)
  let slot = 0
  let outcomes = 0

  const takeOutcome = (value: number): void => {
    const then = seenAt[slot] ?? Number.NaN
    if (Number.isNaN(value) || Number.isNaN(then)) return
    equations.add(seen, slot * INPUTS, value - then)
    outcomes += 1
    if (outcomes >= LEAST_ROWS && outcomes % SOLVED_EVERY === 0) equations.solve()
  }

  return {
    name,
    learn(value) {
      takeOutcome(value)
      lags.learn(value)
      seen.set(lags.inputs, slot * INPUTS)
      seenAt[slot] = lags.now
      slot = slot + 1 === horizonBins ? 0 : slot + 1
    },
    forecast(horizon) {
      if (horizon !== horizonBins || outcomes < LEAST_ROWS) return Number.NaN
      let forecast = lags.now
      for (let index = 0; index < INPUTS; index += 1) {
        forecast += (equations.coefficients[index] ?? 0) * (lags.inputs[index] ?? 0)
      }
      return forecast
    },
    waitsFor: () => historyLacking(LEAST_ROWS - outcomes, past.stepMs, 'a regression'),
  }
}
