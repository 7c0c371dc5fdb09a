/**
 * Chance that can be repeated: everything random of a case comes from one whole number.
 *
 * Example: two `chanceFrom(7)` give the same numbers; `pick(['a', 'b'])` takes one of them.
 */
export interface Chance {
  /** From 0 up to 1. */
  next(): number
  /** True with this likelihood. */
  maybe(likelihood: number): boolean
  /** From `min` to `max`, both included. */
  whole(min: number, max: number): number
  pick<T>(from: readonly T[]): T
  /** Each of them with this likelihood, in their order. */
  some<T>(from: readonly T[], likelihood: number): T[]
  times<T>(least: number, most: number, make: (index: number) => T): T[]
}

export function chanceFrom(seed: number): Chance {
  let state = mix(seed)
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    maybe: likelihood => next() < likelihood,
    whole,
    pick(from) {
      const picked = from[whole(0, from.length - 1)]
      if (picked === undefined) throw new Error('nothing to pick from')
      return picked
    },
    some: (from, likelihood) => from.filter(() => next() < likelihood),
    times: (least, most, make) => Array.from({ length: whole(least, most) }, (_, index) => make(index)),
  }
}

/** Neighbouring seeds must not begin alike. */
function mix(seed: number): number {
  let value = seed | 0
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}
