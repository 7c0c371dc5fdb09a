/**
 * Which of many configurations are worth looking at: those that no other beats in both measures; and in which order they are
 * worth trying on: the ones that keep the bounds and cost least, mixed with the ones nearest to that edge.
 *
 * Example: (cost 1.4, lost 2 %), (1.6, 0.5 %), (1.7, 0.6 %): the last is beaten by the second; the other two are the front.
 */
import type { Scores } from '../scores.ts'
import type { Bound, Objective } from './objective.ts'

export interface Scored {
  /** Which one it is; breaks ties, so that an order never depends on who was done first. */
  readonly index: number
  readonly scores: Scores
}

export interface Aim {
  readonly objective: Objective
  readonly bounds: readonly Bound[]
}

/** A bound of zero still tells a little beyond it from much. */
const LEAST_BOUND = 0.01

/** How far beyond its bounds, in multiples of them; 0 keeps them all. */
export function excessOf(scores: Scores, bounds: readonly Bound[]): number {
  return bounds.reduce((sum, { measure, most }) => {
    const over = measure.read(scores) - most
    return over > 1e-9 ? sum + over / Math.max(LEAST_BOUND, Math.abs(most)) : sum
  }, 0)
}

/** Rising in what is minimised, falling in what it is set against: none is beaten or equalled in both by another. */
export function frontOf<S extends Scored>(
  tried: readonly S[],
  { minimise, against }: Objective,
): readonly S[] {
  const sorted = [...tried].sort(
    (one, other) =>
      minimise.read(one.scores) - minimise.read(other.scores) ||
      against.read(one.scores) - against.read(other.scores) ||
      one.index - other.index,
  )
  let least = Number.POSITIVE_INFINITY
  return sorted.filter(({ scores }) => {
    const value = against.read(scores)
    if (!(value < least)) return false
    least = value
    return true
  })
}

/** The best first: what keeps the bounds before what does not, then what is minimised. */
export function byMerit<S extends Scored>(tried: readonly S[], { objective, bounds }: Aim): readonly S[] {
  const { minimise, against } = objective
  return tried
    .map(each => ({ each, excess: excessOf(each.scores, bounds) }))
    .sort(
      (one, other) =>
        one.excess - other.excess ||
        minimise.read(one.each.scores) - minimise.read(other.each.scores) ||
        against.read(one.each.scores) - against.read(other.each.scores) ||
        one.each.index - other.each.index,
    )
    .map(({ each }) => each)
}

/**
 * Who goes on to the next round: in turns the best by merit, and the next of the front, then of the front of what is left.
 * The second keep alive what is a little beyond a bound on the short part and may not be on the long one.
 */
export function promoted<S extends Scored>(tried: readonly S[], count: number, aim: Aim): readonly S[] {
  const chosen = new Set<S>()
  const merits = byMerit(tried, aim).values()
  const layers = byLayer(tried, aim).values()
  for (const queue of alternate(merits, layers)) {
    if (chosen.size >= Math.min(count, tried.length)) break
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      if (chosen.has(next.value)) continue
      chosen.add(next.value)
      break
    }
  }
  return [...chosen].sort((one, other) => one.index - other.index)
}

function* alternate<T>(one: T, other: T): Generator<T> {
  for (;;) {
    yield one
    yield other
  }
}

/** Front after front, each by merit. */
function byLayer<S extends Scored>(tried: readonly S[], aim: Aim): readonly S[] {
  const ordered: S[] = []
  let left = tried
  while (left.length > 0) {
    const front = new Set(frontOf(left, aim.objective))
    // Scores that are no numbers are on no front.
    if (front.size === 0) return [...ordered, ...left]
    ordered.push(...byMerit([...front], aim))
    left = left.filter(each => !front.has(each))
  }
  return ordered
}
