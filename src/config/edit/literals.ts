/**
 * Which numbers of an expression an operator would try other values for: what a comparison is held against, and how long the
 * windows are. Each with its place in the text, so that it alone can be replaced.
 *
 * Example: of `avg(cpu, 45m) > 80% and instances < 4` the thresholds are `80%` and `4`, the one window is `45m`.
 */
import { CONNECTIVES, type Token, tokenize } from '../expression/tokens.ts'

export interface Literal {
  /** Index of its first character in the text, and of the one after its last. */
  readonly at: number
  readonly end: number
  readonly text: string
}

export interface Literals {
  /** One for each comparison that has one, in the order of the text. */
  readonly thresholds: readonly Literal[]
  readonly windows: readonly Literal[]
}

interface Placed {
  readonly token: Token
  /** Inside the parentheses of an aggregate. */
  readonly isInCall: boolean
}

const COMPARISONS: readonly string[] = ['>', '>=', '<', '<=', '==', '!=']
const SIGNS: readonly string[] = ['-', '+']

export function literalsOf(text: string): Literals {
  const placed = placedTokens(tokenize(text).tokens)
  return { thresholds: thresholdsOf(text, placed), windows: windowsOf(text, placed) }
}

function placedTokens(tokens: readonly Token[]): readonly Placed[] {
  const open: boolean[] = []
  return tokens.map((token, index) => {
    if (isSymbol(token, '(')) {
      const called = tokens[index - 1]
      open.push(called?.kind === 'word' && !CONNECTIVES.includes(called.text))
    }
    const placed = { token, isInCall: open.includes(true) }
    if (isSymbol(token, ')')) open.pop()
    return placed
  })
}

function windowsOf(text: string, placed: readonly Placed[]): readonly Literal[] {
  return placed.flatMap(({ token, isInCall }, index) => {
    const before = placed[index - 1]?.token
    const isWindow = isInCall && token.kind === 'number' && before !== undefined && isSymbol(before, ',')
    return isWindow ? [literal(text, token.at, token.end)] : []
  })
}

function thresholdsOf(text: string, placed: readonly Placed[]): readonly Literal[] {
  return placed.flatMap(({ token }, index) => {
    if (!isComparison(token)) return []
    const right = placed.slice(index + 1, index + 1 + lengthOfSide(placed.slice(index + 1)))
    const before = placed.slice(0, index).reverse()
    const left = before.slice(0, lengthOfSide(before)).reverse()
    const found = wholeNumberOf(right) ?? wholeNumberOf(left) ?? onlyNumberOf([...left, ...right])
    return found === null ? [] : [literal(text, found.at, found.end)]
  })
}

interface Span {
  readonly at: number
  readonly end: number
}

/** Up to the next connective, comparison or end, in whichever direction the tokens are given. */
function lengthOfSide(placed: readonly Placed[]): number {
  const end = placed.findIndex(
    ({ token }) =>
      token.kind === 'end' ||
      isComparison(token) ||
      (token.kind === 'word' && CONNECTIVES.includes(token.text)),
  )
  return end < 0 ? placed.length : end
}

/** The side is a number and nothing else, but for parentheses of the whole condition. */
function wholeNumberOf(side: readonly Placed[]): Span | null {
  const inner = side.filter(
    ({ token, isInCall }) => isInCall || !(isSymbol(token, '(') || isSymbol(token, ')')),
  )
  const [first, second] = inner
  if (first?.token.kind === 'number' && inner.length === 1) return first.token
  if (first?.token.kind !== 'symbol' || second?.token.kind !== 'number' || inner.length > 2) return null
  return SIGNS.includes(first.token.text) ? { at: first.token.at, end: second.token.end } : null
}

function onlyNumberOf(sides: readonly Placed[]): Span | null {
  const numbers = sides.filter(({ token, isInCall }) => token.kind === 'number' && !isInCall)
  return numbers.length === 1 ? (numbers[0]?.token ?? null) : null
}

function literal(text: string, at: number, end: number): Literal {
  return { at, end, text: text.slice(at, end) }
}

function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === 'symbol' && token.text === symbol
}

function isComparison(token: Token): boolean {
  return token.kind === 'symbol' && COMPARISONS.includes(token.text)
}
