/**
 * What is wrong with a configuration, and where: the shape every finding takes, whoever makes it.
 *
 * Example: `every: 5` on line 7 is `{ code: 'PLM-116', severity: 'error', message: '5 has no unit',
 *   hint: 'write 5m or 5s', file: 'plimsoll.yaml', line: 7, column: 12, length: 1, path: 'fleets.web.every' }`.
 */

/** `line` and `column` count from 1; both are 0 for a configuration built in code, which has no text. */
export interface ConfigProblem {
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint: string | null
  readonly file: string
  readonly line: number
  readonly column: number
  readonly length: number
  /** Where in the tree, e.g. `fleets.web.rules[0].when`; empty for the file as a whole. */
  readonly path: string
}

/** Keys and indices from the root. */
export type Path = readonly (string | number)[]

/** A finding before it has a line and a column. */
export interface Finding {
  readonly code: string
  readonly severity?: 'error' | 'warning'
  readonly message: string
  readonly hint?: string | null
  readonly path: Path
  /** Point at the key rather than at its value. */
  readonly part?: 'key' | 'value'
  /** Point inside a text value: index and length in the value as read. */
  readonly at?: number
  readonly length?: number
}

export type Report = (finding: Finding) => void

/** `['fleets', 'my fleet', 'rules', 0]` reads `fleets["my fleet"].rules[0]`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}

/** In the order of the text; errors before warnings at one place; the same finding once. */
export function sortProblems(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Set<string>()
  const unique = problems.filter(problem => {
    const key = `${problem.code} ${problem.line}:${problem.column} ${problem.line === 0 ? problem.path : ''} ${problem.message}`
    return seen.has(key) ? false : seen.add(key)
  })
  return unique.sort((a, b) => a.line - b.line || a.column - b.column || a.severity.localeCompare(b.severity))
}
