/**
 * How far apart the rows of a record are, and where the bins of its grid begin. The step is the middle one of the distances between rows
 * that follow each other, because gaps, duplicates and a stray row leave the middle as it is.
 *
 * Example: rows at :00, :15, :30, :45 and, after a gap, :30 have the step 15 s and begin at :00. Rows at 0.1, 14.8, 30.2, 45.1 s have it
 * too, but lie beside the grid: each goes to the bin nearest to it.
 */
import type { EpochMs } from '../../model/time.ts'

export interface GridShape {
  readonly stepMs: number
  /** Some bin begins here. */
  readonly originAt: EpochMs
  /** `nearest`: rows scatter around the beginnings of bins. `floor`: a row belongs to the bin it lies in. */
  readonly placing: 'floor' | 'nearest'
  /** All rows looked at lie on beginnings of bins. */
  readonly even: boolean
}

export const FALLBACK_STEP_MS = 60_000

/** Steps people choose, in ms. */
const USUAL = [
  1, 10, 50, 100, 200, 250, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 20e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3,
  1200e3, 1800e3, 3600e3, 7200e3, 10_800e3, 14_400e3, 21_600e3, 43_200e3, 86_400e3, 604_800e3,
]
/** An uneven step this near a usual one is meant to be it. */
const NEAR = 0.04
/** Rows scatter so little around a point of their step that it is a grid with jitter. 1: not at all. */
const CONCENTRATED = 0.9

/**
 * The step of sorted times, `null` where no two differ. `sampled`: they are a sample of unsorted ones, so that distances between them
 * are sums of several steps; then it is the largest that divides them all.
 */
export function stepOf(sorted: Float64Array, sampled = false): number | null {
  const all = new Float64Array(sorted.length)
  let count = 0
  let divisor = 0
  for (let row = 1; row < sorted.length; row++) {
    const distance = (sorted[row] ?? 0) - (sorted[row - 1] ?? 0)
    if (distance <= 0) continue
    all[count++] = distance
    divisor = greatestDivisor(distance, divisor)
  }
  if (count === 0) return null
  const distances = all.subarray(0, count)
  const middle = middleOf(distances)
  if (sampled && divisor >= 1000) return divisor
  if (distances.every(distance => distance % middle === 0)) return middle
  // Rows that scatter widely are as far apart as they are on average; else the next length people use has some in every bin.
  const average = distances.reduce((sum, distance) => sum + distance, 0) / count
  return usualNear(middle) ?? usualNear(average) ?? usualStepAbove(middle)
}

/** `isCoarse`: several rows are meant to share a bin, so that they do not scatter around its beginning. */
export function shapeOf(sorted: Float64Array, stepMs: number, isCoarse = false): GridShape {
  const first = sorted[0] ?? 0
  if (sorted.every(at => (at - first) % stepMs === 0)) {
    return { stepMs, originAt: first, placing: 'floor', even: true }
  }
  const phase = isCoarse ? null : phaseOf(sorted, stepMs)
  const aligned = Math.floor(first / stepMs) * stepMs
  if (phase === null) return { stepMs, originAt: aligned, placing: 'floor', even: false }
  return { stepMs, originAt: aligned + phase, placing: 'nearest', even: false }
}

/** Where in the step rows scatter around; `null` where they are all over it. */
function phaseOf(times: Float64Array, stepMs: number): number | null {
  let [cosines, sines] = [0, 0]
  for (const at of times) {
    const angle = (2 * Math.PI * (at % stepMs)) / stepMs
    cosines += Math.cos(angle)
    sines += Math.sin(angle)
  }
  if (Math.hypot(cosines, sines) / times.length < CONCENTRATED) return null
  const phase = (Math.atan2(sines, cosines) / (2 * Math.PI)) * stepMs
  // Near the round minute it is the round minute that was meant.
  if (Math.abs(phase) < stepMs / 10) return 0
  const grain = stepMs >= 10_000 ? 1000 : 1
  return Math.round((phase < 0 ? phase + stepMs : phase) / grain) * grain
}

function usualNear(ms: number): number | null {
  return USUAL.find(step => Math.abs(step - ms) <= NEAR * step) ?? null
}

/** The next usual step that is at least this long. */
export function usualStepAbove(ms: number): number {
  return USUAL.find(step => step >= ms) ?? Math.ceil(ms / 604_800e3) * 604_800e3
}

function middleOf(values: Float64Array): number {
  return values.sort()[(values.length - 1) >> 1] ?? 0
}

function greatestDivisor(one: number, other: number): number {
  let [a, b] = [one, other]
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
