/**
 * Asks one instance whether it is well, as an outsider would. It only says what it saw: what that means for the instance
 * (suspect, unhealthy) is decided from several answers in a row.
 *
 * Example: `probe({ id: 'web-3', incarnation: null, address: 'http://127.0.0.1:41231' }, signal)` answers
 * `{ state: 'unhealthy', detail: 'HTTP 503 from http://127.0.0.1:41231/healthz' }`.
 */
import type { ProbeAnswer } from '../model/health.ts'
import type { Plugin } from './plugin.ts'

export interface ProbedInstance {
  readonly id: string
  readonly incarnation: string | null
  readonly address: string | null
}

export type ProbeVerdict = Omit<ProbeAnswer, 'at'>

export interface HealthProbe extends Plugin {
  /**
   * Never throws. `unhealthy`: it answered so, or not before the signal aborted, or cannot be reached. `unknown`: the
   * question could not be put at all (no address, no such command, no network here), which says nothing about the instance.
   */
  probe(instance: ProbedInstance, signal: AbortSignal): Promise<ProbeVerdict>
}

/** What has been answered about one instance, oldest first: at most `MOST_ANSWERS`, the newest ones. */
export interface ProbeReading {
  readonly incarnation: string | null
  readonly answers: readonly ProbeAnswer[]
}

export const MOST_ANSWERS = 32

/** Asks all instances of a fleet, again and again, beside its ticks. */
export interface HealthWatch {
  /** The ready instances, at every tick; one that is no longer among them is no longer asked, and forgotten. */
  watch(instances: readonly ProbedInstance[]): void
  /** By instance id. */
  readings(): ReadonlyMap<string, ProbeReading>
  /** Calls `wake` when an instance answers otherwise than before; the result unsubscribes. */
  subscribe(wake: () => void): () => void
  close(): Promise<void>
}
