/**
 * What `plimsoll agent` is told on its command line, and whether that goes together.
 *
 * Example: `--every 5s --lease 6s` is refused with PLM-502: one report that is late would already make the load unknown.
 */
import { CliError } from '../cli-error.ts'
import type { DaemonOptions } from '../daemon.ts'

export interface AgentOptions extends DaemonOptions {
  readonly fleet: string
  /** Left out where Azure says it. */
  readonly instance?: string
  readonly command?: string
  readonly http?: string
  readonly pointer: string
  readonly everyMs: number
  readonly leaseMs: number
  readonly incarnation?: string
  readonly onClose?: string
  readonly onOpen?: string
  readonly countOnly?: boolean
  /** What Azure plans for the VM is seen through. */
  readonly azureEvents?: boolean
  readonly azureMetadata: string
}

/** Two misses in a row must not lapse the lease. */
const REPORTS_PER_LEASE = 3

export function checkOptions(options: AgentOptions): void {
  const { instance, command, http, onClose, countOnly, everyMs, leaseMs, azureEvents, azureMetadata } =
    options
  if (instance === undefined && azureEvents !== true) {
    throw new CliError(
      'PLM-501',
      'Say which instance it is: --instance ID, as `plimsoll instances FLEET` lists it. On a VM of Azure --azure-events knows it.',
    )
  }
  if ((command === undefined) === (http === undefined)) {
    throw new CliError('PLM-501', 'Say how sessions are counted: either --command LINE or --http URL.')
  }
  if (http !== undefined && !/^https?:$/.test(URL.canParse(http) ? new URL(http).protocol : '')) {
    throw new CliError(
      'PLM-501',
      `--http "${http}" is not an address. Give one as http://127.0.0.1:9000/stats`,
    )
  }
  if (!/^https?:$/.test(URL.canParse(azureMetadata) ? new URL(azureMetadata).protocol : '')) {
    throw new CliError(
      'PLM-501',
      `--azure-metadata "${azureMetadata}" is not an address. Leave it out, or give one as http://169.254.169.254`,
    )
  }
  if ((onClose === undefined) === (countOnly !== true)) {
    throw new CliError(
      'PLM-501',
      'Say what keeps new sessions away from the instance when it is closed: either --on-close LINE, or --count-only where another router does.',
    )
  }
  if (leaseMs < everyMs * REPORTS_PER_LEASE) {
    throw new CliError(
      'PLM-502',
      `With --every ${everyMs} ms a --lease of ${leaseMs} ms would lapse when a report is late; give at least ${everyMs * REPORTS_PER_LEASE} ms.`,
    )
  }
}
