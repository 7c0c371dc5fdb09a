import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument, Scalar, stringify } from 'yaml'
import { alignment } from './alignment.ts'

const TYPES = [
  Scalar.PLAIN,
  Scalar.QUOTE_DOUBLE,
  Scalar.QUOTE_SINGLE,
  Scalar.BLOCK_FOLDED,
  Scalar.BLOCK_LITERAL,
] as const

/** Writes the value, reads it back, and asks where each of its characters stands. */
function written(value: string, type: (typeof TYPES)[number]) {
  const node = new Scalar(value)
  node.type = type
  const text = stringify({ a: { b: node } }, { lineWidth: 20 })
  const scalar = parseDocument(text).getIn(['a', 'b'], true)
  if (!(scalar instanceof Scalar) || scalar.range == null || typeof scalar.value !== 'string')
    throw new Error(text)
  const [start, end] = scalar.range
  return {
    text,
    escaping: scalar.type === Scalar.QUOTE_DOUBLE ? /^\\/ : /^(?!)/,
    value: scalar.value,
    places: alignment(text, { start, end }, scalar.type ?? 'PLAIN', scalar.value),
  }
}

describe('where a character of a value stands in the text', () => {
  it.each([
    ['plain', 'a: b c', { start: 3, end: 6 }, 'PLAIN', 'b c', 2, 5],
    ['after an escape', '"a\\tb"', { start: 0, end: 6 }, 'QUOTE_DOUBLE', 'a\tb', 2, 4],
    ['after a doubled quote', "'it''s'", { start: 0, end: 7 }, 'QUOTE_SINGLE', "it's", 3, 5],
    ['on the second line of a block', '>\n  a\n  b\n', { start: 0, end: 10 }, 'BLOCK_FOLDED', 'a b\n', 2, 8],
    [
      'after a character beyond the basic plane',
      '"\\U0001F600x"',
      { start: 0, end: 13 },
      'QUOTE_DOUBLE',
      '😀x',
      2,
      11,
    ],
  ])('is found %s', (_case, text, span, type, value, index, offset) => {
    expect(alignment(text, span, type, value)?.[index]).toBe(offset)
  })

  it('is unknown when value and text do not match', () => {
    expect(alignment('abc', { start: 0, end: 3 }, 'PLAIN', 'abd')).toBeNull()
    expect(alignment('ab', { start: 0, end: 2 }, 'PLAIN', 'abc')).toBeNull()
  })

  it.each(TYPES)('is where that very character is written, however the value is folded (%s)', type => {
    const words = fc.array(fc.stringMatching(/^[a-z(),%<>"'\\]{1,9}$/), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(words, list => {
        const { text, value, places, escaping } = written(list.join(' '), type)
        expect(places?.length).toBe(value.length + 1)
        for (const [index, character] of [...value].entries()) {
          if (!/\s/.test(character))
            expect(text.slice(places?.[index]).replace(escaping, '')[0]).toBe(character)
        }
      }),
      { numRuns: 200 },
    )
  })
})
