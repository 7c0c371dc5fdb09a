import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { untilStill } from '../../../../test/builders/until.ts'
import {
  BareConnection,
  eventually,
  type Fleet,
  type FleetSettings,
  type Serve,
  Signal,
  startFleet,
} from './fleet.fixture.ts'

const fleets: Fleet[] = []

afterEach(async () => {
  await Promise.all(fleets.splice(0).map(fleet => fleet.end()))
})

async function start(serve: Serve, settings: FleetSettings = {}): Promise<Fleet> {
  const fleet = await startFleet({ instances: 1, serve, ...settings })
  fleets.push(fleet)
  return fleet
}

const MEGABYTE = Buffer.alloc(1_000_000, 'plimsoll ')

/** Tells what it got. */
const mirror: Serve = (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, headers } = request
    const body = Buffer.concat(chunks)
    response.end(JSON.stringify({ method, url, headers, length: body.length, intact: body.equals(MEGABYTE) }))
  })
}

function bare(fleet: Fleet): BareConnection {
  return new BareConnection(fleet.port)
}

describe('a request through the proxy', () => {
  it('reaches the instance with its method, path, query and fields, and what the proxy adds', async () => {
    const fleet = await start(mirror)
    const answer = await fleet.get('/a%20b/c?d=e&f=%2F', {
      method: 'DELETE',
      headers: { 'x-own': '1', te: 'trailers' },
    })
    const seen = JSON.parse(answer.body)
    expect(seen).toMatchObject({ method: 'DELETE', url: '/a%20b/c?d=e&f=%2F', length: 0 })
    expect(seen.headers).toMatchObject({
      host: `127.0.0.1:${fleet.port}`,
      'x-own': '1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `127.0.0.1:${fleet.port}`,
      'x-forwarded-proto': 'http',
      via: '1.1 plimsoll',
    })
    expect(seen.headers).not.toHaveProperty('te')
    expect(answer.headers.via).toBe('1.1 plimsoll')
  })

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])(
    'carries a body of 1 MB by %s, its length known or not',
    async method => {
      const fleet = await start(mirror)
      const known = await fleet.get('/', { method, body: MEGABYTE })
      expect(JSON.parse(known.body)).toMatchObject({ length: MEGABYTE.length, intact: true })
      const chunked = await fleet.get('/', {
        method,
        body: Readable.from([MEGABYTE.subarray(0, 9), MEGABYTE.subarray(9)]),
      })
      expect(JSON.parse(chunked.body)).toMatchObject({ length: MEGABYTE.length, intact: true })
    },
  )

  it('whose body the instance takes slowly is read no faster from the client, and does not pile up', async () => {
    const goOn = new Signal()
    const fleet = await start((request, response) => {
      request.pause()
      void goOn.happened.then(() => request.resume())
      request.on('end', () => response.end('all of it'))
    })
    const client = bare(fleet)
    const length = 40_000_000
    client.write('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`, 'Connection: close', '', '')
    client.socket.write(Buffer.alloc(length))
    await eventually(() => fleet.instance('web-1').requests === 1)
    await untilStill('what it sent', () => client.socket.bytesWritten - client.socket.writableLength)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    goOn.fire()
    expect(await client.untilClosed()).toMatch(/all of it$/)
  })

  it('carries a body both ways at once, bit by bit', async () => {
    const fleet = await start((request, response) => void request.pipe(response))
    const up = new Readable({ read() {} })
    const answering = fleet.request('/', { method: 'POST', body: up })
    up.push('first ')
    const answer = await answering
    const [first] = await once(answer.body, 'data')
    expect(String(first)).toBe('first ')
    up.push('second')
    const [second] = await once(answer.body, 'data')
    expect(String(second)).toBe('second')
    up.push(null)
    await once(answer.body, 'end')
  })

  it('may come in the absolute form, whose host then counts', async () => {
    const fleet = await start(mirror)
    const client = bare(fleet).write(
      'GET http://shop.example/a?b=c HTTP/1.1',
      'Host: other',
      'Connection: close',
      '',
      '',
    )
    expect(await client.untilClosed()).toMatch(/"url":"\/a\?b=c".*"host":"shop.example"/)
  })

  it('is answered 100 Continue only once an instance has it, and then goes on', async () => {
    const fleet = await start(mirror)
    await fleet.route({ 'web-1': 'closed' })
    const client = bare(fleet)
    const head = [
      'POST / HTTP/1.1',
      'Host: a',
      'Content-Length: 5',
      'Expect: 100-continue',
      'Connection: close',
      '',
      '',
    ]
    client.write(...head)
    await eventually(() => fleet.router.readings().fleet.queueLength === 1)
    expect(client.received).toBe('')
    await fleet.route()
    expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.write('hello')
    expect(await client.untilClosed()).toMatch(/HTTP\/1.1 200 OK[\s\S]*"length":5/)
  })

  it('is refused 417 with any other expectation', async () => {
    const fleet = await start(mirror)
    const client = bare(fleet).write(
      'GET / HTTP/1.1',
      'Host: a',
      'Expect: miracles',
      'Connection: close',
      '',
      '',
    )
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 417 /)
  })

  it('of HTTP/1.0 is answered without chunks', async () => {
    const fleet = await start((_request, response) => {
      response.write('one ')
      response.end('two')
    })
    const answer = await bare(fleet).write('GET / HTTP/1.0', '', '').untilClosed()
    expect(answer).toMatch(/\r\n\r\none two$/)
    expect(answer).not.toMatch(/transfer-encoding/i)
  })

  it('may be followed by the next one before it is answered', async () => {
    const fleet = await start((request, response) => response.end(`[${request.url}]`))
    const client = bare(fleet)
    client.write(...['/1', '/2', '/3'].flatMap(path => [`GET ${path} HTTP/1.1`, 'Host: a', '']), '')
    const answer = await client.until('[/3]')
    expect(answer.indexOf('[/1]')).toBeLessThan(answer.indexOf('[/2]'))
    expect(answer.indexOf('[/2]')).toBeLessThan(answer.indexOf('[/3]'))
    client.socket.destroy()
  })
})

describe('an answer through the proxy', () => {
  it('keeps its status, its reason, its fields and cookies', async () => {
    const fleet = await start((_request, response) => {
      response.writeHead(418, 'Short and stout', {
        'x-own': '1',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'x-hop',
        'x-hop': '1',
      })
      response.end('tea')
    })
    const answer = await bare(fleet)
      .write('GET / HTTP/1.1', 'Host: a', 'Connection: close', '', '')
      .untilClosed()
    expect(answer).toMatch(/^HTTP\/1.1 418 Short and stout\r\n/)
    for (const field of ['x-own: 1', 'set-cookie: a=1', 'set-cookie: b=2', 'Connection: close'])
      expect(answer).toContain(field)
    expect(answer).not.toMatch(/x-hop/)
  })

  it('of HEAD keeps its length and has no body, and its connection to the instance is used again', async () => {
    const fleet = await start((_request, response) => {
      response.setHeader('content-length', 5)
      response.end('hello')
    })
    const ports = new Set<number | undefined>()
    fleet.instance('web-1').server.on('request', request => ports.add(request.socket.remotePort))
    for (let i = 0; i < 3; i++) {
      const answer = await fleet.get('/', { method: 'HEAD' })
      expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([200, '5', ''])
    }
    expect(ports.size).toBe(1)
  })

  it.each([204, 304])('of %i has no body', async status => {
    const fleet = await start((_request, response) => {
      response.writeHead(status, { etag: '"x"' })
      response.end()
    })
    const answer = await bare(fleet)
      .write('GET / HTTP/1.1', 'Host: a', 'Connection: close', '', '')
      .untilClosed()
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*etag: "x"[\\s\\S]*\\r\\n\\r\\n$`))
    expect(answer).not.toMatch(/transfer-encoding|content-length/i)
  })

  it('brings its trailers', async () => {
    const fleet = await start((_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('body')
      response.addTrailers({ 'x-sum': '42' })
      response.end()
    })
    const answer = await fleet.request('/')
    expect(await answer.body.text()).toBe('body')
    expect(answer.trailers).toEqual({ 'x-sum': '42' })
    const old = await bare(fleet).write('GET / HTTP/1.0', '', '').untilClosed()
    expect(old).toMatch(/\r\n\r\nbody$/)
    expect(old).not.toMatch(/trailer/i)
  })

  it('may be announced by 103 Early Hints', async () => {
    const fleet = await start((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('done'))
    })
    const client = bare(fleet).write('GET / HTTP/1.1', 'Host: a', 'Connection: close', '', '')
    const answer = await client.untilClosed()
    expect(answer).toMatch(
      /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1.1 200 OK/i,
    )
  })

  it('of bytes that are no text arrives as it was sent, short or long', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256))
    const fleet = await start((request, response) => {
      response.end(bytes.subarray(0, Number(request.url?.slice(1))))
    })
    for (const length of [0, 1, 256, 8_192, 8_193, 100_000]) {
      const answer = await fleet.request(`/${length}`)
      expect(Buffer.from(await answer.body.arrayBuffer()).equals(bytes.subarray(0, length))).toBe(true)
    }
  })

  it('may come before the request is complete; the connection is used again', async () => {
    const fleet = await start((_request, response) => {
      response.statusCode = 413
      response.end('too much')
    })
    const client = bare(fleet)
    client.write('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100000', '', '')
    client.socket.write(Buffer.alloc(1_000))
    await client.until('too much')
    client.socket.write(Buffer.alloc(99_000))
    client.received = ''
    client.write('GET / HTTP/1.1', 'Host: a', '', '')
    await client.until('too much')
    client.socket.destroy()
  })

  it.each([
    ['from the instance', {}],
    ['from the proxy', { queue: 0 }],
  ])('that comes early %s does not keep the proxy reading for ever', async (_, options) => {
    const fleet = await start((_request, response) => response.writeHead(413).end('too much'), { options })
    if ('queue' in options) await fleet.route({ 'web-1': 'closed' })
    const client = bare(fleet)
    client.write('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000000000', '', 'the beginning')
    await client.until('HTTP/1.1 ')
    const more = (): void => {
      while (!client.socket.destroyed && client.socket.write(MEGABYTE)) {}
    }
    client.socket.on('drain', more)
    more()
    await client.untilClosed()
    expect(client.socket.bytesWritten).toBeLessThan(100_000_000)
  })

  it('waits for a client that takes its time, and does not pile up in the proxy', async () => {
    let written = 0
    let finished = false
    const fleet = await start((_request, response) => {
      const chunk = Buffer.alloc(65_536)
      const more = (): void => {
        while (written < 400) {
          written += 1
          if (!response.write(chunk)) {
            response.once('drain', more)
            return
          }
        }
        finished = true
        response.end()
      }
      more()
    })
    const client = bare(fleet)
    client.socket.pause()
    client.write('GET / HTTP/1.1', 'Host: a', 'Connection: close', '', '')
    await eventually(() => written > 0)
    await untilStill('what the instance wrote', () => written)
    expect(finished).toBe(false)
    expect(written).toBeLessThan(300)
    client.socket.resume()
    await client.untilClosed()
    expect(client.received.length).toBeGreaterThan(400 * 65_536)
  })
})

it('an answer that its client does not take for too long is given up, and the slot is free again', async () => {
  const endless: Serve = (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
    }
    response.on('drain', more)
    more()
  }
  const fleet = await start(endless, { limits: { stalledClientMs: 50 } })
  const client = bare(fleet)
  client.socket.pause()
  client.write('GET / HTTP/1.1', 'Host: a', '', '')
  await eventually(() => fleet.instance('web-1').requests === 1)
  await eventually(() => fleet.router.readings().fleet.inFlight === 0)
  client.socket.destroy()
})

describe('whoever leaves takes the other side along', () => {
  it.each(['GET', 'POST'])(
    'a client that leaves while the instance works on its %s ends the work',
    async method => {
      const left = new Signal()
      const begun = new Signal()
      const fleet = await start((request, response) => {
        request.resume()
        begun.fire()
        response.on('close', () => left.fire())
      })
      const client = bare(fleet).write(`${method} / HTTP/1.1`, 'Host: a', 'Content-Length: 3', '', 'abc')
      await begun.happened
      client.socket.destroy()
      await left.happened
      await eventually(() => fleet.router.readings().fleet.inFlight === 0)
    },
  )

  it('a client that leaves in the middle of its upload ends it', async () => {
    const left = new Signal()
    const begun = new Signal()
    const fleet = await start(request => {
      request.once('data', () => begun.fire())
      request.on('error', () => {})
      request.on('close', () => left.fire())
    })
    const client = bare(fleet).write('POST / HTTP/1.1', 'Host: a', 'Content-Length: 300', '', 'abc')
    await begun.happened
    client.socket.destroy()
    await left.happened
    await eventually(() => fleet.router.readings().fleet.inFlight === 0)
  })

  it('a client that leaves in the middle of its download ends it', async () => {
    const left = new Signal()
    const fleet = await start((_request, response) => {
      const more = (): void => {
        if (response.destroyed) return
        response.write(Buffer.alloc(65_536))
        setImmediate(more)
      }
      more()
      response.on('close', () => left.fire())
    })
    const client = bare(fleet).write('GET / HTTP/1.1', 'Host: a', '', '')
    await client.until('HTTP/1.1 200')
    client.socket.destroy()
    await left.happened
    await eventually(() => fleet.router.readings().fleet.inFlight === 0)
  })

  it('an instance that breaks off its answer leaves the client with one it can tell is incomplete', async () => {
    const fleet = await start((_request, response) => {
      response.write('the first half')
      setImmediate(() => response.destroy())
    })
    const answer = await fleet.request('/')
    await expect(answer.body.text()).rejects.toThrowError()
    expect(fleet.log.join()).toMatch(/web-1 broke off an answer: GET \//)
  })
})

describe('what is no proper request', () => {
  it.each([
    [
      'both a length and chunks',
      ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', ''],
      400,
    ],
    ['two lengths', ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Content-Length: 4', '', 'abc'], 400],
    ['a length that is none', ['POST / HTTP/1.1', 'Host: a', 'Content-Length: +3', '', 'abc'], 400],
    [
      'chunks that are not the last coding',
      ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, gzip', '', ''],
      400,
    ],
    ['a space before the colon', ['GET / HTTP/1.1', 'Host : a', '', ''], 400],
    ['a folded field', ['GET / HTTP/1.1', 'Host: a', 'X-A: 1', ' folded', '', ''], 400],
    ['no host', ['GET / HTTP/1.1', '', ''], 400],
    ['two hosts', ['GET / HTTP/1.1', 'Host: a', 'Host: b', '', ''], 400],
    ['a target that is no path', ['OPTIONS * HTTP/1.1', 'Host: a', 'Connection: close', '', ''], 400],
    ['TRACE', ['TRACE / HTTP/1.1', 'Host: a', 'Connection: close', '', ''], 405],
    ['a header of 20 kB', ['GET / HTTP/1.1', 'Host: a', `X-A: ${'a'.repeat(20_000)}`, '', ''], 431],
  ])('is refused, and never reaches an instance: %s', async (_, lines, status) => {
    const fleet = await start(mirror)
    const client = bare(fleet).write(...lines)
    expect(await client.until('\r\n\r\n')).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    client.socket.destroy()
    expect(fleet.instance('web-1').requests).toBe(0)
  })

  it('says in words and by a code what it does not pass on', async () => {
    const fleet = await start(mirror)
    const close = ['Host: a', 'Connection: close', '', '']
    expect(
      await bare(fleet)
        .write('OPTIONS * HTTP/1.1', ...close)
        .untilClosed(),
    ).toMatch(/PLM-336 This request cannot be passed on/)
    const trace = await bare(fleet)
      .write('TRACE / HTTP/1.1', ...close)
      .untilClosed()
    expect(trace).toMatch(/allow: GET, HEAD[\s\S]*PLM-337 TRACE is not passed on/i)
  })
})
