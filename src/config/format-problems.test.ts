import { describe, expect, it } from 'vitest'
import { formatProblems } from './format-problems.ts'
import { parseConfig } from './load.ts'
import type { ConfigProblem } from './problem.ts'

function problem(parts: Partial<ConfigProblem>): ConfigProblem {
  return {
    code: 'PLM-116',
    severity: 'error',
    message: '5 has no unit',
    hint: null,
    file: 'a.yaml',
    line: 1,
    column: 1,
    length: 1,
    path: '',
    ...parts,
  }
}

function show(parts: Partial<ConfigProblem>, text: string): string {
  return formatProblems([problem(parts)], text, { colour: false })
}

describe('a problem on the screen', () => {
  it('has its place, its words, the line with a caret, and what to do', () => {
    const text = 'plimsoll: 1\nfleets:\n  web: { capacity: { min: 1, max: 2 }, every: 5 }\n'
    const result = parseConfig(text, { file: 'shop.yaml', env: {}, readFile: () => '' })
    if (result.ok) throw new Error('it was accepted')
    expect(formatProblems(result.problems, text, { colour: false })).toBe(
      [
        'shop.yaml:3:47: error PLM-116: 5 has no unit',
        '   3 |   web: { capacity: { min: 1, max: 2 }, every: 5 }',
        '     |                                               ^',
        '       write 5m or 5s',
        '',
      ].join('\n'),
    )
  })

  it('stays under its place after a tab, an accent and wide characters', () => {
    expect(show({ column: 3 }, '\tx5')).toContain('\n   1 |  x5\n     |   ^')
    expect(show({ column: 3 }, 'e\u03015')).toContain('\n     |  ^')
    expect(show({ column: 3 }, '漢字5')).toContain('\n     |     ^')
  })

  it('cuts a long line around the caret', () => {
    const line = `${'x'.repeat(500)}!${'y'.repeat(500)}`
    const [, shown, caret] = show({ column: 501 }, line).split('\n')
    expect(shown?.length).toBeLessThan(160)
    expect(shown?.[caret?.indexOf('^') ?? -1]).toBe('!')
  })

  it('never lets the file talk to the terminal', () => {
    const shown = show({ message: '\u001b[2J', hint: '\u009b31m\u202e' }, 'a\u001b]0;x\u0007b')
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u)
  })

  it('has no line when there is no text', () => {
    expect(show({ line: 0, column: 0, path: 'fleets.web.every', hint: 'write 5m' }, '')).toBe(
      'a.yaml at fleets.web.every: error PLM-116: 5 has no unit\n     write 5m\n',
    )
  })

  it('is coloured only when asked', () => {
    expect(formatProblems([problem({})], 'x', { colour: true })).toContain('\u001b[31m')
  })

  it('counts those beyond the fiftieth', () => {
    const many = Array.from({ length: 60 }, () => problem({}))
    expect(formatProblems(many, 'x', { colour: false })).toMatch(/\nand 10 more\n$/)
  })
})
