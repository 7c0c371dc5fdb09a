import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { officeDay, setAt } from './forecast.fixture.ts'
import { createHeadroom, type HeadroomOptions } from './headroom.ts'

const MINUTE = 60_000
const START = 1_795_262_400_000

const usual: HeadroomOptions = { stepMs: MINUTE, leadMs: 4 * MINUTE, perInstance: 100, sloRatio: 0.99 }

/** Minute by minute; what was wanted after each. */
function run(demand: readonly number[], change: Partial<HeadroomOptions> = {}): number[] {
  const options = { ...usual, ...change }
  const headroom = createHeadroom(options)
  return demand.map((value, index) => {
    headroom.learn(START + index * options.stepMs, value)
    return headroom.want(value)
  })
}

/** Always the same chance. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** Days with a noon, and scatter as counts have. */
function days(count: number, height = 2000, seed = 1): number[] {
  const chance = noise(seed)
  return Array.from({ length: count * 1440 }, (_, minute) => {
    const level = height * (1.2 - Math.cos((minute / 1440) * 2 * Math.PI))
    return Math.max(0, Math.round(level + (chance() + chance() + chance() - 1.5) * 4 * Math.sqrt(level)))
  })
}

/** As a fleet that does what is wanted would fare: the share lost, and instances paid for each that was needed. */
function fare(demand: readonly number[], wanted: readonly number[], leadSteps: number, from: number) {
  let [lost, all, paid, needed] = [0, 0, 0, 0]
  for (let index = Math.max(from, leadSteps); index < demand.length; index += 1) {
    const value = demand[index] ?? 0
    const ready = Math.min(...wanted.slice(index - leadSteps, index))
    all += value
    lost += Math.max(0, value - ready)
    paid += wanted[index - 1] ?? 0
    needed += Math.max(100, Math.ceil(value / 100) * 100)
  }
  return { lostShare: lost / all, cost: paid / needed }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

describe('the capacity that is wanted', () => {
  it.each<[string, readonly number[]]>([
    ['of a constant demand', Array.from({ length: 600 }, () => 950)],
    ['of none', Array.from({ length: 600 }, () => 0)],
  ])('%s is what it needs, once that is known', (_, demand) => {
    const wanted = run(demand)
    expect(wanted.at(-1)).toBe(demand[0] === 0 ? 100 : 1000)
  })

  it('is what is there before anything was learnt, and comes in whole instances afterwards', () => {
    const headroom = createHeadroom(usual)
    expect(headroom.want(433)).toBe(433)
    headroom.learn(START, 433)
    expect(headroom.want(433) % 100).toBe(0)
    expect(headroom.want(433)).toBeGreaterThanOrEqual(500)
  })

  it('has the rise since the last value on top', () => {
    const headroom = createHeadroom(usual)
    headroom.learn(START, 400)
    expect(headroom.want(1000) - headroom.want(400)).toBe(600)
    expect(headroom.want(100)).toBe(headroom.want(400))
  })

  it('loses no more than it may, and costs the more the less that is', () => {
    const demand = days(6)
    const fares = [0.9, 0.95, 0.99, 0.998].map(sloRatio => {
      const { lostShare, cost } = fare(demand, run(demand, { sloRatio }), 4, 2 * 1440)
      expect(lostShare).toBeLessThan(1.1 * (1 - sloRatio))
      return { lostShare, cost }
    })
    const costs = fares.map(({ cost }) => cost)
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
    // Not by having plenty: where a tenth may be lost, some is, and the fewest instances that would do are not many more.
    expect(fares[0]?.lostShare).toBeGreaterThan(0.02)
    expect(fares[0]?.cost).toBeLessThan(1.05)
  }, 20_000)

  it('of a demand that hardly moves costs less than twice what it needs on its first day', () => {
    const stepMs = 5 * MINUTE
    const chance = noise(3)
    const demand = Array.from({ length: 288 }, () => Math.round(4_150 + 3 * chance()))
    const wanted = run(demand, { stepMs, leadMs: stepMs, sloRatio: 0.999 })
    expect(fare(demand, wanted, 1, 0).cost).toBeLessThan(2)
  })

  it('costs less than a fixed headroom that loses as much', () => {
    const demand = days(6)
    const ours = fare(demand, run(demand), 4, 2 * 1440)
    for (let factor = 1; factor < 2; factor += 0.01) {
      const fixed = fare(
        demand,
        demand.map(value => Math.ceil((value * factor) / 100) * 100),
        4,
        2 * 1440,
      )
      if (fixed.lostShare > ours.lostShare) continue
      expect(ours.cost).toBeLessThan(fixed.cost)
      return
    }
    throw new Error('no fixed headroom loses so little')
  }, 20_000)
})

describe('a burst like none before', () => {
  const quiet = days(3, 300)
  const burst = [1500, 4000, 9000, 16_000, 16_000, 16_000]

  it('is met with more than it needs so far, and that goes again', () => {
    const after = Array.from({ length: 240 }, () => 300)
    const wanted = run([...quiet, ...burst, ...after], { sloRatio: 0.999 })
    const begins = quiet.length + 1
    for (let step = begins; step < begins + 3; step += 1)
      expect(wanted[step]).toBeGreaterThan(2.5 * (burst[step - quiet.length] ?? 0))
    expect(wanted.at(-1)).toBeLessThan(5000)
  })

  it('changes nothing before it comes', () => {
    const before = run(quiet, { sloRatio: 0.999 })
    expect(run([...quiet, ...burst], { sloRatio: 0.999 }).slice(0, quiet.length)).toEqual(before)
  })
})

describe('what it learns', () => {
  it.each<[string, number, number]>([
    ['an older value', START - MINUTE, 5000],
    ['the same time again', START + 9 * MINUTE, 5000],
    ['no number', START + 10 * MINUTE, Number.NaN],
    ['what no demand can be', START + 10 * MINUTE, -1],
    ['no limit', START + 10 * MINUTE, Number.POSITIVE_INFINITY],
    ['no time', Number.NaN, 5000],
  ])('is not %s', (_, at, value) => {
    const headroom = createHeadroom(usual)
    for (let index = 0; index < 10; index += 1) headroom.learn(START + index * MINUTE, 500)
    const before = [headroom.want(500), headroom.learntMs]
    headroom.learn(at, value)
    expect([headroom.want(500), headroom.learntMs]).toEqual(before)
  })

  it('says how much it was', () => {
    const headroom = createHeadroom(usual)
    expect(headroom.learntMs).toBe(0)
    for (let index = 0; index <= 90; index += 1) headroom.learn(START + index * MINUTE, 500)
    expect(headroom.learntMs).toBe(90 * MINUTE)
  })

  it('is the same again when it is told again', () => {
    const demand = days(1)
    expect(run(demand)).toEqual(run(demand))
  })

  it.each([
    [2, 'a short pause'],
    [60, 'an hour'],
    [3 * 1440, 'days'],
    [2 * 365 * 1440, 'years'],
  ])('survives a pause of %d minutes (%s), and wants no more and no less of a constant demand', minutes => {
    const headroom = createHeadroom(usual)
    for (let index = 0; index < 600; index += 1) headroom.learn(START + index * MINUTE, 950)
    for (let index = 600 + minutes; index < 700 + minutes; index += 1)
      headroom.learn(START + index * MINUTE, 950)
    expect(headroom.want(950)).toBe(1000)
  })

  it('is in coarser steps where the lead is long', () => {
    const demand = days(3)
    const wanted = run(demand, { leadMs: 60 * MINUTE })
    const { lostShare } = fare(demand, wanted, 60, 1440)
    expect(lostShare).toBeLessThan(0.02)
  })
})

describe('whatever the demand', () => {
  const demand = fc.array(fc.oneof(fc.nat(20), fc.nat(400), fc.nat(5000)), { minLength: 1, maxLength: 200 })
  const slo = fc.constantFrom(0.9, 0.99, 0.995, 0.9999)

  it('what is wanted is finite, and at least one instance', () => {
    fc.assert(
      fc.property(demand, slo, fc.constantFrom(1, 4, 20, 90), (values, sloRatio, lead) => {
        for (const wanted of run(values, { sloRatio, leadMs: lead * MINUTE })) {
          expect(Number.isFinite(wanted)).toBe(true)
          expect(wanted).toBeGreaterThanOrEqual(lead <= 20 ? 100 : 0)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('its unit does not matter: twice the demand at twice the capacity of each is twice as much', () => {
    fc.assert(
      fc.property(demand, slo, fc.constantFrom(-4, 1, 7), (values, sloRatio, power) => {
        const factor = 2 ** power
        const scaled = run(
          values.map(value => value * factor),
          { sloRatio, perInstance: 100 * factor },
        )
        expect(scaled).toEqual(run(values, { sloRatio }).map(value => value * factor))
      }),
      { numRuns: 40 },
    )
  })

  it('a higher share asks for no less, over the whole of the same past', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(30, 300, 3000), (seed, height) => {
        const past = days(1, height, seed + 1)
        const asked = [0.8, 0.95, 0.995, 0.9999].map(sloRatio => total(run(past, { sloRatio })))
        expect(asked).toEqual(asked.toSorted((a, b) => a - b))
      }),
      { numRuns: 12 },
    )
  }, 30_000)

  it('what is not known changes nothing', () => {
    fc.assert(
      fc.property(demand, fc.nat(200), (values, at) => {
        const headroom = createHeadroom(usual)
        values.forEach((value, index) => {
          headroom.learn(START + index * MINUTE, value)
          if (index !== at) return
          const before = headroom.want(value)
          headroom.learn(START + index * MINUTE + 1, Number.NaN)
          expect(headroom.want(value)).toBe(before)
        })
      }),
      { numRuns: 40 },
    )
  })
})

describe('demand that follows the clock on the wall', () => {
  /** Steep at nine and at five by that clock, with scatter as counts have. */
  function offices(count: number, offsetMs: (at: number) => number): number[] {
    const chance = noise(7)
    return Array.from({ length: count * 1440 }, (_, minute) => {
      const at = START + minute * MINUTE
      const level = 10 * officeDay(at + offsetMs(at))
      return Math.max(0, Math.round(level + (chance() + chance() + chance() - 1.5) * 4 * Math.sqrt(level)))
    })
  }

  it('is met the same where the clock is never set, whatever it shows', () => {
    const demand = days(3)
    expect(run(demand, { offsetMs: () => -5 * 3_600_000 })).toEqual(run(demand, { offsetMs: () => 0 }))
    expect(run(demand, { offsetMs: () => 0 })).toEqual(run(demand))
  })

  it.each([
    ['forward', 60],
    ['back', -60],
  ])('is met for less on the day after it was set %s', (_, minutes) => {
    const [before, leadSteps] = [14, 15]
    const offsetMs = setAt([START + before * 1440 * MINUTE, minutes])
    const demand = offices(before + 1, offsetMs)
    const change = { leadMs: leadSteps * MINUTE, sloRatio: 0.995 }
    const from = before * 1440
    const told = fare(demand, run(demand, { ...change, offsetMs }), leadSteps, from)
    const untold = fare(demand, run(demand, change), leadSteps, from)
    expect(told.cost).toBeLessThan(untold.cost)
    expect(told.lostShare).toBeLessThan(0.005)
  })
})
