/**
 * The load of `--demo-load`: simulated users who send real requests over real connections, following the day of
 * `curve.ts`. Users arrive whether or not the fleet keeps up; each has a cookie jar, makes a few requests with short
 * pauses and leaves, so that stickiness is real and a closed instance is empty soon. One request in five comes alone.
 * One in 30 asks for `report`, something expensive; an application that has none (404) is not asked again, and one that
 * turns it away while it is busy (503) does what it should: that is no failure.
 *
 * Example: at 60 requests/s, 12 lone requests and 8 users arrive per second; a user makes 4 to 8 requests (6 on
 * average), 0.3 to 0.9 s apart, and is gone after some 3 s.
 */
import { Pool } from 'undici'
import type { Clock } from '../ports/clock.ts'
import { hourAt, rateAt } from './curve.ts'
import { loopbackUrl } from './loopback.ts'
import { Pace } from './pace.ts'
import { uniform } from './uniform.ts'

export interface DemoLoadOptions {
  /** Where the requests go; only an address of this machine (loopback). */
  readonly url: string
  readonly clock: Clock
  /** Called about once a second. */
  readonly onTick?: (status: DemoLoadStatus) => void
}

export interface DemoLoadStatus {
  /** Time of day in the demonstration, e.g. `13:30`. */
  readonly timeOfDay: string
  /** What the curve asks for now, requests per second. */
  readonly wantedPerSecond: number
  /** Requests sent in the last whole second. */
  readonly sentPerSecond: number
  readonly users: number
  readonly inFlight: number
  readonly sent: number
  /** Answered with less than 500. */
  readonly answered: number
  /** Answered with 500 or more, or not within the deadline, or not at all. */
  readonly failed: number
  /** Requests for the expensive report that were turned away with 503; not among the failed. */
  readonly turnedAway: number
  /** Not sent, because too many were in flight already. */
  readonly skipped: number
}

export interface DemoLoad {
  status(): DemoLoadStatus
  /** Ends at once: no further request, those in flight are given up. Idempotent. */
  stop(): Promise<void>
}

const STEP_MS = 25
const MOST_IN_FLIGHT = 200
const REQUEST_DEADLINE_MS = 5_000
const LONE_SHARE = 0.2
/** One request in so many asks for a report. */
const REPORT_EVERY = 30
const FEWEST_REQUESTS = 4
const MOST_REQUESTS = 8
const SHORTEST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 900

/** Throws `PluginError('misconfigured')` for an address that is not of this machine. */
export function startDemoLoad(options: DemoLoadOptions): DemoLoad {
  const url = loopbackUrl(options.url)
  return new Load(url, options.clock, options.onTick ?? (() => {}))
}

class Load implements DemoLoad {
  readonly #pace: Pace
  readonly #onTick: (status: DemoLoadStatus) => void
  readonly #pool: Pool
  readonly #path: string
  /** `null` once the application answered that it has none. */
  #reportPath: string | null
  readonly #ending = new AbortController()
  readonly #random = uniform(20261121)
  #sentAtReport = 0
  #sentPerSecond = 0
  /** Arrivals due, in fractions; lone requests and users apart. */
  #dueAlone = 0
  #dueUsers = 0
  #users = 0
  #inFlight = 0
  #sent = 0
  #answered = 0
  #failed = 0
  #turnedAway = 0
  #skipped = 0
  #stopped: Promise<void> | null = null

  constructor(url: URL, clock: Clock, onTick: (status: DemoLoadStatus) => void) {
    this.#onTick = onTick
    this.#pool = new Pool(url.origin, { connections: MOST_IN_FLIGHT, pipelining: 1 })
    this.#path = `${url.pathname}${url.search}`
    this.#reportPath = `${url.pathname.replace(/\/$/, '')}/report`
    this.#pace = new Pace({
      clock,
      stepMs: STEP_MS,
      step: passedMs => this.#step(passedMs),
      report: sinceMs => this.#report(sinceMs),
    })
  }

  status(): DemoLoadStatus {
    const { elapsedMs } = this.#pace
    return {
      timeOfDay: timeOfDay(hourAt(elapsedMs)),
      wantedPerSecond: Math.round(rateAt(elapsedMs)),
      sentPerSecond: this.#sentPerSecond,
      users: this.#users,
      inFlight: this.#inFlight,
      sent: this.#sent,
      answered: this.#answered,
      failed: this.#failed,
      turnedAway: this.#turnedAway,
      skipped: this.#skipped,
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#pace.stop()
    this.#ending.abort()
    await this.#pool.destroy()
  }

  #step(passedMs: number): void {
    const due = (rateAt(this.#pace.elapsedMs) * passedMs) / 1000
    this.#dueAlone += due * LONE_SHARE
    this.#dueUsers += (due * (1 - LONE_SHARE)) / ((FEWEST_REQUESTS + MOST_REQUESTS) / 2)
    for (; this.#dueAlone >= 1; this.#dueAlone -= 1) void this.#send(null)
    for (; this.#dueUsers >= 1; this.#dueUsers -= 1) void this.#visit()
  }

  #report(sinceMs: number): void {
    this.#sentPerSecond = Math.round(((this.#sent - this.#sentAtReport) * 1000) / sinceMs)
    this.#sentAtReport = this.#sent
    this.#onTick(this.status())
  }

  /** One user's stay, from the first request to the last. */
  async #visit(): Promise<void> {
    this.#users += 1
    let cookie: string | null = null
    const requests = this.#between(FEWEST_REQUESTS, MOST_REQUESTS + 1)
    for (let i = 0; i < requests && !this.#ending.signal.aborted; i++) {
      if (i > 0) await this.#pace.pause(this.#between(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS))
      cookie = (await this.#send(cookie)) ?? cookie
    }
    this.#users -= 1
  }

  /** Returns the cookie that was set, if one was. Never throws: a failure is counted. */
  async #send(cookie: string | null): Promise<string | null> {
    if (this.#ending.signal.aborted) return null
    if (this.#inFlight >= MOST_IN_FLIGHT) {
      this.#skipped += 1
      return null
    }
    this.#inFlight += 1
    this.#sent += 1
    const report = this.#sent % REPORT_EVERY === 0 ? this.#reportPath : null
    try {
      const answer = await this.#pool.request({
        path: report ?? this.#path,
        method: 'GET',
        headers: cookie === null ? {} : { cookie },
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(REQUEST_DEADLINE_MS)]),
      })
      await answer.body.dump()
      if (report !== null && answer.statusCode === 404) this.#reportPath = null
      if (report !== null && answer.statusCode === 503) this.#turnedAway += 1
      else if (answer.statusCode < 500) this.#answered += 1
      else this.#failed += 1
      return cookieIn(answer.headers['set-cookie'])
    } catch {
      if (!this.#ending.signal.aborted) this.#failed += 1
      return null
    } finally {
      this.#inFlight -= 1
    }
  }

  /** A whole number, from `low` up to but not including `high`. */
  #between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low))
  }
}

/** Name and value of the first cookie set. */
function cookieIn(header: string | string[] | undefined): string | null {
  const first = typeof header === 'string' ? header : header?.[0]
  return first?.split(';', 1)[0] ?? null
}

function timeOfDay(hour: number): string {
  const minutes = Math.floor(hour * 60)
  const two = (n: number): string => n.toString().padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
