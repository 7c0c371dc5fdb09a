/**
 * The servers of a backend as HAProxy shows them now (`show servers state`).
 *
 * Example: `srv_admin_state` 8 is forced drain, 1 forced maintenance, 0 ready; `srv_check_state` 2 is a check that is
 * configured and not switched on, 6 one that is.
 */
import type { Address } from './address.ts'
import { type Row, readRows } from './rows.ts'

export interface Server {
  readonly name: string
  readonly number: number
  readonly state: 'ready' | 'drain' | 'maint'
  readonly address: Address
  /** It has a check that nobody switched on: an `add server` whose second half was lost. */
  readonly checkIsOff: boolean
}

const MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20
const DRAIN = 0x08 | 0x10
const CHECK_CONFIGURED = 0x02
const CHECK_ENABLED = 0x04
const COLUMNS = ['srv_name', 'srv_id', 'srv_admin_state', 'srv_check_state', 'srv_addr', 'srv_port']

/** `null`: this is no such answer. */
export function readServers(text: string): Server[] | null {
  const rows = readRows(text, ' ')
  if (rows === null || !rows.every(row => COLUMNS.every(name => row[name] !== undefined && row[name] !== '')))
    return null
  return rows.map(serverOf)
}

function serverOf(row: Row): Server {
  const checkState = Number(row.srv_check_state)
  return {
    name: row.srv_name ?? '',
    number: Number(row.srv_id),
    state: stateOf(Number(row.srv_admin_state)),
    address: { host: row.srv_addr ?? '', port: Number(row.srv_port) },
    checkIsOff: (checkState & CHECK_CONFIGURED) !== 0 && (checkState & CHECK_ENABLED) === 0,
  }
}

function stateOf(admin: number): Server['state'] {
  if ((admin & MAINTENANCE) !== 0) return 'maint'
  return (admin & DRAIN) === 0 ? 'ready' : 'drain'
}
