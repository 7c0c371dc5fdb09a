/**
 * A state file as a daemon leaves it: an hour of ticks and samples of the fleet `web`.
 *
 * Example: `await recordHour('state.db', NOON)` has 60 ticks before noon; at 11:15 a third instance is ordered, ready two minutes later.
 */
import { EMPTY_MEMORY } from '../../src/model/memory.ts'
import type { EpochMs } from '../../src/model/time.ts'
import { openSqliteStore } from '../../src/plugins/stores/sqlite.ts'
import { instance, nextEntry, webFleet } from './journal.ts'

const MINUTE = 60_000

/** Cpu is 40 % for a quarter of an hour, 90 % for a minute, then 60 %. */
export async function recordHour(file: string, endAt: EpochMs): Promise<void> {
  const store = await openSqliteStore(file)
  let memory = EMPTY_MEMORY
  let ordered: { readonly id: string; readonly at: number } | null = null
  for (let tick = 0; tick < 60; tick += 1) {
    const at = endAt - (60 - tick) * MINUTE
    const instances = ['web-1', 'web-2'].map(id => instance(id))
    if (ordered !== null) {
      const isReady = at - ordered.at >= 2 * MINUTE
      const since = { launchedAt: ordered.at, readyAt: isReady ? ordered.at + 2 * MINUTE : null }
      instances.push(instance(ordered.id, { ...since, lifecycle: isReady ? 'ready' : 'booting' }))
    }
    const cpu = tick < 15 ? 40 : tick === 15 ? 90 : 60
    const { entry, memory: next } = nextEntry(webFleet(), memory, { at, instances, cpu })
    const launched = entry.outcomes.find(({ outcome }) => outcome === 'done')
    if (launched?.outcome === 'done' && launched.instance !== null) ordered ??= { id: launched.instance, at }
    const samples = instances.map(({ id }) => ({ at, value: cpu, instance: id }))
    await store.commit({
      fleet: 'web',
      epoch: 0,
      parentRevision: entry.revision - 1,
      memory: next,
      entry,
      outcomes: null,
      samples: [{ metric: 'cpu', samples }],
    })
    memory = next
  }
  await store.close()
}
