/**
 * How a search spends its budget: every configuration where there are few enough; else successive halving (K. Jamieson and
 * A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016): many on a short beginning of
 * the record, the better third of them on three times as much of it, until the few that are left are tried on all of it.
 * Every round costs the same.
 *
 * Example: a budget of 200 over 5,000 combinations on 21 days: 600 on 2.3 days, 200 on 7, 66 on all 21; each round is worth 66
 * replays of the whole.
 */

export interface Round {
  /** How many of the first bins are replayed. */
  readonly bins: number
  /** At most so many configurations. */
  readonly count: number
}

export interface SearchPlan {
  readonly kind: 'grid' | 'sample' | 'halving'
  readonly rounds: readonly Round[]
}

export interface PlanRequest {
  readonly combinations: number
  /** In replays of all the bins. */
  readonly budget: number
  readonly bins: number
  readonly stepMs: number
}

/** A third goes on, on three times as much: eta in the paper. */
const FACTOR = 3
const DAY_MS = 86_400_000
/** What happens in less than a day says little of a load that has days. */
const LEAST_DAYS_TO_NEED_ONE = 3
const LEAST_SHARE = 9
const MOST_ROUNDS = 7

export function planSearch({ combinations, budget, bins, stepMs }: PlanRequest): SearchPlan {
  if (combinations <= budget) return { kind: 'grid', rounds: [{ bins, count: combinations }] }
  const least = leastBins(bins, stepMs)
  let rounds: readonly Round[] = [{ bins, count: budget }]
  for (let count = 2; count <= MOST_ROUNDS; count += 1) {
    const next = halving({ count, combinations, budget, bins })
    // A first round that takes all combinations leaves nothing for a further one to find.
    if ((next[0]?.bins ?? 0) < least || (rounds[0]?.count ?? 0) >= combinations) break
    rounds = next
  }
  return { kind: rounds.length === 1 ? 'sample' : 'halving', rounds }
}

/** Work of a plan, in bins. */
export function workOf(rounds: readonly Round[]): number {
  return rounds.reduce((sum, { bins, count }) => sum + bins * count, 0)
}

function halving({
  count,
  combinations,
  budget,
  bins,
}: {
  readonly count: number
  readonly combinations: number
  readonly budget: number
  readonly bins: number
}): readonly Round[] {
  return Array.from({ length: count }, (_, round) => {
    const shorter = FACTOR ** (count - 1 - round)
    return {
      bins: Math.floor(bins / shorter),
      count: Math.max(1, Math.min(combinations, Math.floor((budget / count) * shorter))),
    }
  })
}

function leastBins(bins: number, stepMs: number): number {
  const day = DAY_MS / stepMs
  return Math.floor(bins >= LEAST_DAYS_TO_NEED_ONE * day ? day : bins / LEAST_SHARE)
}
