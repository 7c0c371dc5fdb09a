import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, type Fleet, type Serve, Signal, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

/** Two instances; web-1 fails as told, web-2 says hello. */
async function start(fail: Serve): Promise<Fleet> {
  const fleet = await startFleet({ instances: 2, options: { cookie: null } })
  fleets.push(fleet)
  fleet.instance('web-1').serve = fail
  return fleet
}

const cut: Serve = request => request.socket.destroy()

/** Until the failing instance has had its turn: placing goes round among equals. */
async function askUntilFailed(fleet: Fleet, method: string, body: string | null): Promise<number[]> {
  const statuses: number[] = []
  const before = fleet.instance('web-1').requests
  while (fleet.instance('web-1').requests === before)
    statuses.push((await fleet.get('/', { method, body })).status)
  return statuses
}

describe('an instance that fails before it answers', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('costs a %s nothing: another instance answers it', async method => {
    const fleet = await start(cut)
    expect((await askUntilFailed(fleet, method, null)).every(status => status === 200)).toBe(true)
  })

  it.each([
    ['POST', null],
    ['POST', 'body'],
    ['PUT', 'body'],
    ['DELETE', null],
    ['GET', 'body'],
  ])('costs a %s with body %s its answer: it may have been acted on', async (method, body) => {
    const fleet = await start(cut)
    expect((await askUntilFailed(fleet, method, body)).at(-1)).toBe(502)
    expect(fleet.instance('web-1').requests).toBe(1)
  })

  it('says so by a code to the client, and with the cause to the operator, but not the query', async () => {
    const fleet = await start(cut)
    await fleet.route({ 'web-2': 'gone' })
    const answer = await fleet.get('/pay?card=4111', { method: 'POST' })
    expect(answer.body).toMatch(/^PLM-334 .*may have acted on the request/)
    expect(fleet.log.join('\n')).toMatch(
      /proxy of web: web-1 failed before it answered: POST \/pay: UND_ERR_SOCKET/,
    )
    expect(fleet.log.join('\n')).not.toMatch(/4111/)
  })

  it('is tried once only where there is no other', async () => {
    const fleet = await start(cut)
    await fleet.route({ 'web-2': 'gone' })
    expect((await fleet.get('/')).status).toBe(502)
    expect(fleet.instance('web-1').requests).toBe(1)
  })

  it('is left out for a moment, and then tried again', async () => {
    const fleet = await start(cut)
    await askUntilFailed(fleet, 'GET', null)
    for (let i = 0; i < 10; i++) expect((await fleet.get('/')).instance).toBe('web-2')
    expect(fleet.instance('web-1').requests).toBe(1)
    fleet.clock.setForward(1_000)
    await askUntilFailed(fleet, 'GET', null)
    expect(fleet.instance('web-1').requests).toBe(2)
  })

  it('fails nobody twice: when the second one fails too, it is 502', async () => {
    const fleet = await start(cut)
    fleet.instance('web-2').serve = cut
    expect((await fleet.get('/')).status).toBe(502)
    expect(fleet.instance('web-1').requests + fleet.instance('web-2').requests).toBe(2)
  })
})

describe('an instance that cannot be reached', () => {
  it('costs not even a POST with a body anything: nothing was sent yet', async () => {
    const fleet = await start(cut)
    await fleet.instance('web-1').crash()
    const body = (): Readable => Readable.from(['one ', 'two'])
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => fleet.get('/', { method: 'POST', body: body() })),
    )
    expect(answers.map(answer => answer.status)).toEqual(Array(8).fill(200))
    expect(fleet.log.join()).toMatch(/web-1 failed before it answered: POST \/: ECONNREFUSED/)
  })

  it('costs its sessions their instance, not their answer: they move', async () => {
    const fleet = await startFleet({ instances: 2 })
    fleets.push(fleet)
    const first = await fleet.get('/')
    await fleet.instance(first.instance).crash()
    const second = await fleet.get('/', { headers: { cookie: first.cookie ?? '' } })
    expect(second.status).toBe(200)
    expect(second.instance).not.toBe(first.instance)
    const third = await fleet.get('/', { headers: { cookie: second.cookie ?? '' } })
    expect([third.instance, third.cookie]).toEqual([second.instance, null])
  })
})

describe('an instance that vanishes in the middle of a request', () => {
  it.each([
    ['GET', 200],
    ['POST', 502],
  ])('a %s is answered %i', async (method, status) => {
    const begun = new Signal()
    const fleet = await start(() => begun.fire())
    await fleet.route({ 'web-2': 'closed' })
    const asked = fleet.get('/', { method })
    await begun.happened
    await fleet.route({ 'web-1': 'gone' })
    await fleet.instance('web-1').crash()
    expect((await asked).status).toBe(status)
  })

  it('ends what it has, if only it left the list', async () => {
    const begun = new Signal()
    const goOn = new Signal()
    const fleet = await start((_request, response) => {
      begun.fire()
      void goOn.happened.then(() => response.end('done'))
    })
    await fleet.route({ 'web-2': 'closed' })
    const asked = fleet.get('/')
    await begun.happened
    await fleet.route({ 'web-1': 'gone' })
    expect(fleet.router.readings().fleet.inFlight).toBe(1)
    goOn.fire()
    expect((await asked).body).toBe('done')
    await eventually(() => fleet.router.readings().fleet.inFlight === 0)
  })
})

describe('an instance that never answers', () => {
  it('is given up: 504, and nobody else is made to wait for the same request', async () => {
    const fleet = await startFleet({ instances: 2, serve: () => {}, limits: { answerTimeoutMs: 50 } })
    fleets.push(fleet)
    const answer = await fleet.get('/')
    expect(answer.status).toBe(504)
    expect(answer.body).toMatch(/^PLM-335 An instance of the fleet "web" did not answer in time/)
    expect(fleet.instance('web-1').requests + fleet.instance('web-2').requests).toBe(1)
  })

  it('or stops in the middle of its answer, is given up, and the client sees that it is incomplete', async () => {
    const fleet = await startFleet({
      instances: 1,
      serve: (_request, response) => response.write('the first half'),
      limits: { answerTimeoutMs: 50 },
    })
    fleets.push(fleet)
    const answer = await fleet.request('/')
    await expect(answer.body.text()).rejects.toThrowError()
  })
})

describe('an answer that cannot be passed on', () => {
  it('is 502 for one that is no HTTP', async () => {
    const fleet = await start(request => {
      request.socket.end('HTTP/1.1 200 OK\r\nbroken header\r\n\r\n')
    })
    await fleet.route({ 'web-2': 'gone' })
    expect((await fleet.get('/')).status).toBe(502)
  })

  it('is 502 for an upgrade nobody asked for', async () => {
    const fleet = await start(request => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    })
    await fleet.route({ 'web-2': 'gone' })
    expect((await fleet.get('/')).status).toBe(502)
  })

  it('is 502 for a header beyond all bounds', async () => {
    const fleet = await start(request => {
      request.socket.end(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(100_000)}\r\n\r\n`)
    })
    await fleet.route({ 'web-2': 'gone' })
    expect((await fleet.get('/')).status).toBe(502)
  })
})

describe('errors in the log', () => {
  it('are one line per kind and second; the others are counted', async () => {
    const fleet = await start(cut)
    await fleet.route({ 'web-2': 'gone' })
    for (let i = 0; i < 5; i++) await fleet.get('/', { method: 'POST' })
    expect(fleet.log).toHaveLength(1)
    fleet.clock.setForward(1_000)
    await fleet.get('/', { method: 'POST' })
    expect(fleet.log[1]).toMatch(/\(and 4 times before\)$/)
  })
})
