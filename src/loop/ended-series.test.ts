import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { IDLE_ROUTER } from '../../test/builders/recorded-sessions.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { simulatedWorld } from '../../test/simulated/world.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { PluginError } from '../ports/plugin.ts'
import type { EndedGroup, SessionRouter } from '../ports/session-router.ts'
import { ENDED_SERIES, type StateStore } from '../ports/state-store.ts'
import { EndedSeries, groupOf } from './ended-series.ts'

const SECOND = 1_000

const group = (more: Partial<EndedGroup> = {}): EndedGroup => ({
  sessions: 17,
  slots: 1,
  lengthMs: 251_000,
  firstAt: NOON + 3_000,
  lastAt: NOON + 14_000,
  lost: false,
  ...more,
})

/** Only tells what it is given to tell, once. */
function tellingRouter() {
  const told: EndedGroup[] = []
  const since: number[] = []
  const router: SessionRouter = {
    ...IDLE_ROUTER,
    takeEnded: asked => {
      since.push(asked)
      return told.splice(0)
    },
  }
  return { router, told, since }
}

/** A store of which commits can be made to fail. */
function failingStore() {
  const store = createMemoryStore()
  const fails = { next: false }
  const commit: StateStore['commit'] = async one => {
    if (fails.next) throw new PluginError('unavailable', 'the disk is full')
    await store.commit(one)
  }
  return { store: { ...store, commit }, fails }
}

const stored = (store: StateStore) =>
  store.readSamples({
    fleet: 'web',
    metric: ENDED_SERIES,
    window: { from: 0, to: Number.MAX_SAFE_INTEGER },
    limit: 99,
  })

describe('sessions that ended, as samples', () => {
  it.each([
    ['many', group()],
    ['one', group({ sessions: 1, firstAt: NOON, lastAt: NOON })],
    ['of several slots', group({ slots: 4 })],
    ['lost with their instance', group({ lost: true })],
  ])('come back as the group they were: %s', (_what, one) => {
    const series = new EndedSeries()
    series.take({ ...tellingRouter().router, takeEnded: () => [one] }, NOON)
    expect(series.fresh().flatMap(({ samples }) => samples.map(groupOf))).toEqual([one])
  })

  it('are none of ours where a sample says something else', () => {
    expect(groupOf({ at: NOON, value: 1 })).toBeNull()
    expect(groupOf({ at: NOON, value: 1, labels: { sessions: '0', slots: '1' } })).toBeNull()
    expect(groupOf({ at: NOON, value: -1, labels: { sessions: '1', slots: '1' } })).toBeNull()
    expect(groupOf({ at: NOON, value: 1, labels: { sessions: '1', slots: '1', overMs: 'x' } })).toBeNull()
  })

  it('are stored with the tick that was told of them, and nothing is where nothing ended', async () => {
    const { router, told } = tellingRouter()
    const { store, tick } = simulatedWorld(fleetSpec({ min: 1 }), { router: () => router })
    await tick()
    await tick()
    expect(await stored(store)).toEqual([])
    told.push(group())
    await tick()
    expect(await stored(store)).toEqual([
      { at: NOON + 14_000, value: 251_000, labels: { sessions: '17', slots: '1', overMs: '11000' } },
    ])
  })

  it('are stored once by the next commit that succeeds, and then what ended meanwhile', async () => {
    const { router, told } = tellingRouter()
    const { store, fails } = failingStore()
    const { clock, tick } = simulatedWorld(fleetSpec({ min: 1 }), { router: () => router, store })
    await tick()
    told.push(group())
    fails.next = true
    await expect(tick()).rejects.toThrow('the disk is full')
    told.push(group({ sessions: 2, lastAt: NOON + 30_000 }))
    await expect(tick()).rejects.toThrow('the disk is full')
    fails.next = false
    await tick()
    expect((await stored(store)).map(({ labels }) => labels?.sessions)).toEqual(['17'])
    await clock.advance(10 * SECOND)
    await tick()
    await tick()
    expect((await stored(store)).map(({ labels }) => labels?.sessions)).toEqual(['17', '2'])
  })

  it('are told at most every ten seconds, however often the fleet ticks', async () => {
    const { router, told } = tellingRouter()
    const { store, tick } = simulatedWorld(fleetSpec({ min: 1 }), { router: () => router })
    await tick()
    for (let n = 0; n < 25; n++) {
      told.push(group({ sessions: 1, lastAt: NOON + n * SECOND, firstAt: NOON + n * SECOND }))
      await tick()
    }
    // At the first tick, ten and twenty later; what came meanwhile waits with the router.
    expect(await stored(store)).toHaveLength(21)
  })

  it('are asked for from where the process before left off', async () => {
    const { router, told, since } = tellingRouter()
    const { clock, tick, restart } = simulatedWorld(fleetSpec({ min: 1 }), { router: () => router })
    const first = await tick()
    await tick()
    // Of what ended before the first tick ever nothing is told.
    expect(since).toEqual([first.at])
    told.push(group({ lastAt: NOON + 2 * SECOND }))
    const last = await tick()
    expect(last.at).toBe(NOON + 3 * SECOND)
    await tick()
    await clock.advance(60 * SECOND)
    await restart()
    await tick()
    await tick()
    expect(since.at(-1)).toBe(NOON + 2 * SECOND)
  })

  it('are those since the last tick where nobody told of any', async () => {
    const { router, since } = tellingRouter()
    const { tick, restart } = simulatedWorld(fleetSpec({ min: 1 }), { router: () => router })
    await tick()
    const last = await tick()
    await restart()
    await tick()
    await tick()
    expect(since.at(-1)).toBe(last.at)
  })
})
