/**
 * What would a fleet have lost that did all along what was wanted of it? Replayed like the rungs of the ladders, but once, on what was
 * really chosen: it tells what choosing by the past made worse, and what blending made better. Older loss counts for less.
 *
 * Example: an order helps 2 steps later; 5, 8 and 8 were wanted, then 9 instances' worth of demand comes: ready are the fewest of the
 * last two orders, 8, and 1 is lost.
 */
export class OwnLoss {
  readonly #keep: number
  /** What was wanted in each of the last steps of a lead, a ring. */
  readonly #orders: Float64Array
  #step = 0
  /** In instance-steps. */
  #lost = 0

  /** @param keep how much a loss still counts after the next step */
  constructor(leadSteps: number, keep: number) {
    this.#keep = keep
    this.#orders = new Float64Array(leadSteps)
  }

  get lost(): number {
    return this.#lost
  }

  /** Stands where this demand needs it, as after a pause. */
  restart(demand: number): void {
    this.#orders.fill(Math.max(1, Math.ceil(demand)))
  }

  /** The demand of a step, against what was ready in it. */
  replay(demand: number): void {
    let ready = demand
    for (const ordered of this.#orders) if (ordered < ready) ready = ordered
    this.#lost = this.#keep * (this.#lost + demand - ready)
  }

  order(wanted: number): void {
    this.#orders[this.#step % this.#orders.length] = wanted
    this.#step += 1
  }
}
