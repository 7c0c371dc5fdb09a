/**
 * Finds every name that is not known, in one sweep over the tokens: a text whose grammar is broken still gets
 * all its wrong names reported, each with the nearest known one.
 *
 * Example: `avg(cpuu, 5m) > 80% and and ordes is red` reports `cpuu` and `ordes` here; the doubled `and` is
 * reported by the grammar.
 */
import { AGGREGATES, aggregateNamed, FLEET_QUANTITIES, FLEET_TRUTHS } from '../../model/expression.ts'
import type { ExpressionContext } from './context.ts'
import { nearest } from './nearest.ts'
import { CODE, type ExpressionProblem, MAX_PROBLEMS, problemAt, quoted } from './problem.ts'
import {
  CONNECTIVES,
  FLEET,
  isAfterCallParenthesis,
  isAfterFleetParenthesis,
  isFleetQuantity,
  type Token,
  type WordToken,
} from './tokens.ts'
import { isLiteralUnit, suggestUnit } from './units.ts'

const STATES = ['green', 'red', 'unknown']
const WORDS_OF_THE_FLEET: readonly string[] = [...FLEET_QUANTITIES, ...FLEET_TRUTHS]

export function checkNames(
  text: string,
  tokens: readonly Token[],
  context: ExpressionContext,
): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = []
  for (let index = 0; index < tokens.length && problems.length < MAX_PROBLEMS; index++) {
    const problem = problemOfName(text, tokens, index, context)
    if (problem !== null) problems.push(problem)
  }
  return problems
}

function problemOfName(
  text: string,
  tokens: readonly Token[],
  index: number,
  context: ExpressionContext,
): ExpressionProblem | null {
  const token = tokens[index]
  if (token?.kind !== 'word' || CONNECTIVES.includes(token.text)) return null
  const next = tokens[index + 1]
  if (isAfterFleetParenthesis(tokens, index)) return problemOfFleet(text, token, context)
  if (isFleetQuantity(tokens, index)) return problemOfQuantity(text, token)
  if (next?.kind === 'symbol' && next.text === '(')
    return token.text === FLEET ? null : problemOfAggregate(text, token)
  if (isWord(next, 'is')) return problemOfKpi(text, token, context)
  if (isAfterCallParenthesis(tokens, index)) return problemOfMetric(text, tokens, index, token, context)
  if (isAfterIs(tokens, index) || isAfterComma(tokens, index)) return null
  return problemOfBareWord(text, token, tokens[index - 1], context)
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text
}

/** Then it is a KPI's state, which the grammar looks at. */
function isAfterIs(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]
  return isWord(before, 'is') || (isWord(before, 'not') && isWord(tokens[index - 2], 'is'))
}

/** Then a window should stand there, which the grammar says. */
function isAfterComma(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]
  return before?.kind === 'symbol' && before.text === ','
}

function problemOfFleet(
  text: string,
  token: WordToken,
  { fleets = new Set() }: ExpressionContext,
): ExpressionProblem | null {
  if (fleets.has(token.text)) return null
  const message = `There is no fleet "${quoted(text, token)}".`
  return problemAt(token, CODE.unknownFleet, message, suggest(token.text, fleets, 'fleets'))
}

function problemOfQuantity(text: string, token: WordToken): ExpressionProblem | null {
  if (FLEET_QUANTITIES.some(quantity => quantity === token.text)) return null
  const message = `There is no quantity "${quoted(text, token)}".`
  return problemAt(token, CODE.badFleetQuantity, message, suggest(token.text, FLEET_QUANTITIES, 'quantities'))
}

function problemOfAggregate(text: string, token: WordToken): ExpressionProblem | null {
  if (aggregateNamed(token.text) !== null) return null
  const available = `Available: ${AGGREGATES.join(', ')}; any percentile from p0.01 to p99.99.`
  const meant = nearest(token.text, AGGREGATES)
  const hint = meant === null ? available : `Did you mean "${meant}"? ${available}`
  return problemAt(token, CODE.unknownAggregate, `The aggregate "${quoted(text, token)}" is not known.`, hint)
}

function problemOfMetric(
  text: string,
  tokens: readonly Token[],
  index: number,
  token: WordToken,
  context: ExpressionContext,
): ExpressionProblem | null {
  if (context.metrics.has(token.text)) return null
  const called = tokens[index - 2]
  // In `abs(instances - 3)` the trouble is `abs`, already reported; `instances` is no metric gone wrong.
  if (called?.kind === 'word' && aggregateNamed(called.text) === null && isKnown(token.text, context))
    return null
  const message = `There is no metric "${quoted(text, token)}".`
  return problemAt(token, CODE.unknownMetric, message, suggest(token.text, context.metrics.keys(), 'metrics'))
}

function isKnown(word: string, context: ExpressionContext): boolean {
  return WORDS_OF_THE_FLEET.includes(word) || context.kpis.has(word)
}

function problemOfKpi(text: string, token: WordToken, context: ExpressionContext): ExpressionProblem | null {
  if (context.kpis.has(token.text)) return null
  const message = `There is no KPI "${quoted(text, token)}".`
  const hint = context.metrics.has(token.text)
    ? `"${token.text}" is a metric; only a KPI is red, green or unknown.`
    : suggest(token.text, context.kpis, 'KPIs')
  return problemAt(token, CODE.unknownKpi, message, hint)
}

function problemOfBareWord(
  text: string,
  token: WordToken,
  before: Token | undefined,
  context: ExpressionContext,
): ExpressionProblem | null {
  const word = token.text
  // An aggregate without its parentheses is the grammar's to explain.
  if (WORDS_OF_THE_FLEET.includes(word) || aggregateNamed(word) !== null) return null
  if (context.metrics.has(word)) {
    const message = `The metric "${word}" is many samples; say how they become one number.`
    return problemAt(token, CODE.metricWithoutAggregate, message, `Write avg(${word}, 5m) or last(${word}).`)
  }
  if (context.kpis.has(word)) {
    const message = `The KPI "${word}" has three states; say which one to test.`
    return problemAt(token, CODE.kpiWithoutTest, message, `Write ${word} is red.`)
  }
  const message = `The word "${quoted(text, token)}" is not known.`
  return problemAt(token, CODE.unknownWord, message, hintForBareWord(word, before, context))
}

function hintForBareWord(word: string, before: Token | undefined, context: ExpressionContext): string {
  const unit = isLiteralUnit(word) ? word : suggestUnit(word)
  if (before?.kind === 'number' && before.unit === null && unit !== null) {
    return `Write the unit right after its number: ${before.amount}${unit}.`
  }
  if (STATES.includes(word)) return `Write which KPI: "<kpi> is ${word}".`
  const first = word.split('-')[0] ?? ''
  if (first !== word && isKnown(first, context)) return 'To subtract, write spaces around the minus.'
  const known = [
    ...CONNECTIVES,
    ...WORDS_OF_THE_FLEET,
    ...AGGREGATES,
    ...context.kpis,
    ...context.metrics.keys(),
  ]
  const meant = nearest(word, known)
  return meant === null
    ? `Known words: ${WORDS_OF_THE_FLEET.join(', ')}; metrics stand in an aggregate, KPIs before "is".`
    : `Did you mean "${meant}"?`
}

/** The nearest name, else the first few there are. */
function suggest(word: string, names: Iterable<string>, what: string): string {
  const known = [...names]
  const meant = nearest(word, known)
  if (meant !== null) return `Did you mean "${meant}"?`
  if (known.length === 0) return `No ${what} are defined here.`
  const most = what === 'quantities' ? known.length : 8
  const listed = known.slice(0, most).join(', ')
  return `Defined ${what}: ${listed}${known.length > most ? ', ...' : ''}.`
}
