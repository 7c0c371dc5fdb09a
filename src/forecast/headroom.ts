/**
 * What a `serve` rule asks: how much ready capacity finds the stated share of the demand, when what is ordered now helps? The
 * newest demand, and on top of it how much it rose over the time an order takes: the quantile of the last day's rises, corrected
 * by how much of the demand would have found capacity had that always been done. What was wanted is kept for five minutes.
 *
 * Example: `createHeadroom({ stepMs: 60_000, leadMs: 195_000, perInstance: 100, sloRatio: 0.995 })`, told of the demand minute by minute.
 * At 4,100, where 95 % of the rises over four minutes were below 430 and that was just enough lately, `want(4100)` is 4,530.
 *
 * It is a function of what it learnt: told of the same history again, it says the same again.
 */
import type { EpochMs } from '../model/time.ts'

export interface HeadroomOptions {
  /** How far apart values are. */
  readonly stepMs: number
  /** From an order until what was ordered helps: boot time + one tick. */
  readonly leadMs: number
  /** What one ready instance can serve; capacity comes in multiples of it. */
  readonly perInstance: number
  /** Share of the demand that is to find ready capacity. */
  readonly sloRatio: number
}

export interface Headroom {
  /** Of the whole fleet, in order of time. What is older than what came before, not finite or negative is left out. */
  learn(at: EpochMs, demand: number): void
  /** Ready capacity to have; at least what the demand needs now. @param demand newest, which may not have been learnt yet */
  want(demand: number): number
  /** How much past it has learnt from. */
  readonly learntMs: number
}

const DAY_MS = 86_400_000
const HOLD_MS = 300_000
const QUANTILE = 0.95
/** A value missing for longer breaks the rises across it. */
const BROKEN_STEPS = 3
const LARGEST_FACTOR = 8
/** How fast the realised share corrects the headroom: a share of it per value. */
const GAIN = 0.02

export function createHeadroom(options: HeadroomOptions): Headroom {
  return new LearntHeadroom(options)
}

class LearntHeadroom implements Headroom {
  readonly #options: HeadroomOptions
  readonly #leadSteps: number
  readonly #most: number
  readonly #holdSteps: number
  #values: number[] = []
  #rises: number[] = []
  #sorted: number[] = []
  #wants: number[] = []
  #factor = 1
  #lastAt = Number.NEGATIVE_INFINITY
  #learntMs = 0

  constructor(options: HeadroomOptions) {
    this.#options = options
    this.#leadSteps = Math.max(1, Math.ceil(options.leadMs / options.stepMs))
    this.#most = Math.max(1, Math.round(DAY_MS / options.stepMs))
    this.#holdSteps = Math.max(this.#leadSteps, Math.round(HOLD_MS / options.stepMs))
  }

  get learntMs(): number {
    return this.#learntMs
  }

  learn(at: EpochMs, demand: number): void {
    if (!Number.isFinite(demand) || demand < 0 || at <= this.#lastAt) return
    const { stepMs } = this.#options
    const isBroken = at - this.#lastAt > BROKEN_STEPS * stepMs
    if (isBroken) this.#values = []
    else this.#learntMs = Math.min(DAY_MS, this.#learntMs + at - this.#lastAt)
    this.#lastAt = at
    this.#correct(demand, isBroken)
    const before = this.#values.at(-this.#leadSteps)
    this.#values.push(demand)
    if (this.#values.length > this.#leadSteps) this.#values.shift()
    if (before !== undefined) this.#take(demand - before)
    this.#wants.push(demand + this.#rise())
    if (this.#wants.length > this.#holdSteps) this.#wants.shift()
  }

  want(demand: number): number {
    let most = demand + this.#rise()
    for (const wanted of this.#wants) most = Math.max(most, wanted)
    return Math.max(demand, most)
  }

  #rise(): number {
    const index = Math.min(this.#sorted.length - 1, Math.floor(QUANTILE * this.#sorted.length))
    return Math.max(0, (this.#sorted[index] ?? 0) * this.#factor)
  }

  #take(rise: number): void {
    this.#rises.push(rise)
    this.#sorted.splice(placeOf(this.#sorted, rise), 0, rise)
    if (this.#rises.length <= this.#most) return
    const oldest = this.#rises.shift()
    if (oldest !== undefined) this.#sorted.splice(placeOf(this.#sorted, oldest), 1)
  }

  /** What was wanted a lead ago is there now: more headroom where it did not do, a little less where it did. */
  #correct(demand: number, isBroken: boolean): void {
    if (isBroken) {
      this.#wants = []
      return
    }
    const { perInstance, sloRatio } = this.#options
    const ordered = this.#wants.at(-this.#leadSteps)
    if (ordered === undefined || demand === 0) return
    const capacity = Math.ceil(ordered / perInstance) * perInstance
    const lostShare = Math.max(0, demand - capacity) / demand
    const error = Math.min(1, lostShare / (1 - sloRatio)) - 1 + (lostShare > 1 - sloRatio ? 1 : 0)
    const step = error > 0 ? GAIN * Math.min(10, lostShare / (1 - sloRatio)) : GAIN * 0.1 * error
    this.#factor = Math.min(LARGEST_FACTOR, Math.max(1 / LARGEST_FACTOR, this.#factor * (1 + step)))
  }
}

/** Where it stands, or would: the first that is not smaller. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
