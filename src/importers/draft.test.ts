import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Draft, yamlText } from './draft.ts'

const HERE = { file: 'a.xml', line: 7, column: 3 }

describe('a draft', () => {
  it('knows where each line came from, or the nearest above it', () => {
    const draft = new Draft()
    draft.add(0, 'a:')
    draft.add(1, 'b: 1', HERE)
    draft.add(1, 'c: 2')
    expect(draft.text).toBe('a:\n  b: 1\n  c: 2\n')
    expect([1, 2, 3, 99].map(line => draft.origin(line))).toEqual([null, HERE, HERE, HERE])
  })

  it('keeps comments comments', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const draft = new Draft()
        draft.comment(2, text)
        draft.add(0, 'a: 1')
        expect(parse(draft.text)).toEqual({ a: 1 })
        for (const line of draft.text.split('\n').slice(0, -2)) expect(line).toMatch(/^ {4}# ?/)
      }),
    )
  })
})

describe('a text as YAML', () => {
  it.each([
    ['web', 'web'],
    ['Scale up', 'Scale up'],
    ['true', '"true"'],
    ['No', '"No"'],
    ['12', '"12"'],
    ['', '""'],
    ['a: b', '"a: b"'],
    ['$' + '{env:HOME}', '"$$' + '{env:HOME}"'],
  ])('%j is %s', (text, written) => {
    expect(yamlText(text)).toBe(written)
  })

  it('is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter(text => !text.includes('$')),
        text => {
          expect(parse(`{ a: ${yamlText(text)} }`)).toEqual({ a: text })
        },
      ),
    )
  })
})
