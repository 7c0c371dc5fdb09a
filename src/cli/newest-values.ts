/**
 * How old the newest value of each metric was when a fleet was last looked at: some sources know what was measured only minutes later.
 *
 * Example: at 12:10:20 `avg(cpu, 10m)` had its last sample of 12:06:59, so `cpu` was 3m 21s old, which is told; `orders` of 12:10:19 is not.
 */
import type { Observation } from '../model/observation.ts'
import type { EpochMs } from '../model/time.ts'

/** What is younger is no news. */
const TOLD_FROM_MS = 60_000

/** Time of the newest sample by metric, of those that had any. */
export function newestValues({ readings }: Pick<Observation, 'readings'>): ReadonlyMap<string, EpochMs> {
  const newest = new Map<string, EpochMs>()
  for (const [operand, reading] of Object.entries(readings)) {
    const metric = /^[^(]+\(([^,()]+)/.exec(operand)?.[1]
    if (metric === undefined || !('lastAt' in reading)) continue
    newest.set(metric, Math.max(reading.lastAt, newest.get(metric) ?? Number.NEGATIVE_INFINITY))
  }
  return newest
}

/** `null` where all are fresh. */
export function tellLateness(observation: Observation, formatSpan: (ms: number) => string): string | null {
  const late = [...newestValues(observation)]
    .map(([metric, at]) => ({ metric, ageMs: observation.at - at }))
    .filter(({ ageMs }) => ageMs >= TOLD_FROM_MS)
  if (late.length === 0) return null
  return `newest values then: ${late.map(({ metric, ageMs }) => `${metric} ${formatSpan(ageMs)} old`).join(', ')}`
}
