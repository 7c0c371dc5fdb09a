/**
 * A pair of Azure autoscale rules on average utilization over 10 minutes: above the upper threshold a tenth more instances (at least
 * one), below the lower one a tenth fewer; after either, 5 minutes of rest. Before it takes instances in, it projects: with fewer
 * instances the metric would be so much higher; if that reached the upper threshold, it takes fewer, or none.
 *
 * Source: Azure Monitor documentation, "Autoscale common patterns" and "Flapping in autoscale". As a baseline the lower threshold is
 * half of the upper one, so wide a margin that the projection never has anything to prevent.
 *
 * Example: 80 % and 40 %; 3 instances at 35 %: two of them would be at 52 %, below 80 %: 2.
 */
import type { Contender, Seen } from '../contender.ts'
import { type Baseline, UTILIZATIONS } from './baseline.ts'
import { Recent } from './recent.ts'

const WINDOW_MS = 600_000
const COOLDOWN_MS = 300_000
const CHANGE_SHARE = 0.1
const LOWER_SHARE = 0.5

export const azure: Baseline = {
  name: 'azure',
  title: 'Azure rule pair',
  source: 'learn.microsoft.com, Azure Monitor autoscale',
  knob: { name: 'upper threshold', usual: 0.8, grid: UTILIZATIONS },
  outOfCompetition: false,
  create: knob => azureRulePair(knob, knob * LOWER_SHARE),
}

/** Both are thresholds of utilization. */
export function azureRulePair(upper: number, lower: number): Contender {
  return new RulePair(upper, lower)
}

class RulePair implements Contender {
  readonly name = 'azure'
  readonly #upper: number
  readonly #lower: number
  readonly #recent = new Recent(WINDOW_MS)
  #restUntilMs = 0

  constructor(upper: number, lower: number) {
    this.#upper = upper
    this.#lower = lower
  }

  next({ atMs, utilizationRatio, ready, booting }: Seen): number {
    const current = ready + booting
    if (Number.isNaN(utilizationRatio)) return current
    this.#recent.add(atMs, utilizationRatio)
    if (atMs < this.#restUntilMs || atMs < WINDOW_MS) return current
    const { average } = this.#recent
    const step = Math.max(1, Math.ceil(current * CHANGE_SHARE - 1e-9))
    if (average > this.#upper) return this.#act(atMs, current + step)
    if (average >= this.#lower || current === 1) return current
    const left = this.#leastWithoutFlapping(current, Math.max(1, current - step), average)
    return left === current ? current : this.#act(atMs, left)
  }

  #leastWithoutFlapping(current: number, wanted: number, average: number): number {
    let left = wanted
    while (left < current && (average * current) / left >= this.#upper) left += 1
    return left
  }

  #act(atMs: number, count: number): number {
    this.#restUntilMs = atMs + COOLDOWN_MS
    return count
  }
}
