/**
 * Where requests wait when no instance can take them: first come first served, bounded, each with a deadline.
 * A request whose session is bound to an instance waits for that one alone; the others for any open one.
 *
 * Example: limit 2. `a` (any) and `b` (bound to web-2) wait, `c` is turned away. web-1 becomes free: `a` goes;
 * web-2 becomes free: `b` goes, and had web-2 been free first, still `a`, who came first.
 */
import type { Clock } from '../../../ports/clock.ts'

interface Waiter<Pin, Item> {
  readonly item: Item
  readonly arrival: number
  pin: Pin | null
  cancelDeadline: () => void
}

/** A Set keeps the order of arrival and forgets any member at once. */
type Line<Pin, Item> = Set<Waiter<Pin, Item>>

export class WaitQueue<Pin extends object, Item> {
  readonly #clock: Clock
  readonly #limit: number
  readonly #timeoutMs: number
  readonly #bound = new Map<Pin, Line<Pin, Item>>()
  #unbound: Line<Pin, Item> = new Set()
  #length = 0
  #arrivals = 0

  constructor(clock: Clock, limit: number, timeoutMs: number) {
    this.#clock = clock
    this.#limit = limit
    this.#timeoutMs = timeoutMs
  }

  get length(): number {
    return this.#length
  }

  /** Those that wait for this one instance. */
  lengthFor(pin: Pin): number {
    return this.#bound.get(pin)?.size ?? 0
  }

  /**
   * `null` when the queue is full; otherwise a function that leaves it (idempotent). `expire` is called once,
   * after leaving, when the deadline passes first.
   */
  join(item: Item, pin: Pin | null, expire: (item: Item) => void): (() => void) | null {
    if (this.#length >= this.#limit) return null
    this.#arrivals += 1
    const waiter: Waiter<Pin, Item> = { item, pin, arrival: this.#arrivals, cancelDeadline: () => {} }
    waiter.cancelDeadline = this.#clock.after(this.#timeoutMs, () => {
      if (this.#remove(waiter)) expire(item)
    })
    this.#lineOf(pin).add(waiter)
    this.#length += 1
    return () => this.#remove(waiter)
  }

  /** Takes out who came first of those bound to `pin` and, when `alsoUnbound`, of those who go anywhere. */
  next(pin: Pin, alsoUnbound: boolean): Item | null {
    const bound = first(this.#bound.get(pin))
    const unbound = alsoUnbound ? first(this.#unbound) : null
    const chosen = bound === null || (unbound !== null && unbound.arrival < bound.arrival) ? unbound : bound
    if (chosen === null) return null
    this.#remove(chosen)
    return chosen.item
  }

  /** The instance is gone: those bound to it now go anywhere, in their order of arrival, with their deadlines. */
  unbind(pin: Pin): void {
    const line = this.#bound.get(pin)
    if (line === undefined) return
    this.#bound.delete(pin)
    for (const waiter of line) waiter.pin = null
    this.#unbound = new Set([...this.#unbound, ...line].sort((a, b) => a.arrival - b.arrival))
  }

  /** Takes everyone out, in order of arrival. */
  clear(): Item[] {
    const everyone = [this.#unbound, ...this.#bound.values()].flatMap(line => [...line])
    everyone.sort((a, b) => a.arrival - b.arrival)
    for (const waiter of everyone) this.#remove(waiter)
    return everyone.map(waiter => waiter.item)
  }

  #lineOf(pin: Pin | null): Line<Pin, Item> {
    if (pin === null) return this.#unbound
    const known = this.#bound.get(pin)
    if (known !== undefined) return known
    const line: Line<Pin, Item> = new Set()
    this.#bound.set(pin, line)
    return line
  }

  #remove(waiter: Waiter<Pin, Item>): boolean {
    const line = waiter.pin === null ? this.#unbound : this.#bound.get(waiter.pin)
    if (line?.delete(waiter) !== true) return false
    if (waiter.pin !== null && line.size === 0) this.#bound.delete(waiter.pin)
    waiter.cancelDeadline()
    this.#length -= 1
    return true
  }
}

function first<T>(line: Set<T> | undefined): T | null {
  for (const waiter of line ?? []) return waiter
  return null
}
