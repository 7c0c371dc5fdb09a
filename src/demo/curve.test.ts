import { describe, expect, it } from 'vitest'
import { DAY_MS, hourAt, rateAt } from './curve.ts'

const seconds = Array.from({ length: 1000 }, (_, i) => (i * DAY_MS) / 1000)

describe('the day of the demo load', () => {
  it.each([
    [0, 5.5, 10],
    [27_083, 12, 90],
    [60_417, 20, 45],
    [77_100, 0, 10],
  ])('%i ms after the start it is %d:00 and %i requests/s', (elapsedMs, hour, rate) => {
    expect(hourAt(elapsedMs)).toBeCloseTo(hour, 1)
    expect(rateAt(elapsedMs)).toBeCloseTo(rate, 0)
  })

  it('stays between 10 and 160 requests/s, and reaches more than 140 in the flash crowd', () => {
    const rates = seconds.map(rateAt)
    expect(Math.min(...rates)).toBeCloseTo(10, 5)
    expect(Math.max(...rates)).toBeGreaterThan(140)
    expect(Math.max(...rates)).toBeLessThan(160)
  })

  it('repeats day by day', () => {
    for (const elapsedMs of seconds) expect(rateAt(elapsedMs + DAY_MS)).toBeCloseTo(rateAt(elapsedMs), 6)
  })

  it('rises no faster than 70 requests/s within any 2 s: nothing but the flash crowd is sudden', () => {
    for (const elapsedMs of seconds) {
      expect(Math.abs(rateAt(elapsedMs + 2_000) - rateAt(elapsedMs))).toBeLessThan(70.5)
    }
  })

  it('climbs to the peak and is back at night within the first 85 s, so that a fleet scales out and in', () => {
    expect(rateAt(80_000)).toBeLessThan(12)
    expect(rateAt(30_000)).toBeGreaterThan(80)
  })
})
