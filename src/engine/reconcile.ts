/**
 * Stage 5: one wanted count from many proposals. Only the highest rank that fired counts; growth beats shrinking; the
 * largest growth and the smallest cut win; a cut can be vetoed.
 *
 * Example: at 4, "+1" and "-1" of rank 10 give 5; "+1" of rank 10 and "-1" of rank 20 give 3.
 */
import type { Bounds, Step } from '../model/decision.ts'
import type { FleetSpec, ReactiveRule } from '../model/spec.ts'
import { isHeldWithoutConstraint } from './bounds.ts'
import type { Conditions, JudgedRule } from './conditions.ts'
import type { FiredRule } from './proposals.ts'
import { canGrow, canShrink } from './rules/ask.ts'

export interface Wanted {
  readonly count: number
  /** Who asked; `null` when nobody did. */
  readonly rule: ReactiveRule | null
}

export function reconcile(
  spec: FleetSpec,
  conditions: Conditions,
  fired: readonly FiredRule[],
  current: number,
  bounds: Bounds,
  steps: Step[],
): Wanted {
  if (isHeldWithoutConstraint(spec, bounds)) {
    steps.push({ stage: 'reconciliation', outcome: 'no-constraint' })
    return { count: current, rule: null }
  }
  const winner = winnerOf(fired)
  if (winner === null) return withoutProposals(conditions, current, bounds, steps)
  const { rule, want } = winner
  const veto = want < current ? vetoOf(spec, conditions, rule.rank, current) : null
  if (veto !== null) {
    steps.push({ stage: 'reconciliation', outcome: 'vetoed', rule: rule.name, want, ...veto })
    return { count: current, rule: null }
  }
  steps.push({
    stage: 'reconciliation',
    outcome: want > current ? 'grow' : want < current ? 'shrink' : 'keep',
    rule: rule.name,
    rank: rule.rank,
    want,
    over: othersThan(winner, fired),
  })
  return { count: want, rule }
}

function othersThan(winner: FiredRule, fired: readonly FiredRule[]): string[] {
  const others: string[] = []
  for (const other of fired) if (other !== winner) others.push(other.rule.name)
  return others
}

/** The highest rank alone counts; in it the largest want is both the largest growth and the smallest cut. */
function winnerOf(fired: readonly FiredRule[]): FiredRule | null {
  let winner: FiredRule | null = null
  for (const candidate of fired) {
    if (
      winner === null ||
      candidate.rule.rank > winner.rule.rank ||
      (candidate.rule.rank === winner.rule.rank && candidate.want > winner.want)
    ) {
      winner = candidate
    }
  }
  return winner
}

function withoutProposals(conditions: Conditions, current: number, bounds: Bounds, steps: Step[]): Wanted {
  const asked = conditions.rules.filter(
    ({ firing, compiled: { rule } }) =>
      // A forecast is a floor beside the others: that it has nothing to say does not mean that they know something.
      rule.kind !== 'forecast' && firing !== 'disabled' && firing !== 'outside-schedule',
  )
  const blind = asked.length > 0 && asked.every(({ firing }) => firing === 'unknown')
  if (blind && current < bounds.default) {
    steps.push({ stage: 'reconciliation', outcome: 'default', want: bounds.default })
    return { count: bounds.default, rule: null }
  }
  steps.push({ stage: 'reconciliation', outcome: 'nothing-fired' })
  return { count: current, rule: null }
}

interface Veto {
  readonly by: string
  readonly reason: 'did-not-fire' | 'holds' | 'unknown' | 'waits-to-grow'
}

/**
 * A rule that could ask for more but whose data is missing vetoes every cut (invariant 3). So does one that does ask for
 * more, and only has not been true for long enough: what is known to be high must not let through what is held while
 * nothing is known. With `scaleIn: all` a shrink rule that did not fire vetoes, too. Ranks below the winner's veto nothing.
 */
function vetoOf(spec: FleetSpec, conditions: Conditions, rank: number, current: number): Veto | null {
  for (const judged of conditions.rules) {
    if (judged.compiled.rule.rank < rank) continue
    const reason = vetoReason(spec, judged, current)
    if (reason !== null) return { by: judged.compiled.rule.name, reason }
  }
  return null
}

function vetoReason(
  spec: FleetSpec,
  { compiled: { rule }, firing, asks }: JudgedRule,
  current: number,
): Veto['reason'] | null {
  switch (firing) {
    case 'fired':
    case 'disabled':
    case 'outside-schedule':
      return null
    case 'unknown':
      if (canGrow(rule, current)) return 'unknown'
      return spec.guards.scaleIn === 'all' && canShrink(rule, current) ? 'unknown' : null
    case 'holds':
      return spec.guards.scaleIn === 'all' ? 'holds' : null
    case 'not-long-enough':
      if (asks !== null && asks > current) return 'waits-to-grow'
      return spec.guards.scaleIn === 'all' && canShrink(rule, current) ? 'did-not-fire' : null
    case 'false':
      return spec.guards.scaleIn === 'all' && canShrink(rule, current) ? 'did-not-fire' : null
  }
}
