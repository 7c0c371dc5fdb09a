/**
 * One instance as the agent router knows it: what it was told, what it said last, and until when that counts.
 *
 * - A report counts from its receipt, by our clock, for its lease; a clock that was set back makes it unknown. Times of
 *   reports only grow, so that one after a close is known to be after it.
 * - A close has a name. Only a report that says this name acknowledges it, so that neither an older report on its way nor an
 *   instance that was started anew and forgot proves anything.
 *
 * Example: told `k3f9.2`; `{ slots: 0 }` proves nothing, `{ slots: 0, closed: 'k3f9.2' }` proves that it is empty.
 */
import type { Load } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { RoutedInstance } from '../../../ports/session-router.ts'
import type { Admitted, LoadReport } from './reports.ts'

interface Heard extends LoadReport {
  /** By our clock. */
  readonly receivedAt: EpochMs
  readonly leaseMs: number
  /** Grows with every report. */
  readonly at: EpochMs
}

const MOST_WAITING = 8

export class Reporter {
  readonly id: string
  incarnation: string | null
  listed = true
  sealed = false
  /** The name of the close in force; `null` while open. */
  #close: string | null = null
  #heard: Heard | null = null
  readonly #waiting = new Set<() => void>()

  constructor({ id, incarnation }: Pick<RoutedInstance, 'id' | 'incarnation'>) {
    this.id = id
    this.incarnation = incarnation
  }

  get isOpen(): boolean {
    return this.#close === null
  }

  get answer(): Admitted {
    return { admission: this.isOpen ? 'open' : 'closed', close: this.#close }
  }

  /** It says itself that it takes no more. */
  get isAcknowledged(): boolean {
    return this.#close !== null && this.#heard?.closed === this.#close
  }

  /** In the last report, however old. */
  get slots(): number | null {
    return this.#heard?.slots ?? null
  }

  /** Another close than any before, unless it is closed already. */
  shut(name: () => string): void {
    if (this.#close !== null) return
    this.#close = name()
    this.#changed()
  }

  open(): void {
    if (this.#close === null || this.sealed) return
    this.#close = null
    this.#changed()
  }

  /** Answers whether something came of it that a tick should see: the close acknowledged, or the last session over. */
  hear(report: LoadReport, leaseMs: number, now: EpochMs): boolean {
    const wasDone = this.isAcknowledged && this.slots === 0
    const wasAcknowledged = this.isAcknowledged
    const at = Math.max(now, (this.#heard?.at ?? 0) + 1)
    this.#heard = { ...report, leaseMs, receivedAt: now, at }
    if (this.isAcknowledged !== wasAcknowledged) this.#changed()
    return (this.isAcknowledged && !wasAcknowledged) || (this.isAcknowledged && this.slots === 0 && !wasDone)
  }

  load(now: EpochMs): Load {
    if (this.sealed) return { kind: 'known', slots: 0, at: now }
    const heard = this.#heard
    if (heard === null) return unknown('it has not reported its load yet')
    const { slots, at, receivedAt, leaseMs, remainingMs, worth } = heard
    if (now - receivedAt >= leaseMs || now < receivedAt) {
      return unknown(`its last report is older than its lease of ${leaseMs} ms`)
    }
    if (slots === 0 && this.#close !== null && !this.isAcknowledged) {
      return unknown('it reports no session, and has not said that it takes no more')
    }
    return {
      kind: 'known',
      slots,
      at,
      ...(remainingMs === undefined ? {} : { remainingMs }),
      ...(worth === undefined ? {} : { worth }),
    }
  }

  /** Calls once when its answer changes, or what it acknowledges; the result calls it off. `null`: too many wait. */
  onceChanged(wake: () => void): (() => void) | null {
    if (this.#waiting.size >= MOST_WAITING) return null
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  /** Nobody need wait for it any more. */
  forget(): void {
    this.#changed()
  }

  #changed(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}

function unknown(because: string): Load {
  return { kind: 'unknown', because }
}
