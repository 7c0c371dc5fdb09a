/**
 * The ticks of a fleet in numbers: how many places were in use at each, and how many instances there were, minute by minute.
 *
 * Example: ticks every 15 s with 4, 4, 5 and 5 ready instances are a minute of 4.5.
 */
import type { EpochMs, Interval } from '../../model/time.ts'
import type { TimelinePoint } from '../../ports/state-store.ts'
import type { RecordedInstances } from '../trace.ts'
import { eachTick, type RecordedStore } from './journal.ts'

/** Ticks of one page that are more than fit into it are asked for in parts, down to this. */
const LEAST_PART_MS = 1_000
const BIN_MS = 60_000

export interface Tick {
  readonly at: EpochMs
  /** Slots; `null`: not known then. */
  readonly inUse: number | null
  readonly ready: number
  readonly paid: number
  readonly desired: number
}

/** Sorted by time. */
export async function ticksIn(
  store: Pick<RecordedStore, 'readTimeline'>,
  fleet: string,
  window: Interval,
): Promise<Tick[]> {
  const ticks: Tick[] = []
  await eachTick(store, fleet, window, LEAST_PART_MS, point => ticks.push(tickOf(point)))
  return ticks
}

function tickOf({ at, sessions, open, pending, draining, desired }: TimelinePoint): Tick {
  const ready = open ?? Number.NaN
  return {
    at,
    inUse: sessions?.inUse ?? null,
    ready,
    paid: ready + (pending ?? 0) + (draining ?? 0),
    desired: desired ?? Number.NaN,
  }
}

/** A minute without a tick has as many as the one before. */
export function instancesIn(
  ticks: readonly Tick[],
  { from, to }: Interval,
): Pick<RecordedInstances, 'initial' | 'ready' | 'paid' | 'desired'> {
  const length = Math.max(1, Math.ceil((to - from) / BIN_MS))
  const binned = (read: (tick: Tick) => number): Float64Array => {
    const [sums, counts] = [new Float64Array(length), new Uint32Array(length)]
    let value = Number.NaN
    for (const tick of ticks) {
      const bin = Math.floor((tick.at - from) / BIN_MS)
      const number = read(tick)
      if (Number.isNaN(number)) continue
      if (bin < 0) value = number
      if (bin < 0 || bin >= length) continue
      sums[bin] = (sums[bin] ?? 0) + number
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    return sums.map((sum, bin) => {
      const count = counts[bin] ?? 0
      if (count > 0) value = sum / count
      return value
    })
  }
  const first = ticks.findLast(({ at }) => at <= from)
  return {
    initial: first?.ready || 0,
    ready: binned(({ ready }) => ready),
    paid: binned(({ paid }) => paid),
    desired: binned(({ desired }) => desired),
  }
}
