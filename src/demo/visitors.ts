/**
 * The people of `--demo-load` who visit a fleet with a session broker. Each asks the session API for a place, opens a real
 * WebSocket to the instance it was given, talks now and then, gives signs of life while it stays, closes, and gives its place
 * back. What ends before they end it was cut by us: that is counted, and should be 0.
 *
 * Example: guest-3 is placed on rooms-2 at 127.0.0.1:41231, stays 12.4 s in which it says something four times, and leaves;
 * meanwhile rooms-2 was closed, and went only after that.
 */
import { Agent, type Dispatcher, request, WebSocket } from 'undici'
import type { Clock } from '../ports/clock.ts'
import { arrivalsAt, stayMs } from './evening.ts'
import { loopbackUrl } from './loopback.ts'
import { Pace } from './pace.ts'
import { uniform } from './uniform.ts'

export interface VisitorsOptions {
  /** Where the session API answers; only an address of this machine (loopback). */
  readonly api: string
  readonly token: string | null
  readonly fleet: string
  readonly clock: Clock
  /** Called about once a second, and once more when it is stopped. */
  readonly onTick?: (status: VisitorsStatus) => void
}

export interface VisitorsStatus {
  readonly fleet: string
  /** Open WebSockets now. */
  readonly talking: number
  /** People who wait for their place now. */
  readonly waiting: number
  /** People who came so far; each is, or will be, one of those below. */
  readonly came: number
  /** Left when they wanted to. */
  readonly left: number
  /** No room, also not after waiting. */
  readonly turnedAway: number
  /** No answer, another answer than a place, or a place nobody answers at. */
  readonly failed: number
  /** Ended while they talked, and not by them. */
  readonly cut: number
}

export interface Visitors {
  status(): VisitorsStatus
  /** Nobody comes any more, all leave at once, and their places are given back. Idempotent. */
  stop(): Promise<void>
}

const STEP_MS = 50
const MOST_AT_ONCE = 500
/** People are patient, and the fleet is quick. */
const WAIT_FOR_ROOM_MS = 20_000
const ANSWER_DEADLINE_MS = 5_000
const OPEN_DEADLINE_MS = 5_000
const CLOSE_DEADLINE_MS = 1_000
const TRY_AGAIN_MS = 500
const MOST_TRIES = 10
const GOODBYE_DEADLINE_MS = 3_000
const TALK_EVERY_MS = 3_000
/** Where the session has no lease it needs no signs of life. */
const SIGNS_PER_LEASE = 3
const MOST_AT_ONCE_RELEASED = 1_000

/** Throws `PluginError('misconfigured')` for an address that is not of this machine. */
export function startVisitors(options: VisitorsOptions): Visitors {
  const api = loopbackUrl(options.api)
  return new Crowd(`${api.origin}/v1/fleets/${encodeURIComponent(options.fleet)}/sessions`, options)
}

/** A place, as the session API answers it. */
interface Place {
  readonly address: string
  readonly ttlMs: number | null
}

class Crowd implements Visitors {
  readonly #sessions: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #fleet: string
  readonly #pace: Pace
  readonly #onTick: (status: VisitorsStatus) => void
  readonly #agent = new Agent({ connections: MOST_AT_ONCE, pipelining: 1 })
  readonly #ending = new AbortController()
  readonly #random = uniform(20261121)
  /** Sets the sessions of this run apart from those of any other. */
  readonly #run: string
  /** Sessions that were asked for and not given back yet. */
  readonly #held = new Set<string>()
  readonly #sockets = new Set<WebSocket>()
  /** Somebody comes soon, so that there is something to see. */
  #due = 0.6
  #talking = 0
  #waiting = 0
  #came = 0
  #left = 0
  #turnedAway = 0
  #failed = 0
  #cut = 0
  #stopped: Promise<void> | null = null

  constructor(sessions: string, { token, fleet, clock, onTick }: VisitorsOptions) {
    this.#sessions = sessions
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` }
    this.#fleet = fleet
    this.#onTick = onTick ?? (() => {})
    this.#pace = new Pace({
      clock,
      stepMs: STEP_MS,
      step: passedMs => this.#step(passedMs),
      report: () => this.#onTick(this.status()),
    })
    this.#run = Math.floor(this.#pace.began).toString(36)
  }

  status(): VisitorsStatus {
    return {
      fleet: this.#fleet,
      talking: this.#talking,
      waiting: this.#waiting,
      came: this.#came,
      left: this.#left,
      turnedAway: this.#turnedAway,
      failed: this.#failed,
      cut: this.#cut,
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#pace.stop()
    this.#ending.abort()
    for (const socket of this.#sockets) socket.close(1000)
    const left = [...this.#held].slice(0, MOST_AT_ONCE_RELEASED)
    if (left.length > 0) {
      const signal = AbortSignal.timeout(GOODBYE_DEADLINE_MS)
      await this.#ask('POST', '/batch', { release: left, why: 'the demonstration ends' }, signal).catch(
        () => null,
      )
    }
    await this.#agent.destroy()
    this.#onTick(this.status())
  }

  #step(passedMs: number): void {
    this.#due += (arrivalsAt(this.#pace.elapsedMs) * passedMs) / 1000
    for (; this.#due >= 1; this.#due -= 1) if (this.#held.size < MOST_AT_ONCE) void this.#visit()
  }

  /** One person's visit, from the question for a place to its return. Never throws: a failure is counted. */
  async #visit(): Promise<void> {
    this.#came += 1
    const session = `guest-${this.#run}-${this.#came}`
    const lengthMs = stayMs(this.#random())
    this.#held.add(session)
    try {
      const place = await this.#place(session)
      if (place === null) return
      await this.#talk(session, place, lengthMs).finally(() => this.#release(session))
    } catch {
      if (!this.#ending.signal.aborted) this.#failed += 1
    } finally {
      this.#held.delete(session)
    }
  }

  /** `null`: there was no room. Throws for everything else that is not a place. */
  async #place(session: string): Promise<Place | null> {
    this.#waiting += 1
    try {
      const body = { sessionId: session, labels: { from: 'demonstration' }, waitMs: WAIT_FOR_ROOM_MS }
      for (let tries = 1; ; tries += 1) {
        const signal = this.#deadline(WAIT_FOR_ROOM_MS + ANSWER_DEADLINE_MS)
        const answer = await this.#ask('POST', '', body, signal)
        if (answer.status === 200 || answer.status === 201) return placeIn(answer.body)
        if (answer.status === 409) {
          this.#turnedAway += 1
          return null
        }
        // Not ready yet, as right after a start. The same id again places nothing twice.
        if (answer.status !== 503 || tries === MOST_TRIES) throw new Error(`answered ${answer.status}`)
        await this.#pace.pause(TRY_AGAIN_MS)
      }
    } finally {
      this.#waiting -= 1
    }
  }

  /** Done when the visit is over, whoever ended it. Throws when nobody answers there. */
  async #talk(session: string, { address, ttlMs }: Place, lengthMs: number): Promise<void> {
    const url = loopbackUrl(address)
    const socket = new WebSocket(`ws://${url.host}/?session=${session}`)
    this.#sockets.add(socket)
    const opened = Promise.withResolvers<boolean>()
    const closed = Promise.withResolvers<void>()
    socket.addEventListener('open', () => opened.resolve(true))
    socket.addEventListener('error', () => opened.resolve(false))
    socket.addEventListener('close', () => {
      opened.resolve(false)
      closed.resolve()
    })
    const stopTalking: (() => void)[] = []
    try {
      const tooLate = this.#pace.after(OPEN_DEADLINE_MS, () => opened.resolve(false))
      const isOpen = await opened.promise
      tooLate()
      if (!isOpen) throw new Error(`nobody answers at ${address}`)
      this.#talking += 1
      stopTalking.push(this.#pace.every(TALK_EVERY_MS, () => socket.send('hello')))
      if (ttlMs !== null) {
        stopTalking.push(this.#pace.every(ttlMs / SIGNS_PER_LEASE, () => void this.#giveSign(session)))
      }
      let leaving = false
      const leave = Promise.withResolvers<void>()
      stopTalking.push(
        this.#pace.after(lengthMs, () => {
          leaving = true
          leave.resolve()
        }),
      )
      await Promise.race([leave.promise, closed.promise])
      this.#talking -= 1
      if (leaving) this.#left += 1
      else if (!this.#ending.signal.aborted) this.#cut += 1
    } finally {
      for (const stop of stopTalking) stop()
      await this.#hangUp(socket, closed.promise)
      this.#sockets.delete(socket)
    }
  }

  /** The place is given back only when nobody is on the line any more. */
  async #hangUp(socket: WebSocket, closed: Promise<void>): Promise<void> {
    if (socket.readyState === WebSocket.CLOSED) return
    socket.close(1000)
    await Promise.race([closed, this.#pace.pause(CLOSE_DEADLINE_MS)])
  }

  async #giveSign(session: string): Promise<void> {
    // One that is missed is made up for by the next.
    await this.#ask('POST', `/${session}/heartbeat`, null, this.#deadline(ANSWER_DEADLINE_MS)).catch(
      () => null,
    )
  }

  /** One that could not be given back ends with its lease. */
  async #release(session: string): Promise<void> {
    for (let tries = 1; tries <= MOST_TRIES && !this.#ending.signal.aborted; tries += 1) {
      const signal = this.#deadline(ANSWER_DEADLINE_MS)
      const answer = await this.#ask('DELETE', `/${session}`, null, signal).catch(() => null)
      if (answer !== null && answer.status < 500) return
      await this.#pace.pause(TRY_AGAIN_MS)
    }
  }

  async #ask(method: Dispatcher.HttpMethod, path: string, body: object | null, signal: AbortSignal) {
    const answer = await request(this.#sessions + path, {
      method,
      dispatcher: this.#agent,
      headers: { ...this.#headers, ...(body === null ? {} : { 'content-type': 'application/json' }) },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      signal,
    })
    return { status: answer.statusCode, body: await answer.body.json() }
  }

  #deadline(ms: number): AbortSignal {
    return AbortSignal.any([this.#ending.signal, AbortSignal.timeout(ms)])
  }
}

/** Throws when it is not one. */
function placeIn(body: unknown): Place {
  if (typeof body !== 'object' || body === null) throw new Error('not an object')
  const address = 'address' in body ? body.address : null
  const ttlMs = 'ttlMs' in body ? body.ttlMs : null
  if (typeof address !== 'string') throw new Error('a place without an address')
  return { address, ttlMs: typeof ttlMs === 'number' ? ttlMs : null }
}
