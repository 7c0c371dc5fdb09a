/**
 * A sum that does not drift as numbers come and go: what rounding cuts off is carried in a second number.
 *
 * Example: 1e16, then +1, then -1e16 gives 1, where plain numbers would give 0.
 */
export class Compensated {
  #sum = 0
  #carried = 0

  get total(): number {
    return this.#sum + this.#carried
  }

  clear(): void {
    this.#sum = 0
    this.#carried = 0
  }

  /** Knuth's exact addition: `sum + lost` is what plain addition would have rounded to `sum`. */
  add(value: number): void {
    const before = this.#sum
    const after = before + value
    const taken = after - before
    this.#carried += before - (after - taken) + (value - taken)
    this.#sum = after
  }
}
