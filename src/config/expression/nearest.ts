/**
 * Finds the known name an operator most likely meant, so that an error can say "did you mean". Shared with
 * the configuration's own keys.
 *
 * Example: `nearest('ordes', ['cpu', 'orders'])` is `'orders'` (one letter missing); `nearest('x', ['cpu'])`
 * is `null`, because a wild guess is worse than none.
 */

/** Nobody mistypes a name this long by a letter; beyond it the comparison would only cost time. */
const LONGEST = 64

/** Wrong case alone counts for less than any wrong letter. */
const WRONG_CASE = 0.5

/**
 * The candidate with the fewest edits (insert, drop, replace, swap neighbours), the first of equals;
 * `null` when none is within a third of the word's length (at least one edit for words of two letters or more).
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length === 0 || word.length > LONGEST) return null
  const allowed = word.length === 1 ? WRONG_CASE : Math.max(1, Math.floor(word.length / 3))
  let best: string | null = null
  let fewest = allowed + Number.EPSILON * 8
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > allowed) continue
    const edits = candidate === word ? 0 : distance(word, candidate, fewest)
    if (edits < fewest) {
      best = candidate
      fewest = edits
    }
  }
  return best
}

function distance(word: string, candidate: string, enough: number): number {
  const left = word.toLowerCase()
  const right = candidate.toLowerCase()
  return left === right ? WRONG_CASE : edits(left, right, enough)
}

/** Optimal string alignment, three rows at a time; `Infinity` once it is sure to be more than `enough`. */
function edits(left: string, right: string, enough: number): number {
  let twoAbove: number[] = []
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      const replace = at(above, column - 1) + (same ? 0 : 1)
      const dropOrInsert = Math.min(at(above, column), at(current, column - 1)) + 1
      const swap = row > 1 && column > 1 && swapped ? at(twoAbove, column - 2) + 1 : Infinity
      current.push(Math.min(replace, dropOrInsert, swap))
    }
    // A swap may still reach two rows back, so both must be past it.
    if (Math.min(...current) > enough && Math.min(...above) > enough) return Infinity
    twoAbove = above
    above = current
  }
  return at(above, right.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
