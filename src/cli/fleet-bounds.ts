/**
 * The bounds of a fleet over time, by the engine's own rule, cut where a window begins or ends.
 *
 * Example: "capacity" 2..5 and "Peak" 4..6 from 08:00 to 10:00: a day is three stretches, 2..5, 4..6, 2..5.
 */
import { boundsAt } from '../engine/bounds.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { BoundsStretch } from '../pictures/schedule.ts'
import type { Calendar } from '../ports/calendar.ts'

/** Half-open stretches that cover `range` without holes, sorted, equal neighbours joined. */
export function boundsOver(
  spec: Spec,
  fleet: FleetSpec,
  range: Interval,
  calendar: Calendar,
): readonly BoundsStretch[] {
  const windows = windowsBySchedule(spec, fleet, range, calendar)
  const stretches: BoundsStretch[] = []
  const cuts = cutsOf(windows.values(), range)
  // The windows are sorted too, so one place per schedule moves along with the cuts.
  const places = new Map([...windows.keys()].map(name => [name, 0]))
  cuts.forEach((from, index) => {
    const to = cuts[index + 1] ?? range.to
    const inForce: Record<string, Interval | null> = {}
    for (const [name, list] of windows) {
      let place = places.get(name) ?? 0
      while ((list[place]?.to ?? Number.POSITIVE_INFINITY) <= from) place++
      places.set(name, place)
      inForce[name] = list[place] ?? null
    }
    const { lowest, highest, default: usual, constraint } = boundsAt(fleet, from, inForce)
    append(stretches, { from, to, lowest, highest, default: usual, constraint })
  })
  return stretches
}

function windowsBySchedule(
  spec: Spec,
  fleet: FleetSpec,
  range: Interval,
  calendar: Calendar,
): ReadonlyMap<string, readonly Interval[]> {
  const windows = new Map<string, readonly Interval[]>()
  for (const { schedule, enabled } of fleet.constraints) {
    const known = schedule === null || !enabled ? undefined : spec.schedules[schedule]
    if (schedule !== null && known !== undefined) windows.set(schedule, calendar.windows(known, range))
  }
  return windows
}

function cutsOf(windows: Iterable<readonly Interval[]>, range: Interval): readonly EpochMs[] {
  const cuts = new Set([range.from])
  for (const list of windows) {
    for (const { from, to } of list) {
      if (from > range.from && from < range.to) cuts.add(from)
      if (to > range.from && to < range.to) cuts.add(to)
    }
  }
  return [...cuts].sort((a, b) => a - b)
}

function append(stretches: BoundsStretch[], next: BoundsStretch): void {
  const last = stretches.at(-1)
  const isSame =
    last !== undefined &&
    last.lowest === next.lowest &&
    last.highest === next.highest &&
    last.default === next.default &&
    last.constraint === next.constraint
  if (isSame) stretches[stretches.length - 1] = { ...last, to: next.to }
  else stretches.push(next)
}
