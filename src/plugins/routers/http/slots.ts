/**
 * The number of slots in an answer of an instance.
 *
 * Example: `slotsIn('{"sessions": 3}', '/sessions')` is 3; `slotsIn('{}', '/sessions')` is `there is no "sessions" in ...`.
 */
import { resolvePointer } from '../../json-pointer.ts'

/** The number, or why it is none. */
export function slotsIn(text: string, pointer: string): number | string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return 'not JSON'
  }
  const pointed = resolvePointer(document, pointer)
  if (!pointed.found) return pointed.because
  const { value } = pointed
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  return `${pointer === '' ? 'the document' : pointer} is no number of slots`
}
