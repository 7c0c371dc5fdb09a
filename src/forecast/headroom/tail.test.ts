import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lightestTail, thoughtLost } from './tail.ts'

const HEIGHTS = Float64Array.of(-0.5, -0.25, 0, 0.25, 0.5, 1, 2, 2.8, 3.92)
const LIGHTEST = lightestTail(HEIGHTS)

/** What every rung is thought to lose, from the lowest up. */
function thoughtOf(lost: readonly number[]): number[] {
  const thought: number[] = []
  for (const [rung, of] of lost.entries()) {
    thought.push(thoughtLost(of, thought[rung - 1] ?? 0, thought[rung - 2] ?? 0, LIGHTEST[rung] ?? 0))
  }
  return thought
}

describe('what a rung is thought to lose', () => {
  it('is more than nothing above the highest burst that was seen', () => {
    expect(thoughtLost(0, 20, 100, LIGHTEST[8] ?? 0)).toBeCloseTo(0.85, 2)
  })

  it('is what a normal tail loses where little was seen of one', () => {
    const normal = [...HEIGHTS].map(height => 1_000 * Math.exp(-(Math.max(0, height) ** 2) / 2))
    const seen = normal.map((lost, rung) => (rung > 6 ? 0 : lost))
    const thought = thoughtOf(seen)
    for (const rung of [7, 8]) expect(thought[rung]).toBeCloseTo(normal[rung] ?? Number.NaN, 6)
  })

  it.each([
    ['a power', [900, 800, 700, 600, 500, 250, 125, 89, 64]],
    ['a tail that gets no thinner', [900, 800, 700, 600, 500, 400, 300, 300, 300]],
    ['nothing at all', [0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('is what it lost where that is heavier: %s', (_, lost) => {
    expect(thoughtOf(lost)).toEqual(lost)
  })

  it('is never less than it lost, and never more than the rung below where that lost more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 9, maxLength: 9 }),
        drawn => {
          const lost = [...drawn].sort((one, other) => other - one)
          const thought = thoughtOf(lost)
          for (const [rung, of] of thought.entries()) {
            expect(of).toBeGreaterThanOrEqual(lost[rung] ?? 0)
            if (rung > 0) expect(of).toBeLessThanOrEqual(thought[rung - 1] ?? 0)
          }
        },
      ),
    )
  })

  it('asks nothing of rungs below what is guessed', () => {
    expect([...LIGHTEST.subarray(0, 4)]).toEqual([0, 0, 0, 0])
  })
})
