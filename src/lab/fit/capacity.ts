/**
 * How much load one instance can serve, from what was measured: the line of utilization over load per instance, drawn so that a few
 * wrong points do not move it, up to 100 %. What lies at the ceiling says nothing of how much was wanted, and is left aside.
 *
 * Example: 24 % at 20 requests/s per instance, 64 % at 60, 98 % and more from 100 on: idle is 4 %, each request/s takes 1 %, one instance
 * serves 96 requests/s, and 76 at a target of 80 %.
 */
import type { Random } from '../../ports/clock.ts'
import { drawing, type Estimate, estimateOf, memoryOf, quantile } from './estimate.ts'
import { explained, type Line, type LineFit, type Points, refine, robustLine } from './line.ts'

export interface CapacityData {
  /** One value each per bin; NaN is a gap. */
  readonly load: Float64Array
  readonly instances: Float64Array
  readonly utilization: Float64Array
  /** What utilization is when an instance is full: 100, or 1. */
  readonly ceiling: number
}

export interface CapacityFit {
  /** Load per instance at the ceiling. */
  readonly perInstance: Estimate
  /** Load per instance at a share of the ceiling. */
  readonly atTarget: { readonly share: number; readonly load: Estimate }
  /** Utilization without load, as a share of the ceiling. */
  readonly idleShare: Estimate
  /** Of the differences in utilization, as a share; NaN where it never differs. */
  readonly explained: number
  readonly bins: {
    readonly used: number
    readonly gaps: number
    /** At the ceiling: left aside. */
    readonly saturated: number
    /** Among the used: so far from the line that they do not count. */
    readonly outliers: number
  }
  /** Shares of the ceiling between which 98 % of the used bins lie. */
  readonly seen: { readonly low: number; readonly high: number }
  readonly warnings: readonly CapacityWarning[]
}

export type CapacityWarning =
  | { readonly kind: 'few'; readonly bins: number }
  /** Nothing was seen above this share of the ceiling: beyond it the line is a guess. */
  | { readonly kind: 'extrapolated'; readonly above: number }
  /** Load per instance hardly differs, so the line is drawn through zero. */
  | { readonly kind: 'narrow'; readonly from: number; readonly to: number }
  | { readonly kind: 'saturated'; readonly share: number }
  | { readonly kind: 'loose'; readonly explained: number }
  | { readonly kind: 'outliers'; readonly share: number }
  /** The upper half of what was seen has another slope: full comes sooner (above 1) or later than the line says. */
  | { readonly kind: 'bent'; readonly steeper: number }
  | { readonly kind: 'downhill' }

export interface CapacityOptions {
  /** Share of the ceiling one wants to run at. */
  readonly targetShare: number
  readonly random: Random
  readonly drawings?: number
}

export const FEWEST_BINS = 10
const FEW_BINS = 100
const MOST_POINTS = 20_000
const DRAWINGS = 400
/** Measured this near the ceiling it may have been more. */
const SATURATED = 0.95
const NARROW = 0.3
const EXTRAPOLATED_BELOW = 0.7
const LOOSE_BELOW = 0.5
const MANY_OUTLIERS = 0.1
const MANY_SATURATED = 0.05
const BENT = 1.25

/** `null` where fewer than `FEWEST_BINS` bins say anything, or no two of them differ. */
export function fitCapacity(data: CapacityData, options: CapacityOptions): CapacityFit | null {
  const { points, gaps } = pointsOf(data)
  const { ceiling } = data
  const clear = keep(points, (_, y) => y < SATURATED * ceiling)
  if (clear.x.length < FEWEST_BINS) return null
  const range = spread(clear.x)
  const throughZero = range.width < NARROW
  const first = robustLine(thinned(clear, options.random), options.random, throughZero)
  if (!(first.slope > 0)) return downhill(clear, first, gaps, points.x.length - clear.x.length, ceiling)
  // By the line rather than by what was measured: else of the points near the ceiling only the low ones would stay.
  const fullAt = (SATURATED * ceiling - first.intercept) / first.slope
  const below = keep(points, x => x < fullAt)
  const used = thinned(below.x.length < FEWEST_BINS ? clear : below, options.random)
  const fit = refine(used, first, null, throughZero)
  if (!(fit.slope > 0)) return downhill(used, fit, gaps, points.x.length - below.x.length, ceiling)
  const lines = redrawn(used, fit, throughZero, options)
  const saturated = points.x.filter(
    (x, place) => x >= fullAt && (points.y[place] ?? 0) >= 0.8 * ceiling,
  ).length
  const bins = {
    used: used.x.length,
    gaps,
    saturated,
    outliers: fit.weights.filter(weight => weight === 0).length,
  }
  const sorted = used.y.slice().sort()
  const seen = { low: quantile(sorted, 0.01) / ceiling, high: quantile(sorted, 0.99) / ceiling }
  const share = options.targetShare
  const loadAt =
    (full: number) =>
    ({ intercept, slope }: Line) =>
      (full * ceiling - intercept) / slope
  const estimate = (of: (line: Line) => number) => estimateOf(of(fit), lines.map(of))
  const r2 = explained(used, fit)
  return {
    perInstance: estimate(loadAt(1)),
    atTarget: { share, load: estimate(loadAt(share)) },
    idleShare: estimate(({ intercept }) => intercept / ceiling),
    explained: r2,
    bins,
    seen,
    warnings: warningsOf({ bins, seen, explained: r2, throughZero, range, used, fit, all: points.x.length }),
  }
}

/** In order of time. */
function pointsOf({ load, instances, utilization }: CapacityData): { points: Points; gaps: number } {
  const x: number[] = []
  const y: number[] = []
  for (let bin = 0; bin < load.length; bin++) {
    const per = (load[bin] ?? Number.NaN) / (instances[bin] ?? Number.NaN)
    const value = utilization[bin] ?? Number.NaN
    // Without instances there is nobody to be utilized.
    if (!Number.isFinite(per) || !Number.isFinite(value) || per < 0 || value < 0) continue
    x.push(per)
    y.push(value)
  }
  return { points: { x: Float64Array.from(x), y: Float64Array.from(y) }, gaps: load.length - x.length }
}

function keep({ x, y }: Points, holds: (x: number, y: number) => boolean): Points {
  const kept = [...x.keys()].filter(place => holds(x[place] ?? 0, y[place] ?? 0))
  return chosen({ x, y }, Uint32Array.from(kept))
}

function chosen({ x, y }: Points, places: Uint32Array): Points {
  return {
    x: Float64Array.from(places, place => x[place] ?? 0),
    y: Float64Array.from(places, place => y[place] ?? 0),
  }
}

/** Evenly over time, where there are more than are needed; in order, since neighbours are alike. */
function thinned(points: Points, random: Random): Points {
  const count = points.x.length
  if (count <= MOST_POINTS) return points
  const stride = count / MOST_POINTS
  return chosen(
    points,
    Uint32Array.from({ length: MOST_POINTS }, (_, place) => Math.floor((place + random.next()) * stride)),
  )
}

interface Spread {
  readonly from: number
  readonly to: number
  /** In halves of the middle. */
  readonly width: number
}

function spread(x: Float64Array): Spread {
  const sorted = x.slice().sort()
  const [from, to, middle] = [quantile(sorted, 0.05), quantile(sorted, 0.95), quantile(sorted, 0.5)]
  return { from, to, width: middle > 0 ? (to - from) / middle : Infinity }
}

function redrawn(points: Points, fit: LineFit, throughZero: boolean, options: CapacityOptions): Line[] {
  const residuals = points.y.map((value, place) => value - fit.intercept - fit.slope * (points.x[place] ?? 0))
  // An outlier must not hide how long the others remember.
  const block = memoryOf(residuals.map(value => Math.max(-3 * fit.scale, Math.min(3 * fit.scale, value))))
  // Enough for an interval, and no more than about twenty million steps.
  const drawings = Math.max(100, Math.min(options.drawings ?? DRAWINGS, Math.ceil(2e6 / points.x.length)))
  return Array.from({ length: drawings }, () => {
    const drawn = chosen(points, drawing(points.x.length, block, options.random))
    const { intercept, slope } = refine(drawn, fit, fit.scale, throughZero)
    return slope > 0 ? { intercept, slope } : { intercept: Number.NaN, slope: Number.NaN }
  })
}

interface Judged {
  readonly bins: CapacityFit['bins']
  readonly seen: CapacityFit['seen']
  readonly explained: number
  readonly throughZero: boolean
  readonly range: Spread
  readonly used: Points
  readonly fit: LineFit
  readonly all: number
}

function warningsOf({
  bins,
  seen,
  explained,
  throughZero,
  range,
  used,
  fit,
  all,
}: Judged): CapacityWarning[] {
  const warnings: CapacityWarning[] = []
  if (bins.used < FEW_BINS) warnings.push({ kind: 'few', bins: bins.used })
  if (throughZero) warnings.push({ kind: 'narrow', from: range.from, to: range.to })
  if (seen.high < EXTRAPOLATED_BELOW) warnings.push({ kind: 'extrapolated', above: seen.high })
  if (bins.saturated > MANY_SATURATED * all) warnings.push({ kind: 'saturated', share: bins.saturated / all })
  if (!throughZero && explained < LOOSE_BELOW) warnings.push({ kind: 'loose', explained })
  if (bins.outliers > MANY_OUTLIERS * bins.used) {
    warnings.push({ kind: 'outliers', share: bins.outliers / bins.used })
  }
  const steeper = throughZero ? 1 : steeperAbove(used, fit)
  if (steeper > BENT || steeper < 1 / BENT) warnings.push({ kind: 'bent', steeper })
  return warnings
}

/** Slope of the upper half of what was seen over that of the lower; 1 where either cannot be told. */
function steeperAbove(points: Points, fit: LineFit): number {
  const counted = chosen(
    points,
    Uint32Array.from([...fit.weights.keys()].filter(place => (fit.weights[place] ?? 0) > 0)),
  )
  const sorted = counted.x.slice().sort()
  const middle = (quantile(sorted, 0.02) + quantile(sorted, 0.98)) / 2
  const halves = [keep(counted, x => x < middle), keep(counted, x => x >= middle)].map(half => {
    if (half.x.length < FEW_BINS / 2) return null
    const line = refine(half, fit, null, false)
    // A cloud without a direction has no slope to compare.
    return explained(half, line) > 0.3 ? line.slope : null
  })
  const [lower, upper] = halves
  return lower === null || upper === null || lower === undefined || upper === undefined || lower <= 0
    ? 1
    : upper / lower
}

/** More load and no more utilization: there is no capacity to be read from that. */
function downhill(
  points: Points,
  fit: LineFit,
  gaps: number,
  saturated: number,
  ceiling: number,
): CapacityFit {
  const none = { value: Number.NaN, low: Number.NaN, high: Number.NaN }
  const sorted = points.y.slice().sort()
  return {
    perInstance: none,
    atTarget: { share: Number.NaN, load: none },
    idleShare: none,
    explained: explained(points, fit),
    bins: { used: points.x.length, gaps, saturated, outliers: 0 },
    seen: { low: quantile(sorted, 0.01) / ceiling, high: quantile(sorted, 0.99) / ceiling },
    warnings: [{ kind: 'downhill' }],
  }
}
