/**
 * What to say when a name does not exist: the one that was probably meant, else what there is.
 *
 * Example: `suggest('wbe', ['web', 'worker'])` is `Did you mean "web"?`.
 */
import { nearest } from '../config/expression/nearest.ts'

const MOST_NAMES = 10

export function suggest(word: string, known: readonly string[]): string {
  const close = nearest(word, known)
  if (close !== null) return `Did you mean "${close}"?`
  if (known.length === 0) return 'There is none.'
  const shown = known.slice(0, MOST_NAMES).map(name => `"${name}"`)
  const rest = known.length - shown.length
  return `There is ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`
}
