/**
 * When to tick. Each fleet has its own loop, so one bad fleet never holds up another; a wake-up carries no data and
 * only brings the next tick forward.
 *
 * Example: every 15 s, and at once when a sample is pushed; ten samples pushed right after it bring one more tick, 50 ms
 * later.
 */
import type { JournalEntry } from '../model/journal.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { PluginError } from '../ports/plugin.ts'
import { reasonOf } from './deadline.ts'
import { Senses } from './senses.ts'
import { type Seat, tick } from './tick.ts'
import type { TickReport, World } from './world.ts'

/** Ticks are at least this far apart: wake-ups that come together become one tick. */
const SHORTEST_PAUSE_MS = 50
/** A loop that has not turned for this many intervals (and at least a minute) counts as stuck. */
const STUCK_INTERVALS = 5
const STUCK_MS = 60_000

export class Controller {
  readonly #world: World
  readonly #loops = new Map<string, FleetLoop>()
  #ended: readonly FleetLoop[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Starts the loops of fleets that are new, ends those of fleets that are gone, renews those whose rules changed. */
  async apply(spec: Spec): Promise<void> {
    for (const name of this.#loops.keys()) {
      if (spec.fleets[name] === undefined) await this.end(name)
    }
    for (const fleet of Object.values(spec.fleets)) {
      const loop = this.#loops.get(fleet.name)
      if (loop === undefined) this.#loops.set(fleet.name, new FleetLoop(this.#world, fleet))
      else loop.renew(fleet)
    }
    this.wake(null)
  }

  /** Ends one fleet's loop after the tick it is in; `apply` starts it again. */
  async end(fleet: string): Promise<void> {
    const loop = this.#loops.get(fleet)
    this.#loops.delete(fleet)
    await loop?.stop()
    await loop?.release()
  }

  wake(fleet: string | null): void {
    for (const [name, loop] of this.#loops) {
      if (fleet === null || fleet === name) loop.wake()
    }
  }

  latest(fleet: string): JournalEntry | null {
    return this.#loops.get(fleet)?.latest ?? null
  }

  lastReport(fleet: string): TickReport | null {
    return this.#loops.get(fleet)?.report ?? null
  }

  /** Fleets whose loop has not turned for long. */
  stuck(): string[] {
    return [...this.#loops].filter(([, loop]) => loop.isStuck()).map(([name]) => name)
  }

  /** Ends every loop after the tick it is in. The leases stay ours: what goes on beside the ticks may still have to end. */
  async stop(): Promise<void> {
    this.#ended = [...this.#loops.values()]
    this.#loops.clear()
    await Promise.all(this.#ended.map(loop => loop.stop()))
  }

  /** Gives the leases of the loops that `stop` ended back. */
  async release(): Promise<void> {
    await Promise.all(this.#ended.map(loop => loop.release()))
  }
}

class FleetLoop {
  readonly #world: World
  #spec: FleetSpec
  #seat: Seat | null = null
  #turning: Promise<void> | null = null
  #cancelNext: () => void = () => undefined
  #nextAt: EpochMs = Number.POSITIVE_INFINITY
  #turnedAt: EpochMs
  #stopped = false
  latest: JournalEntry | null = null
  report: TickReport | null = null

  constructor(world: World, spec: FleetSpec) {
    this.#world = world
    this.#spec = spec
    this.#turnedAt = world.clock.now()
  }

  /** The windows are built anew from the stored samples at the next tick. */
  renew(spec: FleetSpec): void {
    this.#spec = spec
  }

  /** At once, unless it turned just now. */
  wake(): void {
    const sinceMs = this.#world.clock.now() - this.#turnedAt
    this.#schedule(Math.max(0, SHORTEST_PAUSE_MS - sinceMs))
  }

  isStuck(): boolean {
    const allowedMs = Math.max(STUCK_MS, STUCK_INTERVALS * this.#spec.everyMs)
    return this.#world.clock.now() - this.#turnedAt > allowedMs
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelNext()
    await this.#turning
  }

  async release(): Promise<void> {
    const lease = this.#seat?.lease
    if (lease !== null && lease !== undefined) {
      await this.#world.store.releaseLease(lease).catch(() => undefined)
    }
  }

  /** Turns after `ms` unless it turns sooner already. */
  #schedule(ms: number): void {
    const at = this.#world.clock.now() + ms
    if (this.#stopped || at >= this.#nextAt) return
    this.#cancelNext()
    this.#nextAt = at
    this.#cancelNext = this.#world.clock.after(ms, () => {
      this.#nextAt = Number.POSITIVE_INFINITY
      this.#turn()
    })
  }

  /** One tick at a time; a wake-up that falls into one brings the next forward. */
  #turn(): void {
    if (this.#turning !== null) {
      this.#schedule(SHORTEST_PAUSE_MS)
      return
    }
    this.#turning = this.#tick().finally(() => {
      this.#turning = null
      this.#turnedAt = this.#world.clock.now()
      this.#schedule(this.#spec.everyMs)
    })
  }

  async #tick(): Promise<void> {
    const at = this.#world.clock.now()
    try {
      const seat = await this.#takeSeat(at)
      this.report = await tick(this.#world, seat)
      if (this.report.outcome === 'ticked') this.latest = this.report.entry
    } catch (error) {
      // Whatever it was, the next tick takes the lease anew, loads the store's truth and observes.
      if (this.#seat !== null) this.#seat.lease = null
      this.report = {
        outcome: 'failed',
        fleet: this.#spec.name,
        at,
        code: codeOf(error),
        error: reasonOf(error),
      }
    }
    this.#world.emit({ type: 'tick', report: this.report })
  }

  async #takeSeat(at: EpochMs): Promise<Seat> {
    if (this.#seat !== null && this.#seat.senses.spec === this.#spec) return this.#seat
    const senses = new Senses(this.#world, this.#spec)
    await senses.refill(at)
    this.#seat = { lease: null, ...this.#seat, senses }
    return this.#seat
  }
}

/** PLM-600: an expected failure of the world outside; PLM-601: a defect of ours. Either ends only this tick. */
function codeOf(error: unknown): string {
  return error instanceof PluginError ? 'PLM-600' : 'PLM-601'
}
