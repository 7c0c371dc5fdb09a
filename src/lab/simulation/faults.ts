/**
 * What goes wrong, and how often: every fault is drawn from the seed where it may strike, and counted by kind. Faults end
 * with the safety phase; in the liveness phase nothing goes wrong any more.
 *
 * Example: `faults.strikes('lost-reply')` is true for one call in forty, until `faults.end()`.
 */
import type { SeededRandom } from './seeded-random.ts'

/** By kind: the share of the occasions on which it strikes, before the seed makes it rarer or more frequent. */
const USUAL_SHARES = {
  /** The process dies before, or after, a call to the outside; what it had in memory is gone. */
  'crash-before-call': 0.004,
  'crash-after-call': 0.004,
  /** The process stands still for longer than its lease. */
  pause: 0.0015,
  'call-slow': 0.02,
  'call-refused': 0.02,
  /** Too many requests. */
  'call-throttled': 0.015,
  /** Carried out, and its answer lost. */
  'reply-lost': 0.02,
  /** Carried out for some of those asked, and refused for the others. */
  'partly-done': 0.02,
  /** Two instances for one order. */
  'launched-twice': 0.01,
  /** Deleted once more, a while later. */
  'terminated-twice': 0.1,
  'never-ready': 0.02,
  'boot-failed': 0.02,
  /** An instance ends by itself, and its sessions with it. */
  'instance-crash': 0.002,
  /** One that is there is not in the list, for a while. */
  'listing-late': 0.02,
  /** One that is gone is still in the list, for a while. */
  'listing-phantom': 0.1,
  /** The name of an instance that is gone is given to a new one. */
  'name-reused': 0.4,
  'zone-lost': 0.004,
  'store-refuses': 0.01,
  /** Stored, and the answer lost. */
  'store-reply-lost': 0.01,
  'log-slow': 0.15,
  'log-refuses': 0.005,
  'log-reply-lost': 0.005,
  'router-silent': 0.02,
  'router-fails': 0.01,
  'clock-jump': 0.002,
  'health-blip': 0.004,
  /** Every probe fails at once. */
  'shared-cause': 0.002,
  /** A client is never heard of again. */
  'client-vanishes': 0.01,
  /** A wake-up that does not come. */
  'missed-wake': 0.1,
} as const

export type FaultKind = keyof typeof USUAL_SHARES

export type FaultCounts = Readonly<Partial<Record<FaultKind, number>>>

export class Faults {
  readonly #random: SeededRandom
  readonly #shares = new Map<FaultKind, number>()
  readonly #counts = new Map<FaultKind, number>()
  #on = true

  /** Each seed has its own mixture: some kinds not at all, some much more often than usual. */
  constructor(random: SeededRandom) {
    this.#random = random
    for (const kind of faultKinds()) {
      const factor = random.pick([0, 0, 1, 1, 3])
      this.#shares.set(kind, Math.min(0.5, USUAL_SHARES[kind] * factor))
    }
  }

  strikes(kind: FaultKind): boolean {
    if (!this.#on || !this.#random.chance(this.#shares.get(kind) ?? 0)) return false
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    return true
  }

  end(): void {
    this.#on = false
  }

  get counts(): FaultCounts {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

export function faultKinds(): readonly FaultKind[] {
  return Object.keys(USUAL_SHARES) as FaultKind[]
}
