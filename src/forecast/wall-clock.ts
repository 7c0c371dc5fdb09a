/**
 * Which bin of a past day is it in which the clock on the wall showed the same time? People come at nine by that clock, and twice a
 * year it is set: yesterday's nine is then 23 or 25 hours ago, and last week's 167 or 169.
 *
 * Example for Europe/London and bins of an hour, with 08:00 on 29 March 2026, hours after the clock went forward, as the newest bin:
 * 09:00 is one bin ahead, and yesterday's is `back(1, 1)`, 22 bins before the newest, where it is 23 on other days.
 *
 * Of a time that the clock showed twice it is the one that lies whole days of 24 hours back, if either does; of one that it left out,
 * the nearest that it showed.
 */
import type { ClockOffset } from '../model/time.ts'

const DAY_MS = 86_400_000

export class WallClock {
  readonly #offsetMs: ClockOffset
  readonly #stepMs: number
  readonly #dayBins: number
  /** How far the clock was ahead in the first bin; all shifts are counted from there. */
  #firstMs = Number.NaN
  /** Number of the newest bin since the epoch, by how many bins the clock has been set forward, and since which bin it is so. */
  #newest = Number.NaN
  #shift = 0
  #since = Number.NEGATIVE_INFINITY
  /** How far ahead was asked last, which is mostly asked again, and what it will have been set forward by then. */
  #asked = Number.NaN
  #askedShift = 0

  /** @param stepMs length of a bin; a day has a whole number of them */
  constructor(offsetMs: ClockOffset, stepMs: number) {
    this.#offsetMs = offsetMs
    this.#stepMs = stepMs
    this.#dayBins = DAY_MS / stepMs
  }

  /** @param bin the newest: its number since the epoch */
  turnTo(bin: number): void {
    if (Number.isNaN(this.#firstMs)) this.#firstMs = this.#offsetMs(bin * this.#stepMs)
    this.#newest = bin
    const shift = this.#shiftAt(bin)
    if (shift !== this.#shift) this.#since = bin
    this.#shift = shift
    this.#asked = Number.NaN
  }

  /** What the clock shows `ahead` bins after the newest, as a number of bins; it grows by 1 from bin to bin but where the clock is set. */
  shown(ahead: number): number {
    return this.#newest + ahead + this.#shiftAhead(ahead)
  }

  /** How many bins before the newest it showed, so many days earlier, what it shows `ahead` bins after it; below 0: not come yet. */
  back(ahead: number, days: number): number {
    const then = this.#newest + ahead - days * this.#dayBins
    const isSteady = then >= this.#since && this.#shiftAhead(ahead) === this.#shift
    return (
      this.#newest - (isSteady ? then : this.#binThatShowed(this.shown(ahead) - days * this.#dayBins, then))
    )
  }

  /** @param near a bin that is no further from it than the clock was set */
  #binThatShowed(shown: number, near: number): number {
    const first = shown - this.#shiftAt(near)
    if (this.#shows(first, shown)) return first
    const second = shown - this.#shiftAt(first)
    if (this.#shows(second, shown)) return second
    return this.#nearest(shown, Math.min(first, second), Math.max(first, second))
  }

  #nearest(shown: number, from: number, to: number): number {
    let nearest = from
    let least = Number.POSITIVE_INFINITY
    for (let bin = from; bin <= to; bin += 1) {
      const off = Math.abs(bin + this.#shiftAt(bin) - shown)
      if (off >= least) continue
      nearest = bin
      least = off
    }
    return nearest
  }

  #shows(bin: number, shown: number): boolean {
    return bin + this.#shiftAt(bin) === shown
  }

  #shiftAhead(ahead: number): number {
    if (ahead === 0) return this.#shift
    if (ahead === this.#asked) return this.#askedShift
    this.#asked = ahead
    this.#askedShift = this.#shiftAt(this.#newest + ahead)
    return this.#askedShift
  }

  /** In whole bins: where these are longer than the clock is set by, the nearer one. */
  #shiftAt(bin: number): number {
    return Math.round((this.#offsetMs(bin * this.#stepMs) - this.#firstMs) / this.#stepMs)
  }
}
