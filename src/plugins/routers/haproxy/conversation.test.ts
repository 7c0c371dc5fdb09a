import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { PluginError } from '../../../ports/plugin.ts'
import { converse, endpointOf, type Place, withoutSecret } from './conversation.ts'
import { openFakeCli, openSocket } from './fake-cli.fixture.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function place(socket: string, limits: Partial<Place> = {}): Place {
  return { socket, timeoutMs: 10_000, answerBytes: 1_000_000, ...limits }
}

const signal = (): AbortSignal => AbortSignal.timeout(20_000)

async function refusalOf(where: Place, by = signal()): Promise<PluginError> {
  const refusal = await converse(where, by, ask => ask(['show info'])).catch((error: unknown) => error)
  if (!(refusal instanceof PluginError)) throw new Error(`no PluginError: ${String(refusal)}`)
  return refusal
}

describe('a conversation with HAProxy', () => {
  it('gives each answer to its command, however many were sent at once', async () => {
    const cli = await openFakeCli(command => `${command}?\n`)
    ends.push(cli.end)
    const commands = Array.from({ length: 333 }, (_, i) => `say ${i}`)
    const answers = await converse(place(cli.socket), signal(), ask => ask(commands))
    expect(answers.map(answer => answer.trim())).toEqual(commands.map(command => `${command}?`))
  })

  it('puts together what comes in pieces, even pieces of a letter', async () => {
    const sendSlowly = async (socket: Socket, text: string): Promise<void> => {
      for (const byte of Buffer.from(text)) {
        await new Promise<void>(done => void socket.write(Buffer.of(byte), () => done()))
      }
    }
    const cli = await openSocket(socket => {
      socket.once('data', async () => {
        socket.once('data', () => sendSlowly(socket, 'Grüße\n\n> '))
        await sendSlowly(socket, '\n> ')
      })
    })
    ends.push(cli.end)
    expect(await converse(place(cli.socket), signal(), ask => ask(['hello']))).toEqual(['Grüße\n'])
  })

  it('says that there is no such socket', async () => {
    const refusal = await refusalOf(place('/nowhere/admin.sock'))
    expect(refusal).toMatchObject({ kind: 'unavailable' })
    expect(refusal.message).toBe(
      'PLM-320 Could not connect to HAProxy at /nowhere/admin.sock: there is no such socket. Is it running, and does its configuration say ' +
        '"stats socket /nowhere/admin.sock level admin", readable for us? Nothing was changed; the next tick tries again.',
    )
  })

  it('says that nobody listens there, at a port and at a file', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    await new Promise(resolve => server.close(resolve))
    expect((await refusalOf(place(`127.0.0.1:${port}`))).message).toContain('PLM-320')
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'plain'), '')
    expect((await refusalOf(place(join(folder, 'plain')))).message).toContain('PLM-320')
  })

  it('gives up on one that says nothing', async () => {
    const cli = await openFakeCli(() => null)
    ends.push(cli.end)
    const refusal = await refusalOf(place(cli.socket, { timeoutMs: 50 }))
    expect(refusal).toMatchObject({ kind: 'unavailable' })
    expect(refusal.message).toContain('PLM-321')
    expect(refusal.message).toContain('"show info": it said nothing for 0.05 s')
  })

  it('ends when its caller has no more time', async () => {
    const caller = new AbortController()
    const cli = await openFakeCli(() => {
      caller.abort()
      return null
    })
    ends.push(cli.end)
    expect((await refusalOf(place(cli.socket), caller.signal)).message).toContain('PLM-321')
    expect((await refusalOf(place(cli.socket), caller.signal)).message).toContain('PLM-321')
  })

  it('tells what it heard before the other side hung up', async () => {
    const cli = await openSocket(socket => {
      socket.once('data', () => {
        socket.once('data', () => socket.end('Name: HAPr'))
        socket.write('\n> ')
      })
    })
    ends.push(cli.end)
    const refusal = await refusalOf(place(cli.socket))
    expect(refusal.message).toContain('PLM-321')
    expect(refusal.message).toContain('it hung up after saying "Name: HAPr"')
  })

  it('does not swallow an answer without end', async () => {
    const cli = await openSocket(socket => {
      socket.once('data', () => {
        socket.once('data', () => socket.write('x'.repeat(300_000)))
        socket.write('\n> ')
      })
    })
    ends.push(cli.end)
    const refusal = await refusalOf(place(cli.socket, { answerBytes: 100_000 }))
    expect(refusal.message).toContain('PLM-322')
    expect(refusal.message).toContain('longer than 100000 bytes')
  })
})

describe('something that is not HAProxy', () => {
  it('is not listened to for ever', async () => {
    const chatter = await openSocket(socket => void socket.write('hello '.repeat(50_000)))
    ends.push(chatter.end)
    expect((await refusalOf(place(chatter.socket))).message).toContain('"prompt" and did not understand')
  })
})

describe('the name of a socket', () => {
  it.each([
    ['/run/haproxy/admin.sock', { path: '/run/haproxy/admin.sock' }],
    ['admin.sock', { path: 'admin.sock' }],
    ['./a:1', { path: './a:1' }],
    ['127.0.0.1:9999', { host: '127.0.0.1', port: 9999 }],
    ['[::1]:9999', { host: '::1', port: 9999 }],
  ])('%s', (socket, endpoint) => {
    expect(endpointOf(socket)).toEqual(endpoint)
  })
})

describe('a cookie key', () => {
  it('is left out of what is shown', () => {
    expect(withoutSecret('set dynamic-cookie-key backend rooms hunter2')).toBe(
      'set dynamic-cookie-key backend rooms (key)',
    )
  })
})
