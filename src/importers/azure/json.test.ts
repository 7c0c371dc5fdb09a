import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ImportError } from '../import-error.ts'
import { itemsOf, memberOf, plainOf, readJson, textOf } from './json.ts'

describe('reading JSON', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        // Names that differ only in their case are one name for Azure, and refused.
        try {
          expect(plainOf(readJson(text, 'a.json'))).toEqual(JSON.parse(text))
        } catch (error) {
          expect(String(error)).toContain('is given twice')
        }
      }),
    )
  })

  it('knows the line and column of everything, also behind comments', () => {
    const text =
      '\uFEFF{\n  // one\n  /* two\n  lines */ "Profiles": [ { "name": "a" },\n\t{ "name": "b" } ]\n}'
    const second = itemsOf(memberOf(readJson(text, 'a.json'), 'profiles'))[1]
    const name = second === undefined ? null : memberOf(second, 'NAME')
    expect(textOf(name)).toBe('b')
    expect(name?.place).toEqual({ file: 'a.json', line: 5, column: 12, path: 'Profiles[1].name' })
  })

  it.each([
    ['', 1, 1, 'expected a value, found the end of the file'],
    ['{"a": [1,]}', 1, 10, 'expected a value, found "]"'],
    ['{"a" 1}', 1, 6, 'expected ":", found "1"'],
    ['{"a": 1\n "b": 2}', 2, 2, 'expected "," or "}", found "\\""'],
    ['{a: 1}', 1, 2, 'expected a name in quotes, found "a"'],
    ['[1 2]', 1, 4, 'expected "," or "]", found "2"'],
    ['{"a": 01}', 1, 7, 'expected a value, found "01"'],
    ['{"a": NaN}', 1, 7, 'expected a value, found "NaN"'],
    ['{"a": 1e999}', 1, 7, 'expected a value, found "1e999"'],
    ['{"a": "b', 1, 7, 'does not end'],
    ['{"a": "b\nc"}', 1, 9, 'line break'],
    ['{"a": "\\q"}', 1, 8, 'begins no escape'],
    ['{"a": 1} x', 1, 10, 'expected the end of the file, found "x"'],
    ['/* a', 1, 1, 'does not end'],
    ['{"a": 1, "A": 2}', 1, 10, '"A" is given twice'],
    [`${'['.repeat(70)}`, 1, 66, 'deeper than 64'],
  ])('refuses %j at %i:%i', (text, line, column, message) => {
    const problem = refusedAt(text)
    expect(problem).toMatchObject({ code: 'PLM-750', file: 'a.json', line, column })
    expect(problem?.message).toContain(message)
  })

  it('refuses a file that is too large before it looks into it', () => {
    expect(refusedAt(' '.repeat(4 * 1024 * 1024 + 1))?.message).toContain('larger than 4 MiB')
  })
})

function refusedAt(text: string) {
  try {
    readJson(text, 'a.json')
    return null
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return error.problems[0]
  }
}
