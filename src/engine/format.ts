/**
 * Numbers and spans of time as explanations have them.
 *
 * Example: `formatSpan(95_000)` is `1m 35s`, `formatNumber(83.2000001)` is `83.2`.
 */

/** From here on hundredths are no longer exact. */
const LARGE = 1e12

/** At most two decimals, four significant digits below one. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'without limit'
  const magnitude = Math.abs(value)
  if (magnitude < 1 && value !== 0) return String(Number(value.toPrecision(4)))
  const hundredths = Math.round(value * 100)
  return magnitude < LARGE ? hundredthsText(hundredths) : String(hundredths / 100)
}

/** `8012` is "80.12", `8010` is "80.1": spelt out from whole numbers, several times as fast as from a fraction. */
function hundredthsText(hundredths: number): string {
  const whole = Math.trunc(hundredths / 100)
  const rest = Math.abs(hundredths % 100)
  if (rest === 0) return String(whole)
  if (rest % 10 === 0) return `${whole}.${rest / 10}`
  return rest < 10 ? `${whole}.0${rest}` : `${whole}.${rest}`
}

/** `95000` is "1m 35s": the two largest units, rounded up so that "another 0s" is never said of a hold. */
export function formatSpan(spanMs: number): string {
  if (spanMs < 1000) return `${Math.max(0, Math.ceil(spanMs))}ms`
  let seconds = Math.ceil(spanMs / 1000)
  let larger = ''
  for (const { unit, size } of SPAN_UNITS) {
    const amount = Math.floor(seconds / size)
    if (amount > 0) {
      if (larger !== '') return `${larger} ${amount}${unit}`
      larger = `${amount}${unit}`
      seconds -= amount * size
    }
  }
  return larger
}

const SPAN_UNITS: readonly { readonly unit: string; readonly size: number }[] = [
  { unit: 'd', size: 86_400 },
  { unit: 'h', size: 3_600 },
  { unit: 'm', size: 60 },
  { unit: 's', size: 1 },
]
