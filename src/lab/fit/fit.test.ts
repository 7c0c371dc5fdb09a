import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instance, nextEntry, T0, webFleet } from '../../../test/builders/journal.ts'
import { runs } from '../../../test/seed.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'
import { type SeededRandom, seededRandom } from '../simulation/seeded-random.ts'
import { type Boot, bootsFromSteps, fitBoots } from './boot-times.ts'
import { type CapacityData, type CapacityFit, fitCapacity } from './capacity.ts'
import { drawing, estimateOf, memoryOf, quantile } from './estimate.ts'
import { robustLine } from './line.ts'
import { recordedBoots } from './recorded-boots.ts'

function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

interface Plant {
  readonly capacity: number
  readonly idle: number
  readonly noise: number
  readonly outliers: number
  /** Share of the capacity that load reaches at most; above 1 it saturates. */
  readonly reach: number
  readonly bins: number
  readonly seed: number
  readonly ceiling?: number
}

/** Load by day and night on two to nine instances that can serve `capacity` each. */
function grown({ capacity, idle, noise, outliers, reach, bins, seed, ceiling = 100 }: Plant): CapacityData {
  const random = seededRandom(seed)
  const load = new Float64Array(bins)
  const instances = new Float64Array(bins)
  const utilization = new Float64Array(bins)
  for (let bin = 0; bin < bins; bin++) {
    const count = 2 + (Math.floor(bin / 50) % 8)
    const per =
      capacity * reach * (0.55 - 0.45 * Math.cos((2 * Math.PI * bin) / 480)) * (0.9 + 0.1 * random.next())
    const share = idle + (1 - idle) * (per / capacity) + noise * normal(random)
    instances[bin] = count
    load[bin] = per * count
    utilization[bin] = ceiling * (random.chance(outliers) ? random.next() : Math.min(1, Math.max(0, share)))
  }
  return { load, instances, utilization, ceiling }
}

const PLANT: Plant = { capacity: 120, idle: 0.05, noise: 0.02, outliers: 0, reach: 0.9, bins: 1440, seed: 1 }

function fitted(data: CapacityData, seed = 7): CapacityFit {
  const fit = fitCapacity(data, { targetShare: 0.7, random: seededRandom(seed), drawings: 100 })
  if (fit === null) throw new Error('nothing was fitted')
  return fit
}

const kinds = (fit: CapacityFit) => fit.warnings.map(({ kind }) => kind)

describe('capacity', () => {
  it('is exact where nothing was measured wrongly', () => {
    const fit = fitted(grown({ ...PLANT, noise: 0 }))
    expect(fit.perInstance.value).toBeCloseTo(120, 6)
    expect(fit.idleShare.value).toBeCloseTo(0.05, 8)
    expect(fit.atTarget.load.value).toBeCloseTo((120 * 0.65) / 0.95, 6)
    expect(fit.explained).toBeCloseTo(1, 9)
    expect(fit.warnings).toEqual([])
  })

  it.each([
    { what: 'noise', plant: { noise: 0.05 } },
    { what: 'no idle load', plant: { idle: 0 } },
    { what: 'shares of one', plant: { ceiling: 1 } },
    { what: 'a sixth of wrong values', plant: { outliers: 0.16 } },
    { what: 'days of saturation', plant: { reach: 1.5 } },
    { what: 'both', plant: { reach: 1.3, outliers: 0.08 } },
  ])('is found with $what', ({ plant }) => {
    const fit = fitted(grown({ ...PLANT, ...plant }))
    expect(fit.perInstance.value / 120).toBeGreaterThan(0.98)
    expect(fit.perInstance.value / 120).toBeLessThan(1.02)
    expect(fit.perInstance.low).toBeLessThanOrEqual(fit.perInstance.value)
    expect(fit.perInstance.high).toBeGreaterThanOrEqual(fit.perInstance.value)
  })

  it('says what it does not know', () => {
    expect(fitted(grown({ ...PLANT, reach: 0.35 })).warnings).toEqual([
      { kind: 'extrapolated', above: expect.closeTo(0.38, 1) },
    ])
    expect(kinds(fitted(grown({ ...PLANT, bins: 60 })))).toContain('few')
    expect(kinds(fitted(grown({ ...PLANT, reach: 1.5 })))).toEqual(['saturated'])
    expect(kinds(fitted(grown({ ...PLANT, outliers: 0.16 })))).toEqual(['outliers'])
    expect(kinds(fitted(grown({ ...PLANT, noise: 0.5 })))).toContain('loose')
  })

  it('draws the line through zero where load per instance hardly differs', () => {
    const data = grown(PLANT)
    const flat = {
      ...data,
      load: data.instances.map(count => count * 60),
      utilization: data.load.map(() => 50),
    }
    const fit = fitted(flat)
    expect(fit.perInstance.value).toBeCloseTo(120, 6)
    expect(fit.warnings).toEqual([
      { kind: 'narrow', from: 60, to: 60 },
      { kind: 'extrapolated', above: 0.5 },
    ])
  })

  it('says that full comes sooner where utilization bends upwards', () => {
    const data = grown({ ...PLANT, noise: 0.005 })
    const bent = { ...data, utilization: data.utilization.map(value => value ** 2 / 100) }
    expect(kinds(fitted(bent))).toEqual(['bent'])
  })

  it('is not read from a record in which more load means less utilization', () => {
    const data = grown(PLANT)
    const fit = fitted({ ...data, utilization: data.utilization.map(value => 95 - value) })
    expect([kinds(fit), fit.perInstance.value]).toEqual([['downhill'], Number.NaN])
  })

  it('is not read from too little, nor from gaps', () => {
    const data = grown({ ...PLANT, bins: 9 })
    expect(fitCapacity(data, { targetShare: 0.7, random: seededRandom(1) })).toBeNull()
    const gaps = grown(PLANT)
    gaps.load.fill(Number.NaN, 0, 700)
    gaps.instances.fill(0, 700, 720)
    expect(fitted(gaps).bins).toMatchObject({ gaps: 720, used: 720 })
  })

  it('lies in its interval about as often as it says', () => {
    const drawn = Array.from({ length: 40 }, (_, seed) => {
      const random = seededRandom(seed)
      const capacity = 10 + 1000 * random.next()
      const noise = 0.01 + 0.06 * random.next()
      const plant = {
        ...PLANT,
        capacity,
        noise,
        outliers: 0.03,
        reach: 0.7 + 0.6 * random.next(),
        bins: 700,
        seed,
      }
      const { low, high } = fitted(grown(plant)).perInstance
      return { inside: low <= capacity && capacity <= high, width: (high - low) / capacity }
    })
    expect(drawn.filter(({ inside }) => inside).length).toBeGreaterThanOrEqual(35)
    expect(Math.max(...drawn.map(({ width }) => width))).toBeLessThan(0.1)
  })

  it('does not care about the units of load and utilization', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(1e-3, 0.5, 7, 1e6), (seed, unit) => {
        const data = grown({ ...PLANT, bins: 200, seed })
        const scaled = { ...data, load: data.load.map(value => value * unit) }
        const shares = { ...data, utilization: data.utilization.map(value => value / 100), ceiling: 1 }
        const value = fitted(data).perInstance.value
        expect(fitted(scaled).perInstance.value / unit / value).toBeCloseTo(1, 6)
        expect(fitted(shares).perInstance.value / value).toBeCloseTo(1, 6)
      }),
      { numRuns: runs(10) },
    )
  })
})

describe('a line', () => {
  it('is not moved by a quarter of wrong points', () => {
    fc.assert(
      fc.property(
        fc.record({
          slope: fc.integer({ min: -100, max: 100 }),
          intercept: fc.integer({ min: -100, max: 100 }),
          wrong: fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 9 }),
        }),
        ({ slope, intercept, wrong }) => {
          const x = Float64Array.from({ length: 40 }, (_, place) => place)
          const y = x.map(value => intercept + slope * value)
          wrong.forEach((value, index) => {
            y[index * 4] = value
          })
          const line = robustLine({ x, y }, seededRandom(1))
          expect(line.slope).toBeCloseTo(slope, 6)
          expect(line.intercept).toBeCloseTo(intercept, 4)
        },
      ),
    )
  })

  it('is drawn as its example says', () => {
    const { intercept, slope, weights } = robustLine(
      { x: Float64Array.of(1, 2, 3, 4, 5), y: Float64Array.of(12, 22, 32, 90, 52) },
      seededRandom(1),
    )
    expect([intercept, slope, weights[3]]).toEqual([expect.closeTo(2), expect.closeTo(10), 0])
  })
})

describe('quantiles and drawings', () => {
  it.each([
    { share: 0, value: 1 },
    { share: 0.5, value: 2.5 },
    { share: 1, value: 4 },
    { share: 0.25, value: 1.75 },
  ])('of 1, 2, 3 and 4 at $share is $value', ({ share, value }) => {
    expect(quantile([1, 2, 3, 4], share)).toBe(value)
    expect(quantile([], share)).toBeNaN()
  })

  it('hold the value itself, and nothing where nothing was drawn', () => {
    expect(estimateOf(5, [6, 7, 8])).toMatchObject({ value: 5, low: 5 })
    expect(estimateOf(5, [Number.NaN])).toEqual({ value: 5, low: Number.NaN, high: Number.NaN })
  })

  it('draw in blocks of neighbours, never past the end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer(),
        (count, block, seed) => {
          const drawn = [...drawing(count, block, seededRandom(seed))]
          expect(drawn).toHaveLength(count)
          expect(drawn.every(place => place >= 0 && place < count)).toBe(true)
        },
      ),
    )
  })

  it('see how long what is unexplained is alike', () => {
    const random = seededRandom(3)
    expect(memoryOf(Float64Array.from({ length: 1000 }, () => normal(random)))).toBe(1)
    let last = 0
    const slow = Float64Array.from({ length: 5000 }, () => {
      last = 0.9 * last + normal(random)
      return last
    })
    expect(memoryOf(slow)).toBeGreaterThan(8)
    expect(memoryOf(new Float64Array(10))).toBe(1)
  })
})

describe('boot times', () => {
  const ready = (...ms: number[]): Boot[] => ms.map(one => ({ ms: one, ready: true }))
  const bootFit = (boots: readonly Boot[], resolutionMs = 1) => fitBoots(boots, resolutionMs, seededRandom(1))

  it('are told by quantiles, each with how sure it is', () => {
    const found = bootFit(ready(...Array.from({ length: 100 }, (_, i) => (i + 1) * 1000)))
    expect(found?.quantiles.map(({ share, ms }) => [share, ms.value])).toEqual([
      [0.5, 50_000],
      [0.9, 90_000],
      [0.95, 95_000],
      [0.99, 99_000],
    ])
    const [half] = found?.quantiles ?? []
    expect(half?.ms.low).toBeGreaterThan(30_000)
    expect(half?.ms.high).toBeLessThan(70_000)
    expect(found?.warnings).toEqual([])
    expect(found?.boot).toMatchObject({ kind: 'distribution', shares: expect.arrayContaining([0, 0.5, 1]) })
  })

  it('count those that are awaited for at least so long', () => {
    const found = bootFit([...ready(20_000, 30_000, 40_000), { ms: 35_000, ready: false }])
    expect(found).toMatchObject({ ready: 3, awaited: 1 })
    expect(found?.quantiles.map(({ ms }) => ms.value)).toEqual([30_000, 40_000, 40_000, 40_000])
    expect(found?.warnings.map(({ kind }) => kind)).toEqual(['few', 'awaited'])
  })

  it('are one constant where they are alike, and coarse where bins are long', () => {
    expect(bootFit(ready(60_000, 60_000, 60_500))?.boot).toEqual({ kind: 'constant', ms: 60_000 })
    expect(bootFit(ready(60_000, 60_000), 60_000)?.warnings).toContainEqual({
      kind: 'coarse',
      resolutionMs: 60_000,
    })
    expect(bootFit([{ ms: 5, ready: false }])).toBeNull()
    expect(bootFit([])).toBeNull()
  })

  it.each([
    { what: 'one order', desired: [1, 2, 2, 2], ready: [1, 1, 1, 2], boots: ready(20) },
    { what: 'two, in their order', desired: [1, 2, 3, 3, 3], ready: [1, 1, 1, 2, 3], boots: ready(20, 20) },
    { what: 'two at once', desired: [1, 3, 3], ready: [1, 1, 3], boots: ready(10, 10) },
    { what: 'one taken back', desired: [1, 2, 1, 1], ready: [1, 1, 1, 1], boots: [] },
    { what: 'the newest taken back', desired: [1, 2, 3, 2, 2], ready: [1, 1, 1, 1, 2], boots: ready(30) },
    { what: 'one still awaited', desired: [1, 2, 2], ready: [1, 1, 1], boots: [{ ms: 20, ready: false }] },
    { what: 'one that was ordered before', desired: [2, 2, 2], ready: [1, 1, 2], boots: [] },
    { what: 'a gap', desired: [1, 2, Number.NaN, 2], ready: [1, 1, 1, 2], boots: [] },
  ])('are read from steps: $what', ({ desired, ready: had, boots }) => {
    expect(bootsFromSteps(Float64Array.from(desired), Float64Array.from(had), 10)).toEqual(boots)
  })

  it('are found again whatever they were', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }), lengths => {
        const bins = 50 * lengths.length + 50
        const desired = new Float64Array(bins)
        const had = new Float64Array(bins)
        lengths.forEach((length, index) => {
          desired.fill(index + 1, 50 * index + 5)
          had.fill(index + 1, 50 * index + 5 + length)
        })
        expect(bootsFromSteps(desired, had, 1000)).toEqual(ready(...lengths.map(length => length * 1000)))
      }),
    )
  })

  it('are read from the journal, of the launches it knows', async () => {
    const store = createMemoryStore()
    const fleet = webFleet()
    let memory = EMPTY_MEMORY
    const tick = async (at: number, cpu: number, instances: Parameters<typeof nextEntry>[2]['instances']) => {
      const next = nextEntry(fleet, memory, { at, cpu, instances })
      const commit = {
        fleet: 'web',
        epoch: 0,
        parentRevision: memory.revision,
        memory: next.memory,
        outcomes: null,
      }
      await store.commit({ ...commit, entry: next.entry, samples: [] })
      memory = next.memory
      return next.entry.plan.actions.filter(({ kind }) => kind === 'launch').map(({ id }) => `web-${id}`)
    }
    const old = [instance('web-1'), instance('web-2')]
    const [first = 'none'] = await tick(T0, 95, old)
    const booting = (id: string) => instance(id, { lifecycle: 'booting', launchedAt: T0, readyAt: null })
    await tick(T0 + 1000, 50, [...old, booting(first)])
    const [second = 'none'] = await tick(T0 + 60_000, 95, [...old, instance(first, { readyAt: T0 + 42_000 })])
    await tick(T0 + 90_000, 50, [...old, instance(first, { readyAt: T0 + 42_000 }), booting(second)])
    expect(await recordedBoots(store, 'web', { from: T0 - 1, to: T0 + 1e6 })).toEqual({
      boots: expect.arrayContaining([
        { ms: 42_000, ready: true },
        { ms: 30_000, ready: false },
      ]),
      ticks: 4,
      resolutionMs: 30_000,
    })
  })
})
