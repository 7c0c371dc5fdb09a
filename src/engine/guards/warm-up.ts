/**
 * Was this growth ordered already? Where a warm-up stands in for a cooldown, a rule that asks for so many more counts
 * from the instances there were before the last warm-up: it goes on firing until they carry load, and would order the
 * same again at every tick.
 *
 * Example: warm-up 5m, "+2" at 10 made 12 a minute ago and fires again: from 10 it wants 12, which there are, so it is
 * held; "+4" of a higher band wants 14.
 */
import type { Step } from '../../model/decision.ts'
import type { Change } from '../../model/memory.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import type { Ask, Question } from '../rules/answer.ts'

/** Growth of a rule that adds to what there is; one that says a count outright cannot ask for it twice. */
export function countWarming(
  spec: FleetSpec,
  changes: readonly Change[],
  question: Question,
  ask: Ask,
  at: EpochMs,
  wanted: number,
  steps: Step[],
): number {
  const { warmupMs } = spec
  const { current } = question
  const warming = addedSince(changes, at - warmupMs, current)
  const answer = ask({ ...question, current: current - warming })
  const fromWarm = answer.kind === 'want' ? answer.count : wanted
  const to = Math.max(current, Math.min(wanted, fromWarm))
  steps.push({
    stage: 'guards',
    guard: 'warm-up',
    outcome: to === wanted ? 'passed' : to === current ? 'held' : 'lessened',
    from: wanted,
    to,
    warming,
    warmupMs,
  })
  return to
}

/** Net instances added since then, as far as they are still there. */
function addedSince(changes: readonly Change[], since: EpochMs, current: number): number {
  const net = changes.reduce(
    (sum, change) => (change.at > since ? Math.max(0, sum + change.to - change.from) : sum),
    0,
  )
  return Math.min(current, net)
}
