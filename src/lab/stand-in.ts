/**
 * A baseline in the place of an operator's rules: within the same bounds, and told of utilisation as the instances that are ready now
 * have it. A real one reads it from each of them, and those that have just come have none yet and count as idle.
 *
 * Example: between 2 and 10 a baseline that asks for none gets 2, so that it is held against rules that may not go below 2 either.
 */
import type { Contender, Seen } from './contender.ts'

export class StandIn implements Contender {
  readonly name: string
  readonly bounds: { readonly lowest: number; readonly highest: number }
  readonly #contender: Contender
  readonly #perInstance: number
  readonly #seen: { -readonly [key in keyof Seen]: Seen[key] } = {
    atMs: 0,
    bin: -1,
    load: Number.NaN,
    utilizationRatio: Number.NaN,
    backlog: 0,
    ready: 0,
    booting: 0,
  }

  constructor(contender: Contender, perInstance: number, bounds: StandIn['bounds']) {
    this.name = contender.name
    this.bounds = bounds
    this.#contender = contender
    this.#perInstance = perInstance
  }

  next(now: Seen): number {
    const seen = this.#seen
    seen.atMs = now.atMs
    seen.bin = now.bin
    seen.load = now.load
    seen.backlog = now.backlog
    seen.ready = now.ready
    seen.booting = now.booting
    seen.utilizationRatio = now.load / (Math.max(1, now.ready) * this.#perInstance)
    const { lowest, highest } = this.bounds
    return Math.min(highest, Math.max(lowest, this.#contender.next(seen)))
  }
}
