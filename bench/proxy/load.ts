/**
 * The client of the proxy bench: keep-alive connections over bare sockets, so that the client's own cost is small.
 * Run as a child process; each message is one measurement, answered with its result.
 *
 * Example: `{ kind: 'throughput', ports: [8080], connections: 32, ms: 1000, cookie: false }` answers
 * `{ requests: 11800, errors: 0, latenciesMs: [] }`. At a `rate`, latency counts from the moment a request was *due*.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOrder {
  readonly kind: 'throughput' | 'rate'
  /** Connections are spread over these in turn. */
  readonly ports: readonly number[]
  readonly connections: number
  readonly ms: number
  /** Requests per second over all connections, for `rate`. */
  readonly rate: number
  /** Send back the cookie the first answer set. */
  readonly cookie: boolean
}

export interface LoadResult {
  readonly requests: number
  readonly errors: number
  /** Seconds it really took. */
  readonly seconds: number
  readonly latenciesMs: readonly number[]
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** One connection, one request at a time. */
class Line {
  readonly #socket: Socket
  readonly #port: number
  readonly #keepsCookie: boolean
  #request: Buffer
  #cookie: string | null = null
  #buffered: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  #done: ((ok: boolean) => void) | null = null

  constructor(port: number, keepsCookie: boolean) {
    this.#port = port
    this.#keepsCookie = keepsCookie
    this.#request = this.#compose()
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', chunk => this.#take(chunk))
    this.#socket.on('error', () => this.#finish(false))
    this.#socket.on('close', () => this.#finish(false))
  }

  get isBroken(): boolean {
    return this.#socket.destroyed
  }

  ask(done: (ok: boolean) => void): void {
    this.#done = done
    this.#socket.write(this.#request)
  }

  end(): void {
    this.#done = null
    this.#socket.destroy()
  }

  #compose(): Buffer {
    const cookie = this.#cookie === null ? '' : `cookie: ${this.#cookie}\r\n`
    return Buffer.from(
      `GET /orders/42 HTTP/1.1\r\nhost: 127.0.0.1:${this.#port}\r\nuser-agent: bench\r\naccept: */*\r\n${cookie}\r\n`,
    )
  }

  #take(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk])
    const end = this.#buffered.indexOf(END_OF_HEAD)
    if (end === -1) return
    const head = this.#buffered.toString('latin1', 0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#buffered.length < end + 4 + length) return
    this.#buffered = Buffer.alloc(0)
    if (this.#keepsCookie && this.#cookie === null) {
      this.#cookie = /set-cookie: ([^;]+)/i.exec(head)?.[1] ?? null
      this.#request = this.#compose()
    }
    this.#finish(head.startsWith('HTTP/1.1 200'))
  }

  #finish(ok: boolean): void {
    const done = this.#done
    this.#done = null
    done?.(ok)
  }
}

function open(order: LoadOrder): Line[] {
  return Array.from({ length: order.connections }, (_, i) => {
    return new Line(order.ports[i % order.ports.length] ?? 0, order.cookie)
  })
}

function throughput(order: LoadOrder): Promise<LoadResult> {
  return new Promise(resolve => {
    const lines = open(order)
    const began = performance.now()
    const until = began + order.ms
    let requests = 0
    let errors = 0
    let running = lines.length
    const turn = (line: Line): void => {
      line.ask(ok => {
        if (ok) requests += 1
        else errors += 1
        if (performance.now() < until && !line.isBroken) return turn(line)
        line.end()
        running -= 1
        if (running > 0) return
        resolve({ requests, errors, seconds: (performance.now() - began) / 1000, latenciesMs: [] })
      })
    }
    for (const line of lines) turn(line)
  })
}

/** Open loop: a request is due at its time whether or not the ones before it are answered. */
function rate(order: LoadOrder): Promise<LoadResult> {
  return new Promise(resolve => {
    const idle = open(order)
    const lines = [...idle]
    const due: number[] = []
    const latenciesMs: number[] = []
    const total = Math.floor((order.rate * order.ms) / 1000)
    const began = performance.now()
    let scheduled = 0
    let errors = 0
    const pump = (): void => {
      const now = performance.now()
      while (scheduled < total && began + (scheduled * 1000) / order.rate <= now) {
        due.push(began + (scheduled * 1000) / order.rate)
        scheduled += 1
      }
      while (due.length > 0 && idle.length > 0) start(idle.pop(), due.shift())
      if (latenciesMs.length + errors < total) {
        // Up to a millisecond late, which counts; but a busy loop would take a core from what is measured.
        setTimeout(pump, 1)
        return
      }
      for (const line of lines) line.end()
      resolve({
        requests: latenciesMs.length,
        errors,
        seconds: (performance.now() - began) / 1000,
        latenciesMs,
      })
    }
    const start = (line: Line | undefined, at: number | undefined): void => {
      if (line === undefined || at === undefined) return
      line.ask(ok => {
        if (ok) latenciesMs.push(performance.now() - at)
        else errors += 1
        if (!line.isBroken) idle.push(line)
      })
    }
    pump()
  })
}

process.on('message', (order: LoadOrder) => {
  const measured = order.kind === 'throughput' ? throughput(order) : rate(order)
  void measured.then(result => process.send?.(result))
})
process.on('disconnect', () => process.exit(0))
