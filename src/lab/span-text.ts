/**
 * Spans of time and numbers as the lab's reports write them.
 *
 * Example: 90,000 ms is `90 s`, 60,000 ms `1 min`, 27.56 days `27.6 days`; the number 2.86043 is `2.86`.
 */
import { bootQuantileMs } from './service.ts'
import type { BootTime } from './service-model.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

export function spanText(ms: number): string {
  if (ms < SECOND_MS) return `${rounded(ms)} ms`
  if (ms < 2 * MINUTE_MS && ms % MINUTE_MS !== 0) return `${rounded(ms / SECOND_MS)} s`
  if (ms < 2 * HOUR_MS && ms % HOUR_MS !== 0) return `${rounded(ms / MINUTE_MS)} min`
  return ms < 2 * DAY_MS ? `${rounded(ms / HOUR_MS)} h` : `${rounded(ms / DAY_MS)} days`
}

/** Four digits of it, or all in front of the point. */
export function numberText(value: number): string {
  return toDigits(value, 4)
}

function rounded(value: number): string {
  return toDigits(value, 3)
}

function toDigits(value: number, digits: number): string {
  return Math.abs(value) >= 10 ** (digits - 1)
    ? String(Math.round(value))
    : String(Number(value.toPrecision(digits)))
}

export function bootText(boot: BootTime): string {
  if (boot.kind === 'constant') return spanText(boot.ms)
  const [half, most] = [0.5, 0.99].map(share => spanText(bootQuantileMs(boot, share)))
  return half === most ? `${half}` : `${half} (half of them) to ${most} (99 %)`
}
