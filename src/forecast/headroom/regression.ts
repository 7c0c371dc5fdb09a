/**
 * Linear regression that learns from one example at a time and forgets old ones: weighted recursive least squares. What it is
 * unsure of never grows beyond what it began with, so that a quiet night does not make it jump at the first move of the morning.
 *
 * Example: two inputs, prior 0.5 each: of (10, 20) it expects 15. Told that it was 2 too low, it expects more the next time, and the
 * more the surer the example was (its weight).
 */
export class Regression {
  readonly #size: number
  readonly #keep: number
  readonly #unsureAtMost: number
  readonly #coefficients: Float64Array
  /** Symmetric, by rows. */
  readonly #covariance: Float64Array
  readonly #gain: Float64Array

  /**
   * @param prior coefficients to begin with
   * @param unsure variance of each at the beginning, and at most
   * @param keep how much an example still counts after the next one
   */
  constructor(prior: readonly number[], unsure: number, keep: number) {
    this.#size = prior.length
    this.#keep = keep
    this.#unsureAtMost = unsure
    this.#coefficients = Float64Array.from(prior)
    this.#covariance = new Float64Array(this.#size * this.#size)
    this.#gain = new Float64Array(this.#size)
    for (let index = 0; index < this.#size; index += 1) this.#covariance[index * this.#size + index] = unsure
  }

  /** @param from where the inputs of the example begin in `inputs` */
  predict(inputs: Float64Array, from: number): number {
    let sum = 0
    for (let index = 0; index < this.#size; index += 1) {
      sum += (this.#coefficients[index] ?? 0) * (inputs[from + index] ?? 0)
    }
    return sum
  }

  /** @param error what came less what was predicted now */
  learn(inputs: Float64Array, from: number, error: number, weight: number): void {
    const size = this.#size
    const covariance = this.#covariance
    const gain = this.#gain
    let denominator = this.#keep / weight
    for (let row = 0; row < size; row += 1) {
      let sum = 0
      for (let column = 0; column < size; column += 1) {
        sum += (covariance[row * size + column] ?? 0) * (inputs[from + column] ?? 0)
      }
      gain[row] = sum
      denominator += sum * (inputs[from + row] ?? 0)
    }
    for (let row = 0; row < size; row += 1) {
      const share = (gain[row] ?? 0) / denominator
      this.#coefficients[row] = (this.#coefficients[row] ?? 0) + share * error
      for (let column = 0; column <= row; column += 1) {
        const value = ((covariance[row * size + column] ?? 0) - share * (gain[column] ?? 0)) / this.#keep
        covariance[row * size + column] = value
        covariance[column * size + row] = value
      }
    }
    this.#bound()
  }

  #bound(): void {
    const size = this.#size
    const covariance = this.#covariance
    for (let index = 0; index < size; index += 1) {
      const variance = covariance[index * size + index] ?? 0
      if (variance <= this.#unsureAtMost) continue
      const shrink = Math.sqrt(this.#unsureAtMost / variance)
      for (let other = 0; other < size; other += 1) {
        covariance[index * size + other] = (covariance[index * size + other] ?? 0) * shrink
        covariance[other * size + index] = (covariance[other * size + index] ?? 0) * shrink
      }
    }
  }
}
