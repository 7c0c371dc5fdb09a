/**
 * Was this growth ordered already? Where a warm-up stands in for a cooldown, a rule that asks for so many more counts
 * from the instances there were before the last warm-up: it goes on firing until they carry load, and would order the
 * same again at every tick.
 *
 * Example: warm-up 5m, "+2" at 10 made 12 a minute ago and fires again: from 10 it wants 12, which there are, so it is
 * held; "+4" of a higher band wants 14. A rule beside it that says a count outright keeps what it asks for.
 */
import type { Step } from '../../model/decision.ts'
import type { Change } from '../../model/memory.ts'
import type { FleetSpec, ReactiveRule } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import type { JudgedRule } from '../conditions.ts'
import type { Question } from '../rules/answer.ts'

/**
 * Growth of a rule that adds to what there is; one that says a count outright cannot ask for it twice.
 * @param fired the rules that fired, of the winner's rank: what one of them has on its way is not taken from another
 */
export function countWarming(
  spec: FleetSpec,
  changes: readonly Change[],
  question: Question,
  fired: readonly JudgedRule[],
  at: EpochMs,
  wanted: number,
  steps: Step[],
): number {
  const { warmupMs } = spec
  const { current } = question
  const warming = addedSince(changes, at - warmupMs, current)
  const warm: Question = { ...question, current: current - warming }
  const fromWarm = fired.reduce((most, judged) => Math.max(most, wantFrom(judged, warm)), current)
  const to = Math.min(wanted, fromWarm)
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

function wantFrom({ compiled: { rule, ask }, want }: JudgedRule, warm: Question): number {
  const own = want ?? 0
  if (!adds(rule)) return own
  const answer = ask(warm)
  return answer.kind === 'want' ? answer.count : own
}

/** Tracking and matching count what is there themselves. */
export function adds({ kind }: ReactiveRule): boolean {
  return kind === 'when' || kind === 'steps'
}

/** Net instances added since then, as far as they are still there. */
function addedSince(changes: readonly Change[], since: EpochMs, current: number): number {
  const net = changes.reduce(
    (sum, change) => (change.at > since ? Math.max(0, sum + change.to - change.from) : sum),
    0,
  )
  return Math.min(current, net)
}
