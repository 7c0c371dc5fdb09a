/** What an operator is told when HAProxy is set up wrongly, is gone, or says what nobody expects. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { openFakeCli, openRelay } from './fake-cli.fixture.ts'
import { CONTEXT, freePort, OPTIONS, openSite, type Site, skipHaproxy, titled } from './haproxy.fixture.ts'
import { createHaproxyRouter } from './haproxy.ts'

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
const ROOM: RoutedInstance = {
  id: 'room-1',
  address: 'http://127.0.0.1:9',
  zone: null,
  incarnation: null,
  admission: 'open',
}

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function open(options: Parameters<typeof openSite>[0]): Promise<Site> {
  const site = await openSite({ instances: 0, ...options })
  ends.push(() => site.end())
  return site
}

async function refusalOf(call: Promise<unknown>): Promise<PluginError> {
  const refusal = await call.catch((error: unknown) => error)
  if (!(refusal instanceof PluginError)) throw new Error(`no PluginError: ${String(refusal)}`)
  return refusal
}

describe('a HAProxy that is not there, slow or something else', () => {
  const calls: [string, (router: SessionRouter) => Promise<unknown>][] = [
    ['route', router => router.route([ROOM], signal())],
    ['readLoads', router => router.readLoads(signal())],
  ]

  it.each(calls)('is told apart by %s', async (_, call) => {
    const slow = await openFakeCli(() => null)
    const rubbish = await openFakeCli(() => 'HTTP/1.1 400 Bad Request\n')
    ends.push(slow.end, rubbish.end)
    const at = (socket: string) => createHaproxyRouter({ ...OPTIONS, socket, timeoutMs: 100 }, CONTEXT)
    const seen = await Promise.all(
      ['/nowhere.sock', slow.socket, rubbish.socket].map(socket => refusalOf(call(at(socket)))),
    )
    expect(seen.map(({ kind, message }) => `${kind} ${message.slice(0, 7)}`)).toEqual([
      'unavailable PLM-320',
      'unavailable PLM-321',
      'unavailable PLM-322',
    ])
    expect((await at('/nowhere.sock').check(signal())).detail).toContain('PLM-320')
  })

  it('knows no instance before it was told of one', async () => {
    const router = createHaproxyRouter(OPTIONS, CONTEXT)
    for (const call of [router.closeInstance, router.reopenInstance, router.sealInstance]) {
      const refusal = await refusalOf(call.call(router, 'room-1', signal()))
      expect(refusal).toMatchObject({ kind: 'not-found', message: expect.stringContaining('PLM-326') })
    }
  })
})

describe('options that cannot be said to HAProxy', () => {
  it.each([
    { backend: 'a b' },
    { prefix: 'rooms/' },
    { table: 'a;b' },
    { cookieKey: 'two\nlines' },
    { serverOptions: 'maxconn 1; disable frontend front' },
  ])('%j', wrong => {
    expect(() => createHaproxyRouter({ ...OPTIONS, ...wrong }, CONTEXT)).toThrow('PLM-324')
  })

  it('never show the cookie key', () => {
    expect(() => createHaproxyRouter({ ...OPTIONS, cookieKey: 'hunter2\n' }, CONTEXT)).not.toThrow('hunter2')
  })
})

describe.skipIf(skipHaproxy)(titled('a real HAProxy that is set up otherwise'), () => {
  it('has no such backend or table', async () => {
    const site = await open({ mode: 'tcp' })
    const nowhere = site.router({ backend: 'rooom' })
    const noTable = site.router()
    const seen = [
      await refusalOf(nowhere.route([ROOM], signal())),
      await refusalOf(nowhere.readLoads(signal())),
      await refusalOf(noTable.readLoads(signal())),
    ]
    expect(seen.map(({ kind, message }) => `${kind} ${message.slice(0, 7)}`)).toEqual(
      Array(3).fill('misconfigured PLM-324'),
    )
    expect(seen[0]?.message).toContain('has no backend "rooom"')
    expect(seen[2]?.message).toContain('has no stick table "rooms"')
  })

  it('has a table whose entries never end, or whose keys are of a kind we cannot write', async () => {
    for (const [table, said] of [
      ['stick-table type ip size 100', 'has no "expire"'],
      ['stick-table type binary len 8 size 100 expire 1m', 'keys of the type binary'],
    ] as const) {
      const site = await open({ mode: 'tcp', backend: [table] })
      expect((await refusalOf(site.router().readLoads(signal()))).message).toContain(said)
    }
  })

  it.each(['ip', 'ipv6', 'integer', 'string len 40'])('may have keys of the type %s', async type => {
    const site = await open({ mode: 'tcp', backend: [`stick-table type ${type} size 100 expire 1s`] })
    await expect(site.router().readLoads(signal())).resolves.toEqual(new Map())
  })

  it('does not let us change anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-haproxy-user-'))
    ends.push(async () => rmSync(folder, { recursive: true }))
    const socket = join(folder, 'user.sock')
    const site = await open({ mode: 'tcp', global: [`stats socket ${socket} level user`] })
    const router = site.router({ socket, load: 'connections' })
    const refusal = await refusalOf(router.route([ROOM], signal()))
    expect(refusal).toMatchObject({ kind: 'misconfigured', message: expect.stringContaining('level admin') })
    expect(refusal.message).toContain('PLM-323')
  })

  it('balances in a way that allows no servers to come and go', async () => {
    const site = await open({ mode: 'tcp', backend: ['balance static-rr'] })
    const refusal = await refusalOf(site.router().route([ROOM], signal()))
    expect(refusal).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining('balance leastconn'),
    })
  })

  it('gets the others when one address is none', async () => {
    const site = await open({ mode: 'tcp' })
    const router = site.router({ load: 'connections' })
    const wrong = { ...ROOM, id: 'room-2', address: 'http://room-2.example' }
    const refusal = await refusalOf(router.route([wrong, ROOM], signal()))
    expect(refusal).toMatchObject({ kind: 'misconfigured', message: expect.stringContaining('PLM-325') })
    expect([...(await router.readLoads(signal())).keys()]).toEqual(['room-1'])
    await router.closeInstance('room-1', signal())
    expect(await site.ask('show stat rooms 4 -1')).toMatch(/rooms:room-1,.*,DRAIN,/)
  })

  it('agrees and does something else', async () => {
    const site = await open({ mode: 'tcp' })
    const relay = await openRelay(site.socket, async command => (command.endsWith('state drain') ? '' : null))
    ends.push(relay.end)
    const router = site.router({ load: 'connections', socket: relay.socket })
    await router.route([ROOM], signal())
    const refusal = await refusalOf(router.closeInstance('room-1', signal()))
    expect(refusal).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('PLM-328') })
    expect(refusal.message).toContain('into the state drain and agreed, but shows it as ready')
  })

  it('has given our number to another server: ours gets the next', async () => {
    const site = await open({ mode: 'tcp' })
    const router = site.router({ load: 'connections' })
    await router.route([ROOM], signal())
    const number = /rooms (\d+) rooms:room-1 /.exec(await site.ask('show servers state rooms'))?.[1]
    await router.route([{ ...ROOM, admission: 'gone' }], signal())
    await site.ask(`add server rooms/theirs 127.0.0.1:10 id ${number}`)
    await router.route([ROOM], signal())
    const text = await site.ask('show servers state rooms')
    expect(text).toContain(` ${number} theirs `)
    expect(text).toContain(' rooms:room-1 ')
  })

  it('does not know users between two requests when it counts connections, and is said so', async () => {
    const site = await open({ mode: 'http' })
    const router = site.router({ load: 'connections' })
    await router.route([ROOM], signal())
    expect(await router.check(signal())).toMatchObject({
      ok: true,
      detail: expect.stringContaining('load: stick-table'),
    })
  })

  it('listens on a port as well', async () => {
    const port = await freePort()
    const site = await open({ mode: 'tcp', global: [`stats socket ipv4@127.0.0.1:${port} level admin`] })
    const router = site.router({ load: 'connections', socket: `127.0.0.1:${port}` })
    await router.route([ROOM], signal())
    expect((await router.readLoads(signal())).get('room-1')).toMatchObject({ kind: 'known', slots: 0 })
  })

  it('comes back', async () => {
    const site = await open({ mode: 'tcp' })
    const router = site.router({ load: 'connections' })
    await router.route([ROOM], signal())
    await site.stop()
    expect((await refusalOf(router.closeInstance('room-1', signal()))).message).toContain('PLM-320')
    await site.restart()
    await router.closeInstance('room-1', signal())
    expect(await site.ask('show stat rooms 4 -1')).toMatch(/rooms:room-1,.*,DRAIN,/)
  })
})
