import { afterEach, describe, expect, it } from 'vitest'
import { BareConnection, eventually, type Fleet, type FleetSettings, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

/** Instances that answer when told; how many they have at a time is recorded. */
class HeldFleet {
  readonly fleet: Fleet
  readonly most = new Map<string, number>()
  readonly #held: { readonly path: string; readonly release: () => void }[] = []

  private constructor(fleet: Fleet) {
    this.fleet = fleet
    for (const instance of fleet.instances) {
      let now = 0
      instance.serve = (request, response) => {
        now += 1
        this.most.set(instance.id, Math.max(now, this.most.get(instance.id) ?? 0))
        const release = (): void => {
          now -= 1
          response.end('done')
        }
        this.#held.push({ path: request.url ?? '', release })
      }
    }
  }

  static async start(settings: FleetSettings): Promise<HeldFleet> {
    const fleet = await startFleet(settings)
    fleets.push(fleet)
    return new HeldFleet(fleet)
  }

  get held(): string[] {
    return this.#held.map(({ path }) => path)
  }

  get waiting(): number {
    return this.fleet.router.readings().fleet.queueLength
  }

  releaseOne(): void {
    this.#held.shift()?.release()
  }
}

describe('requests beyond what the instances may have in flight', () => {
  it('wait, and go in the order they came', async () => {
    const busy = await HeldFleet.start({ instances: 1, options: { concurrency: 1 } })
    const answers: Promise<unknown>[] = []
    for (let i = 0; i < 4; i++) {
      answers.push(busy.fleet.get(`/${i}`))
      await eventually(() => busy.held.length + busy.waiting === i + 1)
    }
    const order: string[] = []
    for (let i = 0; i < 4; i++) {
      await eventually(() => busy.held.length === 1)
      order.push(...busy.held)
      busy.releaseOne()
    }
    await Promise.all(answers)
    expect(order).toEqual(['/0', '/1', '/2', '/3'])
  })

  it('are never more in flight on one instance than its share', async () => {
    const busy = await HeldFleet.start({ instances: 2, options: { concurrency: 3 } })
    const answers = Array.from({ length: 20 }, () => busy.fleet.get('/'))
    let answered = 0
    for (const answer of answers) void answer.then(() => (answered += 1))
    await eventually(() => busy.waiting === 14)
    expect(busy.fleet.router.readings()).toMatchObject({ fleet: { inFlight: 6, queueLength: 14 } })
    while (answered < 20) {
      busy.releaseOne()
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(Object.fromEntries(busy.most)).toEqual({ 'web-1': 3, 'web-2': 3 })
  })

  it('are refused at once when too many wait already', async () => {
    const busy = await HeldFleet.start({ instances: 1, options: { concurrency: 1, queue: 2 } })
    const answers = [busy.fleet.get('/'), busy.fleet.get('/'), busy.fleet.get('/')]
    await eventually(() => busy.waiting === 2)
    const refused = await busy.fleet.get('/')
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(refused.body).toMatch(/^PLM-332 Too many requests are waiting for the fleet "web"/)
    for (const _ of answers) {
      await eventually(() => busy.held.length === 1)
      busy.releaseOne()
    }
    expect((await Promise.all(answers)).map(answer => answer.status)).toEqual([200, 200, 200])
  })

  it('are refused when they have waited too long', async () => {
    const busy = await HeldFleet.start({ instances: 1, options: { concurrency: 1, queueTimeoutMs: 50 } })
    const first = busy.fleet.get('/')
    await eventually(() => busy.held.length === 1)
    const late = await busy.fleet.get('/')
    expect([late.status, late.headers['retry-after']]).toEqual([503, '2'])
    expect(late.body).toMatch(/^PLM-333 Waited 0.05 s for the fleet "web": every open instance was busy/)
    expect(busy.waiting).toBe(0)
    busy.releaseOne()
    expect((await first).status).toBe(200)
  })

  it('leave the queue when their client leaves', async () => {
    const busy = await HeldFleet.start({ instances: 1, options: { concurrency: 1, queueTimeoutMs: 60_000 } })
    const first = busy.fleet.get('/')
    await eventually(() => busy.held.length === 1)
    const client = new BareConnection(busy.fleet.port).write('GET / HTTP/1.1', 'Host: a', '', '')
    await eventually(() => busy.waiting === 1)
    client.socket.destroy()
    await eventually(() => busy.waiting === 0)
    busy.releaseOne()
    expect((await first).status).toBe(200)
    expect(busy.fleet.instance('web-1').requests).toBe(1)
  })
})

describe('while no instance is open', () => {
  it('a request waits until one opens', async () => {
    const fleet = await startFleet({ instances: 1 })
    fleets.push(fleet)
    await fleet.route({ 'web-1': 'gone' })
    const asked = fleet.get('/')
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    await fleet.route()
    expect((await asked).status).toBe(200)
  })

  it('a request waits until one reopens', async () => {
    const fleet = await startFleet({ instances: 1 })
    fleets.push(fleet)
    await fleet.router.closeInstance('web-1', AbortSignal.timeout(1_000))
    const asked = fleet.get('/')
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    await fleet.router.reopenInstance('web-1', AbortSignal.timeout(1_000))
    expect((await asked).status).toBe(200)
  })

  it('says so when the time is over', async () => {
    const fleet = await startFleet({ instances: 1, options: { queueTimeoutMs: 30 } })
    fleets.push(fleet)
    await fleet.route({ 'web-1': 'closed' })
    expect((await fleet.get('/')).body).toMatch(/^PLM-333 .* no instance was open/)
  })
})

describe('a request of a session whose instance is busy', () => {
  it('waits for that one, even if another is idle, and is counted there', async () => {
    const busy = await HeldFleet.start({ instances: 2, options: { concurrency: 1 } })
    const opening = busy.fleet.get('/first')
    await eventually(() => busy.held.length === 1)
    busy.releaseOne()
    const { instance, cookie } = await opening
    const headers = { cookie: cookie ?? '' }
    const one = busy.fleet.get('/a', { headers })
    await eventually(() => busy.held.length === 1)
    const two = busy.fleet.get('/b', { headers })
    await eventually(() => busy.fleet.router.readings().instances.get(instance)?.queueLength === 1)
    busy.releaseOne()
    await eventually(() => busy.held.includes('/b'))
    busy.releaseOne()
    expect([(await one).instance, (await two).instance]).toEqual([instance, instance])
  })

  it('goes elsewhere when that instance leaves the list', async () => {
    const busy = await HeldFleet.start({ instances: 2, options: { concurrency: 1 } })
    const opening = busy.fleet.get('/first')
    await eventually(() => busy.held.length === 1)
    busy.releaseOne()
    const { instance, cookie } = await opening
    const headers = { cookie: cookie ?? '' }
    const one = busy.fleet.get('/a', { headers })
    await eventually(() => busy.held.length === 1)
    const two = busy.fleet.get('/b', { headers })
    await eventually(() => busy.waiting === 1)
    await busy.fleet.route({ [instance]: 'gone' })
    await eventually(() => busy.held.includes('/b'))
    busy.releaseOne()
    busy.releaseOne()
    expect((await one).instance).toBe(instance)
    expect((await two).instance).not.toBe(instance)
  })
})
