/**
 * Refuses a text that would cost too much to read: larger than a configuration ever is, nested without end, or
 * made of more pieces than a person writes. Looks only at its words, before any tree is built.
 *
 * Example: a megabyte of `[` is PLM-107 at the 33rd of them, found in milliseconds.
 */
import { Lexer } from 'yaml'
import { CODES } from './codes.ts'
import type { Span } from './places.ts'
import type { Finding } from './problem.ts'

export const MAX_BYTES = 1024 * 1024
/** Words, separators and line ends together. */
const MAX_TOKENS = 500_000
const MAX_DEPTH = 32

export interface Excess {
  readonly finding: Finding
  readonly span: Span
}

export function findExcess(text: string): Excess | null {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return tooLarge(`the file is larger than ${MAX_BYTES / 1024} KiB`, 0)
  let at = 0
  let tokens = 0
  /** Open brackets and braces. */
  let flow = 0
  /** Indicators (`- `, `? `) that nest on one line. */
  let block = 0
  for (const token of new Lexer().lex(text)) {
    tokens += 1
    if (tokens > MAX_TOKENS) return tooLarge('the file holds more words than a configuration ever does', at)
    if (token === '{' || token === '[') flow += 1
    else if (token === '}' || token === ']') flow = Math.max(0, flow - 1)
    else if (token === '-' || token === '?' || token === ':') block += 1
    else if (token === '\n' || token === '\r\n' || flow > 0) block = 0
    if (flow > MAX_DEPTH || (flow === 0 && block > 2 * MAX_DEPTH)) return tooDeep(at)
    // Markers of the lexer itself, which stand for no characters of the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') at += token.length
  }
  return null
}

function tooLarge(message: string, at: number): Excess {
  const hint = 'split the fleets over several files, each run by a Plimsoll of its own'
  return { finding: { code: CODES.tooLarge, message, hint, path: [] }, span: { start: at, end: at + 1 } }
}

function tooDeep(at: number): Excess {
  const message = `this is nested more than ${MAX_DEPTH} levels deep`
  const hint = 'a configuration needs no more than ten'
  return { finding: { code: CODES.tooDeep, message, hint, path: [] }, span: { start: at, end: at + 1 } }
}
