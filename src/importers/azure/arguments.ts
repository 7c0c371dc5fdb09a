/**
 * What a function of a template is called with, and what it may answer: bounded, and refused in words where it does not fit.
 *
 * Example: `number({ args: [text '12'], place }, 0)` is 12; of the text `twelve` it throws `Unresolved`.
 */
import { type Json, shown } from './json.ts'
import type { Place } from './refusal.ts'
import { Unresolved } from './syntax.ts'

const LONGEST_TEXT = 65_536
const MOST_ITEMS = 10_000

export interface Call {
  readonly args: readonly Json[]
  readonly place: Place
}

export type Plain = string | number | boolean

export function node(value: Plain, place: Place): Json {
  if (typeof value === 'string') {
    if (value.length > LONGEST_TEXT) throw new Unresolved('the text is too long')
    return { kind: 'text', value, place }
  }
  return typeof value === 'number' ? { kind: 'number', value, place } : { kind: 'boolean', value, place }
}

export function argument({ args }: Call, index: number): Json {
  const found = args[index]
  if (found === undefined) throw new Unresolved('an argument is missing')
  return found
}

export function text(call: Call, index: number): string {
  const value = argument(call, index)
  if (value.kind === 'text') return value.value
  if (value.kind === 'number' || value.kind === 'boolean') return String(value.value)
  throw new Unresolved(`${shown(value)} is not a text`)
}

export function number(call: Call, index: number): number {
  const value = argument(call, index)
  const found =
    value.kind === 'number' ? value.value : value.kind === 'text' ? Number(value.value || 'x') : Number.NaN
  if (Number.isFinite(found)) return found
  throw new Unresolved(`${shown(value)} is not a number`)
}

export function truth(call: Call, index: number): boolean {
  const value = argument(call, index)
  if (value.kind === 'boolean') return value.value
  const word = value.kind === 'text' ? value.value.toLowerCase() : ''
  if (word === 'true' || word === 'false') return word === 'true'
  throw new Unresolved(`${shown(value)} is neither true nor false`)
}

export function listOf(items: readonly Json[], place: Place): Json {
  if (items.length > MOST_ITEMS) throw new Unresolved('the list is too long')
  return { kind: 'array', items, place }
}
