/**
 * For tests: something on a Unix socket that speaks as HAProxy's command line does, or does not; and a relay to the real
 * one that can hold a command back or answer in its place.
 *
 * Example: `const cli = await openFakeCli(command => (command === 'show info' ? 'rubbish' : ''))`.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { converse } from './conversation.ts'

export interface FakeCli {
  readonly socket: string
  /** What was said to it, without `prompt`. */
  readonly heard: readonly string[]
  end(): Promise<void>
}

/** Answers each command as it is told to; a `null` is silence. */
export function openFakeCli(
  answer: (command: string) => string | null | Promise<string | null>,
): Promise<FakeCli> {
  const heard: string[] = []
  const opened = openSocket(socket => {
    const inTurn = new Lines(async command => {
      if (command === 'prompt') return void socket.write('\n> ')
      heard.push(command)
      const said = await answer(command)
      if (said !== null) socket.write(`${said}\n> `)
    })
    socket.on('data', (chunk: Buffer) => inTurn.take(chunk))
  })
  return opened.then(place => ({ ...place, heard }))
}

/** Passes everything on to the real one, except what `instead` answers; it may also only wait. */
export function openRelay(
  real: string,
  instead: (command: string) => Promise<string | null>,
): Promise<FakeCli> {
  return openFakeCli(async command => {
    const own = await instead(command)
    if (own !== null) return own
    const place = { socket: real, timeoutMs: 10_000, answerBytes: 10_000_000 }
    const [answer = ''] = await converse(place, AbortSignal.timeout(10_000), ask => ask([command]))
    return answer
  })
}

/** Takes connections and does with them what it is told. */
export async function openSocket(
  serve: (socket: Socket) => void,
): Promise<{ readonly socket: string; end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'))
  const path = join(folder, 'admin.sock')
  const open = new Set<Socket>()
  const server: Server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    serve(socket)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    socket: path,
    end: async () => {
      for (const socket of open) socket.destroy()
      await new Promise(resolve => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One line after the other, each answered before the next is looked at. */
class Lines {
  readonly #answer: (line: string) => Promise<void>
  #rest = ''
  #last: Promise<void> = Promise.resolve()

  constructor(answer: (line: string) => Promise<void>) {
    this.#answer = answer
  }

  take(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString()).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#last = this.#last.then(() => this.#answer(line))
  }
}
