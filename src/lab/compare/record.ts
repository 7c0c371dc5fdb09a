/**
 * Takes the entries of a journal, newest first as they are paged, and keeps of each only what a comparison needs; and which instances
 * went without Plimsoll's doing, with the sessions they had when they were last seen.
 *
 * Example: web-3 holds 5 sessions at 21:10:00 and is missing at 21:10:30, in mode `recommend`: a removal at 21:10:30 of an instance
 * with 5 sessions. Had its load not been known, its sessions would be `null`, which is not none.
 */
import type { Instance } from '../../model/inventory.ts'
import type { EpochMs } from '../../model/time.ts'
import { isThere, type SeenTick, type Sighting, sightingOf } from './sighting.ts'

/** Of instances that hold sessions. */
export interface Removal {
  /** The first tick that did not see it. */
  readonly at: EpochMs
  readonly seenAt: EpochMs
  readonly instance: string
  /** Slots in use when it was last seen; `null`: not known. */
  readonly sessions: number | null
}

/** As many as a journal keeps of a fleet. */
export const MOST_TICKS = 200_000
const MOST_REMOVALS = 10_000

export class ComparedRecord {
  readonly #newestFirst: Sighting[] = []
  readonly #removals: Removal[] = []
  readonly #aliveLater = new Set<string>()
  #later: SeenTick | null = null
  #laterStanding: Sighting['standing'] = 'compared'
  #cut = false

  /** @param tick one that is older than all before it; @returns false: no more is kept */
  take(tick: SeenTick): boolean {
    if (this.#newestFirst.length >= MOST_TICKS) {
      this.#cut = true
      return false
    }
    const sighting = sightingOf(tick)
    this.#newestFirst.push(sighting)
    if (tick.observation.capacity === null) return true
    this.#missedFrom(tick, sighting)
    this.#later = tick
    this.#laterStanding = sighting.standing
    return true
  }

  /** Oldest first. */
  get sightings(): readonly Sighting[] {
    return this.#newestFirst.toReversed()
  }

  /** Oldest first. */
  get removals(): readonly Removal[] {
    return this.#removals.toReversed()
  }

  /** There were more ticks than are kept; the oldest are left out. */
  get isCut(): boolean {
    return this.#cut
  }

  /** Those of a tick that no later one saw: the next tick is where each was missed. */
  #missedFrom(tick: SeenTick, { standing }: Sighting): void {
    const later = this.#later
    for (const instance of tick.inventory.instances) {
      const key = `${instance.id}#${instance.incarnation ?? ''}`
      if (!instance.listed || !isThere(instance) || this.#aliveLater.has(key)) continue
      this.#aliveLater.add(key)
      if (later === null || instance.load.kind === 'untracked') continue
      if (standing !== 'compared' || this.#laterStanding !== 'compared') continue
      if (isOurs(instance, tick) || endedBySelf(instance, later)) continue
      if (this.#removals.length >= MOST_REMOVALS) continue
      const sessions = instance.load.kind === 'known' ? instance.load.slots : null
      this.#removals.push({ at: later.at, seenAt: tick.at, instance: instance.id, sessions })
    }
  }
}

/** Approved and begun: closed or terminated by Plimsoll. */
function isOurs({ id, sealed }: Instance, { outcomes }: SeenTick): boolean {
  return sealed || outcomes.some(one => one.outcome === 'done' && one.instance === id)
}

/** Nobody took it away. */
function endedBySelf({ id }: Instance, later: SeenTick): boolean {
  return later.inventory.instances.some(other => other.id === id && other.lifecycle === 'lost')
}
