/**
 * Who places sessions on instances and knows how many each holds (the load manager of a session-aware fleet).
 *
 * Example: after `closeInstance("web-3")` returned, no *new* session lands on web-3; those it has go on. Once they ended,
 * `sealInstance("web-3")` makes sure that none comes any more, and web-3 may be terminated.
 */
import type { Load } from '../model/inventory.ts'
import type { EpochMs } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

/** What the router needs to know of an instance to route to it. */
export interface RoutedInstance {
  readonly id: string
  /** Another one under the same id is another instance: nothing that was known of the former holds for it. */
  readonly incarnation: string | null
  readonly address: string
  readonly zone: string | null
  /** `gone`: it ended, and its sessions with it. One that is missing from the list is closed, and its sessions are kept. */
  readonly admission: 'open' | 'closed' | 'gone'
}

/** Sessions that ended one soon after the other and had lasted about as long: 17 of one slot each, for 251 s on average. */
export interface EndedGroup {
  readonly sessions: number
  /** Of each of them. */
  readonly slots: number
  /** The mean. */
  readonly lengthMs: number
  /** When the first of them ended, and the last. */
  readonly firstAt: EpochMs
  readonly lastAt: EpochMs
  /** They ended with their instance, and would have lasted longer. */
  readonly lost: boolean
}

export interface SessionRouter extends Plugin {
  /**
   * The whole list of instances, each tick; the router reconciles itself to it. Idempotent. `isOurs` asks the store whether
   * nobody else has taken the fleet over since: a router that takes something over itself asks after that, and before it gives
   * anything out by a list that may be of long ago.
   */
  route(
    instances: readonly RoutedInstance[],
    signal: AbortSignal,
    isOurs?: () => Promise<boolean>,
  ): Promise<void>
  /**
   * In a mode that touches nothing: who is there, so that their loads can be read. Nobody is told anything, and nothing is closed or
   * opened by it. A router that cannot know of loads without serving the instances leaves it out.
   */
  watch?(instances: readonly RoutedInstance[]): void
  /** By instance id; an instance the router does not know is absent, which is unknown, never zero. */
  readLoads(signal: AbortSignal): Promise<ReadonlyMap<string, Load>>
  /** When it returns, no new session is placed there. Idempotent; unknown instance: `PluginError('not-found')`. */
  closeInstance(instance: string, signal: AbortSignal): Promise<void>
  reopenInstance(instance: string, signal: AbortSignal): Promise<void>
  /**
   * When it returns, the instance is closed, holds nothing, and never takes anything again. Throws
   * `PluginError('conflict')` when it is open or holds a session; idempotent; unknown instance: `PluginError('not-found')`.
   */
  sealInstance(instance: string, signal: AbortSignal): Promise<void>
  /** Requests for a session that wait for room. */
  waiting?(): number
  /**
   * The sessions that ended since it was last asked, each in one group and only once; a bounded number of groups, however many
   * sessions. `since`: of what ended up to then nothing is told, since whoever had the fleet before has told it. Empty while it does
   * not know. A router that only counts sessions leaves it out.
   */
  takeEnded?(since: EpochMs): readonly EndedGroup[]
  /** Calls `wake` when somebody begins to wait for room; the result unsubscribes. */
  subscribe?(wake: () => void): () => void
}
