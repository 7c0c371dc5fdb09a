/**
 * Shows a contender one moment after the other and notes what it answers. An instance serves 100 a bin.
 *
 * Example: `answers(hpa.create(0.8, SETTING), [{ load: 850, ready: 10 }])` is `[10]`: 85 % is within the tolerance of 80 %.
 */
import type { Contender } from '../contender.ts'
import type { BaselineSetting } from './baseline.ts'

export const PER_INSTANCE = 100
export const MINUTE_MS = 60_000

export const SETTING: BaselineSetting = {
  perInstance: PER_INSTANCE,
  stepMs: MINUTE_MS,
  bootMs: 180_000,
  leadBins: 3,
  startAt: 0,
  load: new Float64Array(0),
}

export interface Moment {
  readonly load: number
  readonly ready: number
  readonly booting?: number
  /** Left out: one bin after the one before. */
  readonly atMs?: number
}

export function answers(
  contender: Contender,
  moments: readonly Moment[],
  stepMs: number = MINUTE_MS,
): readonly number[] {
  let now = 0
  return moments.map(({ load, ready, booting = 0, atMs = now + stepMs }, bin) => {
    now = atMs
    const utilizationRatio = load / (ready * PER_INSTANCE)
    return contender.next({ atMs, bin, load, utilizationRatio, backlog: 0, ready, booting })
  })
}

/** The same moment so many times. */
export function times(count: number, moment: Moment): readonly Moment[] {
  return Array.from({ length: count }, () => moment)
}
