/**
 * A straight line through points of which some are wrong. It begins with the median of the slopes between pairs (Theil, Sen), which up
 * to 29 % of wrong points do not move far, and is then drawn by least squares in which a point counts the less the further it lies from
 * the line, and not at all beyond 4.685 of the usual distance (Tukey's biweight).
 *
 * Example: (1, 12), (2, 22), (3, 32), (4, 90): the line is 2 + 10 x, and the last point does not count.
 */
import type { Random } from '../../ports/clock.ts'
import { median } from './estimate.ts'

export interface Points {
  readonly x: Float64Array
  readonly y: Float64Array
}

export interface Line {
  readonly intercept: number
  readonly slope: number
}

export interface LineFit extends Line {
  /** The usual distance of a point from the line, in y. */
  readonly scale: number
  /** By point: 1 counts fully, 0 not at all. */
  readonly weights: Float64Array
}

const PAIRED = 300
const MOST_PAIRS = 60_000
const FAR = 4.685
/** From the median of distances to a standard deviation, where they are normal. */
const NORMAL = 1.4826
const MOST_ROUNDS = 50

/** `throughZero` draws it through the origin. Needs two points of different x; NaN else. */
export function robustLine(points: Points, random: Random, throughZero = false): LineFit {
  return refine(points, roughLine(points, random, throughZero), null, throughZero)
}

/** By pairs of points, all of few, some of many. */
export function roughLine({ x, y }: Points, random: Random, throughZero: boolean): Line {
  const count = x.length
  if (throughZero) {
    const slopes: number[] = []
    for (let place = 0; place < count; place++)
      if ((x[place] ?? 0) > 0) slopes.push((y[place] ?? 0) / (x[place] ?? 1))
    return { intercept: 0, slope: median(slopes) }
  }
  const slopes: number[] = []
  const pair = (one: number, other: number) => {
    const apart = (x[other] ?? 0) - (x[one] ?? 0)
    if (apart !== 0) slopes.push(((y[other] ?? 0) - (y[one] ?? 0)) / apart)
  }
  if (count <= PAIRED) {
    for (let one = 0; one < count; one++) for (let other = one + 1; other < count; other++) pair(one, other)
  } else {
    for (let drawn = 0; drawn < MOST_PAIRS; drawn++) {
      pair(Math.floor(random.next() * count), Math.floor(random.next() * count))
    }
  }
  const slope = median(slopes)
  return { slope, intercept: median(y.map((value, place) => value - slope * (x[place] ?? 0))) }
}

/** Weighs and draws in turn until the line stands still. `scale`: the usual distance where it is known already. */
export function refine(points: Points, start: Line, scale: number | null, throughZero: boolean): LineFit {
  const { x, y } = points
  const usual = scale ?? usualDistance(points, start)
  const weights = new Float64Array(x.length).fill(1)
  let line = start
  for (let round = 0; round < MOST_ROUNDS; round++) {
    weigh(points, line, usual, weights)
    const next = weighted(x, y, weights, throughZero)
    if (!Number.isFinite(next.slope)) break
    const moved = Math.abs(next.slope - line.slope) / Math.max(1e-300, Math.abs(next.slope))
    const lifted = Math.abs(next.intercept - line.intercept)
    line = next
    if (moved < 1e-9 && lifted <= 1e-9 * (usual + Math.abs(line.intercept))) break
  }
  return { ...line, scale: usual, weights }
}

function usualDistance({ x, y }: Points, { intercept, slope }: Line): number {
  const away = y.map((value, place) => Math.abs(value - intercept - slope * (x[place] ?? 0)))
  return NORMAL * median(away)
}

/** Where most points lie exactly on the line, those that do not are wrong. */
function weigh({ x, y }: Points, { intercept, slope }: Line, usual: number, weights: Float64Array): void {
  const far = FAR * usual + 1e-9 * (Math.abs(intercept) + Math.abs(slope))
  for (let place = 0; place < weights.length; place++) {
    const away = ((y[place] ?? 0) - intercept - slope * (x[place] ?? 0)) / far
    weights[place] = Math.abs(away) >= 1 ? 0 : (1 - away * away) ** 2
  }
}

function weighted(x: Float64Array, y: Float64Array, weights: Float64Array, throughZero: boolean): Line {
  let [total, meanX, meanY] = [0, 0, 0]
  for (let place = 0; place < x.length; place++) {
    const weight = weights[place] ?? 0
    total += weight
    meanX += weight * (x[place] ?? 0)
    meanY += weight * (y[place] ?? 0)
  }
  ;[meanX, meanY] = throughZero ? [0, 0] : [meanX / total, meanY / total]
  let [across, along] = [0, 0]
  for (let place = 0; place < x.length; place++) {
    const weight = weights[place] ?? 0
    const beside = (x[place] ?? 0) - meanX
    across += weight * beside * beside
    along += weight * beside * ((y[place] ?? 0) - meanY)
  }
  const slope = across > 0 ? along / across : Number.NaN
  return { slope, intercept: throughZero ? 0 : meanY - slope * meanX }
}

/** How much of the differences in y the line explains, of the points that count. */
export function explained({ x, y }: Points, { intercept, slope, weights }: LineFit): number {
  let [total, mean] = [0, 0]
  weights.forEach((weight, place) => {
    total += weight
    mean += weight * (y[place] ?? 0)
  })
  mean /= total
  let [left, all] = [0, 0]
  weights.forEach((weight, place) => {
    const value = y[place] ?? 0
    left += weight * (value - intercept - slope * (x[place] ?? 0)) ** 2
    all += weight * (value - mean) ** 2
  })
  return all > 0 ? 1 - left / all : Number.NaN
}
