/**
 * The last day of demand, step by step, with running sums: a mean of any stretch of it costs the same.
 *
 * Example: after 10, 20, 30 at steps 0, 1, 2: `mean(1, 3)` is 25, of the steps 1 and 2.
 */
export class DayPast {
  readonly #values: Float64Array
  readonly #sums: Float64Array
  #step = -1

  /** @param steps how many are kept */
  constructor(steps: number) {
    this.#values = new Float64Array(steps)
    this.#sums = new Float64Array(steps)
  }

  /** The number of the newest step; -1 before the first. */
  get step(): number {
    return this.#step
  }

  get newest(): number {
    return this.#values[this.#step % this.#values.length] ?? 0
  }

  push(value: number): void {
    const { length } = this.#sums
    const before = this.#step < 0 ? 0 : (this.#sums[this.#step % length] ?? 0)
    this.#step += 1
    this.#values[this.#step % length] = value
    this.#sums[this.#step % length] = before + value
  }

  /** From step `from` to before step `to`, as far as they are kept; 0 where none is. */
  mean(from: number, to: number): number {
    const { length } = this.#sums
    const first = Math.max(0, this.#step - length + 2, from)
    const end = Math.min(Math.max(first + 1, to), this.#step + 1)
    if (end <= first) return 0
    const before = first > 0 ? (this.#sums[(first - 1) % length] ?? 0) : 0
    return ((this.#sums[(end - 1) % length] ?? 0) - before) / (end - first)
  }
}
