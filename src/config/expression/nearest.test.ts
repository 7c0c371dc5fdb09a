import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest } from './nearest.ts'

describe('the nearest known name', () => {
  it.each<[string, string[], string | null]>([
    ['ordes', ['cpu', 'orders'], 'orders'],
    ['cup', ['cpu', 'memory'], 'cpu'],
    ['capactiy', ['capacity', 'count'], 'capacity'],
    ['AND', ['any', 'and'], 'and'],
    ['Red', ['green', 'red'], 'red'],
    ['cpu', ['cpv', 'cpu'], 'cpu'],
    ['cpx', ['cpu', 'cpa'], 'cpu'],
    ['latency', ['laten', 'latnecy'], 'latnecy'],
    ['x', ['y', 'xy'], null],
    ['X', ['y', 'x'], 'x'],
    ['median', ['avg', 'min', 'max'], null],
    ['cpu', [], null],
    ['', ['a'], null],
  ])('of %s among %j is %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it('is not looked for when the word is longer than any name', () => {
    const word = 'a'.repeat(65)
    expect(nearest(word, [word])).toBeNull()
  })

  it('is the same whether or not a nearer one was seen before', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 6 }), (mistyped, candidates) => {
        const found = nearest(mistyped, candidates)
        const alone = candidates.filter(candidate => nearest(mistyped, [candidate]) !== null)
        expect(found === null).toBe(alone.length === 0)
        for (const rival of alone) expect(nearest(mistyped, [found ?? '', rival])).toBe(found)
      }),
      { numRuns: 1000 },
    )
  })

  it('is the word itself wherever that is known', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(name, fc.array(name), fc.array(name), (word, before, after) => {
        expect(nearest(word, [...before, word, ...after])).toBe(word)
      }),
    )
  })

  it('is found through any single wrong, missing, added or swapped letter of a word of six', () => {
    const position = fc.nat({ max: 4 })
    fc.assert(
      fc.property(position, fc.constantFrom('wrong', 'missing', 'added', 'swapped'), (at, slip) => {
        const word = 'orders'
        const [a, b] = [word[at] ?? '', word[at + 1] ?? '']
        const mistyped = {
          wrong: `${word.slice(0, at)}x${word.slice(at + 1)}`,
          missing: word.slice(0, at) + word.slice(at + 1),
          added: `${word.slice(0, at)}x${word.slice(at)}`,
          swapped: word.slice(0, at) + b + a + word.slice(at + 2),
        }[slip]
        expect(nearest(mistyped, ['cpu', 'instances', 'orders', 'readers'])).toBe('orders')
      }),
    )
  })
})
