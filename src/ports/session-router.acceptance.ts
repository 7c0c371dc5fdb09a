/**
 * What every session router must do, whatever it routes: its own test calls this once with a way to make one in
 * front of three instances that really take sessions.
 *
 * Example: `sessionRouterAcceptance('proxy', createRig)`, where `rig.placeSession()` is a first request without a
 * cookie and `session.goOn()` a second one with it. A router that fills one instance before it begins another says `packs`.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from './plugin.ts'
import type { RoutedInstance, SessionRouter } from './session-router.ts'

export interface PlacedSession {
  /** Where it was placed. */
  readonly instance: string
  /** Does a further piece of work in it; answers where that went, `null`: the session is over. */
  goOn(): Promise<string | null>
}

export interface RouterRig {
  readonly router: SessionRouter
  /** Three, able to take sessions; the router has not been told of them yet. */
  readonly instances: readonly Omit<RoutedInstance, 'admission'>[]
  /** Begins a session of a new user. */
  placeSession(): Promise<PlacedSession>
  /** It may place all sessions on one of the open instances. */
  readonly packs?: boolean
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

    /** Tells it of just these: what is said of each is laid over what it is. */
    const routeThese = (told: Record<number, Partial<RoutedInstance>>): Promise<void> => {
      const listed = Object.entries(told).map(([at, said]): RoutedInstance => {
        const instance = rig.instances[Number(at)]
        if (instance === undefined) throw new Error(`the rig has no instance ${at}`)
        return { ...instance, admission: 'open', ...said }
      })
      return rig.router.route(listed, signal())
    }

    const loadOf = async (at: number): Promise<number | string> => {
      const load = (await rig.router.readLoads(signal())).get(id(at))
      return load?.kind === 'known' ? load.slots : (load?.kind ?? 'absent')
    }

    const refusalOf = (call: Promise<void>): Promise<unknown> => {
      return call.then(
        () => 'it was not refused',
        (error: unknown) => (error instanceof PluginError ? error.kind : error),
      )
    }

    /** New sessions go to these, and to all of them unless it packs. */
    const expectPlaces = async (
      placing: Promise<readonly PlacedSession[]>,
      ...at: number[]
    ): Promise<void> => {
      const places = placesOf(await placing)
      expect(at.map(id)).toEqual(expect.arrayContaining(places))
      expect(places.length).toBeGreaterThan(0)
      if (rig.packs !== true) expect(places).toEqual(at.map(id).sort())
    }

    const id = (at: number): string => rig.instances[at]?.id ?? ''

    const placeMany = async (): Promise<PlacedSession[]> => {
      return Promise.all(Array.from({ length: MANY }, () => rig.placeSession()))
    }

    const placesOf = (sessions: readonly PlacedSession[]): string[] => {
      return [...new Set(sessions.map(session => session.instance))].sort()
    }

    it('places new sessions on the open instances it was told of, and no other', async () => {
      await route(2)
      await expectPlaces(placeMany(), 0, 1)
    })

    it('keeps a session on its instance', async () => {
      await route(3)
      for (const session of await placeMany()) expect(await session.goOn()).toBe(session.instance)
    })

    it('places no new session on an instance once its close has returned, and lets its sessions go on', async () => {
      await route(2)
      const before = await placeMany()
      await rig.router.closeInstance(id(0), signal())
      await expectPlaces(placeMany(), 1)
      for (const session of before) expect(await session.goOn()).toBe(session.instance)
    })

    it('places none there even while sessions pour in from all sides', async () => {
      await route(2)
      const early = placeMany()
      await rig.router.closeInstance(id(0), signal())
      const late = placeMany()
      await early
      await expectPlaces(late, 1)
    })

    it('counts in the load after a close each session that was placed before it', async () => {
      await route(2)
      const placing = placeMany()
      await rig.router.closeInstance(id(0), signal())
      const load = await loadOf(0)
      const there = (await placing).filter(session => session.instance === id(0))
      expect(load).toBeGreaterThanOrEqual(there.length)
    })

    it('places new sessions there again after a reopen', async () => {
      await route(1)
      await rig.router.closeInstance(id(0), signal())
      await rig.router.reopenInstance(id(0), signal())
      await expectPlaces(placeMany(), 0)
    })

    it('takes a second close or reopen like the first', async () => {
      await route(2)
      await rig.router.closeInstance(id(0), signal())
      await rig.router.closeInstance(id(0), signal())
      await expectPlaces(placeMany(), 1)
      await rig.router.reopenInstance(id(0), signal())
      await rig.router.reopenInstance(id(0), signal())
      await rig.endSessions()
      await expectPlaces(placeMany(), 0, 1)
    })

    it('answers "not-found" for an instance it was never told of', async () => {
      await route(1)
      for (const instance of [id(1), 'nobody']) {
        for (const call of [rig.router.closeInstance, rig.router.reopenInstance, rig.router.sealInstance]) {
          expect(await refusalOf(call.call(rig.router, instance, signal()))).toBe('not-found')
        }
      }
    })

    it('seals a closed instance that holds nothing, once and for all', async () => {
      await route(2)
      await rig.router.closeInstance(id(0), signal())
      await rig.router.sealInstance(id(0), signal())
      await rig.router.sealInstance(id(0), signal())
      expect(await refusalOf(rig.router.reopenInstance(id(0), signal()))).toBe('conflict')
      await expectPlaces(placeMany(), 1)
      await route(2)
      await expectPlaces(placeMany(), 1)
      expect(await loadOf(0)).toBe(0)
    })

    it('does not seal an instance that is open', async () => {
      await route(1)
      expect(await refusalOf(rig.router.sealInstance(id(0), signal()))).toBe('conflict')
      await expectPlaces(placeMany(), 0)
    })

    it('does not seal an instance that holds a session, and does once it is over', async () => {
      await route(1)
      const session = await rig.placeSession()
      await rig.router.closeInstance(id(0), signal())
      expect(await refusalOf(rig.router.sealInstance(id(0), signal()))).toBe('conflict')
      expect(await session.goOn()).toBe(id(0))
      await rig.endSessions()
      await rig.router.sealInstance(id(0), signal())
    })

    it('seals or places, never both, when both come at once', async () => {
      await route(2)
      const placing = placeMany()
      await rig.router.closeInstance(id(0), signal())
      const refused = await refusalOf(rig.router.sealInstance(id(0), signal()))
      const there = (await placing).filter(session => session.instance === id(0))
      if (refused !== 'conflict') expect(there).toEqual([])
      await expectPlaces(placeMany(), 1)
    })

    it('follows the admission in the list', async () => {
      await route(2, [0])
      await expectPlaces(placeMany(), 1)
      await route(2, [1])
      await expectPlaces(placeMany(), 0)
    })

    it('loses nothing when it is told the same list again', async () => {
      await route(2)
      const session = await rig.placeSession()
      await route(2)
      await route(2)
      expect(await session.goOn()).toBe(session.instance)
    })

    it('places nothing more on an instance that is missing from the list, and keeps what it holds', async () => {
      await route(1)
      const sessions = await placeMany()
      await routeThese({ 1: {} })
      await expectPlaces(placeMany(), 1)
      expect(await loadOf(0)).toBeGreaterThanOrEqual(sessions.length)
      for (const session of sessions) expect(await session.goOn()).toBe(id(0))
      await route(2)
      expect(await loadOf(0)).toBeGreaterThanOrEqual(sessions.length)
    })

    it('ends the sessions of an instance that is gone, and knows nothing of it any more', async () => {
      await route(1)
      const session = await rig.placeSession()
      await routeThese({ 0: { admission: 'gone' }, 1: {} })
      expect(await session.goOn()).not.toBe(id(0))
      expect(await loadOf(0)).toBe('absent')
      await routeThese({ 0: { admission: 'gone' }, 1: {} })
    })

    it('carries nothing over to another incarnation under the same id', async () => {
      await routeThese({ 0: { incarnation: 'first' } })
      await placeMany()
      await routeThese({ 0: { incarnation: 'first' } })
      expect(await loadOf(0)).toBeGreaterThanOrEqual(MANY)
      await routeThese({ 0: { incarnation: 'second' } })
      expect(await loadOf(0)).toBe(0)
    })

    it('takes sessions on a new incarnation where the former was sealed', async () => {
      await routeThese({ 0: { incarnation: 'first', admission: 'closed' } })
      await rig.router.sealInstance(id(0), signal())
      await routeThese({ 0: { incarnation: 'second' } })
      await expectPlaces(placeMany(), 0)
    })

    it('lets the end of a former incarnation be, once another is there', async () => {
      await routeThese({ 0: { incarnation: 'second' } })
      const session = await rig.placeSession()
      await routeThese({ 0: { incarnation: 'second' } })
      const former: RoutedInstance = {
        id: id(0),
        incarnation: 'first',
        address: '',
        zone: null,
        admission: 'gone',
      }
      const there = rig.instances.slice(0, 1).map((instance): RoutedInstance => {
        return { ...instance, incarnation: 'second', admission: 'open' }
      })
      await rig.router.route([former, ...there], signal())
      await rig.router.route([...there, former], signal())
      expect(await session.goOn()).toBe(id(0))
    })

    it('knows the load of exactly the instances in the list, where none that is missing holds a session', async () => {
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
      expect(await loadOf(0)).toBe(0)
    })

    it('tells of each session that ended, and once, where it tells of any', async () => {
      await route(1)
      if (rig.router.takeEnded === undefined) return
      const sessions = await placeMany()
      expect(rig.router.takeEnded(0)).toEqual([])
      await rig.endSessions()
      const groups = rig.router.takeEnded(0)
      expect(groups.reduce((sum, group) => sum + group.sessions, 0)).toBe(sessions.length)
      for (const { firstAt, lastAt, lengthMs, slots } of groups) {
        expect(firstAt).toBeLessThanOrEqual(lastAt)
        expect(lengthMs).toBeGreaterThanOrEqual(0)
        expect(slots).toBeGreaterThan(0)
      }
      expect(rig.router.takeEnded(0)).toEqual([])
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
