/**
 * What a contender costs at a loss, from points tried: not one point but the edge of all of them, because each has a knob, and at
 * one loss a leaner or more generous setting may stand elsewhere.
 *
 * The frontier is the points that no other undercuts in both loss and cost. Between two of them, cost is taken to be linear in loss.
 * A loss above all of them is served by the leanest; below all of them there is nothing to say.
 *
 * Example: points (0.2 %, 2.0), (1.0 %, 1.6), (0.9 %, 2.1): the last is undercut by the first. At 0.6 % the cost is 1.8, at 3 % 1.6,
 * at 0.1 % `null`.
 */
export interface FrontierPoint {
  readonly lostPercent: number
  readonly costRatio: number
}

/** Rising in loss, falling in cost. */
export function frontierOf<Point extends FrontierPoint>(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort(
    (one, other) => one.lostPercent - other.lostPercent || one.costRatio - other.costRatio,
  )
  const edge: Point[] = []
  for (const point of sorted) {
    if (point.costRatio < (edge.at(-1)?.costRatio ?? Number.POSITIVE_INFINITY)) edge.push(point)
  }
  return edge
}

/** The least cost at which no more than `lostPercent` is lost; `null` where no point loses so little. */
export function costAt(points: readonly FrontierPoint[], lostPercent: number): number | null {
  const edge = frontierOf(points)
  const above = edge.findIndex(point => point.lostPercent > lostPercent)
  const high = edge[above]
  const low = edge[above < 0 ? edge.length - 1 : above - 1]
  if (low === undefined) return null
  if (high === undefined) return low.costRatio
  const share = (lostPercent - low.lostPercent) / (high.lostPercent - low.lostPercent)
  return low.costRatio + share * (high.costRatio - low.costRatio)
}
