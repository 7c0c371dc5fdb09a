/**
 * What a baseline is: how another autoscaler would have decided, with the one knob by which its operator trades cost against
 * loss. It sees what any contender sees; only those out of competition may look at the whole load.
 *
 * Example: `hpa` with the knob 0.8 aims at a utilization of 80 %; at 0.5 it costs more and loses less.
 */
import type { EpochMs } from '../../model/time.ts'
import type { Contender } from '../contender.ts'

export interface BaselineSetting {
  /** What one ready instance serves in a bin. */
  readonly perInstance: number
  /** Length of a bin of the load. */
  readonly stepMs: number
  /** From an order until the instance is ready. */
  readonly bootMs: number
  /** An order made after bin t serves from bin t + leadBins on. */
  readonly leadBins: number
  /** When the replay begins, for what goes by the time of day. */
  readonly startAt: EpochMs
  /** All of it, also what is to come. */
  readonly load: Float64Array
}

export interface Baseline {
  /** As in `--against`. */
  readonly name: string
  readonly title: string
  readonly source: string
  readonly knob: {
    readonly name: string
    /** What it is set to where nobody says. */
    readonly usual: number
    /** It makes no sense above this; left out: it does. */
    readonly most?: number
    /** From the leanest to the most generous. */
    readonly grid: readonly number[]
  }
  /** It knows the future, or does not react at all. */
  readonly outOfCompetition: boolean
  create(knob: number, setting: BaselineSetting): Contender
  /** How many it has ready in the first bin; left out: as many as that needs. */
  initial?(knob: number, setting: BaselineSetting): number
}

/** `from`, `from + by`, ... up to `to`, free of rounding dust: 0.5 to 0.6 by 0.05 is 0.5, 0.55, 0.6. */
export function stepsOf(from: number, to: number, by: number): readonly number[] {
  const count = Math.round((to - from) / by)
  return Array.from({ length: count + 1 }, (_, index) => Number((from + index * by).toFixed(6)))
}

/** Targets and thresholds of utilization: close together where fleets run, down to one in fifty for loads that leap. */
export const UTILIZATIONS: readonly number[] = [
  ...stepsOf(0.02, 0.1, 0.01),
  ...stepsOf(0.12, 0.5, 0.02),
  ...stepsOf(0.525, 1, 0.025),
].reverse()

/** The same as factors on what the load takes. */
export const HEADROOMS: readonly number[] = [
  ...stepsOf(1, 2, 0.05),
  ...stepsOf(2.1, 3, 0.1),
  ...stepsOf(3.25, 5, 0.25),
  ...stepsOf(6, 12, 1),
  15,
  20,
  30,
  50,
]
