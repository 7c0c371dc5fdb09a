/**
 * Where requests wait for room, bounded, each with a deadline. Those that need the same (zone and slots) stand in one
 * line: first come first served, and nobody overtakes. Different lines do not hold each other up; of several heads that
 * could go, the one who came first goes.
 *
 * Example: a (1 slot), b (3 slots), c (1 slot) wait; an instance gets 1 slot free: a goes. Then c, although b came before
 * it: b waits for 3.
 *
 * Several callers may wait for one and the same session; they are answered together, each within its own deadline.
 */
import type { Clock } from '../ports/clock.ts'
import type { Wanted } from './request.ts'
import type { PlaceRefusal, PlaceResult } from './session-broker.ts'

export interface WaitingCaller {
  /** Aborted when it leaves. */
  readonly client: AbortSignal | undefined
  /** Answered with what became of the session. */
  follow(result: Promise<PlaceResult>): void
  refuse(because: PlaceRefusal): void
  fail(error: unknown): void
}

export interface Waiter {
  readonly wanted: Wanted
  readonly arrival: number
  readonly callers: Map<WaitingCaller, () => void>
}

export class WaitQueue {
  readonly #clock: Clock
  readonly #byId = new Map<string, Waiter>()
  /** A Set keeps the order of arrival and forgets any member at once. */
  readonly #lines = new Map<string, Set<Waiter>>()
  #callers = 0
  #arrivals = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Callers that wait. */
  get length(): number {
    return this.#callers
  }

  get(id: string): Waiter | undefined {
    return this.#byId.get(id)
  }

  /** Somebody waits who would be overtaken. */
  hasLineFor(wanted: Wanted): boolean {
    return this.#byId.size > 0 && this.#lines.has(lineOf(wanted))
  }

  join(wanted: Wanted, caller: WaitingCaller): void {
    const { client } = caller
    const waiter = this.#byId.get(wanted.id) ?? this.#enter(wanted)
    const leave = (): boolean => this.#leave(waiter, caller)
    const cancelDeadline = this.#clock.after(wanted.waitMs, () => {
      if (leave()) caller.refuse('waited')
    })
    const abort = (): void => {
      if (leave()) caller.fail(client?.reason)
    }
    client?.addEventListener('abort', abort)
    waiter.callers.set(caller, () => {
      cancelDeadline()
      client?.removeEventListener('abort', abort)
    })
    this.#callers += 1
  }

  /** Takes out the first who can go. */
  next(canGo: (wanted: Wanted) => boolean): Waiter | null {
    let first: Waiter | null = null
    for (const line of this.#lines.values()) {
      for (const head of line) {
        if ((first === null || head.arrival < first.arrival) && canGo(head.wanted)) first = head
        break
      }
    }
    if (first !== null) this.take(first)
    return first
  }

  take(waiter: Waiter): void {
    for (const forget of waiter.callers.values()) forget()
    this.#callers -= waiter.callers.size
    this.#byId.delete(waiter.wanted.id)
    const line = lineOf(waiter.wanted)
    const others = this.#lines.get(line)
    others?.delete(waiter)
    if (others?.size === 0) this.#lines.delete(line)
  }

  /** Everyone, in order of arrival. */
  takeAll(): Waiter[] {
    const all = [...this.#byId.values()]
    for (const waiter of all) this.take(waiter)
    return all
  }

  #enter(wanted: Wanted): Waiter {
    const waiter: Waiter = { wanted, arrival: this.#arrivals++, callers: new Map() }
    this.#byId.set(wanted.id, waiter)
    const line = lineOf(wanted)
    const others = this.#lines.get(line)
    if (others === undefined) this.#lines.set(line, new Set([waiter]))
    else others.add(waiter)
    return waiter
  }

  #leave(waiter: Waiter, caller: WaitingCaller): boolean {
    const forget = waiter.callers.get(caller)
    if (forget === undefined || this.#byId.get(waiter.wanted.id) !== waiter) return false
    if (waiter.callers.size === 1) {
      this.take(waiter)
    } else {
      forget()
      waiter.callers.delete(caller)
      this.#callers -= 1
    }
    return true
  }
}

function lineOf({ zone, slots }: Wanted): string {
  return zone === null ? `${slots}` : `${slots} in ${zone}`
}
