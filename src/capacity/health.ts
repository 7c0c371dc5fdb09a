/**
 * How is an instance, going by its probes? Failures count only after the grace that follows its becoming ready (a restart
 * makes it ready anew), and only in a row. A probe that could not be made, or was made before, counts for nothing. Pure.
 *
 * Example: `suspectAfter: 3, unhealthyAfter: 6, healthyAfter: 2`: the third failure in a row makes it suspect, the sixth
 * unhealthy; of either, two successes in a row make it healthy again.
 */
import type { HealthMemory, HealthSpec, ProbeAnswer } from '../model/health.ts'
import type { Health } from '../model/inventory.ts'
import type { EpochMs } from '../model/time.ts'

/** @param readyAt since when it is ready; `null`: it boots, and nothing counts yet */
export function foldHealth(
  spec: HealthSpec,
  before: HealthMemory | null,
  answer: ProbeAnswer,
  readyAt: EpochMs | null,
): HealthMemory | null {
  if (readyAt === null || answer.at <= (before?.probedAt ?? 0)) return before
  // What was asked before it was ready may have been asked of another one.
  if (answer.at < readyAt) return before
  const known = before ?? unknownAt(answer)
  switch (answer.state) {
    case 'unknown':
      return { ...known, probedAt: answer.at }
    case 'healthy':
      return succeeded(spec, known, answer)
    case 'initializing':
    case 'unhealthy':
      return answer.at < readyAt + spec.graceMs
        ? { ...known, probedAt: answer.at, detail: answer.detail }
        : failed(spec, known, answer)
  }
}

const WORSE: Readonly<Record<Health, number>> = { unknown: 0, healthy: 1, suspect: 2, unhealthy: 3 }

/** Of the target's word and ours the worse one. */
export function worseOf(a: Health, b: Health): Health {
  return WORSE[b] > WORSE[a] ? b : a
}

export function isSick(health: Health): boolean {
  return health === 'suspect' || health === 'unhealthy'
}

function unknownAt({ at, detail }: ProbeAnswer): HealthMemory {
  return { state: 'unknown', since: at, failures: 0, successes: 0, probedAt: at, detail }
}

function succeeded(
  { healthyAfter }: HealthSpec,
  known: HealthMemory,
  { at, detail }: ProbeAnswer,
): HealthMemory {
  const successes = known.successes + 1
  const state = isSick(known.state) && successes < healthyAfter ? known.state : 'healthy'
  return { state, since: sinceOf(known, state, at), failures: 0, successes, probedAt: at, detail }
}

/** One that answers and says that it is not there yet may be closed for it, but not replaced. */
function failed(
  { suspectAfter, unhealthyAfter }: HealthSpec,
  known: HealthMemory,
  { at, detail, state: said }: ProbeAnswer,
): HealthMemory {
  const most = said === 'initializing' ? unhealthyAfter - 1 : Number.POSITIVE_INFINITY
  const failures = Math.max(known.failures, Math.min(known.failures + 1, most))
  const reached: Health =
    failures >= unhealthyAfter ? 'unhealthy' : failures >= suspectAfter ? 'suspect' : known.state
  const state = worseOf(known.state, reached)
  return { state, since: sinceOf(known, state, at), failures, successes: 0, probedAt: at, detail }
}

function sinceOf(known: HealthMemory, state: Health, at: EpochMs): EpochMs {
  return known.state === state ? known.since : at
}
