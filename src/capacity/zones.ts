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

  /** The first of those in the fullest zone that has one, or in none; they are sorted by preference. */
  firstToLeave<T extends InZone>(candidates: readonly T[]): T | undefined {
    const fullest = this.#extreme(candidates, Math.max)
    return candidates.find(({ zone }) => (this.in(zone) ?? fullest) === fullest)
  }

  /** The first of those in the emptiest zone that has one; only then those in none. */
  firstToCome<T extends InZone>(candidates: readonly T[]): T | undefined {
    const emptiest = this.#extreme(candidates, Math.min)
    return candidates.find(({ zone }) => this.in(zone) === emptiest)
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

  #extreme(candidates: readonly InZone[], pick: (a: number, b: number) => number): number | null {
    let found: number | null = null
    for (const { zone } of candidates) {
      const count = this.in(zone)
      if (count !== null) found = found === null ? count : pick(found, count)
    }
    return found
  }
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
