/**
 * Several forecasts made one: each counts by how little it was wrong lately, and one that is switched off not at all. No single
 * forecaster is best everywhere, and a mean of several is seldom much worse than the best of them and often better.
 * (Bates & Granger 1969: weights inverse to the squared error; Stock & Watson 2004: powers of that. Here the fourth power, so that
 * one that is twice as wrong hardly counts.)
 *
 * Example: three say 100, 110 and 200, their recent errors are 10, 10 and 20. Weights 1, 1 and 1/256: 105.18.
 */
const SHARPNESS = 8

export interface Candidates {
  /** What each says; NaN: nothing. */
  readonly forecasts: Float64Array
  /** Its recent error, above 0; NaN: not known yet, and then it does not count beside one whose error is. */
  readonly errors: Float64Array
  isOff(candidate: number): boolean
}

/**
 * @param weights is filled: how much each counts, together 1
 * @returns NaN where nobody says anything. While nobody's error is known the first that says something is believed
 */
export function combine(candidates: Candidates, weights: Float64Array): number {
  weights.fill(0)
  const least = leastError(candidates)
  if (least === null) return first(candidates, weights)
  let total = 0
  for (let index = 0; index < weights.length; index += 1) {
    const error = errorOf(candidates, index)
    if (Number.isNaN(error)) continue
    weights[index] = error === least ? 1 : (least / error) ** SHARPNESS
    total += weights[index] ?? 0
  }
  let sum = 0
  for (let index = 0; index < weights.length; index += 1) {
    weights[index] = (weights[index] ?? 0) / total
    if ((weights[index] ?? 0) > 0) sum += (weights[index] ?? 0) * (candidates.forecasts[index] ?? 0)
  }
  return sum
}

/** NaN where it does not count: off, silent, or not judged yet. */
function errorOf({ forecasts, errors, isOff }: Candidates, index: number): number {
  const isHeard = !Number.isNaN(forecasts[index] ?? Number.NaN) && !isOff(index)
  return isHeard ? (errors[index] ?? Number.NaN) : Number.NaN
}

function leastError(candidates: Candidates): number | null {
  let least: number | null = null
  for (let index = 0; index < candidates.errors.length; index += 1) {
    const error = errorOf(candidates, index)
    if (!Number.isNaN(error) && (least === null || error < least)) least = error
  }
  return least
}

function first({ forecasts, isOff }: Candidates, weights: Float64Array): number {
  for (let index = 0; index < weights.length; index += 1) {
    const forecast = forecasts[index] ?? Number.NaN
    if (Number.isNaN(forecast) || isOff(index)) continue
    weights[index] = 1
    return forecast
  }
  return Number.NaN
}
