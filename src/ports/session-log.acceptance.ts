/**
 * What every session log must do, as a suite: run it against a log to know that it keeps the port's promises.
 *
 * Example: `sessionLogAcceptance('memory', async () => ({ log: createMemorySessionLog(), cleanUp: async () => {} }))`.
 * `reopen` opens what was stored anew, after the first was closed; a log that forgets leaves it out.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from './plugin.ts'
import type { LoggedSession, SessionEnd, SessionLog, SessionRecord } from './session-log.ts'

export interface SessionLogCase {
  readonly log: SessionLog
  readonly reopen?: () => Promise<SessionLog>
  readonly cleanUp: () => Promise<void>
}

const NOON = Date.UTC(2026, 10, 21, 12)

export function sampleSession(number: number, changes: Partial<LoggedSession> = {}): LoggedSession {
  return {
    id: `s${number}`,
    number,
    instance: `web-${number % 3}`,
    incarnation: number % 2 === 0 ? null : 'first',
    slots: 1 + (number % 4),
    labels: number % 5 === 0 ? {} : { game: `"${number}" 'é' \\`, mode: '' },
    leaseMs: number % 2 === 0 ? null : 120_000,
    placedAt: NOON + number,
    ...changes,
  }
}

export function placed(...numbers: number[]): SessionRecord[] {
  return numbers.map(number => ({ kind: 'placed', session: sampleSession(number) }))
}

export function ended(kind: SessionEnd, ...numbers: number[]): SessionRecord[] {
  return numbers.map(number => ({
    kind,
    id: `s${number}`,
    number,
    at: NOON + 1_000 + number,
    why: `it "was"\n${kind}`,
  }))
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
}

async function expectConflict(work: Promise<unknown>): Promise<void> {
  const failure = await failureOf(work)
  expect(failure).toBeInstanceOf(PluginError)
  expect(failure).toMatchObject({ kind: 'conflict', message: expect.stringContaining('PLM-420') })
}

export function sessionLogAcceptance(name: string, create: () => Promise<SessionLogCase>): void {
  describe(`the session log "${name}"`, () => {
    let given: SessionLogCase
    let log: SessionLog

    beforeEach(async () => {
      given = await create()
      log = given.log
    })

    afterEach(async () => {
      await log.close()
      await given.cleanUp()
    })

    /** As after a restart, where it outlives one. */
    const again = async (): Promise<void> => {
      if (given.reopen === undefined) return
      await log.close()
      log = await given.reopen()
    }

    const live = async (fleet = 'web'): Promise<number[]> => {
      return (await log.open(fleet, 'reader')).sessions.map(session => session.number)
    }

    it('is empty at first', async () => {
      const { sessions, ended: over } = await log.open('web', 'a')
      expect({ sessions, over }).toEqual({ sessions: [], over: [] })
    })

    it('answers every part of what was placed and has not ended, in the order of the numbers', async () => {
      const { epoch } = await log.open('web', 'a')
      await log.append('web', epoch, placed(1, 2))
      await log.append('web', epoch, [...placed(3, 4, 5), ...ended('released', 2)])
      await again()
      expect((await log.open('web', 'b')).sessions).toEqual([1, 3, 4, 5].map(number => sampleSession(number)))
    })

    it('answers how, when and why a session ended, oldest first', async () => {
      const { epoch } = await log.open('web', 'a')
      await log.append('web', epoch, placed(1, 2, 3))
      await log.append('web', epoch, ended('expired', 3))
      await log.append('web', epoch, [...ended('released', 1), ...ended('lost', 2)])
      await again()
      expect((await log.open('web', 'b')).ended).toEqual([
        { session: sampleSession(3), end: 'expired', at: NOON + 1_003, why: 'it "was"\nexpired' },
        { session: sampleSession(1), end: 'released', at: NOON + 1_001, why: 'it "was"\nreleased' },
        { session: sampleSession(2), end: 'lost', at: NOON + 1_002, why: 'it "was"\nlost' },
      ])
    })

    it('takes the same id again after it ended', async () => {
      const { epoch } = await log.open('web', 'a')
      const second = sampleSession(9, { id: 's1' })
      await log.append('web', epoch, [
        ...placed(1),
        ...ended('released', 1),
        { kind: 'placed', session: second },
      ])
      await again()
      const opened = await log.open('web', 'b')
      expect(opened.sessions).toEqual([second])
      expect(opened.ended.map(({ session }) => session.number)).toEqual([1])
    })

    it('lets an end of a session that is not there change nothing', async () => {
      const { epoch } = await log.open('web', 'a')
      await log.append('web', epoch, [...ended('released', 7), ...placed(1), ...ended('lost', 7)])
      const opened = await log.open('web', 'b')
      expect(opened.sessions).toEqual([sampleSession(1)])
      expect(opened.ended).toEqual([])
    })

    it('confirms the latest epoch, and refuses any other', async () => {
      const { epoch } = await log.open('web', 'a')
      await log.confirm('web', epoch)
      await log.open('shop', 'b')
      await log.confirm('web', epoch)
      const next = await log.open('web', 'b')
      await expectConflict(log.confirm('web', epoch))
      await log.confirm('web', next.epoch)
      await expectConflict(log.confirm('nobody', 1))
    })

    it('keeps fleets apart', async () => {
      const [web, shop] = [await log.open('web', 'a'), await log.open('shop', 'a')]
      await log.append('web', web.epoch, placed(1))
      await log.append('shop', shop.epoch, placed(2))
      await log.append('shop', shop.epoch, ended('lost', 1))
      expect([await live('web'), await live('shop')]).toEqual([[1], [2]])
    })

    it('gives every opener a higher epoch, also after a restart', async () => {
      const epochs = [(await log.open('web', 'a')).epoch, (await log.open('web', 'a')).epoch]
      await again()
      epochs.push((await log.open('web', 'b')).epoch)
      expect(epochs).toEqual([...epochs].sort((a, b) => a - b))
      expect(new Set(epochs).size).toBe(3)
    })

    it('refuses whoever opened before the latest, and stores nothing of theirs', async () => {
      const first = await log.open('web', 'a')
      await log.append('web', first.epoch, placed(1))
      const second = await log.open('web', 'b')
      await expectConflict(log.append('web', first.epoch, placed(2)))
      await log.append('web', second.epoch, placed(3))
      await expectConflict(log.append('web', first.epoch, ended('lost', 1)))
      expect(await live()).toEqual([1, 3])
    })

    it('refuses an epoch that was never given out', async () => {
      await expectConflict(log.append('web', 1, placed(1)))
      const { epoch } = await log.open('web', 'a')
      await expectConflict(log.append('web', epoch + 1, placed(1)))
      expect(await live()).toEqual([])
    })

    it('lets an opener go on from its own epoch, unless somebody came in between', async () => {
      const mine = await log.open('web', 'a')
      const on = await log.open('web', 'a', mine.epoch)
      await expectConflict(log.append('web', mine.epoch, placed(1)))
      const others = await log.open('web', 'b')
      await expectConflict(log.open('web', 'a', on.epoch))
      await log.append('web', others.epoch, placed(2))
      expect(await live()).toEqual([2])
    })

    it('stores appends that are asked for at once in their order', async () => {
      const { epoch } = await log.open('web', 'a')
      await Promise.all([
        log.append('web', epoch, placed(1, 2)),
        log.append('web', epoch, ended('released', 1)),
        log.append('web', epoch, placed(3)),
        log.append('web', epoch, ended('released', 3)),
      ])
      const opened = await log.open('web', 'b')
      expect(opened.sessions.map(({ number }) => number)).toEqual([2])
      expect(opened.ended.map(({ session }) => session.number)).toEqual([1, 3])
    })

    it('takes an empty append', async () => {
      const { epoch } = await log.open('web', 'a')
      await log.append('web', epoch, [])
      expect(await live()).toEqual([])
    })

    it('holds what a list of what happened says, whatever happened', async () => {
      const happening = fc.record({ number: fc.integer({ min: 1, max: 30 }), ends: fc.boolean() })
      const batches = fc.array(fc.array(happening, { maxLength: 6 }), { maxLength: 12 })
      let fleets = 0
      await fc.assert(
        fc.asyncProperty(batches, async happenings => {
          const fleet = `fleet-${fleets++}`
          const { epoch } = await log.open(fleet, 'a')
          const expected = new Map<string, LoggedSession>()
          let last = 0
          for (const batch of happenings) {
            const records = batch.flatMap(({ number, ends }): SessionRecord[] => {
              const id = `s${number}`
              if (ends) {
                const session = expected.get(id)
                expected.delete(id)
                const { number: ending } = session ?? { number: 1_000 + number }
                return [{ kind: 'released', id, number: ending, at: NOON, why: 'over' }]
              }
              if (expected.has(id)) return []
              const session = sampleSession(++last, { id })
              expected.set(id, session)
              return [{ kind: 'placed', session }]
            })
            await log.append(fleet, epoch, records)
          }
          expect((await log.open(fleet, 'b')).sessions).toEqual([...expected.values()])
        }),
        { numRuns: 25 },
      )
    })

    it('says what it holds when asked how it is, and that it is closed', async () => {
      const { ok, detail } = await log.check(AbortSignal.timeout(5_000))
      expect({ ok, said: detail.length > 0 }).toEqual({ ok: true, said: true })
      await log.close()
      await log.close()
      expect((await log.check(AbortSignal.timeout(5_000))).ok).toBe(false)
      expect(await failureOf(log.open('web', 'a'))).toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('PLM-421'),
      })
    })
  })
}
