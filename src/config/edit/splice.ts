/**
 * Replaces pieces of a text and leaves every other character as it is: comments, quotes and layout stay.
 *
 * Example: `spliced('every: 15s # often', [{ start: 7, end: 10, text: '30s' }])` is `every: 30s # often`.
 */

export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** @param splices in any order, none inside another */
export function spliced(text: string, splices: readonly Splice[]): string {
  let result = ''
  let at = 0
  for (const splice of [...splices].sort((one, other) => one.start - other.start)) {
    result += text.slice(at, splice.start) + splice.text
    at = splice.end
  }
  return result + text.slice(at)
}
