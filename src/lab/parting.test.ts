import { describe, expect, it } from 'vitest'
import type { Course, CourseDecision } from './course.ts'
import { partingsOf } from './parting.ts'

const MINUTE = 60_000

function course(desired: readonly number[], said: Readonly<Record<number, string>> = {}): Course {
  const line = (): Float64Array => new Float64Array(desired.length)
  const decisions = Object.entries(said).map(
    ([bin, because]): CourseDecision => ({
      at: (Number(bin) + 1) * MINUTE,
      from: 0,
      to: 1,
      rule: null,
      because,
      decision: null,
    }),
  )
  return {
    name: 'web',
    startAt: 0,
    stepMs: MINUTE,
    length: desired.length,
    load: line(),
    served: line(),
    lost: line(),
    refused: line(),
    backlog: line(),
    needed: line(),
    ready: line(),
    paid: line(),
    lowest: line(),
    highest: line(),
    desired: Float64Array.from(desired),
    decisions,
    censored: [],
    doubtful: [],
    ticks: desired.length,
    elapsedMs: 0,
  }
}

describe('two courses', () => {
  it('that want the same have not parted', () => {
    expect(partingsOf(course([2, 3, 3]), course([2, 3, 3]), 10)).toEqual({
      listed: [],
      count: 0,
      sameRatio: 1,
    })
  })

  it('part where one wants more, and meet where both want the same again', () => {
    const { listed, count, sameRatio } = partingsOf(
      course([2, 2, 2, 2, 2], { 0: 'quiet' }),
      course([2, 4, 5, 3, 2], { 0: 'quiet', 1: 'Up fired' }),
      10,
    )
    expect(count).toBe(1)
    expect(sameRatio).toBeCloseTo(0.4)
    expect(listed).toMatchObject([
      {
        from: MINUTE,
        to: 4 * MINUTE,
        before: 2,
        after: 4,
        widest: 3,
        beforeSaid: { because: 'quiet' },
        afterSaid: { because: 'Up fired' },
      },
    ])
  })

  it('that never meet again part to the end', () => {
    expect(partingsOf(course([2, 2]), course([1, 1]), 10).listed).toMatchObject([
      { from: 0, to: 2 * MINUTE, widest: -1 },
    ])
  })

  it('have met again when they want the same for long enough', () => {
    const apart = [course([1, 1, 1, 1, 1, 1, 1, 1]), course([2, 1, 3, 1, 1, 1, 2, 1])] as const
    const lengths = (metMs: number) =>
      partingsOf(...apart, 10, metMs).listed.map(({ from, to }) => [from / MINUTE, to / MINUTE])
    expect(lengths(0)).toEqual([
      [0, 1],
      [2, 3],
      [6, 7],
    ])
    expect(lengths(2 * MINUTE)).toEqual([
      [0, 3],
      [6, 7],
    ])
    expect(lengths(4 * MINUTE)).toEqual([[0, 7]])
    expect(partingsOf(...apart, 10, 4 * MINUTE).sameRatio).toBeCloseTo(5 / 8)
  })

  it('are told of by the partings that cost most, in order of time', () => {
    const { listed, count } = partingsOf(course([1, 1, 1, 1, 1, 1, 1]), course([2, 1, 9, 9, 1, 3, 1]), 2)
    expect(count).toBe(3)
    expect(listed.map(({ from }) => from / MINUTE)).toEqual([2, 5])
  })
})
