/**
 * A clock that stands still until a test moves it.
 *
 * Example: `clock.after(1000, wake); await clock.advance(1000)` has called `wake`.
 */
import type { Clock } from '../../src/ports/clock.ts'

interface Timer {
  readonly at: number
  readonly wake: () => void
}

export class SimulatedClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Fires what falls due on the way, in order of time, letting each wake-up's work settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await settled()
      const next = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = until
  }
}

/** Everything already under way in memory has run. */
async function settled(): Promise<void> {
  await new Promise<void>(resolve => setImmediate(resolve))
}
