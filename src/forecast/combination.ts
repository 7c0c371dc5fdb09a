/**
 * Several forecasts made one: each counts by how little it was wrong lately, and one that is switched off not at all. No single
 * forecaster is best everywhere, and a mean of several is seldom much worse than the best of them and often better.
 * (Bates & Granger 1969, weights inverse to the squared error; Stock & Watson 2004 for powers of it. Here the fourth power of the
 * squared error, so that one that is twice as wrong hardly counts.)
 *
 * Example: three say 100, 110 and 200, their recent errors are 10, 10 and 20. Weights 1, 1 and 1/256: 105.2.
 */
const SHARPNESS = 8

/**
 * @param errors recent error of each, above 0; NaN: not known yet, and then it only counts where nobody's is
 * @param isOff who is not listened to
 * @returns NaN where nobody says anything
 */
export function combine(
  forecasts: Float64Array,
  errors: Float64Array,
  isOff: (contestant: number) => boolean,
): number {
  const least = leastError(forecasts, errors, isOff)
  let sum = 0
  let weights = 0
  for (let index = 0; index < errors.length; index += 1) {
    const forecast = forecasts[index] ?? Number.NaN
    if (Number.isNaN(forecast) || isOff(index)) continue
    const weight = weightOf(errors[index] ?? Number.NaN, least)
    sum += weight * forecast
    weights += weight
    // Nothing is known of anybody's error: the first, who is the simplest, says it.
    if (least === Number.POSITIVE_INFINITY) return forecast
  }
  return weights > 0 ? sum / weights : Number.NaN
}

function leastError(
  forecasts: Float64Array,
  errors: Float64Array,
  isOff: (contestant: number) => boolean,
): number {
  let least = Number.POSITIVE_INFINITY
  for (let index = 0; index < errors.length; index += 1) {
    const error = errors[index] ?? Number.NaN
    if (error < least && !Number.isNaN(forecasts[index] ?? Number.NaN) && !isOff(index)) least = error
  }
  return least
}

function weightOf(error: number, least: number): number {
  if (Number.isNaN(error)) return 0
  return error === least ? 1 : (least / error) ** SHARPNESS
}
