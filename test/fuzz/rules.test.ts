import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type ConfigProblem, parseConfig } from '../../src/config/load.ts'
import { decide } from '../../src/engine/decide.ts'
import type { Decision } from '../../src/model/decision.ts'
import { EMPTY_MEMORY } from '../../src/model/memory.ts'
import { observation } from '../builders/observation.ts'
import { fleetSpec } from '../builders/spec.ts'
import { chanceFrom } from './chance.ts'
import { fuzz } from './rules.ts'
import { askDecision, askInside, Unsound } from './soundness.ts'

describe('random rule files and observations', () => {
  it('crash nothing, are refused inside the file, and lead to sound decisions (5,000 cases)', () => {
    const report = fuzz(5000, 20_261_121)
    expect(report.failures.map(({ error, command }) => `${error}\nAgain: ${command}`)).toEqual([])
    // A fuzzer of which all is refused, or all accepted, looks at one half only.
    expect(report.accepted).toBeGreaterThan(1000)
    expect(report.refused).toBeGreaterThan(500)
    expect(report.changes).toBeGreaterThan(1000)
  }, 300_000)
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

  it.each([
    ['a count outside the bounds', { desired: 99 }],
    ['a count that is none', { desired: 4.5 }],
    ['a decision without a reason', { because: '' }],
    ['an unknown count that became known', { current: null }],
    [
      'a guard that enlarges',
      { steps: [{ stage: 'guards', guard: 'cooldown', outcome: 'held', from: 5, to: 6 }] },
    ],
  ])('notices %s', (_, wrong) => {
    const fleet = fleetSpec({ min: 1, max: 10 })
    const { decision } = decide(fleet, observation({ open: 4 }), EMPTY_MEMORY)
    expect(() => askDecision(fleet, decision, null)).not.toThrow()
    // What a defect would make of it, whatever the types say.
    const spoilt: Decision = JSON.parse(JSON.stringify({ ...decision, ...wrong }))
    expect(() => askDecision(fleet, spoilt, null)).toThrow(Unsound)
  })

  it('notices a problem outside the file, and one that does not say what it is', () => {
    const read = parseConfig('plimsoll: 2', { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
    const [problem] = read.ok ? [] : read.problems
    if (problem === undefined) throw new Error('no problem')
    expect(() => askInside(problem, 'plimsoll: 2')).not.toThrow()
    for (const wrong of [{ line: 2 }, { column: 99 }, { length: 99 }, { message: '' }, { code: 'X' }]) {
      expect(() => askInside({ ...problem, ...wrong } as ConfigProblem, 'plimsoll: 2')).toThrow(Unsound)
    }
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
