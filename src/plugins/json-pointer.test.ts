import { describe, expect, it } from 'vitest'
import { resolvePointer } from './json-pointer.ts'

// The document and the pointers of RFC 6901, section 5.
const DOCUMENT = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
}

describe('a JSON Pointer', () => {
  it.each<[string, unknown]>([
    ['', DOCUMENT],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j finds %j', (pointer, value) => {
    expect(resolvePointer(DOCUMENT, pointer)).toEqual({ found: true, value })
  })

  it('undoes its escapes in the order that keeps ~01 a tilde and a one', () => {
    expect(resolvePointer({ '~1': 'right', '/': 'wrong' }, '/~01')).toEqual({ found: true, value: 'right' })
  })

  it.each<[string, unknown, string]>([
    ['/foo/2', DOCUMENT, 'there is no "2" in the list at /foo, which has 2 entries'],
    ['/foo/01', DOCUMENT, 'there is no "01" in the list at /foo, which has 2 entries'],
    ['/foo/-', DOCUMENT, 'there is no "-" in the list at /foo, which has 2 entries'],
    ['/foo/length', DOCUMENT, 'there is no "length" in the list at /foo, which has 2 entries'],
    ['/x', { a: 1, b: 2 }, 'there is no "x" in the document, which has "a", "b"'],
    ['/a/x', { a: {} }, 'there is no "x" in /a, which is empty'],
    ['/a/x', { a: null }, 'there is no "x" in /a, which is null'],
    ['/a/x', { a: 7 }, 'there is no "x" in /a, which is a number'],
    ['/toString', {}, 'there is no "toString" in the document, which is empty'],
    ['/__proto__', {}, 'there is no "__proto__" in the document, which is empty'],
    ['foo', DOCUMENT, 'the pointer "foo" does not begin with /'],
  ])('%j in %j is not there, and it says how far it came', (pointer, document, because) => {
    expect(resolvePointer(document, pointer)).toEqual({ found: false, because })
  })
})
