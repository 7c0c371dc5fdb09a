/**
 * Keeps instances spread over the target's zones, within one of each other: counts what is in each, and says where the
 * next one goes and from where the next one leaves. What is in no known zone counts nowhere. Pure.
 *
 * Example: a 3, b 2, c 2: the next launch is in b, the next close in a.
 */
import type { LaunchTrouble } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

interface InZone {
  readonly zone: string | null
}

export class ZoneTally {
  readonly zones: readonly string[]
  readonly #counts = new Map<string, number>()

  constructor(zones: readonly string[]) {
    this.zones = zones
    for (const zone of zones) this.#counts.set(zone, 0)
  }

  add(zone: string | null, by = 1): void {
    const count = zone === null ? undefined : this.#counts.get(zone)
    if (zone !== null && count !== undefined) this.#counts.set(zone, count + by)
  }

  /** `null`: no zone of the target. */
  in(zone: string | null): number | null {
    return zone === null ? null : (this.#counts.get(zone) ?? null)
  }

  /** Takes so many out, each from the fullest zone that has one, or from none; they are sorted by preference. */
  takeLeaving<T extends InZone>(sorted: readonly T[], count: number): T[] {
    return this.#take(sorted, count, -1)
  }

  /** Takes so many in, each in the emptiest zone that has one; only then those in none. */
  takeComing<T extends InZone>(sorted: readonly T[], count: number): T[] {
    return this.#take(sorted, count, 1)
  }

  /** The emptiest of these. */
  emptiest(zones: readonly string[]): string | null {
    let found: string | null = null
    for (const zone of zones) {
      if (found === null || (this.in(zone) ?? 0) < (this.in(found) ?? 0)) found = zone
    }
    return found
  }

  fullest(): string | null {
    let found: string | null = null
    for (const zone of this.zones) {
      if (found === null || (this.in(zone) ?? 0) > (this.in(found) ?? 0)) found = zone
    }
    return found
  }

  #take<T extends InZone>(sorted: readonly T[], count: number, by: 1 | -1): T[] {
    const taken: T[] = []
    const queues = queuesOf(sorted, zone => this.in(zone) !== null)
    while (taken.length < count) {
      const queue = this.#next(queues, by)
      const first = queue?.first.pop()
      if (first === undefined) break
      taken.push(first.candidate)
      this.add(first.candidate.zone, by)
    }
    return taken
  }

  /** The queue whose turn it is: that of the emptiest (or fullest) zone, of several the one with the most preferred candidate. */
  #next<T>(queues: readonly Queue<T>[], by: 1 | -1): Queue<T> | null {
    let next: Queue<T> | null = null
    for (const queue of queues) {
      if (queue.first.length > 0 && (next === null || this.#isBefore(queue, next, by))) next = queue
    }
    const loose = queues.find(({ zone, first }) => zone === null && first.length > 0)
    // What is in no zone may leave at any time, and comes last.
    return by === -1 && loose !== undefined && next !== null && rankOf(loose) < rankOf(next) ? loose : next
  }

  #isBefore<T>(a: Queue<T>, b: Queue<T>, by: 1 | -1): boolean {
    if (a.zone === null || b.zone === null) return b.zone === null
    const difference = ((this.in(a.zone) ?? 0) - (this.in(b.zone) ?? 0)) * by
    return difference === 0 ? rankOf(a) < rankOf(b) : difference < 0
  }
}

interface Queue<T> {
  /** `null`: in no zone of the target. */
  readonly zone: string | null
  /** The most preferred one last. */
  readonly first: { readonly candidate: T; readonly rank: number }[]
}

function queuesOf<T extends InZone>(
  sorted: readonly T[],
  isKnown: (zone: string | null) => boolean,
): Queue<T>[] {
  const queues = new Map<string | null, Queue<T>>()
  for (let rank = sorted.length - 1; rank >= 0; rank--) {
    const candidate = sorted[rank]
    if (candidate === undefined) continue
    const zone = isKnown(candidate.zone) ? candidate.zone : null
    const queue = queues.get(zone) ?? { zone, first: [] }
    queues.set(zone, queue)
    queue.first.push({ candidate, rank })
  }
  return [...queues.values()]
}

function rankOf<T>({ first }: Queue<T>): number {
  return first.at(-1)?.rank ?? Number.POSITIVE_INFINITY
}

/** Where launches go well. One that failed is tried with one launch when its wait is over. */
export function usableZones(
  zones: readonly string[],
  trouble: Readonly<Record<string, LaunchTrouble>>,
  at: EpochMs,
): { readonly well: readonly string[]; readonly tried: readonly string[] } {
  return {
    well: zones.filter(zone => trouble[zone] === undefined),
    tried: zones.filter(zone => (trouble[zone]?.retryAt ?? Number.POSITIVE_INFINITY) <= at),
  }
}
