/**
 * What a placement is: which of the instances with room gets this session. Each is a file of this folder.
 *
 * Example: `placements.pack(room, { id: 's1', slots: 1 }, random)` answers the fullest instance with a free slot, or null.
 */
import type { Random } from '../../ports/clock.ts'
import type { BookInstance } from '../book.ts'
import type { Room } from '../room.ts'

export type Choose = (
  room: Room<BookInstance>,
  session: { readonly id: string; readonly slots: number },
  random: Random,
) => BookInstance | null
