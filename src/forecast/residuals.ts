/**
 * By how much forecasts were wrong lately, in order of size: a forecast plus a quantile of these is what demand stays below that
 * often. (Empirical prediction intervals; Williams & Goodman 1971. No shape of the errors is supposed.)
 *
 * Example: residuals -3, -1, 0, 2, 9. `quantile(0.5)` is 0, `quantile(0.75)` 2. At 0.9 the rank is 3.6, so it is six tenths of the way
 * from 2 to 9: 6.2 (type 7 of Hyndman & Fan 1996).
 */
export class Residuals {
  readonly #ring: Float64Array
  readonly #sorted: Float64Array
  #count = 0
  #next = 0

  /** @param kept how many of the newest count */
  constructor(kept: number) {
    this.#ring = new Float64Array(kept)
    this.#sorted = new Float64Array(kept)
  }

  get count(): number {
    return this.#count
  }

  /** @param residual what came minus what was forecast; not finite: not taken */
  add(residual: number): void {
    if (!Number.isFinite(residual)) return
    if (this.#count === this.#ring.length) this.#drop(this.#ring[this.#next] ?? 0)
    const place = this.#placeOf(residual)
    this.#sorted.copyWithin(place + 1, place, this.#count)
    this.#sorted[place] = residual
    this.#count += 1
    this.#ring[this.#next] = residual
    this.#next = this.#next + 1 === this.#ring.length ? 0 : this.#next + 1
  }

  /** @param share 0 to 1; NaN while there are none */
  quantile(share: number): number {
    if (this.#count === 0) return Number.NaN
    const rank = Math.min(1, Math.max(0, share)) * (this.#count - 1)
    const below = Math.floor(rank)
    const low = this.#sorted[below] ?? Number.NaN
    const high = this.#sorted[Math.min(below + 1, this.#count - 1)] ?? Number.NaN
    return low + (high - low) * (rank - below)
  }

  #drop(residual: number): void {
    const place = this.#placeOf(residual)
    this.#sorted.copyWithin(place, place + 1, this.#count)
    this.#count -= 1
  }

  /** The first place whose residual is not smaller. */
  #placeOf(residual: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] ?? 0) < residual) low = middle + 1
      else high = middle
    }
    return low
  }
}
