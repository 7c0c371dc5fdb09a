/**
 * What an instance, or an agent beside it, says of its load, and what it is answered.
 *
 * Example: `{ slots: 3 }` is answered `{ admission: 'closed', close: 'k3f9.2' }`; once the instance takes no more sessions it
 * reports `{ slots: 2, closed: 'k3f9.2' }`: only that acknowledges the close.
 */
import type { PluginErrorKind } from '../../../ports/plugin.ts'

export interface LoadReport {
  /** In use now; where `closed` is said, counted after it stopped taking sessions. */
  readonly slots: number
  /** Without another report for so long its load is unknown; the router's own when left out. */
  readonly leaseMs?: number
  readonly remainingMs?: number
  readonly worth?: number
  readonly incarnation?: string
  /** The close it goes by: it takes no more sessions. */
  readonly closed?: string
}

export interface Admitted {
  readonly admission: 'open' | 'closed'
  /** Names this close; a later one has another name. `null` while open. */
  readonly close: string | null
}

export interface LoadReports {
  /**
   * Takes a report of an instance. Throws `PluginError`: `not-found` PLM-372, `conflict` PLM-375 where another incarnation has
   * its id now.
   */
  report(instance: string, report: LoadReport): Admitted
  /** Answers as soon as the answer is another than `known`, at the latest after `waitMs`. */
  awaitChange(instance: string, known: string | null, waitMs: number, signal: AbortSignal): Promise<Admitted>
}

/** What `report` may throw. */
export type ReportFailure = Extract<PluginErrorKind, 'not-found' | 'conflict'>
