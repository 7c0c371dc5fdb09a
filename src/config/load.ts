/**
 * The door of the configuration: a file (or an object) in, either everything Plimsoll needs or every problem at once.
 *
 * Example: `await loadConfig('plimsoll.yaml')` answers `{ ok: true, loaded: { spec, api, state, warnings, ... } }`
 * or `{ ok: false, problems: [{ code: 'PLM-116', line: 7, column: 12, ... }], text }`.
 */
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { Spec } from '../model/spec.ts'
import { checkConfig } from './check.ts'
import { CODES } from './codes.ts'
import { compile, type WrittenConfig } from './compile.ts'
import { readDocument, type Tree, treeOfValue } from './document.ts'
import { MAX_BYTES } from './excess.ts'
import { lint } from './lint.ts'
import type { Check } from './plugin-name.ts'
import { withPresets } from './presets.ts'
import { type ConfigProblem, type Finding, pathText, sortProblems } from './problem.ts'
import { MAX_REFERENCED, type Resolved, resolveReferences } from './references.ts'
import { configSchema } from './schema.ts'
import type { Extensions } from './schema-plugins.ts'
import { withServeDefaults } from './serve-defaults.ts'
import { readValue } from './shape.ts'
import { readTextFile, reason } from './text-file.ts'

export { formatProblems } from './format-problems.ts'
export type { ConfigProblem } from './problem.ts'
export type { Config } from './schema.ts'
export type { Extensions } from './schema-plugins.ts'

export interface Loaded {
  readonly spec: Spec
  readonly api: { readonly host: string; readonly port: number; readonly token: string | null }
  readonly state: {
    /** Absolute. */
    readonly path: string
    readonly samplesMs: number
    readonly journalMs: number
  }
  readonly file: string
  readonly text: string
  readonly warnings: readonly ConfigProblem[]
}

export type LoadResult =
  | { readonly ok: true; readonly loaded: Loaded }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly text: string }

export interface Where {
  /** Named in problems; relative paths count from its folder. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Given an absolute path; throws when the file cannot be read. */
  readonly readFile: (path: string) => string
  readonly extensions?: Extensions
}

/** Pure but for `readFile`. Never throws at a wrong text. */
export function parseConfig(text: string, where: Where): LoadResult {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text
  return load(readDocument(plain, where.file), plain, where, dirname(resolve(where.file)), true)
}

/** A file that cannot be read is a problem like any other (PLM-100). */
export async function loadConfig(path: string, extensions?: Extensions): Promise<LoadResult> {
  return readConfigFile(path, extensions)
}

/** The same for a host program that builds its configuration in code; problems have a path and line 0. */
export function parseConfigObject(
  value: unknown,
  extensions: Extensions = {},
  where: Partial<Where> = {},
): LoadResult {
  const file = where.file ?? '(configuration built in code)'
  const folder = where.file === undefined ? process.cwd() : dirname(resolve(where.file))
  const plain = toPlain(value)
  const text = plain.ok ? JSON.stringify(plain.value, null, 2) : ''
  const tree = treeOfValue(plain.ok ? plain.value : undefined, file)
  if (!plain.ok) {
    const message = `the configuration cannot be written as JSON: ${plain.because}`
    const problem = tree.locate({
      code: CODES.notAMapping,
      message,
      hint: 'pass plain objects, lists, texts, numbers and booleans',
      path: [],
    })
    return { ok: false, problems: [problem], text }
  }
  const given: Where = {
    file,
    env: where.env ?? process.env,
    readFile: where.readFile ?? readReferenced,
    extensions,
  }
  return load(tree, text, given, folder, where.file !== undefined)
}

function readConfigFile(path: string, extensions: Extensions | undefined): LoadResult {
  let text: string
  try {
    text = readTextFile(path, MAX_BYTES)
  } catch (error) {
    const message = `the file cannot be read: ${reason(error)}`
    const problem = treeOfValue(undefined, path).locate({
      code: CODES.unreadable,
      message,
      hint: 'check the path, and that this user may read it',
      path: [],
    })
    return { ok: false, problems: [problem], text: '' }
  }
  return configurationFile(path, extensions).parse(text)
}

/** A configuration file that a running daemon writes another text to. */
export function configurationFile(
  path: string,
  extensions?: Extensions,
): { readonly path: string; readonly parse: (text: string) => LoadResult } {
  return {
    path,
    parse: text =>
      parseConfig(text, {
        file: path,
        env: process.env,
        readFile: readReferenced,
        ...(extensions === undefined ? {} : { extensions }),
      }),
  }
}

function readReferenced(path: string): string {
  return readTextFile(path, MAX_REFERENCED)
}

const NO_EXTENSIONS: Extensions = {}

function load(tree: Tree, text: string, where: Where, folder: string, fromFile: boolean): LoadResult {
  const problems: ConfigProblem[] = [...tree.problems]
  if (tree.value === undefined) return { ok: false, problems: sortProblems(problems), text }
  const found: Finding[] = []
  const collect = (finding: Finding): void => void found.push(finding)
  const sources = { env: where.env, readFile: (path: string) => where.readFile(resolve(folder, path)) }
  const resolved = resolveReferences(tree.value, sources, collect)
  // A value whose reference gave nothing has been spoken of; what it lacks beyond that is anyone's guess.
  const unresolved = new Set(found.map(finding => pathText(finding.path)))
  const report = (finding: Finding): void => {
    if (!unresolved.has(pathText(finding.path))) collect(finding)
  }
  const check: Check = { report, written: resolved.written, extensions: where.extensions ?? NO_EXTENSIONS }
  checkConfig(check, resolved.value)
  const finish = (): readonly ConfigProblem[] =>
    sortProblems([...problems, ...found.map(finding => locate(finding, tree, resolved))])
  if (isRefused(problems, found)) return { ok: false, problems: finish(), text }

  const config = readValue(
    check,
    configSchema(check.extensions),
    withServeDefaults(withPresets(resolved.value)),
    [],
  )
  if (config === undefined || isRefused(problems, found)) return { ok: false, problems: finish(), text }
  const written = readWritten(resolved.value)
  const { spec, origins } = compile({ config, written, text, folder: fromFile ? folder : null })
  lint(spec, origins, report)
  const { api, state } = config
  return {
    ok: true,
    loaded: {
      spec,
      api: { host: api.listen.host, port: api.listen.port, token: api.token ?? null },
      state: { path: resolve(folder, state.path), samplesMs: state.samples, journalMs: state.journal },
      file: where.file,
      text,
      warnings: finish(),
    },
  }
}

function isRefused(problems: readonly ConfigProblem[], found: readonly Finding[]): boolean {
  return problems.length > 0 || found.some(finding => finding.severity !== 'warning')
}

const options = z.record(z.string(), z.record(z.string(), z.unknown())).default({})
const written = z.object({
  metrics: options,
  notifiers: options,
  actions: options,
  fleets: z.record(z.string(), z.object({ target: z.unknown().optional(), router: z.unknown().optional() })),
})

function readWritten(value: unknown): WrittenConfig {
  return written.parse(value)
}

/** A place for the finding, and one last look that nothing a reference gave is in its words. */
function locate(finding: Finding, tree: Tree, { secrets }: Resolved): ConfigProblem {
  const scrub = (text: string): string =>
    secrets.reduce(
      (clean, secret) => (secret.value.length < 4 ? clean : clean.split(secret.value).join(secret.written)),
      text,
    )
  const hint = finding.hint == null ? null : scrub(finding.hint)
  return tree.locate({ ...finding, message: scrub(finding.message), hint })
}

type Plain = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly because: string }

/** A copy of JSON values only, as the file reader makes them. */
function toPlain(value: unknown): Plain {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(value) ?? 'null')
    return { ok: true, value: copy }
  } catch (error) {
    return { ok: false, because: error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown' }
  }
}
