import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Run, runsOf, silenceAfterMs, thinRuns } from './runs.ts'

interface Point {
  readonly at: number
  readonly value: number | null
}
const value = (point: Point) => point.value
const points = (...pairs: [number, number | null][]): Point[] => pairs.map(([at, v]) => ({ at, value: v }))
const window = { from: 0, to: 100 }
const never = Number.POSITIVE_INFINITY

describe('runs', () => {
  it('join equal values and end with the window', () => {
    expect(runsOf(points([0, 5], [10, 5], [20, 6]), value, window, never)).toEqual([
      { from: 0, to: 20, value: 5 },
      { from: 20, to: 100, value: 6 },
    ])
  })

  it('break where the value is unknown', () => {
    expect(runsOf(points([0, 5], [10, null], [20, 5]), value, window, never)).toEqual([
      { from: 0, to: 10, value: 5 },
      { from: 20, to: 100, value: 5 },
    ])
  })

  it('end at the last look before a silence', () => {
    expect(runsOf(points([0, 5], [10, 5], [80, 5]), value, window, 50)).toEqual([
      { from: 0, to: 10, value: 5 },
      { from: 80, to: 100, value: 5 },
    ])
    expect(runsOf(points([0, 5], [10, 5]), value, window, 50)).toEqual([{ from: 0, to: 10, value: 5 }])
  })

  it('are none without points, and leave out points after the window', () => {
    expect(runsOf(points(), value, window, never)).toEqual([])
    expect(runsOf(points([100, 1]), value, window, never)).toEqual([])
  })

  it('call ten usual intervals a silence', () => {
    expect(silenceAfterMs(points([0, 1], [15, 1], [30, 1], [45, 1]))).toBe(150)
    expect(silenceAfterMs(points([0, 1], [15, 1]))).toBe(never)
  })
})

describe('thinning', () => {
  it('keeps the extremes and the ends of every column, in at most four runs each', () => {
    const column = 10
    const run = fc.record({ length: fc.integer({ min: 1, max: 3 }), value: fc.integer({ min: 0, max: 50 }) })
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 200 }), parts => {
        let from = 0
        const runs = parts.map((part): Run => {
          const made = { from, to: from + part.length, value: part.value }
          from = made.to
          return made
        })
        const thinned = thinRuns(runs, column)
        for (let start = 0; start < from; start += column) {
          const inside = (all: readonly Run[]) => all.filter(r => r.from >= start && r.from < start + column)
          const before = inside(runs).map(r => r.value)
          const after = inside(thinned).map(r => r.value)
          expect(after.length).toBeLessThanOrEqual(4)
          expect(Math.max(...after)).toBe(Math.max(...before))
          expect(Math.min(...after)).toBe(Math.min(...before))
          expect(after[0]).toBe(before[0])
          expect(after.at(-1)).toBe(before.at(-1))
        }
        expect(thinned.at(-1)?.to).toBe(from)
      }),
    )
  })
})
