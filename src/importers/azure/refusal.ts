/**
 * A file that cannot be imported: what was seen, where (line, column and path in the tree), and what to do.
 *
 * Example: `web.json:4:18: PLM-750: expected a value, found "," (at properties.profiles[0].capacity)`.
 */
import { IMPORT_CODES, ImportError, type SourcePlace } from '../import-error.ts'

export interface Place extends SourcePlace {
  /** Where in the tree, e.g. `properties.profiles[0].capacity`; empty for the document itself. */
  readonly path: string
}

export const REFUSED = {
  damaged: IMPORT_CODES.damaged,
  nothing: IMPORT_CODES.otherDocument,
  wrong: IMPORT_CODES.invalid,
  unresolved: IMPORT_CODES.unwritable,
} as const

export class AzureRefusal extends ImportError {
  readonly place: Place

  constructor(code: (typeof REFUSED)[keyof typeof REFUSED], place: Place, message: string, hint = '') {
    const { file, line, column, path } = place
    const where = path === '' ? '' : ` (at ${path})`
    super([{ code, file, line, column, message: `${message}${where}${hint === '' ? '' : `; ${hint}`}` }])
    this.name = 'AzureRefusal'
    this.place = place
  }
}
