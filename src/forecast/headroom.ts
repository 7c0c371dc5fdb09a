/**
 * What a `serve` rule asks: how much ready capacity finds the stated share of the demand, when what is ordered now helps?
 *
 * Guesses of the demand at that time (`headroom/guesses.ts`) carry ladders of headrooms, all of which are replayed on the demand that
 * came (`headroom/ladders.ts`). Losing demand has a price; on each ladder the place that would have been cheapest is taken, the cheap
 * ladders are blended, and the price is moved until what is taken would have lost just the share that may be lost. A rise that is
 * greater than any before is thought to go on (`headroom/surge.ts`).
 *
 * Example: `createHeadroom({ stepMs: 60_000, leadMs: 195_000, perInstance: 100, sloRatio: 0.995 })`, told of the demand minute by minute.
 * At 4,100 it says that "the average of the last minutes + 2.1 scales" would have lost 0.5 % at the least cost: `want(4100)` is 4,700,
 * 47 instances, 41 for now and 6 for what may come before a new one is ready.
 *
 * It is a function of what it learnt: told of the same history again, it says the same again. So there is nothing to save but the
 * history. It takes about half a megabyte and forgets: what is two weeks old counts for half.
 */
import type { ClockOffset, EpochMs } from '../model/time.ts'
import { GUESSES, Guesses } from './headroom/guesses.ts'
import { Ladders } from './headroom/ladders.ts'
import { OwnLoss } from './headroom/own-loss.ts'
import { Surge } from './headroom/surge.ts'

export interface HeadroomOptions {
  /** How far apart values are. */
  readonly stepMs: number
  /** From an order until what was ordered helps: boot time + one tick. */
  readonly leadMs: number
  /** What one ready instance can serve; capacity comes in multiples of it. */
  readonly perInstance: number
  /** Share of the demand that is to find ready capacity. */
  readonly sloRatio: number
  /** Of the clock that hours and days follow; without it they are those of UTC. */
  readonly offsetMs?: ClockOffset
}

export interface Headroom {
  /** Of the whole fleet, in order of time. What is older than what came before, not finite or negative is left out. */
  learn(at: EpochMs, demand: number): void
  /** Ready capacity to have. @param demand newest, which may not have been learnt yet: a rise since then comes on top */
  want(demand: number): number
  /** How much past it has learnt from. */
  readonly learntMs: number
}

const DAY_MS = 86_400_000
/** What is so old counts for half. */
const HALF_LIFE_MS = 14 * DAY_MS
/** A longer lead is learnt in coarser steps, each the mean of several values: it takes no more room and time then. */
const MOST_LEAD_STEPS = 20
/** Ladders are blended by how much dearer they were than the cheapest: a share of this counts for a third. */
const BLEND = 0.04
const LEFT_OUT = 6
/** The price of losing an instance-step of demand begins at this, divided by the share that may be lost: on the safe side. */
const FIRST_PRICE = 0.4
const LEAST_PRICE = 1.02
/** It rises to so many times its beginning: a loss that is dearer to avoid could not be foreseen. */
const MOST_TIMES = 4
/** It follows within a day, by at most so much a day. */
const FOLLOWS_MS = DAY_MS
const MOST_ERROR = 2
/** Upwards it follows at half the pace at first, and with the days ever more slowly: a burst that is over is no ground to keep more. */
const PACE_UP = 0.5
/** Beside what the places chosen now would have lost, what was really chosen and lost (`headroom/own-loss.ts`) counts for so much. */
const OWN = 0.4
/** A day of the stated loss is presumed, so that a first minute does not move it. */
const PRESUMED_DAYS = 1
/**
 * A burst of so many steps' demand is always thought possible, and to come so often, whether or not one was seen; of a new fleet,
 * whose bursts may be yet to be seen, one more at once, and half of it after so many steps.
 */
const BURST_STEPS = 3
const BURST_EVERY_MS = 21 * DAY_MS
const NEW_STEPS = 50
/** A product may come out a hair above its whole number. */
const ROUNDING = 1e-6

export function createHeadroom(options: HeadroomOptions): Headroom {
  return new LearntHeadroom(options)
}

class LearntHeadroom implements Headroom {
  readonly #options: HeadroomOptions
  readonly #stepMs: number
  readonly #leadSteps: number
  readonly #guesses: Guesses
  readonly #ladders: Ladders
  readonly #surge: Surge
  readonly #own: OwnLoss
  readonly #daySteps: number
  readonly #mayLose: number
  readonly #prices: Float64Array
  readonly #heights: Float64Array
  readonly #gathered: Gathered
  #lastAt = Number.NaN
  #lastDemand = Number.NaN
  #wanted = Number.NaN
  #learntSteps = 0
  #dailyDemand = 0
  #priceLog: number

  constructor(options: HeadroomOptions) {
    const { leadMs, sloRatio } = options
    this.#options = options
    const valuesPerStep = Math.max(1, Math.ceil(leadMs / options.stepMs / MOST_LEAD_STEPS - ROUNDING))
    const stepMs = valuesPerStep * options.stepMs
    this.#stepMs = stepMs
    this.#leadSteps = Math.max(1, Math.ceil(leadMs / stepMs - ROUNDING))
    const growth = 2 ** (stepMs / HALF_LIFE_MS)
    const offsetMs = options.offsetMs ?? null
    this.#guesses = new Guesses({ stepMs, leadSteps: this.#leadSteps, keep: 1 / growth, offsetMs })
    this.#ladders = new Ladders(this.#guesses, this.#leadSteps, growth)
    this.#surge = new Surge(this.#leadSteps, 1 / growth)
    this.#own = new OwnLoss(this.#leadSteps, 1 / growth)
    this.#daySteps = this.#guesses.daySteps
    this.#gathered = new Gathered(options.stepMs, stepMs)
    this.#mayLose = 1 - sloRatio
    this.#prices = new Float64Array(GUESSES)
    this.#heights = new Float64Array(GUESSES)
    this.#priceLog = this.#firstPriceLog
  }

  get learntMs(): number {
    return Math.max(0, this.#learntSteps - 1) * this.#stepMs
  }

  learn(at: EpochMs, demand: number): void {
    if (!Number.isFinite(at) || !Number.isFinite(demand) || demand < 0 || at <= this.#gathered.lastAt) return
    this.#lastDemand = demand
    const mean = this.#gathered.add(at, demand)
    if (mean === null) return
    const steps = Number.isNaN(this.#lastAt) ? 1 : Math.max(1, Math.round((at - this.#lastAt) / this.#stepMs))
    this.#pause(at, steps - 1)
    this.#learnStep(at, mean / this.#options.perInstance)
    this.#lastAt = at
    this.#learntSteps += 1
  }

  want(demand: number): number {
    if (Number.isNaN(this.#wanted)) return demand
    return this.#wanted * this.#options.perInstance + Math.max(0, demand - this.#lastDemand)
  }

  get #firstPriceLog(): number {
    return Math.log(Math.max(LEAST_PRICE, FIRST_PRICE / this.#mayLose))
  }

  /** @param demand in instances */
  #learnStep(at: EpochMs, demand: number): void {
    const step = this.#guesses.step + 1
    if (step === 0) {
      this.#ladders.begin(demand)
      this.#surge.restart(demand)
      this.#own.restart(demand)
    }
    this.#ladders.replay(step, demand)
    this.#own.replay(demand)
    this.#dailyDemand += (demand - this.#dailyDemand) / Math.min(step + 1, this.#daySteps)
    this.#surge.learn(demand, this.#mayLose * this.#dailyDemand * this.#daySteps)
    this.#guesses.learn(demand, at)
    this.#ladders.order()
    this.#choose()
    this.#own.order(this.#wanted)
  }

  /** Nothing came for so many steps: a few count as if nothing had changed, more break what is compared. */
  #pause(at: EpochMs, steps: number): void {
    if (steps <= this.#leadSteps) {
      for (let left = steps; left > 0; left -= 1)
        this.#learnStep(at - left * this.#stepMs, this.#guesses.demand)
      return
    }
    // After a pause of years the time of day is where it was.
    this.#guesses.skip(Math.min(steps, (steps % this.#daySteps) + this.#daySteps))
    this.#ladders.restart(this.#guesses.demand)
    this.#surge.restart(this.#guesses.demand)
    this.#own.restart(this.#guesses.demand)
  }

  /** The cheapest place on each ladder at the price of now, the cheap ones blended; then the price follows. */
  #choose(): void {
    this.#ladders.cheapest(Math.exp(this.#priceLog), this.#thoughtBurst, this.#prices, this.#heights)
    let best = Number.POSITIVE_INFINITY
    for (const price of this.#prices) if (price < best) best = price
    let weights = 0
    let wanted = 0
    let lost = 0
    for (let ladder = 0; ladder < GUESSES; ladder += 1) {
      const dearer = ((this.#prices[ladder] ?? 0) / best - 1) / BLEND
      if (dearer > LEFT_OUT) continue
      const weight = Math.exp(-dearer)
      const height = this.#heights[ladder] ?? 0
      weights += weight
      wanted += weight * this.#ladders.wantedAt(ladder, height)
      lost += weight * this.#ladders.lostAt(ladder, height)
    }
    this.#wanted = Math.max(1, Math.ceil(Math.max(wanted / weights, this.#surge.height) - ROUNDING))
    this.#follow(lost / weights)
  }

  /** What may come that was not seen, as the ladders weigh it. */
  get #thoughtBurst(): number {
    const usual = (this.#ladders.demand * this.#stepMs) / BURST_EVERY_MS
    const isNew = 0.5 ** (this.#guesses.step / NEW_STEPS)
    return BURST_STEPS * (usual + isNew * this.#ladders.weight * this.#dailyDemand)
  }

  /** Dearer where what is chosen would have lost more than it may, cheaper where it would have lost less. */
  #follow(lost: number): void {
    const off = this.#off(lost) + OWN * this.#off(this.#own.lost * this.#ladders.weight)
    const error = Math.max(-MOST_ERROR, Math.min(MOST_ERROR, off))
    const steps = (FOLLOWS_MS / DAY_MS) * this.#daySteps
    const pace = error > 0 ? PACE_UP / (1 + this.#guesses.step / this.#daySteps) : 1
    const highest = this.#firstPriceLog + Math.log(MOST_TIMES)
    this.#priceLog = Math.max(
      Math.log(LEAST_PRICE),
      Math.min(highest, this.#priceLog + (pace * error) / steps),
    )
  }

  /** How far a loss is off the one that may be: the logarithm of their ratio. @param lost as the ladders weigh it */
  #off(lost: number): number {
    const presumed = PRESUMED_DAYS * this.#daySteps * this.#dailyDemand * this.#ladders.weight
    return Math.log((lost + this.#mayLose * presumed) / (this.#mayLose * (this.#ladders.demand + presumed)))
  }
}

/** Several values as one step: their mean, at the last of them. */
class Gathered {
  readonly #valueMs: number
  readonly #stepMs: number
  lastAt = Number.NEGATIVE_INFINITY
  #step = Number.NaN
  #sum = 0
  #count = 0

  constructor(valueMs: number, stepMs: number) {
    this.#valueMs = valueMs
    this.#stepMs = stepMs
  }

  /** @returns the mean of the step that ends with it; `null` where none does */
  add(at: EpochMs, value: number): number | null {
    this.lastAt = at
    if (this.#valueMs === this.#stepMs) return value
    const step = Math.floor(at / this.#stepMs)
    if (step !== this.#step) {
      this.#step = step
      this.#sum = 0
      this.#count = 0
    }
    this.#sum += value
    this.#count += 1
    return at + this.#valueMs < (step + 1) * this.#stepMs ? null : this.#sum / this.#count
  }
}
