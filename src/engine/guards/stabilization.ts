/**
 * Is this what the last minutes asked for, or only this moment? On the way in the largest recommendation of the window
 * counts, on the way out the smallest (as in the Kubernetes HPA).
 *
 * Example: window in 5m, recommendations 6 (4 minutes ago) and 3 (now) at 6 instances: 6 stands, the cut is held for
 * one more minute.
 */
import type { Step } from '../../model/decision.ts'
import type { Memory, Recommendation } from '../../model/memory.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

export function stabilize(
  spec: FleetSpec,
  memory: Memory,
  at: EpochMs,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  const growing = wanted > current
  const windowMs = growing ? spec.guards.stabilizationOutMs : spec.guards.stabilizationInMs
  if (windowMs === 0) return wanted
  const standing = standingRecommendation(memory.recommendations, at - windowMs, growing)
  const to = standing === null ? wanted : clampBetween(standing.count, current, wanted)
  steps.push({
    stage: 'guards',
    guard: 'stabilization',
    outcome: to === wanted ? 'passed' : to === current ? 'held' : 'lessened',
    from: wanted,
    to,
    windowMs,
    until: to === wanted || standing === null ? null : standing.at + windowMs,
  })
  return to
}

/** The recommendation inside the window that holds back most: the smallest while growing, else the largest. */
function standingRecommendation(
  recommendations: readonly Recommendation[],
  after: EpochMs,
  growing: boolean,
): Recommendation | null {
  let standing: Recommendation | null = null
  for (const recommendation of recommendations) {
    if (recommendation.at <= after) continue
    if (
      standing === null ||
      (growing ? recommendation.count <= standing.count : recommendation.count >= standing.count)
    ) {
      standing = recommendation
    }
  }
  return standing
}

/** A guard may hold or lessen, never reverse: the result stays between current and wanted. */
function clampBetween(count: number, current: number, wanted: number): number {
  const low = Math.min(current, wanted)
  const high = Math.max(current, wanted)
  return Math.min(high, Math.max(low, count))
}

/**
 * The recommendations to remember after this tick: only those inside the longer window, equal ones in a row as one
 * (with the newest time, which is when the last of them leaves).
 */
export function rememberRecommendation(
  spec: FleetSpec,
  recommendations: readonly Recommendation[],
  at: EpochMs,
  count: number,
): readonly Recommendation[] {
  const windowMs = Math.max(spec.guards.stabilizationOutMs, spec.guards.stabilizationInMs)
  if (windowMs === 0) return []
  const kept = recommendations.filter(recommendation => recommendation.at > at - windowMs)
  if (kept.at(-1)?.count === count) kept.pop()
  kept.push({ at, count })
  return kept
}
