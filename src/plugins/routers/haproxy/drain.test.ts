/** What users of a real HAProxy see of a drain: those who are there stay, new ones go elsewhere, and then it is empty. */
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../../../test/builders/until.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { openRelay } from './fake-cli.fixture.ts'
import { believeTable, type Origin, openSite, type Site, skipHaproxy, titled } from './haproxy.fixture.ts'

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
const BELIEVED = { limits: { resyncMs: 0 } }
const COOKIE = ['cookie SRV insert indirect nocache dynamic']

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function open(options: Parameters<typeof openSite>[0]): Promise<Site> {
  const site = await openSite(options)
  ends.push(() => site.end())
  return site
}

function told(
  origin: Origin,
  admission: RoutedInstance['admission'],
  incarnation: string | null = null,
): RoutedInstance {
  return { id: origin.id, address: origin.address, zone: null, incarnation, admission }
}

function at(site: Site, index: number): Origin {
  const origin = site.origins[index]
  if (origin === undefined) throw new Error(`no origin ${index}`)
  return origin
}

async function stateOf(site: Site, server: string): Promise<string> {
  const line = (await site.ask('show stat rooms 4 -1'))
    .split('\n')
    .find(row => row.startsWith(`rooms,${server},`))
  return line?.split(',')[17] ?? 'missing'
}

async function slotsOf(router: SessionRouter, id: string): Promise<number | string> {
  const load = (await router.readLoads(signal())).get(id)
  return load?.kind === 'known' ? load.slots : (load?.kind ?? 'absent')
}

describe.skipIf(skipHaproxy)(titled('an instance behind a real HAProxy'), () => {
  it('is drained of users who have no connection between two requests, and deleted only then', async () => {
    const site = await open({ mode: 'http', instances: 2 })
    await believeTable(site)
    const router = site.router({}, BELIEVED)
    const [first, second] = [at(site, 0), at(site, 1)]
    await router.route([told(first, 'open')], signal())
    const users = await Promise.all(Array.from({ length: 5 }, () => site.visit()))
    await router.route([told(first, 'open'), told(second, 'open')], signal())
    await router.closeInstance('room-1', signal())
    expect(await stateOf(site, 'rooms:room-1')).toBe('DRAIN')

    const fresh = await Promise.all(Array.from({ length: 8 }, () => site.visit()))
    expect(new Set(fresh.map(visit => visit.instance))).toEqual(new Set(['room-2']))
    const again = await Promise.all(users.map(user => site.visit(user.cookies)))
    expect(new Set(again.map(visit => visit.instance))).toEqual(new Set(['room-1']))
    expect(await slotsOf(router, 'room-1')).toBe(5)

    const refusal = await router.sealInstance('room-1', signal()).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('it holds 5 sessions'),
    })
    expect(await stateOf(site, 'rooms:room-1')).toBe('DRAIN')

    for (const user of users) await site.ask(`clear table rooms key ${user.cookies.replace('sid=', '')}`)
    await router.sealInstance('room-1', signal())
    expect(await stateOf(site, 'rooms:room-1')).toBe('missing')
    await router.route([told(first, 'closed'), told(second, 'open')], signal())
    expect(await stateOf(site, 'rooms:room-1')).toBe('missing')
  })

  it('keeps the holders of a HAProxy cookie too, whose key is given to it', async () => {
    const site = await open({ mode: 'http', instances: 2, backend: COOKIE })
    await believeTable(site)
    const router = site.router({ cookieKey: 'a key; with \\ all' }, BELIEVED)
    const [first, second] = [at(site, 0), at(site, 1)]
    await router.route([told(first, 'open')], signal())
    const user = await site.visit()
    expect(user.cookies).toMatch(/SRV=[0-9a-f]{16}/)
    const cookie = user.cookies.split('; ').find(part => part.startsWith('SRV=')) ?? ''
    await router.route([told(first, 'closed'), told(second, 'open')], signal())
    expect((await site.visit(cookie)).instance).toBe('room-1')
    expect((await site.visit()).instance).toBe('room-2')
  })

  it('is not sealed while a request is in flight, nor does the request notice', async () => {
    const site = await open({ mode: 'http', instances: 1 })
    const router = site.router({ load: 'connections' })
    await router.route([told(at(site, 0), 'open')], signal())
    const visit = site.visit('', '/hold')
    await until('the request is there', () => at(site, 0).held.size === 1)
    await router.closeInstance('room-1', signal())
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('it holds 1 session.')
    at(site, 0).letGo()
    expect((await visit).status).toBe(200)
    await until('it is over', async () => (await slotsOf(router, 'room-1')) === 0)
    await router.sealInstance('room-1', signal())
  })

  it('is not sealed when a user comes back between the look and the shutting', async () => {
    const site = await open({ mode: 'http', instances: 1, backend: COOKIE })
    const origin = at(site, 0)
    let cookies = ''
    let late: Promise<{ status: number }> | null = null
    const relay = await openRelay(site.socket, async command => {
      if (!command.endsWith('state maint')) return null
      late = site.visit(cookies, '/hold')
      await until('the user is back', () => origin.held.size === 1)
      return null
    })
    ends.push(relay.end)
    const router = site.router({ socket: relay.socket, load: 'connections', cookieKey: 'key' })
    await router.route([told(origin, 'open')], signal())
    cookies = (await site.visit()).cookies.replace(/sid=[^;]*;? ?/, '')
    await router.closeInstance('room-1', signal())
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('PLM-327')
    expect(await stateOf(site, 'rooms:room-1')).toBe('DRAIN')
    origin.letGo()
    expect(await late).toMatchObject({ status: 200 })
  })

  it('is not sealed when a user came and went between the look and the shutting, and has no connection', async () => {
    const site = await open({ mode: 'http', instances: 1, backend: COOKIE })
    await believeTable(site)
    let cookie = ''
    const relay = await openRelay(site.socket, async command => {
      if (command.endsWith('state maint')) expect((await site.visit(cookie)).instance).toBe('room-1')
      return null
    })
    ends.push(relay.end)
    const router = site.router({ socket: relay.socket, cookieKey: 'key' }, BELIEVED)
    await router.route([told(at(site, 0), 'open')], signal())
    const { cookies } = await site.visit()
    const cookieOf = (name: string): string => new RegExp(`${name}=([^;]+)`).exec(cookies)?.[1] ?? ''
    cookie = `SRV=${cookieOf('SRV')}`
    await site.ask(`clear table rooms key ${cookieOf('sid')}`)
    await router.closeInstance('room-1', signal())
    await expect(router.sealInstance('room-1', signal())).rejects.toThrow('it holds 1 session.')
    expect(await stateOf(site, 'rooms:room-1')).toBe('DRAIN')
  })

  it('drains on when HAProxy will not delete it', async () => {
    const site = await open({ mode: 'tcp', instances: 1 })
    const relay = await openRelay(site.socket, async command =>
      command.startsWith('del server')
        ? 'Server still has connections attached to it, cannot remove it.'
        : null,
    )
    ends.push(relay.end)
    const router = site.router({ socket: relay.socket, load: 'connections' })
    await router.route([told(at(site, 0), 'closed')], signal())
    const refusal = await router.sealInstance('room-1', signal()).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('still has connections'),
    })
    expect(await stateOf(site, 'rooms:room-1')).toBe('DRAIN')
  })

  it('never inherits the users of the one before at its address and under its name', async () => {
    const site = await open({ mode: 'http', instances: 2 })
    await believeTable(site)
    const router = site.router({}, BELIEVED)
    const [first, second] = [at(site, 0), at(site, 1)]
    await router.route([told(first, 'open', 'boot-1')], signal())
    const users = await Promise.all(Array.from({ length: 4 }, () => site.visit()))
    expect(await slotsOf(router, 'room-1')).toBe(4)
    // Closed, so that whoever still gets there was led by an old entry.
    await router.route([told(first, 'closed', 'boot-2'), told(second, 'open')], signal())
    expect(await slotsOf(router, 'room-1')).toBe(0)
    for (const user of users) expect((await site.visit(user.cookies)).instance).toBe('room-2')
  })

  it('gives way to whatever is listed at its address now', async () => {
    const site = await open({ mode: 'http', instances: 2 })
    await believeTable(site)
    const router = site.router({}, BELIEVED)
    const [first, second] = [at(site, 0), at(site, 1)]
    await router.route([told(first, 'open')], signal())
    const user = await site.visit()
    await router.route([{ ...told(first, 'closed'), id: 'room-9' }, told(second, 'open')], signal())
    expect(await stateOf(site, 'rooms:room-1')).toBe('missing')
    expect((await site.visit(user.cookies)).instance).toBe('room-2')
  })

  it('keeps its sessions when it moves to another address', async () => {
    const site = await open({ mode: 'http', instances: 2 })
    await believeTable(site)
    const router = site.router({}, BELIEVED)
    const [first, second] = [at(site, 0), at(site, 1)]
    await router.route([told(first, 'open')], signal())
    const user = await site.visit()
    await router.route([{ ...told(first, 'closed'), address: second.address }], signal())
    expect(await slotsOf(router, 'room-1')).toBe(1)
    expect((await site.visit(user.cookies)).instance).toBe('room-2')
  })

  it('gets no work while HAProxy finds it ill', async () => {
    const site = await open({ mode: 'http', instances: 2 })
    const check = { port: null, everyMs: 100, rise: 1, fall: 1 }
    const router = site.router({ check, load: 'connections' })
    await router.route(
      site.origins.map(origin => told(origin, 'open')),
      signal(),
    )
    await until('it is well', async () => (await stateOf(site, 'rooms:room-1')) === 'UP')
    await at(site, 0).end()
    await until('it is ill', async () => (await stateOf(site, 'rooms:room-1')) === 'DOWN')
    for (let i = 0; i < 4; i++) expect((await site.visit()).instance).toBe('room-2')
  })

  it('is found again by a router that was started anew, with what it holds', async () => {
    const site = await open({ mode: 'tcp', instances: 2 })
    const before = site.router({ load: 'connections' })
    await before.route([told(at(site, 0), 'open')], signal())
    const session = await site.connect()
    await before.close()
    const after = site.router({ load: 'connections' })
    await after.route([told(at(site, 1), 'open')], signal())
    expect(await slotsOf(after, 'room-1')).toBe(1)
    expect(await session.ask()).toBe('room-1')
    session.end()
    await until('its server is deleted', async () => {
      await after.route([told(at(site, 1), 'open')], signal())
      return (await stateOf(site, 'rooms:room-1')) === 'missing'
    })
  })

  it('has nothing to do with servers of others', async () => {
    const site = await open({ mode: 'tcp', instances: 1, backend: ['server spare 127.0.0.1:9 backup'] })
    await site.ask('add server rooms/theirs 127.0.0.1:10')
    const router = site.router({ load: 'connections' })
    await router.route([told(at(site, 0), 'open')], signal())
    await router.route([], signal())
    expect([await stateOf(site, 'spare'), await stateOf(site, 'theirs')]).toEqual(['no check', 'MAINT'])
    expect([...(await router.readLoads(signal())).keys()]).toEqual([])
  })
})
