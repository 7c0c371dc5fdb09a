/** Plimsoll inside a program, as the example shows it: it scales the program's own workers and ends with it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { inFolder, REPOSITORY } from './builders/real.ts'

const EXAMPLE = path.join(REPOSITORY, 'examples/embedding')

/** A decision says no times of its own, but what it quotes might. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
}

describe('the embedding example', () => {
  it('is less than 30 lines, and prints what is checked in', async () => {
    const program = path.join(EXAMPLE, 'main.mjs')
    expect(readFileSync(program, 'utf8').trimEnd().split('\n').length).toBeLessThan(30)
    await inFolder(async folder => {
      const { code, out, err } = await folder.node(program)
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(withoutTimes(out)).toBe(readFileSync(path.join(EXAMPLE, 'expected.txt'), 'utf8'))
    })
  })
})
