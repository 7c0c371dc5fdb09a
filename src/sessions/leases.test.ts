import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Leased, Leases } from './leases.ts'

interface Lease extends Leased {
  readonly id: number
}

function lease(id: number, leaseMs: number | null): Lease {
  return { id, leaseMs, seenAt: 0, row: -1, atRow: -1 }
}

describe('leases', () => {
  it('run out within half a second after their time, never before, and never twice', () => {
    const event = fc.record({
      passed: fc.integer({ min: 0, max: 1_400 }),
      what: fc.constantFrom('begin', 'renew', 'end', 'nothing', 'nothing'),
      which: fc.nat(9),
      leaseMs: fc.integer({ min: 2_000, max: 9_000 }),
    })
    const property = fc.property(fc.array(event, { maxLength: 200, size: 'max' }), events => {
      const leases = new Leases<Lease>(0)
      const seen = new Map<Lease, number>()
      let now = 0
      for (const { passed, what, which, leaseMs } of events) {
        now += passed
        const one = [...seen.keys()].find(({ id }) => id === which)
        if (what === 'begin' && one === undefined) {
          const fresh = lease(which, leaseMs)
          leases.begin(fresh, now)
          seen.set(fresh, now)
        } else if (what === 'renew' && one !== undefined) {
          leases.renew(one, now)
          seen.set(one, now)
        } else if (what === 'end' && one !== undefined) {
          leases.end(one)
          seen.delete(one)
        }
        for (const over of leases.expired(now, 100)) {
          expect(now - (seen.get(over) ?? Number.NaN)).toBeGreaterThanOrEqual(over.leaseMs ?? 0)
          seen.delete(over)
        }
        for (const [left, since] of seen) {
          expect(now - since).toBeLessThan((left.leaseMs ?? 0) + 500)
          expect(leases.leftMs(left, now)).toBe(Math.max(0, since + (left.leaseMs ?? 0) - now))
        }
      }
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('that there are none of never run out', () => {
    const leases = new Leases<Lease>(0)
    const endless = lease(1, null)
    leases.begin(endless, 0)
    for (let now = 0; now < 100_000; now += 1_000) expect(leases.expired(now, 9)).toEqual([])
    expect(leases.leftMs(endless, 100_000)).toBeNull()
    leases.end(endless)
  })

  it('run out a bounded number at a time, and none is forgotten', () => {
    const leases = new Leases<Lease>(0)
    for (let id = 0; id < 25; id++) leases.begin(lease(id, 2_000 + id), 0)
    for (let now = 0; now <= 3_000; now += 1_000) leases.expired(now, 0)
    const found = [10, 10, 10].map(most => leases.expired(3_000, most).length)
    expect(found).toEqual([10, 10, 5])
  })

  it('are all whole again after a gap in our own time', () => {
    const leases = new Leases<Lease>(0)
    const one = lease(1, 10_000)
    leases.begin(one, 0)
    leases.expired(1_000, 9)
    expect(leases.leftMs(one, 1_000)).toBe(9_000)
    expect(leases.leftMs(one, 500_000)).toBe(10_000)
    expect(leases.leftMs(one, 400_000)).toBe(10_000)
    expect(leases.leftMs(one, 401_000)).toBe(9_000)
  })
})
