import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSeries, encodeSeries } from './series-bytes.ts'

function roundTrip(values: readonly number[]): number[] {
  const { head, bytes } = encodeSeries(values)
  expect(bytes.length).toBe(head.bytes)
  return [...decodeSeries(head, bytes, values.length)]
}

describe('a series in bytes', () => {
  it('comes back as it was where it is whole, gaps too', () => {
    const whole = fc.oneof(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constant(Number.NaN))
    fc.assert(
      fc.property(fc.array(whole), values => {
        expect(roundTrip(values)).toEqual(values.map(value => value + 0))
      }),
    )
  })

  it('comes back to a millionth of its range where it is not', () => {
    const broken = fc.double({ min: -1e6, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(fc.array(broken, { minLength: 1 }), values => {
        const range = Math.max(...values) - Math.min(...values)
        roundTrip(values).forEach((value, index) => {
          expect(Math.abs(value - (values[index] ?? 0))).toBeLessThanOrEqual(range / 1_000_000 + 1e-9)
        })
      }),
    )
  })

  it('keeps a little above nothing above nothing', () => {
    const [none, little] = roundTrip([0, 1e-9, 1_000_000.5])
    expect(none).toBe(0)
    expect(little).toBeGreaterThan(0)
  })

  it('is a byte a bin where little changes', () => {
    expect(encodeSeries([5, 5, 6, 5]).bytes).toEqual(Uint8Array.of(0, 0, 2, 1))
  })

  it('can be nothing, or only gaps', () => {
    expect(roundTrip([])).toEqual([])
    expect(roundTrip([Number.NaN, Number.NaN])).toEqual([Number.NaN, Number.NaN])
  })
})
