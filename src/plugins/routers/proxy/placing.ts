/**
 * Which instance a caller gets: its session's own, else the best open one; if neither can take it now, a place in
 * the queue; if that is full, a refusal. Choosing an instance and being counted on it is one synchronous step, so
 * nothing can slip in between a close and the last placement.
 *
 * Example: two instances, one request each at most, both busy; a third request waits; web-1 answers and is closed
 * in the same moment: the request goes on waiting for web-2.
 */
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { type Answer, closing, instanceFailed, queueFull, waitedTooLong } from './answers.ts'
import { Balance, type Choice } from './balance.ts'
import type { StickyCookie, StickySession } from './cookie.ts'
import type { Instances } from './instances.ts'
import { WaitQueue } from './queue.ts'
import type { Upstream } from './upstream.ts'

/** A request or a WebSocket that needs an instance. */
export interface Caller {
  /** What its cookie said; `null` without a valid one. */
  readonly session: StickySession | null
  /** A request takes one of the instance's `concurrency` slots; a WebSocket lives long, mostly idle, and takes none. */
  readonly takesSlot: boolean
  /** Gives back its place while it waits. */
  leaveQueue: (() => void) | null
  /** Must count itself on the instance before it returns. */
  sendTo(upstream: Upstream, binding: Binding): void
  /** `failed`: an instance had it and let it down. */
  refuse(answer: Answer, how: 'refused' | 'failed'): void
}

/** The session a caller counts for on its instance once it is through, and the cookie to set, if one is due. */
export interface Binding {
  readonly session: string | null
  readonly setCookie: string | null
}

export interface PlacingOptions {
  readonly fleet: string
  readonly concurrency: number
  readonly queue: number
  readonly queueTimeoutMs: number
}

/** An instance that failed to answer is not chosen for this long, if there is another. */
const AVOID_MS = 1_000
const UNBOUND: Binding = { session: null, setCookie: null }

export class Placing {
  readonly #options: PlacingOptions
  readonly #clock: Clock
  readonly #instances: Instances
  readonly #cookie: StickyCookie | null
  readonly #balance = new Balance()
  readonly #queue: WaitQueue<Upstream, Caller>
  /** Instances left out for a moment; the function forgets to look at them again. */
  readonly #avoided = new Map<Upstream, () => void>()
  #ended = false

  constructor(options: PlacingOptions, clock: Clock, instances: Instances, cookie: StickyCookie | null) {
    this.#options = options
    this.#clock = clock
    this.#instances = instances
    this.#cookie = cookie
    this.#queue = new WaitQueue(clock, options.queue, options.queueTimeoutMs)
  }

  get waiting(): number {
    return this.#queue.length
  }

  waitingFor(upstream: Upstream): number {
    return this.#queue.lengthFor(upstream)
  }

  /** `tried` is the instance that failed this caller before, `null` the first time. */
  place(caller: Caller, now: EpochMs, tried: Upstream | null): void {
    if (this.#ended) {
      caller.refuse(closing(this.#options.fleet), 'refused')
      return
    }
    const bound = caller.session === null ? undefined : this.#instances.ofCookie(caller.session.instance)
    if (bound !== undefined && bound !== tried) {
      if (this.#hasRoom(bound, caller)) this.#send(caller, bound, now)
      else this.#wait(caller, bound)
      return
    }
    const choice = this.#choose(caller, now, tried)
    if (choice.kind === 'chosen') this.#send(caller, choice.candidate, now)
    else if (choice.kind === 'none' && tried !== null)
      caller.refuse(instanceFailed(this.#options.fleet), 'failed')
    else this.#wait(caller, null)
  }

  /** Those who wait get the instance's free slots, in their order. */
  serve(upstream: Upstream): void {
    while (this.#queue.length > 0 && upstream.inFlight < this.#options.concurrency) {
      const now = this.#clock.now()
      const next = this.#queue.next(upstream, this.#takesNew(upstream, now))
      if (next === null) return
      this.#send(next, upstream, now)
    }
  }

  /** Instances came, went, opened or closed. */
  instancesChanged(departed: readonly Upstream[]): void {
    for (const upstream of departed) this.#queue.unbind(upstream)
    for (const upstream of this.#instances.all()) this.serve(upstream)
  }

  /** It just failed to answer. Those who wait may have it again a moment later. */
  avoid(upstream: Upstream): void {
    if (this.#ended) return
    upstream.avoidUntil = this.#clock.now() + AVOID_MS
    this.#avoided.get(upstream)?.()
    const cancel = this.#clock.after(AVOID_MS, () => {
      this.#avoided.delete(upstream)
      this.serve(upstream)
    })
    this.#avoided.set(upstream, cancel)
  }

  /** Turns away all who wait and all who come. */
  end(): void {
    this.#ended = true
    for (const cancel of this.#avoided.values()) cancel()
    this.#avoided.clear()
    for (const caller of this.#queue.clear()) caller.refuse(closing(this.#options.fleet), 'refused')
  }

  #wait(caller: Caller, bound: Upstream | null): void {
    const leave = this.#queue.join(caller, bound, late => {
      const { fleet, queueTimeoutMs } = this.#options
      late.refuse(waitedTooLong(fleet, queueTimeoutMs, this.#instances.open.length > 0), 'refused')
    })
    if (leave === null) caller.refuse(queueFull(this.#options.fleet), 'refused')
    else caller.leaveQueue = leave
  }

  #send(caller: Caller, upstream: Upstream, now: EpochMs): void {
    caller.leaveQueue = null
    upstream.meter.arrive(now)
    caller.sendTo(upstream, this.#bind(caller.session, upstream, now))
  }

  #bind(session: StickySession | null, upstream: Upstream, now: EpochMs): Binding {
    if (this.#cookie === null) return UNBOUND
    const id = session?.session ?? this.#cookie.newSession()
    const stays = session !== null && session.instance === upstream.cookieName
    if (stays && !this.#cookie.isDueForRenewal(session, now)) return { session: id, setCookie: null }
    return { session: id, setCookie: this.#cookie.issue(upstream.cookieName, id, now) }
  }

  #choose(caller: Caller, now: EpochMs, tried: Upstream | null): Choice<Upstream> {
    const open = this.#instances.open
    if (caller.takesSlot) return this.#balance.choose(open, this.#options.concurrency, now, tried)
    const byWebSockets = open.map(upstream => {
      return { upstream, inFlight: upstream.webSockets, avoidUntil: upstream.avoidUntil }
    })
    const choice = this.#balance.choose(byWebSockets, Number.POSITIVE_INFINITY, now, null)
    return choice.kind === 'chosen' ? { kind: 'chosen', candidate: choice.candidate.upstream } : choice
  }

  #hasRoom(upstream: Upstream, caller: Caller): boolean {
    return !caller.takesSlot || upstream.inFlight < this.#options.concurrency
  }

  #takesNew(upstream: Upstream, now: EpochMs): boolean {
    const open = this.#instances.open
    if (!open.includes(upstream)) return false
    return upstream.avoidUntil <= now || !open.some(other => other.avoidUntil <= now)
  }
}
