/**
 * Who places sessions on instances and knows how many each holds (the load manager of a session-aware fleet).
 *
 * Example: after `closeInstance("web-3")` returned, no *new* session lands on web-3; those it has go on.
 */
import type { Load } from '../model/inventory.ts'
import type { Plugin } from './plugin.ts'

/** What the router needs to know of an instance to route to it. */
export interface RoutedInstance {
  readonly id: string
  readonly address: string
  readonly admission: 'open' | 'closed'
}

export interface SessionRouter extends Plugin {
  /** The whole list of instances that may be routed to, each tick; the router reconciles itself to it. Idempotent. */
  route(instances: readonly RoutedInstance[], signal: AbortSignal): Promise<void>
  /** By instance id; an instance the router does not know is absent, which is unknown, never zero. */
  readLoads(signal: AbortSignal): Promise<ReadonlyMap<string, Load>>
  /** When it returns, no new session is placed there. Idempotent; unknown instance: `PluginError('not-found')`. */
  closeInstance(instance: string, signal: AbortSignal): Promise<void>
  reopenInstance(instance: string, signal: AbortSignal): Promise<void>
}
