import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Who may import whom, as in ARCHITECTURE.md. A layer may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  engine: ['model'],
  capacity: ['model'],
  forecast: ['model'],
  ports: ['model'],
  loop: ['model', 'engine', 'capacity', 'forecast', 'ports'],
  sessions: ['model', 'ports'],
  lab: ['model', 'engine', 'capacity', 'forecast', 'sessions', 'ports', 'loop', 'config', 'pictures'],
  plugins: ['model', 'ports'],
  config: ['model', 'ports'],
  importers: ['model', 'config'],
  infrastructure: ['model', 'config'],
  pictures: ['model', 'ports'],
  demo: ['model', 'ports'],
  api: ['model', 'engine', 'capacity', 'sessions', 'ports', 'loop', 'plugins', 'config', 'pictures', 'demo'],
  cli: [
    'model',
    'engine',
    'capacity',
    'sessions',
    'ports',
    'loop',
    'plugins',
    'config',
    'importers',
    'infrastructure',
    'pictures',
    'demo',
    'api',
    'compose',
    'lab',
    '.',
  ],
  compose: ['model', 'sessions', 'loop', 'ports', 'plugins', 'config'],
  // The package's entry points.
  '.': [
    'compose',
    'model',
    'engine',
    'capacity',
    'sessions',
    'ports',
    'loop',
    'plugins',
    'config',
    'demo',
    'api',
  ],
}

const PURE = ['model', 'engine', 'capacity', 'forecast']

/** What would bring the outside into a pure layer. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\basync\b|\bawait\b/, 'asynchrony'],
  [/\bDate\b/, 'the clock'],
  [/\bMath\.random\b/, 'chance'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'timers'],
  [/\bprocess\.|\bglobalThis\b/, 'the process'],
  [/\bconsole\./, 'the console'],
]

const FORBIDDEN_NAMES = /(^|[-/.])(utils?|helpers?|manager|handler|misc)([-/.]|$)/

interface SourceFile {
  /** From src, with forward slashes. */
  readonly path: string
  readonly text: string
}

interface Breach {
  readonly path: string
  readonly because: string
}

const SRC = resolve(import.meta.dirname, '../src')

function sources(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => path.endsWith('.ts') && !/\.(test|acceptance|fixture)\.ts$/.test(path))
    .map(path => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))
}

const ROOT = resolve(SRC, '..')
const SWITCHED_OFF =
  /\bas any\b|\bas unknown as\b|\bas never\b|@ts-(ignore|nocheck|expect-error)|biome-ignore/
/** A promise that only time fulfils. */
const SLEEPS = /new Promise[^;]{0,40}setTimeout\((r|resolve|done)\b|from 'node:timers\/promises'/

/** All code of ours, tests included, but for this file, which has to name what it looks for. */
function everything(): SourceFile[] {
  return ['src', 'test', 'dashboard/src', 'bench', 'examples', 'bin'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map(path => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter(path => /\.(m?js|tsx?)$/.test(path) && !path.includes('node_modules/'))
      .filter(path => path !== 'test/layers.test.ts')
      .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  )
}

function isTest(path: string): boolean {
  return path.startsWith('test/') || /\.(test|acceptance|fixture)\.ts$/.test(path)
}

function layerOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '.') : '.'
}

function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(/(?:\bfrom|\bimport\(|^import)\s*['"]([\w@./:-]+)['"]/gm)
  return [...found].flatMap(match => (match[1] === undefined ? [] : [match[1]]))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '')
}

/** Code only: the words of a message are no breach. */
function codeOf(text: string): string {
  return withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''")
}

function breachesOf({ path, text }: SourceFile): Breach[] {
  const layer = layerOf(path)
  const allowed = MAY_IMPORT[layer]
  if (allowed === undefined) return [{ path, because: `the layer "${layer}" is not in the table` }]
  return [
    ...importBreaches(path, text, layer, allowed),
    ...purityBreaches(path, text, layer),
    ...nameBreaches(path),
  ]
}

function importBreaches(path: string, text: string, layer: string, allowed: readonly string[]): Breach[] {
  return importsOf(text).flatMap((target): Breach[] => {
    if (!target.startsWith('.')) {
      return PURE.includes(layer) ? [{ path, because: `a pure layer imports the package ${target}` }] : []
    }
    const into = layerOf(relative(SRC, resolve(SRC, dirname(path), target)).replaceAll('\\', '/'))
    return into === layer || allowed.includes(into)
      ? []
      : [{ path, because: `${layer} may not import ${into}` }]
  })
}

function purityBreaches(path: string, text: string, layer: string): Breach[] {
  if (!PURE.includes(layer)) return []
  const code = codeOf(text)
  return IMPURE.flatMap(([pattern, what]) =>
    pattern.test(code) ? [{ path, because: `a pure layer uses ${what}` }] : [],
  )
}

function nameBreaches(path: string): Breach[] {
  return FORBIDDEN_NAMES.test(path) ? [{ path, because: 'the name says nothing' }] : []
}

describe('the layers of src', () => {
  it('import only what their row of the table allows, and the pure ones nothing of the outside', () => {
    expect(sources().flatMap(breachesOf)).toEqual([])
  })

  it('open every file with what it is for', () => {
    const without = sources().filter(({ text }) => !text.startsWith('/**'))
    expect(without.map(({ path }) => path)).toEqual([])
  })
})

describe('the whole project', () => {
  it('switches no type and no lint rule off', () => {
    expect(
      everything()
        .filter(({ text }) => SWITCHED_OFF.test(text))
        .map(({ path }) => path),
    ).toEqual([])
  })

  it('waits in tests by the one builder that has a deadline and looks at something', () => {
    const waiting = everything().filter(({ path, text }) => isTest(path) && SLEEPS.test(text))
    // And the torture, whose clients and whose torturer take their time: nothing is waited for that way.
    expect(waiting.map(({ path }) => path)).toEqual(['test/builders/until.ts', 'test/torture/rest.ts'])
  })
})

describe('the guard itself', () => {
  it.each([
    {
      path: 'model/a.ts',
      text: "import { b } from '../engine/b.ts'",
      because: 'model may not import engine',
    },
    {
      path: 'plugins/targets/a.ts',
      text: "import { b } from '../../loop/b.ts'",
      because: 'plugins may not import loop',
    },
    { path: 'api/a.ts', text: "const b = await import('../cli/b.ts')", because: 'api may not import cli' },
    {
      path: 'engine/a.ts',
      text: "import fs from 'node:fs'",
      because: 'a pure layer imports the package node:fs',
    },
    { path: 'engine/a.ts', text: 'const now = Date.now()', because: 'a pure layer uses the clock' },
    { path: 'capacity/a.ts', text: 'const r = Math.random()', because: 'a pure layer uses chance' },
    { path: 'capacity/a.ts', text: 'async function a() {}', because: 'a pure layer uses asynchrony' },
    { path: 'loop/utils.ts', text: '', because: 'the name says nothing' },
    { path: 'elsewhere/a.ts', text: '', because: 'the layer "elsewhere" is not in the table' },
  ])('finds a planted breach: $because', ({ path, text, because }) => {
    expect(breachesOf({ path, text })).toEqual([{ path, because }])
  })

  it.each([
    "// imports nothing from '../loop/b.ts'",
    "const sentence = 'the process. Date and time'",
    "import type { Sample } from '../model/sample.ts'",
  ])('leaves %s alone', text => {
    expect(breachesOf({ path: 'engine/a.ts', text })).toEqual([])
  })
})
