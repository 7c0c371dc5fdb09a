import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Placement } from '../model/spec.ts'
import { Book, type BookInstance, type BookSession, stillHolds } from './book.ts'
import { seededRandom } from './broker.fixture.ts'

const SLOTS = 40

function bookOf(placement: Placement, seed = 1): Book {
  return new Book({ slotsPerInstance: SLOTS, placement }, seededRandom(seed))
}

function add(book: Book, id: string, zone: string | null = null): BookInstance {
  const instance = book.addInstance({ id, incarnation: null, address: `http://${id}.test`, zone }, true)
  book.setAdmission(instance, 'open')
  return instance
}

let number = 0
function sessionOn(instance: BookInstance, slots: number): BookSession {
  number += 1
  return {
    id: `s${number}`,
    number,
    slots,
    labels: {},
    zone: null,
    leaseMs: null,
    placedAt: 0,
    instance,
    epoch: 0,
    state: 'live',
  }
}

function place(book: Book, id: string, slots = 1, zone: string | null = null): string | null {
  const instance = book.choose({ id, slots, zone })
  if (instance !== null) book.add({ ...sessionOn(instance, slots), id })
  return instance?.id ?? null
}

describe('the book', () => {
  it('finds the fullest and the emptiest open instance with room, whatever was done to it before', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('take' as const),
          at: fc.nat(7),
          slots: fc.integer({ min: 1, max: 9 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('end' as const), at: fc.nat(30), slots: fc.constant(0) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('open' as const, 'closed' as const),
          at: fc.nat(7),
          slots: fc.constant(0),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constantFrom('move' as const, 'remove' as const),
          at: fc.nat(7),
          slots: fc.nat(2),
        }),
      },
    )
    const property = fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
      const book = bookOf('pack')
      const spread = bookOf('spread')
      const books = [book, spread]
      for (const each of books) for (let n = 0; n < 8; n++) add(each, `i${n}`, n % 2 === 0 ? 'even' : null)
      for (const { do: what, at, slots } of steps) {
        for (const each of books) {
          const instance = each.instances.get(`i${at}`)
          if (what === 'end') {
            const session = [...each.sessions.values()][at]
            if (session !== undefined) each.drop(session)
          } else if (instance === undefined) {
            add(each, `i${at}`)
          } else if (what === 'take') {
            if (SLOTS - instance.used >= slots) each.add(sessionOn(instance, slots))
          } else if (what === 'move') {
            each.setZone(instance, [null, 'even', 'odd'][slots] ?? null)
          } else if (what === 'remove') {
            each.removeInstance(instance)
          } else {
            each.setAdmission(instance, what)
          }
        }
        for (const zone of [null, 'even', 'odd']) {
          for (const need of [1, 2, 33, SLOTS]) {
            const wanted = { id: 'x', slots: need, zone }
            const free = (each: Book): number[] =>
              [...each.instances.values()]
                .filter(({ admission, zone: own }) => admission === 'open' && (zone === null || own === zone))
                .map(({ used }) => SLOTS - used)
                .filter(left => left >= need)
            const leftOn = (each: Book): number | undefined => {
              const chosen = each.choose(wanted)
              return chosen === null ? undefined : SLOTS - chosen.used
            }
            expect(leftOn(book)).toBe(free(book).sort((a, b) => a - b)[0])
            expect(leftOn(spread)).toBe(free(spread).sort((a, b) => b - a)[0])
          }
        }
      }
    })
    fc.assert(property, { numRuns: 60 })
  })

  it('lets a placement hold only in the epoch in which it was decided', () => {
    const book = bookOf('pack')
    const instance = add(book, 'a')
    const session = sessionOn(instance, 1)
    book.add(session)
    expect(stillHolds(session)).toBe(true)
    book.setAdmission(instance, 'closed')
    book.setAdmission(instance, 'open')
    expect(stillHolds(session)).toBe(false)
    book.drop(session)
    book.setAdmission(instance, 'closed')
    book.seal(instance)
    expect(book.setAdmission(instance, 'open')).toBe(false)
    expect(book.choose({ id: 'x', slots: 1, zone: null })).toBeNull()
  })
})

describe('placing by power of two', () => {
  it('takes the emptier of two: nearly even, and the same again from the same seed', () => {
    const placed = (seed: number): string[] => {
      const book = bookOf('power-of-two', seed)
      for (let n = 0; n < 10; n++) add(book, `i${n}`)
      return Array.from({ length: 200 }, (_, n) => place(book, `s${n}`) ?? '')
    }
    const counts = new Map<string, number>()
    for (const id of placed(3)) counts.set(id, (counts.get(id) ?? 0) + 1)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(24)
    expect(placed(3)).toEqual(placed(3))
    expect(placed(3)).not.toEqual(placed(4))
  })

  it('finds the one instance that has room for a large session', () => {
    const book = bookOf('power-of-two')
    for (let n = 0; n < 10; n++) book.add(sessionOn(add(book, `i${n}`), n === 7 ? 10 : 11))
    expect(place(book, 'large', 30)).toBe('i7')
    expect(place(book, 'larger', 31)).toBeNull()
  })
})

describe('placing by rendezvous', () => {
  const ids = Array.from({ length: 300 }, (_, n) => `user-${n}`)
  const placesWith = (instances: readonly string[]): Map<string, string | null> => {
    const book = new Book({ slotsPerInstance: 1_000, placement: 'rendezvous' }, seededRandom(1))
    for (const id of instances) add(book, id)
    return new Map(ids.map(id => [id, place(book, id)]))
  }
  const ALL = ['a', 'b', 'c', 'd', 'e']

  it('does not depend on the order in which instances came', () => {
    expect(placesWith([...ALL].reverse())).toEqual(placesWith(ALL))
  })

  it('moves only the sessions of an instance that goes, and spreads them over all others', () => {
    const before = placesWith(ALL)
    const after = placesWith(ALL.slice(1))
    for (const id of ids) if (before.get(id) !== 'a') expect(after.get(id)).toBe(before.get(id))
    const moved = ids.filter(id => before.get(id) === 'a').map(id => after.get(id))
    expect(new Set(moved)).toEqual(new Set(ALL.slice(1)))
  })

  it('gives each its share', () => {
    const counts = new Map<string | null, number>()
    for (const place of placesWith(ALL).values()) counts.set(place, (counts.get(place) ?? 0) + 1)
    for (const count of counts.values()) expect(count).toBeGreaterThan(40)
  })

  it('goes to the next best while the best is full', () => {
    const book = new Book({ slotsPerInstance: 1, placement: 'rendezvous' }, seededRandom(1))
    for (const id of ALL) add(book, id)
    const places = Array.from({ length: 6 }, (_, n) => place(book, n === 0 ? 'user-1' : `other-${n}`))
    expect(new Set(places)).toEqual(new Set([...ALL, null]))
  })
})
