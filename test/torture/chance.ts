/**
 * A stream of numbers from a seed. What is drawn is the same for the same seed; when it happens is up to the machine.
 *
 * Example: `new Chance(7).between(1, 5)` answers the same whole number from 1 to 5 every time.
 */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** Many short ones and some long ones. */
  lengthMs(meanMs: number): number {
    return Math.min(6 * meanMs, -Math.log(1 - this.next()) * meanMs)
  }

  one<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.next() * of.length)]
  }
}
