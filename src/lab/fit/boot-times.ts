/**
 * How long instances take from their order until they are ready, as a distribution. Those that were not ready when the record ended
 * took at least until then: they count as that (Kaplan and Meier), and are not forgotten, which would make boots look shorter.
 *
 * Example: 20 s, 30 s, 40 s, and one that had not come after 35 s: half are ready within 30 s, and nine of ten within 40 s.
 */
import type { Random } from '../../ports/clock.ts'
import type { BootTime } from '../service-model.ts'
import { drawing, type Estimate, estimateOf } from './estimate.ts'

export interface Boot {
  /** Until it was ready; until the end of the record where it was not. */
  readonly ms: number
  readonly ready: boolean
}

export interface BootFit {
  /** How many became ready, and how many were still awaited. */
  readonly ready: number
  readonly awaited: number
  /** Milliseconds by share of the instances that are ready by then; NaN where so many never were. */
  readonly quantiles: readonly { readonly share: number; readonly ms: Estimate }[]
  /** For the service model. */
  readonly boot: BootTime
  /** Times are known no better than this. */
  readonly resolutionMs: number
  readonly warnings: readonly BootWarning[]
}

export type BootWarning =
  | { readonly kind: 'few'; readonly boots: number }
  /** Bins are long against the times. */
  | { readonly kind: 'coarse'; readonly resolutionMs: number }
  | { readonly kind: 'awaited'; readonly share: number }

export const SHARES = [0.5, 0.9, 0.95, 0.99] as const
const FEW = 20
const MANY_AWAITED = 0.1
const DRAWINGS = 400
const POINTS = [0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
/** Boots that differ less than this are one constant. */
const ALIKE = 0.02

/** `null` where none became ready. */
export function fitBoots(boots: readonly Boot[], resolutionMs: number, random: Random): BootFit | null {
  const ready = boots.filter(boot => boot.ready).length
  if (ready === 0) return null
  const curve = readyBy(boots)
  const drawn = Array.from({ length: DRAWINGS }, () =>
    readyBy([...drawing(boots.length, 1, random)].flatMap(place => boots[place] ?? [])),
  )
  const quantiles = SHARES.map(share => ({
    share,
    ms: estimateOf(
      timeOf(curve, share),
      drawn.map(one => timeOf(one, share)),
    ),
  }))
  const warnings: BootWarning[] = []
  const typical = timeOf(curve, 0.5)
  if (ready < FEW) warnings.push({ kind: 'few', boots: ready })
  if (resolutionMs > typical / 2) warnings.push({ kind: 'coarse', resolutionMs })
  const awaited = boots.length - ready
  if (awaited > MANY_AWAITED * boots.length) warnings.push({ kind: 'awaited', share: awaited / boots.length })
  return { ready, awaited, quantiles, boot: bootTime(curve), resolutionMs, warnings }
}

interface Curve {
  readonly ms: readonly number[]
  /** Of the instances, ready by then. */
  readonly shares: readonly number[]
}

function readyBy(boots: readonly Boot[]): Curve {
  // At the same time the ready ones come first: who is awaited was still there.
  const sorted = [...boots].sort((a, b) => a.ms - b.ms || Number(b.ready) - Number(a.ready))
  const ms: number[] = []
  const shares: number[] = []
  let left = 1
  sorted.forEach((boot, index) => {
    if (!boot.ready) return
    left *= 1 - 1 / (sorted.length - index)
    if (ms.at(-1) === boot.ms) shares[shares.length - 1] = 1 - left
    else {
      ms.push(boot.ms)
      shares.push(1 - left)
    }
  })
  return { ms, shares }
}

function timeOf({ ms, shares }: Curve, share: number): number {
  const place = shares.findIndex(reached => reached >= share - 1e-9)
  return ms[place] ?? Number.NaN
}

function bootTime(curve: Curve): BootTime {
  const longest = curve.ms.at(-1) ?? 0
  const points = POINTS.map(share => {
    const at = timeOf(curve, share)
    // Who is awaited to the end took at least as long as the slowest.
    return Number.isNaN(at) ? longest : at
  })
  const [shortest = 0] = points
  if (longest - shortest <= ALIKE * longest) return { kind: 'constant', ms: timeOf(curve, 0.5) || longest }
  return { kind: 'distribution', shares: POINTS, ms: points }
}

/**
 * From columns: what was wanted, and what was ready. Each step up of the first is an order; each step up of the second is the oldest
 * order come true; a step down of the first takes the newest order back.
 */
export function bootsFromSteps(desired: Float64Array, ready: Float64Array, stepMs: number): Boot[] {
  const boots: Boot[] = []
  let waiting: number[] = []
  let [wanted, had] = [Number.NaN, Number.NaN]
  desired.forEach((value, bin) => {
    const now = ready[bin] ?? Number.NaN
    if (Number.isNaN(value) || Number.isNaN(now)) {
      // Nobody knows what happened in a gap.
      waiting = []
      ;[wanted, had] = [Number.NaN, Number.NaN]
      return
    }
    const [more, came] = [Math.round(value) - wanted, Math.round(now) - had]
    for (let one = 0; one < more; one++) waiting.push(bin)
    for (let one = 0; one < came; one++) {
      const ordered = waiting.shift()
      if (ordered !== undefined) boots.push({ ms: (bin - ordered) * stepMs, ready: true })
    }
    for (let one = 0; one > more; one--) waiting.pop()
    ;[wanted, had] = [Math.round(value), Math.round(now)]
  })
  for (const ordered of waiting) boots.push({ ms: (desired.length - ordered) * stepMs, ready: false })
  return boots
}
