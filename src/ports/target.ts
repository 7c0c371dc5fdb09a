/**
 * The provider behind a fleet: lists its instances, launches and terminates them.
 *
 * Example: `launch([{ token: 'web/42/1', zone: null }], signal)` answers
 * `[{ token: 'web/42/1', ok: true, instance: 'web-7' }]`; the same token again answers the same and launches nothing.
 */
import type { ListedInstance } from '../model/inventory.ts'
import type { Plugin, PluginErrorKind } from './plugin.ts'

export type TargetInstance = ListedInstance

export interface TargetCapabilities {
  /** `false`: nothing may be launched or terminated (advice only). */
  readonly acts: boolean
  readonly choosesVictim: boolean
  readonly zones: readonly string[]
  /** A repeated launch token launches nothing new, even across a restart of ours. */
  readonly idempotentLaunch: boolean
  /** Nobody else adds or removes instances: one that vanishes was lost, not removed on purpose. */
  readonly exclusive: boolean
  readonly highestCount: number | null
  /** It can restart one in place. */
  readonly restarts?: boolean
  /** An instance that is there may be missing from the list, and one that is gone still in it, for so long. 0 when left out. */
  readonly listingLagMs?: number
}

/** The incarnation says which of those that had the id, one after the other, is meant. */
export interface Victim {
  readonly id: string
  readonly incarnation: string | null
}

export interface LaunchOrder {
  readonly token: string
  readonly zone: string | null
}

export type LaunchResult =
  | { readonly token: string; readonly ok: true; readonly instance: string }
  | { readonly token: string; readonly ok: false; readonly kind: PluginErrorKind; readonly error: string }

export type TerminateResult =
  | { readonly instance: string; readonly ok: true; readonly state: 'terminating' | 'gone' }
  | { readonly instance: string; readonly ok: false; readonly kind: PluginErrorKind; readonly error: string }

export interface Target extends Plugin {
  readonly capabilities: TargetCapabilities
  /** Complete, or it throws a `PluginError`. Never a partial list. */
  listInstances(signal: AbortSignal): Promise<readonly TargetInstance[]>
  /** One result per order, in order. Throws only when nothing was tried. */
  launch(orders: readonly LaunchOrder[], signal: AbortSignal): Promise<readonly LaunchResult[]>
  /** One result per victim, in order. A missing instance, and one whose incarnation is another now, answers "gone". */
  terminate(instances: readonly Victim[], signal: AbortSignal): Promise<readonly TerminateResult[]>
  /**
   * Where `capabilities.restarts`: one result per instance, like `terminate`. It boots again under its id, maybe as another
   * incarnation, and is listed all the while.
   */
  restart?(instances: readonly Victim[], signal: AbortSignal): Promise<readonly TerminateResult[]>
  /** Where it cannot choose a victim: asks for just so many. The same token again changes nothing more. */
  resize?(count: number, token: string, signal: AbortSignal): Promise<void>
  /**
   * Called in each tick in which the fleet acts, after its actions, for what has to be kept in order besides: in a few calls, and the same
   * again changes nothing. What it throws is told, and changes nothing else.
   */
  tend?(signal: AbortSignal): Promise<void>
  /** Calls `wake` when something changed by itself (a crash, a boot); the result unsubscribes. */
  subscribe?(wake: () => void): () => void
}
