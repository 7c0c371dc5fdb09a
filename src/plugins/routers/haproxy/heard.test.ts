import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heard } from './heard.ts'

const PROMPT = '\n> '
const answers = fc.array(
  fc
    .string({ unit: fc.constantFrom('\n', '>', ' ', 'a') })
    .filter(text => !`${text}${PROMPT}`.slice(0, -1).includes(PROMPT)),
)

describe('what was heard', () => {
  it('is cut at the prompts, whatever pieces it came in', () => {
    fc.assert(
      fc.property(answers, fc.array(fc.nat(7)), (said, sizes) => {
        const heard = new Heard()
        const cut: string[] = []
        let left = said.map(text => text + PROMPT).join('')
        for (const size of [...sizes, left.length]) {
          heard.add(left.slice(0, size))
          left = left.slice(size)
          for (let text = heard.cut(PROMPT); text !== null; text = heard.cut(PROMPT)) cut.push(text)
        }
        expect(cut).toEqual(said)
        expect([heard.length, heard.text]).toEqual([0, ''])
      }),
    )
  })
})
