/**
 * The clients of the broker bench over HTTP: keep-alive connections over bare sockets, each placing a session and then
 * ending it, one request at a time. Run as a child process; each message is one measurement, answered with its result.
 *
 * Example: `{ port: 8377, connections: 64, ms: 1000, path: '/v1/fleets/rooms/sessions' }` answers
 * `{ placements: 4200, errors: 0, seconds: 1, latenciesMs: [...] }`, one latency for each placement.
 */
import { connect, type Socket } from 'node:net'

export interface ClientsOrder {
  readonly port: number
  readonly connections: number
  readonly ms: number
  readonly path: string
}

export interface ClientsResult {
  readonly placements: number
  readonly errors: number
  /** Time it really took. */
  readonly seconds: number
  readonly latenciesMs: readonly number[]
  /** What the first request that failed was answered. */
  readonly complaint: string | null
}

interface Answer {
  readonly status: number
  readonly body: string
}

class Client {
  readonly #socket: Socket
  readonly #host: string
  #buffered = ''
  #heard: (answer: Answer) => void = () => undefined

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (chunk: string) => this.#take(chunk))
    this.#socket.on('error', error => this.#heard({ status: 0, body: error.message }))
    this.#socket.on('close', () => this.#heard({ status: 0, body: 'closed' }))
  }

  ask(method: string, path: string, body: string): Promise<Answer> {
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n`
    const type = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
    this.#socket.write(`${head}${type}\r\n${body}`)
    return new Promise(resolve => {
      this.#heard = resolve
    })
  }

  end(): void {
    this.#heard = () => undefined
    this.#socket.destroy()
  }

  #take(chunk: string): void {
    this.#buffered += chunk
    const end = this.#buffered.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = this.#buffered.slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#buffered.length < end + 4 + length) return
    const body = this.#buffered.slice(end + 4)
    this.#buffered = ''
    this.#heard({ status: Number(head.slice(9, 12)), body })
  }
}

async function measure({ port, connections, ms, path }: ClientsOrder): Promise<ClientsResult> {
  const latenciesMs: number[] = []
  const begun = performance.now()
  let errors = 0
  let complaint: string | null = null
  const run = async (client: Client, name: number): Promise<void> => {
    for (let n = 0; performance.now() < begun + ms; n++) {
      const id = `bench-${process.pid}-${Math.round(begun)}-${name}-${n}`
      const asked = performance.now()
      const placed = await client.ask('POST', path, `{"sessionId":"${id}"}`)
      latenciesMs.push(performance.now() - asked)
      const ended = await client.ask('DELETE', `${path}/${id}`, '')
      for (const { status, body } of [placed, ended]) {
        if (status >= 200 && status < 300) continue
        errors += 1
        complaint ??= `${status} ${body}`
        if (status === 0) return
      }
    }
  }
  const clients = Array.from({ length: connections }, () => new Client(port))
  await Promise.all(clients.map(run))
  for (const client of clients) client.end()
  const seconds = (performance.now() - begun) / 1_000
  return { placements: latenciesMs.length - errors, errors, seconds, latenciesMs, complaint }
}

process.on('message', (order: ClientsOrder) => {
  void measure(order).then(result => process.send?.(result))
})
