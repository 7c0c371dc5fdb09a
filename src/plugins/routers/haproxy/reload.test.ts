/** A real HAProxy that is reloaded or restarted: the servers it was told of are gone, and its old process is not. */
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../../../test/builders/until.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { believeTable, openSite, type Site, skipHaproxy, titled } from './haproxy.fixture.ts'

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
const BELIEVED = { limits: { resyncMs: 0 } }

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function open(options: Parameters<typeof openSite>[0]): Promise<Site> {
  const site = await openSite(options)
  ends.push(() => site.end())
  return site
}

function told(site: Site, ...admissions: RoutedInstance['admission'][]): RoutedInstance[] {
  return admissions.flatMap((admission, i) => {
    const origin = site.origins[i]
    return origin === undefined
      ? []
      : [{ id: origin.id, address: origin.address, zone: null, incarnation: null, admission }]
  })
}

async function loadOf(router: SessionRouter, id: string): Promise<number | string> {
  const load = (await router.readLoads(signal())).get(id)
  return load?.kind === 'known' ? load.slots : load?.kind === 'unknown' ? load.because : 'absent'
}

async function states(site: Site): Promise<string[]> {
  const rows = (await site.ask('show stat rooms 4 -1')).split('\n').filter(row => row.startsWith('rooms,'))
  return rows.map(row => `${row.split(',')[1]} ${row.split(',')[17]}`)
}

describe.skipIf(skipHaproxy)(titled('a reload of HAProxy'), () => {
  it('is made good by the next tick: every server is there again, as open or closed as before, and every user at home', async () => {
    const site = await open({
      mode: 'http',
      peers: true,
      backend: ['cookie SRV insert indirect nocache dynamic'],
    })
    await believeTable(site)
    const router = site.router({ cookieKey: 'key' }, BELIEVED)
    await router.route(told(site, 'open', 'open', 'open'), signal())
    const users = await Promise.all(Array.from({ length: 9 }, () => site.visit()))
    await router.closeInstance('room-1', signal())
    const loads = await router.readLoads(signal())
    await site.canTeach()

    await site.reload()
    expect(await states(site)).toEqual([])
    expect(await loadOf(router, 'room-1')).toMatch(/HAProxy does not have it/)
    await until('the old process has taught its table', async () =>
      (await site.ask('show table rooms')).includes('-mark'),
    )

    await router.route(told(site, 'closed', 'open', 'open'), signal())
    expect(await states(site)).toEqual([
      'rooms:room-1 DRAIN',
      'rooms:room-2 no check',
      'rooms:room-3 no check',
    ])
    for (const [id, load] of loads)
      expect(await loadOf(router, id)).toBe(load.kind === 'known' ? load.slots : 'unknown')
    for (const user of users) {
      for (const cookie of user.cookies.split('; '))
        expect((await site.visit(cookie)).instance).toBe(user.instance)
    }
  })

  it('does not make an instance look empty that still has connections in the old process', async () => {
    const site = await open({ mode: 'tcp', instances: 2 })
    const router = site.router({ load: 'connections' })
    await router.route(told(site, 'open'), signal())
    const session = await site.connect()
    await site.reload()
    await router.route(told(site, 'closed', 'open'), signal())
    expect((await site.processes())?.old).toHaveLength(1)
    expect(await loadOf(router, 'room-1')).toBe(1)
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('it holds 1 session.')
    expect(await session.ask()).toBe('room-1')
    session.end()
    await until('the old process has ended', async () => (await loadOf(router, 'room-1')) === 0)
    await router.sealInstance('room-1', signal())
  })

  it('leaves the load unknown for as long as an old process may live, where there is no master to ask', async () => {
    const site = await open({ mode: 'tcp', single: true, instances: 1 })
    const options = { load: 'connections', masterSocket: null } as const
    const router = site.router({ ...options, hardStopAfterMs: 3_600_000 })
    await router.route(told(site, 'closed'), signal())
    expect(await loadOf(router, 'room-1')).toMatch(/a process of before may hold connections for 3600 s/)
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('PLM-327')
    const brief = site.router({ ...options, hardStopAfterMs: 1_000 })
    await brief.route(told(site, 'closed'), signal())
    await until('the second is over', async () => (await loadOf(brief, 'room-1')) === 0)
    await brief.sealInstance('room-1', signal())
  })

  it('never makes a load known where neither is said', async () => {
    const site = await open({ mode: 'tcp', single: true, instances: 1 })
    const router = site.router({ load: 'connections', masterSocket: null })
    await router.route(told(site, 'open'), signal())
    expect(await loadOf(router, 'room-1')).toMatch(/set `hardStopAfter` or `masterSocket`/)
    expect(await router.check(signal())).toMatchObject({
      ok: false,
      detail: expect.stringContaining('hardStopAfter'),
    })
  })
})

describe.skipIf(skipHaproxy)(titled('a stick table that did not outlive HAProxy'), () => {
  it('is not believed until its entries would have expired', async () => {
    const site = await open({ mode: 'http', expire: '3s', instances: 1 })
    await believeTable(site)
    const router = site.router({}, BELIEVED)
    await router.route(told(site, 'open'), signal())
    await site.visit()
    expect(await loadOf(router, 'room-1')).toBe(1)
    await site.restart()
    await router.route(told(site, 'closed'), signal())
    expect(await loadOf(router, 'room-1')).toMatch(/users of before may have none/)
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('its load is unknown')
    await until('the time is over', async () => (await loadOf(router, 'room-1')) === 0)
    await router.sealInstance('room-1', signal())
  })
})
