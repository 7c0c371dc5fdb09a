/**
 * The smallest change of one number at which a test turns true: outward from where it is, first in growing strides and at
 * the numbers worth trying, then by bisection between the last "no" and the first "yes".
 *
 * Example: `nearestTurn(62.1, 'rise', v => v > 80, { worthTrying: [80], ... })` is `{ value: 80, inclusive: false }`: above 80.
 */

export type Move = 'rise' | 'fall'

export interface Turn {
  readonly value: number
  /** At the value itself it is true already; else only beyond it. */
  readonly inclusive: boolean
  /** Just there or just beyond: a number at which it is true for sure. */
  readonly yes: number
}

export interface Search {
  /** Thresholds and band edges: a narrow "yes" lies at one of them or nowhere. */
  readonly worthTrying: readonly number[]
  /** How large the numbers here are. */
  readonly scale: number
  /** A reading that never is below this. */
  readonly lowest: number
}

/** Strides from scale / 1024 to scale * 1024. */
const STRIDES = 10
const HALVINGS = 60
/** As near as two numbers need be to count as equal (the tolerance of `==`), twice. */
const NEAR = 2e-5
const MOST_DECIMALS = 6
/** How finely a border is told from its neighbours, as a share of it. */
const FINE_RATIO = 1e-12

/** Every test costs a decision: `test` may throw to end the search. */
export function nearestTurn(
  from: number,
  move: Move,
  test: (value: number) => boolean,
  search: Search,
): Turn | null {
  let no = from
  for (const value of stops(from, move, search)) {
    if (test(value)) return simplest(bisect(no, value, test), test, search)
    no = value
  }
  return null
}

function stops(from: number, move: Move, { worthTrying, scale, lowest }: Search): number[] {
  const sign = move === 'rise' ? 1 : -1
  const strides = Array.from({ length: 2 * STRIDES + 1 }, (_, n) => from + sign * scale * 2 ** (n - STRIDES))
  const aside = scale * 1e-6
  const tried = worthTrying.flatMap(value => [value - aside, value, value + aside])
  const beyond = [...strides, ...tried]
    .map(value => Math.max(lowest, value))
    .filter(value => (value - from) * sign > 0)
  return [...new Set(beyond)].sort((a, b) => (a - b) * sign)
}

function bisect(no: number, yes: number, test: (value: number) => boolean): number {
  let [low, high] = [no, yes]
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2
    if (Math.abs(high - low) <= FINE_RATIO * Math.max(1, Math.abs(high))) break
    if (test(middle)) high = middle
    else low = middle
  }
  return high
}

/** The roundest number there: 80 rather than 80.00000000042. */
function simplest(yes: number, test: (value: number) => boolean, { scale }: Search): Turn {
  const near = Math.max(NEAR * Math.min(1, scale), 2 * FINE_RATIO * Math.abs(yes))
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const value = Number(yes.toFixed(decimals))
    if (Math.abs(value - yes) > near) continue
    const inclusive = test(value)
    return { value, inclusive, yes: inclusive ? value : yes }
  }
  return { value: yes, inclusive: true, yes }
}
