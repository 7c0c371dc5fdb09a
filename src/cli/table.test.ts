import { describe, expect, it } from 'vitest'
import { table, widthOf } from './table.ts'

describe('a table', () => {
  it('lines up its columns and leaves no spaces at the ends', () => {
    expect(
      table([
        ['FLEET', 'COUNT'],
        ['web', '5'],
        ['a long name', ''],
      ]),
    ).toEqual(['FLEET        COUNT', 'web          5', 'a long name'])
  })

  it('does not count colours', () => {
    expect(widthOf('\u001b[1mweb\u001b[22m')).toBe(3)
    expect(
      table([
        ['\u001b[1mweb\u001b[22m', 'x'],
        ['four', 'y'],
      ]),
    ).toEqual(['\u001b[1mweb\u001b[22m   x', 'four  y'])
  })
})
