/**
 * Hands on what the expression language found wrong in a text of the file, each at its own column.
 *
 * Example: `when: "avg(cpuu, 5m) > 80%"` is PLM-220 under `cpuu`; where a reference gave the text, the problem names the
 * reference and shows nothing of it.
 */
import { CODES } from './codes.ts'
import type { ExpressionProblem } from './expression/problem.ts'
import { type Path, pathText } from './problem.ts'
import type { Reading } from './shape.ts'

type Verdict = { readonly ok: true } | { readonly ok: false; readonly problems: readonly ExpressionProblem[] }

export function checkParsed(check: Reading, parsed: Verdict, path: Path): void {
  if (parsed.ok) return
  const written = check.written.get(pathText(path))
  if (written === undefined) {
    for (const problem of parsed.problems) {
      const hint = problem.hint === null ? null : inLine(problem.hint)
      check.report({ ...problem, message: inLine(problem.message), hint, path })
    }
    return
  }
  // The words of the problem would show what the reference gave.
  const codes = [...new Set(parsed.problems.map(problem => problem.code))].join(', ')
  check.report({
    code: CODES.secretExpression,
    message: `the expression that ${written} gives is wrong (${codes})`,
    hint: 'write the expression into the file to see what is wrong with it',
    path,
  })
}

/** A sentence as it stands after a place and a colon. */
function inLine(sentence: string): string {
  const start = /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
  return start.replace(/\.$/, '')
}
