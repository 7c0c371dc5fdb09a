/**
 * Numbers on an even grid of time as a picture can show them: of the bins that fall on one pixel column, the lowest and the
 * highest, so that one wild minute in a month is drawn as high as it was.
 *
 * Example: 43,200 minutes on 972 columns are 44 or 45 a column; one of them at 90 among fives makes a column from 5 to 90.
 */
import { short } from './svg.ts'

/** As read by a picture: typed or plain; NaN is a gap. */
export type Bins = ArrayLike<number>

/** Per column; NaN where nothing is known in all of it. */
export interface Columns {
  readonly length: number
  /** Bins a column begins at, and one more for the end of the last. */
  readonly starts: Uint32Array
  readonly low: Float64Array
  readonly high: Float64Array
  readonly mean: Float64Array
}

/** The bins from `first` to before `end` on at most `wanted` columns. */
export function columnsOf(bins: Bins, first: number, end: number, wanted: number): Columns {
  const span = Math.max(0, end - first)
  const length = Math.min(span, Math.max(1, Math.floor(wanted)))
  const starts = new Uint32Array(length + 1)
  const low = new Float64Array(length)
  const high = new Float64Array(length)
  const mean = new Float64Array(length)
  for (let column = 0; column <= length; column++) {
    starts[column] = first + Math.floor((column * span) / Math.max(1, length))
  }
  for (let column = 0; column < length; column++) {
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    let sum = 0
    let count = 0
    const stop = starts[column + 1] ?? end
    for (let bin = starts[column] ?? first; bin < stop; bin++) {
      const value = bins[bin] ?? Number.NaN
      if (value < least) least = value
      if (value > most) most = value
      if (Number.isNaN(value)) continue
      sum += value
      count += 1
    }
    mean[column] = count === 0 ? Number.NaN : sum / count
    low[column] = most < least ? Number.NaN : least
    high[column] = most < least ? Number.NaN : most
  }
  return { length, starts, low, high, mean }
}

/** From a bin's number, which may be broken, and from a value to where they are drawn. */
export interface Scale {
  x(bin: number): number
  y(value: number): number
}

/** A step line; where a column holds several values, a stroke over all of them. Gaps lift the pen. */
export function columnLine({ length, starts, low, high }: Columns, { x, y }: Scale): string {
  let path = ''
  /** The end of the line so far; NaN where the pen is up. */
  let at = Number.NaN
  let edge = ''
  for (let column = 0; column < length; column++) {
    const least = low[column] ?? Number.NaN
    const most = high[column] ?? Number.NaN
    if (Number.isNaN(least)) {
      path += edge
      edge = ''
      at = Number.NaN
      continue
    }
    // The nearer end first, so that the pen goes back as little as it can.
    const near = Math.abs(at - least) <= Math.abs(at - most) ? least : most
    const far = near === least ? most : least
    if (Number.isNaN(at)) path += `M${tenth(x(starts[column] ?? 0))} ${tenth(y(near))}`
    else if (at !== near || far !== near) path += `${edge}${at === near ? '' : `V${tenth(y(near))}`}`
    if (far !== near) path += `V${tenth(y(far))}`
    edge = `H${tenth(x(starts[column + 1] ?? 0))}`
    at = far
  }
  return path + edge
}

/** The averages alone: the calm line through what a column's stroke would hide. */
export function meanLine(columns: Columns, scale: Scale): string {
  return columnLine({ ...columns, low: columns.mean, high: columns.mean }, scale)
}

/** An upright stroke in the middle of each column, from its lowest to its highest, where they differ; as wide as a column. */
export function columnSpread({ length, starts, low, high }: Columns, { x, y }: Scale): string {
  let path = ''
  for (let column = 0; column < length; column++) {
    const least = low[column] ?? Number.NaN
    const most = high[column] ?? Number.NaN
    if (!(most > least)) continue
    const middle = ((starts[column] ?? 0) + (starts[column + 1] ?? 0)) / 2
    path += `M${tenth(x(middle))} ${tenth(y(least))}V${tenth(y(most))}`
  }
  return path
}

/** From `base` up to the highest (or lowest, or average) of each column. */
export function columnArea(
  columns: Columns,
  edge: 'low' | 'high' | 'mean',
  base: number,
  { x, y }: Scale,
): string {
  const tops = columns[edge]
  let path = ''
  let before = Number.NaN
  let right = ''
  for (let column = 0; column < columns.length; column++) {
    const top = tops[column] ?? Number.NaN
    if (top !== before && !(Number.isNaN(top) && Number.isNaN(before))) {
      path += right
      if (Number.isNaN(before)) path += `M${tenth(x(columns.starts[column] ?? 0))} ${tenth(y(base))}`
      path += Number.isNaN(top) ? `V${tenth(y(base))}Z` : `V${tenth(y(top))}`
    }
    right = Number.isNaN(top) ? '' : `H${tenth(x(columns.starts[column + 1] ?? 0))}`
    before = top
  }
  return right === '' ? path : `${path}${right}V${tenth(y(base))}Z`
}

/**
 * How many of these fall on each of so many columns from `from` to before `to`, as a share of the most on one: where there is
 * one or none, each is a full stroke.
 */
export function densityOf(
  places: readonly number[],
  from: number,
  to: number,
  columns: number,
): Float64Array {
  const counts = new Float64Array(Math.max(1, Math.floor(columns)))
  for (const place of places) {
    const column = Math.floor(((place - from) / (to - from)) * counts.length)
    if (column >= 0 && column < counts.length) counts[column] = (counts[column] ?? 0) + 1
  }
  const most = largestOf(counts)
  return most === 0 ? counts : counts.map(count => count / most)
}

/** A tenth of a pixel is enough where there are thousands of points. */
function tenth(value: number): string {
  return short(Math.round(value * 10) / 10)
}

/** In each column the bin that was short of most, a bar from what was ready up to what was needed. */
export function shortfallBars(
  needed: Bins,
  ready: Bins,
  { length, starts }: Pick<Columns, 'length' | 'starts'>,
  { x, y }: Scale,
): string {
  let path = ''
  for (let column = 0; column < length; column++) {
    const first = starts[column] ?? 0
    const end = starts[column + 1] ?? first
    let worst = first
    for (let bin = first; bin < end; bin++) {
      if (shortBy(needed, ready, bin) > shortBy(needed, ready, worst)) worst = bin
    }
    if (shortBy(needed, ready, worst) < LEAST_SHORT) continue
    const left = tenth(x(first))
    path += `M${left} ${tenth(y(ready[worst] ?? 0))}H${tenth(x(end))}V${tenth(y(needed[worst] ?? 0))}H${left}Z`
  }
  return path
}

/** A tenth of an instance for a part of a bin is one that was ready a moment into it. */
const LEAST_SHORT = 0.05

function shortBy(needed: Bins, ready: Bins, bin: number): number {
  const by = (needed[bin] ?? 0) - (ready[bin] ?? 0)
  return Number.isNaN(by) ? 0 : by
}

/** What was turned away of each bin's load: 0.04 is 4 %. Where there was no load, all of it. */
export function sharesOf(amounts: readonly Bins[], load: Bins, length: number): Float64Array {
  return Float64Array.from({ length }, (_, bin) => {
    const amount = amounts.reduce((sum, bins) => sum + (bins[bin] ?? 0), 0)
    if (!(amount > 0)) return 0
    const of = load[bin] ?? 0
    return of > 0 ? amount / of : 1
  })
}

/** The largest that is known; 0 where nothing is. What is as high as numbers go is no number but "without limit". */
export function largestOf(bins: Bins, first = 0, end = bins.length): number {
  let most = 0
  for (let bin = first; bin < end; bin++) {
    const value = bins[bin] ?? 0
    if (value > most && value < Number.MAX_SAFE_INTEGER) most = value
  }
  return most
}

export function sumOf(bins: Bins): number {
  let sum = 0
  for (let bin = 0; bin < bins.length; bin++) {
    const value = bins[bin] ?? 0
    if (!Number.isNaN(value)) sum += value
  }
  return sum
}
