/**
 * A file that cannot be imported: all that is wrong with it, each at its place. Nothing of it is written then.
 *
 * Example: `rules.xml:14:9: PLM-750: unclosed tag: actions` is the only problem of a file that was cut off in line 14.
 */

/** One row each in `docs/errors/import.md`. */
export const IMPORT_CODES = {
  /** It is not well-formed, or larger or deeper than such a file ever is. */
  damaged: 'PLM-750',
  /** It is well-formed, and something else. */
  otherDocument: 'PLM-751',
  /** The system it comes from would refuse this, too. */
  invalid: 'PLM-752',
  /** Good there, and beyond what a configuration here can say. */
  unwritable: 'PLM-753',
} as const

export type ImportCode = (typeof IMPORT_CODES)[keyof typeof IMPORT_CODES]

/** Where in a file that is imported. Line and column count from 1, columns in UTF-16 units. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface ImportProblem extends SourcePlace {
  readonly code: ImportCode
  readonly message: string
}

export class ImportError extends Error {
  readonly problems: readonly ImportProblem[]

  constructor(problems: readonly ImportProblem[]) {
    super(problems.map(problemLine).join('\n'))
    this.name = 'ImportError'
    this.problems = problems
  }
}

export function problemLine({ file, line, column, code, message }: ImportProblem): string {
  return `${file}:${line}:${column}: ${code}: ${message}`
}
