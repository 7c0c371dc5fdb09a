/**
 * What no rung could learn: a rise over the lead that is greater than any before. Nothing seen says how it ends, so it is thought to
 * go on, and what is thought of sinks back within a few leads. A rise that could lose less than a day's share of the demand is
 * none: that much may be lost. Of n chance rises about the logarithm of n are greater than all before them, so this costs next
 * to nothing where nothing happens.
 *
 * Example: for days 4 instances' worth of demand, then 35, at 99.9 % and a lead of 3 minutes. The rise by 31 is the greatest yet, and
 * 31 * 3 is more than 4 * 1440 * 0.1 %: 35 + 2 * 31 = 97 are wanted, and half of that nine minutes later unless it went on.
 */

/** So many times as far as it came. */
const GOES_ON = 2
/** What is thought of has sunk halfway after so many leads. */
const SINKS_LEADS = 3

export class Surge {
  readonly #keepRecord: number
  readonly #keepHeight: number
  /** Demand of the last steps of a lead, a ring. */
  readonly #before: Float64Array
  #step = 0
  #record = 0
  #height = 0

  /** @param keep how much a rise still counts after the next step */
  constructor(leadSteps: number, keep: number) {
    this.#keepRecord = keep
    this.#keepHeight = 0.5 ** (1 / (SINKS_LEADS * leadSteps))
    this.#before = new Float64Array(leadSteps)
  }

  /** What is thought of now, in instances; little where nothing rose. */
  get height(): number {
    return this.#height
  }

  /** As if it had been so for long. */
  restart(demand: number): void {
    this.#before.fill(demand)
    this.#height = 0
  }

  /** @param mayLose what may be lost in a day, in instance-steps */
  learn(demand: number, mayLose: number): void {
    const slot = this.#step % this.#before.length
    const rise = demand - (this.#before[slot] ?? 0)
    this.#before[slot] = demand
    this.#step += 1
    this.#height *= this.#keepHeight
    if (rise > this.#record) {
      this.#record = rise
      if (rise * this.#before.length > mayLose) this.#height = Math.max(this.#height, demand + GOES_ON * rise)
    }
    this.#record *= this.#keepRecord
  }
}
