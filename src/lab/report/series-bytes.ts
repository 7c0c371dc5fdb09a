/**
 * A series of numbers in few bytes: each as a whole number of a small unit, written as its difference to the one before. Shared by
 * who writes the page and by the page itself, so it knows nothing of either.
 *
 * Example: 5, 5, 6, 5 has the lowest value 5 and the unit 1, so the steps are 0, 0, 1, -1 and the bytes 0 0 2 1: zigzag, so that
 * small steps down are small numbers too.
 */

export interface SeriesHead {
  /** The lowest value. */
  readonly least: number
  /** What one step is worth. */
  readonly unit: number
  /** How many bytes. */
  readonly bytes: number
}

/** Steps between the lowest and the highest where they are not whole: one part in a million. */
const STEPS = 2 ** 20
/** Stands for NaN, one below the lowest. */
const GAP = -1

export function encodeSeries(values: ArrayLike<number>): { head: SeriesHead; bytes: Uint8Array } {
  const { least, most, whole } = rangeOf(values)
  const unit = whole && most - least < 2 ** 30 ? 1 : (most - least) / STEPS || 1
  const bytes = new Uint8Array(values.length * 5)
  let used = 0
  let before = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN
    const code = Number.isFinite(value) ? atLeastAStep(value, least, unit) : GAP
    const step = code - before
    before = code
    // Zigzag, then seven bits a byte, the highest bit where more follow.
    let rest = step < 0 ? -2 * step - 1 : 2 * step
    while (rest >= 128) {
      bytes[used++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    bytes[used++] = rest
  }
  return { head: { least, unit, bytes: used }, bytes: bytes.subarray(0, used) }
}

/** A little above nothing stays above nothing: a loss too small for a step is one step. */
function atLeastAStep(value: number, least: number, unit: number): number {
  const code = Math.round((value - least) / unit)
  return code === 0 && least === 0 && value > 0 ? 1 : code
}

function rangeOf(values: ArrayLike<number>): { least: number; most: number; whole: boolean } {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let whole = true
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN
    if (!Number.isFinite(value)) continue
    if (value < least) least = value
    if (value > most) most = value
    whole &&= Number.isInteger(value)
  }
  return most < least ? { least: 0, most: 0, whole } : { least, most, whole }
}

export function decodeSeries({ least, unit }: SeriesHead, bytes: Uint8Array, length: number): Float64Array {
  const values = new Float64Array(length)
  let at = 0
  let code = 0
  for (let index = 0; index < length; index++) {
    let rest = 0
    let weight = 1
    for (;;) {
      const byte = bytes[at++] ?? 0
      rest += (byte % 128) * weight
      if (byte < 128) break
      weight *= 128
    }
    code += rest % 2 === 1 ? -(rest + 1) / 2 : rest / 2
    values[index] = code === GAP ? Number.NaN : least + code * unit
  }
  return values
}
