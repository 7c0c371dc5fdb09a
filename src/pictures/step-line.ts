/**
 * Runs as SVG paths: the stepped line, and the area between it and another.
 *
 * Example: two adjacent runs at 5 and 6 become `M0 50H100V40H200`; a hole between them lifts the pen.
 */
import type { Frame } from './frame.ts'
import type { Run } from './runs.ts'
import { short } from './svg.ts'

/** The path of a step line. Runs that do not touch are not joined. */
export function stepPath(runs: readonly Run[], frame: Frame): string {
  let path = ''
  let before: Run | null = null
  for (const run of runs) {
    const y = short(frame.y(run.value))
    path += before !== null && before.to >= run.from ? `V${y}` : `M${short(frame.x(run.from))} ${y}`
    path += `H${short(frame.x(run.to))}`
    before = run
  }
  return path
}

/** A region per value: from a lower to an upper count while it lasts. */
export interface Slab {
  readonly from: number
  readonly to: number
  readonly lower: number
  readonly upper: number
}

/** The path of an area made of slabs; each is closed by itself, so holes stay holes. */
export function areaPath(slabs: readonly Slab[], frame: Frame): string {
  let path = ''
  for (const slab of slabs) {
    if (slab.upper <= slab.lower) continue
    const left = short(frame.x(slab.from))
    path += `M${left} ${short(frame.y(slab.upper))}H${short(frame.x(slab.to))}V${short(frame.y(slab.lower))}H${left}Z`
  }
  return path
}

/** Where both lines are known, the slab between them. Both sorted by time. */
export function slabsBetween(lower: readonly Run[], upper: readonly Run[]): readonly Slab[] {
  const slabs: Slab[] = []
  let index = 0
  for (const run of upper) {
    while ((lower[index]?.to ?? Number.POSITIVE_INFINITY) <= run.from) index++
    for (let at = index; ; at++) {
      const under = lower[at]
      if (under === undefined || under.from >= run.to) break
      slabs.push({
        from: Math.max(run.from, under.from),
        to: Math.min(run.to, under.to),
        lower: under.value,
        upper: run.value,
      })
    }
  }
  return slabs
}
