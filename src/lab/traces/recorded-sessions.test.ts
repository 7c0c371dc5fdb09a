import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { T0 } from '../../../test/builders/journal.ts'
import { type Evening, recordVisits, type Visit } from '../../../test/builders/recorded-sessions.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'
import { openSqliteStore } from '../../plugins/stores/sqlite.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { LabError } from '../lab-error.ts'
import type { SessionTrace } from '../trace.ts'
import {
  NO_LENGTHS,
  NO_SESSIONS,
  type RecordedSessionsOptions,
  readRecordedSessions,
} from './recorded-sessions.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ALL = { from: 0, to: T0 + 30 * 24 * HOUR }

const cleaning: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

async function sqlite(): Promise<StateStore> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-sessions-'))
  const store = await openSqliteStore(path.join(folder, 'state.db'))
  cleaning.push(
    () => rmSync(folder, { recursive: true }),
    () => store.close(),
  )
  return store
}

async function read(
  evening: Evening,
  options: Partial<RecordedSessionsOptions> = {},
  store = createMemoryStore(),
): Promise<SessionTrace> {
  await recordVisits(store, evening)
  return readRecordedSessions(store, { fleet: 'rooms', window: ALL, ...options })
}

const played = ({ sessions }: SessionTrace) =>
  sessions.map(({ atMs, lengthMs }) => [Math.round(atMs) / MINUTE, Math.round(lengthMs) / MINUTE])
/** Where nobody's end was recorded in that time; anything else is a failure. */
function nothingToPlay(error: unknown): null {
  if (error instanceof LabError && [NO_LENGTHS, NO_SESSIONS].includes(error.code)) return null
  throw error
}

const notes = ({ recorded }: SessionTrace) => recorded?.notes.join('\n') ?? ''

/** One after the other, each of its own length. */
const FEW: readonly Visit[] = [
  { atMs: 1 * MINUTE, lengthMs: 3 * MINUTE },
  { atMs: 2 * MINUTE, lengthMs: 10 * MINUTE },
  { atMs: 5 * MINUTE, lengthMs: 20 * MINUTE },
]

describe('the sessions that a daemon placed', () => {
  it.each([
    ['memory', async () => createMemoryStore()],
    ['SQLite', sqlite],
  ])('come back from %s as they were, where few end at a time', async (_name, open) => {
    const trace = await read({ visits: FEW, endMs: 30 * MINUTE }, {}, await open())
    expect(trace).toMatchObject({
      kind: 'sessions',
      name: 'rooms',
      startAt: T0,
      lengthMs: 30 * MINUTE,
      repairs: [],
    })
    expect(played(trace)).toEqual([
      [1, 3],
      [2, 10],
      [5, 20],
    ])
    expect(trace.recorded?.notes).toHaveLength(1)
  })

  it('come in groups where many end at a time: as long as their mean, and ending evenly', async () => {
    // They end at 5:16, 5:21 and 5:26, all within one tick.
    const visits = [0, 1, 2].map(n => ({ atMs: 16_000 + n * 2_000, lengthMs: 300_000 + n * 3_000 }))
    const { sessions } = await read({ visits, endMs: 10 * MINUTE })
    expect(sessions).toEqual([
      { atMs: 13_000, lengthMs: 303_000 },
      { atMs: 18_000, lengthMs: 303_000 },
      { atMs: 23_000, lengthMs: 303_000 },
    ])
  })

  it('that were there when the record began are played from then on with what was left of them', async () => {
    const visits = [
      { atMs: 0, lengthMs: 60 * MINUTE },
      { atMs: 20 * MINUTE, lengthMs: 5 * MINUTE },
    ]
    const window = { from: T0 + 22 * MINUTE, to: ALL.to }
    const trace = await read({ visits, endMs: 2 * HOUR }, { window })
    expect(trace.startAt).toBe(T0 + 22 * MINUTE)
    expect(played(trace)).toEqual([
      [0, 3],
      [0, 38],
    ])
  })

  it('that ended after the time are known by the ends recorded since, and played to its end', async () => {
    const visits = [
      { atMs: 0, lengthMs: 60 * MINUTE },
      { atMs: 40 * MINUTE, lengthMs: 5 * MINUTE },
    ]
    const window = { from: 0, to: T0 + 30 * MINUTE + 1 }
    const trace = await read({ visits, endMs: 2 * HOUR }, { window })
    expect(trace.lengthMs).toBe(30 * MINUTE)
    expect(played(trace)).toEqual([[0, 30]])
  })

  it('that still go on began when there were so many more for good', async () => {
    const visits = [
      ...FEW,
      { atMs: 10 * MINUTE, lengthMs: 24 * HOUR },
      { atMs: 20 * MINUTE, lengthMs: 24 * HOUR },
    ]
    const trace = await read({ visits, endMs: 30 * MINUTE })
    expect(played(trace)).toEqual([
      [1, 3],
      [2, 10],
      [5, 20],
      [10, 20],
      [20, 10],
    ])
    expect(notes(trace)).toContain('2 places were in use to the end without an end being recorded since')
  })

  it('of several slots are as many of one slot, and those that were cut off are said', async () => {
    const visits = [
      { atMs: MINUTE, lengthMs: 5 * MINUTE, slots: 3 },
      { atMs: MINUTE, lengthMs: 5 * MINUTE, lost: true },
    ]
    const trace = await read({ visits, endMs: 10 * MINUTE })
    expect(trace.sessions).toHaveLength(4)
    expect(notes(trace)).toContain('1 session of several slots: played as 3 sessions of one slot each.')
    expect(notes(trace)).toContain('1 session ended with its instance: played as long as it lasted then.')
    expect(trace.recorded?.lost).toBe(1)
  })

  it('have beside them the instances of that time, minute by minute', async () => {
    const instances = (ms: number) => (ms < 2 * MINUTE ? 2 : 4)
    const { recorded } = await read({ visits: FEW, endMs: 30 * MINUTE, instances })
    expect(recorded?.initial).toBe(2)
    expect([...(recorded?.paid ?? [])].slice(0, 4)).toEqual([2, 2, 4, 4])
    expect(recorded?.ready).toHaveLength(30)
  })
})

describe('a journal of which a part has no lengths', () => {
  const steady = Array.from({ length: 120 }, (_, index) => ({ atMs: index * MINUTE, lengthMs: 15 * MINUTE }))

  it('is played from where they are recorded', async () => {
    const trace = await read({ visits: steady, endMs: 2 * HOUR, keptFromMs: HOUR })
    expect(trace.startAt).toBe(T0 + HOUR)
    expect(trace.sessions.filter(({ atMs }) => atMs === 0)).toHaveLength(15)
    expect(notes(trace)).toContain(
      `Played from ${new Date(T0 + HOUR).toISOString()} on: before, nothing says how long sessions lasted`,
    )
    expect(notes(trace)).not.toContain('Missing')
  })

  it('is played whole where nobody left before the first end that is recorded', async () => {
    const visits = [
      { atMs: 0, lengthMs: HOUR },
      { atMs: 10 * MINUTE, lengthMs: HOUR },
    ]
    const trace = await read({ visits, endMs: 2 * HOUR })
    expect(trace.startAt).toBe(T0)
    expect(played(trace)).toEqual([
      [0, 60],
      [10, 60],
    ])
  })

  it('is refused where none is recorded at all', async () => {
    await expect(read({ visits: steady, endMs: 2 * HOUR, keptFromMs: 3 * HOUR })).rejects.toMatchObject({
      code: 'PLM-730',
      message: expect.stringContaining('nothing in its journal says how long they lasted'),
    })
  })

  it('says how much of the time in use it could not account for', async () => {
    const store = createMemoryStore()
    await recordVisits(store, { visits: steady, endMs: 2 * HOUR })
    // Half of the lengths were deleted in the middle of the record.
    const readSamples: StateStore['readSamples'] = async query =>
      (await store.readSamples(query)).filter(({ at }) => at < T0 + 30 * MINUTE || at > T0 + 60 * MINUTE)
    const trace = await readRecordedSessions({ ...store, readSamples }, { fleet: 'rooms', window: ALL })
    expect(notes(trace)).toMatch(/Missing: \d\d\.\d % of the time that places were in use/)
  })
})

describe('there is nothing to play', () => {
  it('where nobody came', async () => {
    await expect(read({ visits: [], endMs: HOUR })).rejects.toMatchObject({ code: 'PLM-731' })
    await expect(read({ visits: [], endMs: HOUR, uncounted: true })).rejects.toMatchObject({
      code: 'PLM-731',
    })
  })

  it('where nothing was recorded', async () => {
    const window = { from: 0, to: T0 - HOUR }
    await expect(read({ visits: FEW, endMs: HOUR }, { window })).rejects.toMatchObject({ code: 'PLM-713' })
  })

  it('where there are more than the lab plays', async () => {
    await expect(read({ visits: FEW, endMs: HOUR }, { most: 2 })).rejects.toMatchObject({
      code: 'PLM-714',
      message: expect.stringContaining('rooms: more than 2 places were taken in that time'),
    })
  })
})

describe('whoever comes and goes', () => {
  const TICK = 15_000
  const visits = fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: HOUR }),
      lengthMs: fc.integer({ min: 1, max: HOUR }),
      slots: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 80 },
  )

  it('has places for as long as it had', async () => {
    await fc.assert(
      fc.asyncProperty(visits, async all => {
        const { sessions } = await read({ visits: all, endMs: 2 * HOUR + TICK })
        const wanted = all.reduce((sum, { lengthMs, slots }) => sum + lengthMs * slots, 0)
        const found = sessions.reduce((sum, { lengthMs }) => sum + lengthMs, 0)
        // Only who came at once may be played a little before the record begins, which is cut off.
        const cut = sessions
          .filter(({ atMs }) => atMs === 0)
          .reduce((sum, { lengthMs }) => sum + 0.2 * lengthMs + TICK, 0)
        expect(found).toBeLessThanOrEqual(wanted + 1)
        expect(found).toBeGreaterThanOrEqual(wanted - cut - 1)
        expect(sessions).toHaveLength(all.reduce((sum, { slots }) => sum + slots, 0))
      }),
      { numRuns: 25 },
    )
  })

  it('is never more than there were, but for a fifth of a length and a tick; also where some still go on', async () => {
    await fc.assert(
      fc.asyncProperty(visits, fc.integer({ min: 2, max: 8 }), async (all, quarters) => {
        const endMs = quarters * 15 * MINUTE
        fc.pre(all.some(({ atMs, lengthMs }) => atMs <= endMs - TICK && (atMs % TICK) + lengthMs > TICK))
        const trace = await read({ visits: all, endMs }).catch(nothingToPlay)
        for (let ms = 0; ms <= endMs && trace !== null; ms += TICK) {
          const there = trace.sessions.filter(
            ({ atMs, lengthMs }) => atMs <= ms && ms < atMs + lengthMs,
          ).length
          const most = all.filter(({ atMs, lengthMs }) => {
            const early = 0.2 * lengthMs + TICK
            return atMs - early <= ms && ms < atMs + lengthMs + TICK
          })
          expect(there).toBeLessThanOrEqual(most.reduce((sum, { slots }) => sum + slots, 0))
        }
      }),
      { numRuns: 25 },
    )
  })
})
