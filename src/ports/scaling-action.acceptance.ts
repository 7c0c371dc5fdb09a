/**
 * What every custom action must do, as a suite: run it against one to know that it keeps the port's promises.
 *
 * Example: `scalingActionAcceptance('my action', async () => ({ action: createMine(), ran: () => ids, failNext, cleanUp }))`.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from './plugin.ts'
import { type ActionRequest, MOST_OUTPUT, type ScalingAction } from './scaling-action.ts'

export interface ScalingActionSubject {
  readonly action: ScalingAction
  /** The request of every run that was carried out, in order, as far as the other side saw it. */
  ran(): Promise<readonly { readonly id: string; readonly fleet: string; readonly rule: string }[]>
  /** What the next run says on success. */
  sayNext(output: string): void
  /** The next run fails for good. */
  failNext(): void
  /** The next run does not end by itself. */
  hangNext(): void
  /** Leaves nothing behind, whatever the test did. */
  cleanUp(): Promise<void>
}

/** A request of the rule "Backlog" of the fleet web, which grows from 5 to 6. */
export function sampleRequest(id = 'web/42/run/1'): ActionRequest {
  const at = Date.UTC(2026, 10, 21, 12)
  return {
    id,
    at,
    fleet: 'web',
    rule: 'Backlog',
    action: 'provision',
    decision: {
      fleet: 'web',
      at,
      current: 5,
      desired: 6,
      direction: 'out',
      rule: 'Backlog',
      bounds: { lowest: 2, highest: 10, default: 2, constraint: 'capacity', until: null },
      because: '"Backlog" fired: last(orders) = 120',
      kpis: {},
      settings: {},
      effects: [{ kind: 'run', rule: 'Backlog', name: 'provision' }],
      steps: [],
    },
  }
}

export function scalingActionAcceptance(name: string, create: () => Promise<ScalingActionSubject>): void {
  describe(`${name} keeps the promises of a custom action`, () => {
    const signal = AbortSignal.timeout(120_000)
    let subject: ScalingActionSubject
    let action: ScalingAction

    beforeEach(async () => {
      subject = await create()
      action = subject.action
    })
    afterEach(async () => {
      await action.close()
      await subject.cleanUp()
    })

    it('runs once for one request, and tells it who asked', async () => {
      await action.run(sampleRequest(), signal)
      expect(await subject.ran()).toEqual([{ id: 'web/42/run/1', fleet: 'web', rule: 'Backlog' }])
    })

    it('answers what was said', async () => {
      subject.sayNext('queue orders-low created')
      expect(await action.run(sampleRequest(), signal)).toEqual({ output: 'queue orders-low created' })
    })

    it('bounds what was said', async () => {
      subject.sayNext('x'.repeat(50_000))
      expect((await action.run(sampleRequest(), signal)).output.length).toBeLessThanOrEqual(MOST_OUTPUT)
    })

    it('says in words that and why it failed', async () => {
      subject.failNext()
      const failure = await action.run(sampleRequest(), signal).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(PluginError)
      expect(failure).toMatchObject({ message: expect.stringMatching(/^PLM-\d{3} .+/) })
    })

    it('runs again after a failure', async () => {
      subject.failNext()
      await action.run(sampleRequest('web/42/run/1'), signal).catch(() => undefined)
      await action.run(sampleRequest('web/43/run/1'), signal)
      expect((await subject.ran()).map(({ id }) => id)).toContain('web/43/run/1')
    })

    it('does nothing under a signal that is already aborted', async () => {
      await expect(action.run(sampleRequest(), AbortSignal.abort())).rejects.toBeInstanceOf(PluginError)
      expect(await subject.ran()).toEqual([])
    })

    it('ends soon after its signal does', async () => {
      subject.hangNext()
      const ending = new AbortController()
      const running = action.run(sampleRequest(), ending.signal)
      ending.abort()
      await expect(running).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable' })
    })

    it('ends what runs when it is closed, and may be closed twice', async () => {
      subject.hangNext()
      const running = action.run(sampleRequest(), signal)
      const ended = expect(running).rejects.toBeInstanceOf(PluginError)
      await action.close()
      await action.close()
      await ended
    })

    it('reports on itself in words, without running', async () => {
      const result = await action.check(signal)
      expect(result).toMatchObject({ ok: true })
      expect(result.detail.length).toBeGreaterThan(0)
      expect(await subject.ran()).toEqual([])
    })
  })
}
