/**
 * How fast may the count change? At most so many instances, or such a share of the count a period began with, per
 * period; what was changed in the period already is used up (as in the Kubernetes HPA's scaling policies).
 *
 * Example: at most 100 % per minute, 10 instances now of which 4 came in the last minute: the minute began with 6, so
 * up to 12 are allowed.
 */
import type { Step } from '../../model/decision.ts'
import type { Change } from '../../model/memory.ts'
import type { RateLimit, RateLimits } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

/** A product such as 10 * 1.1 may miss its exact value by less than this. */
const ROUNDING = 1e-9

export function limitRate(
  limits: RateLimits,
  changes: readonly Change[],
  at: EpochMs,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  if (limits.limits.length === 0) return wanted
  const growing = wanted > current
  const furthest = limits.limits.map(limit => furthestCount(limit, changes, at, current, growing))
  const allowed = growing === (limits.select === 'max') ? Math.max(...furthest) : Math.min(...furthest)
  const to = growing
    ? Math.max(current, Math.min(wanted, allowed))
    : Math.min(current, Math.max(wanted, allowed))
  steps.push({
    stage: 'guards',
    guard: 'rate-limit',
    outcome: to === wanted ? 'passed' : to === current ? 'held' : 'lessened',
    from: wanted,
    to,
    allowed,
  })
  return to
}

/** The count this limit allows now, rounded up, as the HPA does it. */
function furthestCount(
  limit: RateLimit,
  changes: readonly Change[],
  at: EpochMs,
  current: number,
  growing: boolean,
): number {
  const began = current - changedSince(changes, at - limit.periodMs)
  if (limit.kind === 'instances') return growing ? began + limit.instances : began - limit.instances
  const share = growing ? 1 + limit.ratio : 1 - limit.ratio
  const furthest = growing ? Math.ceil(began * share - ROUNDING) : Math.floor(began * share + ROUNDING)
  // Growth from none comes out as minus zero, which the journal does not know.
  return furthest + 0
}

/** Net instances added since then; removals count against. */
function changedSince(changes: readonly Change[], since: EpochMs): number {
  return changes.reduce((net, change) => (change.at > since ? net + change.to - change.from : net), 0)
}
