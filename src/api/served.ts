/**
 * What the API serves: a running Plimsoll, and the doors of its fleets that sessions and instances come in by.
 *
 * Example: `served.broker('rooms')` is the broker that places the sessions of rooms; `null` where another router does.
 */
import type { Runtime } from '../loop/runtime.ts'
import type { LoadReports } from '../plugins/routers/agent/reports.ts'
import type { SessionBroker } from '../sessions/session-broker.ts'

export interface Served extends Runtime {
  /** `null`: its sessions are not placed by us. */
  broker(fleet: string): SessionBroker | null
  /** Who takes the reports of its instances; `null` where they report nothing. */
  reports(fleet: string): LoadReports | null
}
