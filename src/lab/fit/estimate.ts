/**
 * Numbers with how sure they are: quantiles, and intervals from drawing the same measurements again.
 *
 * Example: `{ value: 98.4, low: 96.1, high: 101.2 }`: 98.4, and in 95 of 100 drawings between 96.1 and 101.2.
 */
import type { Random } from '../../ports/clock.ts'

export interface Estimate {
  readonly value: number
  /** The middle 95 % of what other drawings gave. */
  readonly low: number
  readonly high: number
}

const LOW_SHARE = 0.025

/** Of sorted values, between neighbours in proportion; NaN of none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const place = Math.min(1, Math.max(0, share)) * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[Math.min(sorted.length - 1, below + 1)] ?? low
  return low + (high - low) * (place - below)
}

export function median(values: ArrayLike<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}

/** `drawn`: what each drawing gave. Those that gave nothing (NaN) are left aside. */
export function estimateOf(value: number, drawn: readonly number[]): Estimate {
  const sorted = Float64Array.from(drawn.filter(Number.isFinite)).sort()
  if (sorted.length === 0) return { value, low: Number.NaN, high: Number.NaN }
  return {
    value,
    low: Math.min(value, quantile(sorted, LOW_SHARE)),
    high: Math.max(value, quantile(sorted, 1 - LOW_SHARE)),
  }
}

/** Indexes of one drawing of `count` measurements, in blocks of neighbours, since what follows each other is alike. */
export function drawing(count: number, block: number, random: Random): Uint32Array {
  const drawn = new Uint32Array(count)
  const starts = Math.max(1, count - block + 1)
  for (let place = 0; place < count; ) {
    const start = Math.floor(random.next() * starts)
    for (let step = 0; step < block && place < count; step++) drawn[place++] = start + step
  }
  return drawn
}

const MOST_BLOCK_SHARE = 0.1
const FORGOTTEN = 0.2

/** How many neighbours are alike: until the correlation of what is left unexplained has fallen to a fifth. */
export function memoryOf(residuals: ArrayLike<number>): number {
  const count = residuals.length
  const most = Math.max(1, Math.floor(count * MOST_BLOCK_SHARE))
  let mean = 0
  for (let place = 0; place < count; place++) mean += (residuals[place] ?? 0) / count
  const along = (lag: number): number => {
    let sum = 0
    for (let place = lag; place < count; place++) {
      sum += ((residuals[place] ?? 0) - mean) * ((residuals[place - lag] ?? 0) - mean)
    }
    return sum
  }
  const all = along(0)
  if (all <= 0) return 1
  for (let lag = 1; lag <= most; lag++) if (along(lag) / all < FORGOTTEN) return lag
  return most
}
