/**
 * The time of a demonstration: small steps, a report about once a second, and whatever is waited for; all of it ends at once
 * when it is stopped.
 *
 * Example: steps of 50 ms, and the machine is suspended for an hour: the next step is told that 500 ms have passed, so that
 * nobody makes up for the hour.
 */
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'

export interface PaceOptions {
  readonly clock: Clock
  readonly stepMs: number
  /** What there is to do for so much time that passed. */
  readonly step: (passedMs: number) => void
  /** About once a second; `sinceMs` after the one before. */
  readonly report: (sinceMs: number) => void
}

const REPORT_MS = 1_000
/** After a pause of ours, arrivals missed are not made up for. */
const MOST_CATCH_UP_MS = 500

export class Pace {
  readonly #options: PaceOptions
  readonly #timers = new Set<() => void>()
  readonly began: EpochMs
  #steppedAt: EpochMs
  #reportedAt: EpochMs

  constructor(options: PaceOptions) {
    this.#options = options
    this.began = options.clock.now()
    this.#steppedAt = this.began
    this.#reportedAt = this.began
    this.#stepLater()
  }

  get elapsedMs(): number {
    return this.#options.clock.now() - this.began
  }

  /** Nothing more happens: not the next step, and nothing that is waited for. */
  stop(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  /** Never ends once it was stopped: what waits for it is given up. */
  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** Again and again; the result ends it. */
  every(ms: number, act: () => void): () => void {
    let cancel = () => {}
    const next = (): void => {
      cancel = this.after(ms, () => {
        act()
        next()
      })
    }
    next()
    return () => cancel()
  }

  /** The result calls it off. */
  after(ms: number, wake: () => void): () => void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(forget)
      wake()
    })
    const forget = (): void => {
      this.#timers.delete(forget)
      cancel()
    }
    this.#timers.add(forget)
    return forget
  }

  #stepLater(): void {
    this.after(this.#options.stepMs, () => {
      this.#step()
      this.#stepLater()
    })
  }

  #step(): void {
    const { clock, step, report } = this.#options
    const now = clock.now()
    const passedMs = Math.min(Math.max(now - this.#steppedAt, 0), MOST_CATCH_UP_MS)
    this.#steppedAt = now
    step(passedMs)
    const sinceMs = now - this.#reportedAt
    if (sinceMs < REPORT_MS) return
    this.#reportedAt = now
    report(sinceMs)
  }
}
