/**
 * Places a session on the emptiest instance: each session has most of an instance to itself, and drains are long.
 * Constant time.
 *
 * Example: free slots a: 1, b: 7, c: 0. A session goes to b.
 */
import type { Choose } from './choose.ts'

export const spread: Choose = (room, { slots }) => room.emptiest(slots)
