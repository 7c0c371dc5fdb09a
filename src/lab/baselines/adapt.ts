/**
 * Adapt: reacts upwards, predicts downwards. Growing: as soon as the load needs more. Shrinking: in proportion to how the load
 * falls: its average change over the last stretch, as a share of the average capacity there, is the share of the instances that
 * goes. A load that stands still lets nothing go, so what a spike has brought may stay long.
 *
 * Source: A. Ali-Eldin, J. Tordsson, E. Elmroth, "An adaptive hybrid elasticity controller for cloud infrastructures", NOMS 2012, in
 * the form found best there (reactive up, proactive down, gain = change of load / average capacity). How long the stretch is
 * the operator says: 5 minutes here. The knob is capacity / what an instance is given to serve.
 *
 * Example: 20 instances, the load fell by 100 a minute over the last stretch at an average capacity of 2,000: a share of 0.05,
 * one instance, goes in each minute.
 */
import type { Contender, Seen } from '../contender.ts'
import { instancesFor } from '../service-model.ts'
import { type Baseline, HEADROOMS, stepsOf } from './baseline.ts'

const STRETCH_MS = 300_000

export const adapt: Baseline = {
  name: 'adapt',
  title: 'Adapt',
  source: 'Ali-Eldin et al., NOMS 2012',
  knob: {
    name: 'headroom factor',
    usual: 1.2,
    grid: [...stepsOf(0.5, 0.95, 0.05), ...HEADROOMS],
  },
  outOfCompetition: false,
  create: (knob, { perInstance, stepMs }) => new Adapt(knob, perInstance, stepMs),
}

class Adapt implements Contender {
  readonly name = 'adapt'
  readonly #knob: number
  readonly #perInstance: number
  /** Of the last stretch, as rings: loads (one more, to see the change), and capacities. */
  readonly #loads: Float64Array
  readonly #capacities: Float64Array
  #count = 0
  /** Parts of instances that ought to go. */
  #owed = 0

  constructor(knob: number, perInstance: number, stepMs: number) {
    const bins = Math.max(1, Math.round(STRETCH_MS / stepMs))
    this.#knob = knob
    this.#perInstance = perInstance
    this.#loads = new Float64Array(bins + 1)
    this.#capacities = new Float64Array(bins)
  }

  next({ load, ready, booting }: Seen): number {
    const current = ready + booting
    if (Number.isNaN(load)) return current
    this.#loads[this.#count % this.#loads.length] = load
    this.#capacities[this.#count % this.#capacities.length] = current * this.#perInstance
    this.#count += 1
    const enough = instancesFor(load * this.#knob, this.#perInstance)
    if (enough >= current) {
      this.#owed = 0
      return enough
    }
    const gain = (this.#averageChange() * this.#knob) / this.#averageCapacity()
    if (gain < 0) this.#owed -= current * gain
    const going = Math.min(Math.floor(this.#owed), current - enough)
    this.#owed -= going
    return current - going
  }

  /** Of the load, per bin. */
  #averageChange(): number {
    const ring = this.#loads
    const back = Math.min(this.#count, ring.length) - 1
    if (back === 0) return 0
    const now = ring[(this.#count - 1) % ring.length] ?? 0
    const before = ring[(this.#count - 1 - back) % ring.length] ?? 0
    return (now - before) / back
  }

  #averageCapacity(): number {
    const ring = this.#capacities
    const known = Math.min(this.#count, ring.length)
    let sum = 0
    for (let index = 0; index < known; index += 1) sum += ring[index] ?? 0
    return sum / known
  }
}
