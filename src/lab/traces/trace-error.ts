/**
 * A record of load that cannot be read, and where: file, line, column. What can be mended is no error but a `Repair` of the trace.
 *
 * Example: `new TraceError('PLM-703', 'there is no column "vlaue". Did you mean "value"?', { file: 'web.csv', line: 1 })` says
 * `web.csv:1: there is no column "vlaue". Did you mean "value"?`
 */

/** One row each in `docs/errors/traces.md`. */
export const TRACE_CODES = {
  unreadable: 'PLM-700',
  empty: 'PLM-701',
  notText: 'PLM-702',
  noColumn: 'PLM-703',
  noTime: 'PLM-704',
  tooManyBins: 'PLM-705',
  brokenRows: 'PLM-706',
  notNumbers: 'PLM-707',
  step: 'PLM-708',
  parquet: 'PLM-709',
  unreachable: 'PLM-710',
  refused: 'PLM-711',
  series: 'PLM-712',
  nothingRecorded: 'PLM-713',
  tooMuch: 'PLM-714',
  source: 'PLM-715',
  whichColumn: 'PLM-716',
  tooLittle: 'PLM-717',
  noHistory: 'PLM-820',
  historyTooOld: 'PLM-821',
  historyRefused: 'PLM-822',
  historyEmpty: 'PLM-823',
  historyStep: 'PLM-824',
} as const

export type TraceCode = (typeof TRACE_CODES)[keyof typeof TRACE_CODES]

/** Lines and columns count from 1; a column is a field of its line, or its name. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number | string
}

export class TraceError extends Error {
  readonly code: TraceCode
  readonly place: Place

  constructor(code: TraceCode, message: string, place: Place, options?: { readonly cause?: unknown }) {
    super(`${placeText(place)}: ${message}`, options)
    this.name = 'TraceError'
    this.code = code
    this.place = place
  }
}

export function placeText({ file, line, column }: Place): string {
  if (line === undefined) return file
  if (column === undefined) return `${file}:${line}`
  return typeof column === 'number' ? `${file}:${line}:${column}` : `${file}:${line} (${column})`
}
