/**
 * What can be wrong with an expression, and how it is shown: the line, a caret under the place, what was
 * found, what to write instead. The codes are listed for operators in `docs/errors/expression.md`.
 *
 * Example: for `ordes is red`, where the fleet has a KPI `orders`,
 *
 *     ordes is red
 *     ^^^^^
 *     PLM-221 There is no KPI "ordes".
 *     Did you mean "orders"?
 */

export const CODE = {
  empty: 'PLM-200',
  tooLong: 'PLM-201',
  tooDeep: 'PLM-202',
  tooManyOperands: 'PLM-203',
  strayCharacter: 'PLM-204',
  foreignOperator: 'PLM-205',
  badNumber: 'PLM-206',
  unknownUnit: 'PLM-207',
  missingOperand: 'PLM-208',
  parenthesis: 'PLM-209',
  missingOperator: 'PLM-210',
  chainedComparison: 'PLM-211',
  badKpiTest: 'PLM-212',
  badAggregate: 'PLM-213',
  missingWindow: 'PLM-214',
  badWindow: 'PLM-215',
  unknownMetric: 'PLM-220',
  unknownKpi: 'PLM-221',
  unknownAggregate: 'PLM-222',
  unknownWord: 'PLM-223',
  metricWithoutAggregate: 'PLM-224',
  kpiWithoutTest: 'PLM-225',
  unknownFleet: 'PLM-226',
  badFleetQuantity: 'PLM-227',
  needsNumber: 'PLM-230',
  needsTruth: 'PLM-231',
  notACondition: 'PLM-232',
  notANumber: 'PLM-233',
  differentUnits: 'PLM-240',
  undecidedUnit: 'PLM-241',
  doubtfulPercent: 'PLM-242',
} as const

export type ExpressionCode = (typeof CODE)[keyof typeof CODE]

/** One thing wrong. `at` and `length` count UTF-16 units of the text; a problem at its end has length 0. */
export interface ExpressionProblem {
  /** One of `CODE`. */
  readonly code: string
  readonly message: string
  readonly at: number
  readonly length: number
  readonly hint: string | null
}

/** Most problems reported for one text; the first ones, in the order of the text. */
export const MAX_PROBLEMS = 20

/** A stretch of the text: `at` belongs to it, `end` does not. */
export interface Span {
  readonly at: number
  readonly end: number
}

export function problemAt(
  span: Span,
  code: string,
  message: string,
  hint: string | null = null,
): ExpressionProblem {
  return { code, message, at: span.at, length: span.end - span.at, hint }
}

/** Most characters of a line that are shown; longer lines are cut around the caret. */
const SHOWN = 100

/** The line, the caret, the code with the message, the hint: three or four lines without a line break at the end. */
export function formatProblem(text: string, problem: ExpressionProblem): string {
  const { line, column, length } = excerpt(text, problem)
  const indent = ' '.repeat(column)
  const lines = [line, `${indent}${'^'.repeat(Math.max(1, length))}`, `${problem.code} ${problem.message}`]
  if (problem.hint !== null) lines.push(problem.hint)
  return lines.join('\n')
}

/** A quotation fit for one line of a message: no control characters, at most 60 characters. */
export function quoted(text: string, span: Span): string {
  const plain = visible(text.slice(span.at, span.end)).replaceAll(/\s+/g, ' ')
  return plain.length <= 60 ? plain : `${plain.slice(0, 57)}...`
}

interface Excerpt {
  readonly line: string
  readonly column: number
  readonly length: number
}

function excerpt(text: string, problem: ExpressionProblem): Excerpt {
  const from = lastLineBreak(text, problem.at)
  const rest = text.slice(from)
  const lineEnd = rest.search(/[\r\n]/)
  const whole = lineEnd === -1 ? rest : rest.slice(0, lineEnd)
  const at = Math.min(problem.at - from, whole.length)
  const length = Math.min(problem.length, whole.length - at)
  if (whole.length <= SHOWN) return inColumns(whole, at, length)
  const start = Math.max(0, Math.min(at - SHOWN / 2, whole.length - SHOWN))
  const cut = whole.slice(start, start + SHOWN)
  const shown = inColumns(cut, at - start, Math.min(length, cut.length - (at - start)))
  const before = start > 0 ? '...' : ''
  const after = start + SHOWN < whole.length ? '...' : ''
  return { ...shown, line: `${before}${shown.line}${after}`, column: shown.column + before.length }
}

function lastLineBreak(text: string, at: number): number {
  const before = text.slice(0, at)
  return Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1
}

/** Offsets count UTF-16 units, a terminal counts characters. */
function inColumns(line: string, at: number, length: number): Excerpt {
  const characters = (part: string): number => [...part].length
  return {
    line: visible(line),
    column: characters(line.slice(0, at)),
    length: characters(line.slice(at, at + length)),
  }
}

/** A tab would move the caret, an escape sequence would talk to the terminal. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}
