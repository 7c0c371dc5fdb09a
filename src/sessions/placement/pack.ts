/**
 * Places a session on the fullest instance that has room: the others empty by themselves, so that drains are short.
 * Constant time.
 *
 * Example: free slots a: 1, b: 7, c: 0. A session of one slot goes to a, one of two to b.
 */
import type { Choose } from './choose.ts'

export const pack: Choose = (room, { slots }) => room.fullest(slots)
