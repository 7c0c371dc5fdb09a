/**
 * One at a time, in the order of asking: a reconciliation and a close of the same backend must not cross.
 *
 * Example: `turns.take(a)`, `turns.take(b)`: `b` begins when `a` has ended, well or badly.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
