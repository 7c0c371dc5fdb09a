/**
 * Numbers and spans of time as explanations have them.
 *
 * Example: `formatSpan(95_000)` is `1m 35s`, `formatNumber(83.2000001)` is `83.2`.
 */

/** At most two decimals, four significant digits below one. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'without limit'
  const magnitude = Math.abs(value)
  if (magnitude >= 1 || value === 0) return String(Math.round(value * 100) / 100)
  return String(Number(value.toPrecision(4)))
}

/** `95000` is "1m 35s": the two largest units, rounded up so that "another 0s" is never said of a hold. */
export function formatSpan(spanMs: number): string {
  if (spanMs < 1000) return `${Math.max(0, Math.ceil(spanMs))}ms`
  let seconds = Math.ceil(spanMs / 1000)
  const parts: string[] = []
  for (const [unit, size] of SPAN_UNITS) {
    const amount = Math.floor(seconds / size)
    if (amount > 0) parts.push(`${amount}${unit}`)
    seconds -= amount * size
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

const SPAN_UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
]
