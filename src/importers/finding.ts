/**
 * What a person should know about an import, with the place in their own file.
 *
 * Example: `{ kind: 'lost', line: 31, message: 'the action "restartService" of "Recover" has no counterpart', ... }`.
 */
import type { SourcePlace } from './import-error.ts'

/**
 * `lost`: could not be carried over. `ambiguous`: can be read in more than one way, and was read in the one stated.
 * `changed`: carried over, and behaves differently on purpose. `advice`: carried over as it is, and worth a look.
 */
export type FindingKind = 'lost' | 'ambiguous' | 'changed' | 'advice'

export const FINDING_KINDS: readonly FindingKind[] = ['lost', 'ambiguous', 'changed', 'advice']

export interface ImportFinding extends SourcePlace {
  readonly kind: FindingKind
  readonly message: string
}

/** What an importer answers. */
export interface Imported {
  /** A whole configuration file that loads without a problem. */
  readonly text: string
  /** In the order of kinds, files and lines. */
  readonly findings: readonly ImportFinding[]
}

export function sortFindings(findings: readonly ImportFinding[]): ImportFinding[] {
  return [...findings].sort(
    (one, other) =>
      FINDING_KINDS.indexOf(one.kind) - FINDING_KINDS.indexOf(other.kind) ||
      compareTexts(one.file, other.file) ||
      one.line - other.line ||
      one.column - other.column,
  )
}

function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
