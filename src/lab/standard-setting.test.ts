import { describe, expect, it } from 'vitest'
import type { Contender } from './contender.ts'
import { bootBinsOf, quantileOf, StandardCourse, standardPerInstance } from './standard-setting.ts'

const MINUTE_MS = 60_000

/** Wants these counts, one after the other. */
function wanting(...counts: readonly number[]): Contender {
  return { name: 'script', next: ({ bin }) => counts[bin] ?? 1 }
}

function played(load: readonly number[], counts: readonly number[], bootMs = 180_000): StandardCourse {
  const course = new StandardCourse(Float64Array.from(load), { perInstance: 10, stepMs: MINUTE_MS, bootMs })
  course.run(wanting(...counts))
  return course
}

describe('the standard setting', () => {
  it('lets an order serve as many bins after the bin it was decided on as it boots, and pays it from the next one', () => {
    const course = played([10, 10, 10, 10, 10, 10], [1, 3, 3, 3, 3, 3])
    expect([...course.ready]).toEqual([1, 1, 1, 1, 3, 3])
    expect([...course.paid]).toEqual([1, 1, 3, 3, 3, 3])
  })

  it('releases at once', () => {
    const course = played([30, 10, 10], [1, 1, 1])
    expect([...course.ready]).toEqual([3, 1, 1])
    expect([...course.paid]).toEqual([3, 1, 1])
  })

  it('calls off what boots before it releases what is ready, the last order first', () => {
    const course = played([20, 20, 20, 20, 20, 20], [3, 5, 2, 2, 2, 2])
    expect([...course.ready]).toEqual([2, 2, 2, 2, 2, 2])
    expect([...course.paid]).toEqual([2, 3, 5, 2, 2, 2])
    const kept = played([20, 20, 20, 20, 20, 20], [3, 5, 3, 3, 3, 3])
    expect([...kept.ready]).toEqual([2, 2, 2, 3, 3, 3])
  })

  it('keeps at least one', () => {
    expect([...played([10, 10, 10], [0, 0, 0]).paid]).toEqual([1, 1, 1])
  })

  it('counts the load above ready capacity as lost, and what was paid against what was needed', () => {
    const { all, second } = played([10, 25, 10, 10], [1, 1, 1, 1]).scores()
    expect(all.lostPercent).toBeCloseTo((100 * 15) / 55)
    expect(all.costRatio).toBeCloseTo(4 / 6)
    expect(second).toEqual({ lostPercent: 0, costRatio: 1 })
  })

  it('scores nothing in a gap, and shows it as one', () => {
    const seen: number[] = []
    const course = new StandardCourse(Float64Array.of(10, Number.NaN, 10), {
      perInstance: 10,
      stepMs: MINUTE_MS,
      bootMs: 0,
    })
    course.run({ name: 'two', next: ({ load }) => seen.push(load) && 2 })
    expect(seen).toEqual([10, Number.NaN, 10])
    expect(course.scores().all).toEqual({ lostPercent: 0, costRatio: 1.5 })
  })

  it('shows the bin just ended: its load, its utilization, who is ready and who boots', () => {
    const seen: object[] = []
    const course = new StandardCourse(Float64Array.of(30, 15), {
      perInstance: 10,
      stepMs: MINUTE_MS,
      bootMs: MINUTE_MS * 2,
    })
    course.run({ name: 'five', next: shown => seen.push({ ...shown }) && 5 })
    expect(seen).toEqual([
      { atMs: 60_000, bin: 0, load: 30, utilizationRatio: 1, backlog: 0, ready: 3, booting: 0 },
      { atMs: 120_000, bin: 1, load: 15, utilizationRatio: 0.5, backlog: 0, ready: 3, booting: 2 },
    ])
  })

  it('begins each run anew', () => {
    const course = played([10, 10, 10, 10], [4, 4, 4, 4])
    course.run(wanting(1, 1, 1, 1))
    expect([...course.paid]).toEqual([1, 1, 1, 1])
  })

  it('tells the run as a course in which load is served or lost', () => {
    const course = played([10, 25, 10, 10], [1, 2, 2, 1]).course('script', 1000)
    expect([...course.served]).toEqual([10, 10, 10, 10])
    expect([...course.lost]).toEqual([0, 15, 0, 0])
    expect([...course.needed]).toEqual([1, 3, 1, 1])
    expect(course.decisions.map(({ at, from, to }) => [at, from, to])).toEqual([
      [121_000, 1, 2],
      [241_000, 2, 1],
    ])
  })
})

describe('the boot in bins', () => {
  it.each([
    { bootMs: 180_000, stepMs: 60_000, bins: 3 },
    { bootMs: 180_000, stepMs: 300_000, bins: 1 },
    { bootMs: 180_000, stepMs: 10_000, bins: 18 },
    { bootMs: 180_000, stepMs: 120_000, bins: 2 },
    { bootMs: 0, stepMs: 60_000, bins: 1 },
  ])('of $bootMs ms at a step of $stepMs ms is $bins', ({ bootMs, stepMs, bins }) => {
    expect(bootBinsOf({ bootMs, stepMs })).toBe(bins)
  })
})

describe('a quantile', () => {
  it.each([
    { share: 0, is: 1 },
    { share: 0.5, is: 2.5 },
    { share: 0.95, is: 3.85 },
    { share: 1, is: 4 },
  ])('at $share lies linearly between the nearest values: $is', ({ share, is }) => {
    expect(quantileOf(Float64Array.of(4, 1, Number.NaN, 3, 2), share)).toBeCloseTo(is)
  })

  it('of nothing is not a number', () => {
    expect(quantileOf(new Float64Array(0), 0.5)).toBeNaN()
  })
})

describe('what an instance serves', () => {
  it('is a fiftieth of the 99th percentile', () => {
    expect(standardPerInstance(new Float64Array(200).fill(145))).toBe(2.9)
  })

  it('is at least one of what is counted in whole numbers', () => {
    expect(standardPerInstance(new Float64Array(200).fill(22))).toBe(1)
    expect(standardPerInstance(new Float64Array(200).fill(22.5))).toBe(0.45)
  })

  it('is something even where there is hardly ever any load', () => {
    expect(standardPerInstance(new Float64Array(200))).toBe(1)
    expect(standardPerInstance(Float64Array.from({ length: 200 }, (_, bin) => (bin === 7 ? 0.5 : 0)))).toBe(1)
  })
})
