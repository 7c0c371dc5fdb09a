/**
 * Boot times from the journal: when each instance was ordered, and when it was first seen ready.
 *
 * Example: the tick of 12:00 launched `web/41/1`, which became web-7, and at 12:01:40 web-7 was ready: a boot of 100 s.
 */
import type { JournalEntry } from '../../model/journal.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { StateStore } from '../../ports/state-store.ts'
import type { Boot } from './boot-times.ts'

const PAGE = 500
const MOST_ENTRIES = 500_000

export interface RecordedBoots {
  readonly boots: readonly Boot[]
  /** Ticks that were looked at. */
  readonly ticks: number
  /** The middle distance between two of them: readiness is seen no sooner. */
  readonly resolutionMs: number
}

export async function recordedBoots(
  store: Pick<StateStore, 'readJournal'>,
  fleet: string,
  window: Interval,
): Promise<RecordedBoots> {
  const found = new Launches()
  const times: EpochMs[] = []
  let before: number | undefined
  while (times.length < MOST_ENTRIES) {
    const query = { fleet, since: window.from, at: window.to, limit: PAGE }
    const page = await store.readJournal(before === undefined ? query : { ...query, before })
    for (const entry of page) {
      found.note(entry)
      times.push(entry.at)
    }
    before = page.at(-1)?.revision
    if (page.length < PAGE) break
  }
  const distances = times.slice(1).map((at, index) => (times[index] ?? at) - at)
  const resolutionMs = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0
  return { boots: found.boots(), ticks: times.length, resolutionMs }
}

/** Entries may be noted in any order. */
class Launches {
  /** By the token of the order. */
  readonly #orderedAt = new Map<string, EpochMs>()
  /** By instance: the token it came of. */
  readonly #tokens = new Map<string, string>()
  readonly #readyAt = new Map<string, EpochMs>()
  /** By instance that was seen not ready yet: the last time. */
  readonly #bootingAt = new Map<string, EpochMs>()

  note({ at, plan, outcomes, inventory }: JournalEntry): void {
    const launches = new Set(plan.actions.flatMap(({ kind, id }) => (kind === 'launch' ? [id] : [])))
    for (const token of launches) this.#orderedAt.set(token, at)
    for (const outcome of outcomes) {
      if (outcome.outcome !== 'done' || outcome.instance === null || !launches.has(outcome.action)) continue
      this.#tokens.set(outcome.instance, outcome.action)
    }
    for (const order of inventory.orders) {
      this.#orderedAt.set(order.token, order.at)
      if (order.instance !== null) this.#tokens.set(order.instance, order.token)
    }
    for (const { id, readyAt, lifecycle } of inventory.instances) {
      if (readyAt !== null) this.#readyAt.set(id, Math.min(readyAt, this.#readyAt.get(id) ?? readyAt))
      else if (lifecycle === 'booting') this.#bootingAt.set(id, Math.max(at, this.#bootingAt.get(id) ?? at))
    }
  }

  boots(): Boot[] {
    return [...this.#tokens].flatMap(([instance, token]): Boot[] => {
      const orderedAt = this.#orderedAt.get(token)
      if (orderedAt === undefined) return []
      const readyAt = this.#readyAt.get(instance)
      if (readyAt !== undefined) return readyAt < orderedAt ? [] : [{ ms: readyAt - orderedAt, ready: true }]
      const bootingAt = this.#bootingAt.get(instance)
      return bootingAt === undefined ? [] : [{ ms: bootingAt - orderedAt, ready: false }]
    })
  }
}
