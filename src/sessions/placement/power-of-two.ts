/**
 * Draws two instances with room and takes the emptier one: nearly as even as the emptiest of all, without everybody
 * crowding onto one and the same instance that has just started. Constant time.
 *
 * Example: drawn a (3 free) and b (5 free): the session goes to b. Where neither has the slots it needs, the emptiest of
 * all gets it.
 */
import type { Choose } from './choose.ts'

export const powerOfTwo: Choose = (room, { slots }, random) => {
  const cells = room.all
  const one = cells[Math.floor(random.next() * cells.length)]
  const two = cells[Math.floor(random.next() * cells.length)]
  if (one === undefined || two === undefined) return null
  const emptier = two.free > one.free ? two : one
  return emptier.free >= slots ? emptier.of : room.emptiest(slots)
}
