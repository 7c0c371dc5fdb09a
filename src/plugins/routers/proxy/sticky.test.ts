import { afterEach, describe, expect, it } from 'vitest'
import { eventually, type Fleet, type FleetSettings, Signal, startFleet } from './fleet.fixture.ts'

const TTL_MS = 60_000
const fleets: Fleet[] = []
const signal = (): AbortSignal => AbortSignal.timeout(10_000)

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

async function start(settings: FleetSettings = {}): Promise<Fleet> {
  const cookie = { name: 'plimsoll', ttlMs: TTL_MS, secret: null }
  const fleet = await startFleet({ instances: 3, ...settings, options: { cookie, ...settings.options } })
  fleets.push(fleet)
  return fleet
}

describe('a sticky session', () => {
  it('stays on its instance over many requests, and is told its cookie once', async () => {
    const fleet = await start()
    const first = await fleet.get('/')
    for (let i = 0; i < 9; i++) {
      const next = await fleet.get('/', { headers: { cookie: `theme=dark; ${first.cookie}` } })
      expect([next.instance, next.cookie]).toEqual([first.instance, null])
    }
  })

  it('gets a fresh cookie for the same instance past half its time, so that a user at work is never cut off', async () => {
    const fleet = await start()
    const first = await fleet.get('/')
    let cookie = first.cookie ?? ''
    for (let i = 0; i < 5; i++) {
      fleet.clock.setForward(TTL_MS * 0.6)
      const next = await fleet.get('/', { headers: { cookie } })
      expect(next.instance).toBe(first.instance)
      expect(next.cookie).not.toBeNull()
      cookie = next.cookie ?? ''
    }
    expect(await fleet.load(first.instance)).toBe(1)
  })

  it('keeps cookies the application sets beside its own', async () => {
    const fleet = await start({
      serve: (_request, response) => {
        response.setHeader('set-cookie', ['a=1', 'b=2'])
        response.end()
      },
    })
    const set = (await fleet.get('/')).headers['set-cookie']
    expect(set).toEqual(['a=1', 'b=2', expect.stringMatching(/^plimsoll=/)])
  })

  it.each([
    ['forged', (): string => 'plimsoll=d2ViLTE.session.zzzzzz.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['with another instance written into it', (own: string): string => own.replace(/=[\w-]+\./, '=d2ViLTk.')],
    ['with its signature cut off', (own: string): string => own.replace(/\.[\w-]+$/, '')],
  ])('whose cookie is %s is placed like a new one', async (_, change) => {
    const fleet = await start()
    const own = (await fleet.get('/')).cookie ?? ''
    const answer = await fleet.get('/', { headers: { cookie: change(own) } })
    expect([answer.status, answer.cookie === null]).toEqual([200, false])
  })

  it('whose cookie has expired is placed like a new one', async () => {
    const fleet = await start()
    const cookie = (await fleet.get('/')).cookie ?? ''
    fleet.clock.setForward(TTL_MS)
    expect((await fleet.get('/', { headers: { cookie } })).cookie).not.toBeNull()
  })

  it('does not exist where the fleet wants none', async () => {
    const fleet = await start({ options: { cookie: null } })
    const answers = await Promise.all(Array.from({ length: 6 }, () => fleet.get('/')))
    expect(answers.every(answer => answer.cookie === null)).toBe(true)
    expect(await fleet.load('web-1')).toBe(0)
  })
})

describe('a draining instance', () => {
  it('keeps those who hold its cookie; everyone else goes elsewhere', async () => {
    const fleet = await start()
    const holder = await fleet.get('/')
    await fleet.router.closeInstance(holder.instance, signal())
    for (let i = 0; i < 12; i++) {
      expect((await fleet.get('/')).instance).not.toBe(holder.instance)
      expect((await fleet.get('/', { headers: { cookie: holder.cookie ?? '' } })).instance).toBe(
        holder.instance,
      )
    }
  })

  it('is empty once its sessions have been idle for the lifetime of a cookie, counted from the last answer', async () => {
    const fleet = await start({ instances: 1 })
    const cookie = (await fleet.get('/')).cookie ?? ''
    await fleet.router.closeInstance('web-1', signal())
    fleet.clock.setForward(TTL_MS * 0.4)
    await fleet.get('/', { headers: { cookie } })
    fleet.clock.setForward(TTL_MS - 5_000)
    expect(await fleet.load('web-1')).toBe(1)
    fleet.clock.setForward(5_000)
    expect(await fleet.load('web-1')).toBe(0)
  })

  it('counts what is in flight, with or without a session', async () => {
    const goOn = new Signal()
    const fleet = await start({
      instances: 1,
      options: { cookie: null },
      serve: (_request, response) => void goOn.happened.then(() => response.end()),
    })
    const asked = [fleet.get('/'), fleet.get('/')]
    await eventually(async () => (await fleet.load('web-1')) === 2)
    goOn.fire()
    await Promise.all(asked)
    expect(await fleet.load('web-1')).toBe(0)
  })

  it('still counts its sessions when it was missing from the list for a while', async () => {
    const fleet = await start({ instances: 2 })
    const { instance } = await fleet.get('/')
    await fleet.route({ [instance]: 'missing' })
    await fleet.route({ [instance]: 'closed' })
    expect(await fleet.load(instance)).toBe(1)
  })
})

describe('the load after a restart of the proxy', () => {
  const cookie = { name: 'plimsoll', ttlMs: TTL_MS, secret: 'a secret that outlives the process' }

  it('is unknown for instances that may hold sessions of before, until those would have expired', async () => {
    const fleet = await start({ instances: 1, options: { cookie } })
    const loads = await fleet.router.readLoads(signal())
    expect(loads.get('web-1')).toMatchObject({
      kind: 'unknown',
      because: expect.stringMatching(/^sessions of before the proxy started .* may still be on it until /),
    })
    fleet.clock.setForward(TTL_MS)
    expect(await fleet.load('web-1')).toBe(0)
  })

  it('is known for instances that came later', async () => {
    const fleet = await start({ instances: 2, options: { cookie } })
    const { address } = fleet.instance('web-2')
    await fleet.router.route(
      [{ id: 'web-9', incarnation: null, address, zone: null, admission: 'open' }],
      signal(),
    )
    expect(await fleet.load('web-9')).toBe(0)
  })

  it('is known where the secret died with the process, and the old cookies with it', async () => {
    const fleet = await start({ instances: 1 })
    expect(await fleet.load('web-1')).toBe(0)
  })
})
