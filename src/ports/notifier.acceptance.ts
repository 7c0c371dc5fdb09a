/**
 * What every notifier must do, as a suite: run it against one to know that it keeps the port's promises.
 *
 * Example: `notifierAcceptance('my notifier', async () => ({ notifier: createMine(), taken: () => ids, next, cleanUp }))`;
 * `next('busy')` has the other side refuse one message for now, `next('wrong')` for good, `next('silent')` has it not answer.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notice, Notifier } from './notifier.ts'
import { PluginError } from './plugin.ts'

/** How the other side takes the next message. */
export type Mood = 'busy' | 'wrong' | 'silent'

export interface NotifierSubject {
  readonly notifier: Notifier
  /** Everything the other side took, in order, as text in which id and title can be found. */
  taken(): Promise<readonly string[]>
  next(mood: Mood): void
  /** A notifier like this one whose other side does not exist; `null` where that cannot be. */
  unreachable(): Notifier | null
  /** Must not be in any message of an error. */
  readonly secrets: readonly string[]
  /** Leaves nothing behind, whatever the test did. */
  cleanUp(): Promise<void>
}

/** "web 5 -> 6", told at noon. */
export function sampleNotice(change: Partial<Notice> = {}): Notice {
  return {
    id: 'web/42/scaled',
    at: Date.UTC(2026, 10, 21, 12),
    fleet: 'web',
    event: 'scaled',
    title: 'web 5 -> 6',
    text: '"Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)',
    change: { from: 5, to: 6, rule: 'Scale up' },
    withdraws: null,
    ...change,
  }
}

export function notifierAcceptance(name: string, create: () => Promise<NotifierSubject>): void {
  describe(`${name} keeps the promises of a notifier`, () => {
    const signal = AbortSignal.timeout(120_000)
    let subject: NotifierSubject
    let notifier: Notifier

    beforeEach(async () => {
      subject = await create()
      notifier = subject.notifier
    })
    afterEach(async () => {
      await notifier.close()
      await subject.cleanUp()
    })

    async function failureOf(sending: Promise<void>): Promise<PluginError> {
      const failure = await sending.then(
        () => null,
        (error: unknown) => error,
      )
      if (!(failure instanceof PluginError)) throw new Error(`expected a PluginError, saw ${String(failure)}`)
      for (const secret of subject.secrets) expect(failure.message).not.toContain(secret)
      expect(failure.message).toMatch(/^PLM-\d{3} .+/)
      return failure
    }

    it('has delivered when it returns, with the id and what there is to say', async () => {
      await notifier.send(sampleNotice(), signal)
      const taken = await subject.taken()
      expect(taken).toHaveLength(1)
      expect(taken[0]).toContain('web/42/scaled')
      expect(taken[0]).toContain('web 5 -')
    })

    it('delivers one after the other, whatever the words', async () => {
      const titles = ['<b> & "quotes"', "a title\nof two lines, 'quoted'", 'größer als 80 % €']
      for (const [index, title] of titles.entries()) {
        await notifier.send(sampleNotice({ id: `web/${index}/scaled`, title, text: title }), signal)
      }
      const taken = await subject.taken()
      expect(taken).toHaveLength(3)
      taken.forEach((text, index) => {
        expect(text).toContain(`web/${index}/scaled`)
      })
    })

    it('fails with "not now" where the other side is busy, and delivers the next time', async () => {
      subject.next('busy')
      const failure = await failureOf(notifier.send(sampleNotice(), signal))
      expect(['unavailable', 'throttled']).toContain(failure.kind)
      expect(await subject.taken()).toEqual([])
      await notifier.send(sampleNotice(), signal)
      expect(await subject.taken()).toHaveLength(1)
    })

    it('fails for good where the other side will never take it', async () => {
      subject.next('wrong')
      const failure = await failureOf(notifier.send(sampleNotice(), signal))
      expect(['unavailable', 'throttled']).not.toContain(failure.kind)
    })

    it('fails with "not now" where the other side is not there', async ({ skip }) => {
      const unreachable = subject.unreachable()
      if (unreachable === null) return skip('its other side cannot be away')
      expect((await failureOf(unreachable.send(sampleNotice(), signal))).kind).toBe('unavailable')
      expect(await unreachable.check(signal)).toMatchObject({ ok: false })
      await unreachable.close()
    })

    it('ends soon after its signal does, however silent the other side is', async () => {
      subject.next('silent')
      const ending = new AbortController()
      const sending = failureOf(notifier.send(sampleNotice(), ending.signal))
      ending.abort()
      expect((await sending).kind).toBe('unavailable')
    })

    it('sends nothing under a signal that is already aborted', async () => {
      await failureOf(notifier.send(sampleNotice(), AbortSignal.abort()))
      expect(await subject.taken()).toEqual([])
    })

    it('reports on itself in words, and sends nothing for it', async () => {
      const result = await notifier.check(signal)
      expect(result).toMatchObject({ ok: true })
      expect(result.detail.length).toBeGreaterThan(0)
      for (const secret of subject.secrets) expect(result.detail).not.toContain(secret)
      expect(await subject.taken()).toEqual([])
    })

    it('ends what is under way when it is closed, and may be closed twice', async () => {
      subject.next('silent')
      const sending = failureOf(notifier.send(sampleNotice(), signal))
      await notifier.close()
      await notifier.close()
      expect((await sending).kind).toBe('unavailable')
    })
  })
}
