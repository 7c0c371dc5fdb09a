import { describe, expect, it } from 'vitest'
import { Lengths } from './lengths.ts'

const MINUTE = 60_000

function lengthsOf(...minutes: number[]): Lengths {
  const lengths = new Lengths()
  for (const each of minutes) lengths.add(each * MINUTE)
  return lengths
}

describe('how much longer a session goes on', () => {
  const seen = lengthsOf(1, 1, 1, 1, 2, 2, 8, 8, 8, 8)

  it('is what those that lived longer went on for, on average', () => {
    expect(seen.remainingMs(3 * MINUTE)).toBe(5 * MINUTE)
    expect(seen.remainingMs(0)).toBe(4 * MINUTE)
  })

  it('is as long again as it has, when none is known that lived longer', () => {
    expect(seen.remainingMs(20 * MINUTE)).toBe(20 * MINUTE)
  })

  it('is unknown while few have ended', () => {
    expect(lengthsOf(1, 2, 3, 4, 5, 6, 7, 8, 9).remainingMs(0)).toBeNull()
  })

  it('follows a change of habits', () => {
    const lengths = new Lengths()
    for (let n = 0; n < 20_000; n++) lengths.add(MINUTE)
    for (let n = 0; n < 40_000; n++) lengths.add(30 * MINUTE)
    expect(lengths.remainingMs(0)).toBeGreaterThan(29 * MINUTE)
  })

  it('takes no notice of what cannot be', () => {
    const lengths = lengthsOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
    lengths.add(-5)
    lengths.add(Number.NaN)
    expect(lengths.remainingMs(0)).toBe(MINUTE)
    expect(lengths.remainingMs(-5)).toBe(MINUTE + 5)
  })
})
