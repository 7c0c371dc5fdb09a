/**
 * How much does a rung lose that has hardly lost anything yet? Few bursts were seen, and the rung above the highest of them is not
 * safe for that: on a ladder, loss is thought to shrink no faster than in the tail of a normal distribution, the lightest there is
 * among loads. Where bursts are heavier than that, what was seen already says so, and stands.
 *
 * Example, rungs at 2, 2.8 and 3.92 scales: of the first 100 was lost, of the second 20. A normal tail shrinks by the square of the
 * height, so from 2.8 to 3.92 by 1.96 times the logarithm of 5: the third is thought to lose 0.85, even if it lost nothing.
 */

/**
 * By rung: how many times the logarithm by which loss shrank from the rung two below to the one below, it shrinks on to this one.
 *
 * @param heights of the rungs, rising; 0 where there are no two rungs at 0 or more below
 */
export function lightestTail(heights: Float64Array): Float64Array {
  return Float64Array.from(heights, (height, rung) => {
    const below = heights[rung - 1] ?? -1
    const twoBelow = heights[rung - 2] ?? -1
    return twoBelow < 0 ? 0 : (height ** 2 - below ** 2) / (below ** 2 - twoBelow ** 2)
  })
}

/**
 * @param lost by this rung
 * @param below what the rung below is thought to lose, and the one below that
 * @param lightest of this rung, see `lightestTail`
 */
export function thoughtLost(lost: number, below: number, twoBelow: number, lightest: number): number {
  // Most rungs: the tail is no lighter than a power, so no logarithm needs asking.
  if (lightest === 0 || below >= twoBelow || lost * twoBelow >= below * below) return lost
  return Math.max(lost, below * (below / twoBelow) ** lightest)
}
