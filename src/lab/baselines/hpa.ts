/**
 * The Horizontal Pod Autoscaler of Kubernetes with its default behaviour and a target utilization. Every 15 s:
 *
 * - desired = ceil(ready * utilization / target), nothing within 10 % of the target;
 * - what is not ready counts as idle when it would grow: if all together are within the tolerance then, or the direction turns,
 *   nothing happens;
 * - growing: in each 15 s at most to double or by 4, whichever is more, without waiting;
 * - shrinking: to no less than the highest recommendation of the last 5 minutes.
 *
 * Source: Kubernetes documentation, "Horizontal Pod Autoscaling" (algorithm details, configurable scaling behavior) and the
 * replica calculator of the controller. A metric that comes once a bin is all it sees: decisions between two bins repeat the last.
 *
 * Example: 40 ready at 88 % with the target 0.8: 88/80 = 1.1 is within the tolerance, 40 stay; at 90 % it asks for 45.
 */
import type { Contender, Seen } from '../contender.ts'
import { type Baseline, UTILIZATIONS } from './baseline.ts'
import { Recent } from './recent.ts'

const SYNC_MS = 15_000
const TOLERANCE = 0.1
const STABILIZATION_MS = 300_000
const GROW_PERIOD_MS = 15_000
const GROW_RATIO = 2
const GROW_BY = 4

export const hpa: Baseline = {
  name: 'hpa',
  title: 'Kubernetes HPA',
  source: 'kubernetes.io, Horizontal Pod Autoscaling',
  knob: { name: 'target utilization', usual: 0.8, grid: UTILIZATIONS },
  outOfCompetition: false,
  create: knob => new Hpa(knob),
}

class Hpa implements Contender {
  readonly name = 'hpa'
  readonly #target: number
  readonly #recommended = new Recent(STABILIZATION_MS)
  #syncMs = 0
  #lastMs = 0

  constructor(target: number) {
    this.#target = target
  }

  next(seen: Seen): number {
    const { atMs, ready, booting } = seen
    const current = ready + booting
    if (atMs < this.#syncMs) return current
    this.#syncMs = Math.max(this.#syncMs + SYNC_MS, atMs - (atMs % SYNC_MS) + 1)
    const recommended = Number.isNaN(seen.load) ? current : this.#recommend(seen)
    const limited = Math.min(recommended, this.#growthLimit(atMs, current, recommended))
    this.#lastMs = atMs
    this.#recommended.add(atMs, limited)
    return limited >= current ? limited : Math.min(current, this.#recommended.highest)
  }

  #recommend({ utilizationRatio, ready, booting }: Seen): number {
    const current = ready + booting
    const ratio = utilizationRatio / this.#target
    if (Math.abs(ratio - 1) <= TOLERANCE) return current
    if (ratio < 1 || booting === 0) return Math.ceil(ratio * ready)
    const withIdle = (ratio * ready) / current
    if (withIdle < 1 || Math.abs(withIdle - 1) <= TOLERANCE) return current
    return Math.ceil(withIdle * current)
  }

  /** So many may stand after the periods that have passed since the last decision. */
  #growthLimit(atMs: number, current: number, wanted: number): number {
    let limit = current
    const periods = Math.max(1, Math.floor((atMs - this.#lastMs) / GROW_PERIOD_MS))
    for (let period = 0; period < periods && limit < wanted; period += 1) {
      limit = Math.max(limit * GROW_RATIO, limit + GROW_BY)
    }
    return limit
  }
}
