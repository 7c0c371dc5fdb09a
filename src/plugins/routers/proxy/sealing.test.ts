import { afterEach, describe, expect, it } from 'vitest'
import type { RoutedInstance } from '../../../ports/session-router.ts'
import { eventually, type Fleet, type FleetSettings, Signal, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []
const signal = (): AbortSignal => AbortSignal.timeout(10_000)

async function start(settings: FleetSettings = {}): Promise<Fleet> {
  const fleet = await startFleet(settings)
  fleets.push(fleet)
  return fleet
}

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

describe('an instance behind the proxy is not sealed', () => {
  it('while it is open', async () => {
    const { router } = await start()
    await expect(router.sealInstance('web-1', signal())).rejects.toThrow(
      'PLM-344 web-1 of fleet "web" cannot be sealed: it is open.',
    )
  })

  it('while a request is in flight, and is once it is through', async () => {
    const goOn = new Signal()
    const fleet = await start({
      instances: 1,
      options: { cookie: null },
      serve: (_request, response) => void goOn.happened.then(() => response.end()),
    })
    const asked = fleet.get('/')
    await eventually(async () => (await fleet.load('web-1')) === 1)
    await fleet.router.closeInstance('web-1', signal())
    await expect(fleet.router.sealInstance('web-1', signal())).rejects.toThrow('it holds 1.')
    goOn.fire()
    await asked
    await fleet.router.sealInstance('web-1', signal())
    await expect(fleet.router.reopenInstance('web-1', signal())).rejects.toThrow('PLM-345 web-1')
  })

  it('while sessions of before a restart may be on it', async () => {
    const cookie = { name: 'plimsoll', ttlMs: 60_000, secret: 'a secret that outlives the process' }
    const fleet = await start({ instances: 1, options: { cookie } })
    await fleet.router.closeInstance('web-1', signal())
    await expect(fleet.router.sealInstance('web-1', signal())).rejects.toThrow('what it holds is not known')
    fleet.clock.setForward(60_000)
    await fleet.router.sealInstance('web-1', signal())
  })
})

describe('another instance under a known id', () => {
  it('gets nobody who has a cookie for the former', async () => {
    const fleet = await start({ instances: 2 })
    const told = (incarnation: string, second: RoutedInstance['admission']): RoutedInstance[] => {
      return fleet.instances.map(({ id, address }, i) => {
        return { id, incarnation, address, zone: null, admission: i === 0 ? 'open' : second }
      })
    }
    await fleet.router.route(told('first', 'closed'), signal())
    const { instance, cookie } = await fleet.get('/')
    expect(instance).toBe('web-1')
    const headers = { cookie: cookie ?? '' }
    const [, second] = told('first', 'open')
    const [first] = told('second', 'open')
    if (first === undefined || second === undefined) throw new Error('two were told of')
    await fleet.router.route([{ ...first, admission: 'closed' }, second], signal())
    expect((await fleet.get('/', { headers })).instance).toBe('web-2')
    expect(await fleet.load('web-1')).toBe(0)
  })
})

describe('an instance that moved to another address', () => {
  it('keeps its sessions, and stays sealed', async () => {
    const fleet = await start({ instances: 2 })
    const { instance } = await fleet.get('/')
    const other = fleet.instances.find(({ id }) => id !== instance)
    const told = (admission: RoutedInstance['admission']): RoutedInstance[] => [
      { id: instance, incarnation: null, address: other?.address ?? '', zone: null, admission },
    ]
    await fleet.router.route(told('closed'), signal())
    expect(await fleet.load(instance)).toBe(1)
    fleet.clock.setForward(60_000)
    await fleet.router.sealInstance(instance, signal())
    await fleet.route({ [other?.id ?? '']: 'missing' })
    await expect(fleet.router.reopenInstance(instance, signal())).rejects.toThrow('PLM-345')
  })
})
