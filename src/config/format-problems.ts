/**
 * Prints problems as an operator wants to read them: place, words, the line with a caret, what to do.
 *
 * Example:
 *
 *     plimsoll.yaml:7:12: error PLM-116: 5 has no unit
 *       7 |     every: 5
 *         |            ^
 *         write 5m or 5s
 */
import { createColors } from 'picocolors'
import type { ConfigProblem } from './problem.ts'

export interface FormatOptions {
  readonly colour: boolean
}

/** More are counted, not shown. */
const MOST = 50
/** Longer lines are cut around the caret. */
const WIDEST = 140

export function formatProblems(
  problems: readonly ConfigProblem[],
  text: string,
  { colour }: FormatOptions,
): string {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const paint = createColors(colour)
  const shown = problems.slice(0, MOST).map(problem => formatOne(problem, lines, paint))
  const more = problems.length - shown.length
  if (more > 0) shown.push(`and ${more} more`)
  return `${shown.join('\n')}\n`
}

function formatOne(
  problem: ConfigProblem,
  lines: readonly string[],
  paint: ReturnType<typeof createColors>,
): string {
  const red = problem.severity === 'error' ? paint.red : paint.yellow
  const place = problem.line > 0 ? `:${problem.line}:${problem.column}` : ''
  const where = problem.line > 0 || problem.path === '' ? '' : ` at ${problem.path}`
  const head = `${paint.bold(visible(`${problem.file}${place}${where}`))}: ${red(`${problem.severity} ${problem.code}`)}: ${visible(problem.message)}`
  const line = problem.line > 0 ? lines[problem.line - 1] : undefined
  const margin = `${problem.line}`.padStart(4)
  const result = [head]
  if (line !== undefined) {
    const { shown, indent, width } = excerpt(line, problem)
    result.push(
      `${paint.dim(`${margin} |`)} ${shown}`,
      `${paint.dim('     |')} ${' '.repeat(indent)}${red('^'.repeat(width))}`,
    )
  }
  if (problem.hint !== null)
    result.push(`${line === undefined ? '    ' : '      '} ${paint.cyan(visible(problem.hint))}`)
  return result.join('\n')
}

function excerpt(
  line: string,
  { column, length }: ConfigProblem,
): { shown: string; indent: number; width: number } {
  const at = Math.min(Math.max(column - 1, 0), line.length)
  const start = line.length <= WIDEST ? 0 : Math.max(0, Math.min(at - WIDEST / 2, line.length - WIDEST))
  const cut = line.slice(start, start + WIDEST)
  const before = start > 0 ? '...' : ''
  const after = start + WIDEST < line.length ? '...' : ''
  const marked = cut.slice(at - start, at - start + length)
  return {
    shown: `${before}${visible(cut)}${after}`,
    indent: before.length + columns(cut.slice(0, at - start)),
    width: Math.max(1, columns(marked)),
  }
}

/** Nothing in a file may talk to the terminal; a tab would move the caret. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Extended_Pictographic}]/u
const NARROW = /\p{Mn}/u

/** Terminal columns. */
function columns(text: string): number {
  let sum = 0
  for (const character of text) sum += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return sum
}
