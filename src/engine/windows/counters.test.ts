import { describe, expect, it } from 'vitest'
import { Counters } from './counters.ts'

interface Kept {
  readonly series: number
  readonly at: number
  readonly value: number
}

/** By its definition: what each series grew by inside of the window; a lower value is a beginning anew. */
function slowly(samples: readonly Kept[], from: number, to: number): number {
  let grown = Number.NaN
  for (const series of new Set(samples.map(sample => sample.series))) {
    const inside = samples
      .filter(({ series: of, at }) => of === series && at > from && at <= to)
      .toSorted((a, b) => a.at - b.at)
    for (const [index, { value }] of inside.entries()) {
      const before = inside[index - 1]
      if (before === undefined) continue
      const growth = value >= before.value ? value - before.value : Math.max(0, value)
      grown = (Number.isNaN(grown) ? 0 : grown) + growth
    }
  }
  return grown
}

function counted(windows: readonly number[], samples: readonly Kept[]): Counters {
  const counters = new Counters(windows)
  for (const { series, at, value } of samples) counters.keep(series, at, value)
  return counters
}

const one = (...values: number[]): Kept[] => values.map((value, at) => ({ series: 1, at: at + 1, value }))

describe('the growth of counters', () => {
  it.each<[string, readonly Kept[], number]>([
    ['of none', [], Number.NaN],
    ['of one sample says nothing', one(5), Number.NaN],
    ['is the sum of its steps', one(100, 130, 130, 150), 50],
    ['goes on after a beginning anew', one(100, 130, 20, 50), 80],
    ['takes nothing from a negative value', one(100, -5, -3), 2],
    [
      'is that of all series',
      [...one(1, 4), { series: 2, at: 1, value: 10 }, { series: 2, at: 2, value: 30 }],
      23,
    ],
    ['takes a late sample where it belongs', [...one(10, 40), { series: 1, at: 1.5, value: 60 }], 90],
    ['is not lost beside a huge one', one(0, 1e16, 1e16 + 2, 1e16 + 4), 1e16 + 4],
  ])('%s', (_, samples, expected) => {
    expect(counted([100], samples).increase(100, 50)).toBe(expected)
  })

  it('is beyond all numbers where what grew before it is', () => {
    expect(counted([3], one(0, 1.5e308, -1e308, 1.6e308)).increase(3, 4)).toBe(Number.POSITIVE_INFINITY)
  })

  it('counts anew after what was beyond all numbers, once that has left', () => {
    const counters = counted([2], one(-1e308, 1.5e308, 1.6e308, 1.7e308))
    expect(counters.increase(2, 4)).toBeCloseTo(1e307, -300)
  })

  it('is what its definition says, for late samples, dropped ones and two windows, over thousands', () => {
    const counters = new Counters([50, 400])
    const kept: Kept[] = []
    // Numbers that look drawn, and are the same each time.
    let state = 1
    const next = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let now = 1; now <= 4000; now += 1) {
      const series = next(3)
      const at = now - (next(4) === 0 ? next(60) / 100 + next(40) : 0) + series / 1000
      const sample = { series, at, value: next(50) }
      if (kept.some(other => other.series === series && other.at === at)) continue
      counters.keep(series, at, sample.value)
      kept.push(sample)
      kept.sort((a, b) => a.at - b.at)
      while (kept[0] !== undefined && kept[0].at <= now - 450) {
        counters.drop(kept[0].series)
        kept.shift()
      }
      if (now % 7 !== 0) continue
      for (const windowMs of [50, 400]) {
        expect(counters.increase(windowMs, now), `${windowMs} at ${now}`).toBe(
          slowly(kept, now - windowMs, now),
        )
      }
    }
  })

  it('begins anew with a series that had left', () => {
    const counters = counted([100], one(10, 20))
    counters.drop(1)
    counters.drop(1)
    expect(counters.increase(100, 50)).toBeNaN()
    counters.keep(1, 60, 5)
    expect(counters.increase(100, 60)).toBeNaN()
    counters.keep(1, 61, 8)
    expect(counters.increase(100, 61)).toBe(3)
    counters.drop(7)
  })
})
