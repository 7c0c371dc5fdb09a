/**
 * A fleet that goes by sessions, as the lab's tests play it, and when people come to it.
 *
 * Example: `scene.file('rooms.yaml', ROOMS)`; each of up to 20 instances holds four, a quarter of all slots is kept free.
 */
export const ROOMS = `plimsoll: 1
fleets:
  rooms:
    target: { type: process, command: [node, rooms.mjs] }
    router: { type: broker }
    capacity: { min: 1, max: 20 }
    sessions: { slotsPerInstance: 4, reserve: 25% }
    stabilization: { in: 0s }
`

/** The minute in which each of 240 people comes: one a minute, and in the second hour two. */
export const COME_IN_MINUTE: readonly number[] = Array.from({ length: 240 }, (_, index) =>
  index < 60 ? index : index < 180 ? 60 + (index - 60) / 2 : index - 60,
)
