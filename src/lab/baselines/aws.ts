/**
 * Target tracking of Amazon EC2 Auto Scaling on average utilization. It makes two alarms of its own: 3 minutes above the target,
 * and 15 minutes below 90 % of it. Either sets the group to what would bring the metric to the target, in proportion.
 *
 * Instances that warm up (300 s from their launch) count as there, so that an alarm that lasts adds only what is missing still;
 * nothing is taken in meanwhile. After it has taken some in, a quarter of an hour passes anew.
 *
 * Source: Amazon EC2 Auto Scaling user guide, "Target tracking scaling policies"; the alarms as the service creates them.
 *
 * Example: target 0.6, 10 ready at 75 % for three minutes: 10 * 75 / 60 = 12.5, so 13; below 54 % for a quarter of an hour: fewer.
 */
import type { Contender, Seen } from '../contender.ts'
import { type Baseline, UTILIZATIONS } from './baseline.ts'
import { Alarm, Minutes } from './minutes.ts'

const HIGH_MINUTES = 3
const LOW_MINUTES = 15
const LOW_SHARE = 0.9
const WARMUP_MS = 300_000

export const aws: Baseline = {
  name: 'aws',
  title: 'AWS target tracking',
  source: 'docs.aws.amazon.com, EC2 Auto Scaling, target tracking scaling policies',
  knob: { name: 'target utilization', usual: 0.8, grid: UTILIZATIONS },
  outOfCompetition: false,
  create: knob => new TargetTracking(knob),
}

class TargetTracking implements Contender {
  readonly name = 'aws'
  readonly #target: number
  readonly #minutes = new Minutes()
  readonly #high = new Alarm(HIGH_MINUTES)
  readonly #low = new Alarm(LOW_MINUTES)
  #warmUntilMs = 0

  constructor(target: number) {
    this.#target = target
  }

  next({ atMs, utilizationRatio, ready, booting }: Seen): number {
    const current = ready + booting
    const minutes = this.#minutes
    minutes.add(atMs, utilizationRatio)
    const { average, lastingMs } = minutes
    if (lastingMs === 0) return current
    this.#high.add(average > this.#target, lastingMs)
    this.#low.add(average < LOW_SHARE * this.#target, lastingMs)
    const wanted = Math.ceil((ready * average) / this.#target)
    if (this.#high.isOn && wanted > current) {
      this.#warmUntilMs = atMs + WARMUP_MS
      return wanted
    }
    const isWarm = booting === 0 && atMs >= this.#warmUntilMs
    if (!this.#low.isOn || !isWarm || wanted >= current) return current
    this.#low.clear()
    return wanted
  }
}
