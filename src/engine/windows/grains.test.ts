/**
 * Two-stage aggregation, against an oracle that sorts all samples into grains anew at every read.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../../test/seed.ts'
import type { Aggregate, AggregateOperand } from '../../model/expression.ts'
import type { Sample } from '../../model/sample.ts'
import type { Across } from '../../model/spec.ts'
import { GrainedWindows } from './grains.ts'

const MINUTE_MS = 60_000

function operand(aggregate: Aggregate, windowMs: number): AggregateOperand {
  return { node: 'aggregate', key: `${aggregate} ${windowMs}`, aggregate, metric: 'requests', windowMs }
}

function windows(across: Across, operands: readonly AggregateOperand[], grainMs = MINUTE_MS): GrainedWindows {
  return new GrainedWindows({ kind: 'perInstance', staleAfterMs: 3 * MINUTE_MS, grainMs, across }, operands)
}

/** Noon, so that minutes and hours begin at round numbers. */
const NOON = 1_795_262_400_000

describe('windows over grains', () => {
  const samples: readonly Sample[] = [
    { at: NOON, value: 10, instance: 'web-1' },
    { at: NOON + 30_000, value: 30, instance: 'web-2' },
    { at: NOON + 60_000, value: 20, instance: 'web-1' },
    { at: NOON + 119_999, value: 40, instance: 'web-2' },
    { at: NOON + 120_000, value: 1_000, instance: 'web-1' },
  ]

  it.each<[Across, number]>([
    ['sum', 50],
    ['avg', 25],
    ['min', 15],
    ['max', 35],
    ['count', 2],
  ])('first take the %s of each grain, then the average over them: %d', (across, value) => {
    const grained = windows(across, [operand('avg', 5 * MINUTE_MS)])
    for (const sample of samples) grained.add(sample)
    expect(grained.read(NOON + 150_000)['avg 300000']).toEqual({
      value,
      samples: 2,
      firstAt: NOON + 60_000,
      lastAt: NOON + 120_000,
      reporting: 2,
    })
  })

  it('leave a grain out until it is complete, and then count it', () => {
    const grained = windows('sum', [operand('last', 3 * MINUTE_MS)])
    for (const sample of samples) grained.add(sample)
    expect(grained.read(NOON + 179_999)['last 180000']).toMatchObject({ value: 60 })
    expect(grained.read(NOON + 180_000)['last 180000']).toMatchObject({ value: 1_000 })
  })

  it('leave a grain out once the window begins inside it', () => {
    const grained = windows('sum', [operand('count', 2 * MINUTE_MS)])
    for (const sample of samples) grained.add(sample)
    expect(grained.read(NOON + 120_000)['count 120000']).toMatchObject({ value: 2 })
    expect(grained.read(NOON + 120_001)['count 120000']).toMatchObject({ value: 1 })
  })

  it('change with a sample that comes late', () => {
    const grained = windows('sum', [operand('avg', 5 * MINUTE_MS)])
    for (const sample of samples) grained.add(sample)
    grained.read(NOON + 150_000)
    expect(grained.add({ at: NOON + 45_000, value: 60, instance: 'web-3' })).toBe(true)
    expect(grained.add({ at: NOON + 45_000, value: 60, instance: 'web-3' })).toBe(false)
    expect(grained.read(NOON + 150_000)['avg 300000']).toMatchObject({ value: 80 })
  })

  it('answer a gap without a complete grain, and for a window that none fits in', () => {
    const grained = windows('sum', [operand('avg', 5 * MINUTE_MS), operand('avg', 30_000)])
    grained.add({ at: NOON, value: 1 })
    const readings = grained.read(NOON + 10_000)
    expect(readings['avg 300000']).toEqual({ gap: 'no samples in the complete grains of the last 5m' })
    expect(readings['avg 30000']).toEqual({ gap: 'the window is shorter than a grain' })
  })

  it('hold one grain where they are as long as it', () => {
    const grained = windows('sum', [operand('avg', MINUTE_MS)])
    for (const sample of samples) grained.add(sample)
    expect(grained.read(NOON + 120_000)['avg 60000']).toMatchObject({ value: 60, samples: 1 })
    expect(grained.read(NOON + 120_001)['avg 60000']).toEqual({
      gap: 'no samples in the complete grains of the last 1m',
    })
  })

  it('take a late sample for as long as the longest of them reaches its grain', () => {
    const operands = [operand('sum', 2 * MINUTE_MS), operand('sum', 5 * MINUTE_MS)]
    const late = (lateMs: number): boolean => {
      const grained = windows('sum', operands)
      grained.read(NOON + 5 * MINUTE_MS)
      return grained.add({ at: NOON + 5 * MINUTE_MS - lateMs, value: 1 })
    }
    expect([5 * MINUTE_MS, 6 * MINUTE_MS - 1, 6 * MINUTE_MS].map(late)).toEqual([true, true, false])
    const stale = windows('sum', [operand('sum', MINUTE_MS)])
    stale.read(NOON + 5 * MINUTE_MS)
    expect(stale.add({ at: NOON + MINUTE_MS + 1, value: 1 })).toBe(true)
    expect(stale.add({ at: NOON + MINUTE_MS, value: 1 })).toBe(false)
  })

  it('combine the series that labels tell apart', () => {
    const grained = windows('sum', [operand('avg', 5 * MINUTE_MS)])
    grained.add({ at: NOON, value: 5, labels: { region: 'eu' } })
    grained.add({ at: NOON, value: 7, labels: { region: 'us' } })
    expect(grained.read(NOON + 60_000)['avg 300000']).toMatchObject({ value: 12, reporting: null })
  })

  it('read the same as sorting all samples into grains, for any samples and read times', () => {
    const step = (most: number) => fc.integer({ min: 0, max: most }).map(steps => steps * 250)
    const event = fc.record({
      reads: fc.boolean(),
      moveMs: step(8),
      lateMs: fc.oneof(fc.constant(0), step(40)),
      value: fc.integer({ min: -20, max: 20 }),
      instance: fc.constantFrom('web-1', 'web-2', undefined),
    })
    fc.assert(
      fc.property(
        fc.constantFrom<Across>('avg', 'min', 'max', 'sum', 'count'),
        fc.constantFrom(250, 1_000, 1_500),
        fc.array(event, { minLength: 1, maxLength: 100 }),
        (across, grainMs, events) => {
          const operands = [operand('sum', 4_000), operand('max', 4_000), operand('count', 9_000)]
          const grained = windows(across, operands, grainMs)
          const kept: Sample[] = []
          let now = NOON
          for (const { reads, moveMs, lateMs, value, instance } of events) {
            now += moveMs
            const sample = { at: now - lateMs, value, ...(instance === undefined ? {} : { instance }) }
            if (grained.add(sample)) kept.push(sample)
            if (!reads) continue
            const readings = grained.read(now)
            for (const { key, aggregate, windowMs } of operands) {
              const expected = slowly(kept, across, grainMs, aggregate, now - windowMs, now)
              const reading = readings[key]
              if (expected === null) expect(reading, key).toHaveProperty('gap')
              else expect(reading, key).toMatchObject({ value: expect.closeTo(expected, 9) })
            }
          }
        },
      ),
      { numRuns: runs(300) },
    )
  })
})

function slowly(
  samples: readonly Sample[],
  across: Across,
  grainMs: number,
  aggregate: Aggregate,
  from: number,
  to: number,
): number | null {
  const grains = Map.groupBy(samples, ({ at }) => Math.floor(at / grainMs) * grainMs)
  const values = [...grains]
    .filter(([begin]) => begin >= from && begin + grainMs <= to)
    .map(([, inside]) =>
      statistic(
        across,
        inside.map(({ value }) => value),
      ),
    )
  return values.length === 0 ? null : statistic(aggregate, values)
}

function statistic(aggregate: Aggregate, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  if (aggregate === 'count') return values.length
  if (aggregate === 'max') return Math.max(...values)
  if (aggregate === 'min') return Math.min(...values)
  return aggregate === 'sum' ? sum : sum / values.length
}
