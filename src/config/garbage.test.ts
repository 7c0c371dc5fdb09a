/**
 * Whatever the text, loading it ends: accepted, or refused with every problem inside the file.
 *
 * The file with every key takes ten milliseconds to read, most of them for what a mutation did not touch. So most cases mutate
 * one of a few good files that share out its lines: as many cases, each hit more densely, in a third of the time.
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

/** One column after the end of a line is where something is missing. */
function isInside({ line, column, length, message, code }: ConfigProblem, lines: readonly string[]): boolean {
  const text = lines[line - 1]
  return (
    text !== undefined &&
    column >= 1 &&
    column <= text.length + 1 &&
    column - 1 + length <= text.length &&
    message !== '' &&
    /^PLM-[12]\d\d$/.test(code)
  )
}

function expectSound(text: string): void {
  const result = load(text)
  const problems = result.ok ? result.loaded.warnings : result.problems
  if (!result.ok) expect(problems.some(problem => problem.severity === 'error')).toBe(true)
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  expect(problems.filter(problem => !isInside(problem, lines))).toEqual([])
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

/** The lines of `FULL` under these of its entries: `{ metrics: ['cpu'], fleets: ['web'] }` with all that is below them. */
function sliceOf(wanted: Readonly<Record<string, readonly string[] | 'all'>>): string {
  let section = ''
  let entry = ''
  return FULL.split('\n')
    .filter(line => {
      const opens = /^(\w+):/.exec(line)?.[1]
      if (opens !== undefined) [section, entry] = [opens, '']
      entry = /^ {2}(\w+):/.exec(line)?.[1] ?? entry
      const entries = wanted[section]
      return entries === 'all' || (entries !== undefined && (entry === '' || entries.includes(entry)))
    })
    .join('\n')
}

const SLICES: readonly string[] = [
  sliceOf({
    plimsoll: 'all',
    api: 'all',
    state: 'all',
    schedules: ['peak', 'office'],
    metrics: ['cpu', 'rps', 'errors'],
    fleets: ['web'],
  }),
  sliceOf({
    plimsoll: 'all',
    schedules: ['launch'],
    metrics: ['cpu', 'orders'],
    fleets: ['workers', 'store'],
    groups: 'all',
    notifiers: ['ops', 'chat'],
    actions: 'all',
  }),
  sliceOf({
    plimsoll: 'all',
    schedules: 'all',
    metrics: ['files', 'replicas'],
    fleets: ['advice'],
  }),
  sliceOf({ plimsoll: 'all', fleets: ['rooms', 'jobs', 'calls', 'cloud'] }),
  sliceOf({ plimsoll: 'all', metrics: ['inbox', 'parcels'], fleets: ['shopfront'] }),
  sliceOf({ plimsoll: 'all', metrics: ['replicas', 'files'], fleets: ['advice'], notifiers: 'all' }),
  sliceOf({
    plimsoll: 'all',
    metrics: ['backlog', 'oldest', 'counters', 'minutes', 'reads', 'own'],
    fleets: ['stored'],
  }),
  sliceOf({
    plimsoll: 'all',
    metrics: ['logged', 'failed', 'vmCpu', 'planCpu'],
    fleets: ['measured'],
  }),
]

/** One of the slices; now and then the whole, for what happens between distant parts of a file. */
const goodFile = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...SLICES) },
  { weight: 1, arbitrary: fc.constant(FULL) },
)

/** Any characters, halves of pairs among them. The library's own kind of that first makes a table of all million of them. */
function characters(maxLength: number): fc.Arbitrary<string> {
  const any = fc.nat({ max: 0x10ffff }).map(point => String.fromCodePoint(point))
  const low = fc.nat({ max: 0x7f }).map(point => String.fromCodePoint(point))
  return fc.array(fc.oneof(low, any), { maxLength }).map(parts => parts.join(''))
}

const mutation = fc.record({
  /** Where, as a share of the text. */
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 40 }),
  insert: fc.oneof(fc.constantFrom(...FRAGMENTS), fc.constant(''), characters(8)),
})

function mutate(text: string, mutations: readonly { at: number; cut: number; insert: string }[]): string {
  return mutations.reduce((result, { at, cut, insert }) => {
    const start = Math.floor(at * result.length)
    return result.slice(0, start) + insert + result.slice(start + cut)
  }, text)
}

it('the good files are good, and have every line of the file with every key', () => {
  for (const slice of SLICES) {
    const result = load(slice)
    expect(result.ok ? [] : result.problems).toEqual([])
  }
  const lines = new Set(SLICES.flatMap(slice => slice.split('\n')))
  expect(FULL.split('\n').filter(line => line !== '' && !lines.has(line))).toEqual([])
})

describe('loading never crashes, and every refusal has a place in the file', () => {
  it('for a good file with pieces cut out and put in', () => {
    fc.assert(
      fc.property(goodFile, fc.array(mutation, { minLength: 1, maxLength: 4 }), (text, mutations) =>
        expectSound(mutate(text, mutations)),
      ),
      { numRuns: RUNS },
    )
  })

  it('for a good file with its lines in disorder', () => {
    const some = goodFile.chain(text => fc.subarray(text.split('\n')))
    fc.assert(
      fc.property(some, fc.nat({ max: 8 }), (lines, indent) =>
        expectSound(lines.map((line, index) => (index % 7 === indent ? ` ${line}` : line)).join('\n')),
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
      fc.property(characters(200), text => expectSound(text)),
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
    const keyed = goodFile.chain(text =>
      fc.tuple(fc.constant(text), fc.constantFrom(...new Set(text.match(/\b[a-zA-Z]+(?=:)/g)))),
    )
    fc.assert(
      fc.property(keyed, fc.jsonValue(), ([text, key], value) =>
        expectSound(
          text.replaceAll(
            new RegExp(`\\b${key}: (?:"[^"]*"|[^\\s,{}[\\]]+)`, 'g'),
            `${key}: ${JSON.stringify(value)}`,
          ),
        ),
      ),
      { numRuns: 250 },
    )
  })
})
