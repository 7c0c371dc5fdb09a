/**
 * The fleet's WebSockets: each is placed like a request, counted on its instance while it is open, and bounded in
 * number.
 *
 * Example: web-2 is closed and has one WebSocket open: its load stays 1 until that ends, however long it is idle.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../ports/clock.ts'
import { type Answer, tooManyWebSockets } from './answers.ts'
import type { StickySession } from './cookie.ts'
import { holdEarlyBytes } from './early-bytes.ts'
import type { RequestHead } from './headers.ts'
import type { Meter } from './meter.ts'
import type { Binding, Caller, Placing } from './placing.ts'
import { endWithAnswer, upgrade } from './upgrade.ts'
import type { Upstream } from './upstream.ts'

export interface WebSocketRequest {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What the client sent right after its request. */
  readonly first: Buffer
  readonly path: string
  readonly head: RequestHead
  readonly session: StickySession | null
}

export class WebSockets {
  readonly #fleet: string
  readonly #limit: number
  readonly #clock: Clock
  readonly #meter: Meter
  readonly #placing: Placing
  readonly #complain: (what: string, detail: string) => void
  /** Waiting, in their handshake, or open: the function cuts it. */
  readonly #all = new Set<() => void>()

  constructor(
    fleet: string,
    limit: number,
    clock: Clock,
    meter: Meter,
    placing: Placing,
    complain: (what: string, detail: string) => void,
  ) {
    this.#fleet = fleet
    this.#limit = limit
    this.#clock = clock
    this.#meter = meter
    this.#placing = placing
    this.#complain = complain
  }

  begin(wanted: WebSocketRequest): void {
    if (this.#all.size >= this.#limit) {
      this.refuse(wanted.socket, tooManyWebSockets(this.#fleet))
      return
    }
    const { socket } = wanted
    const arrivedAt = performance.now()
    let leave = (): void => {
      caller.leaveQueue?.()
      this.#all.delete(cut)
      socket.destroy()
    }
    const cut = (): void => leave()
    const takeEarly = holdEarlyBytes(socket, wanted.first, cut)
    const caller: Caller = {
      session: wanted.session,
      takesSlot: false,
      leaveQueue: null,
      refuse: answer => {
        takeEarly()
        this.#all.delete(cut)
        this.refuse(socket, answer)
      },
      sendTo: (upstream, binding) => {
        leave = this.#join(wanted, upstream, binding, {
          takeEarly,
          arrivedAt,
          gone: () => this.#all.delete(cut),
        })
      },
    }
    this.#all.add(cut)
    this.#placing.place(caller, this.#clock.now(), null)
  }

  refuse(socket: Duplex, answer: Answer): void {
    this.#meter.finish(this.#clock.now(), null, answer.status >= 500)
    endWithAnswer(socket, answer)
  }

  cutAll(): void {
    for (const cut of [...this.#all]) cut()
  }

  #join(
    wanted: WebSocketRequest,
    upstream: Upstream,
    binding: Binding,
    { takeEarly, arrivedAt, gone }: { takeEarly: () => Buffer; arrivedAt: number; gone: () => void },
  ): () => void {
    upstream.webSockets += 1
    const finish = (failed: boolean): void => {
      const latencyMs = performance.now() - arrivedAt
      this.#meter.finish(this.#clock.now(), latencyMs, failed)
      upstream.meter.finish(this.#clock.now(), latencyMs, failed)
    }
    return upgrade(
      { ...wanted, takeEarly, fleet: this.#fleet, setCookie: binding.setCookie, address: upstream.address },
      {
        onOpen: () => finish(false),
        onRefused: (status, error) => {
          if (error !== null) {
            this.#complain(`${upstream.id} failed at a WebSocket handshake`, error.message)
            this.#placing.avoid(upstream)
          }
          if (status !== null || error !== null) finish(error !== null || (status ?? 0) >= 500)
        },
        onClosed: () => {
          upstream.webSockets -= 1
          if (binding.session !== null) upstream.book?.touch(binding.session, this.#clock.now())
          gone()
        },
      },
    )
  }
}
