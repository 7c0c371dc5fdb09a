/**
 * Turns the nodes of a parsed YAML file into plain values and notes where each stands. Finds what the parser lets
 * pass: keys given twice, aliases that explode, nesting without end, an expression cut at its comma.
 *
 * Example: in `{ goal: avg(cpu, 45m) < 80% }` the parser sees the goal `avg(cpu` and a key `45m) < 80%`; this
 * reads the goal that was meant and complains that it is not quoted.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { CODES } from './codes.ts'
import { type Places, type Span, spanOfNode } from './places.ts'
import type { ConfigProblem, Finding, Path } from './problem.ts'

export const MAX_DEPTH = 32
/** Values that aliases may add to a file; ten anchors of ten aliases each would be ten thousand million. */
const MAX_ALIASED = 10_000
/** Pieces of one expression that YAML took for keys. */
const MAX_JOINED = 100

/** One pass over the parsed nodes: builds the values and notes where each stands. */
export class Walk {
  readonly #text: string
  readonly #places: Places
  readonly #problems: ConfigProblem[] = []
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #aliased = 0
  #insideAlias = 0
  #exhausted = false
  #broken = false

  constructor(text: string, places: Places) {
    this.#text = text
    this.#places = places
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems
  }

  /** What was found makes the values unfit to be looked at further. */
  get broken(): boolean {
    return this.#broken
  }

  #complain(finding: Finding, span: Span): void {
    this.#problems.push(this.#places.at(finding, span))
    this.#broken ||= finding.code === CODES.alias || finding.code === CODES.tooDeep
  }

  visit(node: Node, path: Path, key: Span | null): unknown {
    if (this.#insideAlias > 0) this.#aliased += 1
    if (isAlias(node)) return this.#alias(node, path, key)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined && this.#insideAlias === 0) this.#anchors.set(anchor, node)
    const span = spanOfNode(node)
    this.#places.note(path, { key, value: span, scalar: isScalar(node) ? node : null })
    if (path.length > MAX_DEPTH) {
      const message = `this is nested more than ${MAX_DEPTH} levels deep`
      this.#complain(
        { code: CODES.tooDeep, message, hint: 'a configuration needs no more than ten', path },
        span,
      )
      return undefined
    }
    this.#refuseTag(node, path, span)
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
    this.#places.note(path, { key, value: span, scalar: null })
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
        this.#places.note(keyPath, { key, value: run.span, scalar: null })
        const text = this.#text.slice(run.span.start, run.span.end)
        this.#complain(unquotedFinding(this.#text, run.span, name, text, keyPath), run.span)
        result[name] = text
        index = run.lastIndex
        continue
      }
      if (Object.hasOwn(result, name)) {
        const message = `${JSON.stringify(name)} is given twice in one mapping`
        this.#complain({ code: CODES.duplicateKey, message, hint: 'keep one of the two', path: keyPath }, key)
        continue
      }
      if (pair.value === null) {
        this.#places.note(keyPath, { key, value: key, scalar: null })
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
    if (key.anchor !== undefined && this.#insideAlias === 0) this.#anchors.set(key.anchor, key)
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
  }

  /**
   * In `{ when: avg(cpu, 45m) > 80% }` YAML sees `when: avg(cpu` and a key `45m) > 80%` without a value. From a
   * plain value with an open parenthesis, joins such keys until the parentheses balance.
   */
  #splitExpression(node: YAMLMap, index: number): { span: Span; lastIndex: number } | null {
    const pair = node.items[index] as Pair<Node, Node | null>
    if (!isScalar(pair.value) || pair.value.type !== 'PLAIN') return null
    const { start } = spanOfNode(pair.value)
    let { end } = spanOfNode(pair.value)
    let open = openParentheses(this.#text.slice(start, end))
    let last = index
    while (open > 0 && last - index < MAX_JOINED && last + 1 < node.items.length) {
      const next = node.items[last + 1] as Pair<Node, Node | null>
      if (next.value !== null || !isScalar(next.key)) break
      last += 1
      const span = spanOfNode(next.key)
      open += openParentheses(this.#text.slice(end, span.end))
      end = span.end
    }
    return last === index ? null : { span: { start, end }, lastIndex: last }
  }

  #refuseTag(node: Node, path: Path, span: Span): void {
    const tag = node.tag
    if (tag === undefined || /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(tag)) return
    const shown = tag.replace('tag:yaml.org,2002:', '!!')
    const message = `the tag ${shown} means nothing here`
    this.#complain({ code: CODES.yamlFeature, message, hint: 'delete it', path }, span)
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
