/**
 * What would have become of it? On every guess stands a ladder of headrooms, location + rung * scale. Every rung is replayed on the
 * demand that really came, as a fleet would have run it: whole instances, the lead, what is let go is gone at once. Two sums are
 * kept for each, demand lost and instance-steps paid; older ones count for less.
 *
 * Example: 35 ladders of 25 rungs. The rung "average of the last minutes + 2 scales" would have lost 0.4 % of the demand of the last two
 * weeks and paid 1.31 instances for each that was needed; the rung below it 0.9 % and 1.22.
 */
import { firstScale, GUESSES, type Guesses } from './guesses.ts'
import { lightestTail, thoughtLost } from './tail.ts'

/** Beyond this, rungs are a fixed ratio apart. */
const LOW_RUNGS = [-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]
const RUNG_RATIO = 1.4
const HIGHEST_RUNG = 250
const RUNGS = Float64Array.from(rungs())
const LIGHTEST_TAIL = lightestTail(RUNGS)
/** Before there is a past: as if every rung had run for so many steps, and lost what is usual for its headroom. */
const PRIOR_STEPS = 120
const PRIOR_LOSS = 0.02
/** A product may come out a hair above its whole number. */
const ROUNDING = 1e-6
/** Weights of newer steps grow instead of those of old ones shrinking; beyond this all are scaled back. */
const LARGEST_WEIGHT = 1e150

export class Ladders {
  readonly #guesses: Guesses
  readonly #leadSteps: number
  readonly #growth: number
  /** By step of the lead, a ring: what each rung ordered. */
  readonly #orders: readonly Float64Array[]
  /** For the step that is replayed. */
  readonly #ready: Float64Array
  readonly #paid: Float64Array
  readonly #lost: Float64Array
  /** By rung, of the ladder that was priced last. */
  readonly #prices = new Float64Array(RUNGS.length)
  /** Of all steps, as the sums above are weighted. */
  demand = 0
  #weight = 1

  constructor(guesses: Guesses, leadSteps: number, growth: number) {
    this.#guesses = guesses
    this.#leadSteps = leadSteps
    this.#growth = growth
    const size = GUESSES * RUNGS.length
    this.#orders = Array.from({ length: leadSteps }, () => new Float64Array(size))
    this.#ready = new Float64Array(size)
    this.#paid = new Float64Array(size)
    this.#lost = new Float64Array(size)
  }

  /** What a step counts that comes next. */
  get weight(): number {
    return this.#weight
  }

  /** As if what is usual had been so before. */
  begin(demand: number): void {
    const level = Math.max(demand, 0.2)
    const steps = PRIOR_STEPS * Math.max(demand, 1)
    this.demand = steps
    this.restart(demand)
    for (let ladder = 0; ladder < GUESSES; ladder += 1) {
      const scale = firstScale(ladder, level)
      RUNGS.forEach((rung, index) => {
        const headroom = Math.max(-0.5, (rung * scale) / level)
        const lost = headroom >= 0 ? PRIOR_LOSS / (1 + headroom) : PRIOR_LOSS - headroom
        this.#lost[ladder * RUNGS.length + index] = steps * lost
        this.#paid[ladder * RUNGS.length + index] = steps * (1 + headroom)
      })
    }
  }

  /** Every rung stands where this demand needs it, as after a pause. */
  restart(demand: number): void {
    for (const orders of this.#orders) orders.fill(Math.max(1, Math.ceil(demand)))
  }

  /** The demand of the newest step, against what every rung had ready in it. Before the guesses learn it. @param step its number */
  replay(step: number, demand: number): void {
    this.demand += this.#weight * demand
    if (step > 0) this.#pay(step)
    if (this.#guesses.unbroken + 1 >= this.#leadSteps) this.#lose(demand)
    this.#weight *= this.#growth
    if (this.#weight > LARGEST_WEIGHT) this.#scaleBack()
  }

  /** What every rung orders now. */
  order(): void {
    const guesses = this.#guesses
    const orders = this.#orders[guesses.step % this.#leadSteps]
    if (orders === undefined) return
    let index = 0
    for (let guess = 0; guess < GUESSES; guess += 1) {
      const location = guesses.location(guess, 0) - ROUNDING
      const scale = guesses.scale(guess, 0)
      for (let rung = 0; rung < RUNGS.length; rung += 1) {
        const wanted = Math.ceil(location + (RUNGS[rung] ?? 0) * scale)
        orders[index] = wanted < 1 ? 1 : wanted
        index += 1
      }
    }
  }

  /**
   * The cheapest place on each ladder: its price, and its height in scales; between rungs by a parabola.
   *
   * @param lossPrice of losing one instance-step of demand
   * @param burst demand of a burst that is always thought possible, and hits the harder the less headroom there was
   */
  cheapest(lossPrice: number, burst: number, prices: Float64Array, heights: Float64Array): void {
    for (let ladder = 0; ladder < GUESSES; ladder += 1) {
      const best = this.#price(ladder, lossPrice, burst)
      prices[ladder] = this.#prices[best] ?? 0
      heights[ladder] = heightNear(best, this.#prices)
    }
  }

  /** Every rung of a ladder. @returns the cheapest, and of equals the lowest */
  #price(ladder: number, lossPrice: number, burst: number): number {
    const prices = this.#prices
    let best = 0
    let below = 0
    let twoBelow = 0
    for (let rung = 0; rung < RUNGS.length; rung += 1) {
      const index = ladder * RUNGS.length + rung
      const lost = thoughtLost(this.#lost[index] ?? 0, below, twoBelow, LIGHTEST_TAIL[rung] ?? 0)
      prices[rung] = this.#priceOf(index, lossPrice, lost, burst)
      if ((prices[rung] ?? 0) < (prices[best] ?? 0)) best = rung
      twoBelow = below
      below = lost
    }
    return best
  }

  /** Demand lost there. */
  lostAt(ladder: number, height: number): number {
    let rung = 1
    while (rung < RUNGS.length - 1 && (RUNGS[rung] ?? 0) < height) rung += 1
    const low = RUNGS[rung - 1] ?? 0
    const share = (height - low) / ((RUNGS[rung] ?? 0) - low)
    const from = ladder * RUNGS.length + rung
    return (this.#lost[from - 1] ?? 0) * (1 - share) + (this.#lost[from] ?? 0) * share
  }

  /** What it wants at this height now. */
  wantedAt(ladder: number, height: number): number {
    return this.#guesses.location(ladder, 0) + height * this.#guesses.scale(ladder, 0)
  }

  #priceOf(index: number, lossPrice: number, lost: number, burst: number): number {
    const paid = this.#paid[index] ?? 0
    const headroom = paid / this.demand
    return paid + lossPrice * (lost + burst / (headroom > 1 ? headroom : 1))
  }

  #pay(step: number): void {
    const last = this.#orders[(step - 1) % this.#leadSteps]
    if (last === undefined) return
    const paid = this.#paid
    const weight = this.#weight
    for (let index = 0; index < paid.length; index += 1) {
      paid[index] = (paid[index] ?? 0) + weight * (last[index] ?? 0)
    }
  }

  /** Ready is what was ordered throughout the lead: what is let go is gone at once. */
  #lose(demand: number): void {
    const ready = this.#ready
    const lost = this.#lost
    ready.fill(demand)
    for (const orders of this.#orders) {
      for (let index = 0; index < ready.length; index += 1) {
        const ordered = orders[index] ?? 0
        if (ordered < (ready[index] ?? 0)) ready[index] = ordered
      }
    }
    for (let index = 0; index < ready.length; index += 1) {
      const missing = this.#weight * (demand - (ready[index] ?? 0))
      if (missing <= 0) continue
      lost[index] = (lost[index] ?? 0) + missing
    }
  }

  #scaleBack(): void {
    const by = 1 / this.#weight
    for (const sums of [this.#paid, this.#lost]) {
      for (let index = 0; index < sums.length; index += 1) sums[index] = (sums[index] ?? 0) * by
    }
    this.demand *= by
    this.#weight = 1
  }
}

/** The height of the cheapest rung, moved towards its cheaper neighbour, at most halfway. */
function heightNear(best: number, prices: Float64Array): number {
  const height = RUNGS[best] ?? 0
  if (best === 0 || best === RUNGS.length - 1) return height
  const price = prices[best] ?? 0
  const near = 1e-9 * price
  const down = 1 / ((prices[best - 1] ?? 0) - price + near)
  const up = 1 / ((prices[best + 1] ?? 0) - price + near)
  const off = (0.5 * (up - down)) / (down + up)
  const next = (off > 0 ? RUNGS[best + 1] : RUNGS[best - 1]) ?? height
  return height + Math.abs(off) * (next - height)
}

function rungs(): number[] {
  const all = [...LOW_RUNGS]
  for (let rung = 2; rung < HIGHEST_RUNG; rung *= RUNG_RATIO) all.push(rung)
  return all
}
