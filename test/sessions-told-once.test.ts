/**
 * Each session that ended is told to the state at most once, whatever becomes of the daemons: they crash at any call, stand still past their
 * lease, lose commits and their answers, and take over from each other, each with a broker and a clock of its own.
 */
import { describe, expect, it } from 'vitest'
import { simulate } from '../src/lab/simulation/simulation.ts'
import { groupOf } from '../src/loop/ended-series.ts'
import { createMemoryStore } from '../src/plugins/stores/memory.ts'
import { ENDED_SERIES } from '../src/ports/state-store.ts'
import { createMemorySessionLog } from '../src/sessions/memory-log.ts'

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER }
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1)

interface Counted {
  readonly sessions: number
  readonly ms: number
}

async function played(seed: number): Promise<{ readonly told: Counted; readonly ended: Counted }> {
  const store = createMemoryStore()
  const log = createMemorySessionLog({ keepEnded: 100_000 })
  await simulate({ seed, store, log })
  const told = { sessions: 0, ms: 0 }
  const ended = { sessions: 0, ms: 0 }
  for (const fleet of await store.listFleets()) {
    const samples = await store.readSamples({ fleet, metric: ENDED_SERIES, window: EVER, limit: 100_000 })
    for (const { sessions, lengthMs } of samples.flatMap(sample => groupOf(sample) ?? [])) {
      told.sessions += sessions
      told.ms += sessions * lengthMs
    }
    for (const { session, at } of (await log.open(fleet, 'the test')).ended) {
      ended.sessions += 1
      ended.ms += Math.max(0, at - session.placedAt)
    }
  }
  return { told, ended }
}

describe('sessions that ended while everything failed', () => {
  it('are told once or, few of them, never', async () => {
    const all = { told: 0, ended: 0 }
    for (const seed of SEEDS) {
      const { told, ended } = await played(seed)
      expect(told.sessions, `seed ${seed}`).toBeLessThanOrEqual(ended.sessions)
      expect(told.ms, `seed ${seed}`).toBeLessThanOrEqual(ended.ms + 1)
      all.told += told.sessions
      all.ended += ended.sessions
    }
    expect(all.ended).toBeGreaterThan(1_000)
    expect(all.told / all.ended).toBeGreaterThan(0.95)
  })
})
