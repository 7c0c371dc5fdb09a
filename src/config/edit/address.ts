/**
 * From an address an operator typed to the place in the file it means: a value that is written there, or the place where it would
 * be written, where the file leaves it at its default.
 *
 * Example: `findSpot(text, 'web', 'cooldown.in')` in `cooldown: { out: 3m }` answers with an insertion that makes it
 * `cooldown: { out: 3m, in: 5m }`; `rules.sclae-up.by` is refused with "Did you mean rules.scale-up.by?".
 */
import { isMap, isScalar, type Node, type YAMLMap } from 'yaml'
import { nearest } from '../expression/nearest.ts'
import { spanOfNode } from '../places.ts'
import type { Splice } from './splice.ts'
import {
  childOf,
  type NamedPair,
  PARTS_OF_RULES,
  pairsOf,
  rootOf,
  type Spot,
  slugOf,
  spotsOf,
} from './spots.ts'

export type FoundSpot =
  | { readonly kind: 'written'; readonly spot: Spot }
  /** Not in the file; the loader has the last word on whether there is such a key. */
  | { readonly kind: 'unwritten'; readonly insert: (value: string) => Splice }
  | { readonly kind: 'refused'; readonly message: string }

/** Sections of the file; anything else is counted from the fleet. */
const SECTIONS = ['fleets', 'groups', 'metrics', 'schedules']
/** What every rule may say itself. */
const KEYS_OF_RULES = [
  ...['name', 'rank', 'when', 'match', 'for', 'during', 'set', 'notify', 'run', 'cooldown', 'enabled'],
  ...PARTS_OF_RULES,
]
/** Parts of an expression; never a key of their own. */
const LITERALS = ['threshold', 'window']
const MOST_LISTED = 24
const KEY = /^[A-Za-z][\w-]*$/

export function findSpot(text: string, fleet: string, address: string): FoundSpot {
  const base = baseOf(text, fleet, address)
  if (base === null) return refused(`${address}: the file has no fleet ${fleet}.`)
  const spots = spotsOf(text, base)
  const wanted = normal(address)
  const same = spots.filter(spot => normal(spot.address) === wanted || normal(spot.fullAddress) === wanted)
  const [spot] = same
  if (spot !== undefined && same.length === 1) return { kind: 'written', spot }
  if (same.length > 1) {
    return refused(`${address}: there are ${same.length} of that name; give them names of their own.`)
  }
  const parts = spots.filter(each => normal(each.address).startsWith(`${wanted}.`))
  if (parts.length > 0) return refused(`${address}: say which: ${listed(parts)}.`)
  return placeFor(text, base, address) ?? refused(unknown(address, spots))
}

/** What may be varied of a fleet, as far as it is a number and written in the file. */
export function variableSpots(text: string, fleet: string): readonly Spot[] {
  const base = baseOf(text, fleet, '')
  return base === null ? [] : spotsOf(text, base).filter(({ isNumber }) => isNumber)
}

/** "Did you mean", and what there is. */
export function unknown(address: string, spots: readonly Spot[]): string {
  const meant = nearest(
    normal(address),
    spots.flatMap(spot => [normal(spot.address), normal(spot.fullAddress)]),
  )
  const spot = spots.find(each => [each.address, each.fullAddress].some(one => normal(one) === meant))
  const numbers = spots.filter(({ isNumber }) => isNumber)
  const hint = spot === undefined ? '' : ` Did you mean ${spot.address}?`
  return `${address}: there is no such value.${hint} What can be varied: ${listed(numbers)}.`
}

function listed(spots: readonly Spot[]): string {
  const shown = spots.slice(0, MOST_LISTED).map(({ address, written }) => `${address} (${written})`)
  const more = spots.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function refused(message: string): FoundSpot {
  return { kind: 'refused', message }
}

function normal(address: string): string {
  return address.split('.').map(slugOf).join('.')
}

function baseOf(text: string, fleet: string, address: string): Node | null {
  const root = rootOf(text)
  if (root === null || SECTIONS.includes(address.split('.')[0] ?? '')) return root
  const fleets = childOf(root, 'fleets')
  const own = fleets !== null && isMap(fleets) ? pairsOf(fleets).find(({ key }) => key === fleet) : undefined
  return own?.value ?? null
}

/** `null` where an address leads nowhere. */
function placeFor(text: string, base: Node, address: string): FoundSpot | null {
  const steps = address.split('.')
  let map: Node = base
  let depth = 0
  for (let next = childOf(map, steps[0] ?? ''); next !== null; next = childOf(map, steps[depth] ?? '')) {
    map = next
    depth += 1
  }
  const missing = steps.slice(depth)
  map = steps[depth - 2] === 'rules' ? partOf(map, missing) : map
  if (!isMap(map)) return above(steps.slice(0, depth), map, text, address)
  const isKeys = missing.length > 0 && missing.length <= 3 && missing.every(step => KEY.test(step))
  const isLiteral = missing.some(step => LITERALS.includes(step))
  // A fleet or metric of another name is not begun with a single value.
  const isNewEntry = depth < 2 && SECTIONS.includes(steps[0] ?? '')
  const isEmpty = pairsOf(map).some(({ key }) => slugOf(key) === slugOf(missing[0] ?? ''))
  if (!isKeys || isLiteral || isNewEntry) return null
  if (isEmpty) return refused(`${address}: it is empty or an alias in the file; write its value out there.`)
  const into = map
  const insertion = insertionInto(text, into)
  if (insertion === null) {
    return refused(`${address}: it is not in the file, and there is no place to add it; write it there.`)
  }
  return { kind: 'unwritten', insert: value => insertion(keyed(missing, value)) }
}

/** What is no key of a rule itself is one of what it does, where it does one thing: `rules.serve.boot` is `serve.boot`. */
function partOf(rule: Node, missing: readonly string[]): Node {
  const [first = ''] = missing
  if (missing.length !== 1 || KEYS_OF_RULES.includes(first)) return rule
  const parts = PARTS_OF_RULES.flatMap(part => childOf(rule, part) ?? []).filter(isMap)
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : rule
}

/** The address goes on below what is one value in the file: `cooldown.in`, where there is `cooldown: 5m`. */
function above(steps: readonly string[], node: Node, text: string, address: string): FoundSpot | null {
  if (!isScalar(node)) return null
  const { start, end } = spanOfNode(node)
  const written = text.slice(start, end).trim()
  if (written === '' || steps.length === 0 || written.includes('\n')) return null
  return refused(
    `${address}: ${steps.join('.')} is one value in the file, ${written}; vary that, or write its parts out there.`,
  )
}

/** `['stabilization', 'in']` and `5m` are `stabilization: { in: 5m }`. */
function keyed([first = '', ...rest]: readonly string[], value: string): string {
  return rest.length === 0 ? `${first}: ${value}` : `${first}: { ${keyed(rest, value)} }`
}

function insertionInto(text: string, map: YAMLMap): ((entry: string) => Splice) | null {
  const pairs = pairsOf(map)
  return map.flow === true ? insertionIntoFlow(map, pairs) : insertionIntoBlock(text, pairs)
}

function insertionIntoFlow(map: YAMLMap, pairs: readonly NamedPair[]): (entry: string) => Splice {
  const last = pairs.at(-1)
  if (last === undefined) {
    const at = spanOfNode(map).start + 1
    return entry => ({ start: at, end: at, text: ` ${entry} ` })
  }
  const at = spanOfNode(last.value ?? last.keyNode).end
  return entry => ({ start: at, end: at, text: `, ${entry}` })
}

/** On a line of its own, behind the last key whose value ends on its line, so that comments stay with what they are about. */
function insertionIntoBlock(text: string, pairs: readonly NamedPair[]): ((entry: string) => Splice) | null {
  const ending = pairs.filter(({ value }) => value !== null && !isBlock(text, value)).at(-1)
  if (ending?.value == null) return null
  const { start } = spanOfNode(ending.keyNode)
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1))
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lineEnd = text.indexOf(eol, spanOfNode(ending.value).end)
  const at = lineEnd < 0 ? text.length : lineEnd
  return entry => ({ start: at, end: at, text: `${eol}${indent}${entry}` })
}

function isBlock(text: string, node: Node): boolean {
  const { start } = spanOfNode(node)
  return isMap(node)
    ? node.flow !== true
    : /^[|>-]/.test(text.slice(start)) && !/^-\S/.test(text.slice(start))
}
