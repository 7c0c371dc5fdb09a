import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planSearch, workOf } from './plan.ts'

const DAY_BINS = 1_440
const stepMs = 60_000

describe('a plan', () => {
  it('tries all where the budget allows it', () => {
    expect(planSearch({ combinations: 200, budget: 200, bins: 7_000, stepMs })).toEqual({
      kind: 'grid',
      rounds: [{ bins: 7_000, count: 200 }],
    })
  })

  it('of many tries a third on, each time on three times as much', () => {
    const bins = 21 * DAY_BINS
    expect(planSearch({ combinations: 5_000, budget: 200, bins, stepMs })).toEqual({
      kind: 'halving',
      rounds: [
        { bins: bins / 9, count: 600 },
        { bins: bins / 3, count: 200 },
        { bins, count: 66 },
      ],
    })
  })

  it('never begins with less than a day of a record that has three', () => {
    const { rounds } = planSearch({ combinations: 1e6, budget: 500, bins: 4 * DAY_BINS, stepMs })
    expect(rounds.map(({ bins }) => bins)).toEqual([(4 * DAY_BINS) / 3, 4 * DAY_BINS])
  })

  it('costs no more than its budget, grows from round to round, and ends on everything', () => {
    const request = fc.record({
      combinations: fc.integer({ min: 1, max: 1e6 }),
      budget: fc.integer({ min: 1, max: 5_000 }),
      bins: fc.integer({ min: 10, max: 100_000 }),
      stepMs: fc.constantFrom(10_000, 60_000, 300_000),
    })
    fc.assert(
      fc.property(request, asked => {
        const { kind, rounds } = planSearch(asked)
        expect(workOf(rounds)).toBeLessThanOrEqual(
          asked.budget * asked.bins * 1.001 + asked.bins * rounds.length,
        )
        expect(rounds.at(-1)?.bins).toBe(asked.bins)
        rounds.forEach(({ bins, count }, index) => {
          const before = rounds[index - 1]
          expect(count).toBeGreaterThan(0)
          expect(count).toBeLessThanOrEqual(asked.combinations)
          if (before === undefined) return
          expect(bins).toBeGreaterThan(before.bins)
          expect(count).toBeLessThanOrEqual(before.count)
        })
        if (asked.combinations <= asked.budget)
          expect({ kind, count: rounds[0]?.count }).toEqual({ kind: 'grid', count: asked.combinations })
      }),
    )
  })
})
