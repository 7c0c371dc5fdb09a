/**
 * One run of the daemon in a simulation: it dies at any call to the outside, stands still for longer than its lease, and its
 * clock drifts and jumps. What it held in memory dies with it; the store, the session log and the cloud stay.
 *
 * Example: `replica.call('launch', () => cloud.launch(orders))` may never answer: the replica died before or after the
 * launch, and nothing of it goes on.
 */
import type { EpochMs } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Faults } from './faults.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Timeline } from './timeline.ts'

/** 2026-03-02 12:00 UTC. */
const BEGINNING: EpochMs = 1_772_452_800_000
const LONGEST_DRIFT = 0.001
const LONGEST_JUMP_MS = 20_000
const LONGEST_PAUSE_MS = 60_000

export class Replica {
  readonly name: string
  readonly #timeline: Timeline
  readonly #faults: Faults
  readonly random: SeededRandom
  readonly #drift: number
  readonly #onDeath: (what: string) => void
  readonly #onNote: (note: string) => void
  readonly #beginning: EpochMs
  readonly #dead = new AbortController()
  #jumpedMs = 0
  #stillUntil = 0

  constructor(options: {
    readonly name: string
    readonly timeline: Timeline
    readonly faults: Faults
    readonly random: SeededRandom
    readonly onDeath: (what: string) => void
    readonly onNote: (note: string) => void
    /** What its clock says at the beginning of the timeline, but for its drift. */
    readonly beginning?: EpochMs
    /** Its clock neither drifts nor jumps. */
    readonly exact?: boolean
  }) {
    this.name = options.name
    this.#timeline = options.timeline
    this.#faults = options.faults
    this.random = options.random
    this.#onDeath = options.onDeath
    this.#onNote = options.onNote
    this.#beginning = options.beginning ?? BEGINNING
    const drift = (options.random.next() * 2 - 1) * LONGEST_DRIFT
    this.#drift = options.exact === true ? 0 : drift
  }

  get isAlive(): boolean {
    return !this.#dead.signal.aborted
  }

  get isStill(): boolean {
    return this.#timeline.now < this.#stillUntil
  }

  /** Its own idea of the time. */
  readonly clock: Clock = {
    now: () => Math.round(this.#beginning + this.#timeline.now * (1 + this.#drift) + this.#jumpedMs),
    after: (ms, wake) => {
      let cancel = (): void => undefined
      const fire = (): void => {
        if (!this.isAlive) return
        // Nothing runs while it stands still; what fell due meanwhile comes right after.
        if (this.isStill) cancel = this.#timeline.after(this.#stillUntil - this.#timeline.now, fire)
        else wake()
      }
      cancel = this.#timeline.after(ms, fire)
      return () => cancel()
    },
  }

  /** A call to the outside: it may die before or after it, and stand still before it hears the answer. */
  async call<T>(what: string, call: () => Promise<T>): Promise<T> {
    await this.#awake()
    if (this.#faults.strikes('crash-before-call')) this.die(`before ${what}`)
    if (!this.isAlive) return never()
    const settled = await call().then(
      value => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error }),
    )
    if (!this.isAlive) return never()
    if (this.#faults.strikes('crash-after-call')) this.die(`after ${what}`)
    if (!this.isAlive) return never()
    if (this.#faults.strikes('pause')) this.standStill(what)
    if (this.#faults.strikes('clock-jump')) this.#jump()
    await this.#awake()
    if (!this.isAlive) return never()
    if (!settled.ok) throw settled.error
    return settled.value
  }

  /** What others ask of it: no answer comes from a dead one, a late one from one that stands still. */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    await this.#awake()
    if (!this.isAlive) throw new Error('connection refused')
    return Promise.race([work(), this.#death()])
  }

  die(what: string): void {
    if (!this.isAlive) return
    this.#dead.abort()
    this.#onDeath(what)
  }

  standStill(what: string): void {
    const ms = this.random.whole(1_000, LONGEST_PAUSE_MS)
    this.#stillUntil = this.#timeline.now + ms
    this.#onNote(`${this.name} stands still for ${ms} ms after ${what}`)
  }

  #jump(): void {
    const ms = this.random.whole(-LONGEST_JUMP_MS, LONGEST_JUMP_MS)
    this.#jumpedMs += ms
    this.#onNote(`the clock of ${this.name} jumps by ${ms} ms`)
  }

  async #awake(): Promise<void> {
    while (this.isStill) await this.#wait(this.#stillUntil - this.#timeline.now)
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.#timeline.after(ms, resolve)
    })
  }

  #death(): Promise<never> {
    return new Promise((_, reject) => {
      this.#dead.signal.addEventListener('abort', () => reject(new Error('connection reset')), { once: true })
    })
  }
}

/** The rest of a dead process. */
function never(): Promise<never> {
  return new Promise(() => undefined)
}
