/**
 * What a number means where it is held against something: `60%` is 60 against a metric in percent and 0.6 against a
 * ratio. Reads it the way the expression language would read `(metric) >= 60%`, so that one rule holds for both.
 *
 * Example: `readAmount('300ms', 'avg(latency, 5m)', context)` is 300 where `latency` is in milliseconds, 0.3 where it is in
 * seconds, and PLM-230 where it is in percent.
 */
import type { Condition } from '../model/expression.ts'
import type { ExpressionContext } from './expression/context.ts'
import { parseCondition } from './expression/parse.ts'
import type { ExpressionProblem } from './expression/problem.ts'

export type Amount =
  | { readonly ok: true; readonly value: number }
  /** Placed in the amount's own text. */
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] }

/** @param against an expression that is right by itself */
export function readAmount(text: string, against: string, context: ExpressionContext): Amount {
  const before = `(${against}) >= `
  // As written it may be negative, and a minus binds to its number.
  const negative = text.startsWith('-')
  const parsed = parseCondition(`${before}${text.replace(/^[+-]/, '')}`, context)
  if (!parsed.ok)
    return { ok: false, problems: parsed.problems.map(problem => inText(problem, before, text)) }
  const value = numberOf(parsed.value)
  return { ok: true, value: negative ? -value : value }
}

function numberOf(condition: Condition): number {
  if (condition.node === 'compare' && condition.right.node === 'number') return condition.right.value
  throw new Error('An amount was not read as a number')
}

function inText(problem: ExpressionProblem, before: string, text: string): ExpressionProblem {
  const at = Math.max(0, Math.min(problem.at - before.length, text.length - 1))
  return { ...problem, at, length: Math.max(1, Math.min(problem.length, text.length - at)) }
}
