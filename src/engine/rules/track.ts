/**
 * Target tracking: how many instances would bring the operand to its target? Within the tolerance of it, nothing is
 * asked; a ready instance that did not report is taken for idle on the way out and for at its target on the way in,
 * so that silence never moves the count further than the data does.
 *
 * Example: target 60 %, 4 instances at 90 %: the demand is 360, 6 instances carry it at 60 %, so 6 are wanted.
 */
import type { TrackRule } from '../../model/spec.ts'
import type { Evaluate } from '../condition.ts'
import { type Answer, type Ask, HOLD, type Question, UNKNOWN, want } from './answer.ts'

/** A quotient such as 180 / 60 may come out a hair above its whole number. */
const ROUNDING = 1e-9

/** @param slot of the operand where it is one aggregate (its reporting instances are known), else -1 */
export function askTrack(rule: TrackRule, operand: Evaluate, slot: number): Ask {
  return question => {
    const read = operand(question.evidence)
    const value = rule.wholePercents ? Math.trunc(read) : read
    return rule.spread === 'total'
      ? answer(rule, value, question.current)
      : trackPerInstance(rule, value, question, slot)
  }
}

function trackPerInstance(rule: TrackRule, value: number, question: Question, slot: number): Answer {
  const named = question.reporting[slot] ?? Number.NaN
  const reporting = Number.isNaN(named) ? question.ready : named
  const silent = Math.max(0, question.ready - reporting)
  const growing = value > rule.target
  const demand = value * reporting + (growing ? 0 : rule.target * silent)
  const found = answer(rule, demand, question.current)
  // Filling in for the silent must not turn the answer round.
  if (found.kind === 'want' && found.count > question.current !== growing) return HOLD
  return found
}

function answer(rule: TrackRule, demand: number, current: number): Answer {
  // Not known; or what no instance carries at an utilization without limit, as in a projection to none.
  if (Number.isNaN(demand)) return UNKNOWN
  const { target, toleranceRatio, toleranceInRatio } = rule
  const count = Math.max(0, Math.ceil(demand / target - ROUNDING))
  const ratio = demand / (target * current)
  const tolerated =
    ratio >= 1 ? ratio - 1 <= toleranceRatio + ROUNDING : 1 - ratio <= toleranceInRatio + ROUNDING
  return tolerated || count === current ? HOLD : want(count)
}
