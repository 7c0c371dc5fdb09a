import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Binning, binOf } from './binning.ts'
import { MINUTE } from './forecast.fixture.ts'

const SECOND = 1_000
const GAP = Number.NaN

/** @param values times in seconds, and what came */
function binsOf(stepMs: number, values: readonly (readonly [number, number])[], binMs = MINUTE): number[] {
  const bins: number[] = []
  const binning = new Binning(stepMs, binMs, value => bins.push(value))
  for (const [seconds, value] of values) binning.add(seconds * SECOND, value)
  return bins
}

describe('bins', () => {
  it.each([
    [15 * SECOND, 1],
    [MINUTE, 1],
    [5 * MINUTE, 5],
    [7 * MINUTE, 10],
    [50 * MINUTE, 60],
    [48 * 60 * MINUTE, 1_440],
  ])(
    'for steps of %i ms are %i minutes: no finer, and a day has a whole number of them',
    (stepMs, minutes) => {
      expect(binOf(stepMs)).toBe(minutes * MINUTE)
    },
  )

  it.each<[string, number, [number, number][], number[]]>([
    [
      'the mean, as soon as nothing more is expected',
      15,
      [
        [5, 40],
        [20, 42],
        [35, 44],
        [50, 46],
      ],
      [43],
    ],
    [
      'one each where a tick is a bin',
      60,
      [
        [0, 1],
        [60, 2],
        [120, 3],
      ],
      [1, 2, 3],
    ],
    [
      'without what comes after a bin has ended',
      60,
      [
        [0, 1],
        [30, 99],
        [60, 2],
      ],
      [1, 2],
    ],
    [
      'filled where a tick was late',
      60,
      [
        [59, 1],
        [121, 2],
      ],
      [1, 1, 2],
    ],
    [
      'gaps after a pause',
      60,
      [
        [0, 1],
        [240, 2],
      ],
      [1, GAP, GAP, GAP, 2],
    ],
    [
      'without what is older than what came before',
      60,
      [
        [120, 1],
        [60, 99],
        [180, 2],
      ],
      [1, 2],
    ],
    [
      'without what demand cannot be',
      60,
      [
        [0, 1],
        [60, -5],
        [120, GAP],
        [180, 1e200],
        [240, 2],
      ],
      [1, GAP, GAP, GAP, 2],
    ],
  ])('are %s', (_, stepSeconds, values, expected) => {
    expect(binsOf(stepSeconds * SECOND, values)).toEqual(expected)
  })

  it('after a pause of years are as many gaps as make all forget, and the season is where it was', () => {
    const years = 3 * 365 * 86_400 + 3_600
    const bins = binsOf(
      3_600 * SECOND,
      [
        [0, 1],
        [years, 2],
      ],
      60 * MINUTE,
    )
    expect(bins.length).toBeLessThan(900)
    expect((bins.length - 1) % 168).toBe((years / 3_600) % 168)
  })

  it('follow each other without a hole or a repetition, whatever the ticks', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (pauses, stepSeconds) => {
        let at = 30
        const times = pauses.map(pause => {
          at += pause
          return at
        })
        const bins = binsOf(
          stepSeconds * SECOND,
          times.map(time => [time, 7]),
        )
        const first = Math.floor((times[0] ?? 0) / 60)
        const last = Math.floor(at / 60)
        // The last one may still be open.
        expect([last - first, last - first + 1]).toContain(bins.length)
        expect(bins.every(value => value === 7 || Number.isNaN(value))).toBe(true)
      }),
    )
  })
})
