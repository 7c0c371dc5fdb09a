/**
 * The values of a fleet that an operator may try others for, each with a short address and its place in the text of the file.
 *
 * Of a list, an item is addressed by its `name` in small letters with `-` for whatever is no letter or digit, or by its number
 * from 0. Of a rule, what stands one level deeper (`scale.by`, `track.target`) may be addressed without that level, a comparison's
 * number is its `threshold`, the length of an aggregate's window its `window`; of several, the second is `threshold.2`.
 *
 * Example: in `rules: [{ name: Scale up, when: "avg(cpu, 45m) > 80%", scale: { by: 1 } }]` there are `rules.scale-up.threshold` (80%),
 * `rules.scale-up.window` (45m) and `rules.scale-up.by` (1).
 */
import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml'
import { alignment } from '../alignment.ts'
import { spanOfNode } from '../places.ts'
import { type Literal, literalsOf } from './literals.ts'
import type { Splice } from './splice.ts'

export interface Spot {
  /** The shortest address of it. */
  readonly address: string
  /** Its place in the tree, written out: `rules.scale-up.scale.by`. */
  readonly fullAddress: string
  /** As it stands there, without quotes. */
  readonly written: string
  /** A number, with a unit or without: what is worth proposing to be varied. */
  readonly isNumber: boolean
  replace(value: string): Splice
}

/** Keys whose texts are expressions. */
const EXPRESSIONS: readonly string[] = ['when', 'goal', 'match', 'of', 'metric']
/** Keys that name things, and are no values to try. */
const NAMES: readonly string[] = ['name', 'schedule', 'during', 'fleet']
/** Of a rule, what is looked through for shorter addresses. */
export const PARTS_OF_RULES: readonly string[] = ['scale', 'track', 'steps', 'serve', 'forecast', 'reserve']
const NUMBER = /^[+-]?\d+(?:\.\d+)?\s*(?:%|[A-Za-z]{1,3})?$/

/** Where a value is written down, before it is known under which addresses it goes. */
interface Found {
  readonly path: readonly string[]
  readonly written: string
  readonly replace: (value: string) => Splice
}

/** @returns everything under the node, the addresses counted from there */
export function spotsOf(text: string, node: Node): readonly Spot[] {
  const found = walk(text, node, [])
  const shorter = shortPaths(found)
  return found.map((each, index) => ({
    address: (shorter[index] ?? each.path).join('.'),
    fullAddress: each.path.join('.'),
    written: each.written,
    isNumber: NUMBER.test(each.written),
    replace: each.replace,
  }))
}

/** `null` where there is none, as in a text that is not YAML. */
export function rootOf(text: string): Node | null {
  return parseDocument(text, { uniqueKeys: false, logLevel: 'silent' }).contents
}

/** `Scale up!` is `scale-up`. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
}

/** What stands under one step of an address: a key, or an item of a list by its name or number. */
export function childOf(node: Node, step: string): Node | null {
  if (isMap(node)) {
    const pairs = pairsOf(node)
    const same =
      pairs.find(({ key }) => key === step) ?? pairs.find(({ key }) => slugOf(key) === slugOf(step))
    return same?.value ?? null
  }
  if (!isSeq(node)) return null
  const items = node.items.filter(isNode)
  const named = items.filter((item, index) => stepOf(item, index) === slugOf(step))
  return named.length === 1 ? (named[0] ?? null) : null
}

export interface NamedPair {
  readonly key: string
  readonly keyNode: Node
  readonly value: Node | null
}

export function pairsOf(map: YAMLMap): readonly NamedPair[] {
  return map.items.flatMap(item => {
    const { key, value } = item as Pair<unknown, unknown>
    if (!isScalar(key)) return []
    return [{ key: String(key.value), keyNode: key, value: isNode(value) ? value : null }]
  })
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value)
}

/** Its name, or its number where it has none. */
function stepOf(item: Node, index: number): string {
  if (!isMap(item)) return String(index)
  const name = item.get('name')
  return typeof name === 'string' && slugOf(name) !== '' ? slugOf(name) : String(index)
}

function walk(text: string, node: Node, path: readonly string[]): Found[] {
  if (isMap(node)) {
    return pairsOf(node).flatMap(({ key, value }) => {
      if (value === null || NAMES.includes(key)) return []
      return EXPRESSIONS.includes(key) && isScalar(value) && typeof value.value === 'string'
        ? expressionSpots(text, value, value.value, [...path, key])
        : walk(text, value, [...path, key])
    })
  }
  if (isSeq(node)) {
    return node.items
      .filter(isNode)
      .flatMap((item, index) => walk(text, item, [...path, stepOf(item, index)]))
  }
  return isScalar(node) ? scalarSpot(node, path) : []
}

function scalarSpot(node: Scalar, path: readonly string[]): Found[] {
  const { start, end } = spanOfNode(node)
  const isQuoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
  if ((!isQuoted && node.type !== 'PLAIN') || end <= start || node.value === null) return []
  const inner = isQuoted ? { start: start + 1, end: end - 1 } : { start, end }
  return [{ path, written: node.source ?? String(node.value), replace: value => ({ ...inner, text: value }) }]
}

function expressionSpots(text: string, node: Scalar, value: string, path: readonly string[]): Found[] {
  const places = alignment(text, spanOfNode(node), node.type ?? 'PLAIN', value)
  if (places === null) return []
  const { thresholds, windows } = literalsOf(value)
  const spot = (kind: string, literal: Literal, number: string[]): Found => ({
    path: [...path, kind, ...number],
    written: literal.text,
    replace: replacement => ({
      start: places[literal.at] ?? 0,
      end: places[literal.end] ?? 0,
      text: replacement,
    }),
  })
  const spots = (kind: string, literals: readonly Literal[]): Found[] =>
    literals.map((literal, index) => spot(kind, literal, literals.length > 1 ? [String(index + 1)] : []))
  return [...spots('threshold', thresholds), ...spots('window', windows)]
}

/** For each of them the address without the steps that go without saying, where it means nothing else. */
function shortPaths(found: readonly Found[]): readonly (readonly string[])[] {
  const short = found.map(({ path }) => shortened(path))
  const meant = new Map<string, Set<string>>()
  found.forEach(({ path }, index) => {
    for (const address of [path.join('.'), (short[index] ?? path).join('.')]) {
      meant.set(address, (meant.get(address) ?? new Set()).add(path.join('.')))
    }
  })
  return short.map((path, index) =>
    meant.get(path.join('.'))?.size === 1 ? path : (found[index]?.path ?? path),
  )
}

function shortened(path: readonly string[]): readonly string[] {
  const withoutParts = path.filter((step, index) => !(isInRule(path, index) && PARTS_OF_RULES.includes(step)))
  const kind = withoutParts.findIndex(
    (step, index) => index > 0 && EXPRESSIONS.includes(step) && isLiteralStep(withoutParts[index + 1]),
  )
  return kind < 0 ? withoutParts : withoutParts.filter((_, index) => index !== kind)
}

function isInRule(path: readonly string[], index: number): boolean {
  return index >= 2 && path[index - 2] === 'rules' && index < path.length - 1
}

function isLiteralStep(step: string | undefined): boolean {
  return step === 'threshold' || step === 'window'
}
