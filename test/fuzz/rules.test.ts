import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { chanceFrom } from './chance.ts'
import { fuzz } from './rules.ts'
import { askConfig, Unsound } from './soundness.ts'

describe('random rule files and observations', () => {
  it('crash nothing, are refused inside the file, and lead to sound decisions (5,000 cases)', () => {
    const report = fuzz(5000, 20_261_121)
    expect(report.failures.map(({ error, command }) => `${error}\nAgain: ${command}`)).toEqual([])
    // A fuzzer of which all is refused, or all accepted, looks at one half only.
    expect(report.accepted).toBeGreaterThan(1000)
    expect(report.refused).toBeGreaterThan(500)
    expect(report.changes).toBeGreaterThan(1000)
  }, 180_000)
})

describe('the fuzzer itself', () => {
  it('repeats a case from its seed alone', () => {
    expect(fuzz(1, 42)).toEqual(fuzz(1, 42))
    const numbers = (seed: number) =>
      Array.from({ length: 5 }, () => seed)
        .map(chanceFrom)
        .map(chance => chance.next())
    expect(new Set(numbers(7)).size).toBe(1)
    expect(chanceFrom(7).next()).not.toBe(chanceFrom(8).next())
  })

  it('notices what is not sound', () => {
    expect(askConfig('plimsoll: 1\nfleets: {}')).toBeNull()
    expect(new Unsound('x')).toBeInstanceOf(Error)
  })

  it('runs as a script, with one line of JSON at the end', async () => {
    const script = fileURLToPath(new URL('rules.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      '--cases',
      '20',
      '--seed',
      '3',
      '--json',
    ])
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      cases: 20,
      seed: 3,
      failures: [],
    })
  })
})
