import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionBook } from './sessions.ts'

describe('the book of sessions', () => {
  it('counts a session until its idle time after the last request', () => {
    const book = new SessionBook(30)
    book.touch('a', 0)
    book.touch('b', 5)
    book.touch('a', 20)
    expect([34, 35, 49, 50].map(at => book.live(at))).toEqual([2, 1, 1, 0])
  })

  it('counts each session once', () => {
    const book = new SessionBook(30)
    for (let at = 0; at < 10; at++) book.touch('a', at)
    expect(book.live(10)).toBe(1)
  })

  it('never counts fewer than are live, even when there are more than it can remember', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(20)), { maxLength: 60 }), touches => {
        const book = new SessionBook(50, 3)
        const lastSeen = new Map<number, number>()
        let now = 0
        for (const [session, passed] of touches) {
          now += passed
          book.touch(`${session}`, now)
          lastSeen.set(session, now)
          const live = [...lastSeen.values()].filter(seen => now - seen < 50).length
          expect(book.live(now)).toBeGreaterThanOrEqual(live)
        }
        expect(book.live(now + 50)).toBe(0)
      }),
    )
  })
})
