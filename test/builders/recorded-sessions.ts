/**
 * A state as a daemon leaves it that places the sessions of a fleet: ticks with the places in use, and the groups of sessions that ended
 * between them, made by the broker's own tally and the loop's own series.
 *
 * Example: `await recordVisits(store, { visits: [{ atMs: 60_000, lengthMs: 300_000 }], endMs: 600_000 })` has 41 ticks, 15 s apart, and
 * one sample at the tick after the end.
 */
import { EndedSeries } from '../../src/loop/ended-series.ts'
import type { Memory } from '../../src/model/memory.ts'
import type { Mode } from '../../src/model/spec.ts'
import type { EpochMs } from '../../src/model/time.ts'
import type { SessionRouter } from '../../src/ports/session-router.ts'
import type { StateStore } from '../../src/ports/state-store.ts'
import { EndedTally } from '../../src/sessions/ended-tally.ts'
import { instance, nextEntry, T0, webFleet } from './journal.ts'

/** Routes nobody anywhere. */
export const IDLE_ROUTER: SessionRouter = {
  check: async () => ({ ok: true, detail: '' }),
  close: async () => undefined,
  route: async () => undefined,
  readLoads: async () => new Map(),
  closeInstance: async () => undefined,
  reopenInstance: async () => undefined,
  sealInstance: async () => undefined,
}

/** Since the beginning of the record. */
export interface Visit {
  readonly atMs: number
  readonly lengthMs: number
  readonly slots?: number
  readonly lost?: boolean
}

export interface Evening {
  readonly visits: readonly Visit[]
  readonly endMs: number
  readonly startAt?: EpochMs
  readonly everyMs?: number
  readonly fleet?: string
  /** By the time since the beginning; 3 unless said. */
  readonly instances?: (ms: number) => number
  /** Lengths are kept from here on; from the beginning unless said. */
  readonly keptFromMs?: number
  readonly mode?: Mode
  /** Ticks have no count of sessions. */
  readonly uncounted?: boolean
}

export async function recordVisits(store: StateStore, evening: Evening): Promise<void> {
  const { visits, endMs, startAt = T0, everyMs = 15_000, fleet = 'rooms', keptFromMs = 0 } = evening
  const ended = new EndedSeries()
  let memory: Memory | null = null
  for (let [ms, beforeMs] = [0, -1]; ms <= endMs; [ms, beforeMs] = [ms + everyMs, ms]) {
    const count = evening.instances?.(ms) ?? 3
    const there = visits.filter(({ atMs, lengthMs }) => atMs <= ms && ms < atMs + lengthMs)
    const inUse = evening.uncounted === true ? null : there.reduce((sum, { slots = 1 }) => sum + slots, 0)
    const { entry, memory: next }: ReturnType<typeof nextEntry> = nextEntry(
      webFleet({ name: fleet }),
      memory,
      {
        at: startAt + ms,
        instances: Array.from({ length: count }, (_, index) => instance(`${fleet}-${index + 1}`)),
        cpu: 50,
        ...(evening.mode === undefined ? {} : { mode: evening.mode }),
        sessions: { inUse, inUseOpen: inUse, slots: count * 4, waiting: 0, silent: 0 },
      },
    )
    const since = Math.max(beforeMs, keptFromMs - 1)
    ended.take(tells(visits, { since, upTo: ms, startAt }), startAt + ms)
    await store.commit({
      fleet,
      epoch: 0,
      parentRevision: entry.revision - 1,
      memory: next,
      entry: { ...entry, outcomes: [], plan: { ...entry.plan, actions: [] } },
      outcomes: null,
      samples: ended.fresh(),
    })
    ended.saved()
    memory = next
  }
}

/** A router that tells of those that ended after one time, and up to another. */
function tells(
  visits: readonly Visit[],
  { since, upTo, startAt }: { readonly since: number; readonly upTo: number; readonly startAt: EpochMs },
): SessionRouter {
  const tally = new EndedTally()
  for (const { atMs, lengthMs, slots = 1, lost = false } of visits) {
    const endMs = atMs + lengthMs
    if (endMs <= since || endMs > upTo) continue
    const session = { id: 's', number: 1, instance: 'a', incarnation: null, labels: {}, leaseMs: null, slots }
    tally.add({
      session: { ...session, placedAt: startAt + atMs },
      end: lost ? 'lost' : 'released',
      at: startAt + endMs,
      why: '',
    })
  }
  return {
    ...IDLE_ROUTER,
    takeEnded: () => tally.take(),
  }
}
