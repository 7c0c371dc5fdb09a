import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootQuantileMs, drawBootMs, Service } from './service.ts'
import type { ServiceModel } from './service-model.ts'

const MINUTE = 60_000
const model = (change: Partial<ServiceModel> = {}): ServiceModel => ({
  perInstance: 100,
  boot: { kind: 'constant', ms: 180_000 },
  warmupMs: 0,
  warmupShare: 1,
  excess: { kind: 'lost' },
  drainMs: 0,
  metricDelayMs: 0,
  everyMs: MINUTE,
  initial: null,
  ...change,
})
const service = (initial: number, change: Partial<ServiceModel> = {}) =>
  new Service(model(change), MINUTE, initial, () => 0.5)

describe('a simulated fleet', () => {
  it('loses what its ready instances cannot serve', () => {
    const fleet = service(2)
    fleet.advance(MINUTE, 250)
    expect(fleet.takeTally()).toEqual({
      served: 200,
      lost: 50,
      refused: 0,
      readyMs: 120_000,
      paidMs: 120_000,
    })
  })

  it('pays for what boots, and serves with it from the moment it is ready', () => {
    const fleet = service(2, { boot: { kind: 'constant', ms: 30_000 } })
    fleet.launch()
    fleet.advance(MINUTE, 250)
    expect(fleet.takeTally()).toEqual({
      served: 225,
      lost: 25,
      refused: 0,
      readyMs: 150_000,
      paidMs: 180_000,
    })
    expect([fleet.ready, fleet.booting]).toEqual([3, 0])
  })

  it('gives up what boots before what is ready', () => {
    const fleet = service(3)
    fleet.launch()
    fleet.order(2)
    expect([fleet.ready, fleet.booting]).toEqual([2, 0])
  })

  it('pays a released instance to the end of its drain', () => {
    const fleet = service(2, { drainMs: 30_000 })
    fleet.order(1)
    fleet.advance(MINUTE, 100)
    expect(fleet.takeTally()).toMatchObject({ served: 100, readyMs: 60_000, paidMs: 90_000 })
    expect(fleet.draining).toBe(0)
  })

  it('serves with a part of an instance while it warms up', () => {
    const fleet = service(0, { boot: { kind: 'constant', ms: 0 }, warmupMs: 30_000, warmupShare: 0.5 })
    fleet.launch()
    fleet.advance(MINUTE, 100)
    expect(fleet.takeTally()).toMatchObject({ served: 75, lost: 25 })
  })

  it('lets wait what can be served in time, refuses the rest, and serves what waits first', () => {
    const fleet = service(1, { excess: { kind: 'queued', longestMs: 30_000 } })
    fleet.advance(MINUTE, 180)
    expect(fleet.takeTally()).toMatchObject({ served: 100, refused: 30 })
    expect(fleet.backlog).toBe(50)
    fleet.advance(2 * MINUTE, 20)
    expect(fleet.takeTally()).toMatchObject({ served: 70, refused: 0 })
    expect(fleet.backlog).toBe(0)
  })

  it('neither makes load nor loses it unsaid', () => {
    const steps = fc.array(
      fc.record({ load: fc.integer({ min: 0, max: 1_000 }), count: fc.integer({ min: 0, max: 12 }) }),
      { minLength: 1, maxLength: 60 },
    )
    const excess = fc.constantFrom<ServiceModel['excess']>(
      { kind: 'lost' },
      { kind: 'queued', longestMs: 0 },
      { kind: 'queued', longestMs: 90_000 },
    )
    fc.assert(
      fc.property(steps, excess, fc.integer({ min: 0, max: 400_000 }), (played, kind, bootMs) => {
        const fleet = service(1, {
          excess: kind,
          boot: { kind: 'constant', ms: bootMs },
          warmupMs: 45_000,
          warmupShare: 0.3,
        })
        let demand = 0
        let accounted = 0
        played.forEach(({ load, count }, bin) => {
          fleet.advance((bin + 1) * MINUTE, load)
          fleet.order(count)
          demand += load
          const { served, lost, refused } = fleet.takeTally()
          accounted += served + lost + refused
        })
        expect(accounted + fleet.backlog).toBeCloseTo(demand, 6)
      }),
    )
  })
})

describe('a boot time', () => {
  const measured = {
    kind: 'distribution',
    shares: [0, 0.5, 0.95, 1],
    ms: [4_000, 8_500, 39_500, 60_000],
  } as const

  it('is drawn between the points that are known', () => {
    expect(drawBootMs(measured, () => 0)).toBe(4_000)
    expect(drawBootMs(measured, () => 0.25)).toBe(6_250)
    expect(bootQuantileMs(measured, 0.95)).toBe(39_500)
  })
})
