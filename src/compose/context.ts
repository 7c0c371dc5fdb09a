/**
 * What the parts of every fleet are made with.
 *
 * Example: `fleetContext('web', context).log('hello')` prints as a line of fleet "web".
 */
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { SessionLog } from '../ports/session-log.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { Target } from '../ports/target.ts'

/** A host program's own plugins, by the name its configuration uses. */
export interface HostPlugins {
  readonly targets?: Readonly<Record<string, (fleet: string) => Target>>
  readonly routers?: Readonly<Record<string, (fleet: string) => SessionRouter>>
  readonly sources?: Readonly<Record<string, MetricSource>>
}

export interface PartsContext {
  readonly plugins: HostPlugins
  readonly clock: Clock
  readonly log: (fleet: string, line: string) => void
  /** Where instances that outlive the daemon are written down. */
  readonly keptIn: string
  /** Names this process in the session log. */
  readonly holder: string
  /** Where brokers write down their sessions; opened when the first one asks. */
  readonly sessionLog: () => Promise<SessionLog>
}

export function fleetContext(
  fleet: string,
  { clock, log, keptIn }: PartsContext,
): { fleet: string; clock: Clock; keptIn: string; log: (line: string) => void } {
  return { fleet, clock, keptIn, log: line => log(fleet, line) }
}
