/**
 * Places a session where its id says: every instance gets a score from its own id and the session's, and the highest
 * with room wins. The same id goes to the same instance again, as long as that one is open and has room; when an
 * instance comes or goes, only the sessions it wins or loses move.
 *
 * Example: scores of session "ada": a 17, b 90, c 42. It goes to b; while b is full to c; a fourth instance changes that
 * only if it scores more than 90.
 *
 * It looks at every instance with room: about 2.5 ns each, 25 µs for 10,000 of them.
 */
import type { Choose } from './choose.ts'

export const rendezvous: Choose = (room, { id, slots }) => {
  const session = hashText(id)
  const { all, keys } = room
  let best = null
  let highest = -1
  for (let at = 0; at < all.length; at++) {
    const score = mix(session ^ (keys[at] ?? 0))
    if (score < highest) continue
    const cell = all[at]
    if (cell === undefined || cell.free < slots) continue
    // Two instances that score the same are told apart by their ids, not by the order they came in.
    if (score === highest && best !== null && cell.of.id > best.id) continue
    highest = score
    best = cell.of
  }
  return best
}

/** FNV-1a, 32 bits, mixed once more. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** Every bit of the input moves about half of the bits of the output (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
