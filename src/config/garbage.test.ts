/**
 * Whatever the text, loading it ends: accepted, or refused with every problem inside the file.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FULL, FULL_ENV } from './full.fixture.ts'
import { type ConfigProblem, formatProblems, parseConfig, parseConfigObject } from './load.ts'

const RUNS = 1000

function load(text: string) {
  return parseConfig(text, {
    file: 'plimsoll.yaml',
    env: FULL_ENV,
    readFile: path => {
      throw Object.assign(new Error(path), { code: 'ENOENT' })
    },
  })
}

function expectInside(problem: ConfigProblem, text: string): void {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  expect(problem.line).toBeGreaterThanOrEqual(1)
  expect(problem.line).toBeLessThanOrEqual(lines.length)
  const line = lines[problem.line - 1] ?? ''
  expect(problem.column).toBeGreaterThanOrEqual(1)
  // One column after the end is where something is missing.
  expect(problem.column).toBeLessThanOrEqual(line.length + 1)
  expect(problem.column - 1 + problem.length).toBeLessThanOrEqual(line.length)
  expect(problem.message).not.toBe('')
  expect(problem.code).toMatch(/^PLM-[12]\d\d$/)
}

function expectSound(text: string): void {
  const result = load(text)
  const problems = result.ok ? result.loaded.warnings : result.problems
  if (!result.ok) expect(problems.some(problem => problem.severity === 'error')).toBe(true)
  for (const problem of problems) expectInside(problem, text)
  const shown = formatProblems(problems, text, { colour: false })
  // Nothing in a file may talk to the terminal.
  expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u)
}

/** Pieces that mean something to YAML, to the schema, or to an expression. */
const FRAGMENTS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  ': ',
  ',',
  '#',
  ' #',
  '&a ',
  '*a',
  '!x ',
  '|',
  '>',
  '- ',
  '? ',
  '\t',
  '\n',
  '\r\n',
  '\n  ',
  '---',
  '...',
  '%',
  '@',
  '\\',
  '\\u',
  '\uFEFF',
  '${',
  '${env:PLIMSOLL_TOKEN}',
  '${env:NONE}',
  '${file:none}',
  '$${',
  '5',
  '-1',
  '1e309',
  '.nan',
  '0x10',
  'null',
  '~',
  'true',
  '<<',
  '__proto__',
  'constructor',
  'é',
  '汉',
  '😀',
  '\u0000',
  '\u001b[31m',
  'avg(',
  'avg(cpu, 5m)',
  ') > 80%',
  ' and ',
  'is red',
  '5m',
  '25%',
  'type: process',
  'min: 9',
  'source: push',
] as const

const mutation = fc.record({
  at: fc.nat({ max: FULL.length }),
  cut: fc.nat({ max: 40 }),
  insert: fc.oneof(
    fc.constantFrom(...FRAGMENTS),
    fc.constant(''),
    fc.string({ maxLength: 8, unit: 'binary' }),
  ),
})

function mutate(text: string, mutations: readonly { at: number; cut: number; insert: string }[]): string {
  return mutations.reduce(
    (result, { at, cut, insert }) => result.slice(0, at) + insert + result.slice(at + cut),
    text,
  )
}

describe('loading never crashes, and every refusal has a place in the file', () => {
  it('for a good file with pieces cut out and put in', () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), mutations =>
        expectSound(mutate(FULL, mutations)),
      ),
      { numRuns: RUNS },
    )
  })

  it('for a good file with its lines in disorder', () => {
    const lines = FULL.split('\n')
    fc.assert(
      fc.property(fc.subarray(lines), fc.nat({ max: 8 }), (some, indent) =>
        expectSound(some.map((line, index) => (index % 7 === indent ? ` ${line}` : line)).join('\n')),
      ),
      { numRuns: 250 },
    )
  })

  it('for pieces in any order', () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.constantFrom(...FULL.split(/\b/))), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(pieces, some => expectSound(some.join(''))),
      { numRuns: 250 },
    )
  })

  it('for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => expectSound(text)),
      { numRuns: 250 },
    )
  })

  it('for any object', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), value => {
        expect(parseConfigObject(value).ok).toBe(false)
      }),
      { numRuns: 250 },
    )
  })

  it('for a good object with any value at any key', () => {
    const keys = [...new Set(FULL.match(/\b[a-zA-Z]+(?=:)/g))]
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const text = FULL.replaceAll(
          new RegExp(`\\b${key}: (?:"[^"]*"|[^\\s,{}[\\]]+)`, 'g'),
          `${key}: ${JSON.stringify(value)}`,
        )
        expectSound(text)
      }),
      { numRuns: 250 },
    )
  })
})
