/**
 * The windows against an oracle that keeps every sample and filters and reduces anew at every read.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../test/seed.ts'
import { AGGREGATES, type Aggregate, type AggregateOperand, percentileRatio } from '../model/expression.ts'
import type { OperandReading, Reading } from '../model/observation.ts'
import { type Sample, seriesOf } from '../model/sample.ts'
import type { MetricKind } from '../model/spec.ts'
import { EXACT_SAMPLES } from './windows/distribution.ts'
import { MetricWindows } from './windows.ts'

const MINUTE_MS = 60_000

function operand(aggregate: Aggregate, windowMs: number): AggregateOperand {
  return { node: 'aggregate', key: `${aggregate}(cpu, ${windowMs})`, aggregate, metric: 'cpu', windowMs }
}

const ALL: readonly Aggregate[] = [...AGGREGATES, 'p1', 'p33.3', 'p99.9']

function operandsOver(...lengths: readonly number[]): AggregateOperand[] {
  return lengths.flatMap(windowMs => ALL.map(aggregate => operand(aggregate, windowMs)))
}

interface Metric {
  readonly kind: MetricKind
  readonly staleAfterMs: number
}

/** The obvious way: all samples in a list. */
class Oracle {
  readonly #metric: Metric
  readonly #operands: readonly AggregateOperand[]
  #kept: Sample[] = []
  #readAt = Number.NEGATIVE_INFINITY

  constructor(metric: Metric, operands: readonly AggregateOperand[]) {
    this.#metric = metric
    this.#operands = operands
  }

  add(sample: Sample): boolean {
    const horizonMs = Math.max(this.#metric.staleAfterMs, ...this.#operands.map(each => each.windowMs))
    if (!Number.isFinite(sample.value) || !Number.isFinite(sample.at)) return false
    if (sample.at <= this.#readAt - horizonMs) return false
    if (this.#kept.some(kept => kept.at === sample.at && seriesOf(kept) === seriesOf(sample))) return false
    this.#kept.push(sample)
    return true
  }

  /** Each reading with the error it may have; `null` is a gap. */
  read(at: number): Map<string, { reading: Reading; tolerance: number } | null> {
    this.#readAt = Math.max(at, this.#readAt)
    return new Map(this.#operands.map(each => [each.key, this.#readOne(each)]))
  }

  #readOne({ aggregate, windowMs }: AggregateOperand) {
    const inside = this.#between(windowMs)
    const named = inside.filter(sample => sample.instance !== undefined)
    const [first] = inside
    const last = inside.at(-1)
    if (first === undefined || last === undefined) return null
    const reporting = new Set(
      this.#between(this.#metric.staleAfterMs).flatMap(sample => sample.instance ?? []),
    )
    const { value, tolerance } = this.compute(aggregate, inside, named)
    if (Number.isNaN(value)) return null
    return {
      tolerance,
      reading: {
        value,
        samples: inside.length,
        firstAt: first.at,
        lastAt: last.at,
        reporting: named.length === 0 ? null : reporting.size,
      },
    }
  }

  /** Two passes where one would cancel; the tolerance grows with what is summed. */
  compute(
    aggregate: Aggregate,
    inside: readonly Sample[],
    named: readonly Sample[],
  ): { value: number; tolerance: number } {
    const values = inside.map(sample => sample.value)
    const size = values.length
    const sum = total(values)
    const magnitude = total(values.map(Math.abs))
    const tolerance = 1e-9 * magnitude
    const line = lineThrough(inside)
    switch (aggregate) {
      case 'avg':
        return { value: sum / size, tolerance }
      case 'sum':
        return { value: sum, tolerance }
      case 'min':
        return { value: Math.min(...values), tolerance: 0 }
      case 'max':
        return { value: Math.max(...values), tolerance: 0 }
      case 'count':
        return { value: size, tolerance: 0 }
      case 'last': {
        if (this.#metric.kind !== 'perInstance' || named.length === 0)
          return { value: inside.at(-1)?.value ?? Number.NaN, tolerance: 0 }
        const newest = [...new Map(named.map(sample => [seriesOf(sample), sample.value])).values()]
        return { value: total(newest) / newest.length, tolerance }
      }
      case 'stddev': {
        const mean = sum / size
        return { value: Math.sqrt(total(values.map(value => (value - mean) ** 2)) / size), tolerance }
      }
      case 'slope':
        return { value: line.perMs * 60_000, tolerance: line.tolerance * 60_000 }
      case 'trend': {
        const [first, last] = [inside[0]?.at ?? 0, inside.at(-1)?.at ?? 0]
        const start = line.mean + line.perMs * (first - line.meanAt)
        const end = line.mean + line.perMs * (last - line.meanAt)
        const error = line.tolerance * (last - first) + tolerance
        // So near to nothing that its sign is a matter of rounding: then anything goes.
        if (Math.abs(start) <= error) return { value: Number.NaN, tolerance: Number.POSITIVE_INFINITY }
        const value = start > 0 ? end / start - 1 : Number.NaN
        return { value, tolerance: (error / start) * (2 + Math.abs(value)) }
      }
      case 'increase':
        return { value: growth(inside), tolerance }
      case 'rate': {
        const seconds = ((inside.at(-1)?.at ?? 0) - (inside[0]?.at ?? 0)) / 1_000
        return { value: growth(inside) / seconds, tolerance: tolerance / seconds }
      }
      default: {
        const sorted = values.toSorted((one, other) => one - other)
        const place = (size - 1) * (percentileRatio(aggregate) ?? Number.NaN)
        const low = sorted[Math.floor(place)] ?? Number.NaN
        const high = sorted[Math.ceil(place)] ?? Number.NaN
        const share = place - Math.floor(place)
        const largest = Math.max(Math.abs(low), Math.abs(high))
        return {
          value: low * (1 - share) + high * share,
          tolerance: (size <= EXACT_SAMPLES ? 1e-12 : 0.01) * largest,
        }
      }
    }
  }

  #between(windowMs: number): Sample[] {
    return this.#kept
      .filter(sample => this.#readAt - windowMs < sample.at && sample.at <= this.#readAt)
      .sort((a, b) => a.at - b.at || ((seriesOf(a) ?? '') < (seriesOf(b) ?? '') ? -1 : 1))
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function lineThrough(samples: readonly Sample[]) {
  const meanAt = total(samples.map(({ at }) => at)) / samples.length
  const mean = total(samples.map(({ value }) => value)) / samples.length
  const spread = total(samples.map(({ at }) => (at - meanAt) ** 2))
  const perMs = total(samples.map(({ at, value }) => (at - meanAt) * (value - mean))) / spread
  const magnitude = total(samples.map(({ value }) => Math.abs(value)))
  const reach = magnitude * Math.max(...samples.map(({ at }) => Math.abs(at - meanAt)))
  return { meanAt, mean, perMs: spread > 0 ? perMs : Number.NaN, tolerance: (1e-9 * reach) / spread }
}

/** Over each series by itself; NaN when none has two samples. */
function growth(samples: readonly Sample[]): number {
  const before = new Map<string | undefined, number>()
  let grown = Number.NaN
  for (const sample of samples) {
    const series = seriesOf(sample)
    const last = before.get(series)
    before.set(series, sample.value)
    if (last === undefined) continue
    const { value } = sample
    grown = (Number.isNaN(grown) ? 0 : grown) + (value >= last ? value - last : Math.max(0, value))
  }
  return grown
}

function expectSame(windows: MetricWindows, oracle: Oracle, at: number): void {
  const found = windows.read(at)
  for (const [key, expected] of oracle.read(at)) {
    const reading = found[key]
    if (expected === null) {
      if (!key.startsWith('trend')) expect(reading, key).toHaveProperty('gap')
      continue
    }
    if (key.startsWith('trend') && expected.tolerance > 1) continue
    if (reading === undefined || !('value' in reading)) expect.fail(`${key} is ${JSON.stringify(reading)}`)
    const { value, ...rest } = expected.reading
    expect(reading, key).toMatchObject(rest)
    const { tolerance } = expected
    expect(Math.abs(reading.value - value), `${key}: ${reading.value} for ${value}`).toBeLessThanOrEqual(
      tolerance,
    )
  }
}

function numberIn(reading: OperandReading | undefined): number {
  if (reading === undefined || !('value' in reading)) expect.fail(`no value: ${JSON.stringify(reading)}`)
  return reading.value
}

/** mulberry32: the same stream for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const FLEET_METRIC: Metric = { kind: 'total', staleAfterMs: 30_000 }
const PER_INSTANCE: Metric = { kind: 'perInstance', staleAfterMs: 30_000 }

describe('windows of a metric', () => {
  it('are open at the old end and closed at the new one', () => {
    const windows = new MetricWindows(FLEET_METRIC, [operand('avg', MINUTE_MS)])
    for (const [at, value] of [
      [10_000, 80],
      [40_000, 90],
      [70_000, 100],
    ] as const)
      windows.add({ at, value })
    expect(windows.read(70_000)).toEqual({
      'avg(cpu, 60000)': { value: 95, samples: 2, firstAt: 40_000, lastAt: 70_000, reporting: null },
    })
  })

  it.each([
    [45 * MINUTE_MS, 'no samples in the last 45m'],
    [24 * 60 * MINUTE_MS, 'no samples in the last 24h'],
    [90_000, 'no samples in the last 90s'],
    [1_500, 'no samples in the last 1500ms'],
  ])('answer a gap, never a zero, when %d ms hold no sample', (windowMs, gap) => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(windowMs))
    for (const reading of Object.values(windows.read(1_000_000))) expect(reading).toEqual({ gap })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('drop a value of %d', value => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS))
    expect(windows.add({ at: 1_000, value })).toBe(false)
    expect(windows.add({ at: value, value: 1 })).toBe(false)
    expect(windows.read(1_000)['count(cpu, 60000)']).toHaveProperty('gap')
  })

  it('keep the first of two samples with the same time and instance, whatever the second says', () => {
    const windows = new MetricWindows(PER_INSTANCE, operandsOver(MINUTE_MS))
    expect(windows.add({ at: 1_000, value: 5, instance: 'web-1' })).toBe(true)
    expect(windows.add({ at: 1_000, value: 5, instance: 'web-1' })).toBe(false)
    expect(windows.add({ at: 1_000, value: 9, instance: 'web-1' })).toBe(false)
    expect(windows.add({ at: 1_000, value: 7, instance: 'web-2' })).toBe(true)
    expect(windows.add({ at: 1_000, value: 1 })).toBe(true)
    expect(windows.add({ at: 1_000, value: 2 })).toBe(false)
    expect(windows.read(1_000)['sum(cpu, 60000)']).toMatchObject({ value: 13, samples: 3 })
  })

  it('refuse a sample older than every window and staleAfter, and take one that only the longest still holds', () => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS, 10 * MINUTE_MS))
    windows.read(1_000_000)
    expect(windows.add({ at: 400_000, value: 1 })).toBe(false)
    expect(windows.add({ at: 400_001, value: 1 })).toBe(true)
    const readings = windows.read(1_000_000)
    expect(readings['count(cpu, 60000)']).toHaveProperty('gap')
    expect(numberIn(readings['count(cpu, 600000)'])).toBe(1)
  })

  it('count a sample from the future only when a read reaches its time', () => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS))
    windows.add({ at: 90_000, value: 9 })
    windows.add({ at: 30_000, value: 3 })
    expect(windows.read(60_000)['max(cpu, 60000)']).toMatchObject({ value: 3, samples: 1, lastAt: 30_000 })
    expect(windows.read(90_000)['max(cpu, 60000)']).toMatchObject({ value: 9, samples: 1, firstAt: 90_000 })
  })

  it('answer a read that goes back in time as of the latest one', () => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS))
    windows.add({ at: 10_000, value: 1 })
    windows.add({ at: 65_000, value: 2 })
    const latest = windows.read(70_000)
    expect(windows.read(20_000)).toEqual(latest)
  })

  it('say how many instances reported lately, not how many are in the window', () => {
    const windows = new MetricWindows(PER_INSTANCE, operandsOver(10 * MINUTE_MS))
    windows.add({ at: 10_000, value: 1, instance: 'web-1' })
    windows.add({ at: 80_000, value: 1, instance: 'web-2' })
    windows.add({ at: 100_000, value: 1, instance: 'web-3' })
    expect(windows.read(100_000)['avg(cpu, 600000)']).toMatchObject({ samples: 3, reporting: 2 })
    expect(windows.read(200_000)['avg(cpu, 600000)']).toMatchObject({ samples: 3, reporting: 0 })
  })

  it.each<[MetricKind, number]>([
    ['perInstance', 30],
    ['total', 50],
    ['independent', 50],
  ])('read `last` of a %s metric as %d', (kind, value) => {
    const windows = new MetricWindows({ kind, staleAfterMs: 30_000 }, [operand('last', MINUTE_MS)])
    windows.add({ at: 5_000, value: 90, instance: 'web-1' })
    windows.add({ at: 10_000, value: 10, instance: 'web-1' })
    windows.add({ at: 20_000, value: 50, instance: 'web-2' })
    expect(windows.read(20_000)['last(cpu, 60000)']).toMatchObject({ value, samples: 3 })
  })

  it('forget instances that no longer report, and give their place to new ones', () => {
    const windows = new MetricWindows(PER_INSTANCE, operandsOver(MINUTE_MS))
    for (let generation = 0; generation < 50; generation += 1) {
      for (const letter of ['a', 'b', 'c'])
        windows.add({ at: generation * MINUTE_MS, value: generation, instance: `web-${letter}${generation}` })
      expect(windows.read(generation * MINUTE_MS)['last(cpu, 60000)']).toMatchObject({
        value: generation,
        reporting: 3,
      })
    }
  })

  it('answer a gap while the sum is beyond what a number can hold, and recover when it is not', () => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS))
    windows.add({ at: 1_000, value: Number.MAX_VALUE })
    windows.add({ at: 2_000, value: Number.MAX_VALUE })
    windows.add({ at: 50_000, value: 3 })
    const flooded = windows.read(50_000)
    expect(flooded['sum(cpu, 60000)']).toHaveProperty('gap', expect.stringContaining('add up to more'))
    expect(numberIn(flooded['max(cpu, 60000)'])).toBe(Number.MAX_VALUE)
    expect(numberIn(windows.read(70_000)['sum(cpu, 60000)'])).toBe(3)
  })

  it('keep small values exact after huge ones of several sizes came and went', () => {
    const windows = new MetricWindows(FLEET_METRIC, operandsOver(MINUTE_MS))
    for (const [at, value] of [
      [1_000, 1e300],
      [2_000, -1e284],
      [3_000, 1e30],
      [40_000, 0.25],
      [41_000, 3],
    ] as const)
      windows.add({ at, value })
    windows.read(41_000)
    expect(numberIn(windows.read(61_000)['sum(cpu, 60000)'])).toBeCloseTo(-1e284, -274)
    expect(numberIn(windows.read(62_000)['sum(cpu, 60000)'])).toBe(1e30)
    expect(numberIn(windows.read(63_000)['sum(cpu, 60000)'])).toBe(3.25)
  })

  it('drop the samples of the oldest time when full, show it by firstAt, and refuse what is older still', () => {
    const windows = new MetricWindows(PER_INSTANCE, operandsOver(60 * MINUTE_MS), 4)
    windows.add({ at: 1_000, value: 90, instance: 'web-1' })
    windows.add({ at: 1_000, value: 10, instance: 'web-2' })
    windows.add({ at: 2_000, value: 20, instance: 'web-2' })
    windows.read(2_000)
    windows.add({ at: 3_000, value: 30, instance: 'web-2' })
    expect(windows.add({ at: 500, value: 99, instance: 'web-2' })).toBe(false)
    expect(windows.add({ at: 4_000, value: 40, instance: 'web-2' })).toBe(true)
    expect(windows.add({ at: 1_000, value: 99, instance: 'web-3' })).toBe(false)
    const readings = windows.read(4_000)
    expect(readings['sum(cpu, 3600000)']).toMatchObject({
      value: 90,
      samples: 3,
      firstAt: 2_000,
      reporting: 1,
    })
    expect(numberIn(readings['max(cpu, 3600000)'])).toBe(40)
    expect(numberIn(readings['min(cpu, 3600000)'])).toBe(20)
  })
})

/** Time in steps of 250 ms, so that ties and window edges are met often. */
const step = (most: number) => fc.integer({ min: 0, max: most }).map(steps => steps * 250)

const anyValue = fc.oneof(
  {
    weight: 6,
    // The square of what is smaller still is no number any more.
    arbitrary: fc
      .double({ min: -100, max: 100, noNaN: true })
      .map(value => (Math.abs(value) < 1e-9 ? 0 : value)),
  },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e18, -1e18) },
)

const anyEvent = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('add' as const),
      moveMs: step(4),
      lateMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: step(60) }),
      earlyMs: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: step(20) }),
      value: anyValue,
      instance: fc.constantFrom(undefined, 'web-1', 'web-2', 'web-10', 'web-3'),
      region: fc.constantFrom(undefined, undefined, undefined, 'eu', 'us'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('read' as const), moveMs: step(30), backMs: step(6) }),
  },
)

describe('windows of a metric, against filter and reduce', () => {
  it('read the same for any samples, disorder, duplicates, instances and read times', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<MetricKind>('perInstance', 'total', 'independent'),
        fc.constantFrom(500, 3_000, 20_000),
        fc.uniqueArray(fc.constantFrom(250, 1_000, 4_000, 10_000), { minLength: 1, maxLength: 4 }),
        fc.array(anyEvent, { minLength: 1, maxLength: 150 }),
        (kind, staleAfterMs, lengths, events) => {
          const operands = operandsOver(...lengths)
          const windows = new MetricWindows({ kind, staleAfterMs }, operands)
          const oracle = new Oracle({ kind, staleAfterMs }, operands)
          let now = 100_000
          for (const event of events) {
            now += event.moveMs
            if (event.what === 'read') expectSame(windows, oracle, now - event.backMs)
            else {
              const { value, instance, region } = event
              const sample: Sample = {
                at: now - event.lateMs + event.earlyMs,
                value,
                ...(instance === undefined ? {} : { instance }),
                ...(region === undefined ? {} : { labels: { region } }),
              }
              expect(windows.add(sample)).toBe(oracle.add(sample))
            }
          }
          expectSame(windows, oracle, now)
        },
      ),
      { numRuns: runs(600) },
    )
  })

  it('read the same in whatever order the samples came', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({ at: step(80), value: anyValue, instance: fc.constantFrom('a', 'b', 'c') }),
          {
            minLength: 1,
            maxLength: 80,
            selector: sample => `${sample.at} ${sample.instance}`,
          },
        ),
        fc.integer(),
        step(80),
        (samples, seed, firstReadMs) => {
          const inOrder = samples.toSorted((a, b) => a.at - b.at)
          const random = seeded(seed)
          const shuffled = samples.map(sample => ({ sample, key: random() })).sort((a, b) => a.key - b.key)
          const operands = operandsOver(2_000, 20_000)
          const metric: Metric = { kind: 'perInstance', staleAfterMs: 5_000 }
          const ordered = new MetricWindows(metric, operands)
          const disordered = new MetricWindows(metric, operands)
          const oracle = new Oracle(metric, operands)
          for (const sample of inOrder) ordered.add(sample)
          ordered.read(firstReadMs)
          disordered.read(Math.min(firstReadMs, 250))
          for (const { sample } of shuffled) {
            disordered.add(sample)
            oracle.add(sample)
          }
          expectSame(ordered, oracle, 20_000)
          expectSame(disordered, oracle, 20_000)
        },
      ),
      { numRuns: runs(150) },
    )
  })

  it('do not drift over a million samples', () => {
    const random = seeded(7)
    const operands = operandsOver(50_000, 5_000)
    const windows = new MetricWindows(FLEET_METRIC, operands)
    const recent: Sample[] = []
    const million = runs(1_000_000)
    for (let at = 0; at < million; at += 1) {
      const sample = { at, value: random() < 0.001 ? 1e14 * random() : random() }
      recent.push(sample)
      windows.add(sample)
      if (at % 100 === 0) windows.read(at)
    }
    // Twice the longest window of small values only, so that what the large ones left behind would show.
    for (let at = million; at < million + 100_000; at += 1) {
      const sample = { at, value: random() }
      recent.push(sample)
      windows.add(sample)
      if (at % 100 === 0) windows.read(at)
    }
    const readings = windows.read(million + 99_999)
    for (const windowMs of [50_000, 5_000]) {
      const exact = recent.slice(-windowMs).reduce((total, sample) => total + sample.value, 0)
      const sum = numberIn(readings[`sum(cpu, ${windowMs})`])
      expect(Math.abs(sum - exact) / exact).toBeLessThan(1e-12)
      expect(readings[`count(cpu, ${windowMs})`]).toMatchObject({ value: windowMs })
      const oracle = new Oracle(FLEET_METRIC, [])
      for (const aggregate of ['slope', 'stddev', 'trend', 'increase', 'rate', 'p95', 'median'] as const) {
        const read = numberIn(readings[`${aggregate}(cpu, ${windowMs})`])
        const { value, tolerance } = oracle.compute(aggregate, recent.slice(-windowMs), [])
        // Where nothing trends, rounding is measured against what was fitted.
        const drift = aggregate === 'slope' || aggregate === 'trend' ? tolerance : 1e-9 * Math.abs(value)
        const allowed = aggregate === 'p95' || aggregate === 'median' ? 0.01 * value : drift
        expect(Math.abs(read - value), `${aggregate}: ${read} for ${value}`).toBeLessThanOrEqual(allowed)
      }
    }
  })

  it('follow samples that come late by up to 200 among ten thousand, with ever full and shrinking series', () => {
    const random = seeded(11)
    const operands = operandsOver(300, 2_000)
    const metric: Metric = { kind: 'perInstance', staleAfterMs: 100 }
    const windows = new MetricWindows(metric, operands)
    const oracle = new Oracle(metric, operands)
    let now = 0
    for (let round = 0; round < 60; round += 1) {
      const flood = round % 20 < 10 ? 150 : 3
      for (let sent = 0; sent < flood; sent += 1) {
        now += random() < 0.5 ? 1 : 0
        const at = now - Math.floor(random() * random() * 200)
        const sample = { at, value: Math.floor(random() * 50), instance: `web-${Math.floor(random() * 5)}` }
        expect(windows.add(sample)).toBe(oracle.add(sample))
      }
      now += random() < 0.1 ? 1_500 : 40
      expectSame(windows, oracle, now)
    }
  })
})
