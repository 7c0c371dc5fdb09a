/**
 * Where two courses over the same record go different ways: from when to when they wanted another number, and what each said at the
 * moment they parted.
 *
 * Example: the old rules stay at 4 from 09:12 to 09:31 while the new ones go to 6: one parting of 19 minutes.
 */
import type { EpochMs } from '../model/time.ts'
import type { Course, CourseDecision } from './course.ts'

export interface Parting {
  readonly from: EpochMs
  /** The bin from which both want the same again, or the end of the record. */
  readonly to: EpochMs
  /** What each wanted when they parted. */
  readonly before: number
  readonly after: number
  /** The largest difference while it lasted: `after` less `before`, of that bin. */
  readonly widest: number
  /** Why each wanted that: the last change it made until then; `null` where it made none. */
  readonly beforeSaid: CourseDecision | null
  readonly afterSaid: CourseDecision | null
}

export interface Partings {
  /** The longest of them times their width, oldest first; at most as many as asked for. */
  readonly listed: readonly Parting[]
  readonly count: number
  /** Share of the bins in which both want the same. */
  readonly sameRatio: number
}

/**
 * @param before and `after` are of the same length over the same time
 * @param metMs for so long they want the same again when they have met; what is shorter is a step of one before that of the other
 */
export function partingsOf(before: Course, after: Course, most: number, metMs = 0): Partings {
  const { startAt, stepMs, length } = before
  const partings: { readonly parting: Parting; readonly weight: number }[] = []
  let same = 0
  for (let bin = 0; bin < length; ) {
    if (difference(before, after, bin) === 0) {
      same += 1
      bin += 1
      continue
    }
    const first = bin
    let last = bin
    let widest = 0
    let weight = 0
    for (; bin < length && (bin - last - 1) * stepMs < metMs + stepMs; bin += 1) {
      const apart = difference(before, after, bin)
      if (apart === 0) {
        same += 1
        continue
      }
      if (Math.abs(apart) > Math.abs(widest)) widest = apart
      weight += Math.abs(apart)
      last = bin
    }
    const from = startAt + first * stepMs
    const decidedBy = from + stepMs
    partings.push({
      weight,
      parting: {
        from,
        to: startAt + (last + 1) * stepMs,
        before: before.desired[first] ?? 0,
        after: after.desired[first] ?? 0,
        widest,
        beforeSaid: lastSaid(before, decidedBy),
        afterSaid: lastSaid(after, decidedBy),
      },
    })
  }
  const listed = [...partings]
    .sort((a, b) => b.weight - a.weight)
    .slice(0, most)
    .map(({ parting }) => parting)
    .sort((a, b) => a.from - b.from)
  return { listed, count: partings.length, sameRatio: length === 0 ? 1 : same / length }
}

function difference(before: Course, after: Course, bin: number): number {
  const apart = (after.desired[bin] ?? 0) - (before.desired[bin] ?? 0)
  // Before its first decision nobody wants anything.
  return Number.isNaN(apart) ? 0 : apart
}

/** The newest one at or before then that changed the count: why it wants what it wants. */
function lastSaid({ decisions }: Course, at: EpochMs): CourseDecision | null {
  let low = 0
  let high = decisions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((decisions[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  let index = low - 1
  while (index > 0 && decisions[index]?.from === decisions[index]?.to) index -= 1
  return decisions[index] ?? null
}
