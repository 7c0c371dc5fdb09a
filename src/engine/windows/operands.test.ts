/**
 * What each aggregate means, by examples with numbers one can check by hand.
 */
import { describe, expect, it } from 'vitest'
import type { Aggregate, AggregateOperand } from '../../model/expression.ts'
import type { OperandReading } from '../../model/observation.ts'
import type { Sample } from '../../model/sample.ts'
import type { LabelFilter } from '../../model/spec.ts'
import { MetricWindows } from '../windows.ts'
import { EXACT_SAMPLES } from './distribution.ts'
import { passes } from './of-metric.ts'

const WINDOW_MS = 600_000

function read(
  aggregate: Aggregate,
  samples: readonly Sample[],
  windowMs = WINDOW_MS,
): OperandReading | undefined {
  const operand: AggregateOperand = { node: 'aggregate', key: 'it', aggregate, metric: 'it', windowMs }
  const windows = new MetricWindows({ kind: 'independent', staleAfterMs: 60_000 }, [operand])
  for (const sample of samples) windows.add(sample)
  return windows.read(Math.max(...samples.map(({ at }) => at))).it
}

/** One every `everyMs`, from 0. */
function every(everyMs: number, ...values: readonly number[]): Sample[] {
  return values.map((value, index) => ({ at: index * everyMs, value }))
}

describe('percentiles', () => {
  it.each<[Aggregate, number]>([
    ['median', 25],
    ['p50', 25],
    ['p75', 32.5],
    ['p90', 37],
    ['p99.9', 39.97],
  ])('%s of 10, 20, 30 and 40 lies between two of them, at %d', (aggregate, value) => {
    expect(read(aggregate, every(1_000, 40, 10, 30, 20))).toMatchObject({ value: expect.closeTo(value, 9) })
  })

  it('are exact up to a thousand samples and within 1 % of the value beyond', () => {
    for (const size of [EXACT_SAMPLES, EXACT_SAMPLES + 1, 20_000]) {
      const values = Array.from({ length: size }, (_, index) => ((index * 7_919) % size) ** 2 - 1_000)
      const sorted = values.toSorted((one, other) => one - other)
      const exact = sorted[Math.round((size - 1) * 0.95)] ?? Number.NaN
      const reading = read('p95', every(10, ...values))
      const value = reading !== undefined && 'value' in reading ? reading.value : Number.NaN
      expect(Math.abs(value / exact - 1), `${size} samples`).toBeLessThan(
        size > EXACT_SAMPLES ? 0.011 : 0.002,
      )
    }
  })

  it('become exact again when the window has emptied to a thousand', () => {
    const operand: AggregateOperand = {
      node: 'aggregate',
      key: 'it',
      aggregate: 'p90',
      metric: 'it',
      windowMs: 10_000,
    }
    const windows = new MetricWindows({ kind: 'independent', staleAfterMs: 1_000 }, [operand])
    for (let at = 0; at < 5_000; at += 1) windows.add({ at, value: at })
    windows.read(5_000)
    for (let at = 5_000; at < 15_100; at += 100) windows.add({ at, value: at })
    // Left are 101 of the later ones, 5,100 to 15,000 and 5,000 itself gone: p90 of 5,100 + 100 n is exact.
    expect(windows.read(15_000)).toEqual({
      it: { value: 14_010, samples: 100, firstAt: 5_100, lastAt: 15_000, reporting: null },
    })
  })
})

describe('increase and rate', () => {
  it('count growth from sample to sample, and from zero after a reset', () => {
    const samples = every(60_000, 100, 130, 20, 50)
    expect(read('increase', samples)).toMatchObject({ value: 80 })
    expect(read('rate', samples)).toMatchObject({ value: 80 / 180 })
  })

  it('add up what the counters of several instances grew by, each by itself', () => {
    const samples = [
      { at: 0, value: 1_000, instance: 'web-1' },
      { at: 0, value: 5, instance: 'web-2' },
      { at: 100_000, value: 1_010, instance: 'web-1' },
      { at: 100_000, value: 25, instance: 'web-2' },
      { at: 100_000, value: 9_999, instance: 'web-3' },
    ]
    expect(read('increase', samples)).toMatchObject({ value: 30 })
    expect(read('rate', samples)).toMatchObject({ value: 0.3 })
  })

  it.each<Aggregate>(['rate', 'increase'])('%s of single samples is a gap, never a zero', aggregate => {
    const samples = [
      { at: 0, value: 1, instance: 'web-1' },
      { at: 1_000, value: 2, instance: 'web-2' },
    ]
    expect(read(aggregate, samples)).toEqual({ gap: 'no two samples of one instance in the last 10m' })
  })

  it('forget what was before the window', () => {
    expect(read('increase', every(60_000, 0, 1_000, 1_001, 1_003), 120_001)).toMatchObject({ value: 3 })
  })
})

describe('slope, trend and stddev', () => {
  const rising = every(60_000, 10, 20, 30, 40)

  it('slope is the change per minute of the line through the samples', () => {
    expect(read('slope', rising)).toMatchObject({ value: expect.closeTo(10, 9) })
    expect(read('slope', every(30_000, 5, 4, 3))).toMatchObject({ value: expect.closeTo(-2, 9) })
    expect(read('slope', every(60_000, 7, 7, 7))).toMatchObject({ value: 0 })
  })

  it('trend is how far that line rises over the samples, relative to where it begins', () => {
    expect(read('trend', rising)).toMatchObject({ value: expect.closeTo(3, 9) })
    expect(read('trend', every(60_000, 100, 125, 150))).toMatchObject({ value: expect.closeTo(0.5, 9) })
    expect(read('trend', every(60_000, 100, 75, 50))).toMatchObject({ value: expect.closeTo(-0.5, 9) })
  })

  it('trend is a gap where the line does not begin above zero, and slope where time stands still', () => {
    expect(read('trend', every(60_000, -10, 0, 10))).toHaveProperty(
      'gap',
      expect.stringContaining('above zero'),
    )
    expect(read('trend', every(60_000, 0, 0))).toHaveProperty('gap', expect.stringContaining('above zero'))
    const atOnce = [
      { at: 0, value: 1, instance: 'a' },
      { at: 0, value: 9, instance: 'b' },
    ]
    expect(read('slope', atOnce)).toEqual({ gap: 'all samples of the last 10m are of one time' })
  })

  it('stddev is that of the window as a whole population', () => {
    expect(read('stddev', every(1_000, 2, 4, 4, 4, 5, 5, 7, 9))).toMatchObject({
      value: expect.closeTo(2, 9),
    })
    expect(read('stddev', every(1_000, 1e9 + 1, 1e9 + 2, 1e9 + 3))).toMatchObject({
      value: expect.closeTo(Math.sqrt(2 / 3), 6),
    })
    expect(read('stddev', every(1_000, 0.1, 0.1, 0.1))).toMatchObject({ value: 0 })
  })

  it('stay precise when the level has moved far from where it was', () => {
    const operands = (['slope', 'stddev'] as const).map(
      (aggregate): AggregateOperand => ({
        node: 'aggregate',
        key: aggregate,
        aggregate,
        metric: 'it',
        windowMs: 60_000,
      }),
    )
    const windows = new MetricWindows({ kind: 'independent', staleAfterMs: 1_000 }, operands)
    for (let second = 0; second < 600; second += 1) {
      windows.add({ at: second * 1_000, value: (second < 300 ? 0 : 1e12) + (second % 2) })
      windows.read(second * 1_000)
    }
    expect(windows.read(599_000)).toMatchObject({
      stddev: { value: expect.closeTo(0.5, 9) },
      slope: { value: expect.closeTo(0.05, 2) },
    })
  })
})

describe('a filter by labels', () => {
  const filter: readonly LabelFilter[] = [
    { label: 'region', operator: 'in', values: ['eu', 'us'] },
    { label: 'zone', operator: 'not-in', values: ['z3'] },
  ]
  it.each([
    [{ region: 'eu', zone: 'z1' }, true],
    [{ region: 'us' }, true],
    [{ region: 'asia', zone: 'z1' }, false],
    [{ region: 'eu', zone: 'z3' }, false],
    [{ zone: 'z1' }, false],
    [{}, false],
  ])('lets %j through: %s', (labels, through) => {
    expect(passes(filter, { at: 0, value: 1, labels })).toBe(through)
  })

  it('that is empty lets everything through', () => {
    expect(passes([], { at: 0, value: 1 })).toBe(true)
  })
})
