/**
 * Ridge regression kept up to date: sums of products in which old rows fade, solved by Cholesky's method. A row that is far off
 * counts less, so that it aims at the median and one spike does not turn it (least absolute deviations by reweighting; Schlossmacher
 * 1973). The ridge is a number of imagined rows that say every coefficient is 0, in the size of the real ones, so that the unit of
 * the demand does not matter (Marquardt 1970, "Generalized inverses, ridge regression").
 *
 * The sums are positive semi-definite by construction and the ridge makes them definite, so that nothing drifts, unlike the inverse
 * that recursive least squares carries along.
 *
 * Example with one input: rows (1, 2), (2, 4), (3, 6) (input, outcome), none faded, all of weight 1: the sums are 14 and 28, and with
 * 3 imagined rows beside 3 real ones 14 * (1 + 3 / 3) = 28: the coefficient is 1, half of the 2 that the rows alone say.
 */
export interface NormalEquationsOptions {
  readonly inputs: number
  /** What is left of a row after each further one, e.g. 0.9999. */
  readonly kept: number
  /** Imagined rows that say 0. */
  readonly imaginedRows: number
}

/** The furthest an accurate row counts more than a usual one. */
const MOST_WEIGHT = 3
/** Rows after which the usual size of a miss has followed halfway. */
const SIZE_SHARE = 0.005
const TINY_SHARE = 1e-9
/** Below it numbers have no room left for products. */
const LEAST_TRACE = 1e-200

export class NormalEquations {
  readonly coefficients: Float64Array
  readonly #options: NormalEquationsOptions
  /** Lower half, row by row. */
  readonly #products: Float64Array
  readonly #outcomes: Float64Array
  readonly #root: Float64Array
  readonly #solving: Float64Array
  #rows = 0
  #missSize = 0

  constructor(options: NormalEquationsOptions) {
    const { inputs } = options
    this.#options = options
    this.coefficients = new Float64Array(inputs)
    this.#products = new Float64Array(inputs * inputs)
    this.#outcomes = new Float64Array(inputs)
    this.#root = new Float64Array(inputs * inputs)
    this.#solving = new Float64Array(inputs)
  }

  /** Rows taken, faded ones for less. */
  get rows(): number {
    return this.#rows
  }

  /** @param row holds the inputs from `offset` on */
  add(row: Float64Array, offset: number, outcome: number): void {
    const { inputs, kept } = this.#options
    const weight = this.#weightOf(Math.abs(outcome - this.#valueOf(row, offset)))
    this.#rows = this.#rows * kept + 1
    for (let i = 0; i < inputs; i += 1) {
      const input = weight * at(row, offset + i)
      const start = i * inputs
      for (let j = 0; j <= i; j += 1) {
        this.#products[start + j] = kept * at(this.#products, start + j) + input * at(row, offset + j)
      }
      this.#outcomes[i] = kept * at(this.#outcomes, i) + input * outcome
    }
  }

  /** Sets the coefficients to what the rows say. */
  solve(): void {
    this.#takeRoot()
    this.#substitute()
  }

  #valueOf(row: Float64Array, offset: number): number {
    let sum = 0
    for (let i = 0; i < this.#options.inputs; i += 1) sum += at(this.coefficients, i) * at(row, offset + i)
    return sum
  }

  /** The usual size of a miss over this one's, so that weights have no unit. */
  #weightOf(miss: number): number {
    this.#missSize = this.#missSize === 0 ? miss : this.#missSize + SIZE_SHARE * (miss - this.#missSize)
    return miss * MOST_WEIGHT <= this.#missSize ? MOST_WEIGHT : this.#missSize / miss
  }

  /** Products plus ridge = root * its transpose. */
  #takeRoot(): void {
    const { inputs, imaginedRows } = this.#options
    const ridge = 1 + imaginedRows / Math.max(1, this.#rows)
    const tiny = this.#tiny()
    for (let i = 0; i < inputs; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        let rest = at(this.#products, i * inputs + j)
        if (i === j) rest = rest * ridge + tiny
        for (let k = 0; k < j; k += 1) rest -= at(this.#root, i * inputs + k) * at(this.#root, j * inputs + k)
        this.#root[i * inputs + j] =
          i === j ? Math.sqrt(Math.max(rest, tiny)) : rest / at(this.#root, j * inputs + j)
      }
    }
  }

  #substitute(): void {
    const { inputs } = this.#options
    for (let i = 0; i < inputs; i += 1) {
      let rest = at(this.#outcomes, i)
      for (let k = 0; k < i; k += 1) rest -= at(this.#root, i * inputs + k) * at(this.#solving, k)
      this.#solving[i] = rest / at(this.#root, i * inputs + i)
    }
    for (let i = inputs - 1; i >= 0; i -= 1) {
      let rest = at(this.#solving, i)
      for (let k = i + 1; k < inputs; k += 1) {
        rest -= at(this.#root, k * inputs + i) * at(this.coefficients, k)
      }
      this.coefficients[i] = rest / at(this.#root, i * inputs + i)
    }
  }

  /** Keeps the root above 0 where an input never moved; far below anything that matters. */
  #tiny(): number {
    const { inputs } = this.#options
    let trace = 0
    for (let i = 0; i < inputs; i += 1) trace += at(this.#products, i * inputs + i)
    return trace > LEAST_TRACE ? trace * TINY_SHARE : 1
  }
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0
}
