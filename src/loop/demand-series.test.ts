import { describe, expect, it } from 'vitest'
import { DemandSeries } from './demand-series.ts'

const TEN = Date.UTC(2026, 10, 21, 10)
const SECOND = 1000

/** Seconds after ten o'clock and demands; what ended, likewise. */
function told(everyMs: number, ticks: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const series = new DemandSeries('demand', everyMs)
  const ended = ticks.flatMap(([second, demand]) => series.add(TEN + second * SECOND, demand))
  expect(series.fresh().flatMap(({ samples }) => samples)).toEqual(ended)
  return ended.map(({ at, value }) => [(at - TEN) / SECOND, value])
}

describe('the demand by the minute', () => {
  it.each([
    [
      'ends with its last tick',
      [
        [5, 40],
        [20, 42],
        [35, 44],
        [50, 46],
      ],
      [[50, 43]],
    ],
    [
      'whose last tick is missed ends with the next that comes',
      [
        [5, 40],
        [20, 42],
        [35, 44],
        [65, 90],
        [80, 90],
      ],
      [[35, 42]],
    ],
    [
      'whose last demand is unknown is the mean of those that are known',
      [
        [5, 40],
        [20, 42],
        [35, 44],
        [50, Number.NaN],
        [65, 90],
      ],
      [[35, 42]],
    ],
    [
      'that was long ago keeps its time',
      [
        [5, 40],
        [605, 90],
      ],
      [[5, 40]],
    ],
    [
      'ends beside the one before it',
      [
        [5, 40],
        [110, 90],
      ],
      [
        [5, 40],
        [110, 90],
      ],
    ],
    [
      'is counted once, though a tick comes after its last',
      [
        [50, 46],
        [59, 90],
        [65, 10],
      ],
      [[50, 46]],
    ],
    [
      'in which nothing is known is none',
      [
        [5, Number.NaN],
        [50, Number.NaN],
        [65, 10],
      ],
      [],
    ],
  ] as const)('%s', (_, ticks, ended) => {
    expect(told(15 * SECOND, ticks)).toEqual(ended)
  })

  it('is known of a metric that comes less often than the fleet ticks', () => {
    const ticks = Array.from({ length: 5 }, (_, minute) => [10 + minute * 60, minute] as const)
    expect(told(15 * SECOND, ticks)).toEqual(ticks.slice(0, -1))
  })

  it('goes on after the one that is stored', () => {
    const series = new DemandSeries('demand', 15 * SECOND)
    series.resume(TEN + 50 * SECOND)
    expect(series.add(TEN + 55 * SECOND, 90)).toEqual([])
    expect(series.add(TEN + 110 * SECOND, 10)).toEqual([{ at: TEN + 110 * SECOND, value: 10 }])
  })
})
