import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Meter } from './meter.ts'

const BORN = 1_000_000

function meterWith(requests: readonly { at: number; latencyMs?: number | null; failed?: boolean }[]): Meter {
  const meter = new Meter(BORN)
  for (const { at, latencyMs = 1, failed = false } of requests) {
    meter.arrive(BORN + at)
    meter.finish(BORN + at, latencyMs, failed)
  }
  return meter
}

function every(ms: number, from: number, to: number): { at: number }[] {
  return Array.from({ length: Math.ceil((to - from) / ms) }, (_, i) => ({ at: from + i * ms }))
}

describe('the meter', () => {
  it('has no latency and no error ratio before anything finished, and says that its rates are not settled', () => {
    expect(new Meter(BORN).read(BORN + 499, 0, 0)).toEqual({
      requestsPerSecond: 0,
      inFlight: 0,
      queueLength: 0,
      latencyP50Ms: null,
      latencyP95Ms: null,
      latencyP99Ms: null,
      errorsPerSecond: 0,
      errorRatio: null,
      settled: false,
    })
  })

  it('is settled after its first whole slot', () => {
    expect(new Meter(BORN).read(BORN + 500, 0, 0).settled).toBe(true)
  })

  it.each([
    ['a steady stream', every(20, 0, 5_000), 5_000, 50],
    ['a stream that began half a second ago, by what is whole', every(20, 0, 600), 600, 50],
    ['a stream that ended a second ago', every(20, 0, 4_000), 5_000, 25],
    ['a stream that ended two seconds ago', every(20, 0, 3_000), 5_000, 0],
    ['what arrived in the slot not yet whole is left for the next reading', every(1, 5_000, 5_400), 5_400, 0],
  ])('knows the rate of the last two whole seconds: %s', (_, requests, at, perSecond) => {
    expect(meterWith(requests).read(BORN + at, 0, 0).requestsPerSecond).toBeCloseTo(perSecond, 6)
  })

  it('knows errors per second and their share', () => {
    const requests = every(10, 0, 4_000).map((request, i) => ({ ...request, failed: i % 20 === 0 }))
    const { errorsPerSecond, errorRatio } = meterWith(requests).read(BORN + 4_000, 0, 0)
    expect({ errorsPerSecond, errorRatio }).toEqual({ errorsPerSecond: 5, errorRatio: 0.05 })
  })

  it('forgets latencies after five seconds, and then has none', () => {
    const meter = meterWith([{ at: 0, latencyMs: 80 }])
    expect(meter.read(BORN + 5_000, 0, 0).latencyP50Ms).not.toBeNull()
    expect(meter.read(BORN + 5_500, 0, 0).latencyP50Ms).toBeNull()
  })

  it('leaves requests without a latency out of the percentiles, not out of the errors', () => {
    const meter = meterWith([{ at: 100, latencyMs: null, failed: true }])
    expect(meter.read(BORN + 600, 0, 0)).toMatchObject({ latencyP50Ms: null, errorRatio: 1 })
  })

  it('passes on what is in flight and waiting', () => {
    expect(new Meter(BORN).read(BORN, 7, 3)).toMatchObject({ inFlight: 7, queueLength: 3 })
  })

  it('survives a clock that jumps back or far ahead', () => {
    const meter = meterWith(every(20, 0, 3_000))
    meter.arrive(BORN - 60_000)
    expect(meter.read(BORN - 60_000, 0, 0).requestsPerSecond).toBeGreaterThan(0)
    expect(meter.read(BORN + 86_400_000, 0, 0)).toMatchObject({ requestsPerSecond: 0, latencyP99Ms: null })
  })

  it('is off by 4.4 % at most at any percentile, from a tenth of a millisecond to two minutes', () => {
    const latency = fc
      .double({ min: Math.log2(0.1), max: Math.log2(120_000), noNaN: true })
      .map(exponent => 2 ** exponent)
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), latencies => {
        const readings = meterWith(latencies.map(latencyMs => ({ at: 0, latencyMs }))).read(BORN, 0, 0)
        const sorted = [...latencies].sort((a, b) => a - b)
        const exact = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
        for (const [seen, share] of [
          [readings.latencyP50Ms, 0.5],
          [readings.latencyP95Ms, 0.95],
          [readings.latencyP99Ms, 0.99],
        ] as const) {
          expect(Math.abs(Math.log2((seen ?? 0) / exact(share)))).toBeLessThanOrEqual(1 / 16 + 1e-9)
        }
      }),
    )
  })
})
