/**
 * The Nomad Autoscaler with its `target-value` strategy on utilization: factor = metric / target; within 1 % of one nothing
 * happens, otherwise the count becomes ceil(count * factor). Every 10 s, and after a change not for 5 minutes.
 *
 * Source: HashiCorp Nomad documentation, "Target Value Strategy Plugin" and "Scaling policies" (defaults of evaluation interval,
 * cooldown and threshold).
 *
 * Example: target 0.7, 10 instances at 80 %: 10 * 80 / 70 = 11.4, so 12.
 */
import type { Contender, Seen } from '../contender.ts'
import { type Baseline, UTILIZATIONS } from './baseline.ts'

const THRESHOLD = 0.01
const INTERVAL_MS = 10_000
const COOLDOWN_MS = 300_000

export const nomad: Baseline = {
  name: 'nomad',
  title: 'Nomad target value',
  source: 'developer.hashicorp.com, Nomad Autoscaler, target-value',
  knob: { name: 'target utilization', usual: 0.8, grid: UTILIZATIONS },
  outOfCompetition: false,
  create: knob => new TargetValue(knob),
}

class TargetValue implements Contender {
  readonly name = 'nomad'
  readonly #target: number
  #nextMs = 0

  constructor(target: number) {
    this.#target = target
  }

  next({ atMs, utilizationRatio, ready, booting }: Seen): number {
    const current = ready + booting
    if (atMs < this.#nextMs || Number.isNaN(utilizationRatio)) return current
    this.#nextMs = atMs + INTERVAL_MS
    const factor = utilizationRatio / this.#target
    if (Math.abs(factor - 1) <= THRESHOLD) return current
    const wanted = Math.max(1, Math.ceil(current * factor))
    if (wanted !== current) this.#nextMs = atMs + COOLDOWN_MS
    return wanted
  }
}
