/**
 * Reads YAML (and so JSON) into a plain tree that knows where each of its keys and values stands, so that every
 * later finding can point at a line and a column. Finds what is wrong with the text itself: syntax, duplicate
 * keys, tabs, aliases that explode, nesting without end, and an expression whose comma YAML took for its own.
 *
 * Example: `busy: { goal: avg(cpu, 45m) < 80% }` is read as the goal `avg(cpu, 45m) < 80%` plus the problem
 * PLM-109 at column 15, which shows the line with the value quoted.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { alignment } from './alignment.ts'
import { CODES } from './codes.ts'
import { type ConfigProblem, type Finding, type Path, pathText, type Report } from './problem.ts'
import { syntaxFinding } from './syntax.ts'

export const MAX_BYTES = 1024 * 1024
const MAX_DEPTH = 32
/** Values that aliases may add to a file; ten anchors of ten aliases each would be ten thousand million. */
const MAX_ALIASED = 10_000

/** Offsets into the text; `end` is after the last character. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Entry {
  readonly key: Span | null
  readonly value: Span
  readonly scalar: Scalar | null
}

export interface Tree {
  /** Plain objects (without a prototype), arrays, texts, numbers, booleans and null. */
  readonly value: unknown
  readonly locate: (finding: Finding) => ConfigProblem
  readonly problems: readonly ConfigProblem[]
}

/** A tree without a text: findings are located by their path alone. */
export function treeOfValue(value: unknown, file: string): Tree {
  const locate = (finding: Finding): ConfigProblem => problemAt(finding, file, 0, 0, 0)
  return { value, locate, problems: [] }
}

export function readDocument(text: string, file: string): Tree {
  const lines = new LineCounter()
  const entries = new Map<string, Entry>()
  const locate = (finding: Finding): ConfigProblem => {
    const span = clip(spanOf(finding, entries, text), text)
    const { line, col } = lines.linePos(span.start)
    return problemAt(finding, file, Math.max(line, 1), Math.max(col, 1), span.end - span.start)
  }
  const problems: ConfigProblem[] = []
  const complain = (finding: Finding, span: Span): void => {
    entries.set(
      pathText(finding.path),
      entries.get(pathText(finding.path)) ?? { key: null, value: span, scalar: null },
    )
    const clipped = clip(span, text)
    const { line, col } = lines.linePos(clipped.start)
    problems.push(problemAt(finding, file, Math.max(line, 1), Math.max(col, 1), clipped.end - clipped.start))
  }

  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)

  if (Buffer.byteLength(text) > MAX_BYTES) {
    complain(
      {
        code: CODES.tooLarge,
        message: `the file is larger than ${MAX_BYTES / 1024} KiB`,
        hint: 'split the fleets over several files, each run by a Plimsoll of its own',
        path: [],
      },
      { start: 0, end: 0 },
    )
    return { value: undefined, locate, problems }
  }

  const document = parseDocument(text, {
    version: '1.2',
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  for (const error of [...document.errors, ...document.warnings]) {
    const finding = syntaxFinding(error, text)
    complain(finding, { start: error.pos[0], end: error.pos[1] })
    // One broken bracket makes the parser complain about everything after it.
    if (finding.code !== CODES.duplicateKey) break
  }
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    complain(
      {
        code: CODES.yamlFeature,
        message: 'the file asks for an older YAML than 1.2',
        hint: 'delete the %YAML line',
        path: [],
      },
      { start: 0, end: 5 },
    )
  }
  if (problems.some(problem => problem.code !== CODES.duplicateKey))
    return { value: undefined, locate, problems }

  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) {
    complain(
      {
        code: CODES.empty,
        message: 'the file holds no configuration',
        hint: 'begin with "plimsoll: 1", or let "plimsoll init" write a file',
        path: [],
      },
      { start: 0, end: 0 },
    )
    return { value: undefined, locate, problems }
  }
  const value = new Walk(text, entries, complain).visit(root, [], null)
  return { value, locate, problems }
}

type Complain = (finding: Finding, span: Span) => void

/** One pass over the parsed nodes: builds the values and notes where each stands. */
class Walk {
  readonly #text: string
  readonly #entries: Map<string, Entry>
  readonly #complain: Complain
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #aliased = 0
  #insideAlias = 0
  #exhausted = false

  constructor(text: string, entries: Map<string, Entry>, complain: Complain) {
    this.#text = text
    this.#entries = entries
    this.#complain = complain
  }

  visit(node: Node, path: Path, key: Span | null): unknown {
    if (this.#insideAlias > 0) this.#aliased += 1
    if (isAlias(node)) return this.#alias(node, path, key)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined && this.#insideAlias === 0) this.#anchors.set(anchor, node)
    const span = spanOfNode(node)
    this.#entries.set(pathText(path), { key, value: span, scalar: isScalar(node) ? node : null })
    if (path.length > MAX_DEPTH) {
      const message = `this is nested more than ${MAX_DEPTH} levels deep`
      this.#complain(
        { code: CODES.tooDeep, message, hint: 'a configuration needs no more than ten', path },
        span,
      )
      return undefined
    }
    if (this.#refusesTag(node, path, span)) return undefined
    this.#open.add(node)
    try {
      if (isMap(node)) return this.#mapping(node, path)
      if (isSeq(node))
        return node.items.map((item, index) => this.visit(item as Node, [...path, index], null))
      return this.#scalar(node as Scalar)
    } finally {
      this.#open.delete(node)
    }
  }

  #scalar(node: Scalar): unknown {
    const { value } = node
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    return null
  }

  #alias(node: Alias, path: Path, key: Span | null): unknown {
    const span = spanOfNode(node)
    this.#entries.set(pathText(path), { key, value: span, scalar: null })
    const source = this.#anchors.get(node.source)
    const code = CODES.alias
    if (source === undefined) {
      this.#complain(
        {
          code,
          message: `*${node.source} refers to an anchor that is not defined above it`,
          hint: `mark the value to repeat with &${node.source}`,
          path,
        },
        span,
      )
      return undefined
    }
    if (this.#open.has(source)) {
      this.#complain(
        {
          code,
          message: `*${node.source} refers to a value that contains it`,
          hint: 'write the value out',
          path,
        },
        span,
      )
      return undefined
    }
    if (this.#exhausted) return undefined
    this.#insideAlias += 1
    try {
      const value = this.visit(source, path, key)
      if (this.#aliased > MAX_ALIASED && !this.#exhausted) {
        this.#exhausted = true
        this.#complain(
          {
            code,
            message: `the aliases of this file unfold to more than ${MAX_ALIASED} values`,
            hint: 'write out what is meant',
            path,
          },
          span,
        )
      }
      return value
    } finally {
      this.#insideAlias -= 1
    }
  }

  #mapping(node: YAMLMap, path: Path): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    for (let index = 0; index < node.items.length; index += 1) {
      const pair = node.items[index] as Pair<Node, Node | null>
      const name = this.#keyName(pair, path)
      if (name === null) continue
      const key = spanOfNode(pair.key)
      const keyPath = [...path, name]
      const run = node.flow === true ? this.#splitExpression(node, index) : null
      if (run !== null && isScalar(pair.value)) {
        this.#entries.set(pathText(keyPath), { key, value: run.span, scalar: null })
        const text = this.#text.slice(run.span.start, run.span.end)
        this.#complain(unquotedFinding(this.#text, run.span, name, text, keyPath), run.span)
        result[name] = text
        index = run.lastIndex
        continue
      }
      if (Object.hasOwn(result, name)) continue
      if (pair.value === null) {
        this.#entries.set(pathText(keyPath), { key, value: key, scalar: null })
        result[name] = null
      } else {
        result[name] = this.visit(pair.value, keyPath, key)
      }
    }
    return result
  }

  #keyName(pair: Pair<Node, Node | null>, path: Path): string | null {
    let key: Node = pair.key
    if (isAlias(key)) key = this.#anchors.get(key.source) ?? key
    if (!isScalar(key)) {
      this.#complain(
        {
          code: CODES.yamlFeature,
          message: 'a key must be a plain text',
          hint: 'quote it if it holds brackets or braces',
          path,
        },
        spanOfNode(pair.key),
      )
      return null
    }
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
  }

  /**
   * In `{ when: avg(cpu, 45m) > 80% }` YAML sees `when: avg(cpu` and a key `45m) > 80%` without a value. From a
   * plain value with an open parenthesis, joins such keys until the parentheses balance.
   */
  #splitExpression(node: YAMLMap, index: number): { span: Span; lastIndex: number } | null {
    const pair = node.items[index] as Pair<Node, Node | null>
    if (!isScalar(pair.value) || pair.value.type !== 'PLAIN') return null
    const start = spanOfNode(pair.value).start
    let end = spanOfNode(pair.value).end
    if (openParentheses(this.#text.slice(start, end)) <= 0) return null
    let last = index
    while (last + 1 < node.items.length && openParentheses(this.#text.slice(start, end)) > 0) {
      const next = node.items[last + 1] as Pair<Node, Node | null>
      if (next.value !== null || !isScalar(next.key)) break
      last += 1
      end = spanOfNode(next.key).end
    }
    return last === index ? null : { span: { start, end }, lastIndex: last }
  }

  #refusesTag(node: Node, path: Path, span: Span): boolean {
    const tag = node.tag
    if (tag === undefined || /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(tag)) return false
    this.#complain(
      {
        code: CODES.yamlFeature,
        message: `the tag ${tag.replace('tag:yaml.org,2002:', '!!')} means nothing here`,
        hint: 'delete it',
        path,
      },
      span,
    )
    return true
  }
}

function openParentheses(text: string): number {
  let open = 0
  for (const character of text) open += character === '(' ? 1 : character === ')' ? -1 : 0
  return open
}

function unquotedFinding(text: string, span: Span, key: string, value: string, path: Path): Finding {
  const from = text.lastIndexOf('\n', span.start - 1) + 1
  const to = text.indexOf('\n', span.end)
  const quoted = `${text.slice(from, span.start)}"${value}"${text.slice(span.end, to < 0 ? text.length : to)}`
  return {
    code: CODES.unquoted,
    message: `the value of "${key}" holds a comma, and between { and } a comma ends the value: YAML read only ${value.split(',')[0]}`,
    hint: `quote it: ${quoted.trim()}`,
    path,
  }
}

function spanOfNode(node: Node): Span {
  const range = node.range
  return range == null ? { start: 0, end: 0 } : { start: range[0], end: range[1] }
}

/** The finding's own place, or that of the nearest thing around it that has one. */
function spanOf(finding: Finding, entries: ReadonlyMap<string, Entry>, text: string): Span {
  for (let length = finding.path.length; length >= 0; length -= 1) {
    const entry = entries.get(pathText(finding.path.slice(0, length)))
    if (entry === undefined) continue
    const own = length === finding.path.length
    if (own && finding.part === 'key' && entry.key !== null) return entry.key
    if (own && finding.part !== 'key') return insideSpan(finding, entry, text)
    // Something is missing in there: point at the name of what lacks it, or at its beginning.
    return entry.key ?? { start: entry.value.start, end: entry.value.start + 1 }
  }
  return { start: 0, end: 1 }
}

function insideSpan(finding: Finding, entry: Entry, text: string): Span {
  const { value, scalar, key } = entry
  if (value.end <= value.start) return key ?? value
  if (finding.at === undefined || scalar === null || typeof scalar.value !== 'string') return value
  const places = alignment(text, value, scalar.type ?? 'PLAIN', scalar.value)
  if (places === null) return value
  const start = places[Math.min(finding.at, places.length - 1)] ?? value.start
  const end = places[Math.min(finding.at + Math.max(finding.length ?? 1, 1), places.length - 1)] ?? value.end
  return { start, end: Math.max(end, start + 1) }
}

/** Inside the text, on one line, at least one character wide where there is one. */
function clip(span: Span, text: string): Span {
  const start = Math.max(0, Math.min(span.start, text.length))
  const lineEnd = text.indexOf('\n', start)
  const stop = lineEnd < 0 ? text.length : lineEnd
  return { start, end: Math.max(Math.min(span.end, stop), Math.min(start + 1, Math.max(stop, start))) }
}

function problemAt(
  finding: Finding,
  file: string,
  line: number,
  column: number,
  length: number,
): ConfigProblem {
  return {
    code: finding.code,
    severity: finding.severity ?? 'error',
    message: finding.message,
    hint: finding.hint ?? null,
    file,
    line,
    column,
    length,
    path: pathText(finding.path),
  }
}

export type { Report }
