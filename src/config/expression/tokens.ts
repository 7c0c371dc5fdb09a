/**
 * Cuts an expression's text into tokens and keeps where each stands, so that every later error can point.
 *
 * Names may contain letters, digits, `_`, `-` and `.`. A `-` belongs to a name only where it stands between two
 * of its characters without spaces: `queue-depth` is one name, `sessions - 1` a subtraction, and `sessions-1` is
 * the (probably unknown) name `sessions-1`. A name may begin with a digit where only a name can stand:
 * `sum(5xx, 5m)`, `5xx is red`.
 *
 * Operators of other languages (`&&`, `=`, `<>`) are reported and then read as what they mean, so that the rest
 * of the text is still looked at.
 *
 * Example: `avg(cpu, 45m) > 80%` gives the word `avg`, `(`, the word `cpu`, `,`, the number 45 in `m`, `)`, `>`,
 * the number 80 in `%`, and the end.
 */
import { CODE, type ExpressionProblem, problemAt, quoted, type Span } from './problem.ts'
import {
  compoundDurationMs,
  formatDuration,
  isLiteralUnit,
  LITERAL_UNITS,
  type LiteralUnit,
  suggestUnit,
} from './units.ts'

const SYMBOLS = ['(', ')', ',', '+', '-', '*', '/', '>', '>=', '<', '<=', '==', '!=', '.'] as const
export type SymbolText = (typeof SYMBOLS)[number]

export interface NumberToken extends Span {
  readonly kind: 'number'
  readonly amount: number
  readonly unit: LiteralUnit | null
  /** Already reported (unknown unit, too large): take it as a number and say no more about it. */
  readonly spoilt: boolean
}
export interface WordToken extends Span {
  readonly kind: 'word'
  readonly text: string
}
export interface SymbolToken extends Span {
  readonly kind: 'symbol'
  readonly text: SymbolText
}
export interface EndToken extends Span {
  readonly kind: 'end'
}
export type Token = NumberToken | WordToken | SymbolToken | EndToken

/** Names another fleet: `fleet(db).ready`. */
export const FLEET = 'fleet'

/** The words between conditions; they never name anything. */
export const CONNECTIVES: readonly string[] = ['and', 'or', 'not', 'is']

const SPACE = /\s+/uy
const WORD = /[\p{L}_][\p{L}\p{N}_]*(?:[.-]+[\p{L}\p{N}_]+)*/uy
const NAME = /[\p{L}\p{N}_]+(?:[.-]+[\p{L}\p{N}_]+)*/uy
const FLEET_NAME = /[\p{L}\p{N}](?:[\p{L}\p{N} _.-]*[\p{L}\p{N}])?/uy
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const NUMBER_TAIL = /\.[.\d]*/y
const UNIT = /\s*%|[\p{L}_][\p{L}\p{N}_]*/uy
const OPERATOR = /===|!==|==|!=|>=|<=|<>|=>|=<|&&|\|\||[-+*/(),<>=!&|≥≤≠×÷−]/uy
const IS = /\s+is(?![\p{L}\p{N}_.-])/uy

/** What operators of other languages are called here. */
const FOREIGN: Readonly<Record<string, SymbolText | 'and' | 'or' | 'not'>> = {
  '===': '==',
  '!==': '!=',
  '=': '==',
  '<>': '!=',
  '=>': '>=',
  '=<': '<=',
  '&&': 'and',
  '&': 'and',
  '||': 'or',
  '|': 'or',
  '!': 'not',
  '≥': '>=',
  '≤': '<=',
  '≠': '!=',
  '×': '*',
  '÷': '/',
  '−': '-',
}

/** Whether an expression can spell this name; the configuration refuses metrics and KPIs it could never test. */
export function isName(text: string): boolean {
  return matchAt(NAME, text, 0) === text && /[\p{L}_]/u.test(text) && !CONNECTIVES.includes(text)
}

export interface Tokens {
  /** Always ends with one `end` token. */
  readonly tokens: readonly Token[]
  readonly problems: readonly ExpressionProblem[]
}

export function tokenize(text: string): Tokens {
  const tokens: Token[] = []
  const problems: ExpressionProblem[] = []
  let at = 0
  for (;;) {
    at += matchAt(SPACE, text, at).length
    if (at >= text.length) break
    const token =
      scanFleet(text, at, tokens) ??
      scanWord(text, at, tokens) ??
      scanNumber(text, at, problems) ??
      scanOperator(text, at, problems)
    if (token === null) {
      at = skipStray(text, at, problems)
    } else {
      tokens.push(token)
      at = token.end
    }
  }
  tokens.push({ kind: 'end', at: text.length, end: text.length })
  return { tokens, problems }
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

function scanWord(text: string, at: number, before: readonly Token[]): WordToken | null {
  const word = matchAt(mayBeginWithDigit(text, at, before) ? NAME : WORD, text, at)
  return word === '' ? null : { kind: 'word', text: word, at, end: at + word.length }
}

/** The name inside `fleet(...)`, which may hold spaces, and the point behind it. */
function scanFleet(text: string, at: number, before: readonly Token[]): WordToken | SymbolToken | null {
  const index = before.length
  if (isAfterFleetParenthesis(before, index)) {
    const name = matchAt(FLEET_NAME, text, at)
    return name === '' ? null : { kind: 'word', text: name, at, end: at + name.length }
  }
  const closed = before[index - 1]
  const isAfterFleet =
    text[at] === '.' &&
    closed?.kind === 'symbol' &&
    closed.text === ')' &&
    isAfterFleetParenthesis(before, index - 2)
  return isAfterFleet ? { kind: 'symbol', text: '.', at, end: at + 1 } : null
}

/** Whether the token at `index` is the first one inside `fleet(`. */
export function isAfterFleetParenthesis(tokens: readonly Token[], index: number): boolean {
  const called = tokens[index - 2]
  return isAfterCallParenthesis(tokens, index) && called?.kind === 'word' && called.text === FLEET
}

/** Whether the token at `index` says which quantity of another fleet: `ready` in `fleet(db).ready`. */
export function isFleetQuantity(tokens: readonly Token[], index: number): boolean {
  const point = tokens[index - 1]
  return point?.kind === 'symbol' && point.text === '.'
}

/** Where only a name can stand: first in an aggregate's parentheses, and before `is`. */
function mayBeginWithDigit(text: string, at: number, before: readonly Token[]): boolean {
  const name = matchAt(NAME, text, at)
  if (!/[\p{L}_]/u.test(name)) return false
  return isAfterCallParenthesis(before, before.length) || matchAt(IS, text, at + name.length) !== ''
}

/** Whether the token at `index` is the first one inside `something(`. */
export function isAfterCallParenthesis(tokens: readonly Token[], index: number): boolean {
  const parenthesis = tokens[index - 1]
  const called = tokens[index - 2]
  if (parenthesis?.kind !== 'symbol' || parenthesis.text !== '(') return false
  return called?.kind === 'word' && !CONNECTIVES.includes(called.text)
}

function scanNumber(text: string, at: number, problems: ExpressionProblem[]): NumberToken | null {
  const digits = matchAt(NUMBER, text, at)
  if (digits === '') return null
  const afterDigits = at + digits.length
  const tail = matchAt(NUMBER_TAIL, text, afterDigits)
  if (tail !== '') return malformed(text, { at, end: afterDigits + tail.length }, problems)
  const suffix = matchAt(UNIT, text, afterDigits)
  const span = { at, end: afterDigits + suffix.length }
  const amount = Number(digits)
  const unit = suffix.trim()
  if (unit !== '' && !isLiteralUnit(unit)) {
    problems.push(unknownUnit(text, { at: afterDigits, end: span.end }, digits, unit))
    return { kind: 'number', amount, unit: null, spoilt: true, ...span }
  }
  // The largest unit is a GiB of about 1e9 bytes, and arithmetic needs room above that.
  if (amount > 1e200) return tooLarge(text, span, problems)
  return { kind: 'number', amount, unit: unit === '' ? null : unit, spoilt: false, ...span }
}

function malformed(text: string, span: Span, problems: ExpressionProblem[]): NumberToken {
  const hint = 'Write digits with one point between them, such as 2.5.'
  problems.push(problemAt(span, CODE.badNumber, `"${quoted(text, span)}" is not a number.`, hint))
  return { kind: 'number', amount: 0, unit: null, spoilt: true, ...span }
}

function tooLarge(text: string, span: Span, problems: ExpressionProblem[]): NumberToken {
  const message = `The number ${quoted(text, span)} is too large to compute with.`
  problems.push(problemAt(span, CODE.badNumber, message, 'Numbers go up to 1e200.'))
  return { kind: 'number', amount: 0, unit: null, spoilt: true, ...span }
}

function unknownUnit(text: string, span: Span, digits: string, unit: string): ExpressionProblem {
  const compound = compoundDurationMs(`${digits}${unit}`)
  const meant = compound === null ? suggestUnit(unit) : null
  const instead = compound === null ? (meant === null ? null : `${digits}${meant}`) : formatDuration(compound)
  const known = `Units are ${LITERAL_UNITS.join(' ')}.`
  const hint = instead === null ? known : `Write ${instead}. ${known}`
  return problemAt(span, CODE.unknownUnit, `The unit "${quoted(text, span)}" is not known.`, hint)
}

function scanOperator(
  text: string,
  at: number,
  problems: ExpressionProblem[],
): SymbolToken | WordToken | null {
  const found = matchAt(OPERATOR, text, at)
  if (found === '') return null
  const span = { at, end: at + found.length }
  const meant = FOREIGN[found]
  if (meant !== undefined) {
    problems.push(
      problemAt(span, CODE.foreignOperator, `"${found}" is not an operator here.`, `Write ${meant}.`),
    )
  }
  const word = meant ?? found
  const symbol = SYMBOLS.find(each => each === word)
  return symbol === undefined
    ? { kind: 'word', text: word, ...span }
    : { kind: 'symbol', text: symbol, ...span }
}

/** Reports the character at `at` and skips it together with its repetitions. */
function skipStray(text: string, at: number, problems: ExpressionProblem[]): number {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  let end = at
  while (text.startsWith(character, end)) end += character.length
  const shown = /[\p{C}\p{Z}]/u.test(character)
    ? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
    : character
  const message = `The character "${shown}" has no meaning in an expression.`
  problems.push(problemAt({ at, end }, CODE.strayCharacter, message, strayHint(character)))
  return end
}

function strayHint(character: string): string | null {
  if (character === '%')
    return 'A % stands right after a number, such as 80%; there is no remainder operator.'
  if (/["'`]/.test(character)) return 'Write names without quotes, such as avg(cpu, 5m).'
  return null
}
