/**
 * What every state store must do, as a suite: run it against a store to know that it keeps the port's promises.
 *
 * Example: `stateStoreAcceptance('memory store', async () => ({ store: createMemoryStore(), cleanUp: async () => {} }))`.
 * `reopen` opens what was stored anew (after closing the first); a store that forgets leaves it out.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PLAIN_TARGET } from '../model/inventory.ts'
import type { JournalEntry } from '../model/journal.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { NO_SESSIONS } from '../model/observation.ts'
import type { NewAct, Override, OverrideChange } from '../model/override.ts'
import type { Outcome } from '../model/plan.ts'
import type { Sample } from '../model/sample.ts'
import type { SettingChange } from '../model/settings.ts'
import { sampleNotice } from './notifier.acceptance.ts'
import {
  type ActQuery,
  type Commit,
  type Retention,
  type StateStore,
  WAITING_NOTICES_KEPT,
  type WaitingNotice,
} from './state-store.ts'

export interface StateStoreCase {
  readonly store: StateStore
  readonly reopen?: () => Promise<StateStore>
  readonly cleanUp: () => Promise<void>
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const NOON = Date.UTC(2026, 10, 21, 12)
const EVERYTHING: Retention = {
  samplesMs: 365 * DAY,
  samplesPerSeries: 1_000_000,
  journalMs: 365 * DAY,
  journalEntries: 1_000_000,
}
const ALWAYS = { from: 0, to: NOON + 365 * DAY }

/** A journal entry of `revision`, one minute after the one before; from `current` to `desired` instances. */
export function sampleEntry(
  fleet: string,
  revision: number,
  { at = NOON + revision * MINUTE, current = 4, desired = 4, specDigest = 'a1b2c3d4e5f60718' } = {},
): JournalEntry {
  const direction = desired > current ? 'out' : desired < current ? 'in' : 'none'
  const actions = Array.from({ length: Math.max(0, desired - current) }, (_, index) => ({
    kind: 'launch' as const,
    id: `${fleet}/${revision}/${index + 1}`,
    zone: null,
    because: 'grow',
  }))
  return {
    fleet,
    revision,
    at,
    specDigest,
    observation: {
      at,
      fleet,
      capacity: { open: current, pending: 0, draining: 1, replacing: 0 },
      capacityGap: null,
      external: null,
      sessions: NO_SESSIONS,
      readings: { 'avg(cpu, 45m)': { value: 83.2, samples: 9, firstAt: at - 5, lastAt: at, reporting: 4 } },
      windows: { peak: { from: at, to: at + 1 }, never: null },
      targetHighest: null,
      overrides: [],
      fleets: {},
    },
    memory: memoryAt(revision - 1),
    inventory: { instances: [], orders: [], target: PLAIN_TARGET },
    decision: {
      fleet,
      at,
      current,
      desired,
      direction,
      rule: direction === 'none' ? null : 'Scale up',
      bounds: { lowest: 2, highest: 6, default: 2, constraint: 'capacity', until: null },
      because: 'as an example',
      kpis: { busy: 'red' },
      settings: {},
      effects: [],
      steps: [],
    },
    plan: { fleet, desired, actions, waiting: [] },
    approval: null,
    outcomes: [],
  }
}

/** A commit that adds `revision` to the fleet, with its entry. */
export function sampleCommit(fleet: string, revision: number, parts: Partial<Commit> = {}): Commit {
  return {
    fleet,
    epoch: 0,
    parentRevision: revision - 1,
    memory: memoryAt(revision),
    entry: sampleEntry(fleet, revision),
    outcomes: null,
    samples: [],
    ...parts,
  }
}

function sampleOverride(fleet: string, change: OverrideChange, n: number): Override {
  return { id: `o${n}`, fleet, at: NOON + n, who: 'ada', why: 'sale', until: NOON + DAY, change }
}

function memoryAt(revision: number): Memory {
  return { ...EMPTY_MEMORY, revision, at: NOON + revision * MINUTE, desired: 4 }
}

export function stateStoreAcceptance(name: string, create: () => Promise<StateStoreCase>): void {
  describe(`${name} keeps the promises of a state store`, () => {
    let subject: StateStoreCase
    let store: StateStore

    beforeEach(async () => {
      subject = await create()
      store = subject.store
    })
    afterEach(async () => {
      await store.close()
      await subject.cleanUp()
    })

    /** Revisions 1..count of the fleet, each changed as `parts` says. */
    async function commitMany(
      fleet: string,
      count: number,
      parts: (revision: number) => Partial<Commit> = () => ({}),
    ) {
      for (let revision = 1; revision <= count; revision++) {
        await store.commit(sampleCommit(fleet, revision, parts(revision)))
      }
    }

    async function revisions(query: Omit<Parameters<StateStore['readJournal']>[0], 'fleet'>) {
      return (await store.readJournal({ fleet: 'web', ...query })).map(entry => entry.revision)
    }

    describe('memory and revisions', () => {
      it('answers the empty memory for a fleet it has never seen', async () => {
        expect(await store.load('web')).toEqual(EMPTY_MEMORY)
        expect(await store.listFleets()).toEqual([])
      })

      it('answers the memory last committed, each fleet its own', async () => {
        await commitMany('web', 3)
        await commitMany('shop', 1)
        expect(await store.load('web')).toEqual(memoryAt(3))
        expect(await store.load('shop')).toEqual(memoryAt(1))
        expect(await store.listFleets()).toEqual(['shop', 'web'])
      })

      it('refuses a commit made from a revision that is not the stored one, as a conflict', async () => {
        await commitMany('web', 2)
        for (const parentRevision of [0, 1, 3]) {
          const stale = sampleCommit('web', parentRevision + 1)
          await expect(store.commit(stale)).rejects.toMatchObject({ name: 'PluginError', kind: 'conflict' })
        }
        expect((await store.load('web')).revision).toBe(2)
      })

      it('refuses a commit whose memory is not one revision on', async () => {
        for (const revision of [0, 2, 7]) {
          const leaping = sampleCommit('web', 1, { memory: memoryAt(revision), entry: null })
          await expect(store.commit(leaping)).rejects.toMatchObject({ name: 'PluginError', kind: 'refused' })
        }
        expect(await store.load('web')).toEqual(EMPTY_MEMORY)
      })

      it('refuses an entry of another revision or fleet than its memory', async () => {
        for (const entry of [sampleEntry('web', 2), sampleEntry('shop', 1)]) {
          await expect(store.commit(sampleCommit('web', 1, { entry }))).rejects.toMatchObject({
            kind: 'refused',
          })
        }
      })

      it('takes exactly one of many commits made from the same revision', async () => {
        const results = await Promise.allSettled(
          [1, 2, 3, 4, 5].map(n => store.commit(sampleCommit('web', 1, { samples: oneSample(n) }))),
        )
        expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
        expect(
          await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 9 }),
        ).toHaveLength(1)
      })

      it('stores nothing at all of a commit it refuses', async () => {
        await commitMany('web', 1)
        const stale = sampleCommit('web', 1, {
          samples: oneSample(1),
          outcomes: { revision: 1, outcomes: [done('web/1/1')] },
        })
        await expect(store.commit(stale)).rejects.toThrow()
        const odd = sampleCommit('web', 2, { samples: oneSample(Number.NaN) })
        await expect(store.commit(odd)).rejects.toMatchObject({ kind: 'refused' })
        expect(await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 9 })).toEqual([])
        expect(await store.readJournal({ fleet: 'web', limit: 9 })).toEqual([sampleEntry('web', 1)])
        expect(await store.load('web')).toEqual(memoryAt(1))
      })

      it('gives back every value as it was', async () => {
        let revision = 0
        const values = fc.record({
          trueSince: fc.dictionary(fc.string(), fc.integer()),
          gaps: fc.dictionary(
            fc.string({ unit: 'binary' }),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
          ),
          text: fc.string({ unit: 'binary' }),
          value: fc.double({ noNaN: true, noDefaultInfinity: true }),
        })
        await fc.assert(
          fc.asyncProperty(values, async ({ trueSince, gaps, text, value }) => {
            revision += 1
            // -0 is not a number JSON can tell from 0.
            const number = value === 0 ? 0 : value
            const memory: Memory = JSON.parse(JSON.stringify({ ...memoryAt(revision), trueSince, gaps }))
            const plain = sampleEntry('web', revision)
            const entry = {
              ...plain,
              observation: { ...plain.observation, readings: { [text]: { stated: number } } },
              decision: { ...plain.decision, because: text, settings: { s: number } },
            }
            await store.commit(sampleCommit('web', revision, { memory, entry }))
            expect(await store.load('web')).toEqual(memory)
            expect(await store.readJournal({ fleet: 'web', limit: 1 })).toEqual([entry])
          }),
          { numRuns: 40 },
        )
      })
    })

    describe('what operators changed', () => {
      const pause = sampleOverride('web', { kind: 'pause' }, 1)
      const capacity = sampleOverride('web', { kind: 'capacity', count: 12 }, 2)

      function setting(override: Override): NewAct {
        return { act: 'set', fleet: override.fleet, at: override.at, who: 'ada', why: 'sale', override }
      }

      async function actsOf(fleet: string): Promise<string[]> {
        return (await store.readActs({ fleet, limit: 99 })).map(({ id, act }) => `${id} ${act}`)
      }

      it('has nothing at first', async () => {
        expect(await store.readOverrides('web')).toEqual([])
        expect(await store.readActs({ limit: 9 })).toEqual([])
        expect(await store.readVerdict('web-1')).toBeNull()
      })

      it('gives overrides in the order they were set, each fleet its own, with the act that set them', async () => {
        const recorded = await store.saveOverride(pause, setting(pause))
        expect(recorded).toEqual({ ...setting(pause), id: 1 })
        await store.saveOverride(capacity, setting(capacity))
        const other = sampleOverride('shop', { kind: 'pause' }, 3)
        await store.saveOverride(other, setting(other))
        expect(await store.readOverrides('web')).toEqual([pause, capacity])
        expect(await store.readOverrides('shop')).toEqual([other])
        expect(await store.readActs({ fleet: 'web', limit: 9 })).toEqual([
          { ...setting(capacity), id: 2 },
          { ...setting(pause), id: 1 },
        ])
      })

      it('keeps one override on each subject: the newest', async () => {
        const more = sampleOverride('web', { kind: 'capacity', count: 20 }, 4)
        const off = sampleOverride('web', { kind: 'rule-enabled', rule: 'up', enabled: false }, 5)
        const other = sampleOverride('web', { kind: 'rule-enabled', rule: 'down', enabled: false }, 6)
        const rank = sampleOverride('web', { kind: 'rule-rank', rule: 'up', rank: 5 }, 7)
        for (const one of [capacity, off, other, rank, more]) await store.saveOverride(one, setting(one))
        expect(await store.readOverrides('web')).toEqual([off, other, rank, more])
        expect(await actsOf('web')).toEqual(['5 set', '4 set', '3 set', '2 set', '1 set'])
      })

      it('ends an override once, and records an act only then', async () => {
        await store.saveOverride(pause, setting(pause))
        const cleared: NewAct = { ...setting(pause), act: 'cleared', at: NOON + 9, override: pause }
        expect(await store.deleteOverride('shop', pause.id, cleared)).toBeNull()
        expect(await store.deleteOverride('web', pause.id, cleared)).toEqual({ ...cleared, id: 2 })
        expect(await store.deleteOverride('web', pause.id, cleared)).toBeNull()
        expect(await store.readOverrides('web')).toEqual([])
        expect(await actsOf('web')).toEqual(['2 cleared', '1 set'])
      })

      it('takes the first word on an approval and refuses every other, as a conflict', async () => {
        const word = { fleet: 'web', at: NOON, who: 'ada', why: 'ok', approval: 'web-42' } as const
        await store.recordAct({ ...word, act: 'approved' })
        for (const act of ['approved', 'rejected'] as const) {
          await expect(store.recordAct({ ...word, act, who: 'bob' })).rejects.toMatchObject({
            name: 'PluginError',
            kind: 'conflict',
            message: expect.stringContaining('PLM-416'),
          })
        }
        await store.recordAct({ ...word, act: 'rejected', approval: 'web-43' })
        expect(await store.readVerdict('web-42')).toEqual({
          approval: 'web-42',
          verdict: 'approved',
          at: NOON,
          who: 'ada',
          why: 'ok',
        })
        expect(await store.readVerdict('web-43')).toMatchObject({ verdict: 'rejected' })
        expect(await actsOf('web')).toEqual(['2 rejected', '1 approved'])
      })

      it('pages acts, newest first; what concerns the whole configuration is of every fleet', async () => {
        await store.saveOverride(pause, setting(pause))
        const applied = { fleet: null, at: NOON, who: 'ada', why: '', digest: 'b', from: 'a' } as const
        await store.recordAct({ ...applied, act: 'applied' })
        await store.recordAct({ ...applied, act: 'rolled-back' })
        const ids = async (query: ActQuery) => (await store.readActs(query)).map(({ id }) => id)
        expect(await ids({ limit: 2 })).toEqual([3, 2])
        expect(await ids({ limit: 2, before: 2 })).toEqual([1])
        expect(await ids({ fleet: 'web', limit: 9 })).toEqual([3, 2, 1])
        expect(await ids({ fleet: 'shop', limit: 9 })).toEqual([3, 2])
      })

      it('forgets old acts, never their numbers, and no override', async () => {
        await store.saveOverride(pause, setting(pause))
        await store.prune(NOON + DAY, { ...EVERYTHING, journalMs: 1 })
        expect(await store.readActs({ limit: 9 })).toEqual([])
        expect(await store.readOverrides('web')).toEqual([pause])
        expect(await store.saveOverride(capacity, setting(capacity))).toMatchObject({ id: 2 })
      })

      it('lists configurations, the one put in force last first', async () => {
        await store.saveSpec('a', 'text a', NOON)
        await store.saveSpec('b', 'text b', NOON + 1)
        await store.saveSpec('a', 'text a', NOON + 2)
        expect(await store.listSpecs(9)).toEqual([
          { digest: 'a', at: NOON + 2 },
          { digest: 'b', at: NOON + 1 },
        ])
        expect(await store.listSpecs(1)).toHaveLength(1)
      })

      it('keeps all of it when it is opened anew', async ({ skip }) => {
        const { reopen } = subject
        if (reopen === undefined) return skip('this store forgets')
        await store.saveOverride(pause, setting(pause))
        await store.recordAct({
          act: 'approved',
          fleet: 'web',
          at: NOON,
          who: 'ada',
          why: '',
          approval: 'web-1',
        })
        await store.close()
        store = await reopen()
        expect(await store.readOverrides('web')).toEqual([pause])
        expect(await store.readVerdict('web-1')).toMatchObject({ verdict: 'approved', who: 'ada' })
        expect(await actsOf('web')).toEqual(['2 approved', '1 set'])
      })
    })

    describe('notices that nobody has taken yet', () => {
      const waiting = (id: string, parts: Partial<WaitingNotice> = {}, fleet = 'web'): WaitingNotice => ({
        notifier: 'ops',
        notice: sampleNotice({ id, fleet }),
        kind: 'scaled',
        takenAt: NOON,
        held: null,
        ...parts,
      })
      const idsOf = async (fleet = 'web') =>
        (await store.readNotices(fleet)).map(({ notifier, notice }) => `${notifier} ${notice.id}`)

      it('are given in the order they were kept, each fleet its own, whole', async () => {
        expect(await store.readNotices('web')).toEqual([])
        const held = waiting('web/2', { notifier: 'chat', held: { since: NOON - 5, more: 3 } })
        expect(await store.saveNotice(waiting('web/9'), 'a')).toBe(true)
        expect(await store.saveNotice(held, 'a')).toBe(true)
        expect(await store.saveNotice(waiting('shop/1', {}, 'shop'), 'a')).toBe(true)
        expect(await store.readNotices('web')).toEqual([waiting('web/9'), held])
        expect(await store.readNotices('shop')).toEqual([waiting('shop/1', {}, 'shop')])
      })

      it('are each there once per notifier, in their first place, as kept last', async () => {
        await store.saveNotice(waiting('web/1', { held: { since: NOON, more: 1 } }), 'a')
        await store.saveNotice(waiting('web/1', { notifier: 'chat' }), 'a')
        await store.saveNotice(waiting('web/1'), 'a')
        expect(await store.readNotices('web')).toEqual([
          waiting('web/1'),
          waiting('web/1', { notifier: 'chat' }),
        ])
      })

      it('may be tried while they wait, and not when they were taken or given up', async () => {
        await store.saveNotice(waiting('web/1'), 'a')
        expect(await store.claimNotice('ops', 'web/1', 'a')).toBe(true)
        expect(await store.claimNotice('chat', 'web/1', 'a')).toBe(false)
        await store.deleteNotice('ops', 'web/1')
        expect(await store.claimNotice('ops', 'web/1', 'a')).toBe(false)
        await store.deleteNotice('ops', 'web/1')
        expect(await store.readNotices('web')).toEqual([])
      })

      it('are kept and tried only by who holds the lease of their fleet, or by anyone while nobody does', async () => {
        const lease = await store.acquireLease('web', 'a', NOON, MINUTE)
        expect(await store.saveNotice(waiting('web/1'), 'a')).toBe(true)
        expect(await store.saveNotice(waiting('web/2'), 'b')).toBe(false)
        expect(await store.saveNotice(waiting('shop/1', {}, 'shop'), 'b')).toBe(true)
        expect(await idsOf()).toEqual(['ops web/1'])
        expect(await store.claimNotice('ops', 'web/1', 'b')).toBe(false)
        await store.acquireLease('web', 'b', NOON + MINUTE, MINUTE)
        expect(await store.claimNotice('ops', 'web/1', 'a')).toBe(false)
        expect(await store.claimNotice('ops', 'web/1', 'b')).toBe(true)
        if (lease !== null) await store.releaseLease({ ...lease, holder: 'b', epoch: 2 })
        expect(await store.claimNotice('ops', 'web/1', 'a')).toBe(true)
      })

      it('are bounded per fleet: of too many the oldest go', async () => {
        await store.saveNotice(waiting('shop/1', {}, 'shop'), 'a')
        for (let n = 1; n <= WAITING_NOTICES_KEPT + 2; n++) await store.saveNotice(waiting(`web/${n}`), 'a')
        const kept = await idsOf()
        expect(kept).toHaveLength(WAITING_NOTICES_KEPT)
        expect(kept[0]).toBe('ops web/3')
        expect(await idsOf('shop')).toEqual(['ops shop/1'])
      })

      it('go when they are as old as the journal may be', async () => {
        await store.saveNotice(waiting('web/1'), 'a')
        await store.saveNotice(waiting('web/2', { takenAt: NOON + MINUTE }), 'a')
        expect(await store.prune(NOON + DAY, { ...EVERYTHING, journalMs: DAY - 1 })).toBe(1)
        expect(await idsOf()).toEqual(['ops web/2'])
      })

      it('are there when it is opened anew', async ({ skip }) => {
        const { reopen } = subject
        if (reopen === undefined) return skip('this store forgets')
        await store.saveNotice(waiting('web/1', { held: { since: NOON, more: 2 } }), 'a')
        await store.close()
        store = await reopen()
        expect(await store.readNotices('web')).toEqual([waiting('web/1', { held: { since: NOON, more: 2 } })])
      })
    })

    describe('leases', () => {
      it('gives a free lease, and to nobody else while it is held', async () => {
        const lease = await store.acquireLease('web', 'a', NOON, MINUTE)
        expect(lease).toEqual({ fleet: 'web', holder: 'a', epoch: 1, expiresAt: NOON + MINUTE })
        expect(await store.acquireLease('web', 'b', NOON + MINUTE - 1, MINUTE)).toBeNull()
        expect(await store.acquireLease('shop', 'b', NOON, MINUTE)).toMatchObject({ holder: 'b', epoch: 1 })
      })

      it('renews for its holder with the same epoch, even when it has expired and nobody took it', async () => {
        await store.acquireLease('web', 'a', NOON, MINUTE)
        const renewed = await store.acquireLease('web', 'a', NOON + 30_000, MINUTE)
        expect(renewed).toEqual({ fleet: 'web', holder: 'a', epoch: 1, expiresAt: NOON + 30_000 + MINUTE })
        const late = await store.acquireLease('web', 'a', NOON + 10 * MINUTE, MINUTE)
        expect(late).toMatchObject({ epoch: 1, expiresAt: NOON + 11 * MINUTE })
      })

      it('gives an expired lease to another with a later epoch, and refuses the first holder from then on', async () => {
        await store.acquireLease('web', 'a', NOON, MINUTE)
        await store.commit(sampleCommit('web', 1, { epoch: 1 }))
        expect(await store.acquireLease('web', 'b', NOON + MINUTE, MINUTE)).toMatchObject({ epoch: 2 })
        await expect(store.commit(sampleCommit('web', 2, { epoch: 1 }))).rejects.toMatchObject({
          name: 'PluginError',
          kind: 'conflict',
        })
        expect((await store.load('web')).revision).toBe(1)
        await store.commit(sampleCommit('web', 2, { epoch: 2 }))
        expect(await store.acquireLease('web', 'a', NOON + MINUTE + 1, MINUTE)).toBeNull()
      })

      it('frees a released lease at once; its epoch still grows', async () => {
        const first = await store.acquireLease('web', 'a', NOON, MINUTE)
        if (first !== null) await store.releaseLease(first)
        expect(await store.acquireLease('web', 'b', NOON + 1, MINUTE)).toMatchObject({ epoch: 2 })
      })

      it('ignores the release of a lease that has gone to another', async () => {
        const first = await store.acquireLease('web', 'a', NOON, MINUTE)
        await store.acquireLease('web', 'b', NOON + 2 * MINUTE, MINUTE)
        if (first !== null) await store.releaseLease(first)
        expect(await store.acquireLease('web', 'c', NOON + 2 * MINUTE + 1, MINUTE)).toBeNull()
      })

      it('gives epochs that never go back, whoever comes, goes and commits', async () => {
        const step = fc.record({
          holder: fc.constantFrom('a', 'b', 'c'),
          what: fc.constantFrom('acquire', 'release', 'wait'),
        })
        let fleet = 0
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
            fleet += 1
            let now = NOON
            let latest = { epoch: 0, holder: '' }
            for (const { holder, what } of steps) {
              now += what === 'wait' ? MINUTE : 1
              if (what === 'release') {
                await store.releaseLease({ fleet: `f${fleet}`, holder, epoch: latest.epoch, expiresAt: now })
              }
              if (what !== 'acquire') continue
              const lease = await store.acquireLease(`f${fleet}`, holder, now, MINUTE)
              if (lease === null) continue
              expect(lease.epoch).toBeGreaterThanOrEqual(latest.epoch)
              if (lease.holder !== latest.holder) expect(lease.epoch).toBeGreaterThan(latest.epoch)
              latest = lease
            }
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('journal', () => {
      it('gives the newest first and pages by revision', async () => {
        await commitMany('web', 7)
        await commitMany('shop', 2)
        expect(await revisions({ limit: 3 })).toEqual([7, 6, 5])
        expect(await revisions({ limit: 3, before: 5 })).toEqual([4, 3, 2])
        expect(await revisions({ limit: 3, before: 2 })).toEqual([1])
        expect(await revisions({ limit: 3, before: 1 })).toEqual([])
        expect(await store.readJournal({ fleet: 'nobody', limit: 3 })).toEqual([])
      })

      it('finds the entry in force at a time, and those since one', async () => {
        await commitMany('web', 7)
        expect(await revisions({ limit: 1, at: NOON + 3.5 * MINUTE })).toEqual([3])
        expect(await revisions({ limit: 1, at: NOON + 4 * MINUTE })).toEqual([4])
        expect(await revisions({ limit: 1, at: NOON })).toEqual([])
        expect(await revisions({ limit: 9, since: NOON + 5 * MINUTE })).toEqual([7, 6, 5])
        expect(await revisions({ limit: 9, since: NOON + 2 * MINUTE, at: NOON + 4 * MINUTE })).toEqual([
          4, 3, 2,
        ])
        expect(await revisions({ limit: 1, since: NOON + 2 * MINUTE, before: 4 })).toEqual([3])
        expect(await revisions({ limit: 9, since: NOON + 99 * MINUTE })).toEqual([])
      })

      it('can leave out the ticks that changed nothing', async () => {
        await commitMany('web', 6, revision => ({
          entry: sampleEntry('web', revision, { desired: revision % 3 === 0 ? 5 : revision === 4 ? 3 : 4 }),
        }))
        expect(await revisions({ limit: 9, changesOnly: true })).toEqual([6, 4, 3])
        expect(await revisions({ limit: 1, changesOnly: true, before: 6 })).toEqual([4])
        expect(await revisions({ limit: 9, changesOnly: true, at: NOON + 3 * MINUTE })).toEqual([3])
      })

      it('takes a commit without an entry, which the journal then lacks', async () => {
        await store.commit(sampleCommit('web', 1))
        await store.commit(sampleCommit('web', 2, { entry: null }))
        await store.commit(sampleCommit('web', 3))
        expect(await revisions({ limit: 9 })).toEqual([3, 1])
      })

      it('adds outcomes to the entry they belong to and to no other', async () => {
        await commitMany('web', 2)
        const outcomes: Outcome[] = [
          done('web/1/1'),
          { action: 'web/1/2', outcome: 'failed', kind: 'throttled', error: 'quota', at: NOON },
        ]
        await store.commit(sampleCommit('web', 3, { entry: null, outcomes: { revision: 1, outcomes } }))
        expect(await store.readJournal({ fleet: 'web', limit: 9 })).toEqual([
          sampleEntry('web', 2),
          { ...sampleEntry('web', 1), outcomes },
        ])
      })

      it('adds later outcomes to those an entry has, the latest of each action', async () => {
        await commitMany('web', 1)
        const runs = (outcome: Outcome[]) => ({ entry: null, outcomes: { revision: 1, outcomes: outcome } })
        const ran: Outcome = {
          action: 'web/1/run/1',
          outcome: 'done',
          instance: null,
          output: 'queue created',
          at: NOON,
        }
        const failed: Outcome = {
          action: 'web/1/run/2',
          outcome: 'failed',
          kind: 'interrupted',
          error: 'cut off',
          at: NOON,
        }
        await store.commit(sampleCommit('web', 2, runs([done('web/1/1')])))
        await store.commit(sampleCommit('web', 3, runs([ran])))
        await store.commit(sampleCommit('web', 4, runs([failed])))
        await store.commit(sampleCommit('web', 5, runs([{ ...ran, output: 'again' }])))
        const [entry] = await store.readJournal({ fleet: 'web', limit: 1 })
        expect(entry?.outcomes).toEqual([done('web/1/1'), failed, { ...ran, output: 'again' }])
      })

      it('counts a tick that only began something beside scaling as a change', async () => {
        const plain = sampleEntry('web', 2)
        const effects = [{ kind: 'run' as const, rule: 'Backlog', name: 'provision' }]
        await commitMany('web', 3, revision =>
          revision === 2 ? { entry: { ...plain, decision: { ...plain.decision, effects } } } : {},
        )
        expect(await revisions({ limit: 9, changesOnly: true })).toEqual([2])
      })

      it('takes outcomes of an entry that is no longer there', async () => {
        await store.commit(
          sampleCommit('web', 1, { entry: null, outcomes: { revision: 99, outcomes: [done('x')] } }),
        )
        expect((await store.load('web')).revision).toBe(1)
      })
    })

    describe('timeline', () => {
      it('gives one point per tick, sorted by time, the newest when there are too many', async () => {
        await commitMany('web', 4, revision => ({
          entry: sampleEntry('web', revision, { desired: revision === 4 ? 5 : 4 }),
        }))
        const window = { from: NOON + 2 * MINUTE, to: NOON + 5 * MINUTE }
        const points = await store.readTimeline({ fleet: 'web', window, limit: 9 })
        expect(points.map(point => point.revision)).toEqual([2, 3, 4])
        expect(points.at(-1)).toEqual({
          at: NOON + 4 * MINUTE,
          revision: 4,
          open: 4,
          pending: 0,
          draining: 1,
          desired: 5,
          lowest: 2,
          highest: 6,
          rule: 'Scale up',
          sessions: null,
        })
        expect(points[0]).toMatchObject({ desired: 4, rule: null })
        const newest = await store.readTimeline({ fleet: 'web', window, limit: 2 })
        expect(newest.map(point => point.revision)).toEqual([3, 4])
      })

      it('tells the sessions of a fleet that has slots, and only of such a one', async () => {
        const seen = [
          { ...NO_SESSIONS, inUse: 17, inUseOpen: 15, slots: 24 },
          { ...NO_SESSIONS, waiting: 2 },
          { ...NO_SESSIONS, inUse: 17, inUseOpen: 15 },
        ]
        await commitMany('web', 3, revision => {
          const plain = sampleEntry('web', revision)
          const sessions = seen[revision - 1] ?? NO_SESSIONS
          return { entry: { ...plain, observation: { ...plain.observation, sessions } } }
        })
        const points = await store.readTimeline({ fleet: 'web', window: ALWAYS, limit: 9 })
        expect(points.map(point => point.sessions)).toEqual([
          { inUse: 17, slots: 24, waiting: 0 },
          { inUse: null, slots: null, waiting: 2 },
          null,
        ])
      })

      it('leaves out what lies at the end of its half-open window', async () => {
        await commitMany('web', 3)
        const window = { from: NOON + MINUTE, to: NOON + 3 * MINUTE }
        const points = await store.readTimeline({ fleet: 'web', window, limit: 9 })
        expect(points.map(point => point.revision)).toEqual([1, 2])
        expect(await store.readTimeline({ fleet: 'nobody', window, limit: 9 })).toEqual([])
      })

      it('says null for a tick in which the target could not be asked', async () => {
        const plain = sampleEntry('web', 1)
        const entry: JournalEntry = {
          ...plain,
          observation: { ...plain.observation, capacity: null, capacityGap: 'list timed out' },
          decision: { ...plain.decision, current: null, desired: null },
        }
        await store.commit(sampleCommit('web', 1, { entry }))
        const [point] = await store.readTimeline({ fleet: 'web', window: ALWAYS, limit: 1 })
        expect(point).toMatchObject({ open: null, pending: null, draining: null, desired: null })
        expect(await revisions({ limit: 1, changesOnly: true })).toEqual([])
      })
    })

    describe('samples', () => {
      const read = (limit = 999, window = ALWAYS) =>
        store.readSamples({ fleet: 'web', metric: 'cpu', window, limit })

      it('gives them sorted by time, inside the half-open window, the newest when there are too many', async () => {
        const times = [5, 1, 4, 2, 3]
        const samples = times.map(n => ({ at: NOON + n, value: n / 10, instance: 'web-1' }))
        await store.commit(sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples }] }))
        expect((await read()).map(sample => sample.at - NOON)).toEqual([1, 2, 3, 4, 5])
        expect((await read(2)).map(sample => sample.at - NOON)).toEqual([4, 5])
        expect((await read(9, { from: NOON + 2, to: NOON + 4 })).map(sample => sample.at - NOON)).toEqual([
          2, 3,
        ])
      })

      it('keeps labels, and keeps apart what differs by them alone', async () => {
        const samples: Sample[] = [
          { at: NOON, value: 1, labels: { region: 'eu', zone: 'z1' } },
          { at: NOON, value: 1, labels: { region: 'us' } },
          { at: NOON, value: 1, instance: 'web-1', labels: { region: 'eu' } },
          { at: NOON, value: 1, instance: 'web-1' },
          { at: NOON, value: 1 },
        ]
        const again = [{ at: NOON, value: 1, labels: { zone: 'z1', region: 'eu' } }]
        await store.commit(sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples }] }))
        await store.commit(sampleCommit('web', 2, { samples: [{ metric: 'cpu', samples: again }] }))
        const found = await read()
        expect(found).toHaveLength(samples.length)
        expect(found).toEqual(expect.arrayContaining(samples))
      })

      it('keeps fleets, metrics and instances apart', async () => {
        const samples: Sample[] = [
          { at: NOON, value: 1, instance: 'web-1' },
          { at: NOON, value: 1, instance: 'web-2' },
          { at: NOON, value: 1 },
        ]
        const orders: Sample[] = [{ at: NOON, value: 7 }]
        await store.commit(
          sampleCommit('web', 1, {
            samples: [
              { metric: 'cpu', samples },
              { metric: 'orders', samples: orders },
            ],
          }),
        )
        expect((await read()).map(sample => sample.instance).sort()).toEqual(['web-1', 'web-2', undefined])
        expect(await store.readSamples({ fleet: 'web', metric: 'orders', window: ALWAYS, limit: 9 })).toEqual(
          orders,
        )
        expect(await store.readSamples({ fleet: 'shop', metric: 'cpu', window: ALWAYS, limit: 9 })).toEqual(
          [],
        )
      })

      it('keeps a sample given twice once, and two values of one moment both', async () => {
        const sample = { at: NOON, value: 1.5, instance: 'web-1' }
        const other = { at: NOON, value: 2.5, instance: 'web-1' }
        await store.commit(
          sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples: [sample, sample] }] }),
        )
        await store.commit(sampleCommit('web', 2, { samples: [{ metric: 'cpu', samples: [other, sample] }] }))
        expect(await read()).toEqual([sample, other])
      })

      it('is not changed by what the caller does to its arrays afterwards', async () => {
        const samples = [{ at: NOON, value: 1 }]
        await store.commit(sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples }] }))
        samples.length = 0
        expect(await read()).toEqual([{ at: NOON, value: 1 }])
      })

      it('gives back exactly the set of samples it was given, in any order and batches', async () => {
        const sample = fc.record(
          {
            at: fc.integer({ min: NOON, max: NOON + 20 }),
            value: fc
              .double({ noNaN: true, noDefaultInfinity: true })
              .map(value => (value === 0 ? 0 : value)),
            instance: fc.constantFrom('web-1', 'web-2'),
          },
          { requiredKeys: ['at', 'value'] },
        )
        const batches = fc.array(fc.array(sample, { maxLength: 6 }), { maxLength: 4 })
        let run = 0
        await fc.assert(
          fc.asyncProperty(batches, async given => {
            run += 1
            const fleet = `f${run}`
            let revision = 0
            for (const samples of given) {
              revision += 1
              await store.commit(sampleCommit(fleet, revision, { samples: [{ metric: 'cpu', samples }] }))
            }
            const found = await store.readSamples({ fleet, metric: 'cpu', window: ALWAYS, limit: 999 })
            const times = found.map(({ at }) => at)
            expect(times).toEqual(times.toSorted((a, b) => a - b))
            expect(new Set(found.map(textOf))).toEqual(new Set(given.flat().map(textOf)))
            expect(found).toHaveLength(new Set(given.flat().map(textOf)).size)
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('changes of settings', () => {
      function change(version: number, setting = 'reports'): SettingChange {
        const rule = version % 2 === 1 ? 'Shed load' : null
        return { version, at: NOON + version * MINUTE, setting, from: rule === null, to: rule !== null, rule }
      }

      it('are read newest first, page by page, as they were committed', async () => {
        const odd: SettingChange = { ...change(3, 'quality'), from: 'hoch "1"', to: 2.5 }
        await commitMany('web', 2, revision => ({
          settings: revision === 1 ? [change(1), change(2)] : [odd, change(4)],
        }))
        expect(await store.readSettingChanges({ fleet: 'web', limit: 9 })).toEqual([
          change(4),
          odd,
          change(2),
          change(1),
        ])
        expect(await store.readSettingChanges({ fleet: 'web', limit: 2, before: 4 })).toEqual([
          odd,
          change(2),
        ])
        expect(await store.readSettingChanges({ fleet: 'web', limit: 2, before: 1 })).toEqual([])
      })

      it('are of one fleet, and none of a fleet nobody knows', async () => {
        await store.commit(sampleCommit('web', 1, { settings: [change(1)] }))
        await store.commit(sampleCommit('shop', 1))
        expect(await store.readSettingChanges({ fleet: 'shop', limit: 9 })).toEqual([])
        expect(await store.readSettingChanges({ fleet: 'nobody', limit: 9 })).toEqual([])
      })

      it('are not there when their commit was refused', async () => {
        await store.commit(sampleCommit('web', 1))
        const stale = sampleCommit('web', 1, { settings: [change(1)] })
        await expect(store.commit(stale)).rejects.toMatchObject({ kind: 'conflict' })
        expect(await store.readSettingChanges({ fleet: 'web', limit: 9 })).toEqual([])
      })

      it('survive with the settings in force, where the store does', async () => {
        const settings = {
          version: 1,
          at: NOON,
          applied: true,
          values: { reports: { value: false, rule: 'Shed load', since: NOON } },
        }
        const memory = { ...memoryAt(1), settings }
        await store.commit(sampleCommit('web', 1, { memory, settings: [change(1)] }))
        if (subject.reopen !== undefined) store = await subject.reopen()
        expect((await store.load('web')).settings).toEqual(settings)
        expect(await store.readSettingChanges({ fleet: 'web', limit: 9 })).toEqual([change(1)])
      })

      it('go with the age and the number of the journal, oldest first', async () => {
        await commitMany('web', 9, revision => ({ settings: [change(revision)] }))
        const kept = async () =>
          (await store.readSettingChanges({ fleet: 'web', limit: 99 })).map(one => one.version)
        await store.prune(NOON + 10 * MINUTE, { ...EVERYTHING, journalMs: 7 * MINUTE })
        expect(await kept()).toEqual([9, 8, 7, 6, 5, 4, 3])
        await store.prune(NOON + 10 * MINUTE, { ...EVERYTHING, journalEntries: 2 })
        expect(await kept()).toEqual([9, 8])
      })
    })

    describe('retention', () => {
      it('deletes nothing that retention keeps', async () => {
        await commitMany('web', 5, () => ({ samples: oneSample(1) }))
        expect(await store.prune(NOON + DAY, EVERYTHING)).toBe(0)
        expect(await revisions({ limit: 9 })).toEqual([5, 4, 3, 2, 1])
      })

      it('drops samples by age, to the millisecond', async () => {
        const samples = [0, 1, 2, 3].map(n => ({ at: NOON + n, value: n }))
        await store.commit(sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples }] }))
        expect(await store.prune(NOON + 102, { ...EVERYTHING, samplesMs: 100 })).toBe(2)
        const kept = await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 9 })
        expect(kept.map(sample => sample.value)).toEqual([2, 3])
      })

      it('keeps the newest samples of each series when there are too many', async () => {
        const samples = [0, 1, 2, 3, 4].map(n => ({ at: NOON + n, value: n, instance: 'web-1' }))
        await store.commit(
          sampleCommit('web', 1, {
            samples: [
              { metric: 'cpu', samples },
              { metric: 'orders', samples: samples.slice(0, 2) },
            ],
          }),
        )
        expect(await store.prune(NOON + DAY, { ...EVERYTHING, samplesPerSeries: 3 })).toBe(2)
        expect(await store.prune(NOON + DAY, { ...EVERYTHING, samplesPerSeries: 3 })).toBe(0)
        const kept = await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 9 })
        expect(kept.map(sample => sample.value)).toEqual([2, 3, 4])
        expect(
          await store.readSamples({ fleet: 'web', metric: 'orders', window: ALWAYS, limit: 9 }),
        ).toHaveLength(2)
      })

      it('keeps the demand of a fleet for four weeks, whatever it keeps of samples', async () => {
        const samples = [0, 1, 2].map(n => ({ at: NOON + n, value: n }))
        const series = ['cpu', 'demand:total:last(requests)'].map(metric => ({ metric, samples }))
        await store.commit(sampleCommit('web', 1, { samples: series }))
        const short = { ...EVERYTHING, samplesMs: 1, samplesPerSeries: 1 }
        expect(await store.prune(NOON + DAY, short)).toBe(3)
        expect(await store.prune(NOON + 28 * DAY, short)).toBe(0)
        expect(await store.prune(NOON + 28 * DAY + 2, short)).toBe(2)
      })

      it('counts a sample once however often it was given', async () => {
        const samples = [0, 1, 2].map(n => ({ at: NOON + n, value: n, instance: 'web-1' }))
        for (const revision of [1, 2, 3]) {
          await store.commit(sampleCommit('web', revision, { samples: [{ metric: 'cpu', samples }] }))
        }
        expect(await store.prune(NOON + DAY, { ...EVERYTHING, samplesPerSeries: 3 })).toBe(0)
        expect(await store.prune(NOON + DAY, { ...EVERYTHING, samplesPerSeries: 2 })).toBe(1)
      })

      it('drops journal entries by age and by number, and their points of the timeline', async () => {
        await commitMany('web', 9)
        expect(await store.prune(NOON + 10 * MINUTE, { ...EVERYTHING, journalMs: 7 * MINUTE })).toBe(2)
        expect(await revisions({ limit: 1, at: NOON + 3 * MINUTE })).toEqual([3])
        expect(await store.prune(NOON + 10 * MINUTE, { ...EVERYTHING, journalEntries: 4 })).toBe(3)
        expect(await revisions({ limit: 9 })).toEqual([9, 8, 7, 6])
        expect(await store.readTimeline({ fleet: 'web', window: ALWAYS, limit: 9 })).toHaveLength(4)
      })

      it('never forgets memory, however old', async () => {
        await commitMany('web', 2)
        await store.prune(NOON + 999 * DAY, { ...EVERYTHING, journalMs: 1 })
        expect(await revisions({ limit: 9 })).toEqual([])
        expect(await store.load('web')).toEqual(memoryAt(2))
        await store.commit(sampleCommit('web', 3))
      })

      it('does bounded work in one call and finishes in as many as it takes', async () => {
        const total = 25_000
        const samples = Array.from({ length: total }, (_, n) => ({ at: NOON + n, value: n }))
        await store.commit(sampleCommit('web', 1, { samples: [{ metric: 'cpu', samples }] }))
        let deleted = 0
        let calls = 0
        for (;;) {
          const now = await store.prune(NOON + DAY, { ...EVERYTHING, samplesMs: 1 })
          if (now === 0) break
          expect(now).toBeLessThan(total)
          deleted += now
          calls += 1
        }
        expect(deleted).toBe(total)
        expect(calls).toBeGreaterThan(1)
      })
    })

    describe('configurations', () => {
      it('keeps the text of a digest, the first one given', async () => {
        expect(await store.readSpec('abc')).toBeNull()
        await store.saveSpec('abc', 'plimsoll: 1\n', NOON)
        await store.saveSpec('abc', 'other', NOON + 1)
        expect(await store.readSpec('abc')).toBe('plimsoll: 1\n')
      })

      it('drops old ones that no journal entry was decided under, and never the newest', async () => {
        await store.saveSpec('unused', 'one', NOON)
        await store.saveSpec('used', 'two', NOON)
        await store.saveSpec('newest', 'three', NOON + 1)
        await store.commit(
          sampleCommit('web', 1, {
            entry: sampleEntry('web', 1, { at: NOON + 30 * DAY, specDigest: 'used' }),
          }),
        )
        await store.prune(NOON + 31 * DAY, { ...EVERYTHING, journalMs: 30 * DAY })
        expect(await store.readSpec('unused')).toBeNull()
        expect(await store.readSpec('used')).toBe('two')
        expect(await store.readSpec('newest')).toBe('three')
      })
    })

    describe('opening and closing', () => {
      it('says that it works, and that it does not once closed; closing twice is fine', async () => {
        const signal = AbortSignal.timeout(10_000)
        expect(await store.check(signal)).toMatchObject({ ok: true })
        await store.close()
        await store.close()
        expect(await store.check(signal)).toMatchObject({ ok: false })
        await expect(store.load('web')).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable' })
      })

      it('has everything after it was opened anew', async ({ skip }) => {
        const { reopen } = subject
        if (reopen === undefined) return skip('this store forgets when it is closed')
        await store.acquireLease('web', 'a', NOON, MINUTE)
        await store.saveSpec('abc', 'plimsoll: 1\n', NOON)
        await commitMany('web', 3, revision => ({ epoch: 1, samples: oneSample(revision) }))
        const outcomes = [done('web/3/1')]
        await store.commit(
          sampleCommit('web', 4, { epoch: 1, entry: null, outcomes: { revision: 3, outcomes } }),
        )
        await store.close()

        store = await reopen()
        expect(await store.load('web')).toEqual(memoryAt(4))
        expect(await store.readSpec('abc')).toBe('plimsoll: 1\n')
        expect(await store.readJournal({ fleet: 'web', limit: 9 })).toEqual([
          { ...sampleEntry('web', 3), outcomes },
          sampleEntry('web', 2),
          sampleEntry('web', 1),
        ])
        const samples = await store.readSamples({ fleet: 'web', metric: 'cpu', window: ALWAYS, limit: 9 })
        expect(samples.map(sample => sample.value)).toEqual([1, 2, 3])
        expect(await store.acquireLease('web', 'b', NOON + 1, MINUTE)).toBeNull()
        expect(await store.acquireLease('web', 'b', NOON + MINUTE, MINUTE)).toMatchObject({ epoch: 2 })
      })
    })
  })
}

function oneSample(value: number) {
  return [{ metric: 'cpu', samples: [{ at: NOON, value }] }]
}

function done(action: string): Outcome {
  return { action, outcome: 'done', instance: 'web-7', at: NOON }
}

function textOf(sample: Sample): string {
  return `${sample.at} ${sample.instance ?? ''} ${sample.value}`
}
