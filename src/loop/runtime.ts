/**
 * A running Plimsoll as its doors (API, page, host program) see it: read what was decided, push samples, wake a tick.
 *
 * Example: `POST /v1/samples` calls `runtime.push(...)`, which buffers the samples and wakes the fleets that use them.
 */
import type { JournalEntry } from '../model/journal.ts'
import type { Spec } from '../model/spec.ts'
import type { Clock } from '../ports/clock.ts'
import type { PushedSample, PushResult } from '../ports/push.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { Configuring } from './configuring.ts'
import type { Operator } from './operate.ts'
import type { LoopEvent, TickReport } from './world.ts'

export type { PushedSample, PushResult }

export interface RuntimeHealth {
  /** Every fleet's loop still turns. */
  readonly live: boolean
  /** Every fleet has ticked at least once and the store answers. */
  readonly ready: boolean
  readonly detail: string
}

export interface Runtime {
  readonly clock: Clock
  readonly store: StateStore
  spec(): Spec
  /** The last tick's entry; `null` before the first. */
  latest(fleet: string): JournalEntry | null
  lastReport(fleet: string): TickReport | null
  push(samples: readonly PushedSample[]): PushResult
  /** Ticks now instead of at the next interval; `null` is every fleet. Carries no data. */
  wake(fleet: string | null): void
  subscribe(listener: (event: LoopEvent) => void): () => void
  health(): Promise<RuntimeHealth>
  /** What operators do by hand. */
  readonly operator: Operator
  readonly configuring: Configuring
}
