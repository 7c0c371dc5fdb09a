/**
 * Keys of which a mapping has exactly one.
 *
 * Example: `{ instances: 4, percent: 100%, per: 1m }` is PLM-117 at `percent`: "a rate limit has either "instances" or
 * "percent"".
 */
import { CODES } from './codes.ts'
import type { Path } from './problem.ts'
import type { Reading } from './shape.ts'

/** The one that is there; reports when there is none, or another one. */
export function checkOneOf<K extends string>(
  reading: Reading,
  raw: Readonly<Record<string, unknown>>,
  keys: readonly K[],
  path: Path,
  subject: string,
  hint: string,
): K | null {
  const [first, second] = keys.filter(key => raw[key] !== undefined)
  if (first === undefined) {
    const listed = `${keys.slice(0, -1).join('", "')}" nor "${keys.at(-1)}`
    reading.report({
      code: CODES.exclusiveKeys,
      message: `${subject} has neither "${listed}"`,
      hint,
      path,
    })
    return null
  }
  if (second === undefined) return first
  reading.report({
    code: CODES.exclusiveKeys,
    message: `${subject} has either "${first}" or "${second}"`,
    hint: 'delete one of them',
    path: [...path, second],
    part: 'key',
  })
  return null
}
