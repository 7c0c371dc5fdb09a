/**
 * Step scaling of Amazon EC2 Auto Scaling on average utilization, with the steps of the example in its guide: 10 points above
 * the threshold a tenth more, 20 points above it three tenths more; 20 points below the lower threshold a tenth fewer, 30 points
 * three tenths. Shares of the group are rounded towards nothing, but never to nothing.
 *
 * While instances warm up (300 s from their launch) a step is worked out from the group as it was before them, so that a step
 * that lasts adds nothing and a higher one only what is missing; nothing is taken in.
 *
 * Source: Amazon EC2 Auto Scaling user guide, "Step and simple scaling policies". The guide leaves thresholds and alarms to the
 * operator: here the upper threshold is the knob, the lower one the same (the guide's example has one of 50 % for both), and the
 * alarms are those of target tracking, 3 and 15 minutes.
 *
 * Example: knob 0.5, 10 ready at 62 %: the step from 10 to 20 points, a tenth, 11; at 72 %: 13.
 */
import type { Contender, Seen } from '../contender.ts'
import { type Baseline, UTILIZATIONS } from './baseline.ts'
import { Alarm, Minutes } from './minutes.ts'

const HIGH_MINUTES = 3
const LOW_MINUTES = 15
const WARMUP_MS = 300_000
const SMALL_STEP = 0.1
const LARGE_STEP = 0.3
/** Distance of the metric from the threshold where a step begins. */
const SMALL_FROM = 0.1
const LARGE_FROM = 0.2

export const awsStep: Baseline = {
  name: 'aws-step',
  title: 'AWS step scaling',
  source: 'docs.aws.amazon.com, EC2 Auto Scaling, step scaling policies',
  knob: { name: 'threshold', usual: 0.5, grid: UTILIZATIONS },
  outOfCompetition: false,
  create: knob => new StepScaling(knob),
}

class StepScaling implements Contender {
  readonly name = 'aws-step'
  readonly #threshold: number
  readonly #minutes = new Minutes()
  readonly #high = new Alarm(HIGH_MINUTES)
  readonly #low = new Alarm(LOW_MINUTES)
  #warmUntilMs = 0
  #beforeWarmup = 0

  constructor(threshold: number) {
    this.#threshold = threshold
  }

  next({ atMs, utilizationRatio, ready, booting }: Seen): number {
    const current = ready + booting
    const minutes = this.#minutes
    minutes.add(atMs, utilizationRatio)
    const { average, lastingMs } = minutes
    if (lastingMs === 0) return current
    const excess = average - this.#threshold
    this.#high.add(excess >= SMALL_FROM, lastingMs)
    this.#low.add(excess <= -SMALL_FROM, lastingMs)
    const isWarm = atMs >= this.#warmUntilMs
    if (this.#high.isOn) {
      const base = isWarm ? current : this.#beforeWarmup
      const wanted = base + portionOf(base, excess >= LARGE_FROM ? LARGE_STEP : SMALL_STEP)
      if (wanted <= current) return current
      if (isWarm) this.#beforeWarmup = current
      this.#warmUntilMs = atMs + WARMUP_MS
      return wanted
    }
    if (!this.#low.isOn || !isWarm) return current
    return Math.max(1, current - portionOf(current, excess <= -LARGE_FROM ? LARGE_STEP : SMALL_STEP))
  }
}

function portionOf(count: number, share: number): number {
  return Math.max(1, Math.floor(count * share + 1e-9))
}
