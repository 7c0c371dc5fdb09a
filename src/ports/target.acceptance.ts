/**
 * What every target must do, whatever it is made of. An adapter's own test calls this once, with a way to make a
 * fresh target and to wait until its list says something.
 *
 * Example: `targetAcceptance('process target', async () => ({ target, settle, cleanUp }))`; for a target whose
 * `capabilities.acts` is false, the acting cases turn into one: everything asked of it is refused.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from './plugin.ts'
import type { LaunchOrder, LaunchResult, Target, TargetInstance, Victim } from './target.ts'

export interface TargetSubject {
  /** With no instances yet, if it acts; with as few as it can have, if it only takes a count. */
  readonly target: Target
  /** Resolves once the target's own list satisfies `predicate`; rejects after a deadline of the subject's choice. */
  settle(predicate: (instances: readonly TargetInstance[]) => boolean): Promise<void>
  /** Leaves nothing behind, whatever the test did. */
  cleanUp(): Promise<void>
  /** Ends an instance behind the target's back, where the test can. */
  crash?(instance: string): Promise<void>
}

export function targetAcceptance(name: string, create: () => Promise<TargetSubject>): void {
  describe(`${name} keeps the promises of a target`, () => {
    const signal = AbortSignal.timeout(120_000)
    let subject: TargetSubject
    let target: Target

    beforeEach(async () => {
      subject = await create()
      target = subject.target
    })
    afterEach(() => subject.cleanUp())

    /** One that only takes a count launches and terminates nobody by name. */
    const launchesByName = () => target.capabilities.acts && target.resize === undefined

    const ids = async () => (await target.listInstances(signal)).map(instance => instance.id)

    async function launched(...tokens: string[]): Promise<string[]> {
      return (await target.launch(tokens.map(order), signal)).map(idOf)
    }

    describe('reading', () => {
      it('lists every instance once, each with a name', async () => {
        if (launchesByName()) await launched('accept/1/1', 'accept/1/2', 'accept/1/3')
        const listed = await ids()
        expect(new Set(listed).size).toBe(listed.length)
        expect(listed.every(id => id.length > 0)).toBe(true)
      })

      it('refuses to list under a signal that is already aborted, rather than list a part', async () => {
        await expect(target.listInstances(AbortSignal.abort())).rejects.toBeInstanceOf(PluginError)
      })

      it('reports on itself in words', async () => {
        const result = await target.check(signal)
        expect(result.ok).toBe(true)
        expect(result.detail.length).toBeGreaterThan(0)
      })

      it('may be closed twice', async () => {
        await target.close()
        await target.close()
      })

      it('unsubscribes without a word', () => {
        const unsubscribe = target.subscribe?.(() => {})
        unsubscribe?.()
        unsubscribe?.()
      })
    })

    describe('refusing, where it only advises or only takes a count', () => {
      it('refuses every launch and every terminate, one by one', async ({ skip }) => {
        skip(launchesByName(), 'this target launches')
        const launches = await target.launch([order('accept/1/1'), order('accept/1/2')], signal)
        expect(launches.map(result => [result.token, result.ok])).toEqual([
          ['accept/1/1', false],
          ['accept/1/2', false],
        ])
        const terminations = await target.terminate(victims('a', 'b'), signal)
        expect(terminations.map(result => [result.instance, result.ok])).toEqual([
          ['a', false],
          ['b', false],
        ])
      })
    })

    describe('launching', () => {
      beforeEach(({ skip }) => skip(!launchesByName(), 'this target launches nobody by name'))

      it('answers one result per order, in order, and lists what it launched', async () => {
        const results = await target.launch([order('accept/1/1'), order('accept/1/2')], signal)
        expect(results.map(result => result.token)).toEqual(['accept/1/1', 'accept/1/2'])
        const launchedIds = results.map(idOf)
        await subject.settle(instances =>
          launchedIds.every(id => instances.some(instance => instance.id === id)),
        )
        expect(await ids()).toHaveLength(2)
      })

      it('brings an instance from booting to ready', async () => {
        const [id] = await launched('accept/1/1')
        await subject.settle(instances =>
          instances.some(({ id: own, lifecycle }) => own === id && lifecycle === 'ready'),
        )
      })

      it('launches nothing new for a used token, and answers the same instance', async ({ skip }) => {
        skip(!target.capabilities.idempotentLaunch, 'this target does not know its tokens again')
        const [first] = await launched('accept/1/1')
        const [again] = await launched('accept/1/1')
        expect(again).toBe(first)
        expect(await ids()).toEqual([first])
      })

      it('launches one for a token that stands twice in one call', async ({ skip }) => {
        skip(!target.capabilities.idempotentLaunch, 'this target does not know its tokens again')
        const [first, second] = await launched('accept/1/1', 'accept/1/1')
        expect(second).toBe(first)
        expect(await ids()).toEqual([first])
      })

      it('launches nothing under a signal that is already aborted', async () => {
        await expect(target.launch([order('accept/1/1')], AbortSignal.abort())).rejects.toBeInstanceOf(
          PluginError,
        )
        expect(await ids()).toEqual([])
      })

      it('launches nothing when nothing is ordered', async () => {
        expect(await target.launch([], signal)).toEqual([])
        expect(await ids()).toEqual([])
      })
    })

    describe('terminating', () => {
      beforeEach(({ skip }) => skip(!launchesByName(), 'this target launches nobody by name'))

      it('takes an instance off the list, and only that one', async ({ skip }) => {
        skip(!target.capabilities.choosesVictim, 'this target chooses the victim itself')
        const [stays, goes] = await launched('accept/1/1', 'accept/1/2')
        if (goes === undefined) throw new Error('nothing was launched')
        await target.terminate(victims(goes), signal)
        await subject.settle(instances => instances.every(instance => instance.id !== goes))
        expect(await ids()).toEqual([stays])
      })

      it('answers "gone" for an instance it does not have', async () => {
        expect(await target.terminate(victims('never-was'), signal)).toEqual([
          { instance: 'never-was', ok: true, state: 'gone' },
        ])
      })

      it('may be asked again and again', async () => {
        const [id = ''] = await launched('accept/1/1')
        const states = []
        for (let n = 0; n < 3; n += 1) states.push(...(await target.terminate(victims(id, id), signal)))
        expect(states.map(state => state.ok)).toEqual([true, true, true, true, true, true])
        await subject.settle(instances => instances.length === 0)
        expect(await target.terminate(victims(id), signal)).toEqual([
          { instance: id, ok: true, state: 'gone' },
        ])
      })

      it('terminates nothing under a signal that is already aborted', async () => {
        const [id = ''] = await launched('accept/1/1')
        await expect(target.terminate(victims(id), AbortSignal.abort())).rejects.toBeInstanceOf(PluginError)
        expect(await ids()).toEqual([id])
      })

      it('never uses a name twice, or tells apart who had it by their incarnation', async () => {
        const names: string[] = []
        for (const round of ['1', '2', '3']) {
          const [id = ''] = await launched(`accept/${round}/1`)
          await subject.settle(instances => instances.some(instance => instance.id === id))
          const listed = (await target.listInstances(signal)).find(instance => instance.id === id)
          const incarnation = listed?.incarnation ?? null
          names.push(`${id} ${incarnation}`)
          await target.terminate([{ id, incarnation }], signal)
          await subject.settle(instances => instances.length === 0)
        }
        expect(new Set(names).size).toBe(3)
      })

      it('keeps a crashed instance listed as lost, with the reason, until it is terminated', async ({
        skip,
      }) => {
        const { crash } = subject
        if (crash === undefined || !target.capabilities.exclusive) return skip('this test cannot crash one')
        const [id = ''] = await launched('accept/1/1')
        await subject.settle(instances => instances.some(instance => instance.lifecycle === 'ready'))
        await crash(id)
        await subject.settle(instances => instances.some(instance => instance.lifecycle === 'lost'))
        const [lost] = await target.listInstances(signal)
        expect(lost?.id).toBe(id)
        expect(lost?.detail?.length).toBeGreaterThan(0)
        await target.terminate(victims(id), signal)
        await subject.settle(instances => instances.length === 0)
      })
    })

    describe('being asked for a count', () => {
      beforeEach(({ skip }) => skip(target.resize === undefined, 'this target is given names'))

      const resize = async (count: number, token: string) => target.resize?.(count, token, signal)
      const there = (count: number) =>
        subject.settle(
          instances =>
            instances.length === count && instances.every(({ lifecycle }) => lifecycle === 'ready'),
        )

      it('is what a target does that cannot choose who goes', () => {
        expect([target.capabilities.choosesVictim, target.capabilities.acts]).toEqual([false, true])
      })

      it('has just so many then, more or fewer, each from booting to ready', async () => {
        const fewest = (await ids()).length
        await resize(fewest + 3, 'accept/1/1')
        await there(fewest + 3)
        await resize(fewest + 1, 'accept/2/1')
        await there(fewest + 1)
      })

      it('counts what was asked for at once, so that nobody asks for it again', async () => {
        const fewest = (await ids()).length
        await resize(fewest + 2, 'accept/1/1')
        expect(await ids()).toHaveLength(fewest + 2)
      })

      it('changes nothing more for a used token', async () => {
        const fewest = (await ids()).length
        await resize(fewest + 2, 'accept/1/1')
        await resize(fewest + 2, 'accept/1/1')
        await resize(fewest + 1, 'accept/2/1')
        await resize(fewest + 2, 'accept/1/1')
        await there(fewest + 1)
      })

      it('changes nothing under a signal that is already aborted', async () => {
        const before = await ids()
        await expect(
          target.resize?.(before.length + 1, 'accept/1/1', AbortSignal.abort()),
        ).rejects.toBeInstanceOf(PluginError)
        expect(await ids()).toEqual(before)
      })
    })

    describe('restarting', () => {
      beforeEach(({ skip }) => skip(target.capabilities.restarts !== true, 'this target cannot restart one'))

      it('can be asked for', () => expect(target.restart).toBeTypeOf('function'))

      it('brings an instance back under its id, and leaves the others alone', async () => {
        const [stays, goes = ''] = await launched('accept/1/1', 'accept/1/2')
        const allReady = () =>
          subject.settle(
            instances => instances.length === 2 && instances.every(({ lifecycle }) => lifecycle === 'ready'),
          )
        await allReady()
        const other = async () => (await target.listInstances(signal)).find(({ id }) => id === stays)
        const before = await other()
        const results = await target.restart?.(victims(goes), signal)
        expect(results).toMatchObject([{ instance: goes, ok: true }])
        await allReady()
        expect((await ids()).sort()).toEqual([stays, goes].sort())
        expect((await other())?.incarnation).toBe(before?.incarnation)
      })

      it('answers "gone" for an instance it does not have, and launches nothing', async () => {
        expect(await target.restart?.(victims('never-was'), signal)).toEqual([
          { instance: 'never-was', ok: true, state: 'gone' },
        ])
        expect(await ids()).toEqual([])
      })

      it('restarts nothing under a signal that is already aborted', async () => {
        const [id = ''] = await launched('accept/1/1')
        await expect(target.restart?.(victims(id), AbortSignal.abort())).rejects.toBeInstanceOf(PluginError)
      })
    })
  })
}

function order(token: string): LaunchOrder {
  return { token, zone: null }
}

function idOf(result: LaunchResult): string {
  if (!result.ok) throw new Error(`${result.token} was not launched: ${result.error}`)
  return result.instance
}

/** Instances whose ids are never used again. */
export function victims(...ids: readonly string[]): readonly Victim[] {
  return ids.map(id => ({ id, incarnation: null }))
}
