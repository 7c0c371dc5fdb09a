/**
 * What a new list of instances means for the book: who is new, open, closed, missing, gone, or another under a known id. And
 * which of them a session in the log is on.
 *
 * Example: known a (open), b (open). Told `[{ id: 'a', incarnation: '2' }]` where a was '1': the former a is gone and its
 * sessions are lost, a new a is there, and b is missing: closed, with its sessions.
 */

import type { LoggedSession } from '../ports/session-log.ts'
import type { RoutedInstance } from '../ports/session-router.ts'
import { type Book, BookInstance, isSameIncarnation } from './book.ts'

export interface Departed {
  readonly instance: BookInstance
  readonly why: string
}

/** Answers the instances that ended; their sessions are still to be ended by the caller. */
export function reconcile(book: Book, listed: readonly RoutedInstance[]): Departed[] {
  const departed: Departed[] = []
  const there = new Set<string>()
  const depart = (instance: BookInstance, why: string): void => {
    book.removeInstance(instance)
    departed.push({ instance, why })
  }
  for (const { id, incarnation, admission } of listed) {
    if (admission !== 'gone') continue
    const known = book.instances.get(id)
    if (known !== undefined && isSameIncarnation(known.incarnation, incarnation)) {
      depart(known, 'its instance is gone')
    }
  }
  for (const routed of listed) {
    if (routed.admission === 'gone') continue
    there.add(routed.id)
    const known = book.instances.get(routed.id)
    if (known === undefined) {
      book.setAdmission(book.addInstance(routed, true), routed.admission)
    } else if (isSameIncarnation(known.incarnation, routed.incarnation)) {
      update(book, known, routed)
    } else {
      depart(known, 'another instance has the id of its own now')
      book.setAdmission(book.addInstance(routed, true), routed.admission)
    }
  }
  for (const instance of [...book.instances.values()]) {
    if (!there.has(instance.id)) miss(book, instance)
  }
  return departed
}

function update(book: Book, known: BookInstance, routed: RoutedInstance): void {
  known.listed = true
  known.address = routed.address
  known.incarnation = routed.incarnation ?? known.incarnation
  book.setZone(known, routed.zone)
  if (routed.admission !== 'gone') book.setAdmission(known, routed.admission)
}

/** A list may be behind: what is missing is kept as long as it holds something. */
function miss(book: Book, instance: BookInstance): void {
  instance.listed = false
  book.setAdmission(instance, 'closed')
  if (instance.used === 0) book.removeInstance(instance)
}

/**
 * The instance that a session in the log is on. Not in a list yet, it is closed until it is; one that has another incarnation by now
 * is none of the book's.
 */
export function instanceIn(book: Book, { instance: id, incarnation }: LoggedSession): BookInstance {
  const routed = { id, incarnation, address: '', zone: null }
  const known = book.instances.get(id)
  if (known === undefined) return book.addInstance(routed, false)
  if (isSameIncarnation(known.incarnation, incarnation)) {
    known.incarnation ??= incarnation
    return known
  }
  if (known.listed) return new BookInstance(routed, false)
  // Of two that the log knows, the one with the later session is the later one.
  book.removeInstance(known)
  return book.addInstance(routed, false)
}
