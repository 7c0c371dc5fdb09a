/**
 * What every session router must do, whatever it routes: its own test calls this once with a way to make one in
 * front of three instances that really take sessions.
 *
 * Example: `sessionRouterAcceptance('proxy', createRig)`, where `rig.placeSession()` is a first request without a
 * cookie and `session.goOn()` a second one with it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from './plugin.ts'
import type { RoutedInstance, SessionRouter } from './session-router.ts'

export interface PlacedSession {
  /** Where it was placed. */
  readonly instance: string
  /** Does a further piece of work in it; answers where that went. */
  goOn(): Promise<string>
}

export interface RouterRig {
  readonly router: SessionRouter
  /** Three, able to take sessions; the router has not been told of them yet. */
  readonly instances: readonly Omit<RoutedInstance, 'admission'>[]
  /** Begins a session of a new user. */
  placeSession(): Promise<PlacedSession>
  /** All sessions placed so far are over, and the router can know it. */
  endSessions(): Promise<void>
  /** Releases everything, the router too. */
  dispose(): Promise<void>
}

const MANY = 12
const signal = (): AbortSignal => AbortSignal.timeout(10_000)

export function sessionRouterAcceptance(name: string, create: () => Promise<RouterRig>): void {
  describe(`the session router "${name}"`, () => {
    let rig: RouterRig

    beforeEach(async () => {
      rig = await create()
    })

    afterEach(async () => {
      await rig.dispose()
    })

    /** Tells it of the first `count` instances; those at `closed` are closed. */
    const route = (count: number, closed: readonly number[] = []): Promise<void> => {
      const listed = rig.instances.slice(0, count).map((instance, i): RoutedInstance => {
        return { ...instance, admission: closed.includes(i) ? 'closed' : 'open' }
      })
      return rig.router.route(listed, signal())
    }

    const id = (at: number): string => rig.instances[at]?.id ?? ''

    const placeMany = async (): Promise<PlacedSession[]> => {
      return Promise.all(Array.from({ length: MANY }, () => rig.placeSession()))
    }

    const placesOf = (sessions: readonly PlacedSession[]): string[] => {
      return [...new Set(sessions.map(session => session.instance))].sort()
    }

    it('spreads new sessions over the open instances it was told of, and no other', async () => {
      await route(2)
      expect(placesOf(await placeMany())).toEqual([id(0), id(1)])
    })

    it('keeps a session on its instance', async () => {
      await route(3)
      for (const session of await placeMany()) expect(await session.goOn()).toBe(session.instance)
    })

    it('places no new session on an instance once its close has returned, and lets its sessions go on', async () => {
      await route(2)
      const before = await placeMany()
      await rig.router.closeInstance(id(0), signal())
      expect(placesOf(await placeMany())).toEqual([id(1)])
      for (const session of before) expect(await session.goOn()).toBe(session.instance)
    })

    it('places none there even while sessions pour in from all sides', async () => {
      await route(2)
      const early = placeMany()
      await rig.router.closeInstance(id(0), signal())
      const late = placeMany()
      await early
      expect(placesOf(await late)).toEqual([id(1)])
    })

    it('places new sessions there again after a reopen', async () => {
      await route(2)
      await rig.router.closeInstance(id(0), signal())
      await rig.router.reopenInstance(id(0), signal())
      expect(placesOf(await placeMany())).toEqual([id(0), id(1)])
    })

    it('takes a second close or reopen like the first', async () => {
      await route(2)
      await rig.router.closeInstance(id(0), signal())
      await rig.router.closeInstance(id(0), signal())
      expect(placesOf(await placeMany())).toEqual([id(1)])
      await rig.router.reopenInstance(id(0), signal())
      await rig.router.reopenInstance(id(0), signal())
      expect(placesOf(await placeMany())).toEqual([id(0), id(1)])
    })

    it('answers "not-found" for an instance it was never told of', async () => {
      await route(1)
      for (const instance of [id(1), 'nobody']) {
        for (const call of [rig.router.closeInstance, rig.router.reopenInstance]) {
          const refusal = await call.call(rig.router, instance, signal()).catch((error: unknown) => error)
          expect(refusal).toBeInstanceOf(PluginError)
          expect(refusal).toMatchObject({ kind: 'not-found' })
        }
      }
    })

    it('follows the admission in the list', async () => {
      await route(2, [0])
      expect(placesOf(await placeMany())).toEqual([id(1)])
      await route(2, [1])
      expect(placesOf(await placeMany())).toEqual([id(0)])
    })

    it('loses nothing when it is told the same list again', async () => {
      await route(2)
      const session = await rig.placeSession()
      await route(2)
      await route(2)
      expect(await session.goOn()).toBe(session.instance)
    })

    it('places nothing more on an instance that left the list', async () => {
      await route(3)
      await placeMany()
      await route(2)
      expect(placesOf(await placeMany())).toEqual([id(0), id(1)])
    })

    it('moves a session whose instance left the list to one that is open', async () => {
      await route(1)
      const session = await rig.placeSession()
      const others = rig.instances
        .slice(1, 2)
        .map((instance): RoutedInstance => ({ ...instance, admission: 'open' }))
      await rig.router.route(others, signal())
      expect(await session.goOn()).toBe(id(1))
    })

    it('knows the load of exactly the instances in the list', async () => {
      await route(2)
      expect([...(await rig.router.readLoads(signal())).keys()].sort()).toEqual([id(0), id(1)])
      await route(1)
      expect([...(await rig.router.readLoads(signal())).keys()]).toEqual([id(0)])
    })

    it('counts each session that is not over, also on a closed instance, and never calls it zero', async () => {
      await route(1)
      const sessions = await placeMany()
      await rig.router.closeInstance(id(0), signal())
      const load = (await rig.router.readLoads(signal())).get(id(0))
      expect(load).toMatchObject({ kind: 'known', at: expect.any(Number) })
      expect(load?.kind === 'known' ? load.slots : 0).toBeGreaterThanOrEqual(sessions.length)
    })

    it('knows that an instance is empty once its sessions are over', async () => {
      await route(1)
      await placeMany()
      await rig.router.closeInstance(id(0), signal())
      await rig.endSessions()
      expect((await rig.router.readLoads(signal())).get(id(0))).toMatchObject({ kind: 'known', slots: 0 })
    })

    it('says what it does when asked how it is', async () => {
      await route(1)
      const { ok, detail } = await rig.router.check(signal())
      expect({ ok, said: detail.length > 0 }).toEqual({ ok: true, said: true })
    })

    it('closes once, however often it is asked to', async () => {
      await route(1)
      await Promise.all([rig.router.close(), rig.router.close()])
      await rig.router.close()
      expect((await rig.router.check(signal())).ok).toBe(false)
    })
  })
}
