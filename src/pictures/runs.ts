/**
 * A step line as runs of one value: what is drawn is where it changes, so 100,000 ticks of five instances are one run.
 * Where it changes faster than the picture has pixels, each pixel column keeps its first, lowest, highest and last value.
 *
 * Example: ticks 5 5 6 6 every second become `[{ from: 0, to: 2000, value: 5 }, { from: 2000, to: 3000, value: 6 }]`.
 */
import type { EpochMs, Interval } from '../model/time.ts'

export interface Run {
  readonly from: EpochMs
  readonly to: EpochMs
  readonly value: number
}

/**
 * How long a value may be drawn on without a new tick: ten usual intervals. A longer silence means that nobody
 * looked, and a line there would claim what nobody saw. Infinite for fewer than three points.
 */
export function silenceAfterMs(points: readonly { readonly at: EpochMs }[]): number {
  if (points.length < 3) return Number.POSITIVE_INFINITY
  const steps: number[] = []
  // A sample of the intervals is enough for a median, and keeps the sort small.
  const stride = Math.max(1, Math.floor(points.length / 1000))
  for (let index = 1; index < points.length; index += stride) {
    steps.push((points[index]?.at ?? 0) - (points[index - 1]?.at ?? 0))
  }
  steps.sort((a, b) => a - b)
  return Math.max(1, steps[Math.floor(steps.length / 2)] ?? 1) * 10
}

/**
 * The runs of `pick` over points sorted by time. A value holds until the next point, a `null` (unknown: the line
 * breaks), the beginning of a silence longer than `silenceMs`, or the end of the window.
 */
export function runsOf<Point extends { readonly at: EpochMs }>(
  points: readonly Point[],
  pick: (point: Point) => number | null,
  window: Interval,
  silenceMs: number,
): readonly Run[] {
  const runs: Run[] = []
  let from = 0
  let value: number | null = null
  let lastAt = Number.NEGATIVE_INFINITY
  const end = (to: EpochMs) => {
    if (value !== null) runs.push({ from, to, value })
    value = null
  }
  for (const point of points) {
    if (point.at >= window.to) break
    const at = Math.max(point.at, window.from)
    if (at - lastAt > silenceMs) end(lastAt)
    const next = pick(point)
    if (next !== value) {
      end(at)
      from = at
      value = next
    }
    lastAt = at
  }
  end(window.to - lastAt > silenceMs ? lastAt : window.to)
  return runs
}

/** Fewer runs that look the same: at most four per column of `columnMs`, extremes kept. */
export function thinRuns(runs: readonly Run[], columnMs: number): readonly Run[] {
  const thinned: Run[] = []
  let index = 0
  while (index < runs.length) {
    const first = runs[index]
    if (first === undefined) break
    const columnEnd = (Math.floor(first.from / columnMs) + 1) * columnMs
    let end = index + 1
    while (end < runs.length && (runs[end]?.from ?? 0) < columnEnd) end++
    thinned.push(...(end - index <= 4 ? runs.slice(index, end) : extremes(runs.slice(index, end))))
    index = end
  }
  return thinned
}

function extremes(column: readonly Run[]): readonly Run[] {
  const first = column[0]
  const last = column.at(-1)
  if (first === undefined || last === undefined) return column
  let low = first
  let high = first
  for (const run of column) {
    if (run.value < low.value) low = run
    if (run.value > high.value) high = run
  }
  const kept = [...new Set([first, low, high, last])].sort((a, b) => a.from - b.from)
  return kept.map((run, position) => ({ ...run, to: kept[position + 1]?.from ?? run.to }))
}
