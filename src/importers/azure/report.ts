/**
 * What an import or an export could not carry over, where the source leaves open what is meant, and where the two sides differ.
 *
 * Example: `tell('ambiguous', place, '"enabled" is not said', 'it is taken for true')` at line 12 is one finding with the path
 * `properties.enabled`.
 */
import { type FindingKind, type ImportFinding, sortFindings } from '../finding.ts'
import type { Place } from './refusal.ts'

/** With the path in the tree, e.g. `properties.profiles[0]`. */
export interface AzureFinding extends ImportFinding {
  readonly path: string
}

export type Tell = (kind: FindingKind, place: Place, message: string, hint?: string) => void

export interface Findings {
  readonly tell: Tell
  /** Each once, in the order of kinds and lines. */
  readonly all: () => readonly ImportFinding[]
}

export function collectFindings(): Findings {
  const kept = new Map<string, AzureFinding>()
  return {
    tell: (kind, { file, line, column, path }, said, hint = '') => {
      const message = hint === '' ? said : `${said}; ${hint}`
      kept.set(`${file} ${line} ${column} ${path} ${message}`, { kind, file, line, column, path, message })
    },
    all: () => sortFindings([...kept.values()]),
  }
}
