/**
 * The codes of errors: each one that the sources can print is explained once in docs/errors/, nothing else is
 * explained there, and each is seen by a test.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = dirname(import.meta.dirname)
const THIS = 'test/errors.test.ts'

interface Text {
  readonly path: string
  readonly text: string
}

function textsIn(folder: string, wanted: RegExp): Text[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map(path => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter(path => wanted.test(path))
    .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

const TESTS = /\.(test|acceptance)\.ts$|\.fixture\.ts$/
const SOURCES = [...textsIn('src', /\.ts$/), ...textsIn('bin', /\.js$/)].filter(
  ({ path }) => !TESTS.test(path),
)
const SUITES = [...textsIn('src', TESTS), ...textsIn('test', TESTS)].filter(({ path }) => path !== THIS)
const PAGES = textsIn('docs/errors', /\.md$/)

/** In code, not in the comments about it. */
const PRINTED = sorted(SOURCES.flatMap(({ text }) => codesIn(withoutComments(text))))
const ROWS = PAGES.flatMap(({ text }) => [...text.matchAll(/^\| (PLM-\d{3}) \|/gm)].map(match => match[1]))

function codesIn(text: string): string[] {
  return text.match(/PLM-\d{3}/g) ?? []
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '')
}

function sorted(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort()
}

/** Tables of codes give them names, by which tests may call them: `CODE.missingWindow`. */
function namesOf(code: string): string[] {
  return SOURCES.flatMap(({ text }) =>
    [...text.matchAll(new RegExp(`^ {2}(\\w+): '${code}'`, 'gm'))].flatMap(match => match[1] ?? []),
  )
}

function isTested(code: string): boolean {
  const named = namesOf(code).map(name => new RegExp(`\\bCODES?\\.${name}\\b`))
  return SUITES.some(({ text }) => text.includes(code) || named.some(name => name.test(text)))
}

describe('every code of an error', () => {
  it('is found in the sources', () => {
    expect(PRINTED.length).toBeGreaterThan(100)
  })

  it('has one row in docs/errors, and no row is about a code that is never printed', () => {
    expect([...ROWS].sort()).toEqual(PRINTED)
  })

  it('is seen by a test', () => {
    expect(PRINTED.filter(code => !isTested(code))).toEqual([])
  })
})

describe('the index of errors', () => {
  it('names every page', () => {
    const index = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
    const missing = PAGES.filter(({ path }) => !index.includes(`(${path.replace('docs/', '')})`))
    expect(missing.map(({ path }) => path)).toEqual([])
  })
})
