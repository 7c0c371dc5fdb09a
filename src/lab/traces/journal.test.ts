import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { instance, nextEntry, T0, webFleet } from '../../../test/builders/journal.ts'
import type { Memory } from '../../model/memory.ts'
import type { Sample } from '../../model/sample.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'
import { openSqliteStore } from '../../plugins/stores/sqlite.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { type RecordedOptions, readRecorded } from './journal.ts'
import { TraceError } from './trace-error.ts'

const TICK_MS = 30_000
const WINDOW = { from: T0 - 7 * 86_400_000, to: T0 + 86_400_000 }

const cleaning: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

const STORES: Readonly<Record<string, () => Promise<StateStore>>> = {
  memory: async () => createMemoryStore(),
  SQLite: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-recorded-'))
    const store = await openSqliteStore(path.join(folder, 'state.db'))
    cleaning.push(
      () => rmSync(folder, { recursive: true }),
      () => store.close(),
    )
    return store
  },
}

/** Ticks every 30 s, of which `null` did not happen; two instances at first, three from tick 4 on, and what each says every 15 s. */
async function record(store: StateStore, ticks: readonly (number | null)[]): Promise<void> {
  let memory: Memory | null = null
  for (const [index, cpu] of ticks.entries()) {
    if (cpu === null) continue
    const at = T0 + index * TICK_MS
    const ids = index < 4 ? ['web-1', 'web-2'] : ['web-1', 'web-2', 'web-3']
    const { entry, memory: next }: ReturnType<typeof nextEntry> = nextEntry(webFleet(), memory, {
      at,
      instances: ids.map(id => instance(id)),
      cpu,
    })
    const cpuSamples: Sample[] = [0, 15_000].flatMap(later =>
      ids.map((id, place) => ({ at: at + later, value: cpu + place * 10, instance: id })),
    )
    const queue: Sample[] = ['eu', 'us'].map(region => ({ at, value: index, labels: { region } }))
    await store.commit({
      fleet: 'web',
      epoch: 0,
      parentRevision: entry.revision - 1,
      memory: next,
      entry,
      outcomes: null,
      samples: [
        { metric: 'cpu', samples: cpuSamples },
        { metric: 'queue', samples: queue },
      ],
    })
    memory = next
  }
}

const asked = (more: Partial<RecordedOptions> = {}): RecordedOptions => ({
  fleet: 'web',
  window: WINDOW,
  ...more,
})

describe.each(Object.keys(STORES))('what a daemon recorded in %s', name => {
  const opened = async () => STORES[name]?.() ?? createMemoryStore()

  it('is a trace of its metrics, averaged over instances, and of its counts', async () => {
    const store = await opened()
    await record(store, [50, 60, 70, 80, 90, 40])
    const trace = await readRecorded(store, asked())
    expect(trace).toMatchObject({ name: 'web', startAt: T0, stepMs: TICK_MS, length: 6, repairs: [] })
    expect(trace.columns).toEqual({
      cpu: Float64Array.of(55, 65, 75, 85, 100, 50),
      instances: Float64Array.of(2, 2, 2, 2, 3, 3),
      pending: new Float64Array(6),
      desired: expect.any(Float64Array),
      sessions: Float64Array.of(6, 6, 6, 6, 9, 9),
    })
  })

  it('sums what is measured by region, where one asks for it', async () => {
    const store = await opened()
    await record(store, [50, 50, 50])
    const trace = await readRecorded(store, asked({ metrics: ['queue'] }))
    expect(trace.columns.queue).toEqual(Float64Array.of(0, 2, 4))
    expect(Object.keys((await readRecorded(store, asked({ column: 'instances' }))).columns)).toEqual([
      'instances',
    ])
  })

  it('has gaps where nobody ticked, and longer bins where they are asked for', async () => {
    const store = await opened()
    await record(store, [50, 60, null, null, 90, 40])
    const trace = await readRecorded(store, asked())
    expect(trace.columns.instances).toEqual(Float64Array.of(2, 2, Number.NaN, Number.NaN, 3, 3))
    expect(trace.repairs[0]).toMatchObject({
      what: 'gap',
      count: 2,
      when: { from: T0 + 60_000, to: T0 + 120_000 },
    })
    const minutes = await readRecorded(store, asked({ stepMs: 60_000 }))
    expect(minutes.columns.cpu).toEqual(Float64Array.of(60, Number.NaN, 75))
  })

  it('begins and ends with the window', async () => {
    const store = await opened()
    await record(store, [50, 60, 70, 80, 90, 40])
    const trace = await readRecorded(store, asked({ window: { from: T0 + TICK_MS, to: T0 + 3 * TICK_MS } }))
    expect(trace).toMatchObject({
      startAt: T0 + TICK_MS,
      length: 2,
      columns: { cpu: Float64Array.of(65, 75) },
    })
  })

  it('is refused where there is nothing, or not that column', async () => {
    const store = await opened()
    const nothing = await readRecorded(store, asked()).catch((error: unknown) => error)
    expect(nothing).toBeInstanceOf(TraceError)
    expect(nothing).toMatchObject({
      code: 'PLM-713',
      message: expect.stringContaining('plimsoll history web --all'),
    })
    await record(store, [50, 60])
    const wrong = await readRecorded(store, asked({ column: 'instance' })).catch((error: unknown) => error)
    expect(wrong).toMatchObject({
      code: 'PLM-703',
      message: expect.stringContaining('Did you mean "instances"?'),
    })
  })
})
