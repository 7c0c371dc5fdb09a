/**
 * Which of the places that were in use at each tick are known? Those of sessions that ended are, and so are those that were in use to
 * the end: what is in use beyond the former and is never fewer later.
 *
 * Example: 5, 8, 7 and 9 places in use, of which 5, 6, 5 and 5 are of sessions that ended: 0, 2, 2 and 4 went on to the end.
 */
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Tick } from './recorded-ticks.ts'
import type { Stretches } from './stretches.ts'

/** At each tick: what was in use, what of it is recorded with its end, and what went on to the end of the record. */
export interface Account {
  readonly times: readonly EpochMs[]
  readonly inUse: readonly number[]
  readonly ended: Float64Array
  readonly goOn: Float64Array
}

/** What is in use beyond what ended went on for good only if it is never fewer later. */
export function accountOf(seen: readonly Tick[], places: Stretches): Account {
  const times = seen.map(({ at }) => at)
  const inUse = seen.map(tick => tick.inUse ?? 0)
  const ended = places.inUseAt(times)
  const goOn = new Float64Array(times.length)
  let least = Number.POSITIVE_INFINITY
  for (let index = times.length - 1; index >= 0; index--) {
    least = Math.min(least, (inUse[index] ?? 0) - (ended[index] ?? 0))
    goOn[index] = Math.max(0, least)
  }
  return { times, inUse, ended, goOn }
}

/** @returns how many places they hold at the end */
export function addGoingOn(places: Stretches, { times, goOn }: Account, whole: Interval): number {
  let held = 0
  let before = whole.from
  goOn.forEach((count, index) => {
    const at = times[index] ?? before
    const more = count - held
    for (let one = 1; one <= more; one++) {
      // Those that were there at the first look came before it.
      places.add(index === 0 ? whole.from : before + ((at - before) * one) / more, whole.to)
    }
    held = Math.max(held, count)
    before = at
  })
  return held
}

/** Share of the time in use between two times that is accounted for; 1 where nothing was in use. */
export function knownShare({ times, inUse, ended, goOn }: Account, { from, to }: Interval): number {
  let [all, known] = [0, 0]
  for (let index = 0; index < times.length; index++) {
    const at = times[index] ?? 0
    if (at < from || at >= to) continue
    const lastsMs = Math.min(to, times[index + 1] ?? to) - at
    const used = inUse[index] ?? 0
    all += lastsMs * used
    // A tick counts a moment after its time: who came in that moment is there at the next.
    const here = Math.max(ended[index] ?? 0, ended[index + 1] ?? 0)
    known += lastsMs * Math.min(used, here + (goOn[index] ?? 0))
  }
  return all === 0 ? 1 : known / all
}
