import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { BareConnection, eventually, type Fleet, type FleetSettings, startFleet } from './fleet.fixture.ts'

const fleets: Fleet[] = []
const clients: WebSocket[] = []
const signal = (): AbortSignal => AbortSignal.timeout(10_000)

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

/** Each instance greets with its id and the protocol agreed on, then echoes. */
async function start(settings: FleetSettings = {}): Promise<Fleet> {
  const fleet = await startFleet({ instances: 2, ...settings })
  fleets.push(fleet)
  for (const instance of fleet.instances) {
    const server = new WebSocketServer({ server: instance.server, maxPayload: 4_000_000 })
    server.on('connection', socket => {
      socket.on('error', () => {})
      socket.send(`${instance.id} ${socket.protocol}`)
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
  }
  return fleet
}

interface Joined {
  readonly client: WebSocket
  readonly instance: string
  readonly protocol: string
  readonly cookie: string | null
}

async function join(fleet: Fleet, cookie?: string): Promise<Joined> {
  const headers = cookie === undefined ? {} : { cookie }
  const client = new WebSocket(`ws://127.0.0.1:${fleet.port}/chat?room=1`, ['v2', 'v1'], { headers })
  clients.push(client)
  let set: string | undefined
  client.on('upgrade', response => {
    set = response.headers['set-cookie']?.[0]
  })
  const [greeting] = await once(client, 'message', { signal: signal() })
  const [instance = '', protocol = ''] = String(greeting).split(' ')
  return { client, instance, protocol, cookie: set?.split(';')[0] ?? null }
}

const HANDSHAKE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const KEYED = [...HANDSHAKE, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']

function bareHandshake(fleet: Fleet, ...fields: readonly string[]): BareConnection {
  return new BareConnection(fleet.port).write('GET / HTTP/1.1', 'Host: a', ...KEYED, ...fields, '', '')
}

describe('a WebSocket through the proxy', () => {
  it('agrees on a protocol and echoes text, bytes and a message of 1 MB', async () => {
    const { client, protocol } = await join(await start())
    expect(protocol).toBe('v2')
    for (const message of ['hello', Buffer.from([0, 255, 128]), Buffer.alloc(1_000_000, 7)]) {
      client.send(message)
      const [echo] = await once(client, 'message', { signal: signal() })
      expect(Buffer.from(echo).equals(Buffer.from(message))).toBe(true)
    }
  })

  it('passes on what client and instance send right with the handshake', async () => {
    const fleet = await start({ instances: 1 })
    // A masked text frame that says "hi", in the same packet as the request.
    const frame = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2])
    const client = new BareConnection(fleet.port)
    client.socket.write(
      Buffer.concat([Buffer.from(['GET / HTTP/1.1', 'Host: a', ...KEYED, '', ''].join('\r\n')), frame]),
    )
    expect(await client.until('\x81\x02hi')).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/)
    expect(client.received).toContain('web-1')
    client.socket.destroy()
  })

  it('tells the close code of either side to the other', async () => {
    const { client } = await join(await start())
    client.close(4_001, 'enough')
    const [code] = await once(client, 'close', { signal: signal() })
    expect(code).toBe(4_001)
  })

  it('goes where the session of its cookie is, also when that instance is closed', async () => {
    const fleet = await start()
    const first = await join(fleet)
    await fleet.router.closeInstance(first.instance, signal())
    const cookie = first.cookie ?? ''
    expect((await join(fleet, cookie)).instance).toBe(first.instance)
    expect((await fleet.get('/', { headers: { cookie } })).instance).toBe(first.instance)
    expect((await join(fleet)).instance).not.toBe(first.instance)
  })

  it('goes where the fewest are, and takes no share of the requests in flight', async () => {
    const fleet = await start({ options: { concurrency: 1 } })
    const joined = [await join(fleet), await join(fleet), await join(fleet), await join(fleet)]
    expect(joined.map(({ instance }) => instance).sort()).toEqual(['web-1', 'web-1', 'web-2', 'web-2'])
    expect((await fleet.get('/')).status).toBe(200)
  })

  it('is load until it ends, whoever ends it', async () => {
    const fleet = await start({ instances: 1, options: { cookie: null } })
    const accepted: Socket[] = []
    fleet.instance('web-1').server.on('connection', socket => accepted.push(socket))
    const one = await join(fleet)
    await join(fleet)
    expect(await fleet.load('web-1')).toBe(2)
    one.client.terminate()
    await eventually(async () => (await fleet.load('web-1')) === 1)
    for (const socket of accepted) socket.destroy()
    await eventually(async () => (await fleet.load('web-1')) === 0)
  })

  it('waits while no instance is open', async () => {
    const fleet = await start()
    await fleet.route({ 'web-1': 'closed', 'web-2': 'closed' })
    const joining = join(fleet)
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    await fleet.route({ 'web-1': 'closed' })
    expect((await joining).instance).toBe('web-2')
  })

  it('leaves the queue when its client leaves', async () => {
    const fleet = await start({ options: { queueTimeoutMs: 60_000 } })
    await fleet.route({ 'web-1': 'closed', 'web-2': 'closed' })
    const client = bareHandshake(fleet)
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    client.socket.destroy()
    await eventually(() => fleet.router.readings().fleet.queueLength === 0)
  })

  it('is cut when the proxy closes', async () => {
    const fleet = await start()
    const { client } = await join(fleet)
    const closed = once(client, 'close', { signal: signal() })
    await fleet.router.close()
    await closed
  })
})

describe('a handshake that fails', () => {
  it('shows the client what the instance answered instead', async () => {
    const fleet = await startFleet({
      instances: 1,
      serve: (_request, response) => response.end('no sockets here'),
    })
    fleets.push(fleet)
    fleet.instance('web-1').server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\nx-own: 1\r\ncontent-length: 4\r\n\r\nno!\n')
    })
    const answer = await bareHandshake(fleet).untilClosed()
    expect(answer).toMatch(
      /^HTTP\/1.1 401 Unauthorized\r\n[\s\S]*x-own: 1\r\n[\s\S]*connection: close\r\n[\s\S]*\r\n\r\nno!\n$/,
    )
    await eventually(
      async () => fleet.router.readings().fleet.errorRatio === null && (await fleet.load('web-1')) === 1,
    )
  })

  it('is 502 when the instance cannot be reached', async () => {
    const fleet = await start({ instances: 1, options: { cookie: null } })
    await fleet.instance('web-1').crash()
    expect(await bareHandshake(fleet).untilClosed()).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n[\s\S]*PLM-334/)
    expect(fleet.log.join()).toMatch(/web-1 failed at a WebSocket handshake: .*ECONNREFUSED/)
    expect(await fleet.load('web-1')).toBe(0)
  })

  it('is 503 when no instance opens in time', async () => {
    const fleet = await start({ options: { queueTimeoutMs: 30 } })
    await fleet.route({ 'web-1': 'closed', 'web-2': 'closed' })
    expect(await bareHandshake(fleet).untilClosed()).toMatch(/^HTTP\/1.1 503 [\s\S]*PLM-333/)
  })

  it('is 400 with a body, which a handshake cannot have', async () => {
    const fleet = await start()
    expect(await bareHandshake(fleet, 'Content-Length: 3').untilClosed()).toMatch(
      /^HTTP\/1.1 400 [\s\S]*PLM-336/,
    )
  })

  it('is 503 where there are too many already', async () => {
    const fleet = await start({ limits: { webSockets: 1 } })
    const { client } = await join(fleet)
    expect(await bareHandshake(fleet).untilClosed()).toMatch(
      /^HTTP\/1.1 503 [\s\S]*PLM-340 Too many WebSocket/,
    )
    client.terminate()
    await eventually(() =>
      join(fleet).then(
        () => true,
        () => false,
      ),
    )
  })

  it('leaves no trace when its client leaves in the middle of it', async () => {
    const fleet = await startFleet({ instances: 1, options: { cookie: null } })
    fleets.push(fleet)
    const arrived = once(fleet.instance('web-1').server, 'upgrade')
    const client = bareHandshake(fleet)
    const [, socket] = await arrived
    // A connection that nobody reads does not tell that it ended.
    socket.on('end', () => socket.destroy()).resume()
    client.socket.destroy()
    await once(socket, 'close', { signal: signal() })
    await eventually(async () => (await fleet.load('web-1')) === 0)
  })
})

describe('an offer to upgrade to anything else', () => {
  it('is not taken: the request is answered as it is', async () => {
    const fleet = await start({ instances: 1 })
    const offer = [
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQ',
    ]
    const client = new BareConnection(fleet.port).write('GET / HTTP/1.1', 'Host: a', ...offer, '', '')
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 200 OK[\s\S]*hello/)
  })
})
